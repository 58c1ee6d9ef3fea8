"""How well a generator draws and foresees real music, and what turning pictures into sound costs by itself.

Errors are root mean squares over bands and frames, in dB: the log-spectral distance. Each is told beside what is easy:
always the mean moment, the nearest moment of other tracks, the last moment again, a straight line through the last two.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.generate.fine import fine_log_mel
from earmark.generate.generator import Generator
from earmark.generate.phase import HOP_SAMPLES, griffin_lim, stft
from earmark.generate.spectrogram import sound_of_pictures
from earmark.sound.mel import BANDS, SAMPLE_RATE_HZ, log_mel
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float32]

_PHASED, _PHASED_S = 8, 10  # clips, and seconds of each, of which phases are looked for: it takes long
_BEFORE = 4  # moments that are known before the first one is foreseen


def tokens_of(clip: Floats) -> Floats:
    """The moments of a clip, (samples,) mono at 22 050 Hz: (n, 128, 19) dB under its maximum."""
    db = log_mel(clip)
    count = db.shape[1] // TOKEN_FRAMES
    return np.ascontiguousarray(db[:, : count * TOKEN_FRAMES].reshape(BANDS, count, TOKEN_FRAMES).transpose(1, 0, 2))


def drawing(generator: Generator, clips: Sequence[Floats]) -> dict[str, float]:
    """Errors in dB of moments that are coded and drawn again, and of what could stand in their place without."""
    tokens = [tokens_of(clip) for clip in clips]
    owner = np.repeat(np.arange(len(tokens)), [len(each) for each in tokens])
    flat = np.concatenate(tokens)
    rows = flat.reshape(len(flat), -1).astype(np.float64)
    total, counts = rows.sum(axis=0), len(rows)
    mean, near = [], []
    for number in range(len(tokens)):
        own, others = rows[owner == number], rows[owner != number]
        average = (total - own.sum(axis=0)) / max(counts - len(own), 1)
        mean.append(np.square(own - average).mean(axis=1))
        squares = np.square(own).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * own @ others.T
        near.append(np.maximum(squares.min(axis=1), 0.0) / rows.shape[1])
    drawn = np.concatenate([generator.decode(generator.encode(each)) for each in tokens])
    return {
        "drawn_db": _root(np.square(drawn - flat).mean(axis=(1, 2))),
        "mean_moment_db": _root(np.concatenate(mean)),
        "nearest_moment_db": _root(np.concatenate(near)),
    }


def foreseeing(generator: Generator, clips: Sequence[Floats]) -> dict[str, float]:
    """Errors in dB of the moment that follows: as it is foreseen, the last again, a straight line; and as if known."""
    errors: dict[str, list[float]] = {name: [] for name in ("foreseen", "last", "line", "known")}
    for clip in clips:
        tokens = tokens_of(clip)
        latents = generator.encode(tokens)
        for place in range(_BEFORE, len(tokens)):
            mixture = generator.following(latents[:place])
            weights = np.exp(mixture.log_weights - mixture.log_weights.max())
            mean = (weights / weights.sum()) @ mixture.means
            line = 2 * latents[place - 1] - latents[place - 2]
            drawn = generator.decode(np.stack([mean, line, latents[place]]).astype(np.float32))
            true = tokens[place]
            guesses = {"foreseen": drawn[0], "line": drawn[1], "known": drawn[2], "last": tokens[place - 1]}
            for name, guess in guesses.items():
                errors[name].append(float(np.square(guess - true).mean()))
    return {f"{name}_db": _root(np.array(found)) for name, found in errors.items()}


def phases(clips: Sequence[Floats], *, seed: int = 0) -> dict[str, Any]:
    """What turning pictures into sound costs by itself, in dB: from all bins of a fine grid, and from earmark's own."""
    rng = np.random.default_rng(seed)
    fine, coarse = [], []
    for clip in clips:
        frames = 1 + len(clip) // HOP_SAMPLES
        wanted = np.abs(stft(clip, frames=frames))
        turned = np.exp(2j * np.pi * rng.random(wanted.shape)).astype(np.complex64)
        fine.append(_apart(griffin_lim(wanted, turned), clip))
        coarse.append(_apart(sound_of_pictures(log_mel(clip), rng), clip))
    return {"all_bins_db": round(float(np.mean(fine)), 2), "pictures_db": round(float(np.mean(coarse)), 2)}


def _apart(made: Floats, clip: Floats) -> float:
    """The log-spectral distance of two sounds of the same length, each under its own mean level."""
    length = min(len(made), len(clip)) // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ
    one, other = fine_log_mel(made[:length]), fine_log_mel(clip[:length])
    return float(np.sqrt(np.square((one - one.mean()) - (other - other.mean())).mean()))


def _root(squares: NDArray[np.floating]) -> float:
    return round(float(np.sqrt(np.mean(squares))), 2)


def of_generator(generator: Generator, clips: Sequence[Floats]) -> dict[str, dict[str, float]]:
    """All of it, of clips; phases of a few of them."""
    return {
        "drawing": drawing(generator, clips),
        "foreseeing": foreseeing(generator, clips),
        "phases": phases([clip[: _PHASED_S * SAMPLE_RATE_HZ] for clip in clips[:_PHASED]]),
    }
