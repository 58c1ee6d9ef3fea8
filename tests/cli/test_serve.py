"""`earmark serve` where it must not, or cannot, serve: a sentence and exit code 1, before anything is loaded."""

import os
import queue
import socket
import subprocess
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.cli import serve
from earmark.serve.settings import Settings

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "Without a token nothing is served at 0.0.0.0"),
        (["--token-file", "nothing"], "The token cannot be read from nothing"),
        (["--model", "nothing", "--port", "0"], "nothing"),
        (["--host", "256.256.256.256", "--token-file", "token"], "It cannot listen at 256.256.256.256"),
    ],
)
def test_what_must_not_be_served_is_refused_in_words(
    earmark: Command, tmp_path: Path, options: list[str], words: str
) -> None:
    (tmp_path / "token").write_text("a-token-of-some-length")
    (tmp_path / "token").chmod(0o600)
    said = earmark("serve", *options, cwd=tmp_path)
    assert said.returncode == 1
    assert words in said.stderr
    assert "Traceback" not in said.stderr


def test_a_port_that_is_taken_is_told(earmark: Command) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        said = earmark("serve", "--port", str(other.getsockname()[1]))
    assert (said.returncode, "--port" in said.stderr) == (1, True)


def test_a_browser_is_given_the_token_in_a_file_and_not_on_a_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(webbrowser, "open", opened.put)
    monkeypatch.setattr(serve, "_UNTIL_IT_ANSWERS_S", 0.0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with serve._door("http://127.0.0.1:80/", Settings(token="a token & more of it")):
        address = opened.get(timeout=10)
        assert "token" not in address
        door = Path(address.removeprefix("file://"))
        assert "url=http://127.0.0.1:80/?token=a%20token%20%26%20more%20of%20it" in door.read_text()
        assert os.name == "nt" or door.parent.stat().st_mode & 0o077 == 0, "nobody else reads it"
    assert not door.exists()
    with serve._door("http://127.0.0.1:80/", Settings()):
        assert opened.get(timeout=10) == "http://127.0.0.1:80/"
