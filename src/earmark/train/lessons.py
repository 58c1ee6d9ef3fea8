"""The input of what is fitted after the last epoch (`models.registry.Lessons`): views of clips, and their targets.

Beside each clip as it is there are random views of it under the recipe's augmentation, as examples of worse recordings.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from earmark.models.heads import GENRE
from earmark.models.kernel import KernelOptions
from earmark.models.registry import Lessons, Network
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS
from earmark.train.augment import augment, under_own_maximum
from earmark.train.batches import Examples, to_db
from earmark.train.options import AugmentOptions

AT_ONCE = 64  # clips
SHORTEST_TOKENS = 3  # of a random view


def lessons_of(
    net: Network, examples: Examples, options: KernelOptions, changes: AugmentOptions, rng: torch.Generator
) -> Lessons:
    """Views and targets of the training clips.

    Parameters
    ----------
    net:
        For the names of its heads.
    examples:
        The clips to train on. Their genres count by their weight, a partial label as a share of each of its genres.
    options, changes:
        [kernel] and [augment] of the recipe.
    rng:
        Draws the views, and what the network draws.
    """
    views = list(_views(examples, options.copies, changes, rng, next(net.parameters()).device))
    return Lessons(views, _targets(net, examples), options, rng)


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
            frames, coarse = examples.frames[rows], examples.coarse[rows]
            views += list(augment(db, frames, tokens * TOKEN_FRAMES, changes, rng, coarse=coarse).db)
        yield views


def _whole(picture: Tensor, frames: int, window: int, device: torch.device) -> Tensor:
    tokens = max(1, min(frames, window) // TOKEN_FRAMES)
    return under_own_maximum(to_db(picture[None, :, : tokens * TOKEN_FRAMES].to(device)))[0]


def _targets(net: Network, examples: Examples) -> dict[str, tuple[Tensor, Tensor]]:
    allowed = examples.allowed.double()
    targets = {GENRE: (allowed / allowed.sum(dim=1, keepdim=True), examples.weights.double())}
    # Of several teachers the machines judge no tags: such recipes are refused.
    if "tags" in net.heads and len(examples.targets) <= 1:
        logits, taught = torch.zeros(len(examples), net.heads["tags"]), torch.zeros(len(examples))
        for teacher in examples.targets:
            logits, taught = teacher.mean_tags(), teacher.taught
        targets["tags"] = (logits.double(), taught.double())
    outside = examples.outside.double()
    targets["outside"] = (outside.nan_to_num(0.0)[:, None], (~outside.isnan()).double())
    return targets
