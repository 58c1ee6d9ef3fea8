"""The three ways to a playlist: near songs and expressions, along a path between two, along an arc of moods.

Each takes a frame, which says what may come in and what stands already, and gives rows of the collection in order, with
what was understood and why each row is there. Kept tracks stay in their places; new ones come in between.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.library.arcs import read_arc
from earmark.library.arithmetic import Expression, Solution, Space, read_expression
from earmark.library.arranging import arrange
from earmark.library.asks import ELSEWHERE, Ask
from earmark.library.choosing import Size, choose
from earmark.library.collection import Collection
from earmark.library.lexicon import Lexicon
from earmark.library.pool import Pool
from earmark.library.sequences import Course, Place, Steps, candidates_for, solve
from earmark.library.songs import Songs

Floats = NDArray[np.float64]
Slots = tuple[int | None, ...]  # rows, `ELSEWHERE`, and None where there is room
PATH, ARC = Steps(smooth=0.1, even=8.0, back=60.0), Steps(smooth=0.3)
LEFT_OUT = 0.8  # of the candidates of a place, with a spread of 1
TRIES = 8  # at the length of a list
ARC_NEAR = 1.0  # what it costs on an arc to be far from what was asked for


@dataclass(frozen=True, eq=False)
class Ground:
    """What lists are made from."""

    collection: Collection
    lexicon: Lexicon
    songs: Songs
    pool: Pool
    space: Space

    def read(self, text: str) -> Expression:
        """An expression, by the phrases and songs that there are."""
        return read_expression(text, self.lexicon, self.songs)


@dataclass(frozen=True, eq=False)
class Frame:
    """What is given before anything is chosen.

    Attributes
    ----------
    ask:
        What the list is to be.
    slots:
        Those of a list that is filled again; none of a new one.
    size:
        How much is to come in beside what stands in the slots.
    allowed:
        (n,) which entries may come in; ways take out what they compare with.
    notes:
        What a person should know; ways add to it.
    """

    ask: Ask
    slots: Slots
    size: Size
    allowed: NDArray[np.bool_]
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> list[int]:
        """The rows that stand in the list already."""
        return [row for row in self.slots if row is not None and row != ELSEWHERE]

    def rng(self) -> np.random.Generator:
        """Draws, always from the same beginning."""
        return np.random.default_rng(self.ask.seed)


@dataclass(frozen=True, eq=False)
class Way:
    """Rows in order, how what was asked for was understood, and why a row is there."""

    rows: list[int]
    understood: list[str]
    why: Callable[[int], str]


def near(ground: Ground, frame: Frame) -> Way:
    """Tracks near to what is wished for, to each wish in its turn; songs that are named come in themselves."""
    if not frame.ask.wishes:
        raise WishError("Nothing is asked for.", hint="Name songs or what it is to be like, --from and --to, or --arc.")
    expressions, solutions, seeds = _solved(ground, frame)
    seeds = [row for row in seeds if frame.allowed[row] or not frame.slots]
    new = [row for row in seeds if row not in frame.kept]
    frame.allowed[seeds] = False
    scores = [np.where(solution.allowed, solution.scores, -np.inf) for solution in solutions]
    chosen = choose(
        ground.pool,
        scores,
        frame.allowed,
        frame.size,
        spread=frame.ask.spread,
        spacing=frame.ask.spacing,
        rng=frame.rng(),
        before=frame.kept,
        first=new,
    )
    if not (chosen.rows or frame.kept):
        raise WishError("No track that may come in is like that.", hint="Ask for less at once, or with fewer rules.")
    if chosen.short:
        frame.notes.append(f"No more than {len(chosen.rows)} tracks fit.")
    slots = with_room(frame.slots, len(chosen.rows))
    rows = arrange(slots, chosen.rows, ground.space.directions, ground.pool.artists, spacing=frame.ask.spacing)
    nearest = np.argmax(scores, axis=0)

    def why(row: int) -> str:
        if row in seeds:
            return "asked for"
        score = scores[nearest[row]][row]
        said = f"near {score:.2f}" if np.isfinite(score) else ""
        return f"{said} to {expressions[nearest[row]].name}" if len(expressions) > 1 and said else said

    return Way([ELSEWHERE if row is None else row for row in rows], [each.words for each in expressions], why)


def path(ground: Ground, frame: Frame) -> Way:
    """Tracks along the great circle from the start to the end, in steps as even as the collection has them."""
    ends = [ground.read(text) for text in (frame.ask.start, frame.ask.end)]
    solutions = [ground.space.solve(each) for each in ends]
    frame.notes.extend(note for solution in solutions for note in solution.notes)
    rows = [each.song.row if each.song else None for each in ends]
    if rows[0] is not None and rows[0] == rows[1]:
        raise WishError("The path begins and ends with the same song.", hint="Name another one with --to.")
    for end, row in zip(ends, rows, strict=True):
        if end.song and row is None:
            frame.notes.append(f"{end.song.name} is not in the collection, and so not in the list.")
    first, last = (solution.target for solution in solutions)
    directions = ground.space.directions
    slots = frame.slots or tuple(row for row in rows if row is not None)
    frame.allowed[[row for row in rows if row is not None]] = False

    def lacks(along: float) -> Floats:
        return np.asarray(2.0 - 2.0 * (directions @ on_great_circle(first, last, along)), np.float64)

    def why(row: int) -> str:
        start, end = float(directions[row] @ first), float(directions[row] @ last)
        return f"start {start:.2f}, end {end:.2f}"

    ends_there = rows[1] is not None and slots[-1:] == (rows[1],)
    way = last - first
    steps = replace(PATH, progress=(directions - first) @ way / max(float(way @ way), 1e-9))
    found = _in_sequence(ground, frame, slots, lacks, steps, closed=ends_there)
    return Way(found, [f"from {ends[0].words}", f"to {ends[1].words}"], why)


def arc(ground: Ground, frame: Frame) -> Way:
    """Tracks whose valence and arousal follow an arc, near to what is wished for if anything is."""
    plane = np.stack([ground.collection.valence, ground.collection.arousal], axis=1).astype(np.float64)
    expressions, solutions, _ = _solved(ground, frame)
    allowed, far = frame.allowed, np.zeros(len(plane))
    if solutions:
        allowed &= np.any([each.allowed for each in solutions], axis=0)
        far = 2 * ARC_NEAR * (1 - np.max([each.scores for each in solutions], axis=0))
    course = read_arc(frame.ask.arc, plane[allowed], ground.lexicon)
    scale = np.maximum(np.nanstd(plane[allowed], axis=0), 1e-6)

    def lacks(along: float) -> Floats:
        wished = course.at(along)
        said = ~np.isnan(wished)
        away = np.square((plane[:, said] - wished[said]) / scale[said]).sum(axis=1)
        return np.asarray(np.where(np.isnan(away), np.inf, away + far))

    def why(row: int) -> str:
        return f"valence {plane[row, 0]:+.2f}, arousal {plane[row, 1]:+.2f}"

    found = _in_sequence(ground, frame, frame.slots, lacks, ARC)
    return Way(found, [*(each.words for each in expressions), f"arc: {course.words}"], why)


def with_room(slots: Slots, new: int) -> Slots:
    """Slots with room for so many: room is taken away at the end, and added there."""
    free = [place for place, row in enumerate(slots) if row is None]
    gone = set(free[new:])
    return (*(row for place, row in enumerate(slots) if place not in gone), *[None] * (new - len(free)))


def on_great_circle(first: Floats, last: Floats, along: float) -> Floats:
    """(128,) the unit vector on the shortest way from one unit vector to another, at 0 to 1 of it."""
    angle = float(np.arccos(np.clip(first @ last, -1.0, 1.0)))
    if angle < 1e-6:
        return first
    if np.pi - angle < 1e-6:  # opposite to each other: any way is as short, and this one avoids the middle
        aside = np.zeros_like(first)
        aside[int(np.argmin(np.abs(first)))] = 1.0
        halfway = aside - (aside @ first) * first
        last, angle, along = halfway / np.linalg.norm(halfway), np.pi / 2, 2 * along
    return np.asarray((np.sin((1 - along) * angle) * first + np.sin(along * angle) * last) / np.sin(angle))


def _solved(ground: Ground, frame: Frame) -> tuple[list[Expression], list[Solution], list[int]]:
    """What was asked for, what it comes to, and the rows of songs that were named with nothing else."""
    expressions = [ground.read(text) for text in frame.ask.wishes]
    solutions = [ground.space.solve(each) for each in expressions]
    frame.notes.extend(note for solution in solutions for note in solution.notes)
    seeds: dict[int, None] = {}
    for expression in expressions:
        named = [operand.song for operand in expression.operands if operand.song]
        if expression.song and expression.song.row is None:
            frame.notes.append(f"{expression.song.name} is not in the collection, and so not in the list.")
        if expression.song and expression.song.row is not None:
            seeds[expression.song.row] = None
        else:  # of an expression the songs are what it is compared with
            frame.allowed[[song.row for song in named if song.row is not None]] = False
    return expressions, solutions, list(seeds)


def _in_sequence(
    ground: Ground,
    frame: Frame,
    slots: Slots,
    lacks: Callable[[float], Floats],
    steps: Steps,
    *,
    closed: bool = False,
) -> list[int]:
    """Rows for a list in which every place has its own wish, as many as make the size that was asked for.

    `closed` says that the last of the slots stands at the very end.
    """
    lengths_s = ground.pool.lengths_s
    standing = [row for row in slots if row is not None and row not in (ELSEWHERE, *frame.kept)]
    size = frame.size.beside(len(standing), float(lengths_s[standing].sum()))
    new = size.about(float(np.median(lengths_s[frame.allowed]))) if frame.allowed.any() else 0
    best: tuple[float, list[int]] | None = None
    tried: set[int] = set()
    while new not in tried and len(tried) < TRIES:
        tried.add(new)
        laid = (*with_room(slots[:-1], new), slots[-1]) if closed else with_room(slots, new)
        rows = _filled(ground, frame, laid, lacks, steps)
        if rows is None:
            new = new * 3 // 4
            continue
        added = [row for row in rows if row not in (ELSEWHERE, *standing, *frame.kept)]
        missing_s = (size.length_s or 0.0) - float(lengths_s[added].sum()) if size.length_s is not None else 0.0
        if best is None or abs(missing_s) < best[0]:
            best = abs(missing_s), rows
        new = max(new + round(missing_s / max(float(lengths_s[added].mean()), 1.0)), 1) if added else new
    if best is None:
        raise WishError("There are too few tracks for such a list.", hint="Ask for a shorter one, or for less.")
    if size.count is not None and len(best[1]) < size.count + len(standing) + len(frame.kept):
        frame.notes.append(f"No more than {len(best[1])} tracks fit.")
    return best[1]


def _filled(
    ground: Ground, frame: Frame, slots: Slots, lacks: Callable[[float], Floats], steps: Steps
) -> list[int] | None:
    """A row for every slot; None where there are too few."""
    rng, last = frame.rng(), max(len(slots) - 1, 1)
    places: list[Place] = []
    for number, row in enumerate(slots):
        if row is None:
            here = np.where(frame.allowed, lacks(number / last), np.inf)
            places.append(_thinned(Place.of(here, candidates_for(len(slots))), frame.ask.spread, rng))
        elif row != ELSEWHERE:
            places.append(Place.only(row))
    families = ground.pool.families(row for place in places for row in place.rows.tolist())
    vectors, artists = ground.space.directions, ground.pool.artists
    course = Course(places, vectors, artists, families, frame.ask.spacing, steps)
    rows = solve(course)
    if rows is None:
        return None
    left = iter(rows)
    return [ELSEWHERE if row == ELSEWHERE else next(left) for row in slots]


def _thinned(place: Place, spread: float, rng: np.random.Generator) -> Place:
    """A place of which some candidates are left out by chance, the more the larger the spread; one always stays."""
    stays = rng.random(len(place.rows)) >= LEFT_OUT * spread
    if not stays.any():
        stays[:1] = True
    return Place(place.rows[stays], place.lacks[stays])
