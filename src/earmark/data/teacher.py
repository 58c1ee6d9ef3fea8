"""What another network hears in the clips of a set: `teacher.npz` and the like beside `clips.csv`, to learn from.

The sets that earmark was developed on have the answers of MSD_musicnn (Pons & Serra 2019, arXiv 1909.06654; ISC
licence; 50 Last.fm tags), of EfficientAT's mn04 (Schmid, Koutini & Widmer 2023, arXiv 2211.04772; MIT licence; 181
classes of AudioSet) and of VGGish (Hershey et al. 2017, arXiv 1609.09430). docs/data.md describes the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.errors import DataError

TEACHER_FILE = "teacher.npz"
SAME_S = 1.0  # a file that differs by more from the one that the teacher heard is another
Floats = NDArray[np.float32]


class Hearing(NamedTuple):
    """What a teacher makes of a clip: `logits` (windows, tags) and `vectors` (pieces, e), either may have no rows."""

    logits: NDArray[np.floating[Any]]
    vectors: NDArray[np.floating[Any]]
    duration_s: float = np.nan


@dataclass(frozen=True, eq=False)
class Teacher:
    """A set's teacher: its tags, and by the id of a clip, or the path of its file, what it heard.

    Windows of `window_s` seconds begin every `hop_s`, or are whole clips where that is infinite; vectors are of pieces
    of `piece_s` seconds in a row, or of whole clips where that is infinite.
    """

    tags: tuple[str, ...]
    window_s: float
    hop_s: float
    piece_s: float
    size: int  # numbers of a vector, 0 where there are none
    heard: Mapping[str, Hearing]

    @classmethod
    def load(cls, folder: Path, file: str = TEACHER_FILE) -> "Teacher":
        """The teacher of the set in `folder`; raises DataError where there is none, or the file is no teacher."""
        path = folder / file
        if not path.exists():
            raise DataError(f"{folder} has no {file}, so nothing is known of what its teacher hears.")
        try:
            with np.load(path) as table:
                return cls(**_parts(table))
        except (OSError, KeyError, ValueError) as reason:
            raise DataError(f"{path} is not a teacher: {reason}.") from reason

    def hears(self, clip: Clip, *, start_s: float = 0.0, end_s: float = np.inf) -> Hearing:
        """What it heard of a clip, or of some seconds of one; without rows where it has not heard it.

        Windows and pieces count where their middle lies in those seconds; `vectors` is their mean, one row or none.
        """
        found = self._found(clip)
        if found is None:
            return Hearing(np.zeros((0, len(self.tags)), np.float32), np.zeros((0, self.size), np.float32))
        logits = found.logits[_inside(len(found.logits), self.hop_s, self.window_s, start_s, end_s)]
        pieces = found.vectors[_inside(len(found.vectors), self.piece_s, self.piece_s, start_s, end_s)]
        pieces = pieces.astype(np.float32)
        return Hearing(logits.astype(np.float32), pieces.mean(axis=0, keepdims=True) if len(pieces) else pieces)

    def _found(self, clip: Clip) -> Hearing | None:
        if clip.id in self.heard or clip.sound_path is None:
            return self.heard.get(clip.id)
        parts = clip.sound_path.parts
        for start in range(len(parts)):  # a teacher that was given a folder names files by their path under it
            found = self.heard.get("/".join(parts[start:]))
            if found is not None:
                length_s = float(clip.columns.get("duration_s") or np.nan)
                return None if abs(length_s - found.duration_s) > SAME_S else found
        return None


def _inside(count: int, hop_s: float, window_s: float, start_s: float, end_s: float) -> slice:
    """Which of so many windows have their middle in those seconds; all, where a window is the whole clip."""
    if not np.isfinite(hop_s):
        return slice(count)
    middles = np.arange(count) * hop_s + window_s / 2
    return slice(int((middles < start_s).sum()), int((middles < end_s).sum()))


def _parts(table: Any) -> dict[str, Any]:
    """Two layouts: (n, windows, tags), padded; or all windows in a row, which `starts` (n + 1,) cuts into clips."""
    ids = [str(name) for name in table["ids"]]
    tags = tuple(str(tag) for tag in table["tags" if "tags" in table else "labels"]) if "logits" in table else ()
    hop_s, window_s = (float(table[name]) if name in table else np.inf for name in ("hop_s", "window_s"))
    logits, vectors, piece_s = [np.zeros((0, len(tags)), np.float16)] * len(ids), None, np.inf
    starts = table.get("starts")
    if "logits" in table:
        each = table["logits"]
        if each.ndim == 2 and starts is None:  # of clips as a whole
            each, hop_s, window_s = each[:, np.newaxis], np.inf, np.inf
        logits = _rows(each, starts, table.get("windows"))
    stored = next((name for name in ("embedding", "features") if name in table), None)
    if stored is not None:
        cuts = table.get("embedding_starts", starts)
        piece_s = np.inf if cuts is None else float(table["embedding_s"]) if "embedding_s" in table else hop_s
        each = table[stored]
        vectors = _rows(each if cuts is not None else each[:, np.newaxis], cuts, None)
    size = vectors[0].shape[1] if vectors else 0
    lengths = table["duration_s"].tolist() if "duration_s" in table else [np.nan] * len(ids)
    empty = np.zeros((0, size), np.float16)
    heard = {
        name: Hearing(rows, empty if vectors is None else vectors[number], lengths[number])
        for number, (name, rows) in enumerate(zip(ids, logits, strict=True))
    }
    return {"tags": tags, "window_s": window_s, "hop_s": hop_s, "piece_s": piece_s, "size": size, "heard": heard}


def _rows(values: NDArray[Any], starts: NDArray[Any] | None, counts: NDArray[Any] | None) -> list[NDArray[Any]]:
    """The rows of each clip."""
    if starts is not None:
        return [values[first:last] for first, last in pairwise(starts.tolist())]
    lengths = [values.shape[1]] * len(values) if counts is None else counts.tolist()
    return [rows[:length] for rows, length in zip(values, lengths, strict=True)]
