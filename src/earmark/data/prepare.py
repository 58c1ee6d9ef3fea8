"""From a source of labelled sound to a data set in earmark's layout: pictures, and a clips.csv that says what they are.

Every clip carries the SHA-256 of its file's bytes, so that running again does only what is missing or has changed, also
after an interruption. A file that cannot be heard costs only itself. Files are written whole or not at all.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from earmark.data.hearing import hear_clip
from earmark.data.layout import (
    CLIPS_FILE,
    Pitch,
    db_of_picture,
    picture_of_db,
    png_of_picture,
    read_picture,
    read_rows,
    write_rows,
)
from earmark.data.sources import Item, Trouble, importer_for
from earmark.errors import DataError, EarmarkError, SoundError
from earmark.files import shown, write_whole
from earmark.listen.parallel import Crash, cores, work
from earmark.sound.tags import tags_of

SAVE_EVERY_S = 5.0

Row = dict[str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Preparation:
    """What a run of `prepare` did: clips newly prepared, clips kept from before, and what is left out.

    `in_part` are clips, among those newly prepared, of whose sound a part could not be read.
    """

    folder: str
    importer: str
    prepared: int
    kept: int
    dropped: tuple[str, ...]
    failed: tuple[Trouble, ...]
    skipped: tuple[Trouble, ...]
    notes: tuple[str, ...]
    in_part: tuple[Trouble, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Task:
    """A clip to prepare, and the hash of the file that its picture was made from, where there is a picture."""

    item: Item
    picture: Path
    known_sha256: str


@dataclass(frozen=True)
class _Done:
    """A clip's new columns; `kept` where its picture was there already, else the PNG, empty where it is in place."""

    columns: Mapping[str, str]
    kept: bool
    png: bytes = b""


def prepare(
    source: Path,
    out: Path,
    *,
    kind: str | None = None,
    jobs: int | None = None,
    on_progress: Progress = lambda done, total: None,
) -> Preparation:
    """Prepare a source as a data set in `out`, or bring an earlier preparation up to date.

    Parameters
    ----------
    source:
        The folder with the music; its kind is recognised.
    out:
        The data set's folder; made where it is missing. It may be `source` itself where that is in the layout.
    kind:
        The importer's name, where recognising is not wanted.
    jobs:
        How many processes; one a core by default; 1 works in this process.
    on_progress:
        Called with the number of clips done and of all clips.

    Raises
    ------
    DataError
        The source is of no known kind or empty, or `out` holds another set.
    OutputError
        `out` cannot be written: what is done by then is kept, where there is room for it.
    """
    importer = importer_for(source, kind)
    catalogue = importer.catalogue(source)
    before = _rows_before(out, {item.id for item in catalogue.items})
    tasks = [_task(item, out, before.get(item.id, {})) for item in catalogue.items]
    failed: list[Trouble] = []
    in_part: list[Trouble] = []
    kept = 0
    with _Ledger(out, catalogue.items, before) as ledger:
        for number, (task, done) in enumerate(_each(tasks, jobs=jobs or cores()), start=1):
            if isinstance(done, Trouble):
                failed.append(done)
                if source.resolve() != out.resolve():  # a person's own clips.csv loses no row to a broken file
                    ledger.strike(task.item)
            else:
                kept += done.kept
                if unread_s := done.columns.get("unread_s"):
                    in_part.append(Trouble(str(task.item.file), f"{unread_s} s of it could not be read"))
                if done.png:  # written here and not by the workers, for those may be ended at any moment
                    write_whole(task.picture, done.png)
                ledger.enter(task.item, done)
            on_progress(number, len(tasks))
    return Preparation(
        folder=str(out),
        importer=importer.name,
        prepared=len(tasks) - len(failed) - kept,
        kept=kept,
        dropped=tuple(before.keys() - {item.id for item in catalogue.items}),
        failed=tuple(failed),
        skipped=catalogue.skipped,
        notes=catalogue.notes,
        in_part=tuple(in_part),
    )


def _rows_before(out: Path, ids: set[str]) -> dict[str, Row]:
    """The rows of an earlier preparation by id; raises DataError where `out` holds something else."""
    if not (out / CLIPS_FILE).exists():
        return {}
    before = {row["id"]: row for row in read_rows(out / CLIPS_FILE)}
    if not ids & before.keys():
        raise DataError(f"{out} holds another data set.", hint="Choose an empty or a new folder.")
    return before


def _task(item: Item, out: Path, row: Mapping[str, str]) -> _Task:
    picture = out / "mel" / f"{item.id}.png"
    return _Task(item, picture, row.get("sha256", "") if picture.exists() else "")


