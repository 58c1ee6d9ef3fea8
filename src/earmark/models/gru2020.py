"""Bidirectional GRU over spectrogram frames, with attention behind it or beside it.

Y. Yu, S. Luo, S. Liu, H. Qiao, Y. Liu & L. Feng 2020, "Deep attention based music genre classification" (Neurocomputing
372, 84-91): spectra at different times do not matter alike, so the output of a bidirectional recurrent network is
weighted by attention. Serial attention (`kind = "gru2020"`) scores the recurrent network's outputs. Parallelised
attention (`kind = "gru2020_parallel"`) scores the spectrogram itself, by a network beside the recurrent one; the CNN in
that place, on STFT spectrograms, is their best: about 92.7 % on GTZAN (figure from memory, clips split at random).

- Uncertain, because only the abstract could be read: that the cells are GRUs, segments of 3 s that overlap by half,
  and a vote over segments are from memory. Widths, depth, the layers of the CNN, dropout, the way of the vote (here the
  mean probability) and the training (here Adam) are ours.
- Adapted: earmark's log-mel, 128 bands, 77.5 ms a frame, in the place of STFT spectrograms of 513 bins. A segment is
  38 frames, 2.9 s.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from earmark.models.options import options_class
from earmark.models.registry import Network, register
from earmark.models.segments import SegmentNet, SegmentOptions, Widths


@options_class
class GruOptions(SegmentOptions):
    """Yu et al. 2020, with serial attention (`gru2020`) or with parallelised attention (`gru2020_parallel`)."""

    hidden: Annotated[int, Field(ge=1, description="width of each direction")] = 128
    layers: Annotated[int, Field(ge=1, description="recurrent layers")] = 2
    dropout: Annotated[float, Field(ge=0, lt=1, description="between them and before the genres")] = 0.3
    score: Annotated[int, Field(ge=1, description="width inside serial attention")] = 64
    channels: Annotated[Widths, Field(description="of the CNN of parallelised attention")] = (16, 32, 32)


@register("gru2020", GruOptions)
def build_serial(options: GruOptions, genres: int) -> Network:
    """A `GruNet` with serial attention."""
    chosen = options
    return GruNet(chosen, genres, SerialAttention(chosen))


@register("gru2020_parallel", GruOptions)
def build_parallel(options: GruOptions, genres: int) -> Network:
    """A `GruNet` with parallelised attention by a CNN."""
    chosen = options
    return GruNet(chosen, genres, ParallelAttention(chosen))


class GruNet(SegmentNet):
    """GRU in both directions, its outputs weighted over frames, genres. See `SegmentNet` for what comes in and out."""

    def __init__(self, options: GruOptions, genres: int, scores: "SerialAttention | ParallelAttention") -> None:
        super().__init__(token_frames=options.token_frames, scale=options.input, overlap=True)
        self.gru = nn.GRU(
            options.bands,
            options.hidden,
            options.layers,
            batch_first=True,
            bidirectional=True,
            dropout=options.dropout if options.layers > 1 else 0.0,
        )
        self.scores = scores
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(2 * options.hidden, genres)

    def hear(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        states, _ = self.gru(segments.transpose(1, 2))  # (segments, frames, 2 * hidden)
        weights = self.weights(segments, states)
        vectors = (weights.unsqueeze(2) * states).sum(dim=1)
        return vectors, self.head(self.dropout(vectors))

    def weights(self, segments: Tensor, states: Tensor) -> Tensor:
        """The attention over the frames of each segment, `(segments, frames)`; sums to 1."""
        scores: Tensor = self.scores(segments, states)
        return scores.float().softmax(dim=1)


class SerialAttention(nn.Module):
    """Scores of frames from the recurrent network's outputs, additive as in Bahdanau et al. 2015 (arXiv 1409.0473)."""

    def __init__(self, options: GruOptions) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * options.hidden, options.score), nn.Tanh(), nn.Linear(options.score, 1, bias=False)
        )

    def forward(self, segments: Tensor, states: Tensor) -> Tensor:
        """`(segments, bands, frames)` and `(segments, frames, 2 * hidden)` -> `(segments, frames)`."""
        scores: Tensor = self.layers(states)
        return scores.squeeze(2)


class ParallelAttention(nn.Module):
    """Scores of frames from the spectrogram alone: convolutions that pool bands and keep the frames."""

    def __init__(self, options: GruOptions) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, bands = 1, options.bands
        for channels in options.channels:
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.MaxPool2d((4, 1)), nn.ReLU()]
            before, bands = channels, bands // 4
        self.layers = nn.Sequential(*layers)
        self.score = nn.Conv1d(before * bands, 1, 1)

    def forward(self, segments: Tensor, states: Tensor) -> Tensor:
        """`(segments, bands, frames)` and `(segments, frames, 2 * hidden)` -> `(segments, frames)`."""
        maps = self.layers(segments.unsqueeze(1))  # (segments, channels, bands', frames)
        scores: Tensor = self.score(maps.flatten(1, 2))
        return scores.squeeze(1)
