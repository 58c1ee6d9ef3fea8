"""Protocols: what is held out, who may train, and how clips become segments."""

from dataclasses import replace

import numpy as np
import pytest

import synthetic
from earmark.data.splits import artist_folds
from earmark.errors import RecipeError
from earmark.experiments.protocol import Protocol, cut_segments
from earmark.train.batches import Examples, gather


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    data = synthetic.dataset(tmp_path_factory.mktemp("protocol") / "pieces", clips_per_style=6)
    return gather([data], synthetic.recipe(), data.labels)


def everything(examples: Examples) -> np.ndarray:
    return np.ones(len(examples), dtype=np.bool_)


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_an_honest_protocol_trains_on_no_artist_that_is_held_out(examples: Examples, fold: int) -> None:
    protocol = Protocol(folds=3)
    folds = protocol.folds_of(examples, everything(examples), seed=0)
    training = protocol.may_train(examples, folds, fold)
    held = {artist for artist, place in zip(examples.artists, folds, strict=True) if place == fold}
    assert held
    assert held.isdisjoint({artist for artist, use in zip(examples.artists, training, strict=True) if use})
    assert set(folds.tolist()) == {0, 1, 2}


def test_rows_that_are_not_reported_are_never_held_out_and_train_without_the_artists_held_out(
    examples: Examples,
) -> None:
    reported = np.arange(len(examples)) % 2 == 0
    protocol = Protocol(folds=2)
    folds = protocol.folds_of(examples, reported, seed=0)
    assert (folds[~reported] == -1).all()
    training = protocol.may_train(examples, folds, 0)
    held = {examples.artists[row] for row in np.flatnonzero(folds == 0)}
    for row in np.flatnonzero(~reported):
        assert training[row] == (examples.artists[row] not in held)


def test_the_clips_of_other_sets_are_held_out_in_turn_where_that_is_asked_for_with_their_artists_whole(
    examples: Examples,
) -> None:
    artists = sorted(set(examples.artists))
    number = np.array([artists.index(artist) for artist in examples.artists])
    reported = (number % 3 == 0) & (np.arange(len(examples)) % 2 == 0)  # some clips of a third of the artists
    protocol = Protocol(folds=2, hold_out_all=True)
    folds = protocol.folds_of(examples, reported, seed=0)
    assert (folds == Protocol(folds=2).folds_of(examples, reported, seed=0)).all()
    asides = protocol.asides_of(examples, folds, seed=0)
    assert (asides[reported] == -1).all()
    assert set(asides[~reported].tolist()) == {0, 1}
    everywhere = np.maximum(folds, asides)
    for artist in artists:
        assert len({place for own, place in zip(examples.artists, everywhere, strict=True) if own == artist}) == 1
    training = protocol.may_train(examples, everywhere, 0)
    assert (training == (everywhere != 0)).all()
    assert (Protocol(folds=2).asides_of(examples, folds, seed=0) == -1).all()
    pieces = [replace(clip, piece=None if row else 0) for row, clip in enumerate(examples.clips)]
    assert protocol.asides_of(replace(examples, clips=tuple(pieces)), folds, seed=0)[0] == -1
    assert "hold_out_all" not in Protocol().to_dict()
    assert protocol.to_dict()["hold_out_all"]


def test_a_leaky_protocol_lets_an_artist_stand_on_both_sides_and_says_so(examples: Examples) -> None:
    protocol = Protocol("random", split="leaky_random_clip", folds=3)
    folds = protocol.folds_of(examples, everything(examples), seed=0)
    training = protocol.may_train(examples, folds, 0)
    assert (training == (folds != 0)).all()
    held = {examples.artists[row] for row in np.flatnonzero(folds == 0)}
    assert held & {examples.artists[row] for row in np.flatnonzero(training)}
    assert protocol.leaky
    assert "leaky" in protocol.words
    assert not Protocol().leaky


def test_segments_tile_their_clip_and_carry_its_label_artist_and_name(examples: Examples) -> None:
    segments = cut_segments(examples, 38)
    per_clip = int(examples.frames[0]) // 38
    assert len(segments) == per_clip * len(examples)
    assert segments.clips[1].id == f"{examples.clips[0].id}@1"
    assert segments.artists[per_clip] == examples.artists[1]
    assert (segments.allowed[:per_clip] == examples.allowed[0]).all()
    assert (segments.pictures[1] == examples.pictures[0][:, 38:76]).all()
    assert (segments.frames == 38).all()


