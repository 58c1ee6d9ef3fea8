"""The folder in which a reader of the documents sits, and how what they show is typed there.

There are `song.mp3` (30 s), `song.wav` (8 s), `music/` with three short pieces in two formats, and `gtzan/`, 20
synthetic clips in earmark's layout with the first ten labels of the default bundle.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from fences import Fence


def lay_desk(folder: Path) -> Path:
    """Make all of that in a folder, and give the folder."""
    import soundfile

    from earmark.data.layout import picture_of_db, write_picture, write_rows
    from earmark.data.synth import STYLES, compose
    from earmark.listen.bundle import load_bundle
    from earmark.sound.mel import log_mel

    def write(name: str, style: str, duration_s: float) -> None:
        piece = compose(style, duration_s=duration_s, rng=np.random.default_rng(len(name)))
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, piece.samples, piece.sample_rate_hz)

    write("song.mp3", STYLES[0], 30.0)
    write("song.wav", STYLES[1], 8.0)
    for number, name in enumerate(("one.mp3", "two.flac", "deeper/three.mp3")):
        write(f"music/{name}", STYLES[number % len(STYLES)], 8.0)
    rows = []
    for number, label in enumerate(2 * load_bundle().info.labels[:10]):  # GTZAN's genres, as recipes name them
        rng = np.random.default_rng(number)
        piece = compose(STYLES[number % len(STYLES)], duration_s=8.0, rng=rng)
        split = "valid" if number % 2 else "train"
        row = {"id": f"clip{number}", "genre": label, "artist": f"A{number // 3}", "fault_filtered_split": split}
        write_picture(folder / f"gtzan/mel/{row['id']}.png", picture_of_db(log_mel(piece.samples)))
        rows.append(row)
    write_rows(folder / "gtzan/clips.csv", rows)
    return folder


def run_fence(fence: Fence, folder: Path, *, package: Path | None = None) -> str:
    """Run a fence in `folder` and give what it printed; on failure say where it stands and what it printed.

    `package` is the folder that holds another copy of the package, which is then run in the place of this one.
    """
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    environment["EARMARK_DB"] = str(folder / "collection.db")  # each reader has one
    if package is not None:
        environment["PYTHONPATH"] = str(package)
    run = ["bash", "-euo", "pipefail", "-c", fence.script] if fence.is_shell else [sys.executable, "-c", fence.text]
    answer = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert answer.returncode == 0, f"{fence.place}\n{fence.script}\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"
    return answer.stdout
