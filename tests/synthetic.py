"""A tiny synthetic data set and recipe that a network learns in seconds: for all tests of training and what follows."""

from pathlib import Path

import numpy as np

from earmark.data.dataset import Dataset
from earmark.data.synth import write_dataset
from earmark.train.recipe import Recipe

RECIPE = """
name = "tiny"

[model]
kind = "attention"
attention_heads = 2
stages = [
  { channels = 8, kernel = [8, 4], stride = [4, 2] },
  { channels = 16, kernel = [3, 3], stride = [2, 2] },
  { channels = 32, kernel = [3, 3], stride = [2, 2] },
]

[train]
epochs = 6
batch_size = 8
learning_rate = 4e-3
ema_decay = 0.9
token_loss = 0.2

[augment]
tokens = 4
roll = true
mask_bands = 8
mixup = 0.2
"""


def recipe(**train: object) -> Recipe:
    """The recipe, with some of its [train] options changed."""
    import tomllib

    values = tomllib.loads(RECIPE)
    values["train"] |= train
    return Recipe.from_dict(values)


def dataset(folder: Path, *, clips_per_style: int = 8, duration_s: float = 9.0) -> Dataset:
    """Pieces of 9 s (6 tokens), four styles, half as many artists a style as clips."""
    return write_dataset(
        folder,
        clips_per_style=clips_per_style,
        artists_per_style=clips_per_style // 2,
        duration_s=duration_s,
        rng=np.random.default_rng(5),
    )
