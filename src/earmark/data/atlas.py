"""Making an atlas: a network hears labelled clips, and what it makes of them is kept beside it (`listen.atlas`).

The whitening of the network's vectors is fitted to the same clips, each of which counts once. Of some of them, drawn
evenly at random, what heads read is kept too (`listen.background`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.listen.atlas import MAP_AXES, Atlas, as_stored, on_map
from earmark.listen.background import Background
from earmark.listen.bundle import Bundle, FrontEnd
from earmark.listen.clips import clip_windows
from earmark.listen.tally import Tally
from earmark.listen.whitening import fit_whitening
from earmark.sound.mel import BANDS
from earmark.sound.tokens import Window

Floats = NDArray[np.float32]

BACKGROUND_CLIPS = 300  # 150 kB; with a third of them words are told as well to half a point of AUC
_DRAW = 20  # the seed by which they are drawn
GENRES_COLUMN = "genres"  # several genres of a clip, where its set gives no label


@dataclass(frozen=True, eq=False)
class _Map:
    """What `Atlas` says of its axes."""

    centre: Floats
    axes: Floats
    explained: Floats


@dataclass(frozen=True, eq=False)
class HeardClips:
    """Clips of some sets and what a network makes of them.

    `vectors` are (n, 128) float32, as the network makes them; `filler` is (128,) float32, the mean of each mel band, dB
    under the windows' maxima; `numbers` are (n, numbers) float32, what heads read.
    """

    clips: tuple[tuple[Dataset, Clip], ...]
    vectors: Floats
    filler: Floats
    numbers: Floats

    @property
    def genres(self) -> tuple[str, ...]:
        """Of each clip its label, or all genres that its set names."""
        return tuple(clip.label or clip.columns.get(GENRES_COLUMN, "").strip() for _, clip in self.clips)


def hear_clips(
    bundle: Bundle, datasets: Sequence[Dataset], *, progress: Callable[[int, int], None] = lambda done, total: None
) -> HeardClips:
    """Hear all clips of some sets but those that are flagged.

    Parameters
    ----------
    bundle:
        The network that hears them.
    datasets:
        Sets of pictures or sound. A clip in which nothing sounds has no place and is left out.
    progress:
        Told (done, total) clips.

    Raises
    ------
    DataError
        A picture is missing or broken.
    SoundError
        A sound cannot be heard, or is too short.
    """
    clips = [(dataset, clip) for dataset in datasets for clip in dataset.clips if not clip.flagged]
    heard: list[tuple[Dataset, Clip]] = []
    vectors: list[Floats] = []
    numbers: list[Floats] = []
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
            numbers.append(tally.numbers)
        progress(done, len(clips))
    made, read = (np.stack(each) if each else np.empty((0, BANDS), np.float32) for each in (vectors, numbers))
    return HeardClips(tuple(heard), made, levels.mean(), read)


def make_atlas(
    bundle: Bundle, datasets: Sequence[Dataset], *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Atlas:
    """Hear clips and make the atlas of them, for the network that hears them.

    Arguments and errors as in `hear_clips`; DataError too where too few clips have a genre of the network to draw a map
    of them.
    """
    heard = hear_clips(bundle, datasets, progress=progress)
    genres, clips = heard.genres, [clip for _, clip in heard.clips]
    drawn = _map(heard.vectors[np.isin(genres, bundle.info.labels)], bundle)
    whitening = fit_whitening(heard.vectors)
    return Atlas(
        labels=bundle.info.labels,
        names=tuple(clip.id for clip in clips),
        sets=tuple(dataset.name for dataset, _ in heard.clips),
        artists=tuple(clip.artist if clip.artist_known else "" for clip in clips),
        titles=tuple(clip.columns.get("title", "").strip() for clip in clips),
        genres=genres,
        vectors=as_stored(whitening.apply(heard.vectors)),
        places=on_map(heard.vectors, drawn.centre, drawn.axes).astype(np.float16),
        centre=drawn.centre,
        axes=drawn.axes,
        explained=drawn.explained,
        filler=heard.filler,
        network_sha256=bundle.info.sha256,
        whitening=whitening,
        background=_background(heard, bundle),
    )


def _background(heard: HeardClips, bundle: Bundle) -> Background:
    """Of as many of the clips as are kept, in their order, what heads read."""
    clips = [clip for _, clip in heard.clips]
    count = min(BACKGROUND_CLIPS, len(clips))
    drawn = np.sort(np.random.default_rng(_DRAW).choice(len(clips), count, replace=False)).tolist()
    return Background(
        numbers=heard.numbers[drawn].astype(np.float16),
        artists=tuple(clips[row].artist if clips[row].artist_known else "" for row in drawn),
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
        mean: Floats = (self._sums / max(self._frames, 1)).astype(np.float32)
        return mean


def _windows(db: Floats, front_end: FrontEnd) -> list[Window]:
    return clip_windows(db, token_frames=front_end.token_frames, window_tokens=front_end.window_tokens)


def _map(vectors: Floats, bundle: Bundle) -> _Map:
    """The first principal components of vectors, (n, 128)."""
    if len(vectors) <= MAP_AXES:
        genres = ", ".join(bundle.info.labels)
        raise DataError(
            f"Only {len(vectors)} clips have a genre of {bundle.info.model}, too few to draw a map of them.",
            hint=f"Needed are clips with the labels {genres}.",
        )
    points = vectors.astype(np.float64)
    centre = points.mean(axis=0)
    _, deviations, directions = np.linalg.svd(points - centre, full_matrices=False)
    axes = directions[:MAP_AXES]
    # A component points either way: the one that makes its largest number positive is the same on every machine.
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(MAP_AXES), largest])[:, None]
    spread = np.square(deviations)
    explained = spread[:MAP_AXES] / (spread.sum() or 1.0)
    return _Map(centre.astype(np.float32), axes.astype(np.float32), explained.astype(np.float32))
