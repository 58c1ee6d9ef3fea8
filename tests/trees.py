"""Tiny trees of files, with synthetic music and without, for the tests of the sound and data rooms."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from earmark.data.synth import compose

RATE_HZ = 22_050


def piece(style: str = "plucks", *, seed: int = 0, length_s: float = 4.0) -> NDArray[np.float32]:
    """Samples of a synthetic piece."""
    return compose(style, duration_s=length_s, rng=np.random.default_rng(seed)).samples


def write_sound(path: Path, samples: NDArray[np.float32], **tags: str) -> Path:
    """Write a sound file of the kind that its suffix says, with tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(samples)
    return path


def touch(folder: Path, *names: str) -> None:
    """Files of which the name alone counts, with the folders that they need."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def write_kaggle_tree(folder: Path) -> Path:
    """GTZAN as Kaggle packs it, with three clips of two genres, and a jazz.00054 that is no sound, as there."""
    for name, style in (("blues/blues.00000", "plucks"), ("blues/blues.00001", "drone"), ("jazz/jazz.00053", "pulse")):
        write_sound(folder / "Data" / "genres_original" / f"{name}.wav", piece(style))
    (folder / "Data" / "genres_original" / "jazz" / "jazz.00054.wav").write_bytes(b"\x00RIFX not a sound" * 50)
    (folder / "Data" / "features_30_sec.csv").write_text("filename,length\n")
    return folder
