"""The network of earmark: a CNN encodes each token alone, attention over the sequence of tokens decides.

After the course project "attention-guided spectrogram sequence modelling with CNNs": a spectrogram is cut into tokens
along time, a CNN encodes each as 128 numbers, self-attention (Vaswani et al. 2017, arXiv 1706.03762) relates them, and
attention pooling with learned queries (the "attention" shown to people) makes one vector of them.

Written without `nn.MultiheadAttention`: its fast path freezes the number of tokens when exported to ONNX.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Annotated

import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from earmark.models.codes import CodeName, code_of
from earmark.models.decoder import TokenDecoder
from earmark.models.following import NextToken
from earmark.models.heads import (
    GENRE,
    GenreHead,
    Head,
    PretextHead,
    TagHead,
    build_heads,
    check_heads,
    check_judged,
    head_names,
)
from earmark.models.kernel import SecondOpinion
from earmark.models.options import check_divides, options_class
from earmark.models.pitch import Pitch
from earmark.models.registry import Lessons, Network, Outputs, register
from earmark.models.token_cnn import Pair, Stage, TokenCNN, size_after
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES


@options_class
class AttentionOptions:
    """The attention network; `attention_mean`: all tokens weigh alike; `attention_shuffled`: their order is random."""

    stages: Annotated[
        tuple[Stage, ...], Field(description="convolutions of the token CNN, each with channels, kernel, stride, pool")
    ] = ()
    token_frames: Annotated[int, Field(ge=1, description="frames of a token")] = TOKEN_FRAMES
    vector: Annotated[int, Field(ge=2, multiple_of=2, description="numbers of a token's vector")] = 128
    code: Annotated[
        CodeName,
        Field(description="how they become it: normalised; drawn from Gaussians in training (VAE); what is above 0"),
    ] = "plain"
    kept: Annotated[
        int, Field(ge=0, description="the largest so many of them are kept, the others 0; 0: all; not of a plain code")
    ] = 0
    norm: Annotated[
        bool, Field(description="batch normalisation after each convolution, and of each band at the input")
    ] = True
    layers: Annotated[int, Field(ge=0, description="self-attention layers")] = 1
    attention_heads: Annotated[int, Field(ge=1, description="heads of the attention; they divide `vector`")] = 4
    dropout: Annotated[float, Field(ge=0, lt=1, description="inside attention layers and before the genre head")] = 0.1
    token_dropout: Annotated[
        float, Field(ge=0, lt=1, description="share of the CNN's numbers dropped on the way to the vector")
    ] = 0.0
    heads: Annotated[
        Mapping[str, int],
        Field(description=f"parts beside genres, each with its size: {', '.join(head_names())}"),
    ] = field(default_factory=dict)
    kernel: Annotated[int, Field(ge=0, description="centres of the kernel machines beside it; 0: none")] = 0
    components: Annotated[int, Field(ge=1, description="axes that their descriptors are turned onto")] = 96
    kernel_judges: Annotated[
        tuple[str, ...], Field(description="what they have an opinion on: genre, tags, outside, as far as it is there")
    ] = (GENRE, "tags", "outside")
    kernel_weight: Annotated[float, Field(ge=0, description="of their scores, 0 to 1, among the genre logits")] = 4.0

    @field_validator("heads")
    @classmethod
    def _known(cls, sizes: Mapping[str, int]) -> Mapping[str, int]:
        check_heads(sizes)
        return sizes

    @field_validator("kernel_judges")
    @classmethod
    def _judged(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if GENRE not in names:
            raise ValueError("must have 'genre' among them")
        check_judged(names)
        return names

    def __post_init__(self) -> None:
        """A vector falls into as many equal parts as the attention has heads; the CNN leaves something of a token."""
        check_divides(self.vector, self.attention_heads)
        if self.kept > self.vector or (self.kept and self.code == "plain"):
            raise ValueError(f"has 'kept' {self.kept} of {self.vector} numbers, and a code that is {self.code}")
        if "decoder" in self.heads and self.token_frames != TOKEN_FRAMES:
            raise ValueError(f"has a decoder, which draws {TOKEN_FRAMES} frames, and tokens of {self.token_frames}")
        size: Pair = (BANDS, self.token_frames)
        for number, stage in enumerate(self.stages):
            size = size_after(size, stage)
            if min(size) < 1:
                raise ValueError(f"has a stage, stages.{number}, after which nothing is left of a token")


@register("attention", AttentionOptions)
def build(options: AttentionOptions, genres: int) -> Network:
    """An `AttentionNet` from the options of a recipe."""
    return AttentionNet(options, genres)


class AttentionNet(Network):
    """Token CNN, self-attention with time positions, attention pooling, heads.

    The attention comes out on request; it is computed either way, so the logits are the same. `models.variants` has
    this network with one part changed, for comparison.
    """

    def __init__(self, options: AttentionOptions, genres: int) -> None:
        super().__init__()
        self.options = options
        self.token_frames = options.token_frames
        code = code_of(options.code, options.vector, options.kept)
        frames, dropout = options.token_frames, options.token_dropout
        self.cnn = TokenCNN(options.stages, code, token_frames=frames, norm=options.norm, dropout=dropout)
        self.positions = TimePositions(options.vector)
        self.layers = nn.ModuleList(SelfAttention(options) for _ in range(options.layers))
        self.pool = self.make_pool()
        self.dropout = nn.Dropout(options.dropout)
        self.head_layers = build_heads(options.vector, {GENRE: genres, **options.heads})
        judged = {name: each.size for name, each in self._heads() if each.has_opinion and name in options.kernel_judges}
        self.pitch = Pitch()
        self.kernel = SecondOpinion(options.kernel, options.components, judged) if options.kernel else None

    @property
    def heads(self) -> Mapping[str, int]:
        """Names and sizes of the outputs beside genres."""
        return {name: each.size for name, each in self._heads() if each.answers and name != GENRE}

    def make_pool(self) -> "Pool":
        """What makes one vector of the tokens."""
        return AttentionPool(self.options.vector, self.options.attention_heads)

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        coded = self.cnn.coded(self._tokens(db))
        outputs = self.decide(coded.vectors, db, attention=attention)
        return outputs._replace(coded=coded) if self.training else outputs

    def encode(self, db: Tensor) -> Tensor:
        """The CNN's vector of each token alone, `(windows, tokens, vector)`."""
        vectors: Tensor = self.cnn(self._tokens(db))
        return vectors

    def decide(self, vectors: Tensor, db: Tensor, *, attention: bool = False) -> Outputs:
        """`Outputs` from token vectors; `db`, (windows, bands, frames), is the input of the kernel machines."""
        context = self.relate(vectors)
        vector, weights = self.pool(context)  # (windows, vector), (windows, tokens)
        each: Tensor = self.pool.each(context)  # (windows, tokens, vector)
        token_logits = self.genre(each)
        alone = self.alone(vectors) if attention else None
        answering = [(name, part) for name, part in self._heads() if part.answers and name != GENRE]
        outputs = Outputs(
            logits=self.judge(vector, token_logits),
            token_logits=token_logits,
            vectors=vectors,
            vector=vector,
            attention=weights if attention else None,
            alone=self.genre(alone) if alone is not None else None,
            alone_vectors=alone,
            pitch=self.pitch(db) if attention else None,
            heads={name: part(vector) for name, part in answering},
            token_heads={name: part(each) for name, part in answering if part.of_tokens},
        )
        # The kernel machines are fitted last and take no part before.
        if self.kernel is None or self.training or not self.kernel.fitted:
            return outputs
        return self._with_second_opinion(self.kernel, outputs, db, in_time=attention)

    def genre(self, vectors: Tensor) -> Tensor:
        """Genre logits of vectors, `(..., vector)` -> `(..., genres)`."""
        logits: Tensor = self.head_layers[GENRE](self.dropout(vectors))
        return logits

    def judge(self, vector: Tensor, token_logits: Tensor) -> Tensor:
        """The window's logits `(windows, genres)`, from its vector and the logits of its tokens."""
        return self.genre(vector)

    def _with_second_opinion(self, kernel: SecondOpinion, outputs: Outputs, db: Tensor, *, in_time: bool) -> Outputs:
        opinions, weight = kernel(db), self.options.kernel_weight
        joined = {
            name: part.join(
                outputs.logits if name == GENRE else outputs.heads[name],
                opinions.answers[name],
                share=opinions.share,
                weight=weight,
            )
            for name, part in self._heads()
            if name in opinions.answers
        }
        return outputs._replace(
            logits=joined.pop(GENRE),
            opinion=weight * opinions.share * opinions.answers[GENRE],
            opinion_tokens=weight * kernel.by_token(opinions, GENRE, db, token_frames=self.token_frames)
            if in_time
            else None,
            view=kernel.view(opinions) if in_time else None,
            heads={**outputs.heads, **joined},
        )

    def keep_genres(self, kept: Sequence[int]) -> None:
        """As `registry.Narrows.keep_genres`."""
        head = self.head_layers[GENRE]
        assert isinstance(head, GenreHead)
        head.keep(kept)
        if self.kernel is not None and GENRE in self.kernel.sizes:
            self.kernel.keep(GENRE, kept)

    def pretext_head(self) -> PretextHead:
        """The head of [pretext]."""
        part = self.head_layers["pretext"]
        assert isinstance(part, PretextHead)
        return part

    def decoder(self) -> TokenDecoder:
        """The head of [latent] that draws tokens."""
        part = self.head_layers["decoder"]
        assert isinstance(part, TokenDecoder)
        return part

    def next_token(self) -> NextToken:
        """The head of [latent] that tells which token comes next."""
        part = self.head_layers["next"]
        assert isinstance(part, NextToken)
        return part

    def meet_teacher(self, usual: Tensor, spread: Tensor) -> None:
        """Give the tag head, if there is one, mean and deviation of the teacher's logits of each tag, (tags,) each."""
        for _, part in self._heads():
            if isinstance(part, TagHead):
                part.meet(usual, spread)

    @property
    def unfinished(self) -> bool:
        """Whether the kernel machines wait for `finish`."""
        return self.kernel is not None and not self.kernel.fitted

    def finish(self, lessons: Lessons) -> list[str]:
        """Fit the kernel machines."""
        assert self.kernel is not None
        self.kernel.fit(lessons)
        return [f"kernel.{name}" for name in self.kernel.state_dict()]

    def stages(self) -> Mapping[str, Sequence[nn.Module]]:
        """From the genre head down to the CNN."""
        return {
            "genre head": [self.head_layers[GENRE]],
            "attention pooling": [self.pool],
            "self-attention": list(self.layers),
            "second opinion": [] if self.kernel is None else [self.kernel],
            "CNN": [self.cnn],
        }

    def _heads(self) -> list[tuple[str, Head]]:
        return [(name, part) for name, part in self.head_layers.items() if isinstance(part, Head)]

    def alone(self, vectors: Tensor) -> Tensor:
        """The vector as though each token were the whole window, `(windows, tokens, vector)`.

        Unlike `token_logits`, into which self-attention mixes the other tokens, what is read off it depends on these
        seconds only: of all that costs next to nothing it tells best where a genre is (docs/analysis.md). Without the
        kernel machines, which are unsure of 1.5 s.
        """
        vector: Tensor = self.pool(self.relate(vectors.reshape(-1, 1, self.options.vector)))[0]
        return vector.reshape(vectors.shape[0], vectors.shape[1], -1)

    def relate(self, vectors: Tensor) -> Tensor:
        """Token vectors of single tokens after positions and self-attention, `(windows, tokens, vector)`."""
        context: Tensor = self.positions(vectors)
        for layer in self.layers:
            context = layer(context)
        return context

    def _tokens(self, db: Tensor) -> Tensor:
        scaled = db / (-FLOOR_DB / 2) + 1.0  # -80..0 dB -> -1..1
        tokens = scaled.reshape(-1, BANDS, db.shape[2] // self.token_frames, self.token_frames)
        return tokens.transpose(1, 2)  # (windows, tokens, bands, token_frames)


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
        self.heads = options.attention_heads
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


class Pool(nn.Module):
    """Makes one vector of a window's tokens."""

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """`(windows, tokens, size)` -> vector `(windows, size)`, and weights `(windows, tokens)`."""
        raise NotImplementedError

    def each(self, tokens: Tensor) -> Tensor:
        """What the pool would make of each token alone, `(windows, tokens, size)`."""
        raise NotImplementedError


class AttentionPool(Pool):
    """One learned query a head weighs the tokens; the weighted mean of their values is the window's vector."""

    def __init__(self, size: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(size)
        self.score = nn.Linear(size, heads)
        self.value = nn.Linear(size, size)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """As `Pool.forward`; the weights are averaged over heads."""
        windows, count, size = tokens.shape
        weights = self.score(self.norm(tokens)).softmax(dim=1)  # (windows, tokens, heads)
        value = self.each(tokens).reshape(windows, count, self.heads, size // self.heads)
        vector = (weights.unsqueeze(3) * value).sum(dim=1).reshape(windows, size)
        return vector, weights.mean(dim=2)

    def each(self, tokens: Tensor) -> Tensor:
        value: Tensor = self.value(self.norm(tokens))
        return value
