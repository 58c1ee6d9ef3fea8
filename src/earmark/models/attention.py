"""The network of earmark: a CNN hears each token alone, attention over the sequence of tokens decides.

After the course project "attention-guided spectrogram sequence modelling with CNNs": a spectrogram is cut into tokens
along time, a CNN encodes each as 128 numbers, self-attention (Vaswani et al. 2017, arXiv 1706.03762) relates them, and
attention pooling with learned queries (the "attention" shown to people) makes one vector of them.

Written without `nn.MultiheadAttention`: its fast path freezes the number of tokens when exported to ONNX.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from earmark.errors import RecipeError
from earmark.models.descriptors import SecondOpinion
from earmark.models.registry import Outputs, options_of, register
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES

Pair = tuple[int, int]


@dataclass(frozen=True)
class Stage:
    """One convolution with what follows it; pairs are (bands, frames)."""

    channels: int
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    pool: Pair = (1, 1)


@dataclass(frozen=True)
class AttentionOptions:
    """What a recipe may say under [model] for `kind = "attention"`."""

    stages: tuple[dict[str, Any], ...] = ()
    token_frames: int = TOKEN_FRAMES
    vector: int = 128
    norm: bool = True  # batch normalisation after each convolution, and of each band at the input
    layers: int = 1  # self-attention layers
    heads: int = 4
    dropout: float = 0.1  # inside attention layers and before the genre head
    bands_apart: bool = True  # the CNN's last bands go into the vector one by one, else as their mean and maximum
    token_dropout: float = 0.0  # share of the CNN's numbers dropped on the way to the vector
    tags: int = 0  # tags that a teacher has and the network learns; see `train.recipe.TeacherOptions`
    embedding: int = 0  # numbers of the teacher's vector
    outside: bool = False  # learn to tell what is none of the genres
    pretext: bool = False  # have heads for the tasks of `train.pretext`
    kernel: int = 0  # centres of the kernel machines beside the network (`descriptors`); 0: none
    components: int = 96  # axes that its descriptors are turned onto
    kernel_weight: float = 4.0  # of its scores, 0 to 1, among the genre logits
    pooling: str = "attention"  # for comparison: "mean" (all tokens alike), "alone" (each token answers by itself)
    shuffled: bool = False  # for comparison: the tokens in random order, so that only what they are can count


@register("attention")
def build(options: Mapping[str, Any], genres: int) -> nn.Module:
    """An `AttentionNet` from the options of a recipe."""
    return AttentionNet(options_of(AttentionOptions, options), genres)


class AttentionNet(nn.Module):
    """Token CNN, self-attention with time positions, attention pooling, genre heads.

    Input: `(windows, 128 bands, frames)` float32, dB under each window's own maximum (0 to -80), `frames` a multiple of
    `token_frames`. The attention comes out on request; it is computed either way, so the logits are the same.
    """

    def __init__(self, options: AttentionOptions, genres: int) -> None:
        super().__init__()
        self.options = options
        self.token_frames = options.token_frames
        self.cnn = TokenCNN(options)
        self.positions = TimePositions(options.vector)
        self.layers = nn.ModuleList(SelfAttention(options) for _ in range(options.layers))
        self.pool = _pool(options)
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(options.vector, genres)  # shared: the track's vector and each token's
        self.tag_head = TagHead(options.vector, options.tags) if options.tags else None
        self.embedding_head = nn.Linear(options.vector, options.embedding) if options.embedding else None
        self.outside_head = nn.Linear(options.vector, 1) if options.outside else None
        self.pretext = PretextHeads(options.vector) if options.pretext else None
        answers = genres + options.tags + options.outside
        self.kernel = SecondOpinion(options.kernel, options.components, answers) if options.kernel else None

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        """Hear `(windows, bands, frames)` dB; `attention` asks for the weights too."""
        return self.decide(self.encode(db), db, attention=attention)

    def encode(self, db: Tensor) -> Tensor:
        """What the CNN makes of each token alone, `(windows, tokens, vector)`."""
        vectors: Tensor = self.cnn(self._tokens(db))
        return vectors

    def decide(self, vectors: Tensor, db: Tensor, *, attention: bool = False) -> Outputs:
        """The answer from token vectors; `db` is what the second opinion hears."""
        context = self.relate(self._shuffled(vectors) if self.options.shuffled else vectors)
        vector, weights = self.pool(context)  # (windows, vector), (windows, tokens)
        each = self.pool.each(context)  # (windows, tokens, vector)
        token_logits = self.head(self.dropout(each))
        alone = self.options.pooling == "alone"
        said = Outputs(
            logits=token_logits.log_softmax(dim=2).mean(dim=1) if alone else self.head(self.dropout(vector)),
            token_logits=token_logits,
            vectors=vectors,
            vector=vector,
            attention=weights if attention else None,
            alone=self.alone(vectors) if attention else None,
            tags=self.tag_head(vector) if self.tag_head else None,
            token_tags=self.tag_head(each) if self.tag_head else None,
            embedding=self.embedding_head(vector) if self.embedding_head else None,
            outside=self.outside_head(vector).squeeze(1) if self.outside_head else None,
        )
        # The kernel machines are fitted last and take no part before.
        if self.kernel is None or self.training or not self.kernel.fitted:
            return said
        return self._with_second_opinion(said, *self.kernel(db))

    def _with_second_opinion(self, said: Outputs, answers: Tensor, share: Tensor) -> Outputs:
        """Scores of genres and of what is outside are added; tags, logits on both sides, meet half-way."""
        genres, tags = said.logits.shape[1], self.options.tags
        weight = self.options.kernel_weight * share
        opinion = weight * answers[:, :genres]
        tag_answers, outside = answers[:, genres : genres + tags], (weight * answers[:, -1:]).squeeze(1)
        return said._replace(
            logits=said.logits + opinion,
            opinion=opinion,
            tags=None if said.tags is None else said.tags + share / 2 * (tag_answers - said.tags),
            outside=None if said.outside is None else said.outside + outside,
        )

    def alone(self, vectors: Tensor) -> Tensor:
        """What the network would say of each token were it the whole window, `(windows, tokens, genres)` logits.

        Unlike `token_logits`, into which self-attention mixes what other tokens say, it knows only these seconds: of
        all that costs next to nothing it tells best where a genre is (docs/analysis.md). No second opinion: a kernel
        machine has little to say of 1.5 s.
        """
        vector, _ = self.pool(self.relate(vectors.reshape(-1, 1, self.options.vector)))
        logits: Tensor = self.head(self.dropout(vector))
        return logits.reshape(vectors.shape[0], vectors.shape[1], -1)

    def relate(self, vectors: Tensor) -> Tensor:
        """Token vectors, each of its token alone, as they are in the light of the others; (windows, tokens, vector)."""
        context: Tensor = self.positions(vectors)
        for layer in self.layers:
            context = layer(context)
        return context

    def _tokens(self, db: Tensor) -> Tensor:
        scaled = db / (-FLOOR_DB / 2) + 1.0  # -80..0 dB -> -1..1
        tokens = scaled.reshape(-1, BANDS, db.shape[2] // self.token_frames, self.token_frames)
        return tokens.transpose(1, 2)  # (windows, tokens, bands, token_frames)

    def _shuffled(self, vectors: Tensor) -> Tensor:
        # Another order in every step of training; in an answer always the same one, so that it can be repeated.
        count = vectors.shape[1]
        rng = None if self.training else torch.Generator().manual_seed(count)
        return vectors[:, torch.randperm(count, generator=rng).to(vectors.device)]


class TagHead(nn.Module):
    """Tag logits of vectors, in the teacher's own units: the layer learns deviations from each tag's usual logit."""

    usual: Tensor
    spread: Tensor

    def __init__(self, size: int, tags: int) -> None:
        super().__init__()
        self.layer = nn.Linear(size, tags)
        self.register_buffer("usual", torch.zeros(tags))
        self.register_buffer("spread", torch.ones(tags))

    def forward(self, vectors: Tensor) -> Tensor:
        logits: Tensor = self.usual + self.spread * self.layer(vectors)
        return logits


class PretextHeads(nn.Module):
    """What the tasks of `train.pretext` need beside the network: no part of any answer."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.mask = nn.Parameter(torch.zeros(size))  # stands for a token that is hidden
        self.masked = nn.Linear(size, 2 * BANDS)
        self.following = nn.Linear(size, 2 * BANDS)
        self.contrast = nn.Linear(size, size)


