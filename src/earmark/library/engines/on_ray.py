"""Hearing on many machines by Ray Data: an actor with one `Hearer` a core, to which blocks of paths are given.

Nothing but paths goes out, and rows as they are kept come back, so that a block of tracks is some ten kB. A worker that
dies, with its process or its machine, costs its blocks: what has no answer is asked for again, alone, and what brings
down three workers is given up. Nothing is remembered here: progress is what the collection has. The ledger of sounds is
an actor beside the driver, since only there the collection can be read.
https://docs.ray.io/en/latest/data/data.html
"""

import hashlib
import logging
import os
import pickle
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark import __version__
from earmark.errors import BundleError, EarmarkError, EngineError, MissingExtraError
from earmark.files import write_whole
from earmark.library.engines.engine import Answer, Failed, path_of
from earmark.library.engines.ledger import Standing
from earmark.library.engines.local import Task, answering, ledger_of, step_back
from earmark.listen.parallel import cores
from earmark.sound.files import name_of
from earmark.sound.watchdog import anything_left

if TYPE_CHECKING:
    import pyarrow as pa

TRIES = 3  # workers that a file may bring down
BLOCK = 8  # tracks that a worker is given at once: what is lost where it dies
_MOST_BLOCKS = 20_000  # each is an object that the driver keeps an eye on
_PATIENCE_S = 10.0
_STARTS = 3
_ROUNDS = 4  # blocks a worker at least, where there are tracks enough: the last ones end at about the same time
_NOT_HEARD_WITH = ("generator.zip", ".DS_Store")  # of a bundle's files
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # earmark tells nobody that it runs
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # it prints to our stdout that a worker died; the answers say what came of it
}


class RayEngine:
    """An engine of the machines of a Ray cluster, or of a Ray of its own on this one.

    Parameters
    ----------
    task:
        How files are heard. The bundle travels; the collection and the claims stay with this process.
    address:
        A cluster, such as "10.0.0.1:6379" or "auto"; None starts one on this machine for as long as it hears. Where
        Ray is running in this process already, that is used.
    workers:
        How many actors, of one core each; all cores of the cluster by default.

    Raises
    ------
    MissingExtraError
        Ray is not installed.
    """

    def __init__(self, task: Task, *, address: str | None = None, workers: int | None = None) -> None:
        _ray()
        self._task, self._address, self._workers = task, address, workers

    def hear(self, paths: Sequence[str]) -> Iterator[Answer]:
        """As `engine.Engine` has it; EngineError where the cluster cannot be reached or is lost."""
        if not paths:
            return
        with _cluster(self._address, self._workers), _settings():
            crew = _Crew(self._task, self._workers)
            left = dict.fromkeys(paths, 0)
            block = _tracks_a_block(len(paths), crew.size)
            while left:
                for answer in crew.hear(list(left), block=block):
                    if not isinstance(answer, EarmarkError):
                        left.pop(path_of(answer), None)
                    yield answer
                # What is left was with workers that died. Those have claimed its sound, so nobody else asks for it now.
                block, crew = 1, _Crew(replace(self._task, claims=None), self._workers)
                for path in list(left):
                    left[path] += 1
                    if left[path] == TRIES:
                        del left[path]
                        yield Failed(path, f"{name_of(path)} brought down {TRIES} workers that heard it.")


