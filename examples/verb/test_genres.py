"""`earmark genres` as a person runs it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from trees import piece, write_sound

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_tracks_are_counted_by_genre_and_a_bad_one_costs_itself_alone(tmp_path: Path, earmark: Command) -> None:
    write_sound(tmp_path / "one.wav", piece("plucks"))
    write_sound(tmp_path / "deeper" / "two.wav", piece("plucks"))
    assert sum(counted(earmark("genres", tmp_path))) == 2
    (tmp_path / "bad.wav").write_bytes(b"no sound")
    answer = earmark("genres", tmp_path, "--jobs", "1")
    assert sum(counted(answer)) == 2
    assert answer.returncode == 1
    assert "bad.wav" in answer.stderr


def counted(answer: "subprocess.CompletedProcess[str]") -> list[int]:
    """The numbers that it printed."""
    return [int(line.split()[0]) for line in answer.stdout.splitlines()]


def test_a_folder_without_sound_is_refused_in_words(tmp_path: Path, earmark: Command) -> None:
    answer = earmark("genres", tmp_path)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("earmark: No sound file is in")
