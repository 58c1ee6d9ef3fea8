"""Some seconds of a sound file as they are: at its own rate, with its own channels, for a person to hear.

Where the container says where samples are, they are cut out (`sound.cuts`); else all before them is decoded, too, and
forgotten. Either way they are the seconds that decoding the whole file has there, which is what a timeline counts.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.sound import decode
from earmark.sound.cuts import cuts_of
from earmark.sound.decoding import Decoding
from earmark.sound.files import Reader, opened
from earmark.sound.pieces import Piece, check_rate
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched

Floats = NDArray[np.float32]

_BLOCK_S = 5.0


@dataclass(frozen=True, eq=False, slots=True)
class Excerpt:
    """Samples (n, channels) float32 of full scale 1, and how many of them make a second."""

    samples: Floats
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / self.rate_hz

    def faded(self, fade_s: float) -> "Excerpt":
        """With a fade in and out of so many seconds, of equal power: a sine from 0 to a quarter turn.

        Of what is shorter than two fades, each fade is half.
        """
        count = min(round(fade_s * self.rate_hz), len(self.samples) // 2)
        if not count:
            return self
        rising = np.sin((np.arange(count, dtype=np.float32) + 0.5) / count * np.pi / 2)[:, np.newaxis]
        samples = self.samples.copy()
        samples[:count] *= rising
        samples[-count:] *= rising[::-1]
        return Excerpt(samples, self.rate_hz)


def excerpt(source: decode.Source, start_s: float, end_s: float, *, patience_s: float = PATIENCE_S) -> Excerpt:
    """What is between two seconds of a file; it ends where the file does.

    Where streams of several rates are joined, it ends with the one that it began in.

    Raises
    ------
    SoundError
        There is nothing to hear there, or the file cannot be decoded; a decoder that hangs is given up.
    ValueError
        The seconds are none.
    """
    if not 0 <= start_s < end_s:
        raise ValueError(f"need seconds from 0 on and an end behind the start, not {start_s} to {end_s}")
    name = decode.name_of(source)

    def make(pulse: Pulse) -> Generator[Excerpt, None, None]:
        with opened(source) as file:
            yield _excerpt(Reader(file, name, pulse), name, start_s, end_s)

    (found,) = watched(make, patience_s=patience_s, stalled=lambda: decode.stalled(name, patience_s))
    return found


def _excerpt(file: Reader, name: str, start_s: float, end_s: float) -> Excerpt:
    pieces = _cut(file, start_s, end_s) or _passing(file, name, start_s, end_s)
    if not pieces:
        raise SoundError(f"{name} holds no sound at {start_s:.1f} s.", hint="It may have changed: index it again.")
    first = pieces[0]
    check_rate(first.rate_hz, name)
    alike = takewhile(
        lambda each: (each.rate_hz, each.samples.shape[1]) == (first.rate_hz, first.samples.shape[1]), pieces
    )
    samples = np.concatenate([each.samples for each in alike])
    if not np.isfinite(samples).all():
        raise SoundError(f"{name} holds values that are not sound: NaN or infinite.", hint="Export it again.")
    return Excerpt(samples, round(first.rate_hz))


def _cut(file: Reader, start_s: float, end_s: float) -> list[Piece]:
    """The samples where the container says them; nothing where it does not."""
    cuts = cuts_of(file)
    file.check()
    if cuts is None:
        return []
    first, last = round(start_s * cuts.rate_hz), min(round(end_s * cuts.rate_hz), cuts.samples)
    piece = cuts.read(first, last - first) if first < last else None
    file.check()
    return [piece] if piece is not None and len(piece.samples) else []


def _passing(file: Reader, name: str, start_s: float, end_s: float) -> list[Piece]:
    """The samples as they come by."""
    file.seek(0)
    return list(_between(Decoding(file, name=name, block_s=_BLOCK_S).pieces(), start_s, end_s))


def _between(pieces: Iterator[Piece], start_s: float, end_s: float) -> Iterator[Piece]:
    passed_s = 0.0
    for piece in pieces:
        first, last = (round((each_s - passed_s) * piece.rate_hz) for each_s in (start_s, end_s))
        samples = piece.samples[max(first, 0) : max(last, 0)]
        if len(samples):
            yield piece._replace(samples=samples.copy())  # the decoder fills its buffer again
        passed_s += len(piece.samples) / piece.rate_hz
        if passed_s >= end_s:
            return
