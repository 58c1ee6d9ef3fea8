"""What another network hears in the clips of a set: `teacher.npz` beside `clips.csv`, a target to learn from.

The file holds `ids` (n,), `tags` (t,) names, `logits` (n, windows, t) before the sigmoid, `windows` (n,) how many of
them are real, `window_s` and `hop_s`, and may hold `embedding` (n, e), one vector a clip. The sets that earmark was
developed on have the answers of MSD_musicnn (Pons & Serra 2019, arXiv 1909.06654; ISC licence): 50 Last.fm tags.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError

TEACHER_FILE = "teacher.npz"
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Teacher:
    """A set's teacher: per clip `logits` (windows, tags) float32 and, where there is one, `embedding` (e,) float32."""

    tags: tuple[str, ...]
    window_s: float
    hop_s: float
    logits: Mapping[str, Floats]
    embedding: Mapping[str, Floats]

    @classmethod
    def load(cls, folder: Path) -> "Teacher":
        """The teacher of the set in `folder`; raises DataError where there is none, or the file is no teacher."""
        path = folder / TEACHER_FILE
        if not path.exists():
            raise DataError(f"{folder} has no {TEACHER_FILE}, so nothing is known of what its teacher hears.")
        try:
            with np.load(path) as table:
                ids = [str(name) for name in table["ids"]]
                pairs = zip(table["logits"], table["windows"].tolist(), strict=True)
                logits = [rows[:count].astype(np.float32) for rows, count in pairs]
                vectors = table["embedding"].astype(np.float32) if "embedding" in table else []
                return cls(
                    tuple(str(tag) for tag in table["tags"]),
                    float(table["window_s"]),
                    float(table["hop_s"]),
                    dict(zip(ids, logits, strict=True)),
                    dict(zip(ids, vectors, strict=True)) if len(vectors) else {},
                )
        except (OSError, KeyError, ValueError) as reason:
            raise DataError(f"{path} is not a teacher: {reason}.") from reason
