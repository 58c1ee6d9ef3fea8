"""Sound files whose place or name is odd: pipes, names that are no UTF-8, files with holes."""

import os
import threading
from pathlib import Path

from odd.kind import Desk, kind


def _fed_pipe(path: Path, content: bytes) -> None:
    """A named pipe that gives the content to the first who opens it."""
    os.mkfifo(path)

    def feed() -> None:
        try:
            path.write_bytes(content)
        except OSError:
            return  # nobody wanted to hear it all

    threading.Thread(target=feed, daemon=True).start()


def _idle_pipe(path: Path, content: bytes) -> None:
    os.mkfifo(path)


def _sparse(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.truncate(path, 400_000_000)


def _beside_a_fork(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    (path.parent / ".AppleDouble").mkdir()
    (path.parent / ".AppleDouble" / path.name).write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(4000))
    (path.parent / f"._{path.name}").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00" + bytes(4000))


@kind("named pipe", "music.wav", place=_fed_pipe)
def fed_pipe(desk: Desk) -> bytes:
    """A fifo into which a program writes a wav."""
    return desk.wav


@kind("named pipe that nobody feeds", "music.wav", outcome="refused", place=_idle_pipe)
def idle_pipe(desk: Desk) -> bytes:
    """A fifo without a writer: a sentence, and no waiting without end."""
    return b""


@kind("400 MB of nothing", "music.mp3", outcome="refused", place=_sparse)
def sparse(desk: Desk) -> bytes:
    """A file with a hole and nothing else."""
    return b""


@kind("400 MB of nothing behind an mp3", "music.mp3", place=_sparse)
def sparse_behind(desk: Desk) -> bytes:
    """An mp3 whose room was reserved before it came."""
    return desk.mp3


@kind("resource forks beside an mp3", "music.mp3", place=_beside_a_fork)
def beside_a_fork(desk: Desk) -> bytes:
    """`.AppleDouble/music.mp3` and `._music.mp3` in the same folder, which libsndfile prefers."""
    return desk.mp3


@kind("name that is no UTF-8", os.fsdecode(b"m\xfcsic.flac"))
def foreign_name(desk: Desk) -> bytes:
    """A name in Latin-1."""
    return desk.flac


@kind("name with a line break and control characters", "mu\nsic\x1b[31m.flac")
def broken_name(desk: Desk) -> bytes:
    """A name that would colour a terminal."""
    return desk.flac


@kind("name of 255 bytes", "m" * 250 + ".flac")
def long_name(desk: Desk) -> bytes:
    """As long as file systems allow."""
    return desk.flac


@kind("name like an option", "--json.flac")
def option_name(desk: Desk) -> bytes:
    """A name that begins with two dashes."""
    return desk.flac
