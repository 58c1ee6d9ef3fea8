"""Which entries are the same recording, and which the same song in another version: live, remastered, a demo.

A recording is known again by the hash of its encoded sound, or by its fingerprint where vector and length are about the
same; without a fingerprint, by these alone. A song is known by artist and title once what names a version is taken off:
"Hurt - Live at Brixton", "03 Hurt (2011 Remaster)" and "hurt" are one. Where tags are missing the file's name stands
for the title, but without an artist no title says anything.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from earmark.library.entry import Entry, normalised_artist
from earmark.library.fingerprint import SAME, similarity

COPY, VERSION = "copy", "version"
MAYBE_COSINE = 0.6  # two tracks of one length may be one recording from here on: `benchmarks/duplicates.py`
NEAR_COSINE = 0.97  # and are taken for one where there are no fingerprints
SAME_S, SAME_SHARE = 3.0, 0.02  # by so much, whichever is more, lengths of one recording may differ

_VERSION_WORDS = (
    r"live|remaster(?:ed|ing)?|demo|acoustic|unplugged|instrumental|karaoke|a\s?capp?ell?a|alternat(?:e|ive)|outtake|"
    r"remix(?:ed)?|mix|edit|version|mono|stereo|bonus(?:\s+track)?|rehearsal|session|take\s+\d+|explicit|clean|extended|"
    r"reprise|re-?recorded|original|deluxe|anniversary|single|radio|club|dub|cover|orchestral|stripped|feat|ft|featuring"
)
_BRACKETED = re.compile(rf"\s*[(\[{{][^)\]}}]*\b(?:{_VERSION_WORDS})\b[^)\]}}]*[)\]}}]", re.IGNORECASE)
_BEHIND_DASH = re.compile(rf"\s+[-–—:/]\s*[^-–—]*\b(?:{_VERSION_WORDS})\b.*$", re.IGNORECASE)
_FEATURING = re.compile(r"\s+(?:feat\.?|ft\.?|featuring)\s.*$", re.IGNORECASE)
_NUMBER = re.compile(r"^\s*(?:(?:cd|disc)?\s*\d{1,2}[-.])?\d{1,3}(?:\s*[-.)_]\s*|\s+)(?=\S)", re.IGNORECASE)


def no_prints() -> tuple[bytes, bytes]:
    """Where there are no fingerprints."""
    return b"", b""


def relation(one: Entry, other: Entry, cosine: float, prints: Callable[[], tuple[bytes, bytes]] = no_prints) -> str:
    """What the second entry is to the first: `COPY`, the same recording, `VERSION`, the same song, or nothing, "".

    Parameters
    ----------
    cosine:
        Of their vectors.
    prints:
        Gives the fingerprints of both, where the vectors alone do not say; an empty one says nothing.
    """
    if one.sound_id and one.sound_id == other.sound_id:
        return COPY
    if cosine >= MAYBE_COSINE and same_length(one.duration_s, other.duration_s) and _same_recording(cosine, *prints()):
        return COPY
    return VERSION if same_song(one, other) else ""


def _same_recording(cosine: float, one: bytes, other: bytes) -> bool:
    return similarity(one, other) >= SAME if one and other else cosine >= NEAR_COSINE


def same_length(one_s: float, other_s: float) -> bool:
    """Whether two recordings of these lengths may be one: formats pad, and silence is cut."""
    return abs(one_s - other_s) <= max(SAME_S, SAME_SHARE * max(one_s, other_s))


def same_song(one: Entry, other: Entry) -> bool:
    """Whether two entries are one song by one artist, as far as their tags and names say."""
    if not (one.artist_key and one.artist_key == other.artist_key):
        return False
    return not _keys(one).isdisjoint(_keys(other))


def _keys(entry: Entry) -> frozenset[str]:
    return song_keys(entry.title, entry.artist, titled=bool(entry.tags.get("title")))


@lru_cache(maxsize=4096)
def song_keys(title: str, artist: str = "", *, titled: bool = True) -> frozenset[str]:
    """What a title may be called without its version: normalised, and never empty.

    A file's name, not `titled`, may have a number and the artist in front.
    """
    found = set(_without_version(title))
    if not titled:
        bare = _NUMBER.sub("", title)
        found |= set(_without_version(bare))
        front, dash, behind = bare.partition(" - ")
        if dash and normalised_artist(front) == normalised_artist(artist):
            found |= set(_without_version(_NUMBER.sub("", behind)))
    return frozenset(found)


def _without_version(title: str) -> Iterator[str]:
    plain = title.replace("_", " ")
    bare = _FEATURING.sub("", _BRACKETED.sub("", plain))
    bare = _BEHIND_DASH.sub("", bare).strip()
    yield normalised_artist(bare) or normalised_artist(plain)
