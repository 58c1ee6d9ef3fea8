"""Controls: systems without attention, most without a network, that every figure must be compared with.

`majority` always predicts the commonest genre of its training clips. `svm` is scikit-learn's RBF-SVM (C = 1, features
standardised on the training clips, nothing tuned) on one of six descriptions of a clip:

- `bands`: mean and deviation of each mel band over time, 256 numbers;
- `mfcc`: mean and deviation of 20 MFCCs (Davis & Mermelstein 1980: the DCT of the log-mel) and of their differences
  from frame to frame, 80 numbers;
- `descriptors`: what earmark's kernel machine goes by (`models.descriptors`), 496 numbers; which ones was chosen on the
  train side of GTZAN's fault-filtered split;
- `untrained`: mean and deviation over tokens of the vectors of a token CNN with random weights (Jarrett et al. 2009,
  "What is the best multi-stage architecture for object recognition?"; Choi et al. 2017), 256 numbers;
- `teacher`: mean and deviation over windows of the 50 tag logits in the set's `teacher.npz` (musicnn, Pons & Serra
  2019), 100 numbers: a ceiling, as the teacher heard some 200 000 songs more than any system here;
- `vggish`: the mean VGGish vector in the set's `vggish.npz` (Hershey et al. 2017), 128 numbers: the same for sets that
  have it, of a network that learned from eight million films.

A control is fitted at once and has no checkpoints. Pictures are (128, frames) uint8, as in `Dataset.pictures`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from earmark.data.dataset import Clip
from earmark.data.layout import db_of_picture
from earmark.data.teacher import TEACHER_FILE, Teacher
from earmark.errors import DataError, MissingExtraError
from earmark.models.options import options_class
from earmark.sound.mel import BANDS
from earmark.sound.tokens import TOKEN_FRAMES

Pictures = Sequence[NDArray[np.uint8]]
Features = NDArray[np.float32]
Describe = Callable[[Sequence[Clip], Pictures], Features]
MFCCS = 20
VGGISH_FILE = "vggish.npz"
# Channels and pools of recipes/earmark.toml.
UNTRAINED_STAGES = ((16, (2, 2)), (32, (2, 2)), (64, (2, 2)), (128, (2, 1)))


@options_class
class MajorityOptions:
    """Always the commonest genre: no options."""


@options_class
class SvmOptions:
    """scikit-learn's RBF-SVM."""

    features: Annotated[
        Literal["bands", "mfcc", "descriptors", "untrained", "teacher", "vggish"],
        Field(description="what it hears of a clip"),
    ] = "bands"


KINDS: Mapping[str, type[MajorityOptions] | type[SvmOptions]] = {"majority": MajorityOptions, "svm": SvmOptions}


class Control(Protocol):
    """A system that is fitted to clips and gives logits for others."""

    def fit(self, clips: Sequence[Clip], pictures: Pictures, labels: NDArray[np.int64], genres: int) -> None:
        """Learn from clips with labels (n,), numbers below `genres`."""

    def logits(self, clips: Sequence[Clip], pictures: Pictures) -> NDArray[np.float32]:
        """(n, genres) float32: the highest is the answer."""


def build(options: MajorityOptions | SvmOptions, *, seed: int) -> Control:
    """The control of these options; raises MissingExtraError where it needs scikit-learn and that is not installed."""
    return Majority() if isinstance(options, MajorityOptions) else Svm(partial(FEATURES[options.features], seed=seed))


class Majority:
    """Always predicts the commonest genre."""

    def fit(self, clips: Sequence[Clip], pictures: Pictures, labels: NDArray[np.int64], genres: int) -> None:
        """Count."""
        shares = np.bincount(labels, minlength=genres) / len(labels)
        self.log_shares = np.log(np.maximum(shares, 1e-6)).astype(np.float32)

    def logits(self, clips: Sequence[Clip], pictures: Pictures) -> NDArray[np.float32]:
        """The logarithms of the shares, the same for all."""
        return np.tile(self.log_shares, (len(clips), 1))


class Svm:
    """Standardised features, RBF kernel; its one-against-rest decision values stand for logits."""

    def __init__(self, describe: Describe) -> None:
        try:
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
            from sklearn.svm import SVC
        except ImportError as missing:
            raise MissingExtraError.naming("An SVM", "benchmark") from missing
        self.describe = describe
        self.model = make_pipeline(StandardScaler(), SVC(C=1.0))

    def fit(self, clips: Sequence[Clip], pictures: Pictures, labels: NDArray[np.int64], genres: int) -> None:
        """Fit; a genre that no clip has is never predicted."""
        self.genres = genres
        self.seen = np.unique(labels)
        if len(self.seen) < 2:
            raise DataError("All clips to learn from have the same genre.")
        self.model.fit(self.describe(clips, pictures), labels)

    def logits(self, clips: Sequence[Clip], pictures: Pictures) -> NDArray[np.float32]:
        """Decision values; for two genres scikit-learn gives one, which counts for the second and against the first."""
        values = self.model.decision_function(self.describe(clips, pictures))
        values = np.stack([-values, values], axis=1) if values.ndim == 1 else values
        logits = np.full((len(clips), self.genres), values.min() - 10.0, dtype=np.float32)
        logits[:, self.seen] = values
        return logits


