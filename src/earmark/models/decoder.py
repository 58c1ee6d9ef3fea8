"""From a token's vector back to its spectrogram: a head that only training, measuring and generating use.

Frames go through the layers side by side, bands are channels: a token is short and its bands are many, so that an image
network would spend most of its work on neighbours in frequency that a matrix relates at once.
"""

from torch import Tensor, nn

from earmark.models.heads import Head, head
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES


@head("decoder")
class TokenDecoder(Head):
    """`(..., vector)` -> `(..., 128 bands, 19 frames)`, 0 for the floor of -80 dB and 1 for 0 dB; `size` channels."""

    answers = False

    def __init__(self, vector: int, size: int) -> None:
        super().__init__(vector, size)
        self.spread = nn.Linear(vector, size * TOKEN_FRAMES)
        self.layers = nn.ModuleList(nn.Conv1d(size, size, 3, padding=1) for _ in range(2))
        self.bands = nn.Conv1d(size, BANDS, 1)

    def forward(self, vectors: Tensor) -> Tensor:
        maps = nn.functional.gelu(self.spread(vectors.reshape(-1, vectors.shape[-1])))
        maps = maps.reshape(-1, self.size, TOKEN_FRAMES)  # (tokens, channels, frames)
        for layer in self.layers:
            maps = maps + nn.functional.gelu(layer(maps))
        pictures: Tensor = self.bands(maps)
        return pictures.reshape(*vectors.shape[:-1], BANDS, TOKEN_FRAMES)


def token_pictures(view: Tensor, tokens: int) -> Tensor:
    """What it should draw: `(windows, bands, frames)` dB -> `(windows, tokens, bands, frames of a token)`, 0 to 1."""
    windows, bands, frames = view.shape
    scaled = 1 - view / FLOOR_DB
    return scaled.reshape(windows, bands, tokens, frames // tokens).transpose(1, 2)
