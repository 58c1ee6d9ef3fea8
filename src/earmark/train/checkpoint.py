"""Checkpoints: the state of a training run in one file, written so that a crash leaves the last one whole.

A checkpoint holds only tensors and plain values and is read with `weights_only=True`: opening one runs no code.
"""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from earmark.errors import BundleError
from earmark.files import write_whole
from earmark.models.registry import Network
from earmark.train.history import upgraded_weights
from earmark.train.recipe import Recipe

FORMAT = 1
FILE, LOG = "checkpoint.pt", "log.jsonl"  # what a run leaves in its folder: its state, and a line an epoch
FIRST = "first"  # the folder of a first stage, within that of its run


@dataclass
class Checkpoint:
    """A run after some epoch.

    `weights` are the network's as trained, `averaged` their moving average (empty where the recipe has none), `best`
    the predicting weights of the epoch with the best validation (empty without validation); `optimizer` and
    `generators` are needed to resume exactly; `history` has one row an epoch; `lineage` names clips and seed.
    """

    recipe: Recipe
    genres: tuple[str, ...]
    epoch: int
    weights: dict[str, Tensor]
    averaged: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    generators: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    lineage: dict[str, Any] = field(default_factory=dict)

    @property
    def answering(self) -> dict[str, Tensor]:
        """The weights that predict: the best validated, else the average, else the last."""
        return self.best or self.averaged or self.weights

    def network(self) -> Network:
        """The network with the weights that predict, in evaluation mode."""
        net = self.recipe.model.build(len(self.genres))
        net.load_state_dict(self.answering)
        return net.eval()

    def save(self, path: Path) -> None:
        """Write beside, fsync, rename."""
        plain = dict(vars(self), recipe=json.dumps(self.recipe.to_dict()), genres=list(self.genres), format=FORMAT)
        buffer = io.BytesIO()
        torch.save(plain, buffer)
        write_whole(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read a checkpoint; raises BundleError where it is missing, broken or of another format."""
        file = path / FILE if path.is_dir() else path
        try:
            plain = torch.load(file, map_location="cpu", weights_only=True)
            if plain.pop("format") != FORMAT:
                raise BundleError(f"{file} was written by another version of earmark.", hint="Train it again.")
            recipe = Recipe.from_dict(json.loads(plain.pop("recipe")), source=str(file))
            for name in ("weights", "averaged", "best"):
                plain[name] = upgraded_weights(recipe.model.kind, plain[name])
            return cls(recipe=recipe, genres=tuple(plain.pop("genres")), **plain)
        except FileNotFoundError:
            raise BundleError(f"There is no checkpoint at {file}.", hint="`earmark train` writes one.") from None
        except (
            OSError,
            RuntimeError,
            KeyError,
            TypeError,
            ValueError,
            EOFError,
            AttributeError,
            UnpicklingError,
        ) as reason:
            raise BundleError(f"{file} is not a checkpoint of earmark.") from reason
