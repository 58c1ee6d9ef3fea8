"""Pictures of mood: the plane of valence, dark to bright, and arousal, calm to lively, both from -1 to 1.

Of one track there is a dot, the range that holds the truth in 90 % of tracks as a cross, and its way over time as a
line; of many tracks a dot each, and their crosses, or where these would cover everything, how large a range usually is.
What a dot stands for is said in its title, which a pointer or a screen reader finds. Lengths are units of the view box.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from earmark.label import Measured
from earmark.plots.cells import shortened
from earmark.plots.sheet import rendered
from earmark.plots.text import arc_bins, clock
from earmark.plots.track_map import Box
from earmark.sound.decode import name_of
from earmark.track import Track

_MOST_CROSSES = 12
_MOST_NAMED = 150
_LONGEST_NAME = 28
_DOT = 6.0
_LETTER, _LINE = 8.0, 16.0  # about as wide as a letter of a name is, on the safe side, and as high as its line
_MOMENTS_A_STEP, _MOST_STEPS, _LEAST_STEPS = 4, 12, 3  # of a track's way: fewer moments in a step are but noise


@dataclass(frozen=True, slots=True)
class Spot:
    """A track on the plane: its name, and its valence and arousal with their ranges."""

    name: str
    valence: Measured
    arousal: Measured


@dataclass
class Spots:
    """The tracks that are to be on a plane: all that is kept of each; and how many have no place there."""

    spots: list[Spot] = field(default_factory=list)
    moodless: int = 0

    def add(self, track: Track) -> None:
        """Keep what is to be drawn of a track."""
        spot = spot_of(track)
        if spot is None:
            self.moodless += 1
        else:
            self.spots.append(spot)


def spot_of(track: Track) -> Spot | None:
    """The place of a track; None where valence and arousal are not told."""
    mood = track.mood
    if mood is None or mood.valence is None or mood.arousal is None:
        return None
    return Spot(track.path, mood.valence, mood.arousal)


def track_plane(track: Track) -> str:
    """One track, its range and its way, as an `<svg>`; empty where valence and arousal are not told."""
    spot = spot_of(track)
    if spot is None:
        return ""
    label = f"Mood of {said_of(spot)}."
    return _drawn(_ONE, [spot], label=label, crosses=[_cross(_ONE, spot)], way=_way(_ONE, track))


def folder_plane(spots: Spots) -> str:
    """Many tracks as an `<svg>` in a page."""
    return _many(spots)


def mood_map(spots: Spots, *, model: str) -> str:
    """Many tracks as a file of its own, an SVG with what there is to know of it below."""
    return _many(spots, alone=True, caption=[f"{counted(spots)} Heard by {model}.", *key(spots)])


def counted(spots: Spots) -> str:
    """How many tracks there are, and how many are missing."""
    count = len(spots.spots)
    missing = f"; {spots.moodless} more without a mood" if spots.moodless else ""
    return f"{count} track{'' if count == 1 else 's'}{missing}."


def key(spots: Spots) -> list[str]:
    """How to read a plane of many tracks, in sentences."""
    if not spots.spots:
        return []
    if len(spots.spots) <= _MOST_CROSSES:
        return ["A dot is a track, its cross the range that holds the truth nine times out of ten."]
    return ["A dot is a track; the truth is around it, nine times out of ten within a range of the size in the corner."]


def said_of(spot: Spot) -> str:
    """A spot in words: "song.mp3: valence +0.27 (−0.51 to +1.00), arousal −0.24 (−0.85 to +0.38)"."""
    return f"{name_of(spot.name)}: valence {_range(spot.valence)}, arousal {_range(spot.arousal)}"


@dataclass(frozen=True)
class _Frame:
    """Where the plane lies in the view box: its sides, and how wide and high the box is; `kind` is its class."""

    kind: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, valence: float) -> float:
        return self.left + (self.right - self.left) * (valence + 1) / 2

    def y(self, arousal: float) -> float:
        return self.bottom + (self.top - self.bottom) * (arousal + 1) / 2


_ONE = _Frame("plane one", 400, 340, left=54, right=338, top=28, bottom=312)
_MANY = _Frame("plane", 1000, 650, left=54, right=938, top=28, bottom=622)
_CAPTION_LINE, _CORNER = 20, 14


def _many(spots: Spots, **further: Any) -> str:
    drawn = spots.spots
    few = len(drawn) <= _MOST_CROSSES
    return _drawn(
        _MANY,
        drawn,
        label=f"Valence and arousal of {counted(spots)} {_quarters(drawn)}",
        crosses=[_cross(_MANY, spot) for spot in drawn] if few else [],
        scale=None if few else _scale(drawn),
        names=_names(drawn) if len(drawn) <= _MOST_NAMED else [],
        **further,
    )


def _drawn(
    frame: "_Frame",
    spots: Sequence[Spot],
    *,
    label: str,
    crosses: Sequence[str],
    way: "_Way | None" = None,
    scale: "_Scale | None" = None,
    names: "Sequence[_Name]" = (),
    caption: Sequence[str] = (),
    alone: bool = False,
) -> str:
    return rendered(
        "mood_plane.svg.j2",
        frame=frame,
        label=label,
        crosses=crosses,
        way=way,
        scale=scale,
        dots=[(frame.x(spot.valence.value), frame.y(spot.arousal.value), said_of(spot)) for spot in spots],
        dot=_DOT,
        names=names,
        caption=[(frame.height + _CAPTION_LINE * (number + 0.5), text) for number, text in enumerate(caption)],
        height=frame.height + _CAPTION_LINE * len(caption),
        alone=alone,
    )


@dataclass(frozen=True)
class _Way:
    """A track's way over the plane: the path of its line, where it starts, the arrow at its end, and its steps."""

    path: str
    start: tuple[float, float]
    arrow: str
    steps: list[tuple[float, float, str]]


