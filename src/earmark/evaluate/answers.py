"""Out-of-fold outputs of networks, beside the genres: tags and what is outside. One file a run."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.errors import DataError
from earmark.files import write_whole

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answers:
    """Mean logits of held-out clips, a row a clip.

    `said` are the outputs by name: "logits" (n, genres) and, where the network has them, "tags" (n, t), "outside"
    (n, 1) and "opinion" (n, genres), all float32; beside them the counts of `tag_times`.
    The file has float16: no network of so few clips is more exact.
    """

    ids: tuple[str, ...]
    sets: tuple[str, ...]
    artists: tuple[str, ...]
    said: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, clips: Sequence[Clip], said: Mapping[str, Floats]) -> "Answers":
        """The outputs for `clips`, in their order."""
        return cls(
            tuple(clip.id for clip in clips),
            tuple(clip.folder.name for clip in clips),
            tuple(clip.artist_key for clip in clips),
            said,
        )

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        file = io.BytesIO()
        arrays: dict[str, Any] = {name: rows.astype(np.float16) for name, rows in self.said.items()}
        np.savez_compressed(file, ids=self.ids, sets=self.sets, artists=self.artists, **arrays)
        write_whole(path, file.getvalue())

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """Read a file that `write` wrote; raises DataError where it is missing or is none."""
        try:
            with np.load(path) as table:
                ids, sets, artists = (tuple(str(name) for name in table[key]) for key in ("ids", "sets", "artists"))
                said = {key: table[key].astype(np.float32) for key in table.files if table[key].dtype == np.float16}
        except (OSError, KeyError, ValueError) as reason:
            raise DataError(f"{path} holds no answers of a run.") from reason
        return cls(ids, sets, artists, said)
