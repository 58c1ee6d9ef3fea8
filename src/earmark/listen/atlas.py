"""An atlas: reference clips by which a track is placed and named, in `atlas.npz` beside a bundle's network.

A clip's vector is that of a track, (128,), as `Listener.hear_with_vector` gives it: whitened by a whitening that was
fitted to these very clips. Atlases made before there was one hold none, and vectors as the network makes them. The map
is the first three principal components of what the network makes of the clips whose genre is one of its own, so that
it shows how these lie; a distance on it is none in the 128 numbers, by which neighbours are found. An atlas fits one
network alone.
"""

import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import ArrayLike, NDArray

from earmark.files import FolderKind, write_whole
from earmark.label import six_digits
from earmark.listen.background import BACKGROUND_FILE, Background
from earmark.listen.beside import read_beside
from earmark.listen.bundle import INFO_FILE, Bundle
from earmark.listen.whitening import Whitening
from earmark.sound.mel import BANDS

Part = TypeVar("Part")

ATLAS_FILE = "atlas.npz"
FOLDER = FolderKind((ATLAS_FILE, BACKGROUND_FILE), known_by={INFO_FILE: b'"schema"'})  # a bundle's
MAP_AXES = 3


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A clip of the atlas near a vector; `distance` is Euclidean, in all 128 numbers.

    Between whitened vectors it is 0 for the same one, about 1.4 for unrelated ones and 2 at most, and the cosine is
    1 - distance ** 2 / 2.
    """

    name: str
    set: str
    artist: str
    title: str
    genre: str
    distance: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False, slots=True)
class Atlas:
    """Clips, where they are, and the map that is drawn of them.

    Attributes
    ----------
    labels:
        The genres of the network, in its order.
    names, sets, artists, titles, genres:
        Of each clip its id, its data set, and what that says of it; texts may be empty, and `genres` may name several.
    vectors:
        (n, 128) float16, whitened and of unit length to a thousandth; without `whitening` as the network makes them.
    places:
        (n, 3) float16, where the clips are on the map.
    centre, axes:
        (128,) and (3, 128) float32, of what the network makes: the mean of the clips of its genres, and the unit
        vectors of the map.
    explained:
        (3,) float32, the share of the variance of those clips along each axis.
    filler:
        (128,) float32, the mean of each mel band over all clips, dB under the window's maximum: what seconds are
        blanked out with.
    network_sha256:
        The network that made the vectors.
    whitening:
        What makes the network's vectors into those here; None in an atlas that was made before there was one.
    background:
        Some of the clips as heads read them, in an atlas that was just made: it is written into a file of its own.
    """

    labels: tuple[str, ...]
    names: tuple[str, ...]
    sets: tuple[str, ...]
    artists: tuple[str, ...]
    titles: tuple[str, ...]
    genres: tuple[str, ...]
    vectors: NDArray[np.float16]
    places: NDArray[np.float16]
    centre: NDArray[np.float32]
    axes: NDArray[np.float32]
    explained: NDArray[np.float32]
    filler: NDArray[np.float32]
    network_sha256: str
    whitening: Whitening | None = None
    background: Background | None = None

    def __post_init__(self) -> None:
        clips, numbers = len(self.names), self.vectors.shape[-1]
        if any(len(getattr(self, texts)) != clips for texts in ("sets", "artists", "titles", "genres")):
            raise ValueError("does not say the same of every clip")
        shapes = {
            "vectors": (clips, numbers),
            "places": (clips, MAP_AXES),
            "centre": (numbers,),
            "axes": (MAP_AXES, numbers),
            "explained": (MAP_AXES,),
            "filler": (BANDS,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape or not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"has {name} that are not {shape} numbers")
        if self.whitening is not None and len(self.whitening.mean) != numbers:
            raise ValueError(f"has a whitening that is not of {numbers} numbers")

    def place(self, raw: ArrayLike) -> NDArray[np.float32]:
        """Where vectors as the network makes them, (..., 128), are on the map: (..., 3) float32."""
        return on_map(raw, self.centre, self.axes)

    def genre_means(self) -> dict[str, NDArray[np.float32]]:
        """Of each genre of the network that has clips here the mean of their vectors, (128,)."""
        return self._means(self.vectors)

    def genre_places(self) -> dict[str, NDArray[np.float32]]:
        """The same on the map, (3,) each."""
        return self._means(self.places)

    def nearest(self, vector: ArrayLike, count: int, *, per_artist: int | None = 1) -> list[Neighbour]:
        """The clips nearest to a vector, the nearest first.

        Parameters
        ----------
        vector:
            (128,), as `Listener.hear_with_vector` gives it.
        count:
            How many at most.
        per_artist:
            How many clips of one artist at most, so that one does not fill the list; None for any number. A clip whose
            artist is not known stands for itself.
        """
        away = self.vectors.astype(np.float32) - np.asarray(vector, dtype=np.float32)  # (n, 128)
        distances = np.linalg.norm(away, axis=1)
        found: list[Neighbour] = []
        seen: dict[str, int] = {}
        for row in np.argsort(distances, kind="stable").tolist():
            if len(found) == count:
                break
            artist = self.artists[row].casefold()
            seen[artist] = seen.get(artist, 0) + 1
            if not artist or per_artist is None or seen[artist] <= per_artist:
                found.append(self._neighbour(row, float(distances[row])))
        return found

    def write(self, folder: Path) -> Path:
        """Write the atlas, and its background, into a bundle's folder, each whole or not at all; gives its path."""
        if self.background is not None:
            self.background.write(folder)
        arrays: dict[str, Any] = {name: np.asarray(getattr(self, name)) for name in _ALWAYS}
        if self.whitening is not None:
            arrays |= {key: getattr(self.whitening, name) for name, key in _WHITENING.items()}
        arrays["step"] = _step(self.vectors)
        arrays["vectors"] = np.rint(self.vectors / arrays["step"]).astype(np.int8)  # half the size
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)
        path = folder / ATLAS_FILE
        write_whole(path, stream.getvalue())
        return path

    def _means(self, points: NDArray[np.float16]) -> dict[str, NDArray[np.float32]]:
        genres = np.array(self.genres)
        rows = {label: genres == label for label in self.labels}
        plain = points.astype(np.float32)
        return {label: plain[inside].mean(axis=0) for label, inside in rows.items() if inside.any()}

    def _neighbour(self, row: int, distance: float) -> Neighbour:
        return Neighbour(
            self.names[row],
            self.sets[row],
            self.artists[row],
            self.titles[row],
            self.genres[row],
            six_digits(distance),
        )


