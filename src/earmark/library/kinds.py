"""What a file is, when it is hardly a song: long, short, quiet or spoken. Such files are indexed, and not recommended.

They are decided in this order, and `song` is what is left:

- long: more than `LONGEST_S` (`--longest`): a mix, an audio book, a whole concert.
- short: less than `SHORTEST_S`: a jingle, a skit, a sample.
- quiet: less than `SHORTEST_S` of it can be heard, the rest is 40 dB or more under its loudest moment
  (`listen.loudness`); what is nothing but silence is quiet, too, and has no answers at all.
- spoken: the network's tag of speech has a probability of `SPOKEN_FROM` or more, and no tag of singing, rap or an
  instrument is told. The tag was taught by another network and tells speech only fairly, so this is cautious: rather a
  story among the songs than a song that is never recommended. None of 700 clips of music (FMA, GTZAN) has so much of
  it, of which the most has 0.59; four texts that a synthesizer reads have 0.72 to 0.89.
"""

from earmark.library.entry import LONG, QUIET, SHORT, SONG, SPOKEN
from earmark.track import Track

LONGEST_S = 20 * 60.0
SHORTEST_S = 20.0
SPOKEN_FROM = 0.6
_SPEECH = "speech"
_SUNG = ("singing", "rap", "yodelling")
_PLAYED = "instrument"  # a group of tags


def kind_of(track: Track, *, longest_s: float = LONGEST_S) -> str:
    """One of `entry.KINDS`."""
    if track.duration_s > longest_s:
        return LONG
    if track.duration_s < SHORTEST_S:
        return SHORT
    loud_s = sum(moment.end_s - moment.start_s for moment in track.timeline if not moment.quiet)
    if loud_s / track.heard_share < SHORTEST_S:
        return QUIET
    return SPOKEN if _is_spoken(track) else SONG


def _is_spoken(track: Track) -> bool:
    speech = next((label.probability for label in track.tags if label.name == _SPEECH), 0.0)
    sung = any(name in track.heard_tags for name in _SUNG)
    played = any(tag.group == _PLAYED for tag in track.heard if not tag.passing)
    return speech >= SPOKEN_FROM and not (sung or played)
