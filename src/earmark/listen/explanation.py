"""Why a track was heard as it was: the decisive seconds to listen to, what is left without them, and what is near it.

To ask what the network says without some seconds, their tokens are filled with the mean of every mel band, which is
the filler that misleads least (Bolaños et al. 2025, arXiv 2506.04391), and all windows are heard again. A token is
counted from the start of the track. Probabilities are calibrated.
"""

import contextlib
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.listen.atlas import Atlas, Neighbour
from earmark.listen.bundle import Bundle
from earmark.listen.listener import Listener, blocks_of, path_of
from earmark.listen.loudness import Loudness, only
from earmark.listen.picture import Picture
from earmark.listen.tally import Answer, answer
from earmark.sound import tokens
from earmark.sound.decode import Source
from earmark.sound.files import opened
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.track import Moment, Segment, Track

Floats = NDArray[np.float32]

NEIGHBOURS = 8
DRAWS = 5


@dataclass(frozen=True, eq=False, slots=True)
class Excerpt:
    """A segment and how it sounds: (samples,) float32, mono at 22 050 Hz."""

    segment: Segment
    samples: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Explanation:
    """A track's answer and what it rests on.

    Attributes
    ----------
    track:
        The answer.
    spectrogram:
        (128, at most 1500 columns) uint8, as in `PicturedTrack`.
    excerpts:
        The decisive segments, in order of time.
    without:
        The answer for the same track with the decisive tokens blanked.
    random_changes:
        What the probability of the track's genre (the nearest one, where it is none of these) gains when as many other
        tokens are blanked, in runs as long, one number a draw; empty where there is no room for them.
    place:
        Where the track is on the map of the atlas; None without an atlas.
    neighbours:
        The clips of the atlas nearest to the track, the nearest first; empty without an atlas.
    """

    track: Track
    spectrogram: NDArray[np.uint8]
    excerpts: tuple[Excerpt, ...]
    without: Answer
    random_changes: tuple[float, ...]
    place: tuple[float, ...] | None
    neighbours: tuple[Neighbour, ...]

    @property
    def change(self) -> float:
        """What the probability of the track's genre gains when the decisive tokens are blanked; mostly below 0."""
        return _change(self.track, self.without)

    @property
    def without_random(self) -> float | None:
        """The mean of the random changes; None where there are none."""
        return float(np.mean(self.random_changes)) if self.random_changes else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without spectrogram and samples."""
        return {
            "track": self.track.to_dict(),
            "without": self.without.to_dict(),
            "change": self.change,
            "random_changes": list(self.random_changes),
            "without_random": self.without_random,
            "place": None if self.place is None else list(self.place),
            "neighbours": [neighbour.to_dict() for neighbour in self.neighbours],
        }


def explain(
    listener: Listener,
    source: Source | NDArray[Any],
    *,
    sample_rate_hz: float | None = None,
    atlas: Atlas | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Explanation:
    """Hear a track, and hear it again without the seconds that decided.

    The spectrogram is held meanwhile, about 80 MB for an hour of sound, and a file is decoded twice.

    Parameters
    ----------
    listener:
        Whose answer is explained.
    source, sample_rate_hz:
        As in `Listener.hear`.
    atlas:
        What `read_atlas` gave for the listener's bundle. Without one the filler is the track's own mean, and place and
        neighbours stay empty.
    draws, seed:
        How often other tokens are drawn to be blanked, and by which numbers.

    Raises
    ------
    SoundError
        Where there is no sound that can be heard in the source.
    """
    columns: list[Floats] = []
    picture = Picture()

    def keep(piece: Floats) -> None:
        columns.append(piece)
        picture.push(piece)

    with _readable_twice(source) as readable:
        heard = listener.hear_with_vector(readable, sample_rate_hz=sample_rate_hz, on_columns=keep)
        with contextlib.closing(blocks_of(readable, sample_rate_hz, patience_s=listener.patience_s)) as blocks:
            excerpts = _excerpts(blocks, heard.track.decisive)
    track = replace(heard.track, path=path_of(source))
    blanks = _Blanks(listener.bundle, columns, track, filler=None if atlas is None else atlas.filler)
    decisive, others = blanks.split()
    rng = np.random.default_rng(seed)
    drawn = (elsewhere(decisive, others, rng) for _ in range(draws))
    changes = [_change(track, blanks.answer(each)) for each in drawn if each]
    return Explanation(
        track=track,
        spectrogram=picture.finish(),
        excerpts=excerpts,
        without=blanks.answer(decisive),
        random_changes=tuple(changes),
        place=None if atlas is None else tuple(atlas.place(heard.raw).tolist()),
        neighbours=() if atlas is None else tuple(atlas.nearest(heard.vector, NEIGHBOURS)),
    )


def elsewhere(decisive: Sequence[int], others: Collection[int], rng: np.random.Generator) -> list[int]:
    """Numbers of other tokens in runs as long as those of the decisive ones; none where they find no room.

    Single tokens all over a track would be another question: what is left of their neighbours tells what they were.
    """
    free = set(others)
    drawn: list[int] = []
    for length in sorted(_run_lengths(decisive), reverse=True):
        starts = [first for first in sorted(free) if all(first + more in free for more in range(length))]
        if not starts:
            return []
        first = int(rng.choice(starts))
        run = range(first, first + length)
        free.difference_update(run)
        drawn += run
    return sorted(drawn)


def _run_lengths(numbers: Sequence[int]) -> list[int]:
    """How long the runs of consecutive numbers are, of numbers in order."""
    cuts = [place for place in range(1, len(numbers)) if numbers[place] != numbers[place - 1] + 1]
    return [end - start for start, end in pairwise([0, *cuts, len(numbers)])]


def blank(window: tokens.Window, numbers: Collection[int], filler: Floats, *, token_frames: int) -> tokens.Window:
    """A window whose tokens of these numbers, counted from the start of the track, are filled; the rest is as it was.

    `filler` is (128,) float32, dB under the window's maximum.
    """
    first = round(window.start_s / (token_frames * tokens.FRAME_S))
    db = window.db.copy()
    cut = db.reshape(len(db), -1, token_frames)  # (128, tokens, frames), a view
    inside = [number - first for number in numbers if 0 <= number - first < cut.shape[1]]
    cut[:, inside] = filler[:, np.newaxis, np.newaxis]
    return replace(window, db=db)


class _Blanks:
    """A track of which tokens can be blanked.

    Parameters
    ----------
    bundle:
        The network that hears what is left.
    columns:
        The track's log-mel, pieces (128, any number) float32 absolute dB.
    track:
        Its answer, which says which moments are quiet.
    filler:
        (128,) float32, dB under a window's maximum; None for the mean of the track's own windows.
    """

    def __init__(self, bundle: Bundle, columns: Sequence[Floats], track: Track, *, filler: Floats | None) -> None:
        self._bundle = bundle
        self._track = track
        self._token_frames = bundle.info.front_end.token_frames
        token_s = self._token_frames * tokens.FRAME_S
        self._numbers = [round(moment.start_s / token_s) for moment in track.timeline]
        loud = {number for number, moment in zip(self._numbers, track.timeline, strict=True) if not moment.quiet}
        cut = partial(
            tokens.windows, token_frames=self._token_frames, window_tokens=bundle.info.front_end.window_tokens
        )
        loudness = Loudness(token_frames=self._token_frames)
        judged = [loudness.judge(window, silence_db=-np.inf) for window in cut(columns)]
        self._windows: list[tuple[tokens.Window, NDArray[np.bool_], float]] = []
        for each in judged:
            window, first = each.window, round(each.window.start_s / token_s)
            kept = np.array([first + place in loud for place in range(len(each.kept))])
            # As in the track's own answer a window counts by how loud its new tokens are, blanked or not.
            weights = (loudness.weights(each.levels_db) * kept)[len(kept) - window.new_tokens :]
            if weights.any():
                self._windows.append((window, kept, float(weights.sum())))
        self._filler = _mean_levels([window for window, _, _ in self._windows]) if filler is None else filler

    def split(self) -> tuple[list[int], list[int]]:
        """The numbers of the track's decisive tokens, and of all others that were heard."""
        numbers: dict[bool, list[int]] = {True: [], False: []}
        for number, moment in zip(self._numbers, self._track.timeline, strict=True):
            if not moment.quiet:
                numbers[_inside(moment, self._track.decisive)].append(number)
        return numbers[True], numbers[False]

    def answer(self, numbers: Collection[int]) -> Answer:
        """What the network says without these tokens."""
        total: dict[str, NDArray[np.float64]] = {}
        weight = 0.0
        for window, kept, counts in self._windows:
            blanked = blank(window, numbers, self._filler, token_frames=self._token_frames)
            said = self._bundle.run(only(blanked.db, kept, token_frames=self._token_frames)[np.newaxis])
            for name in ("logits", "outside"):
                if (logits := getattr(said, name)) is not None:
                    total[name] = total.get(name, 0) + counts * logits[0].astype(np.float64)
            weight += counts
        outside = total["outside"] / weight if "outside" in total else None
        return answer(self._bundle.info, total["logits"] / weight, outside)


