"""The smallest network with attention: bands describe a token, and attention weighs the tokens.

Mean and maximum of each mel band over a token's frames go through one hidden layer, which gives the token's vector. One
learned query weighs the vectors (Bahdanau et al. 2015, arXiv 1409.0473); their weighted mean is the window's vector.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from earmark.models.options import options_class
from earmark.models.registry import Network, Outputs, register
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES


@options_class
class BandsOptions:
    """Attention over tokens that their bands describe."""

    token_frames: Annotated[int, Field(ge=1, description="frames of a token")] = TOKEN_FRAMES
    vector: Annotated[int, Field(ge=1, description="numbers of a token's vector")] = 64
    dropout: Annotated[float, Field(ge=0, lt=1, description="before the genres")] = 0.2


@register("bands", BandsOptions)
def build(options: BandsOptions, genres: int) -> Network:
    """A `BandsNet` from the options of a recipe."""
    return BandsNet(options, genres)


class BandsNet(Network):
    """Statistics of bands, a hidden layer, attention pooling, genres."""

    def __init__(self, options: BandsOptions, genres: int) -> None:
        super().__init__()
        self.token_frames = options.token_frames
        self.hidden = nn.Sequential(nn.Linear(2 * BANDS, options.vector), nn.GELU(), nn.LayerNorm(options.vector))
        self.score = nn.Linear(options.vector, 1)
        self.genre = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(options.vector, genres))

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        """Windows `(windows, bands, frames)` dB -> `Outputs`."""
        return self.decide(self.encode(db), db, attention=attention)

    def encode(self, db: Tensor) -> Tensor:
        """The vector of each token alone, `(windows, tokens, vector)`."""
        scaled = db / -FLOOR_DB + 1.0  # -80..0 dB -> 0..1
        tokens = scaled.reshape(-1, BANDS, db.shape[2] // self.token_frames, self.token_frames)
        statistics = torch.cat([tokens.mean(dim=3), tokens.amax(dim=3)], dim=1)  # (windows, 2 * bands, tokens)
        vectors: Tensor = self.hidden(statistics.transpose(1, 2))
        return vectors

    def decide(self, vectors: Tensor, db: Tensor, *, attention: bool = False) -> Outputs:
        """`Outputs` from token vectors; `db` plays no part."""
        weights = self.score(vectors).softmax(dim=1)  # (windows, tokens, 1)
        vector = (weights * vectors).sum(dim=1)  # (windows, vector)
        token_logits = self.genre(vectors)  # (windows, tokens, genres)
        return Outputs(
            logits=self.genre(vector),
            token_logits=token_logits,
            vectors=vectors,
            vector=vector,
            attention=weights.squeeze(2) if attention else None,
            alone=token_logits if attention else None,  # of one token the mean is the token itself
        )

    def stages(self) -> Mapping[str, Sequence[nn.Module]]:
        """From the genres down to the bands."""
        return {"genres": [self.genre], "attention": [self.score], "hidden layer": [self.hidden]}
