"""Tracks as a table in the terminal, a few lines each, printed as soon as each is there."""

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from earmark.plots.palette import ACCENT
from earmark.plots.text import clock, percent, span, sparkline
from earmark.sound.decode import name_of
from earmark.track import NONE, Label, Segment, Track

_TOP = 3
_ATTENTION_WIDTH = 26
_PIPE_WIDTH = 120
_LEAST_TRACK = 16
_TAGS = "  tags  "


class Table:
    """A table that grows row by row, its columns of fixed width so that no row has to wait for the next.

    Parameters
    ----------
    labels:
        The answers that there are, whose names must fit: the genres of the network, and `NONE` where it tells.
    tags:
        Whether each track has a line of its tags, below the other columns.
    console:
        Where to print; stdout by default.
    """

    def __init__(self, *, labels: Sequence[str], tags: bool = False, console: Console | None = None) -> None:
        self._tags = tags
        self._console = console or _stdout_console()
        names = max(map(len, labels))
        genres = names + 6
        room = self._console.width - genres - _ATTENTION_WIDTH - 3 * 2  # for the other two
        least = len(NONE)
        chosen = max(min(2 * names + 2, 24), least)
        if least <= room - _LEAST_TRACK < chosen:
            chosen = room - _LEAST_TRACK  # so that all fits into 80 columns
        track = max(room - chosen, _LEAST_TRACK)
        self._widths = (track, genres, chosen, _ATTENTION_WIDTH)
        self._headed = False

    def add(self, track: Track) -> None:
        """Print one track, under the head if it is the first."""
        rows = self._grid()
        if not self._headed:
            rows.add_row(*(Text(head, style="bold") for head in ("Track", "Genres", "90 % set", "Attention, decisive")))
            self._headed = True
        top = track.answers[:_TOP]
        rows.add_row(_name(track), _genres(top, self._widths[1]), _genre_set(track), _attention(track))
        self._console.print(rows)
        if self._tags:
            self._console.print(_tags(track, self._console.width))

    def _grid(self) -> RichTable:
        rows = RichTable(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for width in self._widths:
            rows.add_column(width=width, overflow="fold")
        return rows


def _stdout_console() -> Console:
    # What reads a pipe has no width of its own, and names should not be folded for it.
    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=_PIPE_WIDTH if piped else None, highlight=False)


def _name(track: Track) -> Text:
    return Text.assemble(name_of(track.path), ("\n" + clock(track.duration_s), "dim"))


def _genres(labels: Sequence[Label], width: int) -> Text:
    lines = []
    for label in labels:
        share = f"{100 * label.probability:.0f} %"
        lines.append(f"{label.name:<{width - len(share)}}{share}")
    return Text("\n".join([lines[0], *lines[1:]]))


def _tags(track: Track, width: int) -> Text:
    """The tags that count as heard, indented, lines broken between tags alone."""
    heard = [f"{tag.name} {percent(tag.probability)}" for tag in track.tags if tag.name in track.heard_tags]
    nearest = track.tags[0]
    words = heard or [f"none heard (nearest: {nearest.name} {percent(nearest.probability)})"]
    lines = [words[0]]
    for word in words[1:]:
        if len(_TAGS) + len(lines[-1]) + len(word) + len(", ,") <= width:
            lines[-1] += f", {word}"
        else:
            lines[-1] += ","
            lines.append(word)
    rest = "".join(f"\n{' ' * len(_TAGS)}{line}" for line in lines[1:])
    return Text.assemble((_TAGS, "dim"), lines[0], rest)


def _genre_set(track: Track) -> Text:
    if track.cannot_tell:
        return Text("cannot tell", style="italic")
    if track.none_of_these:
        return Text.assemble((NONE, "italic"), f" (nearest: {track.genre})")
    return Text(", ".join(track.genre_set))


def _attention(track: Track) -> Text:
    """The attention as blocks, the decisive ones in colour, and their times below."""
    blocks = Text(sparkline(track.timeline, track.duration_s, width=_ATTENTION_WIDTH - 2))
    bin_s = track.duration_s / len(blocks)
    for position in range(len(blocks)):
        middle_s = (position + 0.5) * bin_s
        if any(_holds(segment, middle_s, bin_s) for segment in track.decisive):
            blocks.stylize(ACCENT, position, position + 1)
    return Text("\n").join([blocks, Text(", ".join(span(segment) for segment in track.decisive))])


def _holds(segment: Segment, middle_s: float, bin_s: float) -> bool:
    """Whether a segment reaches into the part of a track around `middle_s`."""
    return segment.start_s - bin_s / 2 < middle_s < segment.end_s + bin_s / 2
