"""Local features of several levels, each coded by NetVLAD.

W. W. Y. Ng, W. Zeng & T. Wang 2020, "Multi-Level Local Feature Coding Fusion for Music Genre Recognition" (IEEE Access
8): 96.5 % on GTZAN, without an artist filter. This is their network for the mel spectrogram; the published figure is a
fusion of such networks on several spectrograms with handmade features, by a network over them.

Five blocks of convolution, batch norm, ELU, pool. After each pool NetVLAD (Arandjelovic et al. 2016, arXiv 1511.07247)
codes the map as 10 centroids' summed residuals. All codes together, 224 x 10 numbers, go through self-attention as in
SAGAN (Zhang et al. 2019, arXiv 1805.08318), a dense layer of 1024 numbers and a softmax. The loss is cross-entropy and
1e-4 times the centre loss (Wen et al. 2016) of the 1024 numbers. A clip is heard in three slices of 10 s; their
probabilities are summed.

From the authors' code (GitHub bieqingcheng/music-genre-recognition), where these are facts and where we differ:

- The codes are copied ten times as the channels of the attention's 1 x 1 convolutions; the dense layer sees ten
  channels of 2240 numbers. It holds 22.9 of the 23.0 million parameters.
- They apply a softmax before a cross-entropy that applies its own; the paper's loss, with one, is taken here.
- They choose the epoch by the accuracy on the test fold; here the number of epochs is fixed.
- Their second optimiser is meant for the centres but holds the network's weights, so the centres stay random. Here they
  are learnt. RMSprop at 1e-3 is theirs as the paper has it, without the code's momentum, epsilon of 1, and decay.
- The assignment's offsets start at -alpha |c|^2, which makes it the softmax of NetVLAD; in their code at -alpha |c|.
- Their reshape of a code from (centroid, channel) to (channel, centroid) without a transposition only permutes numbers
  before layers to which their order is nothing; it is left out.
- Adapted: earmark's log-mel, 126 frames of 77.5 ms a slice (9.8 s) for 216 of 46 ms.
"""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import elu, normalize, scaled_dot_product_attention

from earmark.models.options import options_class
from earmark.models.registry import Network, Outputs, register
from earmark.models.segments import SegmentNet, SegmentOptions, Widths


@options_class
class NetVladOptions(SegmentOptions):
    """Ng, Zeng & Wang 2020."""

    token_frames: Annotated[int, Field(ge=1, description="frames of a slice, 9.8 s")] = 126
    channels: Annotated[Widths, Field(description="maps of the convolutions")] = (32, 32, 32, 64, 64)
    centroids: Annotated[int, Field(ge=1, description="of each code")] = 10
    alpha: Annotated[
        float, Field(gt=0, description="how sharply a descriptor goes to its nearest centroid, at the start")
    ] = 1.0
    copies: Annotated[int, Field(ge=1, description="channels of the self-attention")] = 10
    vector: Annotated[int, Field(ge=1, description="width of the dense layer")] = 1024
    dropout: Annotated[float, Field(ge=0, lt=1, description="before the genres")] = 0.5
    centre_loss: Annotated[float, Field(ge=0, description="its weight")] = 1e-4


@register("netvlad2020", NetVladOptions)
def build(options: NetVladOptions, genres: int) -> Network:
    """A `NetVladNet` from the options of a recipe."""
    return NetVladNet(options, genres)


