"""The renderer of spectrograms: latents are drawn as pictures, laid on a fine grid of time, and given a phase.

In blocks of some seconds, each of which begins with the end of the one before: the phases of that are where its own
begin, and both are cross-faded. So memory is that of a block, however long the piece. Mono at 22 050 Hz.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from earmark.generate.chance import Use, stream
from earmark.generate.generator import Generator
from earmark.generate.joining import FADE_OUT_S, Joiner, within_full_scale
from earmark.generate.phase import HOP_S, HOP_SAMPLES, griffin_lim, magnitudes, stft, unit
from earmark.sound.mel import BANDS, SAMPLE_RATE_HZ
from earmark.sound.tokens import FRAME_S

Floats = NDArray[np.float32]

RATE_HZ = SAMPLE_RATE_HZ
BLOCK_TOKENS = 8
OVERLAP_FRAMES = 8  # of the fine grid: 186 ms
_LEAST = 1e-5
LOUDEST_DB = 38.0  # what 0 dB of a picture is, as `sound.mel` counts: music that is not clipped


def sound_of(generator: Generator, latents: Iterator[Floats], seconds: float, *, seed: int) -> Iterator[Floats]:
    """The sound of latents (latent,) one after the other, in blocks (n, 1) float32 at 22 050 Hz, so many seconds."""
    rng = stream(seed, Use.PHASES)
    joiner = Joiner(RATE_HZ)
    for block, fade in _blocks(generator, latents, round(seconds * RATE_HZ), rng):
        for part in joiner.push(block[:, np.newaxis], fade=fade, holds=round(FADE_OUT_S * RATE_HZ)):
            yield within_full_scale(part)
    yield within_full_scale(joiner.finish())


def sound_of_pictures(db: Floats, rng: np.random.Generator) -> Floats:
    """The sound, (n,) at 22 050 Hz, of columns (128, k), 77.5 ms apart, dB under their maximum."""
    frames = range(int((db.shape[1] - 1) * FRAME_S / HOP_S) + 1)
    return _phased(db, frames, 0, None, rng)


def _blocks(
    generator: Generator, latents: Iterator[Floats], samples: int, rng: np.random.Generator
) -> Iterator[tuple[Floats, int]]:
    """Blocks of sound, each with how much of it lies under the end of the one before; so many samples in all."""
    held, done, fine = np.zeros((BANDS, 0), np.float32), 0, 0  # coarse columns; of these, and fine frames, behind us
    before: Floats | None = None
    while fine * HOP_SAMPLES < samples:
        drawn = np.stack([next(latents) for _ in range(BLOCK_TOKENS)])
        pictures = generator.decode(drawn)  # (tokens, 128, 19)
        held = np.concatenate([held, pictures.transpose(1, 0, 2).reshape(BANDS, -1)], axis=1)
        end = int((done + held.shape[1] - 1) * FRAME_S / HOP_S)
        first = max(fine - OVERLAP_FRAMES, 0)
        sound = _phased(held, range(first, end), done, before, rng)
        fade = (fine - first) * HOP_SAMPLES
        yield sound[: samples - first * HOP_SAMPLES], fade
        before = sound[-OVERLAP_FRAMES * HOP_SAMPLES :]
        fine = end
        keep = max(int((fine - OVERLAP_FRAMES) * HOP_S / FRAME_S) - done - 1, 0)
        held, done = held[:, keep:], done + keep


def on_fine_grid(held: Floats, done: int, frames: range) -> Floats:
    """Columns (rows, k), 77.5 ms apart from column `done` on -> (rows, frames), 23.2 ms apart, by straight lines."""
    places = np.arange(frames.start, frames.stop) * (HOP_S / FRAME_S) - done
    places = np.clip(places, 0, held.shape[1] - 1)
    before = np.minimum(places.astype(np.int64), held.shape[1] - 1)
    behind = np.minimum(before + 1, held.shape[1] - 1)
    part = (places - before).astype(np.float32)
    return np.asarray(held[:, before] * (1 - part) + held[:, behind] * part, np.float32)


def _phased(held: Floats, frames: range, done: int, before: Floats | None, rng: np.random.Generator) -> Floats:
    # Bins are found before columns are put between: so there are a third as many.
    coarse = np.log(np.maximum(magnitudes(held + np.float32(LOUDEST_DB)), np.float32(_LEAST)))
    wanted = np.exp(on_fine_grid(coarse, done, frames))
    turned = np.exp(2j * np.pi * rng.random(wanted.shape)).astype(np.complex64)
    if before is not None:
        turned[:, :OVERLAP_FRAMES] = unit(stft(before, frames=OVERLAP_FRAMES))
    return griffin_lim(wanted, turned)
