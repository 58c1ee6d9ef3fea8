"""What a search for similar tracks begins with: an entry, a file that is heard for it, or some seconds of either."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, SoundError
from earmark.files import shown
from earmark.library.collection import Collection
from earmark.library.entry import Entry, Heard, Tokens, absolute
from earmark.library.reasons import Seconds
from earmark.plots.text import clock

FEWEST_TOKENS = 2  # 3 s of a segment that is searched for

Floats = NDArray[np.float32]
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,3}):)?(\d{1,5}(?:\.\d+)?)")


@dataclass(frozen=True, eq=False)
class Query:
    """What is searched for.

    Attributes
    ----------
    entry, row:
        The track, and its row in the collection; None for one that is not in it.
    vector:
        (d,) float32 of unit length, by which tracks are near.
    published:
        (d,) float32 of unit length, by which copies are known.
    tokens, answers, fingerprint:
        As in `entry.Heard`; of a segment the tokens in it.
    segment:
        The seconds that are searched for; None for the whole track.
    directions:
        (128, 24), the axes of moments, where there is a segment.
    """

    entry: Entry
    row: int | None
    vector: Floats
    published: Floats
    tokens: Tokens
    answers: Floats
    fingerprint: bytes = b""
    segment: Seconds | None = None
    directions: NDArray[np.float64] | None = None

    @classmethod
    def of_row(cls, collection: Collection, row: int) -> "Query":
        """An entry of the collection."""
        entry = collection.entries[row]
        answers, fingerprint = collection.answers_at([row])[0], collection.fingerprint(entry.id)
        vectors = collection.vectors[row], collection.published_of([row])[0]
        return cls(entry, row, *vectors, collection.tokens(entry.id), answers, fingerprint)

    @classmethod
    def of_heard(cls, entry: Entry, heard: Heard) -> "Query":
        """A file that was heard just now, by the network of the collection."""
        return cls(entry, None, heard.near, heard.vector, heard.tokens, heard.answers, heard.fingerprint)

    def within(self, seconds: Seconds, directions: NDArray[np.float64]) -> "Query":
        """The same track, to be searched for by these seconds; SoundError where there is too little in them."""
        name, length = shown(self.entry.path), clock(self.entry.duration_s)
        if seconds.start_s >= self.entry.duration_s:
            raise SoundError(
                f"{name} is {length} long, so there is nothing at {seconds.words}.",
                hint=f"Name seconds between 0:00 and {length}.",
            )
        middles_s = self.tokens.starts_s + self.tokens.token_s / 2
        inside = (middles_s >= seconds.start_s) & (middles_s < seconds.end_s)
        if np.count_nonzero(inside) < FEWEST_TOKENS:
            raise SoundError(
                f"Too little is heard in {seconds.words} of {name} to search for it.",
                hint="Name five seconds or more in which there is music.",
            )
        kept = Tokens(self.tokens.starts_s[inside], self.tokens.token_s, self.tokens.vectors[inside])
        return replace(self, tokens=kept, segment=seconds, directions=directions)


def entry_of_file(path: str | os.PathLike[str], heard: Heard) -> Entry:
    """What an entry would say of a file that was heard for a search; its id is 0."""
    from earmark.sound.identity import sound_id
    from earmark.sound.tags import all_tags

    facts = Path(path).stat()
    track = heard.track
    return Entry(
        id=0,
        path=absolute(path),
        size=facts.st_size,
        mtime_ns=facts.st_mtime_ns,
        sound_id=sound_id(path),
        tags=all_tags(path),
        duration_s=track.duration_s,
        kind=heard.kind,
        share=heard.share,
        model=track.model,
    )


def seconds_in(text: str) -> Seconds:
    """The seconds of "1:10-1:25", "70-85" or "1:02:03-1:02:20"; EarmarkError where it is no such text."""
    start, _, end = text.replace("–", "-").partition("-")
    places = [_CLOCK.fullmatch(each.strip()) for each in (start, end)]
    hint = "Write it as 1:10-1:25, or in seconds, 70-85."
    if not all(places):
        raise EarmarkError(f"'{text}' are no seconds of a track.", hint=hint)
    start_s, end_s = (_in_seconds(*match.groups()) for match in places if match)
    if end_s <= start_s:
        raise EarmarkError(f"'{text}' ends before it begins.", hint=hint)
    return Seconds(start_s, end_s)


def _in_seconds(hours: str | None, minutes: str | None, seconds: str) -> float:
    return 3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds)
