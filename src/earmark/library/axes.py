"""The axes on which a collection keeps the vectors of moments: the first principal ones of a bundle's atlas.

They follow from the bundle alone, so that moments that two machines heard can be compared. Where a bundle has no atlas,
they are a fixed rotation, which keeps cosines roughly (Johnson & Lindenstrauss 1984).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.library.entry import TOKEN_NUMBERS, Tokens
from earmark.listen.atlas import read_atlas
from earmark.listen.bundle import Bundle
from earmark.listen.reading import Moments
from earmark.listen.whitening import Whitening

_SEED = 24


@dataclass(frozen=True, eq=False)
class Axes:
    """How vectors as the network makes them become those that are kept.

    `whitening` publishes them, None where the bundle has none; `directions` (128, `TOKEN_NUMBERS`) are unit vectors.
    """

    whitening: Whitening | None
    directions: NDArray[np.float64]

    def published(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Vectors, (..., 128), of unit length."""
        return _unit(raw) if self.whitening is None else self.whitening.apply(raw)

    def tokens(self, moments: Moments) -> Tokens:
        """Moments as they are kept."""
        vectors = _unit(self.published(moments.vectors.astype(np.float32)) @ self.directions)
        return Tokens(moments.starts_s, moments.token_s, vectors)


def axes_of(bundle: Bundle, *, numbers: int = 128) -> Axes:
    """The axes of a bundle whose vectors have so many numbers; BundleError where its atlas is broken."""
    atlas = read_atlas(bundle)
    if atlas is None or atlas.whitening is None or len(atlas.vectors) < TOKEN_NUMBERS:
        whitening = None if atlas is None else atlas.whitening
        drawn = np.random.default_rng(_SEED).normal(size=(numbers, TOKEN_NUMBERS))
        return Axes(whitening, _same_sign(np.linalg.qr(drawn)[0]))
    points = atlas.vectors.astype(np.float64)
    centred = points - points.mean(axis=0)
    directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]  # the largest variance first
    return Axes(atlas.whitening, _same_sign(directions[:, :TOKEN_NUMBERS]))


def _same_sign(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Axes whose largest number is positive: an eigenvector and its negative are as good, and machines differ."""
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return np.asarray(directions * np.sign(largest))


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
