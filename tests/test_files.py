"""Whole writes: nothing half-written, nothing of a person's lost, and failures that name the target."""

import os
import stat
import threading
from pathlib import Path

import pytest

from earmark.errors import OutputError
from earmark.files import FileKind, FolderKind, csv_text, guard_file, guard_folder, whole, write_whole

PAGE = FileKind("page", "heard.html", (b"ours",))
REPORT = FolderKind(("report.json", "report.md"), known_by={"report.json": b"ours"})


def guard(target: Path, **options: object) -> None:
    guard_file(target, PAGE, option="--html", **options)  # type: ignore[arg-type]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a song, foreign and own files, links to them, a folder and a pipe."""
    (tmp_path / "song.FLAC").write_bytes(b"fLaC")
    (tmp_path / "list").write_bytes(b"a.mp3")
    (tmp_path / "theirs.html").write_bytes(b"<p>theirs")
    (tmp_path / "ours.html").write_bytes(b"<p>ours")
    (tmp_path / "empty.html").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.html").symlink_to("theirs.html")
    (tmp_path / "to ours.html").symlink_to("ours.html")
    (tmp_path / "loose.html").symlink_to("new.html")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("song.FLAC", "song.FLAC is a sound file, and --html takes the page to write. Name the page first: --html"),
        ("new.flac", "new.flac would be named like a sound file"),
        ("list", "list is read, and --html would overwrite it"),
        ("theirs.html", "theirs.html is there, and is no page that earmark wrote"),
        ("link.html", "link.html is there, and is no page"),
        ("pipe", "pipe is no regular file"),
    ],
)
def test_what_one_would_miss_is_refused_unless_forced(place: Path, name: str, says: str) -> None:
    options = {"inputs": [place / "gone", place / "list"], "sound_suffixes": {".flac"}}
    with pytest.raises(OutputError, match=rf"^{place}/{says}"):
        guard(place / name, **options)
    guard(place / name, force=True, **options)


@pytest.mark.parametrize("name", ["new.html", "ours.html", "to ours.html", "empty.html", "loose.html", "no/new.html"])
def test_what_nobody_would_miss_may_be_written(place: Path, name: str) -> None:
    guard(place / name, inputs=[place / "list"], sound_suffixes={".flac"})


@pytest.mark.parametrize(
    ("name", "says"), [("folder", "is a folder"), ("ours.html/new.html", r"cannot be written \(Not a directory\)")]
)
def test_what_cannot_be_written_is_refused_even_if_forced(place: Path, name: str, says: str) -> None:
    for force in (False, True):
        with pytest.raises(OutputError, match=says):
            guard(place / name, force=force)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said_at_once(place: Path) -> None:
    (place / "folder").chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        guard(place / "folder" / "new.html")


def test_a_folder_is_ours_by_its_mark_and_free_where_nothing_would_be_replaced(tmp_path: Path) -> None:
    guard_folder(tmp_path / "new", REPORT)
    (tmp_path / "notes.txt").write_text("theirs")
    guard_folder(tmp_path, REPORT)
    (tmp_path / "report.md").write_text("theirs")
    with pytest.raises(OutputError, match=r"report\.md is there, and earmark did not write it\. Choose"):
        guard_folder(tmp_path, REPORT)
    (tmp_path / "report.json").write_text("theirs")
    with pytest.raises(OutputError, match=r"report\.json is there"):
        guard_folder(tmp_path, REPORT)
    (tmp_path / "report.json").write_text('{"ours": 1}')
    guard_folder(tmp_path, REPORT)
    with pytest.raises(OutputError, match=r"report\.md is read, and would be overwritten"):
        guard_folder(tmp_path, REPORT, inputs=[tmp_path / "report.md"])
    with pytest.raises(OutputError, match=r"notes\.txt is a file, and a folder is needed"):
        guard_folder(tmp_path / "notes.txt", REPORT)


def test_a_link_is_written_through(place: Path) -> None:
    write_whole(place / "link.html", "new")
    write_whole(place / "loose.html", "new too")
    assert (place / "link.html").is_symlink()
    assert (place / "theirs.html").read_text() == "new"
    assert (place / "new.html").read_text() == "new too"


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_permissions(tmp_path: Path, umask: int) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "old").chmod(0o640)
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "new", b"")
        write_whole(tmp_path / "old", b"")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "old")]
    assert modes == [0o666 & ~umask, 0o640]


def test_a_pipe_is_written_to_and_stays_a_pipe(place: Path) -> None:
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((place / "pipe").read_bytes()))
    reader.start()
    write_whole(place / "pipe", "through")
    reader.join(timeout=10)
    assert read == [b"through"]
    assert stat.S_ISFIFO((place / "pipe").stat().st_mode)


def test_two_that_write_one_file_do_not_meet_and_the_last_one_stays_whole(tmp_path: Path) -> None:
    target = tmp_path / "page"
    with whole(target) as first, whole(target) as second:
        first.write(b"first")
        second.write(b"second")
    assert target.read_bytes() == b"first"  # its block was the last to end
    assert [file.name for file in tmp_path.iterdir()] == ["page"]


def test_a_block_that_fails_changes_nothing_and_its_error_passes(tmp_path: Path) -> None:
    write_whole(tmp_path / "page", "old")

    def fail() -> None:
        with whole(tmp_path / "page") as file:
            file.write(b"new")
            raise OSError("of a song")

    with pytest.raises(OSError, match="of a song"):
        fail()
    assert (tmp_path / "page").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["page"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_names_the_target(tmp_path: Path) -> None:
    (tmp_path / "page").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"page cannot be written \(No space left on device\)\. Make room"):
        write_whole(tmp_path / "page", "much")


@pytest.mark.parametrize("name", ["folder", "ours.html/new", "x" * 300])
def test_a_target_that_cannot_be_opened_is_named(place: Path, name: str) -> None:
    with pytest.raises(OutputError, match=name):
        write_whole(place / name, "text")


def test_text_that_is_no_text_is_escaped_and_not_lost(tmp_path: Path) -> None:
    write_whole(tmp_path / "page", "caf\udce9")
    assert (tmp_path / "page").read_text() == "caf\\udce9"


def test_a_table_has_line_feeds_alone_and_quotes_what_would_be_two_cells() -> None:
    assert csv_text(("id", "artist"), [(1, 'Earth, Wind & "Fire"'), (2, None)]) == (
        'id,artist\n1,"Earth, Wind & ""Fire"""\n2,\n'
    )
    assert csv_text((1, "two\nlines")) == '1,"two\nlines"\n'