class NetVladNet(SegmentNet):
    """Convolutions, codes of every level, self-attention, dense layer, genres. See `SegmentNet` for what goes in and
    out.

    `centres` are those of the centre loss, `(genres, vector)`.
    """

    def __init__(self, options: NetVladOptions, genres: int) -> None:
        super().__init__(token_frames=options.token_frames, scale=options.input, overlap=False)
        self.options = options
        before = (1, *options.channels[:-1])
        self.blocks = nn.ModuleList(_block(i, o) for i, o in zip(before, options.channels, strict=True))
        self.coders = nn.ModuleList(NetVlad(size, options.centroids, options.alpha) for size in options.channels)
        self.attention = CodeAttention(options.copies)
        codes = sum(options.channels) * options.centroids
        self.dense = nn.Linear(options.copies * codes, options.vector)
        self.norm = nn.BatchNorm1d(options.vector)
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(options.vector, genres)
        self.centres = nn.Parameter(torch.randn(genres, options.vector))

    def hear(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        maps, codes = segments.unsqueeze(1), []
        for block, coder in zip(self.blocks, self.coders, strict=True):
            maps = block(maps)  # (segments, channels, bands', frames')
            codes.append(coder(maps))
        related = self.attention(torch.cat(codes, dim=1))  # (segments, copies, codes)
        vectors = elu(self.norm(self.dense(related.flatten(1))))
        return vectors, self.head(self.dropout(vectors))

    def side_loss(self, outputs: Outputs, allowed: Tensor) -> Tensor:
        """The centre loss: each slice's squared distance to its genre's centre, of several genres the nearest."""
        vectors = outputs.vectors.float().unsqueeze(2)
        distance = (vectors - self.centres).square().sum(dim=3)  # (windows, slices, genres)
        nearest = distance.masked_fill(~allowed[:, None], torch.inf).amin(dim=2)
        return self.options.centre_loss * nearest.mean()


class NetVlad(nn.Module):
    """`(n, channels, bands, frames)` -> codes `(n, centroids * channels)`.

    Each place of the map is a descriptor, taken at length 1. A softmax over centroids assigns it; a centroid's code is
    the sum of the residuals assigned to it, at length 1, and all of them together have length 1.
    """

    def __init__(self, channels: int, centroids: int, alpha: float) -> None:
        super().__init__()
        self.centroids = nn.Parameter(torch.rand(centroids, channels))
        self.assign = nn.Linear(channels, centroids)
        with torch.no_grad():
            # softmax(-alpha |x - c|^2) over c: the |x|^2 is the same for all and falls out.
            self.assign.weight.copy_(2 * alpha * self.centroids)
            self.assign.bias.copy_(-alpha * self.centroids.square().sum(dim=1))

    def forward(self, maps: Tensor) -> Tensor:
        places = normalize(maps.flatten(2).transpose(1, 2), dim=2)  # (n, places, channels)
        shares = self.assign(places).softmax(dim=2)  # (n, places, centroids)
        summed = shares.transpose(1, 2) @ places  # (n, centroids, channels)
        residuals = summed - shares.sum(dim=1).unsqueeze(2) * self.centroids
        return normalize(normalize(residuals, dim=2).flatten(1), dim=1)


class CodeAttention(nn.Module):
    """Self-attention of SAGAN over the numbers of the codes, `(n, codes)` -> `(n, copies, codes)`.

    Copies of the codes are the channels of the 1 x 1 convolutions that make query, key and value of them. What
    attention finds is added at a gain that starts at 0. As all channels are one number x, query, key and value are
    straight lines of it, and so the scores of a query over the keys are a multiple of x plus what is the same for every
    key and falls out of the softmax. Attention over x itself is therefore the same, at a third of the time.
    """

    def __init__(self, copies: int) -> None:
        super().__init__()
        self.query = nn.Linear(copies, copies)
        self.key = nn.Linear(copies, copies)  # its bias is among what falls out
        self.value = nn.Linear(copies, copies)
        self.gain = nn.Parameter(torch.zeros(1))

    def forward(self, codes: Tensor) -> Tensor:
        query, key, value = (layer.weight.sum(dim=1) for layer in (self.query, self.key, self.value))
        sharpness = (query @ key) * codes + self.query.bias @ key  # (n, codes)
        places = codes[:, None, :, None]  # (n, 1 head, codes, 1 number)
        seen = scaled_dot_product_attention(sharpness[:, None, :, None], places, places, scale=1.0)[..., 0]
        mixed = value[:, None] * seen + self.value.bias[:, None]  # (n, copies, codes)
        return self.gain * mixed + codes[:, None]


def _block(before: int, after: int) -> nn.Module:
    # The published order is norm, ELU, pool; ELU rises everywhere, so the pool may come before it, on a quarter.
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.MaxPool2d(2), nn.ELU())
