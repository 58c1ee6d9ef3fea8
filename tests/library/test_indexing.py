"""What becomes of files: heard once, known again by their sound, remembered when they fail or go."""

import os
import shutil
from pathlib import Path

import pytest

from earmark import load_bundle
from earmark.errors import BundleError, CollectionError
from earmark.library.collection import Collection
from earmark.library.hearing import hear_entry
from earmark.library.store import Store
from headed_bundle import write_headed_bundle
from indexed import Desk, piece, silence


@pytest.fixture
def desk(tmp_path: Path, tiny_folder: Path) -> Desk:
    """Three pieces in two folders."""
    folder = tmp_path / "music"
    piece(folder / "a.flac", seed=1, title="One", artist="Queen")
    piece(folder / "album" / "b.ogg", seed=2)
    piece(folder / "c.wav", seed=3)
    return Desk(folder, tmp_path / "collection.db", tiny_folder)


def touch(path: Path) -> None:
    facts = path.stat()
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 10**9))


def test_a_folder_is_heard_once(desk: Desk) -> None:
    report = desk.index()
    assert (report.heard, report.present, report.changed) == (3, 3, 3)
    with Collection.open(desk.db) as collection:
        assert [Path(each.path).name for each in collection.entries] == ["a.flac", "b.ogg", "c.wav"]
        first = collection.entries[0]
        assert (first.title, first.artist, first.kind) == ("One", "Queen", "short")
        heard = hear_entry(load_bundle(desk.bundle), desk.folder / "a.flac")
        assert collection.vectors[0] == pytest.approx(heard.vector, abs=1e-3)
        assert collection.track(first.id).words == heard.track.words
        assert collection.fingerprint(first.id) == heard.fingerprint
    again = desk.index()
    assert desk.asked == []
    assert (again.heard, again.unchanged, again.changed) == (0, 3, 0)


def test_other_tags_are_read_and_the_sound_is_not_heard_again(desk: Desk) -> None:
    desk.index()
    before = desk.ids()
    piece(desk.folder / "a.flac", seed=1, title="Two")
    touch(desk.folder / "c.wav")
    report = desk.index()
    assert (report.retagged, report.heard, report.unchanged) == (2, 0, 1)
    assert desk.heard == []
    with Collection.open(desk.db) as collection:
        assert collection.entries[0].title == "Two"
        assert collection.entries[0].artist == ""
    assert desk.ids() == before


def test_another_sound_under_the_same_name_is_heard(desk: Desk) -> None:
    desk.index()
    piece(desk.folder / "a.flac", seed=9)
    assert desk.index().heard == 1
    assert desk.heard == ["a.flac"]
    with Collection.open(desk.db) as collection:
        vector = hear_entry(load_bundle(desk.bundle), desk.folder / "a.flac").vector
        assert collection.vectors[0] == pytest.approx(vector, abs=1e-3)


def test_what_was_moved_keeps_its_answers_and_its_id(desk: Desk) -> None:
    desk.index()
    before = desk.ids()
    (desk.folder / "album").rename(desk.folder / "renamed")
    (desk.folder / "a.flac").rename(desk.folder / "renamed" / "z.flac")
    report = desk.index()
    assert (report.moved, report.gone, report.heard) == (2, 0, 0)
    assert desk.ids() == {"b.ogg": before["b.ogg"], "c.wav": before["c.wav"], "z.flac": before["a.flac"]}


def test_a_copy_is_heard_once_and_entered_twice(desk: Desk) -> None:
    shutil.copy(desk.folder / "a.flac", desk.folder / "album" / "copy.flac")
    report = desk.index()
    assert (report.heard, report.copied) == (3, 1)
    assert desk.heard == ["a.flac", "b.ogg", "c.wav"]
    with Collection.open(desk.db) as collection:
        rows = [row for row, each in enumerate(collection.entries) if each.path.endswith(".flac")]
        assert collection.entries[rows[0]].sound_id == collection.entries[rows[1]].sound_id
        assert collection.vectors[rows[0]].tolist() == collection.vectors[rows[1]].tolist()
        assert collection.track(int(collection.ids[rows[1]])).path.endswith("copy.flac")


def test_what_is_gone_is_no_entry_and_comes_back_unheard(desk: Desk, tmp_path: Path) -> None:
    desk.index()
    before = desk.ids()
    shutil.move(desk.folder / "a.flac", tmp_path / "aside.flac")
    assert desk.index().gone == 1
    assert desk.names() == ["b.ogg", "c.wav"]
    assert desk.index().gone == 0
    shutil.move(tmp_path / "aside.flac", desk.folder / "a.flac")
    report = desk.index()
    assert (report.back, report.heard) == (1, 0)
    assert desk.asked == []
    assert desk.ids() == before


