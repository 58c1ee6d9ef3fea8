"""The loss of a batch: genre and, by the recipe, teacher, what is outside, pretext tasks, the shape of the vectors."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from earmark.errors import DataError, RecipeError
from earmark.models.registry import Draws, LearnsTags, Network, Outputs, Relates, WithSideLoss
from earmark.train.batches import Examples
from earmark.train.distill import Targets, teacher_loss
from earmark.train.latent import latent_loss
from earmark.train.losses import partial_cross_entropy
from earmark.train.pretext import artist_loss, pretext_loss
from earmark.train.recipe import Recipe

ABSENT = 0.05


class Objective:
    """The loss of a recipe. Made before the first step, for it gives the network what it must know of the teacher."""

    def __init__(self, recipe: Recipe, net: Network, examples: Examples) -> None:
        self.recipe, self.net = recipe, net
        self._spread = torch.ones(())
        self._adjustments = adjustments(examples) if recipe.train.adjust else {}
        if recipe.teacher and examples.targets:
            if recipe.teacher.tags:
                self._spread = _meet(net, examples.targets)
            if recipe.teacher.embedding:
                _check_embedding(net, examples.targets)

    def labelled(self, outputs: Outputs, batch: Examples, places: Tensor, *, epoch: int) -> Tensor:
        """The loss by all labels and targets of the clips, a scalar.

        Parameters
        ----------
        outputs:
            For one view of each clip.
        batch:
            The clips, in the same order.
        places:
            (clips, window): the frame of the clip that each frame of the view was read at.
        epoch:
            How many are done.
        """
        options, teacher = self.recipe.train, self.recipe.teacher
        allowed = batch.allowed.to(outputs.logits.device)
        loss = torch.zeros((), device=outputs.logits.device)
        if epoch >= self._alone():
            loss = loss + self._genre(outputs, batch, allowed, epoch)
        if batch.targets and teacher:
            targets = [each.to(loss.device) for each in batch.targets]
            loss = loss + teacher_loss(outputs, targets, places, self._spread, teacher).mean()
        if options.outside_loss:
            loss = loss + options.outside_loss * _outside(outputs, batch.outside.to(loss.device))
        if options.style_loss:
            loss = loss + options.style_loss * _style(outputs, batch.styles.to(loss.device))
        return loss + self.net.side_loss(outputs, allowed) if isinstance(self.net, WithSideLoss) else loss

    def unlabelled(
        self, outputs: Outputs, view: Tensor, artists: Sequence[str], rng: torch.Generator, *, epoch: int = 0
    ) -> Tensor:
        """The loss by the sound alone, a scalar: the pretext tasks, and the shape of the vectors.

        `outputs` are for `view`, (clips, bands, window), by `artists`; `epoch` is how many are done.
        """
        loss = torch.zeros((), device=view.device)
        if self.recipe.latent is not None:
            assert isinstance(self.net, Draws)  # the recipe was refused otherwise
            loss = loss + latent_loss(self.net, outputs, view, self.recipe.latent, epoch=epoch)
        if self.recipe.pretext is None:
            return loss
        assert isinstance(self.net, Relates)  # likewise
        loss = loss + pretext_loss(self.net, outputs, view, self.recipe.pretext, rng)
        if weight := self.recipe.pretext.artists:
            loss = loss + weight * artist_loss(self.net, outputs, artists)
        return loss

    def _genre(self, outputs: Outputs, batch: Examples, allowed: Tensor, epoch: int) -> Tensor:
        options = self.recipe.train
        weights = batch.weights.to(allowed.device)
        if epoch < options.partial_after:
            weights = weights * (allowed.sum(dim=1) == 1)
        smoothing = options.label_smoothing
        logits, token_logits = outputs.logits, outputs.token_logits
        if options.adjust:
            rows = torch.stack([self._adjustments[clip.folder] for clip in batch.clips]).to(logits.device)
            logits, token_logits = logits + options.adjust * rows, token_logits + options.adjust * rows[:, None]
        loss = options.clip_loss * partial_cross_entropy(logits, allowed, smoothing=smoothing)
        if options.token_loss:
            each = allowed[:, None].expand_as(token_logits)
            tokens = partial_cross_entropy(token_logits, each, smoothing=smoothing)
            loss = loss + options.token_loss * tokens.mean(dim=1)
        return (loss * weights).sum() / weights.sum().clamp(min=1e-6)

    def _alone(self) -> int:
        parts = (self.recipe.teacher, self.recipe.pretext, self.recipe.latent)
        return max((part.alone for part in parts if part is not None), default=0)


def adjustments(examples: Examples) -> dict[Path, Tensor]:
    """By set, the log share of each genre among its labels, (genres,): 0 for the commonest.

    So that a network learns from each set to tell its genres apart, and not that one of them is commoner there (logit
    adjustment, Menon et al. 2021, arXiv 2007.07314). A label that may be several genres counts for each in part. Genres
    that a set does not have count as much as `ABSENT` of its mean genre: they are hardly held against its clips.
    """
    shares: dict[Path, Tensor] = {}
    for clip, allowed, weight in zip(examples.clips, examples.allowed, examples.weights.tolist(), strict=True):
        counts = shares.setdefault(clip.folder, torch.zeros(examples.allowed.shape[1]))
        if weight:
            counts += allowed / allowed.sum()
    made = {}
    for folder, counts in shares.items():
        usual = counts.sum() / max(int((counts > 0).sum()), 1)
        raised = counts + ABSENT * usual
        made[folder] = (raised / raised.max()).log() if usual else torch.zeros_like(counts)
    return made


def _meet(net: Network, targets: Sequence[Targets]) -> Tensor:
    """Give the network mean and deviation of each tag's logits; returns the deviations, (tags of all teachers,)."""
    device = next(net.parameters()).device
    usual, spread = (torch.cat(parts).to(device) for parts in zip(*(each.usual() for each in targets), strict=True))
    if isinstance(net, LearnsTags):
        net.meet_teacher(usual, spread)
    return spread