class TokenCNN(nn.Module):
    """`(windows, tokens, bands, token_frames)` -> `(windows, tokens, vector)`, each token alone."""

    def __init__(self, options: AttentionOptions) -> None:
        super().__init__()
        self.token_frames = options.token_frames
        self.band_norm = _band_norm() if options.norm else nn.Identity()
        stages = [options_of(Stage, stage) for stage in options.stages]
        layers: list[nn.Module] = []
        channels, size = 1, (BANDS, options.token_frames)
        for stage in stages:
            layers += _convolution(channels, stage, norm=options.norm)
            channels, size = stage.channels, _size_after(size, stage)
        self.stages = nn.Sequential(*layers)
        self.dropout = nn.Dropout(options.token_dropout)
        self.pooled = (3,) if options.bands_apart else (2, 3)
        self.project = nn.Linear(2 * channels * (size[0] if options.bands_apart else 1), options.vector)
        self.norm = nn.LayerNorm(options.vector)

    def forward(self, tokens: Tensor) -> Tensor:
        windows, count = tokens.shape[:2]
        # Sizes that are constants are written as such: the ONNX exporter wants to know them.
        flat = self.band_norm(tokens.reshape(-1, BANDS, self.token_frames))
        # The channel is made last and moved: all maps then have their channels last, and pools are many times faster.
        maps = self.stages(flat.unsqueeze(3).permute(0, 3, 1, 2))  # (windows * tokens, channels, bands', frames')
        summary = torch.cat([maps.mean(dim=self.pooled), maps.amax(dim=self.pooled)], dim=1).flatten(1)
        vectors: Tensor = self.norm(self.project(self.dropout(summary)))
        return vectors.reshape(windows, count, -1)