def test_segments_of_one_clip_are_parted_only_by_the_protocol_that_is_named_so(examples: Examples) -> None:
    segments = cut_segments(examples, 38)
    clip_of = [clip.id.partition("@")[0] for clip in segments.clips]
    leaky = Protocol("segments", split="leaky_random_segment", folds=2, segment_frames=38)
    honest = Protocol("artists", folds=2, segment_frames=38)
    parted = {}
    for protocol in (leaky, honest):
        folds = protocol.folds_of(segments, np.ones(len(segments), dtype=np.bool_), seed=0)
        sides: dict[str, set[int]] = {}
        for name, fold in zip(clip_of, folds.tolist(), strict=True):
            sides.setdefault(name, set()).add(fold)
        parted[protocol.name] = sum(len(side) > 1 for side in sides.values())
    assert parted["artists"] == 0
    assert parted["segments"] > 0


def test_on_segments_a_network_hears_as_many_frames_in_all() -> None:
    recipe = synthetic.recipe(epochs=40)  # 4 tokens of 19 frames a step
    adapted = Protocol("segments", split="leaky_random_segment", segment_frames=38).adapted(recipe)
    assert adapted.augment.tokens == 2
    assert adapted.train.epochs * 10 * 2 == pytest.approx(40 * 4, abs=10)
    assert Protocol().adapted(recipe) is recipe
    # A first stage is shortened alike.
    segments = Protocol("segments", split="leaky_random_segment", segment_frames=38)
    staged = segments.adapted(recipe.with_values({"first.train.epochs": 80, "first.augment.tokens": 15}))
    first = staged.first_stage()
    assert first is not None
    assert (first.augment.tokens, first.augment.tokens_spread) == (2, 0)
    assert first.train.epochs == pytest.approx(2 * staged.train.epochs, abs=1)


def test_one_held_out_part_is_one_fold(examples: Examples) -> None:
    protocol = Protocol.from_dict("drones", {"split": "genre=drone"})
    assert protocol.folds == 1
    folds = protocol.folds_of(examples, everything(examples), seed=3)
    assert {examples.clips[row].label for row in np.flatnonzero(folds == 0)} == {"drone"}


def test_a_key_that_protocols_do_not_have_is_refused_by_name() -> None:
    with pytest.raises(RecipeError, match="fold_count"):
        Protocol.from_dict("mine", {"fold_count": 3})


def test_the_folds_of_the_published_figures_have_not_moved() -> None:
    # Predictions are kept by seed and fold: a change of the grouping would mix runs of different folds in silence.
    folds = artist_folds(["ab"[n % 2] for n in range(21)], [f"artist {n % 7}" for n in range(21)], folds=3, seed=1)
    assert folds.tolist() == [0, 1, 2, 0, 1, 2, 0] * 3


def test_a_share_takes_so_many_of_each_label_of_those_that_may_train_and_smaller_ones_are_within(
    examples: Examples,
) -> None:
    whole, half, sixth = (Protocol(folds=3, share=share) for share in (1.0, 0.5, 0.15))
    folds = whole.folds_of(examples, everything(examples), seed=0)
    of_all, of_half, of_sixth = (each.may_train(examples, folds, 0) for each in (whole, half, sixth))
    labels = np.array(examples.labels)
    assert (of_half <= of_all).all()
    assert (of_sixth <= of_half).all()
    for label in set(labels.tolist()):
        mine = labels == label
        assert of_half[mine].sum() == round(0.5 * of_all[mine].sum())
        assert of_sixth[mine].sum() == 1  # at least one
    assert np.array_equal(of_half, half.may_train(examples, folds, 0))
    assert not np.array_equal(of_half & (folds == 2), half.may_train(examples, folds, 1) & (folds == 2))


def test_from_a_share_a_network_learns_in_as_many_steps() -> None:
    values = {"first": {"train": {"epochs": 3}}, "train.partial_after": 1}
    few = Protocol(share=0.25).adapted(synthetic.recipe(epochs=6).with_values(values))
    assert (few.train.epochs, few.train.partial_after, few.epochs) == (24, 4, 36)


def test_a_protocol_without_a_share_is_stored_as_before_there_was_one() -> None:
    assert "share" not in Protocol().to_dict()
    assert Protocol(share=0.1).to_dict()["share"] == 0.1
    assert "from 10% of those" in Protocol(share=0.1).words


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(RecipeError, match="'share' must be above 0"):
        Protocol.from_dict("few", {"share": share})
