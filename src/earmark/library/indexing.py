"""An indexing run: folders are looked through, what is new is heard, and each answer is in the file at once.

Nothing is lost and nothing done twice, whenever the run ends: an answer is committed as soon as it is there, and the
next run begins with what is not in the file. `Indexer.index` says at the end what became of all files.
"""

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from earmark.errors import CollectionError, EarmarkError
from earmark.files import shown
from earmark.library.changes import Wanted, mark_gone, take_known
from earmark.library.engines.engine import Answer, Engine, Failed, Heard, Known, Look, Silent, Waits
from earmark.library.engines.ledger import release
from earmark.library.engines.local import NICE, LocalEngine, Task
from earmark.library.entry import absolute
from earmark.library.longest import choose_longest
from earmark.library.names import names_of
from earmark.library.places import Facts, facts_of, is_file, is_gone
from earmark.library.scan import Choice, Request, Scan, root_of, scan
from earmark.library.store import FAILED, FileFacts, Store
from earmark.listen.bundle import Bundle
from earmark.sound.watchdog import PATIENCE_S

if TYPE_CHECKING:
    from earmark.library.lake import Lake

LOCAL, RAY = ENGINES = ("local", "ray")


class Steps(Protocol):
    """What shows how far a run is: `step` is a block around what is said of one more file."""

    def step(self) -> AbstractContextManager[None]:
        """One more file is done."""


Show = Callable[[Sequence[str]], AbstractContextManager[Steps]]
OnFailure = Callable[[str, str], None]


@dataclass(frozen=True)
class Options:
    """How a run goes; see `earmark index --help`.

    `rehear` hears what this network has not heard, or not whole unless `quick`, `again` all, `retry` what failed.
    `longest_s` is None for what was chosen before. `engine` is `LOCAL`, processes of this machine, or `RAY`, the
    cluster at `ray_address` or one on this machine. `parquet` is the folder or address of a lake (`lake.Lake`).
    """

    jobs: int | None = None
    nice: int = NICE
    longest_s: float | None = None
    patience_s: float = PATIENCE_S
    exclude: Sequence[str] = ()
    retry: bool = False
    rehear: bool = False
    again: bool = False
    quick: bool = False
    engine: str = LOCAL
    ray_address: str | None = None
    parquet: str | None = None


@dataclass
class Report:
    """What became of the files.

    Attributes
    ----------
    heard:
        Were heard; `silent` of them are nothing but silence.
    retagged, moved, copied:
        Whose sound was known: under the same path, under one that is gone, under another.
    unchanged, back, gone:
        As they were; there again; not there any more.
    failed:
        (path, reason) of each that could not be heard now.
    failed_before:
        How many could not be heard before, and did not change.
    notes:
        What else a person should know, each a sentence.
    scan:
        What was found.
    """

    heard: int = 0
    silent: int = 0
    retagged: int = 0
    moved: int = 0
    copied: int = 0
    unchanged: int = 0
    back: int = 0
    gone: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    failed_before: int = 0
    notes: list[str] = field(default_factory=list)
    scan: Scan = field(default_factory=Scan)

    @property
    def present(self) -> int:
        """How many of the files that were found the collection has answers of."""
        return self.heard + self.retagged + self.moved + self.copied + self.unchanged + self.back

    @property
    def changed(self) -> int:
        """How many files were not as they were."""
        return self.present - self.unchanged + self.gone + len(self.failed)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        numbers = ("heard", "silent", "unchanged", "retagged", "moved", "copied", "back", "gone", "failed_before")
        return {
            **{name: getattr(self, name) for name in numbers},
            "failed": [{"path": path, "reason": reason} for path, reason in self.failed],
            "notes": self.notes,
        }


def engine_of(task: Task, options: Options) -> Engine:
    """The engine that was chosen; MissingExtraError where it needs what is not installed."""
    if options.engine == RAY:
        from earmark.library.engines.on_ray import RayEngine

        return RayEngine(task, address=options.ray_address, workers=options.jobs)
    return LocalEngine(task, jobs=options.jobs)


class _Silently:
    """Shows nothing."""

    def step(self) -> AbstractContextManager[None]:
        return nullcontext()


