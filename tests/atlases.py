"""Small atlases and explanations for tests: of the tiny network, whose vectors are the levels of the bands."""

import numpy as np
from numpy.typing import NDArray

from earmark.listen.atlas import Atlas, as_stored

RATE_HZ = 22_050


def small_atlas(vectors: NDArray[np.float32], *, sha256: str = "", **texts: tuple[str, ...]) -> Atlas:
    """An atlas of vectors (n, 128) whose map has the first three numbers for axes; clips are named clip0, clip1, ..."""
    clips = len(vectors)
    said = {
        "names": tuple(f"clip{clip}" for clip in range(clips)),
        "sets": ("pieces",) * clips,
        "artists": ("",) * clips,
        "titles": ("",) * clips,
        "genres": tuple(("low", "middle", "high")[clip % 3] for clip in range(clips)),
    }
    return Atlas(
        labels=("low", "middle", "high"),
        **(said | texts),
        vectors=as_stored(vectors),
        places=as_stored(vectors)[:, :3],
        centre=np.zeros(128, np.float32),
        axes=np.eye(3, 128, dtype=np.float32),
        explained=np.array([0.5, 0.2, 0.1], np.float32),
        filler=np.linspace(-60, -20, 128, dtype=np.float32),
        network_sha256=sha256,
    )


def points(*places: tuple[float, ...]) -> NDArray[np.float32]:
    """Vectors (n, 128) that begin with these numbers and are 0 from there on."""
    vectors = np.zeros((len(places), 128), np.float32)
    for row, place in enumerate(places):
        vectors[row, : len(place)] = place
    return vectors


def low_bursts(length_s: float, *spans: tuple[float, float]) -> NDArray[np.float32]:
    """Faint hiss with loud low noise in spans of seconds, (samples,) at 22 050 Hz: what the tiny network looks at."""
    rng = np.random.default_rng(0)
    time_s = np.arange(round(RATE_HZ * length_s)) / RATE_HZ
    spectrum = np.fft.rfft(rng.normal(size=time_s.size))
    spectrum[np.fft.rfftfreq(time_s.size, 1 / RATE_HZ) > 1000] = 0
    low = np.fft.irfft(spectrum, time_s.size)
    inside = np.any([(start_s <= time_s) & (time_s < end_s) for start_s, end_s in spans], axis=0)
    return (low * inside + 0.004 * rng.normal(size=time_s.size)).astype(np.float32)
