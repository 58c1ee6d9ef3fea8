"""One run of a cross-validation: a system trained without one fold, what it says of that fold, and what it cost."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.errors import DataError, RecipeError
from earmark.evaluate.answers import Answers
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.runs import CHECKPOINTS, PLAN, RUNS
from earmark.evaluate.tag_times import pairs_in_time
from earmark.evaluate.words import tells_words
from earmark.experiments.lease import Lease
from earmark.experiments.protocol import Folds, Protocol, reported_rows
from earmark.files import write_whole
from earmark.listen.calibrate import softmax
from earmark.models import controls
from earmark.train.batches import Examples, gather, genres_of
from earmark.train.checkpoint import FIRST, Checkpoint
from earmark.train.recipe import Recipe
from earmark.train.session import split_sets

if TYPE_CHECKING:
    from earmark.train.loop import Place

Floats = NDArray[np.float32]
WAIT_S = 5.0
Said = tuple[dict[str, Floats], dict[str, Any]]  # answers as `train.predict.clip_answers` has them, and costs


@dataclass(frozen=True)
class Job:
    """One network of a cross-validation, in words that cross to another process."""

    recipe: Recipe
    folders: tuple[Path, ...]
    reported: tuple[str, ...]
    protocol: Protocol
    out: Path
    seed: int
    fold: int
    threads: int

    @property
    def table(self) -> Path:
        """Where its predictions go."""
        return self.out / RUNS / f"seed{self.seed}_fold{self.fold}.csv"

    @property
    def facts(self) -> Path:
        """Where it says what it cost."""
        return self.table.with_suffix(".json")

    @property
    def answers(self) -> Path:
        """Where all that it says goes, of all clips held out, where it has more to say than genres."""
        return self.table.with_suffix(".npz")

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoint is."""
        return self.out / CHECKPOINTS / f"seed{self.seed}_fold{self.fold}"

    @property
    def first(self) -> Path:
        """Where the checkpoint of its first stage is, if it has one."""
        if self.protocol.shared_first:
            return self.out / CHECKPOINTS / f"first_fold{self.fold}"
        return self.checkpoints / FIRST

    @property
    def lease(self) -> Path:
        """The file that says it is in somebody's hands."""
        return self.checkpoints.with_suffix(".lease")

    @property
    def done(self) -> bool:
        """Whether its predictions are there."""
        return self.table.exists()


def jobs_of(
    recipe: Recipe,
    folders: Sequence[Path],
    out: Path,
    *,
    protocol: Protocol,
    seeds: int,
    reported: Sequence[str] = (),
    threads: int = 1,
) -> list[Job]:
    """The whole queue of one cross-validation, in order."""
    places = tuple(Path(folder).resolve() for folder in folders)
    return [
        Job(protocol.adapted(recipe), places, tuple(reported), protocol, out, seed, fold, threads)
        for seed in range(seeds)
        for fold in range(protocol.folds)
    ]


def claim(job: Job) -> None:
    """Write what the queue in the job's folder is, or refuse a folder that holds another one."""
    # Not `fingerprint`: sets are named beside it, and queues that were begun before must go on.
    ids = "".join("\n".join(clip.id for clip in Dataset.load(folder).clips) for folder in job.folders)
    plan = {
        "recipe": job.recipe.identity(),
        "sets": [folder.name for folder in job.folders],
        "reported": list(job.reported),
        "protocol": job.protocol.to_dict(),
        "ids_sha256": hashlib.sha256(ids.encode()).hexdigest(),
    }
    path = job.out / PLAN
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"))
        rest = all(stored.get(key) == value for key, value in plan.items() if key != "recipe")
        if not rest or not job.recipe.same_as(stored["recipe"]):
            hint = "Name another folder with --out, or remove this one."
            raise DataError(f"{job.out} holds the cross-validation of another recipe or of other data.", hint=hint)
        return
    write_whole(path, json.dumps(plan, indent=2, sort_keys=True) + "\n")


