"""What changes in folders is told as it changes; a file that is being written is waited for."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from earmark.errors import CollectionError, MissingExtraError
from earmark.library import watch
from earmark.library.watch import changes, check_extra
from indexed import piece

pytest.importorskip("watchfiles")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    piece(tmp_path / "music" / "a.wav")
    return tmp_path / "music"


@pytest.fixture
def told(folder: Path) -> Iterator["Queue[str]"]:
    """What is told of the folder, from when it is watched on."""
    said: Queue[str] = Queue()
    end = threading.Event()

    def run() -> None:
        for batch in changes([str(folder)], exclude=["live/*"]):
            for path in batch:
                said.put(path)
            if end.is_set():
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert said.get(timeout=30) == str(folder), "first the place itself, to find what changed before"
    yield said
    end.set()
    (folder / "last.wav").touch()
    os.utime(folder / "last.wav", (0, 0))
    thread.join(30)


def until(said: "Queue[str]", path: Path) -> list[str]:
    """All that is told, up to this path; names alone."""
    found = []
    while True:
        try:
            found.append(said.get(timeout=30))
        except Empty:
            raise AssertionError(f"{path.name} was not told, but {found}") from None
        if found[-1] == str(path):
            return [Path(each).name for each in found]


def test_what_comes_and_goes_is_told_and_what_is_no_sound_is_not(
    folder: Path, told: "Queue[str]", tmp_path: Path
) -> None:
    (folder / "cover.jpg").write_bytes(b"picture")
    (folder / ".hidden.wav").write_bytes(b"sound")
    piece(folder / "live" / "b.wav")
    piece(folder / "b.wav")
    assert not {"cover.jpg", ".hidden.wav"} & set(until(told, folder / "b.wav"))
    (folder / "a.wav").unlink()
    until(told, folder / "a.wav")
    piece(tmp_path / "album" / "c.wav")
    shutil.move(tmp_path / "album", folder / "album")
    until(told, folder / "album")
    shutil.move(folder / "album", tmp_path / "elsewhere")
    until(told, folder / "album")


def test_a_file_that_is_being_written_is_waited_for(folder: Path, told: "Queue[str]") -> None:
    last_s = 0.0
    with (folder / "slow.wav").open("wb", buffering=0) as file:
        for _ in range(12):
            file.write(bytes(100))
            last_s = time.monotonic()
            time.sleep(0.3)
    until(told, folder / "slow.wav")
    assert time.monotonic() - last_s > watch.SETTLED_S - 0.5


def test_a_place_that_is_not_there_cannot_be_watched(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="cannot be watched"):
        next(changes([str(tmp_path / "nothing")]))


def test_without_watchfiles_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"--watch needs the extra 'watch'.*pip install 'earmark\[watch\]'"):
        check_extra()
