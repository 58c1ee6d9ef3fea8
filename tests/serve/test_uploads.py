"""What clients send: whole however it is cut, refused where it is too much, too slow or broken, and never kept."""

import asyncio
import os
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from earmark.serve.problems import ProblemError
from earmark.serve.settings import Limits
from earmark.serve.uploads import Desk, Upload, plain_name, receive

LIMITS = Limits(upload_bytes=5000, upload_s=0.5, idle_s=0.15)
SOUND = bytes(range(256)) * 8
FORM = (
    b'--xx\r\nContent-Disposition: form-data; name="track"\r\n\r\n17\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="file"; filename="..\\a/b\xc3\xa4.mp3"\r\n'
    b"Content-Type: audio/mpeg\r\n\r\n" + SOUND + b"\r\n--xx--\r\n"
)
MULTIPART = "multipart/form-data; boundary=xx"


def request(pieces: Sequence[bytes], kind: str, *, pause_s: float = 0.0, ends: bool = True) -> Request:
    """A request whose body comes in pieces; one that does not end is cut off."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    messages.append({"type": "http.request", "body": b""} if ends else {"type": "http.disconnect"})

    async def receive_one() -> dict[str, Any]:
        await asyncio.sleep(pause_s)
        return messages.pop(0)

    headers = [(b"content-type", kind.encode())]
    return Request({"type": "http", "method": "POST", "headers": headers, "query_string": b"name=x.mp3"}, receive_one)


def take(asked: Request, desk: Desk, limits: Limits = LIMITS) -> Upload:
    return asyncio.run(receive(asked, desk, limits))


@given(cuts=st.lists(st.integers(0, len(FORM)), max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_form_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(FORM)]
    pieces = [FORM[start:end] for start, end in pairwise(places)]
    with Desk() as desk:
        upload = take(request(pieces, MULTIPART), desk)
        assert upload.path is not None
        assert upload.path.read_bytes() == SOUND
        assert upload.path.parent == desk.folder
        assert (upload.name, upload.fields) == ("bä.mp3", {"track": "17"})


def test_a_body_that_is_a_file_is_taken_as_it_is() -> None:
    with Desk() as desk:
        upload = take(request([SOUND, SOUND], "audio/mpeg"), desk)
        assert upload.path is not None
        assert upload.path.read_bytes() == 2 * SOUND
        assert upload.name == "x.mp3"


def _form(*parts: bytes) -> bytes:
    return b"".join(b"--xx\r\n" + part + b"\r\n" for part in parts) + b"--xx--\r\n"


FILE = b'Content-Disposition: form-data; name="file"; filename="a"\r\n\r\nsound'


@pytest.mark.parametrize(
    ("pieces", "kind", "options", "status", "words"),
    [
        ([bytes(3000)] * 2, "audio/mpeg", {}, 413, "larger than"),
        ([FORM[:-20]], MULTIPART, {}, 400, "cut off"),
        ([FORM[:700]], MULTIPART, {"ends": False}, 400, "cut off"),
        ([SOUND], "audio/mpeg", {"ends": False}, 400, "cut off"),
        ([SOUND], "audio/mpeg", {"pause_s": 0.3}, 408, "too slowly"),
        ([b"x"] * 20, "audio/mpeg", {"pause_s": 0.05}, 408, "too slowly"),
        ([_form(FILE, FILE)], MULTIPART, {}, 400, "several files"),
        ([b"nonsense" * 20], MULTIPART, {}, 400, "cannot be read"),
        ([FORM], "multipart/form-data", {}, 400, "cannot be read"),
        ([_form(b'Content-Disposition: form-data; name="t"\r\n\r\n' + bytes(2000))], MULTIPART, {}, 413, "too long"),
        ([_form(b"X: " + b"y" * 5000 + b"\r\n\r\nz")], MULTIPART, {}, 400, "cannot be read"),
        ([_form(*[b'Content-Disposition: form-data; name="t"\r\n\r\nx'] * 3000)], MULTIPART, {}, 413, "larger than"),
        ([b"a=" + b"b" * 20_000], "application/x-www-form-urlencoded", {}, 413, "too large"),
    ],
)
def test_what_is_too_much_too_slow_or_broken_is_refused_and_leaves_nothing(
    pieces: list[bytes], kind: str, options: dict[str, Any], status: int, words: str
) -> None:
    with Desk() as desk:
        with pytest.raises(ProblemError, match=words) as raised:
            take(request(pieces, kind, **options), desk)
        assert raised.value.status == status
        assert [file.name for file in desk.folder.iterdir()] == ["lock"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no file here that is always full")
@pytest.mark.parametrize("size", [10, 100_000], ids=["told when it is closed", "told when it is written"])
def test_where_there_is_no_room_it_is_said_so(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def full(path: Path, mode: str = "r", *rest: Any) -> Any:
        return opened(Path("/dev/full"), "wb") if mode == "xb" else opened(path, mode, *rest)

    monkeypatch.setattr(Path, "open", full)
    with Desk() as desk, pytest.raises(ProblemError, match="cannot be kept") as raised:
        take(request([bytes(size)], "audio/mpeg"), desk, Limits(upload_s=5, idle_s=5))
    assert raised.value.status == 507


def test_where_no_file_can_be_made_it_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desk, "place", lambda desk: desk.folder / "nowhere" / "file")
    with Desk() as desk, pytest.raises(ProblemError, match="cannot be kept") as raised:
        take(request([SOUND], "audio/mpeg"), desk)
    assert raised.value.status == 507


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("song.mp3", "song.mp3"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "The upload"),
        ("", "The upload"),
        ("a\x00b\n\x1b[31m.mp3", "a\\x00b\\n\\x1b[31m.mp3"),
        ("x" * 1000, "x" * 200),
    ],
)
def test_a_name_is_shown_without_folders_on_one_line(name: str, shown: str) -> None:
    assert plain_name(name) == shown


def test_a_folder_is_removed_at_the_end_and_that_of_a_dead_server_at_the_next_start(tmp_path: Path) -> None:
    dead = tmp_path / "earmark-serve-dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "upload").touch()
    other = tmp_path / "another's"
    other.mkdir()
    (other / "lock").touch()
    (tmp_path / "earmark-serve-link").symlink_to(other)
    with Desk(tmp_path) as first, Desk(tmp_path) as second:
        assert not dead.exists()
        assert first.folder.exists(), "that of a server that lives stays"
        assert first.folder != second.folder
        if os.name == "posix":
            assert first.folder.stat().st_mode & 0o077 == 0, "nobody else looks into it"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another's", "earmark-serve-link"]
    assert (other / "lock").exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no numbers of users")
def test_what_another_user_put_there_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = tmp_path / "earmark-serve-theirs"
    theirs.mkdir()
    (theirs / "lock").touch()
    monkeypatch.setattr(os, "getuid", lambda: theirs.stat().st_uid + 1)
    with Desk(tmp_path):
        pass
    assert (theirs / "lock").exists()


def test_slowness_is_measured_over_the_whole_upload() -> None:
    began_s = time.monotonic()
    with Desk() as desk, pytest.raises(ProblemError):
        take(request([b"x"] * 1000, "audio/mpeg", pause_s=0.01), desk)
    assert time.monotonic() - began_s < 5