def _way(frame: _Frame, track: Track) -> _Way | None:
    """None where a track is too short to have one."""
    arc = track.mood.arc if track.mood else ()
    steps = min(len(arc) // _MOMENTS_A_STEP, _MOST_STEPS)
    if steps < _LEAST_STEPS:
        return None
    edges_s = np.linspace(0, track.duration_s, steps + 1).tolist()
    told = [
        (frame.x(valence), frame.y(arousal), f"{clock(start_s)}–{clock(end_s)}: {_at(valence, arousal)}")
        for start_s, end_s, (valence, arousal) in zip(
            edges_s, edges_s[1:], arc_bins(arc, track.duration_s, steps).tolist(), strict=False
        )
        if not np.isnan(valence)
    ]
    if len(told) < _LEAST_STEPS:
        return None
    points = np.array([(x, y) for x, y, _ in told])
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return _Way(path, told[0][:2], _arrow(points), told[1:-1])


def _arrow(points: NDArray[np.float64]) -> str:
    """The corners of an arrow at the last of the points (n, 2), which looks as the line comes."""
    ahead = points[-1] - points[-2]
    ahead = ahead / (np.hypot(*ahead) or 1.0)
    aside = np.array([-ahead[1], ahead[0]])
    corners = (points[-1] + 4 * ahead, points[-1] - 6 * ahead + 5 * aside, points[-1] - 6 * ahead - 5 * aside)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _cross(frame: _Frame, spot: Spot) -> str:
    """The path of a spot's range, with an end at each of its sides."""
    x, y = frame.x(spot.valence.value), frame.y(spot.arousal.value)
    sides = [(frame.x(end), y, "v") for end in (spot.valence.low, spot.valence.high)]
    ends = [(x, frame.y(end), "h") for end in (spot.arousal.low, spot.arousal.high)]
    caps = "".join(
        f"M{side - 5 * (way == 'h'):.1f} {height - 5 * (way == 'v'):.1f}{way}10"
        for side, height, way in [*sides, *ends]
    )
    return f"M{sides[0][0]:.1f} {y:.1f}H{sides[1][0]:.1f}M{x:.1f} {ends[0][1]:.1f}V{ends[1][1]:.1f}{caps}"


@dataclass(frozen=True)
class _Scale:
    """How wide and how high a range is, in a corner: the path of its two sides, and where its name stands."""

    path: str
    x: float
    y: float


def _scale(spots: Sequence[Spot]) -> _Scale:
    """Of the range of most tracks; of each the wider half counts, as -1 and 1 cut some."""
    wide, high = (
        2 * float(np.median([max(each.value - each.low, each.high - each.value) for each in numbers]))
        for numbers in ([spot.valence for spot in spots], [spot.arousal for spot in spots])
    )
    x, y = _MANY.left + _CORNER, _MANY.bottom - _CORNER
    right, top = x + _MANY.x(min(wide, 2.0) - 1) - _MANY.left, y - _MANY.bottom + _MANY.y(min(high, 2.0) - 1)
    right, top = min(right, _MANY.right), max(top, _MANY.top)
    path = f"M{x} {top:.1f}V{y}H{right:.1f}M{x - 5} {top:.1f}h10M{right:.1f} {y - 5}v10"
    return _Scale(path, x + 8, y - 8)


@dataclass(frozen=True)
class _Name:
    """A name that has its place: the box that its letters fill, and the side of it at which they begin or end."""

    text: str
    box: Box
    anchor: str

    @property
    def x(self) -> float:
        return self.box.left if self.anchor == "start" else self.box.right


def _names(spots: Sequence[Spot]) -> list[_Name]:
    """Names beside those dots that have room for one, none over another name or a dot; the first ones choose first."""
    points = [(_MANY.x(spot.valence.value), _MANY.y(spot.arousal.value)) for spot in spots]
    taken = [Box(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in points]
    names = []
    for spot, point in zip(spots, points, strict=True):
        places = _beside(point, shortened(_short_name(spot.name), _LONGEST_NAME))
        name = next((name for name in places if not any(name.box.overlaps(each) for each in taken)), None)
        if name is not None:
            taken.append(name.box)
            names.append(name)
    return names


def _beside(point: tuple[float, float], text: str) -> Iterator[_Name]:
    """Where a name may stand within the plane: between the arms of a cross first, then over one."""
    (x, y), width = point, _LETTER * cell_len(text)
    near, far = 0.7 * _DOT + 2, _DOT + 3
    for aside, top in ((near, y - near - _LINE), (near, y + near), (far, y - _LINE / 2)):
        for left, anchor in ((x + aside, "start"), (x - aside - width, "end")):
            if _MANY.left <= left <= _MANY.right - width and _MANY.top <= top <= _MANY.bottom - _LINE:
                yield _Name(text, Box(left, top, left + width, top + _LINE), anchor)


def _short_name(path: str) -> str:
    """The file's name without its folder and the end that says what it is."""
    name = name_of(path).replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _quarters(spots: Sequence[Spot]) -> str:
    """In words how many lie in which quarter."""
    counts: dict[str, int] = {}
    for spot in spots:
        where = f"{'calm' if spot.arousal.value < 0 else 'lively'} and {'dark' if spot.valence.value < 0 else 'bright'}"
        counts[where] = counts.get(where, 0) + 1
    most_first = sorted(counts.items(), key=lambda each: -each[1])
    return f"{', '.join(f'{count} {where}' for where, count in most_first)}." if counts else ""


def _range(number: Measured) -> str:
    return f"{_signed(number.value)} ({_signed(number.low)} to {_signed(number.high)})"


def _at(valence: float, arousal: float) -> str:
    return f"valence {_signed(valence)}, arousal {_signed(arousal)}"


def _signed(value: float) -> str:
    """With its sign and two digits, and no minus before nothing."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")
