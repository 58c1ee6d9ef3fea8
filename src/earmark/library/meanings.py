"""What a wish or a rule may mean: an answer of the network, a range of a number, a text in the file's tags.

A meaning knows its words ("tag piano", "year 1970-1979") and nothing of a collection; `judging` holds it against one.
"""

import math
from dataclasses import dataclass

from earmark.library.names import EMOTIONS, GENRES, MOODS, TAGS
from earmark.plots.text import clock

YOURS = "yours"  # the group of a user's own words
OF_GROUP = {GENRES: "genre", TAGS: "tag", MOODS: "mood", EMOTIONS: "emotion", YOURS: "your word"}
NUMBERS = ("length", "year", "bpm", "valence", "arousal", "loudness")
LENGTH, YEAR, TEMPO, VALENCE, AROUSAL, LOUDNESS = NUMBERS
SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
SUPERLATIVES = {LOUDNESS: ("quietest", "loudest")}  # least, most
FILE_GENRE, KIND = "file-genre", "kind"
TEXTS = ("artist", "title", "album", FILE_GENRE, "path", KIND)


@dataclass(frozen=True, slots=True)
class Answer:
    """Something the network tells with a probability, or a share of listeners.

    `group` is one of `names.Names.groups`, or `YOURS`. The names of `MOODS` are the quadrants of the plane and its
    four sides, "calm", "lively", "bright" and "dark".
    """

    group: str
    name: str

    @property
    def words(self) -> str:
        """Such as "tag piano"."""
        return f"{OF_GROUP.get(self.group, self.group)} {self.name}"


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two ends, which belong to it; -inf or inf where there is none.

    `of` is one of `NUMBERS`: length in seconds; the year and beats a minute of the file's tags; valence and arousal;
    loudness in LUFS. `tag` is the network's tag of a decade, which is asked where a file has no year; empty elsewhere.
    `part` is the part of a collection that the range stands for, if it does.
    """

    of: str
    low: float = -math.inf
    high: float = math.inf
    tag: str = ""
    part: "Part | None" = None

    @property
    def words(self) -> str:
        """Such as "length up to 1:00" and "year 1970-1979 (files without: tag 1970s)"."""
        part = f"{self.part.words}, " if self.part else ""
        return part + self._bounds + (f" (files without: tag {self.tag})" if self.tag else "")

    @property
    def _bounds(self) -> str:
        if self.low == self.high:
            return f"{self.of} {self._said(self.low)}"
        if math.isinf(self.low) and math.isinf(self.high):
            return f"whose {self.of} is not known"
        if math.isinf(self.low):
            return f"{self.of} up to {self._said(self.high)}"
        if math.isinf(self.high):
            return f"{self.of} from {self._said(self.low)}"
        if self.of == LOUDNESS:
            return f"{self.of} {self.low:g} to {self._said(self.high)}"
        return f"{self.of} {self._said(self.low)}-{self._said(self.high)}"

    @property
    def decade(self) -> str:
        """The name "1970s" of the years 1970 to 1979, else empty."""
        whole = self.of == YEAR and math.isfinite(self.low) and self.low % 10 == 0 and self.high == self.low + 9
        return f"{self.low:.0f}s" if whole else ""

    def _said(self, value: float) -> str:
        if self.of == LOUDNESS:
            return f"{value:g} LUFS"
        return clock(value) if self.of == LENGTH else f"{value:g}"


@dataclass(frozen=True, slots=True)
class Part:
    """The entries of a collection that have most of a number, or least where not `most`: a half, a third and so on.

    `of` is one of `NUMBERS`, `share` one of `SHARES`. What that comes to, a collection says (`judging.Judge.settled`).
    """

    of: str
    share: str
    most: bool

    @property
    def words(self) -> str:
        """Such as "the loudest third of the collection"."""
        return f"the {SUPERLATIVES[self.of][self.most]} {self.share} of the collection"


@dataclass(frozen=True, slots=True)
class Holds:
    """A text in what the file says of itself, `of` one of `TEXTS`; `*` and `?` stand for any letters and for one."""

    of: str
    text: str

    @property
    def words(self) -> str:
        """Such as "title has 'christmas'"."""
        return f"{self.of} {self.text}" if self.of == KIND else f"{self.of} has '{self.text}'"


Meaning = Answer | Range | Part | Holds
