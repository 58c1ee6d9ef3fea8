"""The training loop: one run, from examples to a checkpoint. Resumes to the bit; one process or several (torchrun).

A run is a function of recipe, examples, seed and the number of threads; nothing else enters. Steps follow Smith &
Topin's one-cycle schedule (2018, arXiv 1708.07120); the weights that answer are an exponential moving average.
"""

import ctypes
import json
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from earmark.data.dataset import fingerprint
from earmark.data.splits import artist_folds
from earmark.errors import DataError
from earmark.files import write_whole
from earmark.models.kernel import KernelOptions
from earmark.models.registry import Finishes
from earmark.train.augment import augment, mixup
from earmark.train.batches import Examples, batches, drawn, to_db, with_noises
from earmark.train.checkpoint import FILE, FIRST, LOG, Checkpoint
from earmark.train.lessons import lessons_of
from earmark.train.losses import partial_cross_entropy
from earmark.train.objective import Objective
from earmark.train.predict import clip_logits, window_tokens_of
from earmark.train.recipe import Recipe

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
}
Report = Callable[[dict[str, float]], None]


@dataclass(frozen=True)
class Place:
    """The device of a run, and its rank among the processes of `torchrun`."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @classmethod
    def find(cls) -> "Place":
        """A GPU where there is one; rank and world from torchrun's environment."""
        rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        if not torch.cuda.is_available():
            return cls(torch.device("cpu"), rank, world)
        return cls(torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))), rank, world)

    @contextmanager
    def joined(self) -> Iterator[None]:
        """The process group, where there are several processes."""
        if self.world == 1:
            yield
            return
        dist.init_process_group("gloo")
        try:
            yield
        finally:
            dist.destroy_process_group()