def _inside(moment: Moment, segments: Sequence[Segment]) -> bool:
    middle_s = (moment.start_s + moment.end_s) / 2
    return any(segment.start_s <= middle_s <= segment.end_s for segment in segments)


def _mean_levels(windows: Sequence[tokens.Window]) -> Floats:
    """The mean of every band over windows, (128,)."""
    total = np.sum([window.db.sum(axis=1, dtype=np.float64) for window in windows], axis=0)
    return np.asarray(total / sum(window.db.shape[1] for window in windows), dtype=np.float32)


def _change(track: Track, said: Answer) -> float:
    """What the probability of the track's genre is more in another answer than in its own."""
    probabilities = {label.name: label.probability for label in said.genres}
    return round(probabilities[track.genre] - track.genres[0].probability, 6)


def _excerpts(blocks: Iterator[Floats], segments: Sequence[Segment]) -> tuple[Excerpt, ...]:
    """Cut segments, in order of time, out of a stream of samples, which is read no further than needed."""
    spans = [(round(segment.start_s * SAMPLE_RATE_HZ), round(segment.end_s * SAMPLE_RATE_HZ)) for segment in segments]
    pieces: list[list[Floats]] = [[] for _ in spans]
    at = 0
    for block in blocks:
        for kept, (start, end) in zip(pieces, spans, strict=True):
            kept.append(block[max(0, start - at) : max(0, end - at)].copy())  # no view, which would keep the block
        at += len(block)
        if at >= spans[-1][1]:
            break
    return tuple(Excerpt(segment, np.concatenate(kept)) for segment, kept in zip(segments, pieces, strict=True))


@contextlib.contextmanager
def _readable_twice(source: Source | NDArray[Any]) -> Iterator[Source | NDArray[Any]]:
    """The source, or a copy of what can be read but once, such as a pipe."""
    is_file = isinstance(source, str | os.PathLike) and Path(source).is_file()
    if isinstance(source, np.ndarray) or is_file:
        yield source
        return
    with opened(source) as file:
        yield file
