"""The folder of a cross-validation: which networks are still there, and which clips each never heard."""

from dataclasses import replace
from pathlib import Path

import pytest

import untrained
from earmark.errors import DataError
from earmark.evaluate.runs import CHECKPOINTS, PLAN, RUNS, kept_networks


def runs(folder: Path, *, kept: tuple[int, ...]) -> Path:
    """Two runs, whose networks never heard the pieces of one half and of the other; checkpoints of those in `kept`."""
    (folder / RUNS).mkdir(parents=True)
    (folder / PLAN).write_text("{}")
    said = untrained.predictions()
    names = said.ids[: len(said) // 2], said.ids[len(said) // 2 :]
    for fold in (0, 1):
        sets = tuple("pieces" if clip in names[fold] else "more" for clip in said.ids)
        replace(said, sets=sets).write(folder / RUNS / f"seed0_fold{fold}.csv")
    for fold in kept:
        (folder / CHECKPOINTS / f"seed0_fold{fold}").mkdir(parents=True)
    return folder


def test_each_network_comes_with_the_clips_of_the_set_that_it_never_heard(tmp_path: Path) -> None:
    ids = untrained.predictions().ids
    (first, held), (second, others) = kept_networks(runs(tmp_path, kept=(0, 1)), "pieces")
    assert (first.name, second.name) == ("seed0_fold0", "seed0_fold1")
    assert (held, others) == (frozenset(ids[:40]), frozenset(ids[40:]))


def test_a_network_whose_checkpoint_is_gone_is_left_out(tmp_path: Path) -> None:
    assert [path for path, _ in kept_networks(runs(tmp_path, kept=(1,)), "pieces")] == [
        tmp_path / CHECKPOINTS / "seed0_fold1"
    ]


def test_where_all_are_gone_it_says_so_and_where_there_was_no_cross_validation_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no checkpoints"):
        list(kept_networks(runs(tmp_path / "gone", kept=()), "pieces"))
    assert list(kept_networks(tmp_path, "pieces")) == []