# In a file the whitening is two arrays, and may be missing.
_WHITENING = {"mean": "whitening_mean", "matrix": "whitening_matrix"}
_ALWAYS = tuple(field.name for field in fields(Atlas) if field.name not in ("whitening", "background"))


def on_map(raw: ArrayLike, centre: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `Atlas.place`, for a map that is in no atlas yet."""
    return np.asarray((np.asarray(raw) - centre) @ axes.T, dtype=np.float32)


def as_stored(vectors: ArrayLike) -> NDArray[np.float16]:
    """Vectors, (n, 128), as a file keeps them: each number in at most 255 steps, so an error of a hundredth or two."""
    plain = np.asarray(vectors, dtype=np.float32)
    step = _step(plain)
    return np.asarray(np.rint(plain / step) * step, dtype=np.float16)


def _step(vectors: ArrayLike) -> NDArray[np.float32]:
    """Of each of the 128 numbers a power of two, so that what is a number of steps is kept to the bit; (128,)."""
    most = np.abs(np.asarray(vectors, dtype=np.float32)).max(axis=0, initial=2.0**-10)
    return np.asarray(2.0 ** np.ceil(np.log2(most / 127)), dtype=np.float32)


def read_atlas(bundle: Bundle) -> Atlas | None:
    """The atlas of a bundle; None where it has none.

    Raises
    ------
    BundleError
        The file is broken, or was made with another network.
    """
    return read_beside(bundle, ATLAS_FILE, "an atlas", _atlas_in)


def read_whitening(bundle: Bundle) -> Whitening | None:
    """The whitening in the atlas of a bundle; None where it has no atlas, or one without. Errors as in `read_atlas`."""
    return read_beside(bundle, ATLAS_FILE, "an atlas", _whitening_in)


def _atlas_in(table: NpzFile) -> Atlas:
    values: dict[str, Any] = {name: np.asarray(table[name]) for name in _ALWAYS if name != "places"}
    values["vectors"] = (values["vectors"] * table["step"]).astype(np.float16)
    values["whitening"] = _whitening_in(table)
    if values["whitening"] is None:
        values["places"] = on_map(values["vectors"], values["centre"], values["axes"]).astype(np.float16)
    else:
        values["places"] = table["places"]
    for name in ("labels", "names", "sets", "artists", "titles", "genres"):
        values[name] = tuple(str(text) for text in np.atleast_1d(values[name]))
    values["network_sha256"] = str(values["network_sha256"])
    return Atlas(**values)


def _whitening_in(table: NpzFile) -> Whitening | None:
    if not set(_WHITENING.values()) & set(table.files):
        return None
    return Whitening(**{name: table[key] for name, key in _WHITENING.items()})