def band_statistics(clips: Sequence[Clip], pictures: Pictures, *, seed: int = 0) -> Features:
    """(n, 256): mean and deviation of each band over time, in picture values."""
    return _mean_and_deviation(pictures)


def mfcc_statistics(clips: Sequence[Clip], pictures: Pictures, *, seed: int = 0) -> Features:
    """(n, 80): mean and deviation of the MFCCs and of their differences over time."""
    from earmark.models.descriptors import dct  # needs torch, which not every control does

    transform = dct(MFCCS, BANDS)
    cepstra = [transform @ db_of_picture(picture) for picture in pictures]
    changes = [np.diff(each, axis=1) if each.shape[1] > 1 else np.zeros_like(each) for each in cepstra]
    return np.concatenate([_mean_and_deviation(cepstra), _mean_and_deviation(changes)], axis=1)


def all_descriptors(clips: Sequence[Clip], pictures: Pictures, *, seed: int = 0) -> Features:
    """(n, 496): what earmark's kernel machine goes by (`models.descriptors`)."""
    import torch

    from earmark.models.descriptors import Descriptors

    describe = Descriptors()
    with torch.inference_mode():
        rows = [describe(torch.from_numpy(db_of_picture(picture))[None])[0].numpy() for picture in pictures]
    return np.array(rows, dtype=np.float32)


def untrained_statistics(clips: Sequence[Clip], pictures: Pictures, *, seed: int) -> Features:
    """(n, 256): mean and deviation over the tokens of an untrained token CNN's 128 numbers."""
    import torch

    from earmark.models.attention import AttentionNet, AttentionOptions
    from earmark.models.token_cnn import Stage

    torch.manual_seed(seed)
    stages = tuple(Stage(channels=channels, pool=pool) for channels, pool in UNTRAINED_STAGES)
    net = AttentionNet(AttentionOptions(stages=stages), 2).eval()
    vectors = []
    with torch.inference_mode():
        for picture in pictures:
            whole = max(1, picture.shape[1] // TOKEN_FRAMES) * TOKEN_FRAMES
            db = (
                np.resize(db_of_picture(picture), (BANDS, whole))
                if picture.shape[1] < whole
                else db_of_picture(picture)
            )
            vectors.append(net(torch.from_numpy(db[None, :, :whole])).vectors[0].numpy().T)  # (128, tokens)
    return _mean_and_deviation(vectors)


def teacher_statistics(clips: Sequence[Clip], pictures: Pictures, *, seed: int = 0) -> Features:
    """(n, 100): mean and deviation of the teacher's tag logits over its windows.

    Raises DataError where a set has no `teacher.npz`, or a clip is not in it.
    """
    teachers = {folder: Teacher.load(folder) for folder in {clip.folder for clip in clips}}
    rows = []
    for clip in clips:
        logits = teachers[clip.folder].hears(clip).logits
        if not len(logits):
            hint = "Take only the clips that it has, with `only` in the protocol."
            raise DataError(f"{clip.folder / TEACHER_FILE} has no clip '{clip.id}'.", hint=hint)
        rows.append(logits.T)
    return _mean_and_deviation(rows)


def vggish_vectors(clips: Sequence[Clip], pictures: Pictures, *, seed: int = 0) -> Features:
    """(n, 128): the mean VGGish vector of each clip.

    Raises DataError where a set has no `vggish.npz`, or a clip is not in it.
    """
    teachers = {folder: Teacher.load(folder, VGGISH_FILE) for folder in {clip.folder for clip in clips}}
    rows = [teachers[clip.folder].hears(clip).vectors for clip in clips]
    missing = [clip for clip, row in zip(clips, rows, strict=True) if not len(row)]
    if missing:
        raise DataError(f"{missing[0].folder / VGGISH_FILE} has no clip '{missing[0].id}'.")
    return np.concatenate(rows)


FEATURES: Mapping[str, Callable[..., Features]] = {
    "bands": band_statistics,
    "mfcc": mfcc_statistics,
    "descriptors": all_descriptors,
    "untrained": untrained_statistics,
    "teacher": teacher_statistics,
    "vggish": vggish_vectors,
}


def _mean_and_deviation(series: Sequence[NDArray[Any]]) -> Features:
    """(n, 2 * size) from n arrays (size, any length)."""
    return np.array([np.r_[each.mean(axis=1), each.std(axis=1)] for each in series], dtype=np.float32)
