"""`earmark benchmark`: a plan becomes a queue that resumes, is shared, outlives a failure, and takes a stranger."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.errors import DataError, RecipeError
from earmark.evaluate.predictions import Predictions
from earmark.experiments.benchmark import run_benchmark
from earmark.experiments.comparison.cells import cells_of
from earmark.experiments.plan import Plan

PLAN = """
title = "Tiny"
reference = "tiny"

[systems.tiny]
recipe = "tiny.toml"

[systems.mean]
recipe = "tiny.toml"
change = { "model.pooling" = "mean" }

[systems.svm]
recipe = "svm.toml"

[protocols.artists]
folds = 2

[protocols.leaky]
split = "leaky_random_segment"
folds = 2
segment_frames = 38

[[queue]]
protocol = "artists"
systems = ["svm", "tiny"]
seeds = 2

[[queue]]
protocol = "artists"
systems = ["mean"]

[[queue]]
protocol = "leaky"
systems = ["tiny"]
"""
STRANGER = """
import torch
from torch import nn

class Bands(nn.Module):
    def __init__(self, genres, scale=1.0):
        super().__init__()
        self.scale = scale
        self.head = nn.Linear(128, genres)

    def forward(self, db):
        return self.head(self.scale * db.mean(dim=2) / 40)

class Broken(nn.Module):
    def __init__(self, genres):
        super().__init__()
        raise RuntimeError("out of ideas")
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    synthetic.dataset(tmp_path / "pieces", clips_per_style=4)
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "tiny.toml").write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 2"))
    (tmp_path / "svm.toml").write_text('name = "svm"\n[model]\nkind = "svm"\n')
    (tmp_path / "stranger.py").write_text(STRANGER)
    return tmp_path


def run(desk: Path, **options: object) -> tuple[str, list[str]]:
    return run_benchmark(desk / "plan.toml", [desk / "pieces"], desk / "out", jobs=1, **options)  # type: ignore[arg-type]


def test_a_plan_is_run_once_and_reported(desk: Path) -> None:
    said, failed = run(desk)
    assert (said, failed) == ("12 of 12 runs done.", [])
    report = json.loads((desk / "out/report.json").read_text())
    assert {(cell["system"], cell["protocol"]) for cell in report["cells"]} == {
        ("tiny", "artists"), ("mean", "artists"), ("svm", "artists"), ("tiny", "leaky"),
    }  # fmt: skip
    for paper in ("report.md", "report.html"):
        text = (desk / "out" / paper).read_text()
        assert "mean" in text
        assert "leaky" in text
    facts = json.loads((desk / "out/artists/tiny/runs/seed1_fold1.json").read_text())
    assert facts["epochs"] == 2
    assert facts["parameters"] > 1000
    assert facts["train_seconds"] > 0
    assert facts["examples"] == 8
    segments = Predictions.read(desk / "out/leaky/tiny/runs/seed0_fold0.csv")
    assert all("@" in name for name in segments.ids)
    stamps = {path: path.stat().st_mtime_ns for path in (desk / "out").rglob("*.csv")}
    assert run(desk)[0] == "12 of 12 runs done."
    assert stamps == {path: path.stat().st_mtime_ns for path in (desk / "out").rglob("*.csv")}


def test_a_plan_can_be_cut_to_some_systems_and_goes_on_later(desk: Path) -> None:
    assert run(desk, only=["svm"])[0] == "4 of 4 runs done."
    report = json.loads((desk / "out/report.json").read_text())
    done = {cell["system"]: cell["runs_done"] for cell in report["cells"] if cell["protocol"] == "artists"}
    assert done == {"tiny": 0, "mean": 0, "svm": 4}
    assert run(desk, report_only=True)[0].startswith("4 of 12 runs done")
    with pytest.raises(RecipeError, match="no system 'sym'"):
        run(desk, only=["sym"])


