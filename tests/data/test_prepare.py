"""Preparing: every clip once, again only what changed, one bad file its own trouble, nothing half-written."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from earmark.data.check import check
from earmark.data.dataset import Dataset
from earmark.data.layout import read_picture, read_rows, write_picture, write_rows
from earmark.data.prepare import prepare
from earmark.errors import DataError
from earmark.listen.parallel import Crash
from earmark.sound.mel import log_mel
from trees import RATE_HZ, piece, write_kaggle_tree, write_sound


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two genres of two clips."""
    for number, name in enumerate(("rock/a.wav", "rock/b.flac", "jazz/c.ogg", "jazz/Ella/d.mp3")):
        write_sound(tmp_path / "source" / name, piece(seed=number, length_s=2.0))
    return tmp_path / "source"


def stamps(out: Path) -> dict[str, int]:
    """When each picture was written."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "mel").iterdir()}


def test_a_folder_becomes_a_set_that_sounds_the_same(source: Path, tmp_path: Path) -> None:
    done = prepare(source, tmp_path / "out", jobs=1)
    assert (done.importer, done.prepared, done.kept, done.failed, done.skipped) == ("folder", 4, 0, (), ())
    dataset = Dataset.load(tmp_path / "out")
    clips = {clip.id: clip for clip in dataset.clips}
    assert set(clips) == {"jazz.Ella.d", "jazz.c", "rock.a", "rock.b"}
    assert clips["jazz.Ella.d"].artist == "Ella"
    error_db = np.abs(dataset.db(clips["rock.a"]) - log_mel(piece(seed=0, length_s=2.0)))
    assert error_db.mean() < 0.1  # half a step of 8 bits is 0.16
    assert error_db.max() < 1.5  # 16 bits, near the floor
    assert clips["rock.a"].columns["duration_s"] == "2.00"
    assert len(clips["rock.a"].columns["sha256"]) == 64
    assert clips["rock.a"].columns["clipped_share"] == "0.000000"
    assert clips["rock.a"].sound_path is not None
    assert clips["rock.a"].sound_path.samefile(source / "rock" / "a.wav")


def test_pictures_have_the_full_resolution_of_8_bits(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "out", jobs=1)
    values = np.unique(np.concatenate([picture.ravel() for picture in Dataset.load(tmp_path / "out").pictures()]))
    assert len(values) > 200


def test_a_second_run_does_no_work(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "out", jobs=1)
    before, table = stamps(tmp_path / "out"), (tmp_path / "out" / "clips.csv").read_bytes()
    again = prepare(source, tmp_path / "out", jobs=1)
    assert (again.prepared, again.kept) == (0, 4)
    assert stamps(tmp_path / "out") == before
    assert (tmp_path / "out" / "clips.csv").read_bytes() == table


def test_only_what_is_missing_or_changed_is_done_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(source, out, jobs=1)
    before, rows = stamps(out), {row["id"]: row for row in read_rows(out / "clips.csv")}
    write_sound(source / "rock" / "a.wav", piece(seed=9, length_s=3.0))
    os.utime(source / "rock" / "b.flac")  # touched, but the same bytes
    (out / "mel" / "jazz.c.png").unlink()
    write_sound(source / "jazz" / "e.wav", piece(seed=5, length_s=2.0))
    again = prepare(source, out, jobs=1)
    assert (again.prepared, again.kept) == (3, 2)
    after = stamps(out)
    assert {name for name in after if after[name] != before.get(name)} == {"rock.a.png", "jazz.c.png", "jazz.e.png"}
    now = {row["id"]: row for row in read_rows(out / "clips.csv")}
    assert now["rock.a"]["duration_s"] == "3.00"
    assert now["rock.a"]["sha256"] != rows["rock.a"]["sha256"]
    assert now["rock.b"] == rows["rock.b"]


def test_a_run_that_is_stopped_goes_on_where_it_was(source: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert total == 4
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "out", jobs=1, on_progress=stop)
    assert len(read_rows(tmp_path / "out" / "clips.csv")) == 3
    again = prepare(source, tmp_path / "out", jobs=1)
    assert (again.prepared, again.kept) == (1, 3)


def test_one_bad_file_costs_only_itself(source: Path, tmp_path: Path) -> None:
    (source / "rock" / "text.mp3").write_text("not a sound")
    (source / "rock" / "empty.wav").write_bytes(b"")
    write_sound(source / "rock" / "silence.wav", np.zeros(RATE_HZ, np.float32))
    write_sound(source / "rock" / "blip.wav", piece(length_s=1.0)[: RATE_HZ // 4])
    (source / "rock" / "link.wav").symlink_to(source / "gone.wav")
    done = prepare(source, tmp_path / "out", jobs=1)
    reasons = {Path(trouble.name).name: trouble.reason for trouble in done.failed}
    assert reasons.keys() == {"text.mp3", "empty.wav", "silence.wav", "blip.wav", "link.wav"}
    assert "silent" in reasons["silence.wav"]
    assert "half a second" in reasons["blip.wav"]
    assert done.prepared == 4
    assert len(Dataset.load(tmp_path / "out").pictures()) == 4
    assert sorted(path.name for path in (tmp_path / "out").rglob("*") if path.name.startswith(".")) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_name_that_is_no_text_is_said_and_leaves_no_picture(source: Path, tmp_path: Path, jobs: int) -> None:
    odd = Path(os.fsdecode(bytes(source) + b"/rock/caf\xe9.wav"))
    (source / "rock" / "a.wav").rename(odd)
    done = prepare(source, tmp_path / "out", jobs=jobs)
    (trouble,) = done.failed
    assert (trouble.name, done.prepared) == (str(odd), 3)
    assert trouble.reason == f"The path {source}/rock/caf\\udce9.wav is not UTF-8, and clips.csv is. Rename it."
    assert len(Dataset.load(tmp_path / "out").pictures()) == len(stamps(tmp_path / "out")) == 3


def test_a_folder_whose_name_is_no_text_may_hold_source_and_set(tmp_path: Path) -> None:
    home = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9"))
    write_sound(tmp_path / "plain" / "rock" / "a.flac", piece(length_s=2.0), artist="Queen")
    home.mkdir()
    (tmp_path / "plain").rename(home / "source")
    assert prepare(home / "source", home / "out", jobs=1).prepared == 1
    assert prepare(home / "source", home / "out", jobs=1).kept == 1
    assert read_rows(home / "out" / "clips.csv")[0]["artist"] == "Queen"


def test_processes_do_what_one_process_does(source: Path, tmp_path: Path) -> None:
    (source / "rock" / "text.mp3").write_text("not a sound")
    one, two = (prepare(source, tmp_path / f"out{jobs}", jobs=jobs) for jobs in (1, 2))
    assert (one.prepared, one.failed) == (two.prepared, two.failed)
    assert (tmp_path / "out1" / "clips.csv").read_bytes() == (tmp_path / "out2" / "clips.csv").read_bytes()


def test_a_file_that_kills_its_process_costs_only_itself(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work_that_dies_once(start, tasks, *, jobs):  # type: ignore[no-untyped-def]
        for task in tasks:
            yield Crash(task, -11) if task.item.id == "rock.a" else start()(task)

    monkeypatch.setattr("earmark.data.prepare.work", work_that_dies_once)
    done = prepare(source, tmp_path / "out", jobs=2)
    assert done.prepared == 3
    (trouble,) = done.failed
    assert (Path(trouble.name).name, trouble.reason) == ("a.wav", "the process that decoded it died (exit code -11)")


def test_gtzan_from_kaggle_is_prepared_without_its_broken_clip(tmp_path: Path) -> None:
    done = prepare(write_kaggle_tree(tmp_path / "kaggle"), tmp_path / "out", jobs=1)
    assert (done.prepared, done.failed) == (3, ())
    assert [trouble.name for trouble in done.skipped] == ["jazz.00054.wav"]
    dataset = Dataset.load(tmp_path / "out")
    assert dataset.labels == ("blues", "jazz")
    assert not any(clip.artist_known for clip in dataset.clips)


def test_tags_name_the_artist_where_the_source_does_not(tmp_path: Path) -> None:
    write_sound(tmp_path / "source/rock/a.flac", piece(length_s=1.0), artist="Queen", title="One")
    write_sound(tmp_path / "source/rock/ABBA/b.flac", piece(length_s=1.0), artist="Not ABBA", title="Two")
    prepare(tmp_path / "source", tmp_path / "out", jobs=1)
    clips = Dataset.load(tmp_path / "out").clips
    assert [(clip.artist, clip.columns["title"]) for clip in clips] == [("ABBA", "Two"), ("Queen", "One")]


def test_what_a_person_filled_in_stays_and_what_the_source_says_is_followed(tmp_path: Path) -> None:
    source, out = tmp_path / "kaggle", tmp_path / "out"
    prepare(write_kaggle_tree(source), out, jobs=1)
    rows = read_rows(out / "clips.csv")
    write_rows(out / "clips.csv", [{**row, "artist": "Somebody", "genre": "wrong", "mine": "kept"} for row in rows])
    assert prepare(source, out, jobs=1).kept == 3
    after = read_rows(out / "clips.csv")
    assert {(row["artist"], row["mine"]) for row in after} == {("Somebody", "kept")}
    assert [row["genre"] for row in after] == ["blues", "blues", "jazz"]


def test_a_set_in_the_layout_is_prepared_in_place(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound" / "a.wav", piece(length_s=1.0))
    rows = [{"id": "a", "genre": "rock", "path": "sound/a.wav"}, {"id": "b", "genre": "pop", "path": "sound/gone.wav"}]
    write_rows(tmp_path / "clips.csv", rows)
    done = prepare(tmp_path, tmp_path, jobs=1)
    assert (done.importer, done.prepared, len(done.failed)) == ("clips_csv", 1, 1)
    after = read_rows(tmp_path / "clips.csv")
    assert [(row["id"], row["genre"], row["path"]) for row in after] == [
        ("a", "rock", "sound/a.wav"),
        ("b", "pop", "sound/gone.wav"),  # a broken file takes no row from a table that a person wrote
    ]
    assert (tmp_path / "mel" / "a.png").exists()
    assert prepare(tmp_path, tmp_path, jobs=1).kept == 1


def test_pictures_are_copied_as_they_are(tmp_path: Path) -> None:
    write_picture(
        tmp_path / "one" / "mel" / "a.png", np.random.default_rng(0).integers(0, 256, (128, 9), dtype=np.uint8)
    )
    (tmp_path / "one" / "mel" / "b.png").write_bytes(b"broken")
    write_rows(tmp_path / "one" / "clips.csv", [{"id": "a", "mood": "calm"}, {"id": "b"}])
    done = prepare(tmp_path / "one", tmp_path / "two", jobs=1)
    assert (done.prepared, len(done.failed)) == (1, 1)
    assert (tmp_path / "two/mel/a.png").read_bytes() == (tmp_path / "one/mel/a.png").read_bytes()
    (row,) = read_rows(tmp_path / "two" / "clips.csv")
    assert (row["mood"], "path" in row) == ("calm", False)
    assert prepare(tmp_path / "one", tmp_path / "two", jobs=1).kept == 1


def test_clips_that_left_the_source_leave_the_table_and_are_named(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "out", jobs=1)
    (source / "rock" / "a.wav").unlink()
    assert prepare(source, tmp_path / "out", jobs=1).dropped == ("rock.a",)
    assert len(read_rows(tmp_path / "out" / "clips.csv")) == 3


def test_another_set_is_never_overwritten(source: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "out" / "clips.csv", [{"id": "precious", "genre": "rock"}])
    with pytest.raises(DataError, match="holds another data set") as refused:
        prepare(source, tmp_path / "out", jobs=1)
    assert refused.value.hint == "Choose an empty or a new folder."
    assert read_rows(tmp_path / "out" / "clips.csv") == [{"id": "precious", "genre": "rock"}]


def test_where_nothing_can_be_heard_no_table_is_left(tmp_path: Path) -> None:
    (tmp_path / "source" / "rock").mkdir(parents=True)
    (tmp_path / "source" / "rock" / "a.mp3").write_text("not a sound")
    done = prepare(tmp_path / "source", tmp_path / "out", jobs=1)
    assert (done.prepared, len(done.failed)) == (0, 1)
    assert not (tmp_path / "out" / "clips.csv").exists()
    assert prepare(tmp_path / "source", tmp_path / "out", jobs=1).failed == done.failed


def test_clipped_sound_is_measured(tmp_path: Path) -> None:
    write_sound(tmp_path / "source/rock/loud.wav", np.clip(8 * piece(length_s=2.0), -1, 1))
    prepare(tmp_path / "source", tmp_path / "out", jobs=1)
    with (tmp_path / "out" / "clips.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["clipped_share"]) > 0.01


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_clip_that_is_heard_in_part_is_named_here_and_by_check(source: Path, tmp_path: Path, jobs: int) -> None:
    whole = tmp_path / "whole.flac"
    write_sound(whole, piece(length_s=4.0))
    cut = source / "rock" / "cut.flac"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = prepare(source, tmp_path / "out", jobs=jobs)
    (trouble,) = done.in_part
    assert Path(trouble.name) == cut
    rows = {row["id"]: row["unread_s"] for row in read_rows(tmp_path / "out" / "clips.csv")}
    assert 1.0 < float(rows.pop("rock.cut")) < 3.0
    assert set(rows.values()) == {""}
    (finding,) = [finding for finding in check(tmp_path / "out", jobs=1).findings if finding.kind == "heard in part"]
    assert finding.clips == ("rock.cut",)
    assert finding.detail == trouble.reason.replace("of it", "of its sound")
    cut.write_bytes(whole.read_bytes())
    assert prepare(source, tmp_path / "out", jobs=jobs).in_part == ()
    assert not [finding for finding in check(tmp_path / "out", jobs=1).findings if finding.kind == "heard in part"]


def test_the_kind_of_a_source_may_be_named(tmp_path: Path) -> None:
    tree = write_kaggle_tree(tmp_path / "kaggle")
    assert prepare(tree, tmp_path / "out", jobs=1).importer == "gtzan_kaggle"
    assert prepare(tree, tmp_path / "other", kind="folder", jobs=1).importer == "folder"


def test_a_picture_that_is_in_place_is_not_written_again(tmp_path: Path) -> None:
    write_picture(tmp_path / "mel" / "a.png", np.random.default_rng(0).integers(0, 256, (128, 9), dtype=np.uint8))
    write_rows(tmp_path / "clips.csv", [{"id": "a", "genre": "rock"}])
    before = stamps(tmp_path)
    assert prepare(tmp_path, tmp_path, jobs=1).prepared == 1
    assert stamps(tmp_path) == before


def test_pictures_of_another_pitch_are_prepared_at_the_front_ends(tmp_path: Path) -> None:
    write_rows(tmp_path / "set" / "clips.csv", [{"id": "a", "genre": "rock"}])
    picture = np.random.default_rng(0).integers(0, 256, (128, 40), dtype=np.uint8)
    write_picture(tmp_path / "set" / "mel" / "a.png", picture)
    (tmp_path / "set" / "set.toml").write_text("column_s = 0.2342\nfirst_s = 0.1\n")
    prepare(tmp_path / "set", tmp_path / "out", jobs=1)
    theirs, ours = Dataset.load(tmp_path / "set"), Dataset.load(tmp_path / "out")
    assert ours.pitch.own
    assert np.array_equal(ours.picture(ours.clips[0]), theirs.picture(theirs.clips[0]))
    prepare(tmp_path / "set", tmp_path / "set", jobs=1)  # in place, pictures stay as they are
    assert np.array_equal(read_picture(tmp_path / "set" / "mel" / "a.png"), picture)
