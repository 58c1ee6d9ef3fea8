"""A track in one line of the terminal: name, length, answer, the seconds that decided.

In a terminal, what does not fit is shortened, and folders stand above their tracks; in a pipe nothing is shortened, and
each line has its whole path. What was not as it should be stands at the end of the line, or in the next one where there
is no room.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from earmark.plots.cells import one_line, padded, shortened, shortened_path
from earmark.plots.palette import ACCENT
from earmark.plots.text import clock, missing, percent, span
from earmark.plots.wide_rows import mood_and_tags
from earmark.sound.files import name_of
from earmark.track import Segment, Track

_GAP = 2
_LENGTH = 6  # "1:02:03" reaches into the gap before it
_INDENT = "  "
_UNBOUNDED = 100_000


@dataclass(frozen=True)
class _Widths:
    """Of the columns that are not as wide as all they hold, in cells."""

    name: int
    answer: int
    seconds: int


_LEAST = _Widths(name=16, answer=len("classical or jazz"), seconds=len("0:10–0:14 +2"))
# How columns grow where there is room, one after the other: names get the most.
_STEPS = (
    ("name", 24),
    ("answer", len("country or classical")),
    ("seconds", len("0:10–0:14, 1:02–1:05 +1")),
    ("name", 44),
    ("answer", len("none of the eighteen, nearest electronic")),
    ("seconds", len("10:10–10:14, 11:02–11:05, 12:05–12:06")),
    ("name", _UNBOUNDED),
)
_TRACKS_A_FOLDER = 3
_IN_A_PIPE = _Widths(name=100, answer=len("metal or electronic or none of the eighteen"), seconds=_UNBOUNDED)


class Names(Enum):
    """What a row calls its track."""

    FOLDERS_ABOVE = "its file's name, below its folder where that is another one than the row's before"
    FILE = "its file's name"
    PATH = "its path below the folder that all tracks have in common"
    WHOLE_PATH = "its path"


class ShortRows:
    """Rows of one line, in columns of fixed width so that no row has to wait for the next.

    Parameters
    ----------
    paths:
        Of all tracks that will come, as far as they are known: the columns fit them.
    width:
        Of the terminal, in cells; None for a pipe.
    tags:
        Whether mood and tags stand below each row.
    names:
        What tracks are called.
    """

    def __init__(
        self, *, paths: Sequence[str | os.PathLike[str]] = (), width: int | None, tags: bool, names: Names
    ) -> None:
        self._width = width
        self._tags = tags
        self._folder_above: Path | None = None
        self._folders_above = names is Names.FOLDERS_ABOVE and len({Path(path).parent for path in paths}) > 1
        self._name = _naming(paths, names)
        longest = max((cell_len(self._name(os.fspath(path))) for path in paths), default=_LEAST.name)
        self._widths = _widths(width, max(longest, len("Track")))

    def head(self) -> RenderableType:
        """What stands above the first row."""
        return one_line((self._line("Track", "Length", "Answer", "Decided by"), "bold"))

    def row(self, track: Track) -> RenderableType:
        """A track, below its folder's name where that is to stand above."""
        bounded, widths = self._width is not None, self._widths
        name, answer = self._name(track.path), _answer(track)
        if bounded:
            name, answer = shortened_path(name, widths.name), fitted_answer(answer, widths.answer)
        line = self._line(name, clock(track.duration_s), answer, _seconds(track.decisive, widths.seconds))
        rest = mood_and_tags(track, self._width or _UNBOUNDED) if self._tags else []
        return Group(*self._heading(track), *self._with_remark(line, _remark(track)), *rest)

    def _heading(self, track: Track) -> Iterator[Text]:
        folder = Path(track.path).parent
        if self._folders_above and folder != self._folder_above:
            self._folder_above = folder
            name = name_of(folder)
            yield one_line("\n", (name if self._width is None else shortened_path(name, self._width), "bold"))

    def _line(self, name: str, length: str, answer: str, seconds: str) -> str:
        name = padded(name, self._widths.name)
        columns = [f"{name}{length.rjust(_GAP + _LENGTH)}", padded(answer, self._widths.answer)]
        columns += [seconds] if self._widths.seconds else []
        return (" " * _GAP).join(columns).rstrip()

    def _with_remark(self, line: str, remark: str) -> Iterator[Text]:
        if not remark:
            yield one_line(line)
        elif self._width is None or cell_len(line) + _GAP + cell_len(remark) <= self._width:
            yield one_line(line, " " * _GAP, (remark, ACCENT))
        else:
            yield one_line(line)
            yield one_line((_INDENT + shortened(remark, self._width - len(_INDENT)), ACCENT))


