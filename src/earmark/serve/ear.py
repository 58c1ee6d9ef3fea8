"""A track heard as the collection keeps it, and as a page shows it: its answer, its waveform and its spectrogram.

All of it comes from one pass over the sound; a sketch is the same without the answer. What runs here runs in a worker
process (`crew`).
"""

import contextlib
import io
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.files import shown
from earmark.library.entry import Heard
from earmark.library.fingerprint import Fingerprinter
from earmark.library.hearing import Hearer
from earmark.listen.bundle import Bundle
from earmark.listen.linear import LinearHead
from earmark.listen.listener import sum_up
from earmark.listen.picture import Picture
from earmark.listen.tally import Tally
from earmark.sound import decode, mel
from earmark.sound.watchdog import Pulse, watched

Floats = NDArray[np.float32]
Progress = Callable[[float], None]

Made = TypeVar("Made")

_MOST_POINTS = 4000
_NO_POINTS: Any = np.zeros(0, np.float32)


class TooLongError(SoundError):
    """A sound that is longer than is allowed."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """How a track looks.

    Attributes
    ----------
    duration_s:
        Its length.
    low, high:
        (points,) float32, the least and the largest sample of each stretch; full scale is 1.
    spectrogram:
        (128, at most 1500 columns) uint8, as in `PicturedTrack`.
    """

    duration_s: float = 0.0
    low: Floats = field(default_factory=lambda: _NO_POINTS)
    high: Floats = field(default_factory=lambda: _NO_POINTS)
    spectrogram: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((mel.BANDS, 0), np.uint8))

    def points(self, count: int) -> tuple[Floats, Floats]:
        """So many stretches at most instead of those that are kept: the least and the largest sample of each."""
        if count >= len(self.low):
            return self.low, self.high
        starts = np.arange(count) * len(self.low) // count
        return np.minimum.reduceat(self.low, starts), np.maximum.reduceat(self.high, starts)


class Waveform:
    """Collects the least and the largest sample of stretches; where these become too many, two become one."""

    def __init__(self, *, most_points: int = _MOST_POINTS, stretch_samples: int = 256) -> None:
        self._most = most_points
        self._stretch = stretch_samples  # of the short stretches that long ones are made of
        self._shorts = 1  # in a long one
        self._low: Floats = _NO_POINTS
        self._high: Floats = _NO_POINTS
        self._open: tuple[Floats, Floats] = (_NO_POINTS, _NO_POINTS)  # short ones that do not fill a long one yet
        self._rest: Floats = _NO_POINTS  # samples that do not fill a short one yet

    def push(self, samples: Floats) -> None:
        """Take the next samples, (n,) float32 of full scale 1."""
        fresh = np.concatenate([self._rest, samples])
        whole = len(fresh) // self._stretch * self._stretch
        cut = fresh[:whole].reshape(-1, self._stretch)
        self._rest = fresh[whole:]
        low, high = (
            np.concatenate(both)
            for both in zip(
                self._open, (cut.min(axis=1, initial=np.inf), cut.max(axis=1, initial=-np.inf)), strict=True
            )
        )
        full = len(low) // self._shorts * self._shorts
        self._low = np.concatenate([self._low, low[:full].reshape(-1, self._shorts).min(axis=1, initial=np.inf)])
        self._high = np.concatenate([self._high, high[:full].reshape(-1, self._shorts).max(axis=1, initial=-np.inf)])
        self._open = low[full:], high[full:]
        while len(self._low) > 2 * self._most:
            self._halve()

    def finish(self) -> tuple[Floats, Floats]:
        """The least and the largest of each stretch, (points,) float32; the last one may be shorter."""
        left = np.concatenate([*self._open, self._rest])
        if not left.size:
            return self._low, self._high
        return np.append(self._low, left.min()), np.append(self._high, left.max())

    def _halve(self) -> None:
        """Two long stretches become one; what is left of an odd number is opened again."""
        even = len(self._low) // 2 * 2
        odd_low, odd_high = (np.repeat(each[even:], self._shorts) for each in (self._low, self._high))
        self._open = np.concatenate([odd_low, self._open[0]]), np.concatenate([odd_high, self._open[1]])
        self._low = self._low[:even].reshape(-1, 2).min(axis=1)
        self._high = self._high[:even].reshape(-1, 2).max(axis=1)
        self._shorts *= 2


class Seen(decode.Blocks):
    """Blocks of a sound that are looked at as they pass, and end where the sound is too long.

    Parameters
    ----------
    blocks:
        What `decode.blocks` gave.
    name:
        What messages call the sound.
    longest_s:
        The most seconds that are taken.
    progress:
        Called with the seconds so far.
    """

    def __init__(self, blocks: decode.Blocks, *, name: str, longest_s: float, progress: Progress) -> None:
        self._blocks = blocks
        self._name = name
        self._longest_s = longest_s
        self._progress = progress
        self._samples = 0
        self.waveform = Waveform()

    @property
    def notes(self) -> tuple[str, ...]:
        """As of the blocks."""
        return self._blocks.notes

    @property
    def silence_db(self) -> float:
        """As of the blocks."""
        return self._blocks.silence_db

    @property
    def duration_s(self) -> float:
        """Of what has passed."""
        return self._samples / mel.SAMPLE_RATE_HZ

    def __next__(self) -> Floats:
        block = next(self._blocks)
        self._samples += len(block)
        if self.duration_s > self._longest_s:
            raise TooLongError(
                f"{self._name} is longer than {self._longest_s / 60:g} minutes, which is the most here.",
                hint="Give a part of it, or start the server with a larger --max-minutes.",
            )
        self.waveform.push(block)
        self._progress(self.duration_s)
        return block

    def close(self) -> None:
        """Take no more: the file is closed."""
        self._blocks.close()


class Ear(Hearer):
    """Hears files as `earmark index` does, and shows them.

    Parameters
    ----------
    bundle:
        Whose network hears.
    patience_s:
        A file of which nothing came for so many seconds is given up.
    sound_s:
        What is longer is refused.
    """

    def __init__(self, bundle: Bundle, *, patience_s: float, sound_s: float) -> None:
        super().__init__(bundle, patience_s=patience_s)
        self._sound_s = sound_s

    @cached_property
    def own(self) -> int:
        """How many of the numbers that heads read have a spread of their own, as `Tally.own` says of any track."""
        tally, noise = Tally(self.bundle), np.random.default_rng(0).normal(size=3 * mel.SAMPLE_RATE_HZ) / 10
        sum_up(tally, decode.array_blocks(noise, mel.SAMPLE_RATE_HZ), self.bundle, name="Noise")
        return tally.own if len(tally.moments.starts_s) else 0

    def show(self, source: BinaryIO, *, words: Sequence[LinearHead], progress: Progress) -> tuple[Heard, Sketch]:
        """Hear an open file, with a user's words, and show it.

        Messages call it by its `name`. SilenceError, SoundError and the like where it cannot be heard.
        """
        name = decode.name_of(source)
        heads = (*self.bundle.heads, *words)

        def hear(blocks: decode.Blocks, seen: Seen) -> tuple[Heard, Sketch]:
            tally, prints, picture = Tally(self.bundle, heads), Fingerprinter(), Picture()

            def look(columns: Floats) -> None:
                prints.on_columns(columns)
                picture.push(columns)

            duration_s = sum_up(tally, seen, self.bundle, name=name, on_columns=look)
            track = tally.track(name, duration_s, unread_s=blocks.unread_s, notes=seen.notes)
            heard = self._kept(tally, track, prints.finish())
            return heard, Sketch(duration_s, *seen.waveform.finish(), picture.finish())

        return self._watched(source, hear, progress)

    def sketch(self, source: BinaryIO, *, progress: Progress = lambda seconds: None) -> Sketch:
        """How an open file looks, without hearing it; errors as of `show`."""

        def draw(blocks: decode.Blocks, seen: Seen) -> Sketch:
            log_mel, picture = mel.LogMel(), Picture()
            with contextlib.closing(seen):
                for block in seen:
                    picture.push(log_mel.push(block))
            picture.push(log_mel.finish())
            return Sketch(seen.duration_s, *seen.waveform.finish(), picture.finish())

        return self._watched(source, draw, progress)

    def _watched(self, source: BinaryIO, work: Callable[[decode.Blocks, Seen], Made], progress: Progress) -> Made:
        """What comes of the blocks of a file; SoundError where nothing comes for too long."""
        name = decode.name_of(source)

        def make(pulse: Pulse) -> Generator[Made, None, None]:
            blocks = decode.blocks(source, pulse=pulse)
            yield work(blocks, Seen(blocks, name=name, longest_s=self._sound_s, progress=progress))

        stalled = decode.stalled(name, self._patience_s)
        (made,) = watched(make, patience_s=self._patience_s, stalled=lambda: stalled)
        return made


def opened_as(path: str, name: str) -> BinaryIO:
    """A file, open to be read, that messages call by another name; SoundError where it cannot be opened."""
    try:
        raw = io.FileIO(path)
    except OSError as error:
        raise SoundError(f"{shown(name)} cannot be opened ({error.strerror}).", hint="Index it again.") from error
    raw.name = name
    return io.BufferedReader(raw)