def test_only_files_of_folders_that_were_named_are_judged(desk: Desk) -> None:
    desk.index()
    (desk.folder / "a.flac").unlink()
    (desk.folder / "album" / "b.ogg").unlink()
    piece(desk.folder / "album" / "d.wav", seed=4)
    assert desk.index(desk.folder / "album").gone == 1
    assert desk.names() == ["a.flac", "d.wav", "c.wav"]


@pytest.mark.parametrize("what", ["removed", "emptied"])
def test_a_folder_that_vanished_says_nothing_about_its_files(what: str, desk: Desk, tmp_path: Path) -> None:
    desk.index()
    desk.folder.rename(tmp_path / "elsewhere")
    if what == "emptied":  # as the place of a disk that is not mounted
        desk.folder.mkdir()
    report = desk.index()
    assert (report.gone, report.present) == (0, 0)
    assert len(report.notes) == 1
    assert "mounted" in report.notes[0]
    assert desk.names() == ["a.flac", "b.ogg", "c.wav"]


def test_a_folder_that_vanishes_meanwhile_ends_the_run_and_costs_nothing(desk: Desk, tmp_path: Path) -> None:
    def vanish(path: str) -> None:
        if path.endswith("b.ogg"):
            desk.folder.rename(tmp_path / "unmounted")

    desk.before = vanish
    with pytest.raises(CollectionError, match=r"music vanished while it was indexed.*Run it again"):
        desk.index()
    (tmp_path / "unmounted").rename(desk.folder)
    desk.before = lambda path: None
    assert desk.names() == ["a.flac"]
    report = desk.index()
    assert (report.unchanged, report.heard, report.failed) == (1, 2, [])


def test_a_file_that_goes_meanwhile_is_no_failure(desk: Desk) -> None:
    desk.before = lambda path: Path(path).unlink() if path.endswith("c.wav") else None
    report = desk.index()
    assert (report.heard, report.failed) == (2, [])
    assert desk.names() == ["a.flac", "b.ogg"]


def test_a_failure_is_remembered_with_its_reason_until_the_file_changes_or_it_is_asked_for(desk: Desk) -> None:
    bad = desk.folder / "bad.mp3"
    bad.write_text("This is a text, and no music.\n" * 40)
    report = desk.index()
    assert [(Path(path).name, "is not sound" in reason) for path, reason in report.failed] == [("bad.mp3", True)]
    with Collection.open(desk.db) as collection:
        assert collection.failures() == report.failed
    again = desk.index()
    assert (again.failed, again.failed_before, desk.asked) == ([], 1, [])
    assert len(desk.index(retry=True).failed) == 1
    assert desk.asked == ["bad.mp3"]
    touch(bad)
    assert len(desk.index().failed) == 1
    piece(desk.folder / "good.flac", seed=5).rename(bad)
    assert desk.index().heard == 1
    with Collection.open(desk.db) as collection:
        assert collection.failures() == []


def test_a_file_that_was_heard_and_is_broken_now_has_no_answers(desk: Desk) -> None:
    desk.index()
    (desk.folder / "c.wav").write_text("Not any more.\n" * 40)
    assert len(desk.index().failed) == 1
    assert desk.names() == ["a.flac", "b.ogg"]
    piece(desk.folder / "c.wav", seed=3)
    assert desk.index().heard == 1
    assert desk.names() == ["a.flac", "b.ogg", "c.wav"]


def test_silence_is_heard_once_and_is_no_entry(desk: Desk) -> None:
    silence(desk.folder / "silence.wav")
    report = desk.index()
    assert (report.heard, report.silent) == (4, 1)
    assert len(desk.names()) == 3
    assert desk.index().unchanged == 4
    with Collection.open(desk.db) as collection:
        assert [Path(path).name for path in collection.silent()] == ["silence.wav"]


def test_all_of_a_folder_is_heard_again_on_request(desk: Desk) -> None:
    desk.index()
    before = desk.ids()
    assert desk.index(desk.folder / "album", again=True).heard == 1
    assert desk.heard == ["b.ogg"]
    assert desk.ids() == before


def test_what_was_heard_in_part_is_heard_whole_on_request(desk: Desk) -> None:
    piece(desk.folder / "long.flac", seed=6, length_s=150)

    def share(**options: bool) -> float:
        desk.index(**options)
        with Collection.open(desk.db) as collection:
            return next(each.share for each in collection.entries if each.path.endswith("long.flac"))

    assert share(quick=True) < 1
    assert share() < 1
    assert share(rehear=True, quick=True) < 1
    assert desk.asked == []
    assert share(rehear=True) == 1.0
    assert desk.heard == ["long.flac"]
    assert share(quick=True) == 1.0


