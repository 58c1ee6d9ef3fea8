"""The example of a client does what its page says."""

import subprocess
import sys
from pathlib import Path

from fences import ROOT
from served import Server


def ask(server: Server, folder: Path, *files: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "examples/serve/ask.py"), server.address, *map(str, files)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_a_client_hears_a_file_and_makes_a_playlist_of_what_is_like_it(
    server: Server, song: Path, tmp_path: Path
) -> None:
    said = ask(server, tmp_path, song)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("piece 3.flac: ")
    assert "  decided between " in said.stdout
    assert "done" in said.stderr
    assert (tmp_path / "like.m3u8").read_text().startswith("#EXTM3U")


def test_a_client_is_told_what_is_wrong_with_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "no.mp3").write_text("no sound" * 100)
    said = ask(server, tmp_path, tmp_path / "no.mp3")
    assert said.returncode == 1
    assert "no.mp3 is not sound" in said.stderr