def run_job(job: Job, *, alive: Callable[[], None] = lambda: None) -> None:
    """Train one system (or go on with it), write what it says of the clips held out, and what it cost.

    `alive` is called after every epoch. Costs are processor time, so that what else the machine does counts little.
    """
    import torch

    torch.set_num_threads(job.threads)
    genres, examples, folds = split(job)
    asides = job.protocol.asides_of(examples, folds, seed=job.seed)
    mine = examples.take(job.protocol.may_train(examples, np.maximum(folds, asides), job.fold))
    rows = np.flatnonzero(folds == job.fold)
    held = examples.take(np.concatenate([rows, np.flatnonzero(asides == job.fold)]))  # the reported ones first
    others = examples.take(rows)
    seed = 1000 * job.seed + job.fold  # a start of its own for every network
    run = _fit if job.recipe.model.control else _train
    said, facts = run(job, genres, mine, held, seed, alive)
    answer = Predictions(
        genres,
        tuple(clip.id for clip in others.clips),
        tuple(clip.folder.name for clip in others.clips),
        tuple(others.artists),
        tuple(genres[row.argmax()] for row in others.allowed.numpy()),
        softmax(said["logits"][: len(others)]),
        np.full(len(others), job.seed, dtype=np.int64),
        np.full(len(others), job.fold, dtype=np.int64),
    )
    facts |= {"examples": len(mine), "threads": job.threads, "processor": processor()}
    write_whole(job.facts, json.dumps(facts, indent=2) + "\n")
    said.pop("embedding", None)  # guesses of teachers' vectors, which nobody reads, are most of the numbers
    if len(said) > 1:
        Answers.of(held.clips, said).write(job.answers)
    answer.write(job.table)  # last: a table says that the run is done


def _train(
    job: Job, genres: tuple[str, ...], mine: Examples, held: Examples, seed: int, alive: Callable[[], None]
) -> Said:
    from earmark.train.loop import Place, train
    from earmark.train.predict import clip_answers

    place = Place(Place.find().device)  # each run is alone, whatever launched the queue

    learned = _shared_first(job, genres, mine, place, alive)
    checkpoint = train(
        job.recipe,
        mine,
        genres,
        job.checkpoints,
        seed=seed,
        place=place,
        report=lambda row: alive(),
        learned=learned,
    )
    net = checkpoint.network()
    first = checkpoint.lineage.get("first", {"epochs": 0, "processor_seconds": 0.0})
    start = time.process_time()
    said = clip_answers(net, held)
    hearing = (time.process_time() - start) / len(held)
    if tells_words(job.recipe) and "tags" in net.heads and job.recipe.front_end is None:
        said |= pairs_in_time(net, held)
    return said, {
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "epochs": checkpoint.epoch + first["epochs"],
        "train_seconds": sum(row["processor_seconds"] for row in checkpoint.history) + first["processor_seconds"],
        "hear_seconds_per_clip": hearing,
        "device": place.device.type,
    }


def _shared_first(
    job: Job, genres: tuple[str, ...], mine: Examples, place: "Place", alive: Callable[[], None]
) -> Checkpoint | None:
    """The first stage that all seeds of a fold share, trained by whoever comes first; None where there is none."""
    from earmark.train.loop import train

    recipe = job.recipe.first_stage()
    if recipe is None or not job.protocol.shared_first:
        return None
    while (lease := Lease.take(job.first.with_suffix(".lease"))) is None:  # another run of this fold is at it
        alive()
        time.sleep(WAIT_S)
    held = lease

    def report(row: dict[str, float]) -> None:
        alive()
        held.renew()

    try:
        return train(recipe, mine, genres, job.first, seed=job.fold, place=place, report=report, finish=False)
    finally:
        lease.release()


def _fit(
    job: Job, genres: tuple[str, ...], mine: Examples, held: Examples, seed: int, alive: Callable[[], None]
) -> Said:
    if job.recipe.front_end:
        raise RecipeError(f"The control '{job.recipe.name}' hears pictures, so its recipe cannot have a [front_end].")
    control = controls.build(job.recipe.model.options, seed=seed)
    start = time.process_time()
    control.fit(mine.clips, _pictures(mine), mine.allowed.numpy().argmax(axis=1), len(genres))
    fitted = time.process_time()
    alive()
    logits = control.logits(held.clips, _pictures(held))
    return {"logits": logits}, {
        "parameters": None,
        "epochs": 1,
        "train_seconds": fitted - start,
        "hear_seconds_per_clip": (time.process_time() - fitted) / len(held),
        "device": "cpu",
    }


def _pictures(examples: Examples) -> list[NDArray[np.uint8]]:
    return [
        picture[:, :frames].numpy() for picture, frames in zip(examples.pictures, examples.frames.tolist(), strict=True)
    ]


def split(job: Job) -> tuple[tuple[str, ...], Examples, Folds]:
    """Genres, examples and the fold of each; -1 for those that are not reported."""
    datasets = split_sets([Dataset.load(folder) for folder in job.folders], job.protocol.only or None)
    genres = genres_of(job.recipe, datasets)
    examples = job.protocol.rows(gather(datasets, job.recipe, genres))
    return genres, examples, job.protocol.folds_of(examples, reported_rows(examples, job.reported), seed=job.seed)


def processor() -> str:
    """The name of this machine's processor, as far as it tells."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
