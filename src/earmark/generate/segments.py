"""Segments of music: where they are, and what a search for a mosaic has to know of them, without their sound.

A stretch is the part of a file that is described at once. Rows of all arrays are its segments in order of time; a
segment ends where the next one of its stretch begins.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.generate.cutting import Cuts, cuts_of
from earmark.generate.fine import (
    COARSE_NUMBERS,
    PLACE_NUMBERS,
    STEP_S,
    coarse_numbers,
    fine_log_mel,
    highest_around,
    level_db,
    place_numbers,
    rises,
)

Floats = NDArray[np.float32]

BEFORE_START, AT_START, BEFORE_END, BEHIND_END = range(4)  # of `edges`
ROUGH = 0.9
_EDGE_FRAMES = 3
_EDGE_GAP_FRAMES = 2  # a frame hears 46 ms on either side of its centre


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of a stretch.

    Attributes
    ----------
    starts_s, ends_s:
        (n,) float64 in the file.
    sharp:
        (n,) float32: how strong an onset begins it, in dB; 0 where none does.
    edges:
        (n, 4, 58) float32 absolute dB: the 60 ms around its two cuts, `BEFORE_START`, `AT_START`, `BEFORE_END` and
        `BEHIND_END` (`fine.place_numbers`).
    spectra:
        (n, 32) float32 absolute dB, its mean spectrum (`fine.coarse_numbers`).
    levels_db:
        (n,) float32, its mean power.
    level_db:
        That of the stretch.
    rough_db:
        How strong an onset is that nine in ten moments of the stretch do not have.
    bpm, clarity:
        Of the stretch, see `tempo.Tempo`.
    on_beats:
        Whether it was cut on beats.
    """

    starts_s: NDArray[np.float64]
    ends_s: NDArray[np.float64]
    sharp: Floats
    edges: Floats
    spectra: Floats
    levels_db: Floats
    level_db: float
    rough_db: float
    bpm: float
    clarity: float
    on_beats: bool

    def __len__(self) -> int:
        return len(self.starts_s)

    @property
    def lengths_s(self) -> NDArray[np.float64]:
        """(n,) how long each is."""
        return self.ends_s - self.starts_s

    def arrays(self) -> dict[str, Any]:
        """What `from_arrays` takes, small: levels in steps of half precision, 0.03 dB."""
        small = {"sharp", "edges", "spectra", "levels_db"}
        return {
            each.name: np.asarray(getattr(self, each.name), np.float16 if each.name in small else None)
            for each in fields(self)
        }

    @classmethod
    def from_arrays(cls, arrays: Any) -> "Segments":
        """What `arrays` gave; KeyError or ValueError where that is not what is there."""
        found = {each.name: np.asarray(arrays[each.name]) for each in fields(cls)}
        n = len(found["starts_s"])
        shapes = {"ends_s": (n,), "sharp": (n,), "edges": (n, 4, PLACE_NUMBERS), "spectra": (n, COARSE_NUMBERS)}
        if any(found[name].shape != shape for name, shape in shapes.items()):
            raise ValueError("segments of other shapes")
        values: dict[str, Any] = {name: float(found[name]) for name in ("level_db", "rough_db", "bpm", "clarity")}
        values |= {name: found[name].astype(np.float32) for name in ("sharp", "edges", "spectra", "levels_db")}
        values |= {name: found[name].astype(np.float64) for name in ("starts_s", "ends_s")}
        return cls(**values, on_beats=bool(found["on_beats"]))


def describe(samples: Floats, *, first_s: float = 0.0) -> Segments:
    """The segments of a stretch of sound, (n,) mono at 22 050 Hz, which begins at a second of its file."""
    db = fine_log_mel(samples)
    places = place_numbers(db)
    rise = rises(places)
    cuts = cuts_of(rise)
    starts, ends = cuts.times_s[:-1], cuts.times_s[1:]
    spans = [_span(start_s, end_s, db.shape[1]) for start_s, end_s in zip(starts, ends, strict=True)]
    coarse = coarse_numbers(db)
    return Segments(
        starts_s=starts + first_s,
        ends_s=ends + first_s,
        sharp=cuts.sharp[:-1],
        edges=_edges(places, cuts),
        spectra=np.stack([coarse[:, span].mean(axis=1) for span in spans]),
        levels_db=np.array([level_db(db[:, span]) for span in spans], np.float32),
        level_db=level_db(db),
        rough_db=float(np.quantile(highest_around(rise), ROUGH)),
        bpm=cuts.tempo.bpm,
        clarity=cuts.tempo.clarity,
        on_beats=cuts.on_beats,
    )


def _span(start_s: float, end_s: float, frames: int) -> slice:
    first = min(round(start_s / STEP_S), frames - 1)
    return slice(first, max(min(round(end_s / STEP_S), frames), first + 1))


def _edges(places: Floats, cuts: Cuts) -> Floats:
    """(segments, 4, 58)."""
    around = np.stack([np.stack(_around(places, round(cut_s / STEP_S))) for cut_s in cuts.times_s])  # (k, 2, 58)
    return np.concatenate([around[:-1], around[1:]], axis=1)


def _around(places: Floats, cut: int) -> tuple[Floats, Floats]:
    """The means of some frames before a cut, and behind it."""
    last = places.shape[1]
    first_before = min(max(cut - _EDGE_GAP_FRAMES - _EDGE_FRAMES + 1, 0), last - 1)
    first_behind = min(cut + _EDGE_GAP_FRAMES - 1, last - 1)
    before = places[:, first_before : max(cut - _EDGE_GAP_FRAMES + 1, first_before + 1)].mean(axis=1)
    behind = places[:, first_behind : min(first_behind + _EDGE_FRAMES, last)].mean(axis=1)
    return before, behind