class Indexer:
    """Indexes folders into a store with one bundle.

    Parameters
    ----------
    store:
        Where it goes.
    bundle:
        Whose network hears.
    options:
        See `Options`.
    engine:
        Makes an engine for a task; the one of the options by default.
    """

    def __init__(
        self,
        store: Store,
        bundle: Bundle,
        options: Options,
        *,
        engine: Callable[[Task, Options], Engine] = engine_of,
    ) -> None:
        self._store, self._options, self._engine = store, options, engine
        self._model_id = store.model(bundle.info.model, bundle.info.sha256, names_of(bundle))
        whole = Wanted(self._model_id, 0.0 if options.quick else 1.0) if options.rehear else Wanted()
        self._choice = Choice(whole, again=options.again, retry=options.retry)
        self._lake = _lake(options.parquet, store, self._model_id)
        self._claims = store.db.with_name(store.db.name + ".claims")
        self._task = Task(
            bundle=bundle.folder,
            db=None if options.again else store.db,
            model_id=whole.model_id,
            least_share=whole.least_share,
            nice=options.nice,
            patience_s=options.patience_s,
            longest_s=choose_longest(store, options.longest_s),
            quick=options.quick,
        )

    def index(
        self,
        places: Sequence[str | Path],
        *,
        named: Sequence[str | Path] = (),
        show: Show = lambda pending: nullcontext(_Silently()),
        on_failure: OnFailure = lambda path, reason: None,
    ) -> Report:
        """Index folders and files.

        Parameters
        ----------
        places:
            Folders to look through, and single files.
        named:
            Of which these are parts that changed; the places themselves by default.
        show:
            Called once with the files that are to be looked into; gives what shows how far they are.
        on_failure:
            Called with the path and the reason of each file that could not be heard.

        Raises
        ------
        CollectionError
            The file cannot be written, or a folder vanished meanwhile; what was committed before stays.
        BundleError
            The bundle cannot hear.
        """
        roots = [absolute(place) for place in named or places]
        request = Request([absolute(place) for place in places], roots, self._choice, self._options.exclude)
        found = scan(self._store, request)
        report = Report(
            failed=[(place, f"{shown(place)} is not there.") for place in found.absent],
            unchanged=found.unchanged,
            back=found.back,
            failed_before=found.failed_before,
            notes=list(found.notes),
            scan=found,
        )
        for path, reason in report.failed:
            on_failure(path, reason)
        if found.pending:
            with show(found.pending) as steps:
                self._hear(_Run(self._store, self._model_id, self._choice, roots, report, on_failure), found, steps)
        if self._lake:
            self._lake.catch_up()
            report.notes += [
                f"What was heard of {shown(path)} is damaged, and not in the lake." for path in self._lake.damaged
            ]
        report.gone += sum(mark_gone(self._store, place, found.present) for place in found.judged)
        if not self._store.settle(self._model_id):
            report.notes.append(
                "Not all files were heard with this network: answers of the one before are told until they are"
                " (--rehear hears the rest)."
            )
        return report

    def _hear(self, run: "_Run", found: Scan, steps: Steps) -> None:
        """All pending files; copies that came at the same time are asked for again, when their sound is known."""
        task = self._task if self._task.db is None else replace(self._task, claims=self._new_claims())
        try:
            waiting = self._pass(task, run, found.pending, steps)
            if waiting:
                self._pass(replace(task, claims=None), run, waiting, steps)
        finally:
            shutil.rmtree(self._claims, ignore_errors=True)

    def _new_claims(self) -> Path:
        """An empty folder for claims; those of a run that was killed are removed."""
        shutil.rmtree(self._claims, ignore_errors=True)
        try:
            self._claims.mkdir()
        except OSError as error:
            raise CollectionError(f"{shown(self._claims)} cannot be written ({error.strerror}).") from error
        return self._claims

    def _pass(self, task: Task, run: "_Run", paths: Sequence[str], steps: Steps) -> list[str]:
        """Hear files; gives those that wait for another one."""
        waiting = []
        for answer in self._engine(task, self._options).hear(paths):
            if isinstance(answer, EarmarkError):
                raise answer
            if isinstance(answer, Waits):
                waiting.append(answer.path)
                continue
            with steps.step():
                run.take(answer)
            if self._lake:
                self._lake.step()
            look = getattr(answer, "look", None)
            if task.claims is not None and look is not None:
                release(task.claims, look.sound_id)
        return waiting


def _lake(place: str | None, store: Store, model_id: int) -> "Lake | None":
    if place is None:
        return None
    from earmark.library.lake import Lake

    return Lake(place, store, model_id)


@dataclass
class _Run:
    """Answers on their way into the collection, each in a transaction of its own."""

    store: Store
    model_id: int
    choice: Choice
    roots: Sequence[str]
    report: Report
    on_failure: OnFailure

    def take(self, answer: Answer) -> None:
        """Keep an answer."""
        with self.store.together():
            if isinstance(answer, Failed):
                self._failed(answer)
            elif isinstance(answer, Known):
                self._known(answer.look)
            elif isinstance(answer, Heard | Silent):
                self._heard(answer)

    def _heard(self, answer: Heard | Silent) -> None:
        facts = self._facts(answer.look)
        self.store.drop_stale(facts.path, facts.sound_id)
        file_id = self.store.keep_file(facts)
        if isinstance(answer, Heard):
            self.store.keep_packed(file_id, self.model_id, answer.heard)
        else:
            self.store.keep_silence(file_id, self.model_id)
            self.report.silent += 1
        self.report.heard += 1

    def _known(self, look: Look) -> None:
        taken = take_known(self.store, self._facts(look), self.choice.wanted)
        if taken is None:  # it was removed since the engine saw it, which nobody does while we write
            self.report.failed.append((look.path, "It changed while it was looked at."))
            return
        what = taken
        self.report.retagged += what == "same"
        self.report.moved += what == "moved"
        self.report.copied += what == "copied"

    def _failed(self, answer: Failed) -> None:
        root = root_of(answer.path, self.roots)
        if root != answer.path and is_gone(root):
            raise CollectionError(
                f"{shown(root)} vanished while it was indexed; what was heard of it is kept.",
                hint="Run it again when it is there.",
            )
        if is_gone(answer.path):
            return  # it was removed meanwhile: whether it was known, and is gone now, is asked at the end
        self.report.failed.append((answer.path, answer.reason))
        self.on_failure(answer.path, answer.reason)
        if is_file(answer.path):  # a name that leads nowhere, or to a folder, is none of the collection
            self._remember(answer)

    def _remember(self, answer: Failed) -> None:
        """Keep a failure, so that the file is not tried again as it is."""
        facts = facts_of(answer.path) or Facts(0, 0)
        look = answer.look or Look(answer.path, facts.size, facts.mtime_ns, "", {})
        if look.sound_id:
            self.store.drop_stale(look.path, look.sound_id)
        self.store.keep_file(self._facts(look), state=FAILED, reason=answer.reason)

    def _facts(self, look: Look) -> FileFacts:
        return FileFacts(look.path, root_of(look.path, self.roots), look.size, look.mtime_ns, look.sound_id, look.tags)
