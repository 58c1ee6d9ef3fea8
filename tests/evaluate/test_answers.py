"""All that networks say of clips, as it is kept."""

from pathlib import Path

import numpy as np
import pytest

from earmark.errors import DataError
from earmark.evaluate.answers import Answers


def test_answers_come_back_as_they_were_written_and_other_files_are_refused(tmp_path: Path) -> None:
    kept = Answers(("a", "b"), ("one", "two"), ("x", "y"), {"tags": np.array([[1.5, -2], [0.25, 3]], np.float32)})
    kept.write(tmp_path / "run.npz")
    back = Answers.read(tmp_path / "run.npz")
    assert (back.ids, back.sets, back.artists) == (kept.ids, kept.sets, kept.artists)
    assert back.said["tags"].tolist() == kept.said["tags"].tolist()
    (tmp_path / "other.npz").write_bytes(b"no")
    with pytest.raises(DataError, match="other"):
        Answers.read(tmp_path / "other.npz")
