"""The kernel machine beside the network (`models.descriptors`): its weights, in closed form, after the last epoch.

Kernel ridge regression (a least-squares support vector machine, Suykens & Vandewalle 1999) onto genres, a teacher's
tags and what is outside, in the space of likenesses to some of the clips (Nyström, Williams & Seeger 2001). Beside each
clip as it is stand random views of it under the recipe's augmentation, so that it knows worse recordings too.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from earmark.errors import RecipeError
from earmark.models.attention import AttentionNet
from earmark.models.descriptors import KernelHead
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS
from earmark.train.augment import augment, under_own_maximum
from earmark.train.batches import Examples, to_db
from earmark.train.recipe import AugmentOptions, KernelOptions

AT_ONCE = 64  # clips
SHORTEST_TOKENS = 3  # of a random view
LEAST_SPREAD = 1e-4
JITTER = 1e-6  # keeps the equations solvable where two centres are alike


def fit_kernel(
    net: AttentionNet, examples: Examples, options: KernelOptions, changes: AugmentOptions, rng: torch.Generator
) -> None:
    """Find the weights of the network's kernel head from its training clips.

    Parameters
    ----------
    net:
        With `kernel` centres; its head is filled in.
    examples:
        The clips to train on. Their genres count by their weight, a partial label as a share of each of its genres.
    options, changes:
        [kernel] and [augment] of the recipe.
    rng:
        Draws the views and the centres.

    Raises
    ------
    RecipeError
        The network has no kernel head.
    """
    head = net.kernel
    if head is None:
        raise RecipeError("The network has no kernel head.", hint="Say kernel = 1000 (or so many) under [model].")
    device = head.mean.device
    described = [_describe(head, views) for views in _views(examples, options.copies, changes, rng, device)]
    clean = described[0]
    mean, spread = clean.mean(dim=0), clean.std(dim=0, correction=0).clamp(min=LEAST_SPREAD)
    _, _, turned = torch.linalg.svd((clean - mean) / spread, full_matrices=False)
    components = head.axes.shape[1]
    axes = torch.zeros(head.axes.shape, dtype=torch.float64)
    axes[:, : len(turned)] = turned[:components].T
    head.mean.copy_(mean)
    head.axes.copy_(axes / spread[:, None])
    head.width.fill_(len(spread) / options.sharpness)
    picked = torch.randperm(len(clean), generator=rng)[: len(head.known)]
    place = head.place(clean[picked].to(head.mean))
    head.known.fill_(1e3)  # what is not needed is far from everything
    head.known[: len(place)] = place
    likeness = torch.cat([head.likeness(head.place(each.to(head.mean))) for each in described]).double()
    wanted, counts = _wanted(net, examples)
    between = head.likeness(place).double()
    centres = slice(0, len(place))
    head.weights.zero_()
    for columns, weights in counts:
        if not weights.any():
            continue
        rows = weights.double().repeat(1 + options.copies) / (1 + options.copies)
        target = wanted[:, columns].double().repeat(1 + options.copies, 1)
        usual = (target * rows[:, None]).sum(dim=0) / rows.sum()
        known = likeness[:, centres]
        ridge = options.ridge * (between[:, centres] + JITTER * torch.eye(len(place), dtype=torch.float64))
        solved = torch.linalg.solve(
            known.T @ (known * rows[:, None]) + ridge, known.T @ ((target - usual) * rows[:, None])
        )
        head.weights[centres, columns] = solved.to(head.weights)
        head.usual[columns] = usual.to(head.usual)


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
    """(views, SIZE) float64, on the CPU."""
    with torch.inference_mode():
        return torch.cat([head.describe(view[None]).double().cpu() for view in views])


def _wanted(net: AttentionNet, examples: Examples) -> tuple[Tensor, list[tuple[slice, Tensor]]]:
    """What each clip should be answered, (clips, outputs), and which columns count by which weights (clips,)."""
    allowed = examples.allowed.double()
    genres = allowed.shape[1]
    columns = [allowed / allowed.sum(dim=1, keepdim=True)]
    counts = [(slice(0, genres), examples.weights)]
    start = genres
    if net.tag_head is not None:
        tags = net.tag_head.usual.numel()
        taught = torch.zeros(len(examples))
        logits = torch.zeros(len(examples), tags, dtype=torch.float64)
        if examples.targets is not None:
            logits, taught = examples.targets.mean_tags().double(), examples.targets.taught.float()
        columns.append(logits)
        counts.append((slice(start, start + tags), taught))
        start += tags
    if net.outside_head is not None:
        columns.append(examples.outside.nan_to_num(0.0).double()[:, None])
        counts.append((slice(start, start + 1), (~examples.outside.isnan()).float()))
    return torch.cat(columns, dim=1), counts
