"""From what is asked for to a piece on the disk, by one of the renderers; what was made of what is told beside it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.errors import EarmarkError, GenerateError
from earmark.files import shown
from earmark.generate import mosaic, spectrogram
from earmark.generate.asking import SHORTEST_S, Ask, Ground, Place
from earmark.generate.chance import Use, stream
from earmark.generate.choosing import Chooser
from earmark.generate.generator import Generator
from earmark.generate.imagining import Imagined, file_named, latents_for
from earmark.generate.mosaic import Mosaic, Run, sound_of
from earmark.generate.piece import Floats, Source, written
from earmark.generate.refine import Target
from earmark.generate.shelf import Shelf
from earmark.generate.walk import Way, way
from earmark.sound import decode
from earmark.sound.mel import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Listeners:
    """What is called meanwhile: `on_failure` with why something cannot be used, `on_step` with (done, total)."""

    on_failure: Callable[[str], None] = lambda sentence: None
    on_step: Callable[[int, int], None] = lambda done, total: None


@dataclass(frozen=True, eq=False, slots=True)
class Made:
    """A piece that was made.

    Attributes
    ----------
    out:
        The file.
    understood:
        What was asked for, in words, a line each.
    notes:
        What a person should know.
    seconds:
        How long it is.
    sources:
        What it consists of, in order; none of what no source has.
    told:
        All that as plain JSON values, as it stands beside the piece.
    """

    out: Path
    understood: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float
    sources: tuple[Source, ...]
    told: dict[str, Any]


def way_of(ground: Ground, ask: Ask, places: tuple[Place, Place]) -> Way:
    """Where a piece goes."""
    first, last = places
    rows = (-1, -1) if first is last else (_row(first), _row(last))
    return way(
        first.target,
        last.target,
        ask.seconds,
        rows=rows,
        directions=ground.space.directions,
        temperature=ask.temperature,
        rng=stream(ask.seed, Use.WAY),
    )


def _row(place: Place) -> int:
    return -1 if place.row is None else place.row


def mosaic_of(
    ground: Ground,
    ask: Ask,
    places: tuple[Place, Place],
    listeners: Listeners,
    *,
    shelf: Shelf,
    without: tuple[int, ...] = (),
    imagined: Imagined | None = None,
) -> Mosaic:
    """The mosaic of what is asked for, without the tracks of some rows, with what is `imagined_of` it."""
    first, last = places
    same = first is last
    allowed = first.allowed & last.allowed
    allowed[[place.row for place in places if place.row is not None and not place.without]] = True
    chooser = Chooser(
        ground.collection,
        ground.space.directions,
        allowed=allowed,
        without=without + first.without + (() if same else last.without),
        answer=first.answer if same else None,
    )
    return Mosaic(
        ground.collection, shelf, chooser, way_of(ground, ask, places), ask.seconds, ask.temperature, ask.seed,
        imagined=imagined, on_failure=listeners.on_failure,
    )  # fmt: skip


def imagined_of(generator: Generator, ground: Ground, ask: Ask, places: tuple[Place, Place]) -> Imagined:
    """What a generator imagines of a way; errors as of `imagining.latents_for`."""
    return Imagined(generator, latents_for(generator, ground, ask, places, stream(ask.seed, Use.IMAGINED)))


def make_mosaic(
    ground: Ground,
    ask: Ask,
    out: Path,
    listeners: Listeners,
    *,
    shelf: Shelf,
    generator: Generator | None = None,
    refine: bool = False,
) -> Made:
    """Write a mosaic and the list of its sources; errors as of `Ground.places`, `Mosaic` and `piece.written`.

    Where the generator knows nothing of what is asked for, it is made without, and a note says so.
    """
    places = ground.places(ask)
    steps = _Steps(ask.seconds, listeners.on_step)
    imagined, notes = None, []
    if generator is not None:
        try:
            imagined = imagined_of(generator, ground, ask, places)
        except EarmarkError as error:
            notes.append(f"Nothing is imagined. {error}")
    made = mosaic_of(ground, ask, places, listeners, shelf=shelf, imagined=imagined)
    made = replace(made, on_described=steps.described)
    sources: list[Source] = []

    def heard(run: Run) -> None:
        sources.append(run.source)
        steps.heard(run.source.end_s)

    follow = _followed(ground, places) if refine else None
    sound = sound_of(made.runs(), on_run=heard, follow=follow, seed=ask.seed)
    with written(out, rate_hz=mosaic.RATE_HZ, channels=mosaic.CHANNELS) as file:
        for block in sound:
            file.write(block)
        seconds, more = file.samples / mosaic.RATE_HZ, _followed_told(follow)
        found = _made(out, ask, places, "mosaic", seconds, sources, notes, imagined=imagined is not None, **more)
        file.told = found.told
    return found


def _followed_told(follow: Target | None) -> dict[str, Any]:
    return {} if follow is None else {"followed": follow.path, "refined_runs": follow.refined}


def _followed(ground: Ground, places: tuple[Place, Place]) -> Target:
    """The song that a mosaic follows; GenerateError where none is named, or it is shorter than a bar or two."""
    path = file_named(ground, places[0]) if places[0] is places[1] else None
    if path is None:
        raise GenerateError("There is no song to follow.", hint="Name one with --like.")
    duration_s = sum(map(len, decode.blocks(path))) / SAMPLE_RATE_HZ
    if duration_s < SHORTEST_S:
        raise GenerateError(f"{shown(path)} is too short to follow.", hint=f"Name a song of {SHORTEST_S:g} s or more.")
    return Target(path, duration_s, mosaic.RATE_HZ)


@dataclass
class _Steps:
    """How far a mosaic is: each second counts when what it may be made of is described, and when it is heard."""

    seconds: float
    show: Callable[[int, int], None]
    described_s: float = 0.0
    heard_s: float = 0.0

    def described(self, done: int, total: int) -> None:
        part_s = min(mosaic.PART_S, self.seconds - self.described_s)
        self._tell(self.described_s + part_s * done / total)
        if done == total:
            self.described_s += part_s

    def heard(self, end_s: float) -> None:
        self.heard_s = end_s
        self._tell(self.described_s)

    def _tell(self, described_s: float) -> None:
        self.show(round(described_s + self.heard_s), round(2 * self.seconds))


def make_spectrogram(ground: Ground, ask: Ask, out: Path, listeners: Listeners, *, generator: Generator) -> Made:
    """Write what the generator imagines; errors as of `Ground.places`, `imagining` and `piece.written`."""
    places = ground.places(ask)
    latents = latents_for(generator, ground, ask, places, stream(ask.seed, Use.IMAGINED))

    def heard(blocks: Iterator[Floats]) -> Iterator[Floats]:
        samples = 0
        for block in blocks:
            samples += len(block)
            listeners.on_step(round(samples / spectrogram.RATE_HZ), round(ask.seconds))
            yield block

    sound = heard(spectrogram.sound_of(generator, latents, ask.seconds, seed=ask.seed))
    with written(out, rate_hz=spectrogram.RATE_HZ, channels=1) as file:
        for block in sound:
            file.write(block)
        seconds = file.samples / spectrogram.RATE_HZ
        made = _made(out, ask, places, "spectrogram", seconds, [], [], imagined=True)
        file.told = made.told
    return made


def _made(
    out: Path,
    ask: Ask,
    places: tuple[Place, Place],
    renderer: str,
    seconds: float,
    sources: list[Source],
    noted: list[str],
    **more: Any,
) -> Made:
    first, last = places
    understood = (first.words,) if first is last else (f"from {first.words}", f"to {last.words}")
    notes = tuple(dict.fromkeys([*first.notes, *last.notes, *noted]))
    told = {
        "piece": out.name,
        "understood": list(understood),
        "notes": list(notes),
        "renderer": renderer,
        "seconds": round(seconds, 3),
        "seed": ask.seed,
        "temperature": ask.temperature,
        **more,
        "sources": [each.to_dict() for each in sources],
    }
    return Made(out, understood, notes, seconds, tuple(sources), told)
