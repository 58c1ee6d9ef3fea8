"""Writing tags, and taking them back, so that each file is the old one or the new one whole, whatever happens.

The new file is made beside the old one, read again and held against it: its other fields, the sound, what a second
reader of tags says, and whether the edits that lead back make the old bytes of it. Then it is on the disk, then in the
journal, and then it takes the old one's place.
"""

import contextlib
import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from earmark.errors import CollectionError, EarmarkError, SoundError, TagError
from earmark.files import shown
from earmark.library.entry import Entry
from earmark.library.store import Store
from earmark.library.tags.edits import Edit, digest, digest_of_edited, edited, in_order, leading_back
from earmark.library.tags.formats import read_tags
from earmark.library.tags.held import GENRE
from earmark.library.tags.journal import (
    CHANGED,
    DROPPED,
    UNDOING,
    UNDONE,
    WRITTEN,
    Journal,
    Record,
    StopError,
    fields_of,
)
from earmark.library.tags.plan import Plan, open_unchanged, what_was_lost
from earmark.sound.identity import sound_id
from earmark.sound.tags import all_tags

_PART = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Writer:
    """Writes plans of one run.

    Parameters
    ----------
    journal:
        Where it is noted; what an earlier run left is settled at once.
    store:
        The collection, which is told how the files now are. Holding it keeps others from writing at the same time.
    """

    def __init__(self, journal: Journal, store: Store) -> None:
        self._journal = journal
        self._store = store
        self.settled = settle(journal)
        self._run = 0
        self._number = 0

    @property
    def run(self) -> int:
        """The number of the run; 0 as long as nothing was written."""
        return self._run

    def write(self, plan: Plan, entry: Entry) -> None:
        """Write what is planned into the file of an entry.

        Raises
        ------
        TagError
            It cannot be, or must not be; the file is as it was.
        StopError
            Likewise, and no other will be.
        """
        place = Path(os.path.realpath(plan.path))
        with _failures(plan.path), _beside(place) as part:
            with open_unchanged(entry) as file:  # closed before it is replaced, as Windows wants it
                facts = os.fstat(file.fileno())
                record = self._made(plan, entry, file, part, facts)
            _refuse_changed(place, facts)
            self._journal.planned(record)
            try:
                _replace(part, place)
            except OSError:
                self._journal.mark(record, DROPPED)
                raise
        self._journal.mark(record, WRITTEN)
        _tell(self._store, plan.path)

    def _made(self, plan: Plan, entry: Entry, file: BinaryIO, part: Path, facts: os.stat_result) -> Record:
        """The new file, made and checked, as the journal will know it."""
        if sound_id(plan.path) != entry.sound_id:
            raise TagError(f"{shown(plan.path)} holds another sound than was heard: it was left as it is.")
        edits = in_order(read_tags(file, shown(plan.path)).edits(plan.values))
        back = leading_back(file, edits)
        self._run = self._run or self._journal.new_run()
        self._number += 1
        self._journal.beside(self._run, self._number, part)
        _make(file, edits, part, Path(plan.path))
        old, new = self._verified(plan, file, part, back, entry)
        fields = fields_of(plan.changes)
        return Record(self._run, self._number, plan.path, old, new, facts.st_mtime_ns, tuple(back), fields)

    @staticmethod
    def _verified(plan: Plan, file: BinaryIO, part: Path, back: Sequence[Edit], entry: Entry) -> tuple[str, str]:
        """The hashes of the old and the new file; TagError where the new one is not what it should be."""
        name = shown(plan.path)
        with part.open("rb") as written:
            wrong = what_was_lost(read_tags(file, name), read_tags(written, name), plan.values)
            old, new = digest(file), digest(written)
            if not wrong and digest_of_edited(written, back) != old:
                wrong = "there is no way back"
        if not wrong and sound_id(part) != entry.sound_id:
            wrong = "the sound is another"
        wrong = wrong or _read_otherwise(Path(plan.path), part, plan)
        if wrong:
            raise TagError(f"The new tags of {name} did not pass the check ({wrong}): it was left as it is.")
        return old, new


def undo(journal: Journal, store: Store, run: int, *, within: Sequence[str] = ()) -> Iterator[tuple[Record, str]]:
    """Bring back the files as they were before a run, the last one first; each with why it was not, or nothing.

    Parameters
    ----------
    journal, store:
        As of `Writer`.
    run:
        Which run.
    within:
        Folders and files to which it keeps; all where there are none.
    """
    settle(journal)
    for record in reversed(journal.of_run(run)):
        is_inside = not within or any(Path(record.path).is_relative_to(each) for each in within)
        if record.state not in (WRITTEN, CHANGED) or not is_inside:
            continue
        try:
            _take_back(journal, record)
            _tell(store, record.path)
        except StopError:
            raise
        except TagError as error:
            yield record, str(error)
        else:
            yield record, ""


