"""Labelled music for heads: sets as they are, folders of folders, lists of files; and what a bundle makes of them."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.layout import CLIPS_FILE
from earmark.errors import BundleError, DataError, EarmarkError
from earmark.listen.bundle import Bundle
from earmark.listen.clips import clip_windows
from earmark.listen.reading import Moments
from earmark.listen.tally import Tally

Progress = Callable[[int, int], None]
PATH_COLUMN = "path"


@dataclass(frozen=True, eq=False)
class Heard:
    """Clips and what a network makes of them: `numbers` (clips, numbers) float32, `moments` one a clip.

    The first `own` of the numbers have a spread of their own (`Tally.own`); `failures` are sentences about those that
    could not be heard.
    """

    clips: tuple[Clip, ...]
    numbers: NDArray[np.float32]
    moments: tuple[Moments, ...]
    own: int
    failures: tuple[str, ...] = ()


def load_set(path: Path) -> Dataset:
    """A set in earmark's layout, a folder of folders that are labels, or a CSV of files with a column `path`.

    Raises DataError for anything else.
    """
    if path.is_file():
        return _listed(path)
    if (path / CLIPS_FILE).is_file():
        return Dataset.load(path)
    from earmark.data.sources import importer_for

    if not path.is_dir():
        raise DataError(f"{path} is neither a folder nor a list of files.")
    folder = path.resolve()
    catalogue = importer_for(path, "folder").catalogue(folder)
    clips = [
        Clip(item.id, folder, item.columns.get("genre") or None, item.columns.get("artist", ""), columns)
        for item in catalogue.items
        for columns in [{**item.columns, "id": item.id, PATH_COLUMN: str(item.file)}]
    ]
    return Dataset(folder.name, folder, tuple(map(_with_artist, clips)))


def _listed(path: Path) -> Dataset:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text))
    except (OSError, ValueError, csv.Error) as reason:
        raise DataError(f"{path} cannot be read as CSV ({reason}).") from reason
    if not rows or PATH_COLUMN not in rows[0]:
        raise DataError(
            f"{path} is no list of files: it has no column '{PATH_COLUMN}'.",
            hint="Its first line names the columns, such as path,genre,artist.",
        )
    folder = path.resolve().parent / path.stem  # so that a recipe may name the list as a set
    clips = []
    for row in rows:
        columns = {name: (value or "").strip() for name, value in row.items() if name}
        name, columns[PATH_COLUMN] = columns[PATH_COLUMN], str(path.resolve().parent / columns[PATH_COLUMN])
        clips.append(Clip(name, folder, columns.get("genre") or None, columns.get("artist", ""), columns))
    return Dataset(folder.name, folder, tuple(map(_with_artist, clips)))


def _with_artist(clip: Clip) -> Clip:
    """The clip with the artist that its file's tags name, where its set names none."""
    from earmark.sound.tags import tags_of

    if clip.artist_known or clip.sound_path is None:
        return clip
    return replace(clip, artist=tags_of(clip.sound_path).get("artist", ""))


def hear_sets(
    bundle: Bundle, sets: Sequence[tuple[Dataset, Sequence[Clip]]], *, progress: Progress = lambda done, total: None
) -> Heard:
    """Hear some clips of some sets; those that cannot be heard are named in `failures` and left out.

    Raises DataError where none can be heard, BundleError where the bundle is too old for heads.
    """
    total = sum(len(clips) for _, clips in sets)
    heard: list[Clip] = []
    numbers, moments, failures = [], [], []
    done = own = 0
    for dataset, clips in sets:
        for clip in clips:
            try:
                tally = _tally(bundle, dataset, clip)
                numbers.append(tally.numbers)
                moments.append(tally.moments)
                heard.append(clip)
                own = tally.own
            except BundleError:  # no other clip would do better
                raise
            except EarmarkError as error:
                failures.append(str(error))
            done += 1
            progress(done, total)
    if not heard:
        first = failures[0] if failures else "There are no clips."
        raise DataError(f"Nothing could be heard. {first}")
    return Heard(tuple(heard), np.stack(numbers), tuple(moments), own, tuple(failures))


def _tally(bundle: Bundle, dataset: Dataset, clip: Clip) -> Tally:
    front_end = bundle.info.front_end
    tally, db = Tally(bundle), dataset.db(clip)
    if not np.ptp(db):
        raise DataError(f"{clip.path} is silent.")
    for window in clip_windows(db, token_frames=front_end.token_frames, window_tokens=front_end.window_tokens):
        tally.add(window)
    return tally
