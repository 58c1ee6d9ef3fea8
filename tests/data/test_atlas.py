"""Making an atlas with the tiny network, whose vectors can be worked out: what is in it, and where it puts things."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark import Listener, load_bundle
from earmark.data.atlas import HeardClips, hear_clips, make_atlas
from earmark.data.dataset import Dataset
from earmark.data.layout import db_of_picture, picture_of_db, write_picture, write_rows
from earmark.errors import DataError
from earmark.listen.atlas import Atlas, read_atlas
from earmark.listen.bundle import Bundle
from earmark.sound.mel import log_mel
from tiny_bundle import LABELS, write_tiny_bundle
from trees import piece, write_sound

STYLES = ("plucks", "drone", "pulse")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_tiny_bundle(tmp_path_factory.mktemp("bundle")))


def sound_of(clip: int) -> NDArray[np.float32]:
    return piece(STYLES[clip % 3], seed=clip, length_s=4.0 + clip)


def write_set(folder: Path, clips: int = 6, *, labels: tuple[str, ...] = LABELS) -> Dataset:
    """Clips with labels, all by one artist, and at the end one that is flagged and has no picture."""
    rows = []
    for clip in range(clips):
        write_picture(folder / "mel" / f"{clip}.png", picture_of_db(log_mel(sound_of(clip))))
        rows.append({"id": str(clip), "genre": labels[clip % len(labels)], "artist": "A", "title": f"No {clip}"})
    write_rows(folder / "clips.csv", [*rows, {"id": "bad", "genre": labels[0], "flag": "broken"}])
    return Dataset.load(folder)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return write_set(tmp_path_factory.mktemp("sets") / "mine")


@pytest.fixture(scope="module")
def heard(bundle: Bundle, dataset: Dataset) -> HeardClips:
    return hear_clips(bundle, [dataset])


@pytest.fixture(scope="module")
def atlas(bundle: Bundle, dataset: Dataset) -> Atlas:
    return make_atlas(bundle, [dataset])


def test_it_holds_every_clip_that_is_not_flagged_with_what_its_set_says(atlas: Atlas, bundle: Bundle) -> None:
    assert atlas.names == tuple("012345")
    assert atlas.titles[2] == "No 2"
    assert set(atlas.sets) == {"mine"}
    assert set(atlas.artists) == {"A"}
    assert atlas.genres == LABELS * 2
    assert (atlas.labels, atlas.network_sha256) == (LABELS, bundle.info.sha256)


def test_a_clip_that_is_heard_is_nearest_to_itself(atlas: Atlas, bundle: Bundle) -> None:
    for clip in range(6):
        heard = Listener(bundle).hear_with_vector(sound_of(clip), sample_rate_hz=22_050)
        nearest = atlas.nearest(atlas.whitening.apply(heard.raw), 1)[0]
        assert nearest.name == str(clip)
        assert nearest.distance < 0.2
        assert atlas.place(heard.raw) == pytest.approx(atlas.places[clip].astype(float), abs=0.1)


def test_a_vector_is_the_mean_of_its_tokens_by_attention(heard: HeardClips, bundle: Bundle, dataset: Dataset) -> None:
    db = dataset.db(dataset.clips[0])
    whole = db.shape[1] // 19 * 19
    said = bundle.run(np.maximum(db[np.newaxis, :, :whole] - db[:, :whole].max(), -80))
    expected = said.attention[0] @ said.vectors[0]
    assert heard.vectors[0] == pytest.approx(expected, abs=1e-3)


def test_vectors_are_whitened_by_the_very_clips(atlas: Atlas, heard: HeardClips) -> None:
    assert atlas.whitening is not None
    assert atlas.whitening.mean == pytest.approx(heard.vectors.mean(axis=0), abs=1e-6)
    assert atlas.vectors.astype(float) == pytest.approx(atlas.whitening.apply(heard.vectors), abs=0.01)
    lengths = np.linalg.norm(atlas.vectors.astype(float), axis=1)
    assert lengths == pytest.approx(np.ones(6), abs=0.01)


def test_the_axes_are_principal_components_with_a_sign_of_their_own(atlas: Atlas, heard: HeardClips) -> None:
    points = heard.vectors.astype(np.float64)
    assert atlas.places.astype(float) == pytest.approx(atlas.place(points), abs=1e-2)
    assert atlas.centre == pytest.approx(points.mean(axis=0), abs=1e-3)
    assert atlas.axes @ atlas.axes.T == pytest.approx(np.eye(3), abs=1e-5)
    assert (np.take_along_axis(atlas.axes, np.abs(atlas.axes).argmax(axis=1)[:, None], axis=1) > 0).all()
    spread = atlas.place(points).var(axis=0)
    assert spread / points.var(axis=0).sum() == pytest.approx(atlas.explained, abs=1e-3)
    assert list(atlas.explained) == sorted(atlas.explained, reverse=True)


def test_the_filler_is_the_mean_of_every_band(atlas: Atlas, dataset: Dataset) -> None:
    pictures = [dataset.picture(clip) for clip in dataset.clips if not clip.flagged]
    columns = np.concatenate([db_of_picture(picture[:, : picture.shape[1] // 19 * 19]) for picture in pictures], axis=1)
    assert atlas.filler == pytest.approx(columns.mean(axis=1), abs=1.0)  # here under the clips' maxima


def test_sets_of_sound_and_sets_without_labels_are_heard_too(bundle: Bundle, dataset: Dataset, tmp_path: Path) -> None:
    write_sound(tmp_path / "other/a.wav", piece("plucks"))
    row = {"id": "a", "path": "a.wav", "genres": "Rock; Folk", "artist": "Unknown Artist"}
    write_rows(tmp_path / "other/clips.csv", [row])
    told: list[tuple[int, int]] = []
    both = [dataset, Dataset.load(tmp_path / "other")]
    atlas = make_atlas(bundle, both, progress=lambda done, total: told.append((done, total)))
    assert (atlas.names[-1], atlas.sets[-1], atlas.genres[-1], atlas.artists[-1]) == ("a", "other", "Rock; Folk", "")
    assert told == [(done, 7) for done in range(1, 8)]
    alone = make_atlas(bundle, [dataset])
    assert np.array_equal(atlas.axes, alone.axes)  # the map is that of the network's own genres


@pytest.mark.filterwarnings("error")
def test_sets_of_flagged_clips_alone_are_too_few_clips(bundle: Bundle, tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": "bad", "genre": LABELS[0], "flag": "broken"}])
    with pytest.raises(DataError, match="Only 0 clips have a genre"):
        make_atlas(bundle, [Dataset.load(tmp_path)])


def test_sets_in_which_nothing_sounds_are_too_few_clips(bundle: Bundle, tmp_path: Path) -> None:
    write_picture(tmp_path / "mel" / "still.png", np.zeros((128, 40), np.uint8))
    write_rows(tmp_path / "clips.csv", [{"id": "still", "genre": LABELS[0]}])
    with pytest.raises(DataError, match="Only 0 clips have a genre"):
        make_atlas(bundle, [Dataset.load(tmp_path)])


def test_too_few_clips_of_the_networks_genres_are_said(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Only 0 clips have a genre of tiny 1.*low, middle, high"):
        make_atlas(bundle, [write_set(tmp_path, 3, labels=("polka",))])


def test_it_is_read_back_from_the_bundles_folder(atlas: Atlas, tmp_path: Path) -> None:
    home = load_bundle(write_tiny_bundle(tmp_path))
    atlas.write(home.folder)
    found = read_atlas(home)
    assert found is not None
    assert np.array_equal(found.vectors, atlas.vectors)