def settle(journal: Journal) -> dict[str, str]:
    """Find out what became of files at which a run was cut short, and remove what it left: {path: what it is}.

    A file is "written", "dropped" or "undone" where it is as it was, or "changed" where somebody changed it since; of
    one that cannot be read nothing is told.
    """
    found, parts = {}, journal.parts
    for record in journal.open_records:
        now = _digest_at(Path(os.path.realpath(record.path)))
        if not now:
            continue  # its disk may not be mounted: another time
        as_before = UNDONE if record.state == UNDOING else DROPPED
        state = {record.new: WRITTEN, record.old: as_before}.get(now, CHANGED)
        found[record.path] = state
        journal.mark(record, state)
    for part in map(Path, parts):
        if part.suffix == _PART and part.name.startswith("."):
            with contextlib.suppress(OSError):
                part.unlink()
    return found


def _take_back(journal: Journal, record: Record) -> None:
    place, name = Path(os.path.realpath(record.path)), shown(record.path)
    if not place.is_file():
        raise TagError(f"{name} is not there any more: nothing of it was taken back.")
    with _failures(record.path):
        facts, now = place.stat(), _digest_at(place)
        if now == record.old:  # it was taken back, and that was not noted any more
            journal.mark(record, UNDONE)
            return
        if now != record.new:
            raise TagError(f"{name} was changed after earmark tagged it: it was left as it is.")
        if not facts.st_mode & 0o222 or not os.access(place, os.W_OK):
            raise TagError(f"{name} is read-only: it was left as it is.")
        with _undoing(journal, record), _beside(place) as part:
            journal.beside(record.run, record.number, part)
            with place.open("rb") as file:
                _make(file, journal.back(record), part, place)
            if _digest_at(part) != record.old:
                raise TagError(f"{name} could not be brought back whole: it was left as it is.")
            os.utime(part, ns=(facts.st_atime_ns, record.mtime_ns))
            _refuse_changed(place, facts)
            _replace(part, place)


@contextlib.contextmanager
def _undoing(journal: Journal, record: Record) -> Iterator[None]:
    """Note that a file is being taken back, and what became of that."""
    journal.mark(record, UNDOING)
    try:
        yield
    except (OSError, TagError):
        journal.mark(record, WRITTEN)
        raise
    journal.mark(record, UNDONE)


@contextlib.contextmanager
def _beside(place: Path) -> Iterator[Path]:
    """A name beside a file; what has it when the block ends is removed."""
    part = place.with_name(f".{secrets.token_hex(8)}{_PART}")
    try:
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _make(file: BinaryIO, edits: Sequence[Edit], part: Path, place: Path) -> None:
    """Write the new file, as its owner has the old one, but of now; on the disk when this ends."""
    with part.open("xb") as target:
        edited(file, edits, target)
        target.flush()
        _like(place, part)
        os.fsync(target.fileno())


def _like(place: Path, part: Path) -> None:
    """The owner, the permissions and what else the system keeps of a file, but its time of change."""
    facts = place.stat()
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(part, facts.st_uid, facts.st_gid)
    shutil.copystat(place, part)
    now = time.time_ns()
    os.utime(part, ns=(facts.st_atime_ns, now))


def _replace(part: Path, place: Path) -> None:
    part.replace(place)
    if os.name == "posix":
        with contextlib.suppress(OSError):  # some file systems do not let a folder be flushed
            folder = os.open(place.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def _refuse_changed(place: Path, before: os.stat_result) -> None:
    facts = place.stat()
    if (facts.st_size, facts.st_mtime_ns, facts.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino):
        raise TagError(f"{shown(place)} was changed by another program just now: it was left as it is.")


def _read_otherwise(old: Path, part: Path, plan: Plan) -> str:
    """What tinytag, which is not of this project, finds changed besides the genre, or does not find."""
    before, after = all_tags(old), all_tags(part)
    lost = [name for name, text in before.items() if name != GENRE and after.get(name) != text]
    if lost:
        return f"tinytag reads another {lost[0]}"
    wanted = plan.values.get(GENRE)
    if wanted and GENRE in after and wanted[0].casefold() not in after[GENRE].casefold():
        return "tinytag reads another genre"
    return ""


def _tell(store: Store, path: str) -> None:
    """Note in the collection how a file now is, so that indexing finds nothing new in it."""
    import json

    try:
        facts = Path(path).stat()
        values = (
            facts.st_size,
            facts.st_mtime_ns,
            json.dumps(all_tags(path), separators=(",", ":")),
            os.fsencode(path),
        )
        with store.together() as connection:
            connection.execute("UPDATE files SET size = ?, mtime_ns = ?, tags = ? WHERE path = ?", values)
    except (OSError, CollectionError):
        return  # the next run of `earmark index` finds that only its tags are others


def _digest_at(place: Path) -> str:
    try:
        with place.open("rb") as file:
            return digest(file)
    except OSError:
        return ""


@contextlib.contextmanager
def _failures(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        name = shown(path)
        if error.errno in _FULL:
            said = f"{name} was left as it is: the disk is full."
            raise StopError(said, hint="Make room, and run it again; what was written stays.") from error
        said = f"{name} cannot be written ({error.strerror or error}): it was left as it is."
        raise TagError(said, hint="Close what holds it, or check the folder's permissions.") from error
    except (SoundError, ValueError) as error:
        if isinstance(error, EarmarkError):
            raise TagError(f"{error} It was left as it is.") from error
        raise TagError(f"The tags of {shown(path)} are not understood ({error}): it was left as it is.") from error
