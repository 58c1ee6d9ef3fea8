"""`earmark serve` where it must not, or cannot, serve: a sentence and exit code 1, before anything is loaded."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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