class _Ledger:
    """The clips.csv being written: saved every few seconds and at the end, also by Ctrl-C, so that no work is lost.

    Clips that are still to come keep their rows from before.
    """

    def __init__(self, out: Path, items: Sequence[Item], before: Mapping[str, Row]) -> None:
        self._out = out
        self._before = before
        self._rows: dict[str, Row | None] = {item.id: before.get(item.id) for item in items}
        self._saved_s = time.monotonic()

    def __enter__(self) -> "_Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self._save()

    def enter(self, item: Item, done: _Done) -> None:
        """Note a clip that is prepared."""
        self._rows[item.id] = _row(item, done, self._before.get(item.id, {}), self._out)
        if time.monotonic() - self._saved_s > SAVE_EVERY_S:
            self._save()
            self._saved_s = time.monotonic()

    def strike(self, item: Item) -> None:
        """Take out a clip that cannot be heard, or no longer."""
        self._rows[item.id] = None

    def _save(self) -> None:
        rows = [row for row in self._rows.values() if row is not None]
        if rows:
            write_rows(self._out / CLIPS_FILE, rows)
        else:
            (self._out / CLIPS_FILE).unlink(missing_ok=True)


def _row(item: Item, done: _Done, before: Mapping[str, str], out: Path) -> Row:
    """The clip's row: what the source says; where it says nothing, what stood there before (a person may have filled it
    in), then what the file's tags say.
    """
    row = {"id": item.id, **item.columns}
    for name, value in [*before.items(), *done.columns.items()]:
        if name in _MEASURED or not row.get(name):
            row[name] = value
    row.pop("path", None)
    if item.file.suffix.lower() != ".png":
        row["path"] = _relative(item.file, out)
    return row


_MEASURED = frozenset({"sha256", "duration_s", "peak_db", "clipped_share", "unread_s"})


def _relative(file: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive on Windows
        return str(file.resolve())


def _each(tasks: Sequence[_Task], *, jobs: int) -> Iterator[tuple[_Task, _Done | Trouble]]:
    if jobs == 1:
        yield from ((task, _prepare_clip(task)) for task in tasks)
        return
    for task, done in zip(tasks, work(_worker, tasks, jobs=jobs), strict=True):
        if isinstance(done, Crash):
            yield task, Trouble(str(task.item.file), f"the process that decoded it died (exit code {done.exit_code})")
        else:
            yield task, done


def _worker() -> Callable[[_Task], _Done | Trouble]:
    return _prepare_clip


def _prepare_clip(task: _Task) -> _Done | Trouble:
    file = task.item.file
    try:
        _refuse_what_is_no_text(task)
        sha256 = _sha256(file)
        if sha256 == task.known_sha256:
            return _Done({"sha256": sha256}, kept=True)
        row, png = _make_picture(task)
        return _Done({"sha256": sha256, **row}, kept=False, png=png)
    except EarmarkError as error:
        return Trouble(str(file), str(error))
    except OSError as error:
        return Trouble(str(file), error.strerror or str(error))
    except Exception as error:  # noqa: BLE001  the edge: whatever is wrong with one file, the others are done
        return Trouble(str(file), f"{type(error).__name__}: {error}")


def _refuse_what_is_no_text(task: _Task) -> None:
    """Before there is a picture that no row could name: clips.csv is UTF-8, and names of files need not be."""
    out = task.picture.parents[1]
    said = (task.item.id, *task.item.columns.values(), _relative(task.item.file, out))
    try:
        "".join(said).encode()
    except UnicodeEncodeError:
        sentence = f"The path {shown(task.item.file)} is not UTF-8, and {CLIPS_FILE} is."
        raise DataError(sentence, hint="Rename it.") from None


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _make_picture(task: _Task) -> tuple[Row, bytes]:
    """What was measured, the tags where the columns lack them, and the clip's picture as PNG."""
    file = task.item.file
    if file.suffix.lower() == ".png":
        picture = read_picture(file)
        if task.picture.exists() and file.samefile(task.picture):
            return {}, b""
        pitch = Pitch.load(file.parents[1])  # of the set it is in: what is prepared has the front end's
        if pitch.own:
            return {}, file.read_bytes()
        return {}, png_of_picture(picture_of_db(pitch.to_frames(db_of_picture(picture))))
    heard = hear_clip(file)
    if heard.silent:
        raise SoundError(f"{file} is silent.")
    measured = {
        "duration_s": f"{heard.duration_s:.2f}",
        "peak_db": f"{heard.peak_db:.1f}",
        "clipped_share": f"{heard.clipped_share:.6f}",
        "unread_s": f"{heard.unread_s:.2f}" if heard.unread_s else "",
    }
    return {**tags_of(file), **measured}, png_of_picture(heard.picture)
