"""Controls: they learn what little they can, and describe clips as they say."""

from pathlib import Path

import numpy as np
import pytest
import scipy.fft
from numpy.typing import NDArray

import synthetic
from earmark.data.dataset import Dataset
from earmark.data.layout import db_of_picture
from earmark.errors import DataError, RecipeError
from earmark.models import controls
from earmark.models.controls import MajorityOptions, SvmOptions
from earmark.train.recipe import Model


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic.dataset(tmp_path_factory.mktemp("controls") / "pieces", clips_per_style=6)


def labels_of(data: Dataset) -> np.ndarray:
    return np.array([data.labels.index(clip.label or "") for clip in data.clips])


def give_a_teacher(data: Dataset) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(len(data.clips), 5, 50)) + labels_of(data)[:, None, None]
    np.savez(
        data.folder / "teacher.npz",
        ids=np.array([clip.id for clip in data.clips]),
        logits=logits.astype(np.float16),
        windows=np.full(len(data.clips), 4),
        tags=np.array([f"tag {number}" for number in range(50)]),
        window_s=np.float32(3),
        hop_s=np.float32(1),
    )
    vectors = rng.normal(size=(len(data.clips), 128)) + labels_of(data)[:, None]
    vggish = np.clip(60 + 20 * vectors, 0, 255).astype(np.uint8)
    np.savez(data.folder / "vggish.npz", ids=np.array([clip.id for clip in data.clips]), embedding=vggish)


@pytest.mark.parametrize("features", ["bands", "mfcc", "untrained", "teacher", "vggish"])
def test_an_svm_tells_clearly_different_styles_apart(features: str, data: Dataset) -> None:
    give_a_teacher(data)
    labels, pictures = labels_of(data), data.pictures()
    train = np.arange(len(labels)) % 3 != 0
    control = controls.build(SvmOptions(features=features), seed=1)
    sides = [[row for row in range(len(labels)) if train[row] == side] for side in (True, False)]
    clips = [[data.clips[row] for row in rows] for rows in sides]
    shown = [[pictures[row] for row in rows] for rows in sides]
    control.fit(clips[0], shown[0], labels[train], 4)
    logits = control.logits(clips[1], shown[1])
    assert logits.shape == (len(clips[1]), 4)
    assert logits.dtype == np.float32
    assert (logits.argmax(axis=1) == labels[~train]).mean() > 0.9


def test_a_genre_that_no_clip_had_is_never_said(data: Dataset) -> None:
    two = [row for row, label in enumerate(labels_of(data)) if label in (1, 2)]
    clips, pictures = [data.clips[row] for row in two], data.pictures([data.clips[row] for row in two])
    control = controls.build(SvmOptions(), seed=0)
    control.fit(clips, pictures, labels_of(data)[two], 4)
    logits = control.logits(clips, pictures)
    assert set(logits.argmax(axis=1).tolist()) == {1, 2}
    assert (logits.argmax(axis=1) == labels_of(data)[two]).all()


def test_the_majority_says_what_was_commonest(data: Dataset) -> None:
    control = controls.build(MajorityOptions(), seed=0)
    control.fit(data.clips[:3], [], np.array([2, 2, 0]), 4)
    np.testing.assert_allclose(np.exp(control.logits(data.clips[:2], []))[:, :3], [[1 / 3, 1e-6, 2 / 3]] * 2, rtol=1e-5)


def cosine_transform(db: NDArray[np.float32]) -> NDArray[np.float32]:
    """What `librosa.feature.mfcc` gives, to the bit; to load that takes seconds, and the first time half a minute."""
    transformed: NDArray[np.float32] = scipy.fft.dct(db, axis=0, norm="ortho")[:20]
    return transformed


def test_mfccs_are_the_cosine_transform_of_the_log_mel(data: Dataset) -> None:
    picture = data.pictures(data.clips[:1])[0]
    cepstra = cosine_transform(db_of_picture(picture))
    changes = np.diff(cepstra, axis=1)
    expected = np.r_[cepstra.mean(axis=1), cepstra.std(axis=1), changes.mean(axis=1), changes.std(axis=1)]
    np.testing.assert_allclose(controls.mfcc_statistics(data.clips[:1], [picture])[0], expected, rtol=1e-3, atol=1e-3)


def test_another_seed_is_another_untrained_network(data: Dataset) -> None:
    clips, pictures = data.clips[:2], data.pictures(data.clips[:2])
    first, again, other = (controls.untrained_statistics(clips, pictures, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert first.shape == (2, 256)


def test_what_cannot_be_is_said_in_words(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"'features' must be one of .*, not 'colour'"):
        Model.from_dict({"kind": "svm", "features": "colour"})
    control = controls.build(SvmOptions(), seed=0)
    with pytest.raises(DataError, match="same genre"):
        control.fit(data.clips[:2], data.pictures(data.clips[:2]), np.array([1, 1]), 4)
    (tmp_path / "clips.csv").write_text("id,genre\na,drone\n")
    lonely = Dataset.load(tmp_path)
    with pytest.raises(DataError, match=r"teacher\.npz"):
        controls.teacher_statistics(lonely.clips, data.pictures(data.clips[:1]))
    give_a_teacher(data)
    (data.folder / "clips.csv").rename(data.folder / "kept.csv")
    (data.folder / "clips.csv").write_text("id,genre\nunheard,drone\n")
    strange = Dataset.load(data.folder)
    (data.folder / "kept.csv").replace(data.folder / "clips.csv")
    with pytest.raises(DataError, match="'unheard'"):
        controls.teacher_statistics(strange.clips, data.pictures(data.clips[:1]))
    with pytest.raises(DataError, match=r"vggish\.npz has no clip 'unheard'"):
        controls.vggish_vectors(strange.clips, data.pictures(data.clips[:1]))


def test_mfccs_of_a_single_frame_do_not_change(data: Dataset) -> None:
    frame = data.pictures(data.clips[:1])[0][:, 30:31]
    (described,) = controls.mfcc_statistics(data.clips[:1], [frame])
    np.testing.assert_allclose(described[:20], cosine_transform(db_of_picture(frame))[:, 0], rtol=1e-3)
    assert (described[20:] == 0).all()