def fitted_answer(answer: str, width: int) -> str:
    """An answer in fewer words where it does not fit, never in others.

    >>> fitted_answer("none of the ten, nearest classical", 20)
    'none of the ten'
    >>> fitted_answer("rock or metal or country", 20)
    'rock or 2 more'
    >>> fitted_answer("rock or metal or 3 more", 20)
    'rock or 4 more'
    """
    parts, unnamed = answer.split(" or "), 0
    if parts[-1].endswith(" more"):
        unnamed = int(parts.pop().split()[0])
    total = len(parts) + unnamed
    fewer = (" or ".join([*parts[:count], f"{total - count} more"]) for count in range(len(parts) - 1, 0, -1))
    shorter = (answer, answer.partition(",")[0], *fewer)
    return next((words for words in shorter if cell_len(words) <= width), shortened(answer, width))


def folders_above(paths: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether folders are better named above their tracks than in each row: where they hold some tracks on average."""
    return len(paths) >= _TRACKS_A_FOLDER * len({Path(path).parent for path in paths})


def _naming(paths: Sequence[str | os.PathLike[str]], names: Names) -> Callable[[str], str]:
    if names in (Names.FOLDERS_ABOVE, Names.FILE):
        return lambda path: name_of(Path(path).name)
    if names is Names.WHOLE_PATH or not paths:
        return name_of
    try:
        common = os.path.commonpath([Path(path).parent for path in paths])
    except ValueError:  # on several drives, or some from the root and some not
        return name_of
    return lambda path: name_of(Path(path).relative_to(common) if Path(path).is_relative_to(common) else path)


def _widths(width: int | None, longest: int) -> _Widths:
    if width is None:
        return replace(_IN_A_PIPE, name=min(longest, _IN_A_PIPE.name))
    least = replace(_LEAST, name=min(longest, _LEAST.name))
    spare = width - (least.name + least.answer + least.seconds + 3 * _GAP + _LENGTH)
    if spare < 0:  # too narrow for the seconds
        room = width - (least.answer + 2 * _GAP + _LENGTH)
        return _Widths(name=max(min(room, longest), 8), answer=least.answer, seconds=0)
    wide = vars(least).copy()
    for column, wanted in _STEPS:
        wanted = min(wanted, longest) if column == "name" else wanted
        more = max(min(wanted - wide[column], spare), 0)
        wide[column] += more
        spare -= more
    return _Widths(**wide)


def _answer(track: Track) -> str:
    best = track.genres[0]
    return f"{track.words} {percent(best.probability)}" if track.words == best.name else track.words


def _seconds(decisive: Sequence[Segment], width: int) -> str:
    """As many segments as fit, those that decided most, in order of time, and how many more there are."""
    strongest = sorted(decisive, key=_weight, reverse=True)
    for count in range(len(decisive), 0, -1):
        shown = sorted(strongest[:count], key=lambda segment: segment.start_s)
        more = f" +{len(decisive) - count}" if count < len(decisive) else ""
        said = ", ".join(map(span, shown)) + more
        if len(said) <= width:
            return said
    return shortened(span(strongest[0]), width) if decisive and width else ""


def _weight(segment: Segment) -> float:
    """How much a segment speaks for the genre; where that was not told yet, attention times probability."""
    return segment.attention * (segment.probability or 1.0) if segment.evidence is None else segment.evidence


def _remark(track: Track) -> str:
    said = [f"quick: {percent(track.heard_share)} heard"] if track.heard_share < 1 else []
    said += [f"in part: {missing(track.unread_s)} unread"] if track.unread_s > 0 else []
    return ". ".join([*said, " ".join(track.notes)] if track.notes else said)