def test_a_plan_can_report_some_sets_alone_and_learn_from_all(desk: Path) -> None:
    synthetic.dataset(desk / "more", clips_per_style=2)
    plan = Plan.load(desk / "plan.toml")
    text = PLAN.replace('reference = "tiny"', 'reference = "tiny"\nreport = ["pieces"]')
    (desk / "plan.toml").write_text(text)
    folders = [desk / "pieces", desk / "more"]
    said, failed = run_benchmark(desk / "plan.toml", folders, desk / "out", jobs=1, only=["svm"])
    assert (said, failed) == ("4 of 4 runs done.", [])
    told = Predictions.joined([Predictions.read(path) for path in (desk / "out/artists/svm/runs").glob("*.csv")])
    assert set(told.sets) == {"pieces"}
    facts = json.loads((desk / "out/artists/svm/runs/seed0_fold0.json").read_text())
    assert facts["examples"] == 8 + 4  # of the other set without the artists held out, who are the same
    assert plan.report == ()


def test_a_run_that_others_held_and_left_is_come_back_for(desk: Path) -> None:
    lease = desk / "out/artists/svm/checkpoints/seed0_fold0.lease"
    lease.parent.mkdir(parents=True)
    lease.write_text("elsewhere 17\n")
    held = run(desk, only=["svm"])[0]
    assert held.startswith("3 of 4 runs done, 1 in the hands of other processes")
    (desk / "out/artists/svm/runs/seed1_fold1.csv").unlink()
    turns: list[int] = []

    def let_go(done: int, total: int) -> None:
        turns.append(done)
        if len(turns) == 2:  # the first turn, that of the held run, is over
            lease.unlink()

    assert run(desk, only=["svm"], progress=let_go)[0] == "4 of 4 runs done."


def test_a_network_of_a_stranger_runs_beside_the_others_in_the_same_folds(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(desk))
    run(desk, only=["svm"])
    (desk / "short.toml").write_text(
        'name = "x"\n[model]\nkind = "any"\nscale = 2.0\n[train]\nepochs = 3\nbatch_size = 8\n'
    )
    said, failed = run(desk, add="stranger:Bands", recipe=desk / "short.toml")
    assert (said, failed) == ("4 of 4 runs done.", [])
    theirs = Predictions.read(desk / "out/artists/Bands/runs/seed0_fold1.csv")
    ours = Predictions.read(desk / "out/artists/svm/runs/seed0_fold1.csv")
    assert theirs.ids == ours.ids
    assert "Bands" in (desk / "out/report.md").read_text()


def test_the_example_of_a_network_of_ones_own_works_as_it_stands(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "examples/benchmark"))
    (desk / "plan.toml").write_text(PLAN.replace(PLAN[PLAN.rindex("[[queue]]") :], ""))  # its own recipe is long
    said, failed = run(desk, add="band_net:BandNet")
    assert (said, failed) == ("2 of 2 runs done.", [])
    tables = [Predictions.read(path) for path in sorted((desk / "out/artists/BandNet/runs").glob("*.csv"))]
    joined = Predictions.joined(tables)
    assert (joined.predicted == joined.truth).mean() > 0.5
    assert "BandNet" in (desk / "out/report.html").read_text()


def test_what_fails_is_named_and_stops_nothing_else(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(desk))
    (desk / "broken.toml").write_text('name = "b"\n[model]\nkind = "stranger:Broken"\n')
    plan = PLAN.replace("[systems.svm]", '[systems.broken]\nrecipe = "broken.toml"\n\n[systems.svm]')
    (desk / "plan.toml").write_text(plan.replace('["svm", "tiny"]', '["broken", "svm"]'))
    said, failed = run(desk, only=["broken", "svm"])
    assert said.startswith("4 of 8 runs done")
    assert len(failed) == 4
    assert all("out of ideas" in sentence and "broken" in sentence for sentence in failed)


