"""A finished network on a data set: a bundle (onnxruntime alone) or a checkpoint (torch), through the same windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.prepare import prepare
from earmark.data.splits import column_split
from earmark.errors import DataError
from earmark.evaluate.among import OWN, LabelMap, grouped, groups_of
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import FOLDER, figures, in_words, write_report
from earmark.files import guard_folder
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import Calibration, prediction_set, softmax
from earmark.listen.clips import clip_windows, mean_logits
from earmark.sound.tokens import Window

Floats = NDArray[np.float32]
CLIPS_AT_ONCE = 64
Progress = Callable[[int, int], None]
Cut = Callable[[Dataset, Sequence[Clip]], list[list[Window]]]


@dataclass(frozen=True)
class System:
    """A function from windows to logits, with how clips are cut into windows."""

    name: str
    genres: tuple[str, ...]
    calibration: Calibration
    cut: Cut
    run: Callable[[Floats], Floats]
    trained_on: str


def load_system(path: Path | None) -> System:
    """A bundle's folder, a checkpoint's file or folder, or the shipped bundle for None.

    A checkpoint is not calibrated: its temperature is 1, and its sets are all genres of a probability of a tenth or
    more, with which they would cover 90 % if its probabilities were right.
    """
    if path is None or (path / "bundle.json").exists() or path.name == "bundle.json":
        return _bundle_system(path)
    return _checkpoint_system(path)


def evaluate(
    system: System,
    dataset: Dataset,
    *,
    split: str | None = None,
    among: str | Sequence[str] = OWN,
    label_map: LabelMap | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Predictions, NDArray[np.bool_], dict[str, Any]]:
    """Predict the clips of a set (those of `split`, `COLUMN=VALUE`) and measure.

    Probabilities are restricted to the genres that the set has (`evaluate.among`). Clips whose label is none of them,
    and those that the set marks (column `flag`), are left out, and counted as `n_left_out`.

    Returns
    -------
    Predictions, genre sets (n, genres) bool, figures (see `report.figures`); where the system has more genres also
    `n_genres`, and `accuracy_among_all` of them.

    Raises
    ------
    DataError
        No clip is left, `among` or the map names a genre that is not there, the split names a column or value that is
        not there, or a picture is broken.
    """
    if label_map is not None:
        dataset = dataset.with_labels(label_map.column)
    groups = groups_of(system.genres, dataset.labels, among=among, label_map=label_map, name=str(dataset.folder))
    clips: Sequence[Clip] = dataset.clips
    if split:
        chosen = column_split(clips, split)
        clips = [clip for clip, take in zip(clips, chosen, strict=True) if take]
    known = [clip for clip in clips if clip.label in groups and not clip.flagged]
    if not known:
        hint = f"It is measured by {', '.join(groups)}."
        raise DataError(f"No clip of {dataset.folder} has a label that {system.name} knows.", hint=hint)
    parts = []
    for start in range(0, len(known), CLIPS_AT_ONCE):
        progress(start, len(known))
        parts.append(_logits(system, dataset, known[start : start + CLIPS_AT_ONCE]))
    logits = np.concatenate(parts)
    said = _predictions(system, dataset, known, softmax(logits))
    raw = grouped(said, groups)
    answer = grouped(said.with_probabilities(softmax(logits / system.calibration.temperature)), groups)
    sets = prediction_set(answer.probabilities, system.calibration.set_quantile)
    protocol = f"{dataset.name}{f', {split}' if split else ''}; {system.name}, {system.trained_on}"
    metrics = figures(answer, sets, protocol=protocol, raw=raw)
    more: dict[str, Any] = {"system": system.name, "n_left_out": len(clips) - len(known)}
    if (heard := sum(map(len, groups.values()))) < len(system.genres):
        of_all = [said.genres[top] in groups[label] for top, label in zip(said.predicted, said.labels, strict=True)]
        more |= {"n_genres": heard, "n_genres_of_system": len(system.genres)}
        more |= {"accuracy_among_all": float(np.mean(of_all))}
    return answer, sets, metrics | more


def evaluate_files(
    model: Path | None,
    folder: Path,
    out: Path,
    *,
    split: str | None = None,
    among: str | Sequence[str] = OWN,
    label_map: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> str:
    """`evaluate` from a folder of the layout, or of genre folders of sound (prepared into `out`), with its report.

    Returns the main figures in words.
    """
    guard_folder(out, FOLDER)
    mapped = None if label_map is None else LabelMap.load(label_map)
    system = load_system(model)
    if not (folder / "clips.csv").exists():
        prepare(folder, out / "data", on_progress=progress)
        folder = out / "data"
    answer, sets, metrics = evaluate(
        system, Dataset.load(folder), split=split, among=among, label_map=mapped, progress=progress
    )
    write_report(out, answer, sets, metrics)
    return in_words(metrics)


def _logits(system: System, dataset: Dataset, clips: Sequence[Clip]) -> Floats:
    return mean_logits(system.cut(dataset, clips), system.run)


def _as_listened(token_frames: int, window_tokens: int) -> Cut:
    """Windows of earmark's own spectrograms."""

    def cut(dataset: Dataset, clips: Sequence[Clip]) -> list[list[Window]]:
        return [
            clip_windows(dataset.db(clip), token_frames=token_frames, window_tokens=window_tokens) for clip in clips
        ]

    return cut


