"""A teacher's file in each of its layouts: which windows and vectors are those of a clip, or of some seconds of one."""

from pathlib import Path

import numpy as np
import pytest

from earmark.data.dataset import Clip
from earmark.data.teacher import Teacher
from earmark.errors import DataError

TAGS = np.array(["loud", "soft"])


def clip(name: str, **columns: str) -> Clip:
    return Clip(name, Path("home/set"), None, "", columns)


def test_a_row_a_clip_is_cut_to_its_real_windows(tmp_path: Path) -> None:
    logits = np.arange(12, dtype=np.float16).reshape(2, 3, 2)
    vectors = np.array([[1, 2, 3], [4, 5, 6]], np.float16)
    times = {"hop_s": 5.0, "window_s": 10.0}
    np.savez(tmp_path / "t.npz", ids=["a", "b"], labels=TAGS, logits=logits, windows=[3, 1], features=vectors, **times)
    teacher = Teacher.load(tmp_path, "t.npz")
    assert (teacher.tags, teacher.size, teacher.hop_s, teacher.window_s) == (("loud", "soft"), 3, 5.0, 10.0)
    np.testing.assert_array_equal(teacher.hears(clip("b")).logits, [[6, 7]])
    np.testing.assert_array_equal(teacher.hears(clip("b")).vectors, [[4, 5, 6]])
    unheard = teacher.hears(clip("c"))
    assert (unheard.logits.shape, unheard.vectors.shape) == ((0, 2), (0, 3))


def write_row_of_windows(folder: Path) -> Teacher:
    """Two tracks of 60 and 30 s: windows of 3 s in a row, vectors of pieces of 30 s."""
    np.savez(
        folder / "teacher.npz",
        ids=["game/one.ogg", "game/two.ogg"],
        tags=TAGS,
        logits=np.repeat(np.arange(30), 2).reshape(30, 2).astype(np.float16),
        starts=[0, 20, 30],
        embedding=np.array([[1.0], [2.0], [3.0]], np.float16),
        embedding_starts=[0, 2, 3],
        embedding_s=30.0,
        duration_s=[60.0, 30.5],
        hop_s=3.0,
        window_s=3.0,
    )
    return Teacher.load(folder)


def test_windows_in_a_row_are_found_by_the_path_of_the_file_and_cut_by_seconds(tmp_path: Path) -> None:
    teacher = write_row_of_windows(tmp_path)
    first = clip("game.one", path="../music/game/one.ogg", duration_s="60.01")
    assert teacher.hears(first).logits[:, 0].tolist() == list(range(20))
    assert teacher.hears(first).vectors.tolist() == [[1.5]]  # of both its pieces
    second_half = teacher.hears(first, start_s=30.0, end_s=60.0)
    assert second_half.logits[:, 0].tolist() == list(range(10, 20))
    assert second_half.vectors.tolist() == [[2.0]]
    assert teacher.hears(clip("game.two", path="two/game/two.ogg")).logits[:, 1].tolist() == list(range(20, 30))


def test_a_file_of_another_length_was_not_heard(tmp_path: Path) -> None:
    teacher = write_row_of_windows(tmp_path)
    other = clip("game.two", path="game/two.ogg", duration_s="99.0")
    assert len(teacher.hears(other).logits) == 0
    assert len(teacher.hears(clip("x", path="elsewhere/two.ogg")).logits) == 0


def test_a_teacher_may_have_vectors_alone(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", ids=["a"], embedding=np.array([[0, 255]], np.uint8))
    teacher = Teacher.load(tmp_path, "v.npz")
    assert teacher.tags == ()
    assert teacher.hears(clip("a")).vectors.tolist() == [[0.0, 255.0]]
    assert teacher.hears(clip("a"), start_s=30.0, end_s=60.0).vectors.tolist() == [[0.0, 255.0]]  # of all of it
    with pytest.raises(DataError, match=r"has no teacher\.npz"):
        Teacher.load(tmp_path)


def test_a_teacher_may_have_heard_clips_as_a_whole(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", ids=["a", "b"], tags=TAGS, logits=np.array([[1, 2], [3, 4]], np.float16))
    teacher = Teacher.load(tmp_path, "w.npz")
    assert (teacher.hop_s, teacher.window_s) == (np.inf, np.inf)
    assert teacher.hears(clip("b"), start_s=30.0, end_s=60.0).logits.tolist() == [[3.0, 4.0]]