class _Crew:
    """What workers of one run have in common: the task, the bundle, the ledger."""

    def __init__(self, task: Task, workers: int | None) -> None:
        ray = _ray()
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        # It waits for nothing, so it needs no core of its own.
        ledger = ray.remote(_Ledger).options(num_cpus=0, scheduling_strategy=here, max_restarts=-1, max_task_retries=-1)
        files = ray.put({path.relative_to(task.bundle).as_posix(): path.read_bytes() for path in _files(task.bundle)})
        there = replace(task, db=task.db and task.db.absolute(), claims=task.claims and task.claims.absolute())
        orders = replace(task, bundle=task.bundle.absolute(), db=None, claims=None)  # actors have folders of their own
        self._orders = (orders, __version__, files, ledger.remote(there))
        self.size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))

    def hear(self, paths: Sequence[str], *, block: int) -> Iterator[Answer]:
        """An answer for each path but those whose worker died."""
        import pyarrow as pa
        import ray.data

        tables = [
            pa.table({"path": pa.array([os.fsencode(path) for path in paths[start : start + block]], pa.binary())})
            for start in range(0, len(paths), block)
        ]
        pool = ray.data.ActorPoolStrategy(size=min(self.size, len(tables)), max_tasks_in_flight_per_actor=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of what goes in 2.64; the extra `ray` stays below it
            answers = ray.data.from_arrow(tables).map_batches(
                _Worker,
                batch_size=None,
                batch_format="pyarrow",
                compute=pool,
                num_cpus=1,
                fn_constructor_args=self._orders,
                ray_remote_args_fn=_remote_options,
            )
        try:
            table: Any  # of Arrow, as was asked for
            for table in answers.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                for content in table.column("answer").to_pylist():
                    yield pickle.loads(content)
        except _ray().exceptions.RayError as error:
            raise _lost(error) from error


class _Worker:
    """An actor: it answers blocks of paths. What keeps it from hearing at all is its only answer."""

    def __init__(self, task: Task, version: str, files: Any, ledger: Any) -> None:
        self._answer: Callable[[str], Answer] = lambda path: Failed(path, "")
        self._fault: EarmarkError | None = None
        step_back(task.nice)
        try:
            if version != __version__:
                said = f"A worker has earmark {__version__}, and {version} asks it to hear."
                raise BundleError(said, hint="Install the same version on all machines.")
            bundle = _bundle(task.bundle, _ray().get(files))
            self._answer = answering(replace(task, bundle=bundle), _FarLedger(ledger))
        except EarmarkError as error:
            self._fault = error

    def __call__(self, block: "pa.Table") -> "pa.Table":
        """A table of answers for a table of paths."""
        import pyarrow as pa

        if anything_left():
            os._exit(1)  # a decoder hangs in a thread: Ray starts another worker, and the block is asked for again
        paths = [os.fsdecode(path) for path in block.column("path").to_pylist()]
        answers = [self._fault] if self._fault else list(map(self._answer, paths))
        return pa.table({"answer": pa.array([pickle.dumps(answer) for answer in answers], pa.binary())})


class _Ledger:
    """An actor beside the collection: the ledger of the task's files."""

    def __init__(self, task: Task) -> None:
        self._ledger = ledger_of(task)

    def ask(self, sound: str) -> Standing | EarmarkError:
        """As `ledger.Ledger` has it; an error is given back, as Ray would wrap it."""
        try:
            return self._ledger.ask(sound)
        except EarmarkError as error:
            return error


class _FarLedger:
    """The ledger as a worker asks it."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def ask(self, sound: str) -> Standing:
        """As `ledger.Ledger` has it; where the ledger is not to be reached, a sound is heard rather than left out."""
        ray = _ray()
        try:
            standing: Standing | EarmarkError = ray.get(self._actor.ask.remote(sound))
        except ray.exceptions.RayError:
            return "free"
        if isinstance(standing, EarmarkError):
            raise standing
        return standing


def _remote_options() -> dict[str, int]:
    """A worker that dies is started again, here or elsewhere; what it was on we ask for again ourselves."""
    return {"max_restarts": -1, "max_task_retries": 0}


def _tracks_a_block(tracks: int, workers: int) -> int:
    few = ceil(tracks / (_ROUNDS * workers))
    return max(1, min(BLOCK, few), ceil(tracks / _MOST_BLOCKS))


def _files(bundle: Path) -> list[Path]:
    return [path for path in sorted(bundle.rglob("*")) if path.is_file() and path.name not in _NOT_HEARD_WITH]


def _bundle(folder: Path, files: dict[str, bytes]) -> Path:
    """The folder of a bundle on this machine: the same one if it is there, or one that is made of what travelled."""
    if _holds(folder, files):
        return folder
    digest = hashlib.blake2b(b"".join(files.values()), digest_size=8).hexdigest()
    made = Path(tempfile.gettempdir()) / f"earmark-bundle-{digest}"  # for all workers of this machine, and later ones
    if not _holds(made, files):
        for name, content in files.items():
            write_whole(made / name, content)
    return made


def _holds(folder: Path, files: dict[str, bytes]) -> bool:
    try:
        return all((folder / name).read_bytes() == content for name, content in files.items())
    except OSError:
        return False


@contextmanager
def _cluster(address: str | None, workers: int | None) -> Iterator[None]:
    """Ray, started or joined for as long as the block lasts, unless it runs already."""
    ray = _ray()
    if ray.is_initialized():
        yield
        return
    if address is None:
        options: dict[str, Any] = {"address": "local", "num_cpus": workers or cores(), "include_dashboard": False}
    else:
        _refuse_unreachable(address)
        options = {"address": address}
    _begin(options, address)
    try:
        yield
    finally:
        ray.shutdown()


def _begin(options: dict[str, Any], address: str | None) -> None:
    """Start or join; Ray gives a start 30 s, which a busy machine may need more than once."""
    ray = _ray()
    for attempt in range(_STARTS):
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.CRITICAL)
            return
        except Exception as error:  # the edge: what it raises where there is no cluster is not agreed on
            ray.shutdown()
            if address is not None:
                raise _no_cluster(address, error) from error
            if "timed out" not in str(error) or attempt == _STARTS - 1:
                raise EngineError(f"Ray cannot be started on this machine ({_said(error)}).") from error


def _refuse_unreachable(address: str) -> None:
    """Raise EngineError where nobody listens: Ray would go on trying for many minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return  # "auto" and the like
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()
    except OSError as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: BaseException) -> EngineError:
    return EngineError(
        f"There is no Ray cluster at {address} that this machine can join ({_said(error)}).",
        hint="Start earmark on a machine of the cluster, with --ray-address auto.",
    )


@contextmanager
def _settings() -> Iterator[None]:
    """How Ray Data shall go on for as long as the block lasts: silently, and past blocks whose worker died."""
    from ray.data import DataContext

    context = DataContext.get_current()
    wanted = {"max_errored_blocks": -1, "enable_progress_bars": False, "print_on_execution_start": False}
    before = {name: getattr(context, name) for name in wanted}
    logger = logging.getLogger("ray.data")
    level = logger.level
    try:
        for name, value in wanted.items():
            setattr(context, name, value)
        logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)
        logger.setLevel(level)


def _lost(error: BaseException) -> EngineError:
    return EngineError(
        f"The Ray cluster failed ({_said(error)}); what was heard is kept.", hint="Run it again when it is there."
    )


def _said(error: BaseException) -> str:
    first = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {first}".rstrip(": .")


def _ray() -> Any:
    """Ray; MissingExtraError where it is not installed."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtraError.naming("Hearing on many machines", "ray") from error
    return ray
