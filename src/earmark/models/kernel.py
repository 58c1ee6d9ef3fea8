"""Kernel machines beside the network, a second opinion: radial basis networks on descriptors (`models.descriptors`).

Their weights are found in closed form, after the last epoch: kernel ridge regression (a least-squares support vector
machine, Suykens & Vandewalle 1999) onto genres, a teacher's tags and what is outside, in the space of likenesses to
some of the clips (Nyström, Williams & Seeger 2001).
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from earmark.models.descriptors import SIZE, Descriptors
from earmark.models.options import options_class
from earmark.models.registry import Lessons
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES

DULL = 88  # of the bands lie below 5.5 kHz or so
PIECES = 3  # of a window: its beginning, middle and end
PIECE_FRAMES = 7 * TOKEN_FRAMES  # 10 s
# In windows shorter than this a machine is less sure: 15 s for the one that hears the window whole, 5 s for pieces.
SURE_FRAMES, SURE_PIECE_FRAMES = 190, 65
LEAST_SPREAD = 1e-4
JITTER = 1e-6  # keeps the equations solvable where two centres are alike
FAR = 1e3  # where centres lie that are not needed: like nothing
LEAST_VIEW = 1e-3  # of the largest spread on an axis
VIEW = 64  # axes of the likeness of each machine (`SecondOpinion.view`)
# Columns of the answers, what each clip should be answered there, (clips, columns), and how much it counts, (clips,).
_Wanted = tuple[slice, Tensor, Tensor]


@options_class
class KernelOptions:
    """How the kernel machines are fitted, in a network that has some."""

    ridge: Annotated[float, Field(gt=0, description="penalty on large weights")] = 0.1
    sharpness: Annotated[
        float, Field(gt=0, description="of likeness: over the number of descriptors, the factor of a squared distance")
    ] = 0.8
    copies: Annotated[
        int, Field(ge=0, description="random views of each clip, under [augment], beside the clip as it is")
    ] = 0
    copy_weight: Annotated[float, Field(ge=0, description="of each of them; the clip as it is counts 1")] = 0.5


class Opinions(NamedTuple):
    """What the two machines say of windows, of all answers together.

    `pieces` and `whole` are what each piece and the window as a whole add; they sum up to `share` times the answers.
    """

    answers: dict[str, Tensor]  # by name, each (windows, size)
    share: Tensor  # (1, 1): how far they count, 0 to 1
    pieces: Tensor  # (windows, pieces, outputs)
    whole: Tensor  # (windows, outputs)
    likeness: tuple[Tensor, Tensor]  # of each machine, (windows, pieces, centres)


class SecondOpinion(nn.Module):
    """Two kernel machines that err elsewhere.

    `pieces` hears three pieces of ten seconds, each alone, and says the mean: it is the more right, and sure of short
    excerpts too. `dull` hears the whole window at once, and nothing above 5.5 kHz, so that dull recordings do not
    silence both.
    """

    def __init__(self, centres: int, components: int, sizes: Mapping[str, int]) -> None:
        """`sizes` are how many numbers each answer has that the machines have a say in, by name."""
        super().__init__()
        self.sizes = dict(sizes)
        outputs = sum(sizes.values())
        self.pieces = KernelHead(centres, components, outputs, pieces=PIECES)
        self.dull = KernelHead(centres, components, outputs, bands=DULL)

    @property
    def fitted(self) -> bool:
        """Whether the weights were found yet."""
        return any(bool(head.weights.any()) for head in self.heads)

    @property
    def heads(self) -> tuple["KernelHead", "KernelHead"]:
        """Both."""
        return self.pieces, self.dull

    def forward(self, db: Tensor) -> Opinions:
        """What is said of windows, `(windows, 128, frames)` dB.

        Each machine counts fully in windows in which it is sure, and proportionally less in shorter ones.
        """
        frames = torch.ones_like(db[:1, 0]).sum(dim=1, keepdim=True)
        pieces, dull = (frames / sure for sure in (SURE_PIECE_FRAMES, SURE_FRAMES))
        pieces, dull = pieces.clamp(max=1.0), dull.clamp(max=1.0)
        likeness = (self.pieces.alike(db), self.dull.alike(db))
        each, whole = self.pieces.answer(likeness[0]), self.dull.answer(likeness[1]).mean(dim=1)
        answers = (pieces * each.mean(dim=1) + dull * whole) / (pieces + dull)
        return Opinions(
            # Columns are cut by numbers that ONNX keeps as constants.
            {name: answers[:, columns] for name, columns in self._columns().items()},
            (pieces + dull) / 2,
            pieces[:, :, None] * each / (2 * self.pieces.count),
            dull * whole / 2,
            likeness,
        )

    def view(self, opinions: Opinions) -> Tensor:
        """What kind of music windows are like, (windows, 2 VIEW): what heads are learned on beside the CNN's vector.

        The likeness to all centres, on the axes on which it differs most among them (kernel principal components,
        Schölkopf et al. 1998, without centring), those of one machine after those of the other.
        """
        parts = zip(self.heads, opinions.likeness, strict=True)
        return torch.cat([each.mean(dim=1) @ head.view_axes().to(each) for head, each in parts], dim=1)

    def by_token(self, opinions: Opinions, name: str, db: Tensor, *, token_frames: int) -> Tensor:
        """One answer laid out in time, `(windows, tokens, size)`: its sum over tokens is `share` times the answer.

        What a piece adds is shared out over the tokens that it has frames of, evenly by frames; the machine that hears
        the window whole speaks of all tokens alike.
        """
        columns = self._columns()[name]
        cover = self.pieces.cover(db, token_frames=token_frames)  # (pieces, tokens)
        pieces = cover.T @ opinions.pieces[:, :, columns]  # (windows, tokens, size)
        return pieces + opinions.whole[:, None, columns] / torch.ones_like(cover[0]).sum()

    def keep(self, name: str, kept: Sequence[int]) -> None:
        """Of one answer, give up all numbers but these, by their places."""
        columns = {each: list(range(place.start, place.stop)) for each, place in self._columns().items()}
        columns[name] = [columns[name][number] for number in kept]
        chosen = [column for each in columns.values() for column in each]
        self.sizes[name] = len(kept)
        for head in self.heads:
            head.weights = nn.Parameter(head.weights[:, chosen], requires_grad=False)
            head.usual = nn.Parameter(head.usual[chosen], requires_grad=False)

    def fit(self, lessons: Lessons) -> None:
        """Find the weights of both."""
        columns = self._columns()
        wanted = [(columns[name], *lessons.targets[name]) for name in self.sizes]
        for head in self.heads:
            _fit(head, lessons, wanted)

    def _columns(self) -> dict[str, slice]:
        ends = np.cumsum(list(self.sizes.values())).tolist()
        return {name: slice(end - size, end) for (name, size), end in zip(self.sizes.items(), ends, strict=True)}


class KernelHead(nn.Module):
    """Answers about windows by their likeness to `centres` windows that it knows; all zero until it is fitted.

    `answers` of `(n, SIZE)` descriptors are `(n, outputs)`: descriptors are standardised, turned onto `components`
    axes, and compared with each centre by a Gaussian. Of the bands it hears the lowest `bands`. It hears the whole
    window, or so many `pieces` of it, and then says the mean of what it says of each.
    """

    unheard: Tensor
    piece: Tensor

    def __init__(self, centres: int, components: int, outputs: int, *, bands: int = BANDS, pieces: int = 1) -> None:
        super().__init__()
        self.descriptors = Descriptors()
        self.register_buffer("unheard", (torch.arange(BANDS) >= bands)[:, None], persistent=False)
        self.register_buffer("piece", torch.arange(PIECE_FRAMES), persistent=False)
        self.count = pieces
        # Parameters, as they are learnt from clips, but by no gradient.
        self.mean = _found(SIZE)
        self.axes = _found(SIZE, components)
        self.known = _found(centres, components)
        self.width = nn.Parameter(torch.ones(()), requires_grad=False)  # a squared distance of this much is far
        self.weights = _found(centres, outputs)
        self.usual = _found(outputs)  # the answer far from all centres
        self._view: Tensor | None = None

    def forward(self, db: Tensor) -> Tensor:
        return self.answer(self.alike(db)).mean(dim=1)

    def alike(self, db: Tensor) -> Tensor:
        """The likeness of each piece to each centre, `(windows, pieces, centres)`."""
        described = self.describe(db)
        return self.likeness(self.place(described.reshape(-1, SIZE))).reshape(-1, self.count, len(self.known))

    def answer(self, likeness: Tensor) -> Tensor:
        """What is said of what is so alike, `(..., centres)` -> `(..., outputs)`."""
        return self.usual + likeness @ self.weights

    def view_axes(self) -> Tensor:
        """The axes of `SecondOpinion.view`, `(centres, VIEW)`, found at the first call."""
        if self._view is None or len(self._view) != len(self.known):
            with torch.no_grad():
                among = self.likeness(self.known).double().cpu()
                # Centres that are not needed are like each other alone, which would count as music.
                near = (self.known != FAR).any(dim=1).cpu()
                among = among * near * near[:, None]
                values, axes = torch.linalg.eigh(among)
            axes, values = axes.flip(1)[:, :VIEW], values.flip(0)[:VIEW]
            # What hardly differs would be told by rounding alone.
            scales = torch.where(values > LEAST_VIEW * values[0], values.clamp(min=JITTER).rsqrt(), 0.0)
            # An axis may point either way: its largest part shall be positive.
            signs = axes.gather(0, axes.abs().argmax(dim=0, keepdim=True)).sign()
            found = torch.zeros(len(self.known), VIEW)
            found[:, : axes.shape[1]] = signs * axes * scales
            self._view = found
        return self._view

    def cover(self, db: Tensor, *, token_frames: int) -> Tensor:
        """Which part of each piece lies in each token, `(pieces, tokens)`; a piece's parts sum to 1."""
        numbers = torch.arange(db.shape[2] // token_frames, device=db.device)
        tokens = self._places(db).div(token_frames, rounding_mode="floor")  # (pieces, PIECE_FRAMES)
        return (tokens[:, :, None] == numbers).to(db).mean(dim=1)

    def describe(self, db: Tensor) -> Tensor:
        """`(windows, 128, frames)` dB -> `(windows, pieces, SIZE)`."""
        heard = db if self.count == 1 else self._cut(db)
        described: Tensor = self.descriptors(heard.masked_fill(self.unheard, FLOOR_DB))
        return described.reshape(-1, self.count, SIZE)

    def _cut(self, db: Tensor) -> Tensor:
        """`(windows * pieces, 128, PIECE_FRAMES)`, each under its own maximum; a window that is shorter repeats."""
        cut = db[:, :, self._places(db)].transpose(1, 2).reshape(-1, BANDS, PIECE_FRAMES)
        return (cut - cut.amax(dim=(1, 2), keepdim=True)).clamp(min=FLOOR_DB)

    def _places(self, db: Tensor) -> Tensor:
        """The frames of the window that each piece has, `(pieces, PIECE_FRAMES)`."""
        frames = torch.ones_like(db[0, 0]).sum()  # as a tensor, so that it is free in ONNX
        starts = torch.arange(self.count, device=db.device) * (frames - PIECE_FRAMES).clamp(min=0) / (self.count - 1)
        return (starts.floor().long()[:, None] + self.piece) % frames.long()

    def answers(self, described: Tensor) -> Tensor:
        """`(n, SIZE)` -> `(n, outputs)`."""
        return self.answer(self.likeness(self.place(described)))

    def forget_view(self) -> None:
        """Find the axes of the view anew when they are asked for, as the centres are others now."""
        self._view = None

    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        self.forget_view()

    def place(self, described: Tensor) -> Tensor:
        """Descriptors on the axes, `(n, components)`."""
        place: Tensor = (described - self.mean) @ self.axes
        return place

    def likeness(self, place: Tensor) -> Tensor:
        """To each centre, `(n, centres)`, 0 to 1."""
        squares = place.square().sum(dim=1, keepdim=True) + self.known.square().sum(dim=1)
        return ((2 * place @ self.known.T - squares) / self.width).exp()


def _found(*size: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(size), requires_grad=False)


def _fit(head: KernelHead, lessons: Lessons, wanted: list[_Wanted]) -> None:
    views, options = lessons.views, lessons.options
    head.forget_view()
    described = [_describe(head, each) for each in views]  # each (clips, pieces, SIZE)
    _turn(head, described[0].flatten(0, 1))
    head.width.fill_(SIZE / options.sharpness)
    place = head.place(torch.cat(described).flatten(0, 1).to(head.mean))
    picked = torch.randperm(len(place), generator=lessons.rng)[: len(head.known)]
    head.known.fill_(FAR)
    head.known[: len(picked)] = place[picked]
    known = head.likeness(place)[:, : len(picked)].double().cpu()  # (all pieces of all views, centres)
    ridge = options.ridge * (known[picked] + JITTER * torch.eye(len(picked), dtype=torch.float64))
    head.weights.zero_()
    counts = _counts(len(views), options.copy_weight) / head.count  # of a piece of each view
    for columns, target, weights in wanted:
        if not weights.any():
            continue
        rows = (counts[:, None] * weights).flatten().repeat_interleave(head.count)
        aim = target.repeat(len(views), 1).repeat_interleave(head.count, dim=0)
        usual = (aim * rows[:, None]).sum(dim=0) / rows.sum()
        weighed = known.T * rows
        solved = torch.linalg.solve(weighed @ known + ridge, weighed @ (aim - usual))
        head.weights[: len(picked), columns] = solved.to(head.weights)
        head.usual[columns] = usual.to(head.usual)


def _counts(views: int, copy_weight: float) -> Tensor:
    """How much the clip as it is and each of its copies count, (views,) float64; together 1."""
    counts = torch.full((views,), copy_weight, dtype=torch.float64)
    counts[0] = 1.0
    return counts / counts.sum()


def _turn(head: KernelHead, clean: Tensor) -> None:
    """The axes on which standardised descriptors differ most."""
    mean, spread = clean.mean(dim=0), clean.std(dim=0, correction=0).clamp(min=LEAST_SPREAD)
    _, _, turned = torch.linalg.svd((clean - mean) / spread, full_matrices=False)
    axes = torch.zeros(head.axes.shape, dtype=torch.float64)
    axes[:, : len(turned)] = turned[: axes.shape[1]].T
    head.mean.copy_(mean)
    head.axes.copy_(axes / spread[:, None])


def _describe(head: KernelHead, views: Sequence[Tensor]) -> Tensor:
    """(views, pieces, SIZE) float64, on the CPU."""
    with torch.inference_mode():
        return torch.cat([head.describe(view[None]).double().cpu() for view in views])
