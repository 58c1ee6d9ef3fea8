"""A study in a folder: the trials of a hyper-parameter search, shared by any number of processes and machines.

The trials stand in optuna's journal (Akiba et al. 2019, arXiv 1907.10902), a file that is only ever appended to, under
a lock that holds on network file systems too. Each worker holds a lease in `workers/` while it lives: a trial whose
worker is dead is put back in the queue with the same parameters.
"""

import contextlib
import itertools
import json
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from earmark.errors import DataError, MissingExtraError
from earmark.experiments.lease import Lease, held
from earmark.files import write_whole
from earmark.train.recipe import Recipe

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
    from optuna.trial import FrozenTrial, Trial, TrialState
except ImportError as missing:
    raise MissingExtraError.naming("A search", "benchmark") from missing

__all__ = ["FINISHED", "FrozenTrial", "SharedStudy", "Trial", "TrialState", "UpdateFinishedTrialError"]

TERMS, JOURNAL, WORKERS = "terms.json", "journal.log", "workers"
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
RENEW_S, POLL_S = 30.0, 1.0
_WORKER, _FOLDER = "worker", "folder"  # what a trial says of itself: who works on it, whose checkpoints it has


class SharedStudy:
    """The study in the folder `out`: opened where it is there, else begun with the recipe's own values as trial 0.

    Parameters
    ----------
    out:
        The folder.
    recipe:
        Its [search] is where to look.
    terms:
        What else the values depend on, as plain JSON values; values found on other terms cannot be compared.
    steps:
        How many intermediate values a trial reports: its folds.
    seed:
        With the number of the worker, decides which values this worker tries.

    Raises
    ------
    DataError
        The folder holds the study of another recipe or of other terms.
    """

    def __init__(self, out: Path, recipe: Recipe, *, terms: Mapping[str, Any], steps: int, seed: int = 0) -> None:
        self.out, self.distributions = out, distributions_of(recipe)
        (out / WORKERS).mkdir(parents=True, exist_ok=True)
        self.worker = _new_worker(out / WORKERS)
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # what a trial came to stands in the tables
        journal = out / JOURNAL
        with self._alone(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            _claim(out, recipe, terms)
            self.study = optuna.create_study(
                storage=JournalStorage(JournalFileBackend(str(journal), JournalFileOpenLock(str(journal)))),
                # Multivariate: learning rate and batch size are not chosen apart. The liar counts trials under way as
                # bad ones, so that workers do not all try the same place.
                sampler=optuna.samplers.TPESampler(seed=seed + self.worker, multivariate=True, constant_liar=True),
                # The median and not halving: folds are few and small, and a strict cut after one would be a lottery.
                # Trials are compared on the same folds, from the second on where there are more than two.
                pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=int(steps > 2)),
                study_name="search",
                direction="maximize",
                load_if_exists=True,
            )
            if not self.trials():
                self.study.enqueue_trial({path: recipe.at(path) for path in self.distributions})

    def trials(self, *states: TrialState) -> list[FrozenTrial]:
        """All trials, or those in some states; not to be changed."""
        return self.study.get_trials(deepcopy=False, states=states or None)

    @contextmanager
    def working(self) -> Iterator[None]:
        """The time in which this process can have trials; what it has not finished at the end, others try again."""
        lease, over = Lease.take(self._lease_of(self.worker)), threading.Event()
        if lease is None:
            raise DataError(f"Worker {self.worker} of {self.out} is at work already.")

        def renew() -> None:
            while not over.wait(RENEW_S):
                lease.renew()

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            lease.release()

    def take(self, limit: int) -> Trial | None:
        """The next trial to work on; None when `limit` trials are finished.

        Waits while others are at work on the last ones, for it takes over what they leave behind.
        """
        while True:
            with self._alone():
                self._retry_lost()
                finished = len(self.trials(*FINISHED))
                if finished >= limit:
                    return None
                if finished + len(self.trials(TrialState.RUNNING)) < limit:
                    trial = self.study.ask(self.distributions)
                    trial.set_user_attr(_WORKER, self.worker)
                    return trial
            time.sleep(POLL_S)

    def folder_of(self, trial: Trial | FrozenTrial) -> Path:
        """Where the trial keeps what it has done; one that is tried again goes on in the folder of the first try."""
        return self.out / "trials" / str(trial.user_attrs.get(_FOLDER, trial.number))

    def _retry_lost(self) -> None:
        for trial in self.trials(TrialState.RUNNING):
            worker = trial.user_attrs.get(_WORKER)
            if worker is not None and held(self._lease_of(worker)):
                continue
            self.study.tell(trial.number, state=TrialState.FAIL)
            self.study.enqueue_trial(trial.params, user_attrs={_FOLDER: self.folder_of(trial).name})

    def _lease_of(self, worker: int) -> Path:
        return self.out / WORKERS / f"{worker}.lease"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """With no other process choosing trials: so that none is done twice, nor one too many."""
        lock = JournalFileOpenLock(str(self.out / "choosing"))
        lock.acquire()
        try:
            yield
        finally:
            lock.release()


def distributions_of(recipe: Recipe) -> dict[str, BaseDistribution]:
    """What [search] says, in optuna's words; low and high that are whole numbers mean whole numbers."""
    return {path: _distribution(limits, recipe.at(path)) for path, limits in recipe.search.items()}


def _distribution(limits: Mapping[str, Any], own: Any) -> BaseDistribution:
    if "choices" in limits:
        return CategoricalDistribution(tuple(limits["choices"]))
    low, high, log = limits["low"], limits["high"], limits.get("log", False)
    if all(isinstance(number, int) for number in (low, high, own)):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _claim(out: Path, recipe: Recipe, terms: Mapping[str, Any]) -> None:
    ours = json.loads(json.dumps({"search": recipe.search, **terms}))
    path = out / TERMS
    if not path.exists():
        text = json.dumps({"recipe": recipe.identity(), **ours}, indent=2, sort_keys=True)
        return write_whole(path, text + "\n")
    theirs = json.loads(path.read_text(encoding="utf-8"))
    if not recipe.same_as(theirs.pop("recipe")) or theirs != ours:
        hint = "Name another folder with --out, or remove this one."
        raise DataError(f"{out} holds the search of another recipe, or on other data or folds.", hint=hint)
    return None


def _new_worker(folder: Path) -> int:
    """A number that no worker had before, so that none draws the values that another drew: a file that stays."""
    for number in itertools.count():
        with contextlib.suppress(FileExistsError):
            (folder / str(number)).touch(exist_ok=False)
            return number
    raise AssertionError  # numbers do not end