def test_two_processes_share_a_queue_and_a_killed_one_loses_an_epoch_at_most(desk: Path) -> None:
    slow = synthetic.RECIPE.replace("epochs = 6", "epochs = 20")
    (desk / "tiny.toml").write_text(slow)
    plan = PLAN[: PLAN.index("[[queue]]")] + '[[queue]]\nprotocol = "artists"\nsystems = ["tiny"]\n'
    (desk / "plan.toml").write_text(plan)
    words = [sys.executable, "-m", "earmark", "benchmark", "plan.toml", "--data", "pieces", "--out", "out"]
    with contextlib.ExitStack() as started:
        first = subprocess.Popen([*words, "--jobs", "1"], cwd=desk)
        started.callback(first.kill)
        log = desk / "out/artists/tiny/checkpoints/seed0_fold0/log.jsonl"
        deadline_s = time.monotonic() + 180
        while not (log.exists() and len(log.read_text().splitlines()) >= 3):
            assert time.monotonic() < deadline_s
            assert first.poll() is None
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)  # it holds its fold while the second starts, and costs nothing
        second = subprocess.Popen([*words, "--jobs", "1"], cwd=desk)
        started.callback(second.kill)
        other = desk / "out/artists/tiny/checkpoints/seed0_fold1/log.jsonl"
        while not other.exists():  # the second takes the other fold
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        first.kill()
        first.wait()
        assert second.wait(timeout=180) == 0
    done = len(log.read_text().splitlines())
    assert subprocess.run([*words, "--jobs", "1"], cwd=desk, capture_output=True, text=True).returncode == 0
    rows = [json.loads(line)["epoch"] for line in log.read_text().splitlines()]
    assert rows == list(range(1, 21))
    assert done >= 2
    tables = [Predictions.read(desk / f"out/artists/tiny/runs/seed0_fold{fold}.csv") for fold in (0, 1)]
    assert len(Predictions.joined(tables)) == 16
    assert not list((desk / "out").rglob("*.lease"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_parent_ends_its_workers_without_a_traceback(number: signal.Signals, desk: Path) -> None:
    (desk / "tiny.toml").write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 300"))
    words = [sys.executable, "-m", "earmark", "benchmark", "plan.toml", "--data", "pieces", "--out", "out"]
    # A session of its own, so that only the parent hears the signal; with Ctrl-C heard, even where tests run unheard.
    running = subprocess.Popen(
        [*words, "--only", "tiny", "--jobs", "2"],
        cwd=desk,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    logs = [desk / f"out/artists/tiny/checkpoints/seed0_fold{fold}/log.jsonl" for fold in (0, 1)]
    try:
        deadline_s = time.monotonic() + 240
        while not all(log.exists() for log in logs):
            assert time.monotonic() < deadline_s
            assert running.poll() is None
            time.sleep(0.05)
        running.send_signal(number)
        _, said = running.communicate(timeout=60)  # the workers hold stderr too: it ends when they do
    finally:
        with contextlib.suppress(ProcessLookupError):  # nobody is left behind where this test fails
            os.killpg(running.pid, signal.SIGKILL)
    assert running.returncode != 0
    assert "Traceback" not in said
    lengths = [len(log.read_text()) for log in logs]
    time.sleep(0.5)
    assert lengths == [len(log.read_text()) for log in logs]


def test_a_folder_of_another_benchmark_is_refused(desk: Path) -> None:
    run(desk, only=["svm"])
    (desk / "svm.toml").write_text('name = "svm"\n[model]\nkind = "svm"\nfeatures = "mfcc"\n')
    with pytest.raises(DataError, match="another recipe"):
        run(desk, only=["svm"])


def test_predictions_of_shared_folds_can_be_paired(desk: Path) -> None:
    run(desk, only=["svm", "mean"])
    tables = [Predictions.read(desk / f"out/artists/{name}/runs/seed0_fold0.csv") for name in ("svm", "mean")]
    assert tables[0].ids == tables[1].ids
    np.testing.assert_array_equal(tables[0].truth, tables[1].truth)


def test_a_system_with_more_genres_than_the_set_is_measured_among_those_of_the_set(desk: Path) -> None:
    plan = Plan.load(desk / "plan.toml")
    (job, *_) = [job for job in plan.jobs([desk / "pieces"], desk / "out") if job.recipe.name == "svm"]
    shares = np.array([[0.5, 0.3, 0.2], [0.5, 0.2, 0.3]])  # the first genre, the likeliest, is no clip's
    zeros = np.zeros(2, dtype=np.int64)
    labels, sets = ("drone", "noise"), ("pieces", "pieces")
    said = Predictions(("polka", "drone", "noise"), ("a", "b"), sets, ("x", "y"), labels, shares, zeros, zeros)
    said.write(job.table)
    found = {(cell.system, cell.protocol): cell for cell in cells_of(plan, [desk / "pieces"], desk / "out")}
    answers = found["svm", "artists"].predictions
    assert answers is not None
    assert answers.genres == ("drone", "noise")
    assert (answers.predicted == answers.truth).all()
