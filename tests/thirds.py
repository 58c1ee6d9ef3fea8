"""A network that a person can compute by hand, in torch: for tests of what changes or replaces tokens.

A token's vector is how far the mean level of each third of its bands is above -40 dB, over 40; logits are five times
the mean of the vectors. Kernel machines it has none.
"""

import torch
from torch import Tensor

from earmark.models.registry import Network, Outputs
from earmark.sound.tokens import TOKEN_FRAMES

THIRDS = (slice(0, 43), slice(43, 86), slice(86, 128))


class ThirdsNet(Network):
    """Three genres: low, middle, high."""

    token_frames = TOKEN_FRAMES

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        return self.decide(self.encode(db), db, attention=attention)

    def encode(self, db: Tensor) -> Tensor:
        tokens = db.reshape(len(db), 128, -1, TOKEN_FRAMES).mean(dim=3).transpose(1, 2)  # (windows, tokens, 128)
        return torch.stack([tokens[:, :, third].mean(dim=2) for third in THIRDS], dim=2) / 40 + 1

    def decide(self, vectors: Tensor, db: Tensor, *, attention: bool = False) -> Outputs:
        said = 5 * vectors
        even = torch.full(vectors.shape[:2], 1 / vectors.shape[1])
        vector = vectors.mean(dim=1)
        return Outputs(5 * vector, said, vectors, vector, even if attention else None, said if attention else None)
