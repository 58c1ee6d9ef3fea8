"""Latents along a way: what the generator imagines of a genre, a mood or a song, or what lies between two songs."""

import itertools
from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import GenerateError, SoundError
from earmark.generate.asking import Ask, Ground, Place, file_called
from earmark.generate.fine import COARSE_NUMBERS, coarse_numbers
from earmark.generate.generator import Generator
from earmark.generate.walk import REST, STEP_S
from earmark.library.lexicon import SIDES
from earmark.library.names import GENRES, MOODS
from earmark.library.ways import on_great_circle
from earmark.mood import SIDES as SIGNS
from earmark.sound.decode import name_of
from earmark.sound.excerpt import excerpt
from earmark.sound.mel import BANDS, SAMPLE_RATE_HZ, log_mel
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float32]

HEARD_S = 30.0  # of a song, from its middle
_LEAST_TOKENS = 4
_MOOD = 0.7  # how far out a mood lies that is asked for by name


def latents_for(
    generator: Generator, ground: Ground, ask: Ask, places: tuple[Place, Place], rng: np.random.Generator
) -> Iterator[Floats]:
    """Latents (latent,) of tokens one after the other, without end.

    Raises
    ------
    GenerateError
        The generator does not know a genre, or a song is too short.
    SoundError
        A song cannot be read.
    """
    first, last = places
    if first is not last:
        ends = [latents_of_song(generator, _file_of(ground, place)) for place in places]
        return _between(ends[0], ends[1], ask.seconds)
    start = None
    known = {each.name: 1.0 for each in first.answers if each.group == GENRES}
    named = file_named(ground, first)
    if named is not None or not (known or ask.mood):
        start = latents_of_song(generator, named or _file_of(ground, first))[-generator.longest // 2 :]
    genre = generator.shares(known) if known else None
    return generator.walk(rng, temperature=ask.temperature, genre=genre, mood=_plane(first), start=start)


class Imagined:
    """What the generator imagines of a way, asked for in order; only what may be asked for again is held.

    Parameters
    ----------
    generator:
        Draws.
    latents:
        One after the other, without end.
    """

    def __init__(self, generator: Generator, latents: Iterator[Floats]) -> None:
        self._generator, self._latents = generator, latents
        self._first, self._held = 0, np.zeros((0, COARSE_NUMBERS), np.float32)

    def spectra(self, first: int, count: int) -> Floats:
        """(count, 32) the mean spectra of steps from one on, dB under their own mean; `first` never falls."""
        more = first + count - self._first - len(self._held)
        if more > 0:
            drawn = self._generator.decode(np.stack([next(self._latents) for _ in range(more)]))
            coarse = coarse_numbers(drawn.mean(axis=2).T).T  # (more, 32)
            own = np.asarray(coarse - coarse.mean(axis=1, keepdims=True), np.float32)
            self._held = np.concatenate([self._held, own])
        self._held, self._first = self._held[first - self._first :], first
        return self._held[:count]


def latents_of_song(generator: Generator, path: str) -> Floats:
    """(t, latent) of the middle of a file; GenerateError where it is too short."""
    db = log_mel(_middle(path))
    count = db.shape[1] // TOKEN_FRAMES
    if count < _LEAST_TOKENS:
        raise GenerateError(f"{name_of(path)} is too short to go on from.", hint="Name a song of ten seconds or more.")
    tokens = db[:, : count * TOKEN_FRAMES].reshape(BANDS, count, TOKEN_FRAMES).transpose(1, 0, 2)
    return generator.encode(tokens)


def _middle(path: str) -> Floats:
    """Some seconds of a file, (n,) mono at 22 050 Hz: from half a minute in, or from its start where it is shorter."""
    try:
        cut = excerpt(path, HEARD_S, 2 * HEARD_S)
        if cut.duration_s < HEARD_S / 2:
            cut = excerpt(path, 0.0, HEARD_S)
    except SoundError:
        cut = excerpt(path, 0.0, HEARD_S)
    return np.asarray(soxr.resample(cut.samples.mean(axis=1), cut.rate_hz, SAMPLE_RATE_HZ), np.float32)


def _between(one: Floats, other: Floats, seconds: float) -> Iterator[Floats]:
    """From the latents of a song to those of another: of each step that of both, along the great circle between."""
    steps = max(int(np.ceil(seconds / STEP_S)), 2)
    for number in itertools.count():
        along = float(np.clip((number / (steps - 1) - REST) / (1 - 2 * REST), 0.0, 1.0))
        first, last = one[number % len(one)], other[number % len(other)]
        lengths = [float(np.linalg.norm(each)) for each in (first, last)]
        way = on_great_circle(first / max(lengths[0], 1e-9), last / max(lengths[1], 1e-9), along)
        yield np.asarray(way * ((1 - along) * lengths[0] + along * lengths[1]), np.float32)


def file_named(ground: Ground, place: Place) -> str | None:
    """The file of the first song that was named with a plus, if any."""
    for text, row in place.songs:
        if row is not None:
            return ground.collection.entries[row].path
        return file_called(text)
    return None


def _file_of(ground: Ground, place: Place) -> str:
    """The file that was named, or that of the track which is nearest to what was."""
    named = file_named(ground, place)
    if named is not None:
        return named
    return ground.collection.entries[int((ground.space.directions @ place.target).argmax())].path


def _plane(place: Place) -> Floats | None:
    """Valence and arousal of the mood that is asked for; None for any."""
    moods = [each.name for each in place.answers if each.group == MOODS]
    quadrants = [name for mood in moods for name in SIDES.get(mood, (mood,)) if name in SIGNS]
    if not quadrants:
        return None
    return np.asarray(_MOOD * np.mean([SIGNS[name] for name in quadrants], axis=0), np.float32)
