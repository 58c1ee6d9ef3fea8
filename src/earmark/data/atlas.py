"""Making an atlas: a network hears labelled clips, and what it makes of them is kept beside it (`listen.atlas`)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.listen.atlas import MAP_AXES, Atlas, as_stored
from earmark.listen.bundle import Bundle, FrontEnd
from earmark.listen.clips import clip_windows
from earmark.listen.tally import Tally
from earmark.sound.mel import BANDS
from earmark.sound.tokens import Window

Floats = NDArray[np.float32]

GENRES_COLUMN = "genres"  # several genres of a clip, where its set gives no label


@dataclass(frozen=True, eq=False)
class _Map:
    """What `Atlas` says of its axes."""

    centre: Floats
    axes: Floats
    explained: Floats


def make_atlas(
    bundle: Bundle, datasets: Sequence[Dataset], *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Atlas:
    """Hear all clips of some sets but those that are flagged.

    Parameters
    ----------
    bundle:
        The network, whose atlas it will be.
    datasets:
        Sets of pictures or sound. A clip in which nothing sounds has no place and is left out.
    progress:
        Told (done, total) clips.

    Raises
    ------
    DataError
        A picture is missing or broken, or too few clips have a genre of the network to draw a map of them.
    SoundError
        A sound cannot be heard, or is too short.
    """
    clips = [(dataset, clip) for dataset in datasets for clip in dataset.clips if not clip.flagged]
    heard: list[tuple[Dataset, Clip]] = []
    vectors: list[Floats] = []
    levels = _MeanLevels()
    for done, (dataset, clip) in enumerate(clips, start=1):
        windows = _windows(dataset.db(clip), bundle.info.front_end)
        tally = Tally(bundle)
        for window in windows:
            tally.add(window)
            levels.add(window, token_frames=bundle.info.front_end.token_frames)
        if not tally.empty:
            heard.append((dataset, clip))
            vectors.append(tally.vector)
        progress(done, len(clips))
    genres = [_genres(clip) for _, clip in heard]
    stored = as_stored(np.stack(vectors) if vectors else np.empty((0, 1)))
    inside = [
        vector for vector, genre in zip(stored.astype(np.float32), genres, strict=True) if genre in bundle.info.labels
    ]
    drawn = _map(inside, bundle)
    return Atlas(
        labels=bundle.info.labels,
        names=tuple(clip.id for _, clip in heard),
        sets=tuple(dataset.name for dataset, _ in heard),
        artists=tuple(clip.artist if clip.artist_known else "" for _, clip in heard),
        titles=tuple(clip.columns.get("title", "").strip() for _, clip in heard),
        genres=tuple(genres),
        vectors=stored,
        centre=drawn.centre,
        axes=drawn.axes,
        explained=drawn.explained,
        filler=levels.mean(),
        network_sha256=bundle.info.sha256,
    )


class _MeanLevels:
    """The mean of each mel band over the seconds that clips have, each once."""

    def __init__(self) -> None:
        self._sums = np.zeros(BANDS)
        self._frames = 0

    def add(self, window: Window, *, token_frames: int) -> None:
        """Take the seconds of a window that were in none before."""
        new = window.db[:, -window.new_tokens * token_frames :]
        self._sums += new.sum(axis=1, dtype=np.float64)
        self._frames += new.shape[1]

    def mean(self) -> Floats:
        """(128,) float32, dB under the windows' maxima."""
        mean: Floats = (self._sums / self._frames).astype(np.float32)
        return mean


def _windows(db: Floats, front_end: FrontEnd) -> list[Window]:
    return clip_windows(db, token_frames=front_end.token_frames, window_tokens=front_end.window_tokens)


def _genres(clip: Clip) -> str:
    """The clip's label, or all genres that its set names."""
    return clip.label or clip.columns.get(GENRES_COLUMN, "").strip()


def _map(vectors: Sequence[Floats], bundle: Bundle) -> _Map:
    """The first principal components of vectors, (128,) each."""
    if len(vectors) <= MAP_AXES:
        genres = ", ".join(bundle.info.labels)
        raise DataError(
            f"Only {len(vectors)} clips have a genre of {bundle.info.model}, too few to draw a map of them.",
            hint=f"Needed are clips with the labels {genres}.",
        )
    points = np.stack(vectors).astype(np.float64)
    centre = points.mean(axis=0)
    _, deviations, directions = np.linalg.svd(points - centre, full_matrices=False)
    axes = directions[:MAP_AXES]
    # A component points either way: the one that makes its largest number positive is the same on every machine.
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(MAP_AXES), largest])[:, None]
    spread = np.square(deviations)
    explained = spread[:MAP_AXES] / (spread.sum() or 1.0)
    return _Map(centre.astype(np.float32), axes.astype(np.float32), explained.astype(np.float32))
