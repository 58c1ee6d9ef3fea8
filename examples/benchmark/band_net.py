"""A network of your own in the benchmark: one class, no registration.

    cd examples/benchmark
    earmark benchmark ../../plans/gtzan.toml --data gtzan --out ../../results/mine --add band_net:BandNet

The class is called with `genres` (how many) and the options of its recipe's [model]; it takes log-mel windows,
(windows, 128 bands, frames) float32 in dB from -80 to 0, and gives logits, (windows, genres). This one hears no more
than the mean and the deviation of each band: what an SVM gets in the controls, but learned with augmentation.
"""

import torch
from torch import Tensor, nn


class BandNet(nn.Module):
    """Mean and deviation of 128 bands, one hidden layer."""

    def __init__(self, genres: int, hidden: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(256), nn.Linear(256, hidden), nn.GELU(), nn.Dropout(0.3), nn.Linear(hidden, genres)
        )

    def forward(self, db: Tensor) -> Tensor:
        """Logits (windows, genres) of windows (windows, 128, frames)."""
        statistics = torch.cat([db.mean(dim=2), db.std(dim=2)], dim=1) / 40  # (windows, 256)
        logits: Tensor = self.layers(statistics)
        return logits
