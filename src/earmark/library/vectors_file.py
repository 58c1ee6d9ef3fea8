"""The file of vectors beside a collection's database, `collection.db.vectors`, which is mapped and not read.

To read a hundred thousand vectors out of the database takes longer than to search them. The file is derived from it:
made by who reads all vectors, for one network and one state of the database (`Store` marks each), and made anew where
one of these is another. Where it cannot be written nothing is lost but time.

It is a head of JSON, filled up with blanks; (n, 2) int64, the ids of what was heard and of the files; (n, d) float32 of
unit length. All is little-endian, in the order of paths. Half as many bytes a number would have to be made float32 each
time, which takes eight times as long as a search.
"""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import OutputError
from earmark.files import whole

FEWEST = 2000  # of fewer entries a file is not worth while
_FORMAT = 1
_HEAD_BYTES = 4096


@dataclass(frozen=True, eq=False, slots=True)
class Vectors:
    """What the file holds.

    Attributes
    ----------
    heard_ids, ids:
        (n,) int64, of what was heard, and of the files.
    near:
        (n, d) float32 of unit length, as `Collection.vectors`.
    """

    heard_ids: NDArray[np.int64]
    ids: NDArray[np.int64]
    near: NDArray[np.float32]


def place_of(db: Path) -> Path:
    """Where the file of a database is, whether it is there or not."""
    return db.with_name(db.name + ".vectors")


def read_vectors(db: Path, state: str, sha256: str) -> Vectors | None:
    """What the file holds, mapped; None where there is none of this state of the database and this network."""
    place = place_of(db)
    try:
        with place.open("rb") as file:
            head = json.loads(file.read(_HEAD_BYTES))
        count, numbers = head["shape"]
        expected = _HEAD_BYTES + count * (16 + 4 * numbers)
        if head != _head(state, sha256, count, numbers) or place.stat().st_size != expected:
            return None
        ids = np.memmap(place, "<i8", "r", _HEAD_BYTES, (count, 2))
        near = np.memmap(place, "<f4", "r", _HEAD_BYTES + 16 * count, (count, numbers))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Vectors(np.array(ids[:, 0]), np.array(ids[:, 1]), np.asarray(near))


def write_vectors(db: Path, state: str, sha256: str, vectors: Vectors) -> None:
    """Keep them for whoever opens this state of the database next; nothing happens where that cannot be."""
    if len(vectors.ids) < FEWEST:
        return
    head = json.dumps(_head(state, sha256, *vectors.near.shape)).encode().ljust(_HEAD_BYTES)
    with contextlib.suppress(OutputError), whole(place_of(db)) as file:
        file.write(head)
        file.write(np.stack([vectors.heard_ids, vectors.ids], axis=1).astype("<i8").data)
        file.write(np.ascontiguousarray(vectors.near, "<f4").data)


def _head(state: str, sha256: str, count: int, numbers: int) -> dict[str, object]:
    shape = [count, numbers]
    return {"earmark": "vectors", "format": _FORMAT, "state": state, "network": sha256, "shape": shape}
