"""What a mosaic may be made of: the segments of some stretches of a collection's files, in one table."""

import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.files import shown
from earmark.generate.segments import Segments
from earmark.generate.shelf import Place, Shelf
from earmark.library.collection import Collection
from earmark.library.entry import Entry, Tokens
from earmark.listen.parallel import cores
from earmark.sound.identity import sound_id

Floats = NDArray[np.float32]

LEVEL_DB = 8.0  # to which stretches are brought: mean power of the mel bands
_MOST_GAIN_DB = 12.0
_QUIET_DB = 25.0  # under its stretch's level, and a segment is hardly heard
SPEEDS = 0.04  # by so much a segment may be played faster or slower to keep the tempo: 0.7 semitones
_THREADS = 4

Key = tuple[str, int, int]  # the sound, the stretch, and the number of a segment in it


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch that was described, and the row of its file in the collection."""

    place: Place
    row: int
    segments: Segments


@dataclass(frozen=True, eq=False)
class Stock:
    """Segments, n of them.

    Attributes
    ----------
    stretches:
        Where they come from.
    stretch:
        (n,) int64, of each the place in `stretches`.
    number:
        (n,) int64, of each in its stretch.
    rows:
        (n,) int64, of each the row of its file in the collection.
    next:
        (n,) int64, which continues it; -1 at the end of a stretch.
    lengths_s:
        (n,) float64, as they are played.
    speeds:
        (n,) float64, at which they are played to keep the tempo; 1 where they have none.
    gains_db:
        (n,) float32, by which they are made louder.
    sharp, edges, spectra:
        As in `Segments`, levels with their gains.
    rough:
        (n,) float32: by how many dB the onset that begins it is stronger than nine in ten moments of its stretch.
    quiet:
        (n,) bool, which are hardly heard.
    piece_beat_s:
        From beat to beat in the piece; nan where none is clear.
    beat_s:
        (n,) float64, from beat to beat as they are played; nan where that is not clear.
    tokens:
        (n, 24) float32, their moments as the collection keeps them, mean; zeros where it does not.
    """

    stretches: Sequence[Stretch]
    stretch: NDArray[np.int64]
    number: NDArray[np.int64]
    rows: NDArray[np.int64]
    next: NDArray[np.int64]
    lengths_s: NDArray[np.float64]
    speeds: NDArray[np.float64]
    gains_db: Floats
    sharp: Floats
    edges: Floats
    spectra: Floats
    rough: Floats
    quiet: NDArray[np.bool_]
    piece_beat_s: float
    beat_s: NDArray[np.float64]
    tokens: Floats

    def __len__(self) -> int:
        return len(self.stretch)

    def key(self, segment: int) -> Key:
        """By which a segment is known in other stocks too."""
        place = self.stretches[self.stretch[segment]].place
        return place.sound_id, place.number, int(self.number[segment])

    def seconds(self, segment: int) -> tuple[float, float]:
        """Where it is in its file."""
        found, number = self.stretches[self.stretch[segment]].segments, self.number[segment]
        return float(found.starts_s[number]), float(found.ends_s[number])


def take(
    collection: Collection,
    shelf: Shelf,
    places: Sequence[tuple[int, Place]],
    *,
    beat_s: float | None = None,
    on_failure: Callable[[int, str], None] = lambda row, sentence: None,
    step: Callable[[], None] = lambda: None,
) -> Stock | None:
    """A stock of some stretches, each with the row of its file; None where none of them can be had.

    Parameters
    ----------
    beat_s:
        From beat to beat in the piece; None to take what most of the stretches have.
    on_failure:
        Called with the row and the reason, once for each file of which a stretch could not be described.
    step:
        Called after each stretch.
    """
    found: list[Stretch] = []
    failed: set[int] = set()
    with ThreadPoolExecutor(max_workers=min(_THREADS, cores())) as pool:  # decoders and transforms are C code
        waiting = [(row, place, pool.submit(_got, shelf, place, collection.entries[row])) for row, place in places]
        for row, place, described in waiting:
            try:
                found.append(Stretch(place, row, described.result()))
            except SoundError as error:
                if row not in failed:  # of a file that is gone every stretch is
                    on_failure(row, str(error))
                failed.add(row)
            step()
    found = [each for each in found if each.row not in failed]
    return stock_of(found, collection, beat_s=beat_s) if found else None


def _got(shelf: Shelf, place: Place, entry: Entry) -> Segments:
    """A stretch whose file still has the sound that was indexed: that will be needed, where it was."""
    try:
        facts = Path(place.path).stat()
    except (OSError, ValueError):
        facts = None
    if facts is None or not stat.S_ISREG(facts.st_mode):
        raise SoundError(f"{shown(place.path)} is not there any more.", hint="Index its folder again.")
    as_it_was = (facts.st_size, facts.st_mtime_ns) == (entry.size, entry.mtime_ns)
    if not as_it_was and sound_id(place.path) != place.sound_id:  # new tags change no sound
        raise SoundError(f"{shown(place.path)} has changed since it was indexed.", hint="Index its folder again.")
    return shelf.get(place)


def stock_of(stretches: Sequence[Stretch], collection: Collection, *, beat_s: float | None = None) -> Stock:
    """The segments of stretches, at least one."""
    parts = [each.segments for each in stretches]
    counts = [len(each) for each in parts]
    stretch = np.repeat(np.arange(len(parts)), counts)
    number = np.concatenate([np.arange(count) for count in counts])
    gains = np.array([np.clip(LEVEL_DB - each.level_db, -_MOST_GAIN_DB, _MOST_GAIN_DB) for each in parts], np.float32)
    gains_db = gains[stretch]
    beat = common_beat_s(parts) if beat_s is None else beat_s
    speeds = np.array([speed_for(each, beat) for each in parts])[stretch]
    own_beat = np.array([60 / each.bpm if each.on_beats else np.nan for each in parts])[stretch]
    levels = np.concatenate([each.levels_db - each.level_db for each in parts])
    joined = {name: np.concatenate([getattr(each, name) for each in parts]) for name in ("sharp", "edges", "spectra")}
    tokens = {each.row: collection.tokens(int(collection.ids[each.row])) for each in stretches}
    return Stock(
        stretches=stretches,
        stretch=stretch,
        number=number,
        rows=np.array([each.row for each in stretches], np.int64)[stretch],
        next=np.where(number + 1 < np.array(counts)[stretch], np.arange(len(stretch)) + 1, -1),
        lengths_s=np.concatenate([each.lengths_s for each in parts]) / speeds,
        speeds=speeds,
        gains_db=gains_db,
        sharp=joined["sharp"],
        edges=joined["edges"] + gains_db[:, np.newaxis, np.newaxis],
        spectra=joined["spectra"] + gains_db[:, np.newaxis],
        rough=np.maximum(joined["sharp"] - np.array([each.rough_db for each in parts])[stretch], 0).astype(np.float32),
        quiet=levels < -_QUIET_DB,
        piece_beat_s=np.nan if beat is None else beat,
        beat_s=own_beat / speeds,
        tokens=np.concatenate([moments(each.segments, tokens[each.row]) for each in stretches]),
    )


def moments(segments: Segments, tokens: Tokens) -> Floats:
    """(n, 24): the mean of the moments that overlap each segment, of unit length; zeros where none do."""
    found = np.zeros((len(segments), tokens.vectors.shape[1]), np.float32)
    if not len(tokens):
        return found
    firsts = np.searchsorted(tokens.starts_s + tokens.token_s, segments.starts_s + 1e-6)
    lasts = np.searchsorted(tokens.starts_s, segments.ends_s - 1e-6)
    for number, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        if last > first:
            found[number] = tokens.vectors[first:last].mean(axis=0)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float32)


def common_beat_s(parts: Sequence[Segments]) -> float | None:
    """From beat to beat, as most of the stretches that have a tempo can be played; None where none has one."""
    clear = [each for each in parts if each.on_beats]
    if not clear:
        return None
    weights = np.array([each.clarity * len(each) for each in clear])
    beats = np.array([60 / each.bpm for each in clear])
    away = np.abs(octaves_between(beats[:, np.newaxis], beats[np.newaxis]))
    support = (weights[np.newaxis] * np.exp(-0.5 * np.square(away / 0.03))).sum(axis=1)
    return float(beats[int(support.argmax())])


def speed_for(segments: Segments, beat_s: float | None) -> float:
    """At which speed a stretch has that beat, or twice or half of it; 1 where that is out of reach."""
    if beat_s is None or not segments.on_beats:
        return 1.0
    speed = float(2 ** octaves_between(60 / segments.bpm, beat_s))
    return speed if abs(speed - 1) <= SPEEDS else 1.0


def octaves_between(one: NDArray[np.float64] | float, other: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """How many octaves one beat is longer than another, where twice and half as long are the same: -0.5 to 0.5."""
    away = np.log2(np.asarray(one, np.float64) / other)
    return np.asarray(away - np.round(away))
