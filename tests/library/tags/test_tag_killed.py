"""`earmark tag` killed at random moments: each file is the old or the new one whole, and the journal knows which."""

from pathlib import Path

import numpy as np

from tagging import faults_of, kill_runs, run_tag, shelf

KINDS = ("mp3, ID3v2.3", "flac", "ogg, one page more", "opus", "wav, INFO", "aiff, ID3")


def test_files_survive_kills_while_they_are_tagged_and_while_that_is_undone(
    files: dict[str, Path], tmp_path: Path
) -> None:
    sources = [files[kind] for kind in KINDS]
    killed, whole = (shelf(tmp_path / name, sources, copies=10) for name in ("killed", "whole"))
    assert run_tag(whole, str(whole.folder), "--write").wait() == 0
    wanted = {name: (content, whole.contents()[name]) for name, content in killed.contents().items()}
    rng = np.random.default_rng(5)
    found = kill_runs(killed, [str(killed.folder), "--write"], wanted, kills=6, longest_s=0.3, rng=rng)
    assert found.faults == ()
    assert found.while_running >= 1
    assert run_tag(killed, str(killed.folder), "--write").wait() == 0
    assert killed.contents() == whole.contents()
    undone = kill_runs(killed, ["--undo"], wanted, kills=6, longest_s=0.3, rng=rng)
    assert undone.faults == ()
    while run_tag(killed, "--undo").wait() == 0:
        assert faults_of(killed, wanted) == []
    assert killed.contents() == {name: old for name, (old, _) in wanted.items()}