def _band_norm() -> nn.Module:
    # Its gain and offset stay 1 and 0: learned ones would cost the gradient of the first convolution's input.
    # (Without them, `affine=False`, the layer cannot be exported to ONNX.)
    return nn.BatchNorm1d(BANDS).requires_grad_(requires_grad=False)


def _convolution(channels: int, stage: Stage, *, norm: bool) -> list[nn.Module]:
    padding = (stage.kernel[0] // 2, stage.kernel[1] // 2)
    layers: list[nn.Module] = [
        nn.Conv2d(channels, stage.channels, stage.kernel, stage.stride, padding, bias=not norm),
        # Before the norm, so that the norm has a quarter to do; the maximum is the same wherever its gain is positive.
        nn.MaxPool2d(stage.pool) if stage.pool != (1, 1) else nn.Identity(),
        nn.BatchNorm2d(stage.channels) if norm else nn.Identity(),
        nn.ReLU(inplace=True),
    ]
    return [layer for layer in layers if not isinstance(layer, nn.Identity)]


def _size_after(size: Pair, stage: Stage) -> Pair:
    bands, frames = (
        ((n + 2 * (k // 2) - k) // s + 1) // p
        for n, k, s, p in zip(size, stage.kernel, stage.stride, stage.pool, strict=True)
    )
    return bands, frames


class TimePositions(nn.Module):
    """Adds sines of the token's place in the window (Vaswani et al. 2017), at a learned gain; any number of tokens."""

    frequencies: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        exponent = torch.arange(0, size, 2, dtype=torch.float32) / size
        self.register_buffer("frequencies", torch.exp(-math.log(10_000.0) * exponent), persistent=False)
        self.gain = nn.Parameter(torch.tensor(0.1))

    def forward(self, vectors: Tensor) -> Tensor:
        place = torch.arange(vectors.shape[1], device=vectors.device, dtype=torch.float32)
        angle = place[:, None] * self.frequencies[None, :]  # (tokens, size / 2)
        return vectors + self.gain * torch.cat([angle.sin(), angle.cos()], dim=1)


class SelfAttention(nn.Module):
    """One pre-norm transformer layer, `(windows, tokens, size)` -> the same."""

    def __init__(self, options: AttentionOptions) -> None:
        super().__init__()
        size = options.vector
        self.heads = options.heads
        self.norm = nn.LayerNorm(size)
        self.qkv = nn.Linear(size, 3 * size)
        self.out = nn.Linear(size, size)
        self.feed = nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 2 * size), nn.GELU(), nn.Linear(2 * size, size))
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        windows, count, size = tokens.shape
        qkv = self.qkv(self.norm(tokens)).reshape(windows, count, 3, self.heads, size // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (windows, heads, tokens, size / heads)
        scores = query @ key.transpose(2, 3) / math.sqrt(size // self.heads)
        mixed = self.dropout(scores.softmax(dim=3)) @ value
        tokens = tokens + self.dropout(self.out(mixed.transpose(1, 2).reshape(windows, count, size)))
        related: Tensor = tokens + self.dropout(self.feed(tokens))
        return related


def _pool(options: AttentionOptions) -> "AttentionPool | MeanPool":
    if options.pooling == "attention":
        return AttentionPool(options.vector, options.heads)
    if options.pooling == "alone" and options.layers:
        raise RecipeError("With pooling = 'alone' no token may hear of another: say layers = 0.")
    if options.pooling not in ("mean", "alone"):
        raise RecipeError(f"pooling = '{options.pooling}' is not known.", hint="Known: attention, mean, alone.")
    return MeanPool(options.vector)


class AttentionPool(nn.Module):
    """One learned query a head weighs the tokens; the weighted mean of their values is the window's vector."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(size)
        self.score = nn.Linear(size, heads)
        self.value = nn.Linear(size, size)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """`(windows, tokens, size)` -> vector `(windows, size)`, weights `(windows, tokens)` averaged over heads."""
        windows, count, size = tokens.shape
        weights = self.score(self.norm(tokens)).softmax(dim=1)  # (windows, tokens, heads)
        value = self.each(tokens).reshape(windows, count, self.heads, size // self.heads)
        vector = (weights.unsqueeze(3) * value).sum(dim=1).reshape(windows, size)
        return vector, weights.mean(dim=2)

    def each(self, tokens: Tensor) -> Tensor:
        """What the pool would say of each token alone, `(windows, tokens, size)`."""
        value: Tensor = self.value(self.norm(tokens))
        return value


class MeanPool(nn.Module):
    """What remains of `AttentionPool` without attention: all tokens weigh the same."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.value = nn.Linear(size, size)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """`(windows, tokens, size)` -> vector `(windows, size)`, weights `(windows, tokens)`, all alike."""
        return self.each(tokens).mean(dim=1), torch.full_like(tokens[:, :, 0], 1 / tokens.shape[1])

    def each(self, tokens: Tensor) -> Tensor:
        """As `AttentionPool.each`."""
        value: Tensor = self.value(self.norm(tokens))
        return value
