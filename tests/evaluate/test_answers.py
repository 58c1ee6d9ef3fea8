"""All that networks say of clips they never heard: kept beside the genre, for the other sets too."""

from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.errors import DataError
from earmark.evaluate.answers import Answers
from earmark.experiments.crossval import crossval
from earmark.experiments.protocol import Protocol
from earmark.train.recipe import Recipe


def test_a_cross_validation_keeps_what_networks_say_of_every_clip_once(tmp_path: Path) -> None:
    first = synthetic.dataset(tmp_path / "first", clips_per_style=2)
    second = synthetic.dataset(tmp_path / "second", clips_per_style=2)
    plain = synthetic.recipe(epochs=1).to_dict()
    plain["model"]["heads"] = {"outside": 1}
    plain["train"] |= {"outside_loss": 1.0}
    protocol = Protocol(folds=2, hold_out_all=True)
    out = tmp_path / "cv"
    said = crossval(
        Recipe.from_dict(plain), [first.folder, second.folder], out, protocol=protocol, reported=["first"], jobs=1,
        seeds=1,
    )  # fmt: skip
    assert {*said.sets} == {"first"}
    parts = [Answers.read(path) for path in sorted((out / "runs").glob("*.npz"))]
    assert len(parts) == 2
    rows = [pair for part in parts for pair in zip(part.sets, part.ids, strict=True)]
    wanted = [(data.name, clip.id) for data in (first, second) for clip in data.clips]
    assert sorted(rows) == sorted(wanted)
    assert set(parts[0].artists).isdisjoint(parts[1].artists)
    assert parts[0].said["logits"].shape == (len(parts[0]), 4)
    assert parts[0].said["outside"].shape == (len(parts[0]), 1)
    by_id = dict(zip(said.ids, said.logits, strict=True))
    for row, (name, clip_id) in enumerate(zip(parts[0].sets, parts[0].ids, strict=True)):
        if name == "first":
            logits = parts[0].said["logits"][row]
            assert by_id[clip_id] - by_id[clip_id].max() == pytest.approx(logits - logits.max(), abs=0.02)


def test_answers_come_back_as_they_were_written_and_other_files_are_refused(tmp_path: Path) -> None:
    kept = Answers(("a", "b"), ("one", "two"), ("x", "y"), {"tags": np.array([[1.5, -2], [0.25, 3]], np.float32)})
    kept.write(tmp_path / "run.npz")
    back = Answers.read(tmp_path / "run.npz")
    assert (back.ids, back.sets, back.artists) == (kept.ids, kept.sets, kept.artists)
    assert back.said["tags"].tolist() == kept.said["tags"].tolist()
    (tmp_path / "other.npz").write_bytes(b"no")
    with pytest.raises(DataError, match="other"):
        Answers.read(tmp_path / "other.npz")
