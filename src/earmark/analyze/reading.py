"""Out-of-fold readings: of every clip what a network says that never heard it, all in one space.

The networks of a cross-validation have axes of their own. Each is turned onto the first by the clips that it was
trained on; the clips it never heard have no part in where they land.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.analyze import space
from earmark.analyze.material import Heard, Material, Network, hear
from earmark.errors import DataError
from earmark.measure.bootstrap import artist_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reading:
    """What one group of networks says of the clips, each by the network that never heard it where that is known.

    `heard` is of all clips, `by` (n,) the place of the network among `networks`, `places` (n, 128) where clips are in
    the space of the first network. `own` are the places of all clips in each network's own space, trained on or not.
    """

    name: str
    networks: tuple[Network, ...]
    heard: Heard
    by: Ints
    places: Floats
    own: tuple[Floats, ...]

    @property
    def out_of_fold(self) -> bool:
        """Whether no clip was heard by a network that was trained on it."""
        return all(network.held is not None for network in self.networks)

    def parts(self) -> list[tuple[Network, Ints]]:
        """Each network with the rows of the clips that it speaks for."""
        return [(network, np.flatnonzero(self.by == number)) for number, network in enumerate(self.networks)]


def read(
    networks: Sequence[Network], material: Material, *, progress: Callable[[int], None] = lambda windows: None
) -> list[Reading]:
    """A reading for every group whose networks hold out all clips between them, or whose one network holds out none.

    Raises
    ------
    DataError
        No group is whole.
    """
    groups: dict[str, list[Network]] = {}
    for network in networks:
        groups.setdefault(network.group, []).append(network)
    whole = {name: members for name, members in groups.items() if _covers(members, material)}
    if not whole:
        hint = "Needed is a bundle, a checkpoint, or all folds of a seed of a cross-validation on this data set."
        raise DataError(f"These networks do not hold out the clips of {material.name} between them.", hint=hint)
    return [_read_group(name, members, material, progress) for name, members in whole.items()]


def mean_with_interval(values: ArrayLike, artists: Sequence[str], rng: np.random.Generator) -> dict[str, float]:
    """Mean of (n,) values, and the ends of its 95 % interval by artist, as figures have them.

    Raises ValueError where there are no values, or fewer than two artists.
    """
    numbers = np.asarray(values, dtype=np.float64)
    low, high = artist_interval(numbers, artists, rng=rng)
    return {"mean": float(numbers.mean()), "low": low, "high": high}


def windows_to_hear(networks: Sequence[Network], material: Material) -> int:
    """An upper bound for what `read` reports to `progress`."""
    return len(networks) * len(material)


def _covers(members: Sequence[Network], material: Material) -> bool:
    if members[0].held is None:
        return len(members) == 1
    held = frozenset[str]().union(*(member.held or frozenset() for member in members))
    return all(clip.id in held for clip in material.clips)


def _read_group(name: str, members: Sequence[Network], material: Material, progress: Callable[[int], None]) -> Reading:
    heards = [hear(member, material.db, progress=progress) for member in members]
    own = tuple(each.places.astype(np.float64) for each in heards)
    by = np.zeros(len(material), dtype=np.int64)
    places = own[0].copy()
    for number, member in enumerate(members):
        rows = material.rows(member.held)
        by[rows] = number
        if number:
            trained = np.setdiff1d(np.arange(len(material)), rows)
            places[rows] = space.aligned(own[number], own[0], trained)[rows]
    return Reading(name, tuple(members), _by_network(heards, by), by, places, own)


def _by_network(heards: Sequence[Heard], by: Ints) -> Heard:
    """Of each clip what its network says."""
    rows = np.arange(len(by))
    said = [heard.arrays() for heard in heards]
    return Heard(**{name: np.stack([each[name] for each in said])[by, rows] for name in said[0]})
