"""Channels to one: their mean, or one of them where they cancel each other.

The mean of a left channel and its negative is nothing, and after lossy coding it is coding noise. So each stretch of
sound is asked how much power the channels' sum keeps, as a share of what it would have were they unrelated: 1 for
unrelated channels and for a single one that sounds, as many as there are channels where all are the same, near 0 where
they cancel. Stretches lie on a grid of the file's own samples: no bit depends on how it was cut into blocks.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

STRETCH_SAMPLES = 4096
# They cancel where the sum keeps less than the first share, and do so until it keeps more than the second. Lossy coding
# leaves up to a quarter in sum where there was nothing; of 120 pieces of music none fell under 0.22 at any
# moment (benchmarks/cancelling.py).
CANCELS = 0.12
CANCELS_NO_MORE = 0.3
# What is left of earlier stretches after each: a chorus cancels for moments, and that is its sound.
DECAY = 0.75
_FADE_SAMPLES = 512


class Mixdown:
    """Mixes a stream of samples: `push` every piece `(n, channels)`, all of as many channels, then `finish`.

    `samples` counts what was mixed, `cancelled_samples` what of it was taken from one channel.
    """

    def __init__(self) -> None:
        self.samples = 0
        self.cancelled_samples = 0
        self._held = np.empty((0, 0), np.float32)
        self._kept_power = self._whole_power = 0.0
        self._channel: int | None = None  # the one that is taken; None for the mean

    def push(self, samples: Floats) -> Floats:
        """Take `(n, channels)` float32, give what of it is mixed: `(m,)` float32."""
        if samples.shape[1] == 1:
            self.samples += len(samples)
            return samples[:, 0].copy()
        missing = STRETCH_SAMPLES - len(self._held) if len(self._held) else 0
        first = np.concatenate([self._held, samples[:missing]]) if missing else samples[:0]
        if len(first) % STRETCH_SAMPLES:  # no stretch is full yet
            self._held = first
            return np.empty(0, np.float32)
        whole = missing + (len(samples) - missing) // STRETCH_SAMPLES * STRETCH_SAMPLES
        self._held = samples[whole:].copy()  # the decoder may fill its buffer again
        mixed = [self._mix(part) for part in (first, samples[missing:whole]) if len(part)]
        return mixed[0] if len(mixed) == 1 else np.concatenate([np.empty(0, np.float32), *mixed])

    def finish(self) -> Floats:
        """The rest."""
        return self._mix(self._held) if len(self._held) else np.empty(0, np.float32)

    def _mix(self, samples: Floats) -> Floats:
        """`(n, channels)` -> `(n,)`: whole stretches, or the last one, which may be shorter."""
        mean = _mean(samples)
        channels = samples.shape[1]
        for start in range(0, len(samples), STRETCH_SAMPLES):
            stretch, mixed = samples[start : start + STRETCH_SAMPLES], mean[start : start + STRETCH_SAMPLES]
            flat = stretch.reshape(-1)
            self._whole_power = DECAY * self._whole_power + float(np.dot(flat, flat))
            self._kept_power = DECAY * self._kept_power + channels**2 * float(np.dot(mixed, mixed))
            if self._channel is not None or self._kept_power < CANCELS * self._whole_power:
                self._take_channel(stretch, mixed)
        self.samples += len(samples)
        return mean

    def _take_channel(self, stretch: Floats, mixed: Floats) -> None:
        """Put one channel in the place of the mean, or go back to the mean, without a click."""
        before = self._channel
        if self._kept_power > CANCELS_NO_MORE * self._whole_power:
            self._channel = None
        elif before is None:
            self._channel = int(np.square(stretch).sum(axis=0).argmax())
        old = mixed if before is None else stretch[:, before]
        new = mixed if self._channel is None else stretch[:, self._channel]
        if before == self._channel:
            mixed[:] = new
        else:
            fade = np.minimum(np.arange(1, len(mixed) + 1, dtype=np.float32) / np.float32(_FADE_SAMPLES), 1)
            mixed[:] = old + fade * (new - old)
        self.cancelled_samples += len(mixed) if self._channel is not None else 0


def _mean(samples: Floats) -> Floats:
    total = samples[:, 0].copy()
    for channel in range(1, samples.shape[1]):
        total += samples[:, channel]
    total *= np.float32(1 / samples.shape[1])
    return total
