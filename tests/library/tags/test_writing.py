"""Writing and taking back: whole or not at all, whatever the files, the disk and other programs are like."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import TagError
from earmark.library.store import Store
from earmark.library.tags import writing
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD
from earmark.library.tags.journal import DROPPED, UNDONE, WRITTEN, Journal, StopError, journal_file
from earmark.library.tags.plan import Plan, planned
from earmark.library.tags.told import Wish, told_of
from earmark.library.tags.writing import Writer, settle, undo
from tagging import Shelf, shelf


def plans(shelf: Shelf, *, overwrite: bool = False, **wish: Any) -> list[tuple[Plan, Any]]:
    """Plan and entry of each file."""
    wished = Wish(**wish)
    with shelf.collection() as collection:
        return [
            (planned(entry, told_of(collection.track(entry.id), wished), wished, overwrite=overwrite), entry)
            for entry in collection.entries
        ]


def write(shelf: Shelf, **wish: Any) -> list[str]:
    """Write all, and give why some failed."""
    failed = []
    todo = plans(shelf, **wish)
    with Store(shelf.db) as store, shelf.journal() as journal:
        writer = Writer(journal, store)
        for plan, entry in todo:
            assert not plan.refused, plan.refused
            try:
                writer.write(plan, entry)
            except TagError as error:
                failed.append(str(error))
    return failed


def take_back(shelf: Shelf, run: int = 1) -> list[str]:
    """Undo a run, and give why some files stayed."""
    with Store(shelf.db) as store, shelf.journal() as journal:
        return [reason for _, reason in undo(journal, store, run) if reason]


def test_all_kinds_of_files_are_written_and_come_back_to_the_byte(files: dict[str, Path], tmp_path: Path) -> None:
    all_kinds = shelf(tmp_path / "shelf", files.values())
    before, times = all_kinds.contents(), [path.stat().st_mtime_ns for path in all_kinds.files]
    assert write(all_kinds) == []
    after = all_kinds.contents()
    assert after.keys() == before.keys(), "nothing is left beside them"
    assert all(after[name] != before[name] for name in before)
    for plan, _ in plans(all_kinds):
        assert plan.kept == (GENRE, MOOD)
        assert not plan.changes
    assert take_back(all_kinds) == []
    assert all_kinds.contents() == before
    assert [path.stat().st_mtime_ns for path in all_kinds.files] == times


def test_a_plan_says_what_and_where_and_a_file_keeps_its_permissions(two: Shelf) -> None:
    _, mp3 = two.files
    mp3.chmod(0o640)
    (_, _), (plan, _) = plans(two)
    assert [(change.field, change.place, change.before, change.after) for change in plan.changes] == [
        (GENRE, "TCON (ID3v2.3)", (), ("Metal", "Jazz")),
        (MOOD, "TXXX:MOOD (ID3v2.3)", (), ("serene",)),
        (CONFIDENCE, "TXXX:EARMARK (ID3v2.3)", (), ("genre Metal 0.60, Jazz 0.35; mood serene 0.70; made 1",)),
    ]
    assert write(two) == []
    assert mp3.stat().st_mode & 0o777 == 0o640


def test_the_collection_knows_the_new_files_and_the_old_ones_again(two: Shelf) -> None:
    def known() -> list[bool]:
        with two.collection() as collection:
            facts = [Path(entry.path).stat() for entry in collection.entries]
            return [
                (entry.size, entry.mtime_ns) == (fact.st_size, fact.st_mtime_ns)
                for entry, fact in zip(collection.entries, facts, strict=True)
            ]

    write(two)
    assert known() == [True, True]
    with two.collection() as collection:
        assert "Metal" in collection.entries[1].tags["genre"]
    take_back(two)
    assert known() == [True, True]


def test_fields_that_hold_something_stay_unless_they_are_to_be_overwritten(two: Shelf) -> None:
    write(two)
    first = two.contents()
    assert all(not plan.changes for plan, _ in plans(two, overwrite=True)), "the same again is no change"
    again = plans(two, overwrite=True, most_genres=1)
    assert [change.after for plan, _ in again for change in plan.changes if change.field == GENRE] == [("Metal",)] * 2
    with Store(two.db) as store, two.journal() as journal:
        writer = Writer(journal, store)
        for plan, entry in again:
            writer.write(plan, entry)
    assert two.contents() != first
    assert take_back(two, 2) == []
    assert two.contents() == first


def test_the_confidence_of_what_was_written_before_is_kept(two: Shelf) -> None:
    write(two, fields=(GENRE, CONFIDENCE))
    (plan, _), _ = plans(two)
    assert [change.field for change in plan.changes] == [MOOD, CONFIDENCE]
    assert plan.values[CONFIDENCE] == ("genre Metal 0.60, Jazz 0.35; mood serene 0.70; made 1",)
    assert plan.changes[1].before == ("genre Metal 0.60, Jazz 0.35; made 1",)


def refused(shelf: Shelf) -> str:
    (plan, _), *_ = plans(shelf)
    assert not plan.changes
    return plan.refused


def test_a_file_with_another_sound_is_left_alone(two: Shelf) -> None:
    flac, mp3 = two.files
    shutil.copyfile(mp3, flac)
    assert "holds another sound than was heard" in refused(two)


def test_a_file_that_others_tagged_since_is_tagged(two: Shelf) -> None:
    from mutagen.flac import FLAC

    file = FLAC(two.files[0])
    file["title"] = "Another"
    file.save()
    assert write(two) == []


def test_read_only_linked_twice_and_gone(two: Shelf) -> None:
    two.files[0].chmod(0o444)
    assert "is read-only" in refused(two)
    two.files[0].chmod(0o644)
    os.link(two.files[0], two.folder.parent / "twin.flac")
    assert "hard links" in refused(two)
    two.files[0].unlink()
    assert "cannot be read" in refused(two)


def test_a_link_is_written_through(two: Shelf) -> None:
    real = two.folder.parent / "elsewhere.flac"
    two.files[0].rename(real)
    link = two.folder / "flac.flac"
    link.symlink_to(real)
    before = real.read_bytes()
    assert write(two) == []
    assert link.is_symlink()
    assert real.read_bytes() != before
    take_back(two)
    assert real.read_bytes() == before


def test_a_full_disk_leaves_all_as_it_was(two: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    before, todo = two.contents(), plans(two)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "edited", full)
    with Store(two.db) as store, two.journal() as journal, pytest.raises(StopError, match="the disk is full"):
        Writer(journal, store).write(*todo[0])
    assert two.contents() == before


def test_a_journal_that_cannot_be_written_leaves_all_as_it_was(two: Shelf) -> None:
    before = two.contents()
    journal_file(two.db).mkdir()
    with Store(two.db), pytest.raises(TagError, match="no file is tagged without it"):
        two.journal()
    assert two.contents() == before


def test_a_file_that_is_held_by_another_program_is_left_alone(two: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    before = two.contents()

    def held(self: Path, target: Path) -> None:
        raise PermissionError(errno.EACCES, "it is open in another program")  # as Windows has it

    monkeypatch.setattr(Path, "replace", held)
    assert all("cannot be written" in reason for reason in write(two))
    monkeypatch.undo()
    assert two.contents() == before
    assert [record.state for record in two.journal().of_run(1)] == [DROPPED, DROPPED]


def test_a_file_that_changes_while_it_is_written_is_left_alone(two: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    real = writing._read_otherwise

    def meanwhile(old: Path, part: Path, plan: Plan) -> str:
        with old.open("ab") as file:
            file.write(b"more")
        return real(old, part, plan)

    monkeypatch.setattr(writing, "_read_otherwise", meanwhile)
    failed = write(two)
    assert len(failed) == 2
    assert all("changed" in reason or "tinytag" in reason for reason in failed)
    assert all(path.read_bytes().endswith(b"more") for path in two.files)
    assert len(two.contents()) == 2


@pytest.mark.parametrize("wrong", ["sound_id", "what_was_lost", "digest_of_edited"])
def test_what_does_not_pass_a_check_is_not_written(wrong: str, two: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    before, todo, real = two.contents(), plans(two), getattr(writing, wrong)

    def other(file: object, *rest: object) -> str:
        found = real(file, *rest)
        is_new = wrong != "sound_id" or Path(str(file)).suffix == ".part"
        return "other" if is_new else str(found)

    monkeypatch.setattr(writing, wrong, other)
    with Store(two.db) as store, two.journal() as journal, pytest.raises(TagError, match="did not pass the check"):
        Writer(journal, store).write(*todo[0])
    assert two.contents() == before


def test_undo_leaves_what_others_changed_since(two: Shelf) -> None:
    before = two.contents()
    write(two)
    changed = two.files[0].read_bytes() + b"more"
    two.files[0].write_bytes(changed)
    (reason,) = take_back(two)
    assert "was changed after earmark tagged it" in reason
    assert two.files[0].read_bytes() == changed
    assert two.files[1].read_bytes() == list(before.values())[1]
    two.files[0].unlink()
    (reason,) = take_back(two)
    assert "is not there any more" in reason


@pytest.mark.parametrize("moment", ["planned", "replaced", "marked"])
def test_a_run_that_was_cut_short_is_known_by_the_journal(
    moment: str, two: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short before the new file takes the old one's place, after it, and after it is noted."""
    before, todo = two.contents(), plans(two)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    place = {"planned": (writing, "_replace"), "replaced": (Journal, "mark"), "marked": (writing, "_tell")}[moment]
    monkeypatch.setattr(*place, die)
    with Store(two.db) as store, two.journal() as journal, pytest.raises(Killed):
        Writer(journal, store).write(*todo[0])
    monkeypatch.undo()
    journal = two.journal()
    settled = settle(journal)
    state = DROPPED if moment == "planned" else WRITTEN
    assert list(settled.values()) == ([state] if moment != "marked" else [])
    assert [record.state for record in two.journal().of_run(1)] == [state]
    assert take_back(two) == []
    assert two.contents() == before
    assert [record.state for record in two.journal().of_run(1)] == [DROPPED if state == DROPPED else UNDONE]


def test_a_disk_that_is_not_mounted_says_nothing_of_a_run_that_was_cut_short(
    two: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, todo = two.contents(), plans(two)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(writing, "_tell", die)
    monkeypatch.setattr(Journal, "mark", die)
    with Store(two.db) as store, two.journal() as journal, pytest.raises(Killed):
        Writer(journal, store).write(*todo[0])
    monkeypatch.undo()
    two.folder.rename(two.folder.with_name("elsewhere"))
    assert settle(two.journal()) == {}
    two.folder.with_name("elsewhere").rename(two.folder)
    assert take_back(two) == []
    assert two.contents() == before


def test_a_torn_line_of_the_journal_is_none(two: Shelf) -> None:
    before = two.contents()
    write(two)
    path = journal_file(two.db)
    path.write_bytes(path.read_bytes() + b'{"do":"planned","run":2,"fi')
    write(two, fields=(GENRE,))
    assert two.journal().runs[0].written == 2
    take_back(two)
    assert two.contents() == before


def test_a_journal_of_somebody_else_is_refused(two: Shelf) -> None:
    journal_file(two.db).write_text('{"a": 1}\n')
    with pytest.raises(TagError, match="is damaged"):
        two.journal()
