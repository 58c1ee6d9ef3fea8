"""The kernel machines beside the network (`models.descriptors`): their weights, in closed form, after the last epoch.

Kernel ridge regression (a least-squares support vector machine, Suykens & Vandewalle 1999) onto genres, a teacher's
tags and what is outside, in the space of likenesses to some of the clips (Nyström, Williams & Seeger 2001). Beside each
clip as it is stand random views of it under the recipe's augmentation, so that it knows worse recordings too.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from earmark.errors import RecipeError
from earmark.models.attention import AttentionNet
from earmark.models.descriptors import SIZE, KernelHead
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS
from earmark.train.augment import augment, under_own_maximum
from earmark.train.batches import Examples, to_db
from earmark.train.recipe import AugmentOptions, KernelOptions

AT_ONCE = 64  # clips
SHORTEST_TOKENS = 3  # of a random view
LEAST_SPREAD = 1e-4
JITTER = 1e-6  # keeps the equations solvable where two centres are alike
FAR = 1e3  # where centres lie that are not needed: like nothing
# Columns of the answers, what each clip should be answered there, (clips, columns), and how much it counts, (clips,).
_Wanted = tuple[slice, Tensor, Tensor]


def fit_kernel(
    net: AttentionNet, examples: Examples, options: KernelOptions, changes: AugmentOptions, rng: torch.Generator
) -> None:
    """Find the weights of the network's kernel machines from its training clips.

    Parameters
    ----------
    net:
        With `kernel` centres; its machines are filled in.
    examples:
        The clips to train on. Their genres count by their weight, a partial label as a share of each of its genres.
    options, changes:
        [kernel] and [augment] of the recipe.
    rng:
        Draws the views and the centres.

    Raises
    ------
    RecipeError
        The network has no kernel machines, or the recipe has a front end of its own.
    """
    if examples.front_end is not None:
        raise RecipeError("Kernel machines hear earmark's own pictures, so their recipe cannot have a [front_end].")
    if net.kernel is None:
        raise RecipeError("The network has no kernel machines.", hint="Say kernel = 1000 (or so many) under [model].")
    views = list(_views(examples, options.copies, changes, rng, next(net.parameters()).device))
    wanted = _wanted(net, examples)
    for head in net.kernel.heads:
        _fit(head, views, wanted, options, rng)


def _fit(
    head: KernelHead, views: list[list[Tensor]], wanted: list[_Wanted], options: KernelOptions, rng: torch.Generator
) -> None:
    described = [_describe(head, each) for each in views]  # each (clips, pieces, SIZE)
    _turn(head, described[0].flatten(0, 1))
    head.width.fill_(SIZE / options.sharpness)
    place = head.place(torch.cat(described).flatten(0, 1).to(head.mean))
    picked = torch.randperm(len(place), generator=rng)[: len(head.known)]
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


def _views(
    examples: Examples, copies: int, changes: AugmentOptions, rng: torch.Generator, device: torch.device
) -> Iterator[list[Tensor]]:
    """The beginnings of all clips as they are, then `copies` times a random view of each; all dB."""
    window = WINDOW_TOKENS * TOKEN_FRAMES
    yield [
        _whole(picture, int(frames), window, device)
        for picture, frames in zip(examples.pictures, examples.frames, strict=True)
    ]
    for _ in range(copies):
        views = []
        for rows in torch.arange(len(examples)).split(AT_ONCE):
            tokens = int(torch.randint(SHORTEST_TOKENS, WINDOW_TOKENS + 1, (1,), generator=rng))
            db = to_db(examples.pictures[rows].to(device))
            views += list(augment(db, examples.frames[rows], tokens * TOKEN_FRAMES, changes, rng).db)
        yield views


def _whole(picture: Tensor, frames: int, window: int, device: torch.device) -> Tensor:
    tokens = max(1, min(frames, window) // TOKEN_FRAMES)
    return under_own_maximum(to_db(picture[None, :, : tokens * TOKEN_FRAMES].to(device)))[0]


def _describe(head: KernelHead, views: list[Tensor]) -> Tensor:
    """(views, pieces, SIZE) float64, on the CPU."""
    with torch.inference_mode():
        return torch.cat([head.describe(view[None]).double().cpu() for view in views])


def _wanted(net: AttentionNet, examples: Examples) -> list[_Wanted]:
    allowed = examples.allowed.double()
    genres = allowed.shape[1]
    parts = [(slice(0, genres), allowed / allowed.sum(dim=1, keepdim=True), examples.weights.double())]
    start = genres
    if net.tag_head is not None:
        tags = net.tag_head.usual.numel()
        logits, taught = torch.zeros(len(examples), tags), torch.zeros(len(examples))
        if examples.targets is not None:
            logits, taught = examples.targets.mean_tags(), examples.targets.taught
        parts.append((slice(start, start + tags), logits.double(), taught.double()))
        start += tags
    if net.outside_head is not None:
        outside = examples.outside.double()
        parts.append((slice(start, start + 1), outside.nan_to_num(0.0)[:, None], (~outside.isnan()).double()))
    return parts
