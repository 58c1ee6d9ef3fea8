"""A track in the terminal with all that there is to say, some lines each: `earmark listen --wide`.

The whole path and the length; below it the three most probable genres, the 90 % set, and the attention as blocks, the
decisive ones in colour, with their times; then the tags, and what was not as it should be.
"""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from earmark.label import Label
from earmark.plots.cells import one_line
from earmark.plots.palette import ACCENT
from earmark.plots.text import clock, groups_of, percent, remarks, span, sparkline, when
from earmark.sound.files import name_of
from earmark.track import NONE, HeardTag, Segment, Track

_TOP = 3
_ATTENTION_WIDTH = 24
_LEAST_ATTENTION = 12
_WIDEST_SET = 34
_INDENT = 2
_GAP = 2
_TAGS = "  tags  "


class WideRows:
    """Rows of some lines, in columns of fixed width so that no row has to wait for the next.

    Parameters
    ----------
    labels:
        The answers that there are, whose names must fit: the genres of the network, and `NONE` where it tells.
    width:
        Of the terminal, in cells.
    """

    def __init__(self, *, labels: Sequence[str], width: int) -> None:
        names = max(map(len, labels))
        genres = names + len(" 100 %")
        room = width - _INDENT - genres - 2 * _GAP  # for the set and the attention
        attention = min(_ATTENTION_WIDTH, max(room - len(NONE), _LEAST_ATTENTION))
        chosen = min(max(room - attention, len(NONE)), _WIDEST_SET)
        self._widths = (genres, chosen, attention)
        self._width = width

    def head(self) -> RenderableType:
        """What stands above the first row."""
        columns = self._grid(*(Text(head, style="bold") for head in ("Genres", "90 % set", "Attention, decisive")))
        return Group(Text("Track and length", style="bold"), columns)

    def row(self, track: Track) -> RenderableType:
        """A track."""
        name = Text.assemble((name_of(track.path), "bold"), f"  {clock(track.duration_s)}", overflow="fold")
        columns = self._grid(
            _genres(track.answers[:_TOP], self._widths[0]), _genre_set(track), _attention(track, self._widths[2])
        )
        rest: list[RenderableType] = [tags(track, self._width)] if track.tags else []
        rest += [Padding(Text(remark, style=ACCENT), (0, 0, 0, _INDENT), expand=False) for remark in remarks(track)]
        return Group("", name, columns, *rest)

    def _grid(self, *cells: Text) -> RenderableType:
        rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        for width in self._widths:
            rows.add_column(width=width, overflow="fold")
        rows.add_row(*cells)
        return Padding(rows, (0, 0, 0, _INDENT), expand=False)


def tags(track: Track, width: int) -> Text:
    """The tags that count as heard, indented, lines broken between tags alone; with their seconds a line a group."""
    if track.heard:
        groups = groups_of(track)
        longest = max(len(name or _TAGS.strip()) for name, _ in groups)
        heads = [f"  {name or _TAGS.strip():<{longest}}  " for name, _ in groups]
        told = [[*map(_told, found)] for _, found in groups]
        return one_line("\n").join(
            _lines(head, words, width, mark=";") for head, words in zip(heads, told, strict=True)
        )
    heard = [f"{tag.name} {percent(tag.probability)}" for tag in track.tags if tag.name in track.heard_tags]
    nearest = track.tags[0]
    return _lines(_TAGS, heard or [f"none heard (nearest: {nearest.name} {percent(nearest.probability)})"], width)


def _told(tag: HeardTag) -> str:
    return f"{tag.name} {percent(tag.probability)} {when(tag)}".rstrip()


def _lines(head: str, words: Sequence[str], width: int, *, mark: str = ",") -> Text:
    """Words with a mark between, in lines below each other that do not break them."""
    lines = [words[0]]
    for word in words[1:]:
        if len(head) + len(lines[-1]) + len(word) + len(", ,") <= width:
            lines[-1] += f"{mark} {word}"
        else:
            lines[-1] += mark
            lines.append(word)
    rest = "".join(f"\n{' ' * len(head)}{line}" for line in lines[1:])
    return one_line((head, "dim"), lines[0], rest)


def _genres(labels: Sequence[Label], width: int) -> Text:
    lines = []
    for label in labels:
        share = f"{100 * label.probability:.0f} %"
        lines.append(f"{label.name:<{width - len(share)}}{share}")
    return Text("\n".join(lines))


def _genre_set(track: Track) -> Text:
    if track.none_of_these or track.cannot_tell:
        return Text(track.words, style="italic")
    return Text(", ".join(track.genre_set))


def _attention(track: Track, width: int) -> Text:
    blocks = Text(sparkline(track.timeline, track.duration_s, width=width))
    bin_s = track.duration_s / len(blocks)
    for position in range(len(blocks)):
        middle_s = (position + 0.5) * bin_s
        if any(_holds(segment, middle_s, bin_s) for segment in track.decisive):
            blocks.stylize(ACCENT, position, position + 1)
    return one_line("\n").join([blocks, Text(", ".join(span(segment) for segment in track.decisive))])


def _holds(segment: Segment, middle_s: float, bin_s: float) -> bool:
    """Whether a segment reaches into the part of a track around `middle_s`."""
    return segment.start_s - bin_s / 2 < middle_s < segment.end_s + bin_s / 2
