"""What a file is, when it is hardly a song: long, short, quiet or spoken. Such files are indexed, and not recommended.

They are decided in this order, and `song` is what is left:

- long: more than `LONGEST_S` (`--longest`): a mix, an audio book, a whole concert.
- short: less than `SHORTEST_S`: a jingle, a skit, a sample.
- quiet: less than `SHORTEST_S` of it can be heard, the rest is 40 dB or more under its loudest moment
  (`listen.loudness`); what is nothing but silence is quiet, too, and has no answers at all.
- spoken: the network's tag of speech is told of the track, it says that it is none of the genres, and no tag of
  singing, rap or an instrument is told. A song that begins with a word, or a rap, is none of that. The tag was taught
  by another network, and tells speech from music only fairly, so all of it is asked for: rather a story among the songs
  than a song that is never recommended.
"""

from earmark.library.entry import LONG, QUIET, SHORT, SONG, SPOKEN
from earmark.track import Track

LONGEST_S = 20 * 60.0
SHORTEST_S = 20.0
_SPEECH = "speech"
_SUNG = ("singing", "rap", "yodelling")
_PLAYED = "instrument"  # a group of tags


def kind_of(track: Track, *, longest_s: float = LONGEST_S) -> str:
    """One of `entry.KINDS`."""
    if track.duration_s > longest_s:
        return LONG
    if track.duration_s < SHORTEST_S:
        return SHORT
    if sum(moment.end_s - moment.start_s for moment in track.timeline if not moment.quiet) < SHORTEST_S:
        return QUIET
    return SPOKEN if _is_spoken(track) else SONG


def _is_spoken(track: Track) -> bool:
    played = any(tag.group == _PLAYED for tag in track.heard if not tag.passing)
    return (
        track.none_of_these
        and _SPEECH in track.heard_tags
        and not played
        and not any(name in track.heard_tags for name in _SUNG)
    )
