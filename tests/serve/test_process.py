"""The command as a process: its one line, its end in order, and what is left when it is killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from served import Music

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are others there")


@contextlib.contextmanager
def started(music: Music, folder: Path) -> Iterator[tuple["subprocess.Popen[str]", httpx.Client]]:
    """The command, when it is well."""
    command = [sys.executable, "-m", "earmark", "serve", "--port", "0", "--workers", "1"]
    options = ["--db", str(music.db), "--model", str(music.bundle)]
    process = subprocess.Popen(
        [*command, *options], stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(folder)}
    )
    try:
        assert process.stderr is not None
        (address,) = re.findall(r"^earmark: serving at (http://127\.0\.0\.1:\d+)/", process.stderr.readline())
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            until_s = time.monotonic() + 60
            while not _is_well(client):
                assert time.monotonic() < until_s
                time.sleep(0.1)
            yield process, client
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _is_well(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def test_it_ends_in_order_and_leaves_nothing(music_served: Music, tmp_path: Path, song: Path) -> None:
    with started(music_served, tmp_path) as (process, client):
        assert client.post("/api/listen", files={"file": ("s.flac", song.read_bytes())}).status_code == 200
        assert len(list(tmp_path.glob("earmark-serve-*"))) == 1
        job = client.post("/api/listen?wait=false&explain=true", files={"file": ("s.flac", song.read_bytes())}).json()
        with client.stream("GET", job["events"]) as events:
            process.send_signal(signal.SIGTERM)
            assert "event: done" in events.read().decode(), "what is under way is finished"
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
    assert not list(tmp_path.glob("earmark-serve-*"))


def test_killed_it_leaves_no_process_and_soon_no_upload(music_served: Music, tmp_path: Path) -> None:
    with started(music_served, tmp_path) as (process, _):
        (folder,) = tmp_path.glob("earmark-serve-*")
        (folder / "an upload").write_bytes(bytes(1000))
        workers = _children(process.pid)
        assert workers
        process.kill()
        process.wait()
        until_s = time.monotonic() + 20
        while time.monotonic() < until_s and (folder.exists() or any(map(_lives, workers))):
            time.sleep(0.1)
    assert not folder.exists()
    assert not any(map(_lives, workers))


def _children(pid: int) -> list[int]:
    if not Path("/proc").is_dir():
        pytest.skip("nothing tells the children of a process here")
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
