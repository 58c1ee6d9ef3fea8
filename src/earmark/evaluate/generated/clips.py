"""Clips to measure: of real tracks of a collection, and of pieces that are made of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import GenerateError, SoundError
from earmark.generate import spectrogram
from earmark.generate.asking import Ask, Ground
from earmark.generate.chance import Use, stream
from earmark.generate.generator import Generator
from earmark.generate.imagining import latents_for
from earmark.generate.making import Listeners, imagined_of, mosaic_of
from earmark.generate.mosaic import RATE_HZ, sound_of
from earmark.generate.piece import Source
from earmark.generate.shelf import Shelf
from earmark.sound.excerpt import excerpt
from earmark.sound.mel import SAMPLE_RATE_HZ

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """(samples,) mono at 22 050 Hz, what it was made of where it was made, and of which track it is or is to be like.

    That is its `row`, -1 for none, and the `folder` in which it lies.
    """

    samples: Floats
    sources: tuple[Source, ...] = ()
    row: int = -1
    folder: str = ""


def real_clip(ground: Ground, row: int, seconds: float) -> Clip | None:
    """The middle of a track, at least half as long as is asked; None where it cannot be read or is shorter."""
    entry = ground.collection.entries[row]
    start_s = max((entry.duration_s - seconds) / 2, 0.0)
    try:
        cut = excerpt(entry.path, start_s, start_s + seconds)
    except SoundError:
        return None
    if cut.duration_s < seconds / 2:
        return None
    return Clip(_mono(cut.samples, cut.rate_hz), row=row, folder=_folder(entry.path))


@dataclass(frozen=True, eq=False)
class Maker:
    """Makes clips by a renderer: a mosaic of what a shelf holds, or what a generator imagines where `shelf` is None.

    With `imagine` it is a mosaic whose spectra are those that the generator imagines. `lineages` say what the networks
    that have a part in it learned from.
    """

    ground: Ground
    shelf: Shelf | None
    generator: Generator | None = None
    imagine: bool = False
    lineages: tuple[Mapping[str, Any], ...] = ()

    @property
    def renderer(self) -> str:
        """As `earmark generate` calls it."""
        return "spectrogram" if self.shelf is None else "mosaic"

    def make(self, ask: Ask, *, without: tuple[int, ...] = ()) -> Clip:
        """A piece, without tracks of some rows; errors as of `generate.making`."""
        if self.shelf is None:
            return self._imagined(ask)
        sources: list[Source] = []
        places = self.ground.places(ask)
        imagined = None
        if self.imagine and self.generator is not None:  # one without what is imagined would count as one with it
            imagined = imagined_of(self.generator, self.ground, ask, places)
        made = mosaic_of(self.ground, ask, places, Listeners(), shelf=self.shelf, without=without, imagined=imagined)
        sound = np.concatenate(list(sound_of(made.runs(), on_run=lambda run: sources.append(run.source))))
        return Clip(_mono(sound, RATE_HZ), tuple(sources))

    def _imagined(self, ask: Ask) -> Clip:
        assert self.generator is not None
        latents = latents_for(self.generator, self.ground, ask, self.ground.places(ask), stream(ask.seed, Use.IMAGINED))
        blocks = spectrogram.sound_of(self.generator, latents, ask.seconds, seed=ask.seed)
        return Clip(np.concatenate(list(blocks))[:, 0])


def most_like(ground: Ground, genre: str, count: int) -> list[int]:
    """The rows of the songs of a collection that are most probably of a genre, those with the highest share first."""
    shares = ground.judge.share(ground.named_genre(genre))
    songs = np.array([kind == "song" for kind in ground.collection.kinds])
    order = np.argsort(-np.where(songs, np.nan_to_num(shares), -1.0), kind="stable")
    return [int(row) for row in order[:count] if songs[row]]


def of_two_sides(ground: Ground) -> tuple[list[int], list[int]]:
    """Rows of all songs on two sides, so that no folder has songs on both, nor any song a copy.

    GenerateError where all songs are in one folder.
    """
    folders: dict[str, list[int]] = {}
    seen: set[str] = set()
    for row, (kind, sound_id) in enumerate(zip(ground.collection.kinds, ground.collection.sound_ids, strict=True)):
        if kind == "song" and sound_id not in seen:
            seen.add(sound_id)
            folders.setdefault(_folder(ground.collection.entries[row].path), []).append(row)
    sides: tuple[list[int], list[int]] = [], []
    names = sorted(folders, key=lambda name: (-len(folders[name]), name))
    for name in names:  # the largest first, each to the smaller side: both get about as many
        sides[int(len(sides[1]) < len(sides[0]))].extend(folders[name])
    if not sides[1]:
        raise GenerateError(
            "All songs of the collection are in one folder.",
            hint="A collection of several folders is needed.",
        )
    return sides


def drawn(side: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """At most so many rows of a side, in order."""
    return sorted(rng.permutation(side)[:count].tolist())


def each_real(ground: Ground, rows: list[int], seconds: float) -> Iterator[Clip]:
    """The clips of tracks that can be read."""
    for row in rows:
        clip = real_clip(ground, row, seconds)
        if clip is not None:
            yield clip


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _mono(samples: Floats, rate_hz: int) -> Floats:
    mean = samples.mean(axis=1)
    return np.asarray(mean if rate_hz == SAMPLE_RATE_HZ else soxr.resample(mean, rate_hz, SAMPLE_RATE_HZ), np.float32)
