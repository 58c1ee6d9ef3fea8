"""Killed at any moment and run again: nothing is lost, nothing done twice, the file never damaged."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from indexed import piece, silence
from killing import content, index, index_killed

KILLS = int(os.environ.get("KILLS", "6"))


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_at_random_moments_it_ends_with_what_a_run_in_peace_gives(tmp_path: Path, tiny_folder: Path) -> None:
    music = tmp_path / "music"
    for seed in range(12):
        piece(music / f"{seed:02}.{('wav', 'flac', 'ogg')[seed % 3]}", seed=seed, length_s=4 + 2 * seed)
    shutil.copy(music / "03.wav", music / "copy.wav")
    (music / "bad.mp3").write_text("No music. " * 50)
    silence(music / "silence.wav")
    arguments = [music, "--model", tiny_folder, "--jobs", "2"]

    before_s = time.monotonic()
    assert index(tmp_path / "peace.db", arguments).wait() == 0
    passed_s = time.monotonic() - before_s
    killed = index_killed(
        tmp_path / "killed.db", arguments, kills=KILLS, longest_s=0.9 * passed_s, rng=np.random.default_rng()
    )
    assert killed.faults == ()
    assert killed.kills > 0
    assert content(tmp_path / "killed.db") == content(tmp_path / "peace.db")
    assert len(content(tmp_path / "peace.db")) == 15
    assert not list(tmp_path.glob("*.claims"))