def test_a_new_network_is_asked_for_and_answers_when_it_has_heard_all(desk: Desk, tmp_path: Path) -> None:
    desk.index()
    old = load_bundle(desk.bundle).info.sha256
    desk.bundle = write_headed_bundle(tmp_path / "headed")
    new = load_bundle(desk.bundle).info.sha256
    assert desk.index().unchanged == 3  # never silently
    assert desk.asked == []
    piece(desk.folder / "d.wav", seed=4)
    touch(desk.folder / "a.flac")
    report = desk.index()
    assert (desk.heard, report.retagged) == (["d.wav"], 1)
    assert any("--rehear" in note for note in report.notes)
    with Collection.open(desk.db) as collection:
        assert (collection.sha256, len(collection)) == (old, 3)

    part = desk.index(desk.folder / "album", rehear=True)
    assert (part.heard, desk.heard) == (1, ["b.ogg"])
    with Collection.open(desk.db) as collection:
        assert (collection.sha256, len(collection)) == (old, 3)
    rest = desk.index(rehear=True)
    assert (rest.heard, rest.unchanged, rest.notes) == (2, 2, [])
    with Collection.open(desk.db) as collection:
        assert (collection.sha256, len(collection), collection.numbers.shape[1]) == (new, 4, 131)
    with Store(desk.db) as store:
        assert store.connection.execute("SELECT count(*) FROM heard").fetchone() == (4,)


def test_answers_of_an_older_network_stay_for_what_is_gone(desk: Desk, tmp_path: Path) -> None:
    desk.index()
    shutil.move(desk.folder / "a.flac", tmp_path / "aside.flac")
    desk.index()
    desk.bundle = write_headed_bundle(tmp_path / "headed")
    desk.index(rehear=True)
    assert desk.names() == ["b.ogg", "c.wav"]
    shutil.move(tmp_path / "aside.flac", desk.folder / "a.flac")
    report = desk.index()
    assert (report.back, report.heard, len(report.notes)) == (1, 0, 1)
    assert desk.index(rehear=True).heard == 1
    assert desk.names() == ["a.flac", "b.ogg", "c.wav"]


def test_what_counts_as_long_is_remembered_and_judged_anew_without_hearing(desk: Desk) -> None:
    piece(desk.folder / "long.wav", seed=6, length_s=25)

    def kinds(**options: float) -> list[str]:
        desk.index(**options)
        with Collection.open(desk.db) as collection:
            return [each.kind for each in collection.entries]

    assert kinds() == ["short", "short", "short", "song"]
    assert kinds(longest_s=20.0) == ["short", "short", "short", "long"]
    assert kinds() == ["short", "short", "short", "long"]
    assert kinds(longest_s=1.0) == ["long", "long", "long", "long"]
    assert kinds(longest_s=60.0) == ["short", "short", "short", "song"]
    assert desk.asked == []


def test_files_may_be_named_themselves_and_links_stay_what_they_are(desk: Desk, tmp_path: Path) -> None:
    report = desk.index(desk.folder / "a.flac", tmp_path / "nothing.mp3")
    assert report.heard == 1
    assert [reason for _, reason in report.failed] == [f"{tmp_path / 'nothing.mp3'} is not there."]
    (desk.folder / "a.flac").unlink()
    assert desk.index(desk.folder / "a.flac").gone == 1


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_is_indexed_moved_and_found(desk: Desk) -> None:
    odd = Path(os.fsdecode(os.fsencode(desk.folder) + b"/caf\xe9.wav"))
    try:
        (desk.folder / "c.wav").rename(odd)
    except OSError:
        pytest.skip("this file system has names of text alone")
    desk.index()
    with Collection.open(desk.db) as collection:
        assert collection.row_of(odd) is not None
    odd.rename(desk.folder / "c.wav")
    assert desk.index().moved == 1


def test_parts_that_changed_are_indexed_as_the_whole_would_be(desk: Desk) -> None:
    desk.index(exclude=["live/*", "*demo*"])
    piece(desk.folder / "live" / "e.wav", seed=5)
    piece(desk.folder / "album" / "demo.wav", seed=6)
    piece(desk.folder / "album" / "f.wav", seed=7)
    (desk.folder / "c.wav").unlink()
    shutil.rmtree(desk.folder / "album" / "nowhere", ignore_errors=True)
    parts = [desk.folder / "album", desk.folder / "live" / "e.wav", desk.folder / "c.wav", desk.folder / "never.wav"]
    report = desk.index(*parts, named=[desk.folder], exclude=["live/*", "*demo*"])
    assert (desk.heard, report.gone, report.failed, report.notes) == (["f.wav"], 1, [], [])
    shutil.rmtree(desk.folder / "album")
    assert desk.index(desk.folder / "album", named=[desk.folder]).gone == 2
    with Store(desk.db) as store:
        roots = store.connection.execute("SELECT DISTINCT root FROM files").fetchall()
        assert roots == [(os.fsencode(desk.folder),)]


def test_a_bundle_that_cannot_hear_ends_the_run(desk: Desk, tmp_path: Path) -> None:
    desk.bundle = shutil.copytree(desk.bundle, tmp_path / "broken")
    (desk.bundle / "atlas.npz").write_bytes(b"something else")
    with pytest.raises(BundleError, match="no atlas"):
        desk.index()