def _check_embedding(net: Network, targets: Sequence[Targets]) -> None:
    given, learned = sum(each.embedding.shape[1] for each in targets), net.heads["embedding"]
    if not given:
        raise DataError(
            "The recipe's [teacher] asks for vectors, and no teacher of these sets has any.",
            hint="Say embedding = 0.0 under [teacher].",
        )
    if given != learned:
        raise RecipeError(
            f"The teachers' vectors have {given} numbers, and the network learns {learned}.",
            hint=f"Say embedding = {given} under [model.heads].",
        )


def _style(outputs: Outputs, styles: Tensor) -> Tensor:
    """Cross-entropy of each style, of the view and of its tokens, over the clips of which they are known; a scalar.

    A clip counts once, however many styles are known of it: four quadrants of mood as much as sixty sub-genres.
    """
    known = ~styles.isnan()
    wanted, of_tokens = styles.nan_to_num(0.0), outputs.token_heads["styles"].float()
    cross_entropy = nn.functional.binary_cross_entropy_with_logits
    error = cross_entropy(outputs.heads["styles"].float(), wanted, reduction="none")
    each = wanted[:, None].expand_as(of_tokens)
    error = error + cross_entropy(of_tokens, each, reduction="none").mean(dim=1)
    of_clips = (error * known).sum(dim=1) / known.sum(dim=1).clamp(min=1)
    return of_clips.sum() / known.any(dim=1).sum().clamp(min=1)


def _outside(outputs: Outputs, outside: Tensor) -> Tensor:
    """Cross-entropy of "none of the genres" over the clips of which it is known, a scalar."""
    known = ~outside.isnan()
    each = nn.functional.binary_cross_entropy_with_logits(
        outputs.heads["outside"].squeeze(1).float(), outside.nan_to_num(0.0), reduction="none"
    )
    return (each * known).sum() / known.sum().clamp(min=1)