def keep_memory() -> None:
    """Tell glibc to keep freed memory instead of handing it back: a batch frees and takes hundreds of megabytes.

    Spares the kernel the clearing of new pages, an eighth of the training time on CPUs (see benchmarks/train.py).
    Does nothing on other systems.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_M_MMAP_MAX, 0)
            libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def train(
    recipe: Recipe,
    examples: Examples,
    genres: tuple[str, ...],
    out: Path,
    *,
    seed: int = 0,
    place: Place | None = None,
    report: Report = lambda row: None,
    stop_after: int | None = None,
    finish: bool = True,
    learned: Checkpoint | None = None,
) -> Checkpoint:
    """Train a network, or go on where the checkpoint in `out` stands.

    Parameters
    ----------
    recipe, examples, genres, seed:
        What the run depends on.
    out:
        Folder for `checkpoint.pt` (every epoch) and `log.jsonl` (one line an epoch).
    place:
        Where to run; found by itself by default.
    report:
        Called with each epoch's row: epoch, loss, seconds and, with validation, validation_loss and
        validation_accuracy; `done` counts the epochs of a first stage too.
    stop_after:
        Leave after this many epochs, as a crash would, those of a first stage apart: the schedule is not changed.
    finish:
        Do what is to be done after the last epoch; a first stage leaves that to the second.
    learned:
        What a first stage made, where it was trained elsewhere; by default it is trained in a folder within `out`.

    Raises
    ------
    DataError
        The checkpoint in `out` is of another run.
    """
    place = place or Place.find()
    keep_memory()
    out.mkdir(parents=True, exist_ok=True)
    begun, first = (out / FILE).exists(), recipe.first_stage()
    if first and not begun and learned is None:
        learned = train(first, examples, genres, out / FIRST, seed=seed, place=place, report=report, finish=False)
    run = Run(recipe, examples, genres, seed=seed, place=place)
    if begun:
        run.resume(Checkpoint.load(out / FILE), out)
    elif learned:
        run.begin_with(learned)
    with place.joined():
        run.share_start()
        while not run.finished and (stop_after is None or run.epoch < stop_after):
            row = run.train_epoch()
            if place.rank == 0:
                run.checkpoint().save(out / FILE)
                _write_log(out / LOG, run.history)
                report(row | {"done": row["epoch"] + recipe.epochs - recipe.train.epochs})
        if finish and run.finished and run.finish() and place.rank == 0:
            run.checkpoint().save(out / FILE)
    return run.checkpoint()


class Run:
    """The state of a training run between two epochs."""

    def __init__(self, recipe: Recipe, examples: Examples, genres: tuple[str, ...], *, seed: int, place: Place) -> None:
        self.recipe, self.genres, self.place, self.options = recipe, genres, place, recipe.train
        torch.manual_seed(seed)
        self.rng = torch.Generator().manual_seed(seed + 1)
        mine, self.validation = _split(examples, self.options.validation_share, seed)
        self.examples = with_noises(mine, self.options.noises, seed=seed)
        self.net = recipe.model.build(len(genres)).to(place.device)
        for parameter in self.net.parameters():
            if parameter.ndim == 4:  # kernels with their channels last: a tenth faster on CPUs, see benchmarks/train.py
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.objective = Objective(recipe, self.net, self.examples)
        self._placed = self.examples.to(place.device)  # all of them: a GPU would wait longer for batches than for steps
        self.averaged = {k: v.clone() for k, v in self.net.state_dict().items()} if self.options.ema_decay else {}
        self.best: dict[str, Tensor] = {}
        self.optimizer = _optimizer(self.net, recipe)
        self.shares = {name: options.share for name, options in recipe.sets.items()}
        self.steps_an_epoch = sum(1 for _ in self._batches(torch.Generator()))
        self.step = self.epoch = 0
        self.history: list[dict[str, float]] = []
        self.lineage = {
            "seed": seed,
            "clips": dict(Counter(clip.folder.name for clip in examples.clips)),
            "ids_sha256": fingerprint(examples.clips),
            "torch": str(torch.__version__),
        }

    @property
    def finished(self) -> bool:
        """Whether the last epoch is done, or validation has not got better for as long as the recipe waits."""
        if self.epoch >= self.options.epochs:
            return True
        if not (self.options.patience and self.history):
            return False
        losses = [row["validation_loss"] for row in self.history]
        return self.epoch - 1 - int(np.argmin(losses)) >= self.options.patience

    def begin_with(self, learned: Checkpoint) -> None:
        """Start from the weights that answer after a first stage, in the place of random ones."""
        self.net.load_state_dict(learned.answering)
        self.lineage["first"] = {
            "epochs": learned.epoch,
            "processor_seconds": sum(row["processor_seconds"] for row in learned.history),
        }
        self.averaged = {k: v.clone() for k, v in self.net.state_dict().items()} if self.options.ema_decay else {}

    def share_start(self) -> None:
        """With several processes, all begin with the weights of the first."""
        if self.place.world > 1:
            for tensor in self.net.state_dict().values():
                dist.broadcast(tensor, 0)

    def train_epoch(self) -> dict[str, float]:
        """One pass over the examples; returns its row of the log."""
        start, busy, clips = time.perf_counter(), time.process_time(), 0
        total = torch.zeros((), dtype=torch.float64, device=self.place.device)
        self.net.train()
        for batch in self._batches(self.rng):
            total += self._train_batch(batch).double() * len(batch)  # read at the end: a GPU is not to be waited for
            clips += len(batch)
        self.epoch += 1
        row = {"epoch": self.epoch, "loss": float(total) / max(clips, 1), "rate": self._rate()}
        if len(self.validation):
            row |= self._validate()
            if row["validation_loss"] <= min(r["validation_loss"] for r in [*self.history, row]):
                self.best = {key: value.clone() for key, value in self._answering().items()}
        row["seconds"] = time.perf_counter() - start
        row["processor_seconds"] = time.process_time() - busy  # of all cores together, whatever else they did
        self.history.append(row)
        return row

    def finish(self) -> bool:
        """Fit what is fitted after the last epoch; False where there is nothing of that kind, or it is done."""
        if not isinstance(self.net, Finishes) or not self.net.unfinished:
            return False
        rng = torch.Generator().manual_seed(self.rng.initial_seed())
        options = self.recipe.kernel or KernelOptions()
        shares = {name: each.kernel for name, each in self.recipe.sets.items() if each.kernel < 1}
        mine = self.examples.take(drawn(self.examples, shares, rng)) if shares else self.examples
        changed = self.net.finish(lessons_of(self.net, mine, options, self.recipe.augment, rng))
        state = self.net.state_dict()
        for weights in (self.averaged, self.best):
            if weights:
                weights.update({key: state[key].clone() for key in changed})
        return True

    def checkpoint(self) -> Checkpoint:
        """All of the state, on the CPU."""
        return Checkpoint(
            recipe=self.recipe,
            genres=self.genres,
            epoch=self.epoch,
            weights=_on_cpu(self.net.state_dict()),
            averaged=_on_cpu(self.averaged),
            best=_on_cpu(self.best),
            optimizer=self.optimizer.state_dict(),
            generators={"data": self.rng.get_state(), "network": torch.get_rng_state()},
            history=list(self.history),
            lineage=self.lineage,
        )

    def resume(self, saved: Checkpoint, out: Path) -> None:
        """Take over a checkpoint's state; raises DataError where it is of another recipe, seed or set of clips."""
        same = ("seed", "ids_sha256")
        if self.recipe.identity() != saved.recipe.identity() or any(
            saved.lineage[key] != self.lineage[key] for key in same
        ):
            hint = "Name another folder with --out, or remove this one."
            raise DataError(f"{out} holds a run with another recipe, seed or set of clips.", hint=hint)
        self.net.load_state_dict(saved.weights)
        self.averaged = {k: v.to(self.place.device) for k, v in saved.averaged.items()}
        self.best = dict(saved.best)
        self.optimizer.load_state_dict(saved.optimizer)
        self.rng.set_state(saved.generators["data"])
        torch.set_rng_state(saved.generators["network"])
        self.history, self.epoch = list(saved.history), saved.epoch
        self.lineage |= {key: saved.lineage[key] for key in ("first",) if key in saved.lineage}
        self.step = self.epoch * self.steps_an_epoch

    def _batches(self, rng: torch.Generator) -> Iterator[Examples]:
        size, place, pretext = self.options.batch_size, self.place, self.recipe.pretext
        paired, shares = pretext is not None and pretext.artists > 0, self.shares
        return batches(self._placed, size, rng=rng, shares=shares, paired=paired, rank=place.rank, world=place.world)

    def _train_batch(self, batch: Examples) -> Tensor:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        loss = self._loss(batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._share_gradients()
        if self.options.gradient_clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.options.gradient_clip)
        self.optimizer.step()
        self.step += 1
        self._average()
        return loss.detach()

    def _loss(self, batch: Examples) -> Tensor:
        db = to_db(batch.pictures.to(self.place.device))
        changes = self.recipe.augment
        scale = batch.front_end.scale if batch.front_end else "db"
        frames, coarse = batch.frames, batch.coarse
        view, places = augment(db, frames, self._view_frames(), changes, self.rng, scale=scale, coarse=coarse)
        if not changes.mixup:
            outputs = self.net(view)
            loss = self.objective.labelled(outputs, batch, places, epoch=self.epoch)
        else:
            view, partner, share = mixup(view, changes.mixup, self.rng)
            outputs, other = self.net(view), batch.take(partner.numpy())
            loss = share * self.objective.labelled(outputs, batch, places, epoch=self.epoch)
            loss = loss + (1 - share) * self.objective.labelled(outputs, other, places[partner], epoch=self.epoch)
        return loss + self.objective.unlabelled(outputs, view, batch.artists, self.rng, epoch=self.epoch)

    def _view_frames(self) -> int:
        token_frames = self.net.token_frames
        changes, most = self.recipe.augment, window_tokens_of(token_frames, self.recipe.front_end)
        tokens = changes.tokens or most
        if changes.tokens_spread:
            low, high = max(tokens - changes.tokens_spread, 1), min(tokens + changes.tokens_spread, most)
            tokens = int(torch.randint(low, high + 1, (1,), generator=self.rng))
        return tokens * token_frames

    def _rate(self) -> float:
        options, steps = self.options, self.options.epochs * self.steps_an_epoch
        if options.schedule == "constant":
            return options.learning_rate
        done, rise = self.step / steps, options.warmup
        if done < rise:
            return options.learning_rate * (0.04 + 0.96 * (1 - math.cos(math.pi * done / rise)) / 2)
        fall = min((done - rise) / (1 - rise), 1.0)
        return options.learning_rate * max((1 + math.cos(math.pi * fall)) / 2, 1e-3)

    def _share_gradients(self) -> None:
        if self.place.world == 1:
            return
        gradients = [p.grad for p in self.net.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.place.world
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def _average(self) -> None:
        # Early on the average follows faster, else it would be made of the random start.
        decay = min(self.options.ema_decay, (1 + self.step) / (10 + self.step))
        if not self.averaged:
            return
        state = self.net.state_dict()
        floating = [key for key, value in state.items() if value.dtype.is_floating_point]
        follow = get_ema_multi_avg_fn(decay)
        follow([self.averaged[key] for key in floating], [state[key] for key in floating], self.step)
        for key in state.keys() - set(floating):
            self.averaged[key].copy_(state[key])

    def _answering(self) -> dict[str, Tensor]:
        return self.averaged or self.net.state_dict()

    def _validate(self) -> dict[str, float]:
        trained = {key: value.clone() for key, value in self.net.state_dict().items()}
        self.net.load_state_dict(self._answering())
        logits = torch.from_numpy(clip_logits(self.net, self.validation, device=self.place.device))
        self.net.load_state_dict(trained)
        loss = partial_cross_entropy(logits, self.validation.allowed)
        hit = self.validation.allowed.gather(1, logits.argmax(dim=1, keepdim=True))
        return {"validation_loss": float(loss.mean()), "validation_accuracy": float(hit.float().mean())}


def kept_aside(examples: Examples, share: float, seed: int) -> NDArray[np.bool_]:
    """(clips,) whether its artist is one of those that are kept aside for validation."""
    folds = artist_folds(examples.labels, examples.artists, folds=max(2, round(1 / share)), seed=seed)
    return np.asarray(folds == 0)


def _split(examples: Examples, share: float, seed: int) -> tuple[Examples, Examples]:
    """Examples to train on and to validate with, no artist in both."""
    if share == 0:
        return examples, examples.take(np.empty(0, np.int64))
    aside = kept_aside(examples, share, seed)
    labelled = examples.weights.numpy() > 0  # clips that only have a teacher cannot validate
    return examples.take(~aside), examples.take(aside & labelled)


def _optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    # Weight decay is for matrices and kernels; biases, norms and gains are left alone.
    matrices = [p for p in net.parameters() if p.ndim > 1]
    vectors = [p for p in net.parameters() if p.ndim <= 1]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": recipe.train.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return OPTIMIZERS[recipe.train.optimizer](groups, lr=recipe.train.learning_rate, foreach=True)


def _on_cpu(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value.detach().cpu() for key, value in state.items()}


def _write_log(path: Path, history: list[dict[str, float]]) -> None:
    write_whole(path, "".join(json.dumps(row) + "\n" for row in history))
