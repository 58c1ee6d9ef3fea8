"""Splits: no artist on both sides, every clip in one fold, labels spread evenly, and the leaky ones named so."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import SPLITS, artist_folds, column_split, linked_artists, split_folds
from earmark.errors import DataError


def clips_of(rows: list[tuple[str, str]]) -> list[Clip]:
    """Clips of (label, artist)."""
    return [Clip(f"c{number}", Path("/sets/one"), label, artist) for number, (label, artist) in enumerate(rows)]


LABELS_AND_ARTISTS = st.lists(
    st.tuples(st.sampled_from(["rock", "pop", "jazz"]), st.integers(0, 12).map("artist {}".format)),
    min_size=1,
    max_size=80,
)


@given(rows=LABELS_AND_ARTISTS, folds=st.integers(2, 5), seed=st.integers(0, 99))
def test_no_artist_is_in_two_folds_and_every_clip_is_in_one(rows: list[tuple[str, str]], folds: int, seed: int) -> None:
    labels, artists = [label for label, _ in rows], [artist for _, artist in rows]
    if len(set(artists)) < folds:
        with pytest.raises(DataError, match="cannot be split"):
            artist_folds(labels, artists, folds=folds, seed=seed)
        return
    fold = artist_folds(labels, artists, folds=folds, seed=seed)
    assert fold.shape == (len(rows),)
    assert set(fold.tolist()) == set(range(folds))
    for artist in set(artists):
        assert len({int(f) for f, other in zip(fold, artists, strict=True) if other == artist}) == 1


@given(rows=LABELS_AND_ARTISTS, seed=st.integers(0, 99))
def test_the_same_seed_gives_the_same_folds(rows: list[tuple[str, str]], seed: int) -> None:
    labels, artists = (
        [label for label, _ in rows],
        [f"{artist} {number % 2}" for number, (_, artist) in enumerate(rows)],
    )
    if len(set(artists)) >= 2:
        first, second = (artist_folds(labels, artists, folds=2, seed=seed) for _ in range(2))
        np.testing.assert_array_equal(first, second)


@given(order=st.permutations(range(12)))
def test_singles_of_each_label_are_spread_to_within_one(order: list[int]) -> None:
    labels = [("rock", "pop")[number % 2] for number in order]
    fold = artist_folds(labels, [f"artist {number}" for number in order], folds=3, seed=1)
    for label in ("rock", "pop"):
        counts = np.bincount(fold[np.array(labels) == label], minlength=3)
        assert counts.max() - counts.min() <= 1


def test_gtzan_folds_are_artist_disjoint_and_as_even_as_scikit_learns(real_data: Path) -> None:
    from sklearn.model_selection import StratifiedGroupKFold

    clips = Dataset.load(real_data / "gtzan").clips
    labels = np.array([clip.label for clip in clips])
    artists = np.array(linked_artists([clip.artist_key for clip in clips]))
    fold = split_folds(clips, "artist_folds")
    theirs = np.zeros(len(clips), dtype=int)
    for number, (_, held) in enumerate(StratifiedGroupKFold(5).split(labels, labels, artists)):
        theirs[held] = number

    def unevenness(of: np.ndarray) -> float:
        return float(np.mean([np.bincount(of[labels == label], minlength=5).std() for label in set(labels)]))

    assert all(len(set(fold[artists == artist])) == 1 for artist in artists)
    assert unevenness(fold) <= 1.05 * unevenness(theirs)
    assert 115 <= np.bincount(fold).min() <= np.bincount(fold).max() <= 140


def test_other_seeds_give_other_folds(real_data: Path) -> None:
    clips = Dataset.load(real_data / "gtzan").clips
    assert (split_folds(clips, "artist_folds", seed=0) != split_folds(clips, "artist_folds", seed=1)).any()


def test_an_artist_of_two_sets_is_in_one_fold(real_data: Path) -> None:
    clips = [*Dataset.load(real_data / "gtzan").clips, *Dataset.load(real_data / "4q").clips]
    fold = split_folds(clips, "artist_folds")
    marley = {int(f) for f, clip in zip(fold, clips, strict=True) if clip.artist.startswith("Bob Marley")}
    sets = {clip.folder.name for clip in clips if clip.artist.startswith("Bob Marley")}
    assert len(marley) == 1
    assert sets == {"gtzan", "4q"}


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["bob marley", "bob marley and the wailers"], 1),
        (["donna summer", "barbra streisand and donna summer", "barbra streisand"], 1),
        (["queen feat david bowie", "david bowie"], 1),
        (["chipmunks", "alvin and the chipmunks"], 1),
        (["earth wind and fire", "wind", "earth"], 3),
        (["simon and garfunkel", "simon"], 1),
        (["andy williams", "williams"], 2),
    ],
)
def test_artists_of_a_shared_billing_are_linked(names: list[str], groups: int) -> None:
    assert len(set(linked_artists(names))) == groups


def test_links_do_not_depend_on_the_order_of_the_names() -> None:
    names = ["a and b", "b and c", "c", "a", "b", "d"]
    forwards, backwards = linked_artists(names), linked_artists(names[::-1])[::-1]
    assert forwards == backwards == ["a", "a", "a", "a", "a", "d"]


def test_the_fault_filtered_split_is_taken_from_its_column(real_data: Path) -> None:
    clips = Dataset.load(real_data / "gtzan").clips
    valid = column_split(clips, "fault_filtered_split=valid")
    fold = split_folds(clips, "fault_filtered_split=valid")
    assert int(valid.sum()) == 197
    np.testing.assert_array_equal(fold, np.where(valid, 0, -1))


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [("part=tests", "No clip has part=tests"), ("side=left", "column 'side'"), ("part", "There is no split 'part'")],
)
def test_a_split_that_is_not_there_is_refused(expression: str, sentence: str) -> None:
    clips = [Clip("a", Path("/x"), "rock", "", {"part": "test"})]
    with pytest.raises(DataError, match=sentence):
        split_folds(clips, expression)


def test_all_splits_by_name_are_known_and_the_leaky_ones_say_so() -> None:
    assert set(SPLITS) == {"artist_folds", "leaky_random_clip", "leaky_random_segment"}


@given(clips=st.integers(5, 40), seed=st.integers(0, 9))
def test_leaky_random_clip_keeps_the_segments_of_a_clip_together(clips: int, seed: int) -> None:
    rows = [clip for clip in clips_of([("rock", "one artist")] * clips) for _ in range(3)]
    fold = split_folds(rows, "leaky_random_clip", folds=5, seed=seed)
    assert (fold.reshape(clips, 3) == fold.reshape(clips, 3)[:, :1]).all()
    counts = np.bincount(fold, minlength=5)
    assert counts.max() - counts.min() <= 3


def test_leaky_random_clip_parts_artists_and_leaky_random_segment_parts_clips() -> None:
    clips = clips_of([("rock", "one artist")] * 20)
    rows = [clip for clip in clips for _ in range(10)]
    assert len(set(split_folds(clips, "leaky_random_clip").tolist())) == 5
    by_clip = split_folds(rows, "leaky_random_segment").reshape(20, 10)
    assert max(len(set(row)) for row in by_clip.tolist()) > 1
    assert np.bincount(by_clip.ravel()).tolist() == [40] * 5


@pytest.mark.parametrize("folds", [-1, 0, 1])
@pytest.mark.parametrize("name", ["artist_folds", "leaky_random_clip", "leaky_random_segment"])
def test_fewer_than_two_folds_are_refused(name: str, folds: int) -> None:
    with pytest.raises(DataError, match="at least 2"):
        split_folds(clips_of([("rock", "a"), ("pop", "b")]), name, folds=folds)


def test_labels_and_artists_of_different_number_are_refused() -> None:
    with pytest.raises(DataError, match="2 labels for 1 artists"):
        artist_folds(["rock", "pop"], ["a"])


def test_the_seed_says_into_which_of_equally_good_folds_an_artist_goes() -> None:
    # The largest artist is placed first, whatever the seed, and all folds are still alike.
    artists = ["large"] * 3 + ["middle"] * 2 + ["small"]
    folds = {int(artist_folds(["rock"] * 6, artists, folds=3, seed=seed)[0]) for seed in range(30)}
    assert folds == {0, 1, 2}


def test_the_seed_says_which_of_equally_large_artists_are_in_one_fold() -> None:
    artists = ["a", "b", "c", "d"]
    together = {
        tuple(sorted(artist for artist, other in zip(artists, fold, strict=True) if other == fold[0]))
        for fold in (artist_folds(["rock"] * 4, artists, folds=2, seed=seed) for seed in range(30))
    }
    assert together == {("a", "b"), ("a", "c"), ("a", "d")}


def test_the_part_that_a_column_names_is_held_out() -> None:
    sides = ["test", "train", "test", ""]
    clips = [Clip(f"c{number}", Path("/x"), "rock", "", {"part": side}) for number, side in enumerate(sides)]
    clips.append(Clip("of a set without the column", Path("/y"), "rock", "", {}))
    assert column_split(clips, "part=test").tolist() == [True, False, True, False, False]
    assert split_folds(clips, "part=test").tolist() == [0, -1, 0, -1, -1]
