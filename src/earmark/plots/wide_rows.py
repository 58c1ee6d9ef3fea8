"""A track in the terminal with all that there is to say, some lines each: `earmark listen --wide`.

The whole path and the length; below it the three most probable genres, the 90 % set, and the attention as blocks, the
decisive ones in colour, with their times; then the mood and how lively it is over time, the tags, and what was not as
it should be.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from earmark.label import Label
from earmark.plots.cells import one_line
from earmark.plots.palette import ACCENT
from earmark.plots.text import (
    MOOD_GROUP,
    clock,
    felt,
    groups_of,
    liveliness,
    mood_words,
    percent,
    remarks,
    span,
    sparkline,
    when,
)
from earmark.sound.files import name_of
from earmark.track import NONE, HeardTag, Segment, Track

_TOP = 3
_ATTENTION_WIDTH = 24
_LEAST_ATTENTION = 12
_WIDEST_SET = 34
_INDENT = 2
_GAP = 2
_TAGS = "tags"
_LIVELY = "how lively"
_LEAST_ARC = 4  # moments: fewer are no way

Row = tuple[str, list[str]]  # its head, and words with the marks between them


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
        rest: list[RenderableType] = [*below([*_mood(track), *_lively(track), *_tags(track)], self._width)]
        rest += [Padding(Text(remark, style=ACCENT), (0, 0, 0, _INDENT), expand=False) for remark in remarks(track)]
        return Group("", name, columns, *rest)

    def _grid(self, *cells: Text) -> RenderableType:
        rows = Table(box=None, show_header=False, pad_edge=False, padding=(0, _GAP, 0, 0))
        for width in self._widths:
            rows.add_column(width=width, overflow="fold")
        rows.add_row(*cells)
        return Padding(rows, (0, 0, 0, _INDENT), expand=False)


def mood_and_tags(track: Track, width: int) -> list[Text]:
    """The mood and the tags that count as heard, indented, those with seconds a line a group; nothing without any."""
    return below([*_mood(track), *_tags(track)], width)


def below(rows: Sequence[Row], width: int) -> list[Text]:
    """Rows with their heads, indented, as one text whose lines break between words alone; none without rows."""
    longest = max((len(head) for head, _ in rows), default=0)
    lines = [_lines(f"{' ' * _INDENT}{head:<{longest}}{' ' * _GAP}", words, width) for head, words in rows]
    return [one_line("\n").join(lines)] if lines else []


def _mood(track: Track) -> list[Row]:
    """The mood, what listeners feel, and the tags that are moods, which may differ: so it says what is what."""
    mood = track.mood
    feelings = [f"{label.name} {percent(label.probability)}" for label in felt(mood)] if mood else []
    if mood is None or not (mood.words or feelings):
        return []
    tagged = [_told(tag) for tag in track.heard if tag.group == MOOD_GROUP]
    parts = [[mood_words(mood)] if mood.words else [], _said("listeners feel", feelings), _said("tagged", tagged, ";")]
    *first, last = filter(None, parts)
    return [(MOOD_GROUP, [*(word for part in first for word in (*part[:-1], f"{part[-1]};")), *last])]


def _lively(track: Track) -> list[Row]:
    """How lively it is over time; nothing where that is not told, or where the track is too short to say."""
    arc = track.mood.arc if track.mood else ()
    width = min(len(arc), _ATTENTION_WIDTH)
    return [(_LIVELY, [liveliness(arc, track.duration_s, width=width)])] if width >= _LEAST_ARC else []


def _tags(track: Track) -> list[Row]:
    """A row a group of the tags with seconds, and a row of the others; moods are left out where the mood has them."""
    groups = [(name, found) for name, found in groups_of(track) if name != MOOD_GROUP or not _mood(track)]
    rows = [(name or _TAGS, _marked([*map(_told, found)], ";")) for name, found in groups]
    timed = {tag.name for tag in track.heard}
    untimed = [tag for tag in track.tags if tag.name in track.heard_tags and tag.name not in timed]
    if not untimed and track.tags and not track.heard:
        nearest = track.tags[0]
        return [*rows, (_TAGS, [f"none heard (nearest: {nearest.name} {percent(nearest.probability)})"])]
    said = _marked([f"{tag.name} {percent(tag.probability)}" for tag in untimed])
    return [*rows, (_TAGS, said)] if said else rows


def _told(tag: HeardTag) -> str:
    return f"{tag.name} {percent(tag.probability)} {when(tag)}".rstrip()


def _said(what: str, words: Sequence[str], mark: str = ",") -> list[str]:
    """Words with what they are before the first; nothing without words."""
    return _marked([f"{what}: {words[0]}", *words[1:]], mark) if words else []


def _marked(words: Sequence[str], mark: str = ",") -> list[str]:
    """Words with a mark after each but the last."""
    return [f"{word}{mark}" for word in words[:-1]] + [*words[-1:]]


def _lines(head: str, words: Sequence[str], width: int) -> Text:
    """Words in lines below each other that do not break them."""
    lines = [words[0]]
    for word in words[1:]:
        if cell_len(f"{head}{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
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
