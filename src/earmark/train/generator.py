"""From a trained VAE of tokens to a generator: the model of the next token by genre and mood, figures, the file.

The VAE stands still; a GRU with a mixture of Gaussians learns the sequences of its means. Artists that the VAE's recipe
keeps aside for validation have no part in either, and the figures are of them alone.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earmark.data.dataset import Dataset, fingerprint
from earmark.errors import DataError, RecipeError
from earmark.files import guard_file, write_whole
from earmark.models.attention import AttentionNet
from earmark.models.following import NextToken, log_likelihood
from earmark.train.batches import Examples, gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.foretold import figures_of
from earmark.train.generator_file import KIND, packed
from earmark.train.loop import kept_aside
from earmark.train.threads import threads_said
from earmark.train.walks import Walk, batches_of, walks_of

MIXTURE = 6  # Gaussians
WIDTH = 192  # of the GRU
UNKNOWN = 0.25  # how often what is known of a clip is hidden, so that the generator also walks without
_BATCH = 32
_RATE = 2e-3
_DECAY = 1e-2
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Made:
    """A generator: the bytes of its file and its figures on artists that had no part in it."""

    content: bytes
    figures: dict[str, Any]


def make_generator(
    run: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    epochs: int = 12,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Made:
    """Write a generator file.

    Parameters
    ----------
    run:
        Of `earmark train`, whose network has a Gaussian code and the head decoder.
    folders:
        The data that it was trained on.
    out:
        The file.
    epochs:
        Passes of the model of the next token over all sequences.
    threads:
        Of torch; one a core by default.

    Raises
    ------
    BundleError, RecipeError, DataError, OutputError
        There is no checkpoint, its network cannot draw, the data are others, the file may not be written.
    """
    guard_file(out, KIND, option="--out")
    torch.set_num_threads(threads or threads_said() or os.cpu_count() or 1)
    checkpoint = Checkpoint.load(run)
    net = drawing_network(checkpoint)
    mine, aside = halves_of(checkpoint, folders)
    torch.manual_seed(seed)
    learned = list(walks_of(net, mine))
    follower = follow(net, learned, epochs=epochs, seed=seed, progress=progress)
    # One offset is enough of what is only measured.
    figures = figures_of(net, follower, learned, list(walks_of(net, aside, offsets=(0,))))
    lineage = {**checkpoint.lineage, "vae_epochs": checkpoint.epoch, "epochs": epochs, "generator_seed": seed}
    content = packed(net, follower, genres=checkpoint.genres, figures=figures, lineage=lineage)
    write_whole(out, content)
    return Made(content, figures)


def in_words(figures: Mapping[str, Any]) -> str:
    """The figures in a few lines."""
    drawn, nats, db = figures["reconstruction_db"], figures["next_nats"], figures["next_db"]
    return (
        f"on {figures['clips']} clips by {figures['artists']} artists kept aside, tokens are drawn again to "
        f"{drawn['decoded']:.1f} dB (the mean token {drawn['mean_token']:.1f}, the nearest of others "
        f"{drawn['nearest_token']:.1f}), with {figures['kl_nats']:.1f} nats in {figures['active_numbers']} of "
        f"{figures['numbers']} numbers.\n"
        f"The next token costs {nats['model']:.1f} nats ({nats['unconditional']:.1f} without genre and mood; around "
        f"the last token {nats['last']:.1f}, the line through two {nats['line']:.1f}, the mean {nats['mean']:.1f}); "
        f"drawn, it is {db['model']:.1f} dB off (the last token again {db['last']:.1f}, the line {db['line']:.1f}, the "
        f"mean {db['mean']:.1f})."
    )


def drawing_network(checkpoint: Checkpoint) -> AttentionNet:
    """The checkpoint's network after its last epoch, in evaluation mode; RecipeError where it cannot draw."""
    net = checkpoint.recipe.model.build(len(checkpoint.genres))
    if not isinstance(net, AttentionNet) or net.options.code != "gaussian" or "decoder" not in net.options.heads:
        raise RecipeError(
            f"The network of '{checkpoint.recipe.name}' cannot draw tokens.",
            hint="Train one with a Gaussian code and the head decoder, as recipes/generator.toml has them.",
        )
    net.load_state_dict(checkpoint.averaged or checkpoint.weights)  # not the best at genres: it may be of any epoch
    return net.eval()


def halves_of(checkpoint: Checkpoint, folders: Sequence[Path]) -> tuple[Examples, Examples]:
    """What the checkpoint was trained on and what was kept aside; DataError where the data are others."""
    recipe, share = checkpoint.recipe, checkpoint.recipe.train.validation_share
    if not share:
        hint = "Say validation_share = 0.1 under [train], and train it again."
        raise RecipeError(f"The recipe '{recipe.name}' keeps no artist aside to measure a generator by.", hint=hint)
    examples = gather([Dataset.load(folder) for folder in folders], recipe, checkpoint.genres)
    if fingerprint(examples.clips) != checkpoint.lineage["ids_sha256"]:
        raise DataError("These are not the clips that the run was trained on.", hint="Name the same --data.")
    aside = kept_aside(examples, share, checkpoint.lineage["seed"])
    return examples.take(~aside), examples.take(aside)


def follow(
    net: AttentionNet, walks: list[Walk], *, epochs: int, seed: int, progress: Progress = lambda done, total: None
) -> NextToken:
    """Learn which token comes next, from walks; in evaluation mode."""
    rng = torch.Generator().manual_seed(seed)
    vector, conditions = net.options.vector, len(walks[0].conditions)
    follower = NextToken(vector, MIXTURE, width=WIDTH, conditions=conditions)
    optimizer = torch.optim.AdamW(follower.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = epochs * -(-len(walks) // _BATCH)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for epoch in range(epochs):
        progress(epoch, epochs)
        for vectors, mask, known in batches_of(walks, _BATCH, rng):
            loss = _loss(follower, vectors, mask, _hidden(known, rng))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(follower.parameters(), 1.0)
            optimizer.step()
            falling.step()
    progress(epochs, epochs)
    return follower.eval()


def _loss(follower: NextToken, vectors: Tensor, mask: Tensor, known: Tensor) -> Tensor:
    nats = -log_likelihood(follower(vectors[:, :-1], known), vectors[:, 1:])  # (walks, tokens)
    return (nats * mask).sum() / mask.sum()


def _hidden(known: Tensor, rng: torch.Generator) -> Tensor:
    """Conditions with genre and mood hidden now and then, each by itself."""
    shown = (torch.rand(len(known), 2, generator=rng) >= UNKNOWN).float()
    genres = known.shape[1] - 2
    return torch.cat([known[:, :genres] * shown[:, :1], known[:, genres:] * shown[:, 1:]], dim=1)
