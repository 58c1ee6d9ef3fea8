"""What mood is held against: no network, a network that nobody trained, and the teachers themselves."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from mood_numbers import hear
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.teacher import Teacher
from earmark.models.pitch import Pitch
from earmark.models.registry import Network
from earmark.sound.mel import BANDS

Floats = NDArray[np.float32]
Clips = Sequence[tuple[Dataset, Clip]]
TEACHERS = ("teacher", "audioset")


def systems(clips: Clips, net: Network) -> Iterator[tuple[str, Callable[[int], Floats]]]:
    """Names, and what each knows of the clips, the same for all folds."""
    mel = np.stack([mean_mel(dataset.db(clip)) for dataset, clip in clips])
    yield "mean and deviation of bands", lambda fold: mel
    simple = np.stack([rules(dataset.db(clip)) for dataset, clip in clips])
    yield "simple rules", lambda fold: simple
    untrained = hear(_untrained(net), clips).numbers
    yield "untrained network", lambda fold: untrained
    for names in (("teacher",), ("audioset",), TEACHERS):
        heard = np.concatenate([teacher_numbers(clips, name) for name in names], axis=1)
        yield " and ".join(names), lambda fold, heard=heard: heard


def mean_mel(db: Floats) -> Floats:
    """Mean and deviation of each band."""
    return np.concatenate([db.mean(axis=1), db.std(axis=1)])


def rules(db: Floats) -> Floats:
    """How loud, how bright, how many onsets, major or minor: what a tool without a network would go by."""
    power = 10 ** (db / 10)
    bands = np.arange(BANDS, dtype=np.float32)
    bright = (power * bands[:, None]).sum(axis=0) / power.sum(axis=0)
    rise = np.maximum(np.diff(db, axis=1), 0).mean(axis=0)
    onsets = ((rise[1:-1] > rise[:-2]) & (rise[1:-1] >= rise[2:]) & (rise[1:-1] > rise.mean() + rise.std())).mean()
    level = 10 * np.log10(power.mean(axis=0) + 1e-10)
    values = [level.mean(), level.std(), bright.mean(), bright.std(), rise.mean(), rise.std(), onsets]
    with torch.inference_mode():
        pitch = Pitch()(torch.from_numpy(db[None]))[0].numpy()
    return np.array([*values, *pitch[:2]], np.float32)


def teacher_numbers(clips: Clips, name: str) -> Floats:
    """A teacher's mean logits and its vector, of each clip."""
    teachers = {folder: Teacher.load(folder, f"{name}.npz") for folder in {dataset.folder for dataset, _ in clips}}
    rows = [teachers[dataset.folder].hears(clip) for dataset, clip in clips]
    return np.stack([np.concatenate([row.logits.mean(axis=0), row.vectors[0]]) for row in rows]).astype(np.float32)


def _untrained(net: Network) -> Network:
    """The same network with random weights, and without kernel machines, which are nothing untrained."""
    torch.manual_seed(0)
    for module in net.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    if getattr(net, "kernel", None) is not None:
        net.kernel = None
    return net


def svm(numbers: Floats, labels: NDArray[np.int64], folds: NDArray[np.int64]) -> NDArray[np.int64]:
    """What a support vector machine says of each clip held out, -1 for those that are not; needs scikit-learn."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    said = np.full(len(labels), -1)
    for fold in sorted(set(folds.tolist()) - {-1}):
        held = folds == fold
        machine = make_pipeline(StandardScaler(), SVC(C=3.0, gamma="scale"))
        said[held] = machine.fit(numbers[~held], labels[~held]).predict(numbers[held])
    return said