def _predictions(
    system: System, dataset: Dataset, clips: Sequence[Clip], probabilities: NDArray[np.float64]
) -> Predictions:
    return Predictions(
        system.genres,
        tuple(clip.id for clip in clips),
        (dataset.name,) * len(clips),
        tuple(clip.artist_key for clip in clips),
        tuple(clip.label or "" for clip in clips),
        probabilities,
        np.zeros(len(clips), dtype=np.int64),
        np.zeros(len(clips), dtype=np.int64),
    )


def _bundle_system(path: Path | None) -> System:
    bundle = load_bundle(path)
    info = bundle.info
    trained_on = str(info.lineage.get("trained_on", "trained on data its lineage does not name"))
    shape = info.front_end
    return System(
        info.model,
        info.labels,
        info.calibration,
        _as_listened(shape.token_frames, shape.window_tokens),
        lambda db: bundle.run(db).logits,
        trained_on,
    )


def _checkpoint_system(path: Path) -> System:
    import torch

    from earmark.train.batches import spectra
    from earmark.train.checkpoint import Checkpoint
    from earmark.train.predict import WINDOWS_AT_ONCE, front_end_windows, window_tokens_of

    checkpoint = Checkpoint.load(path)
    net = checkpoint.network()
    token_frames = net.token_frames
    front_end = checkpoint.recipe.front_end

    def cut(dataset: Dataset, clips: Sequence[Clip]) -> list[list[Window]]:
        if front_end is None:
            return _as_listened(token_frames, window_tokens_of(token_frames))(dataset, clips)
        return [
            list(front_end_windows(spectrum, front_end, token_frames=token_frames))
            for spectrum in spectra(clips, front_end)
        ]

    def run(db: Floats) -> Floats:
        with torch.inference_mode():
            parts = torch.from_numpy(db).split(len(db) if front_end is None else WINDOWS_AT_ONCE)
            logits: Floats = torch.cat([net(part).logits for part in parts]).numpy()
            return logits

    clips = ", ".join(f"{count} clips of {name}" for name, count in checkpoint.lineage.get("clips", {}).items())
    return System(
        f"{checkpoint.recipe.name} (checkpoint, epoch {checkpoint.epoch})",
        checkpoint.genres,
        Calibration(temperature=1.0, set_quantile=0.9, level=0.9, max_set=max(1, len(checkpoint.genres) // 2)),
        cut,
        run,
        f"trained on {clips}",
    )
