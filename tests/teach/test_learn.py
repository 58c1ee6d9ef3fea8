"""A word from a few examples: what is learned, what is expected of it, and where nothing can be said."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.errors import BundleError, DataError
from earmark.listen.background import Background
from earmark.listen.linear import MULTI, YOURS, LinearHead
from earmark.teach.cache import Example
from earmark.teach.learn import ENOUGH, PRIOR, in_short, in_words, learn, verdict

VECTOR, NUMBERS = 12, 16
NETWORK = "a" * 64


def heard(count: int, towards: float, *, seed: int, artists: int | None = None, name: str = "song") -> list[Example]:
    """Tracks whose first two numbers are so large on average, by so many artists, one each by default."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(count, NUMBERS)).astype(np.float32)
    numbers[:, :2] += towards
    return [
        Example(f"/{name}{row}.ogg", each, VECTOR, "" if artists is None else f"Artist {row % artists}")
        for row, each in enumerate(numbers)
    ]


def background(count: int = 120, *, seed: int = 1, artists: tuple[str, ...] | None = None) -> Background:
    numbers = np.random.default_rng(seed).normal(size=(count, NUMBERS)).astype(np.float16)
    return Background(numbers, ("",) * count if artists is None else artists, NETWORK)


def taught(examples: list[Example], counter: list[Example] | None = None, far: Background | None = None) -> LinearHead:
    return learn("gym", examples, counter or [], background() if far is None else far, network=NETWORK)


def chances(word: LinearHead, tracks: list[Example]) -> list[float]:
    said = word.probabilities(word.layer.scores(np.stack([track.numbers for track in tracks])))
    return said[:, 0].tolist()


def test_a_word_is_a_head_of_the_users_that_tells_new_tracks_apart() -> None:
    word = taught(heard(10, 3.0, seed=2))
    assert (word.name, word.kind, word.labels, word.role, word.network) == ("gym", MULTI, ("gym",), YOURS, NETWORK)
    assert np.mean(np.array(chances(word, heard(50, 3.0, seed=3))) > 0.5) > 0.75
    assert np.mean(np.array(chances(word, heard(50, 0.0, seed=4))) > 0.5) < 0.05
    assert word.layer.token_weights.shape == (VECTOR, 1)


def test_what_is_expected_comes_true() -> None:
    word = taught(heard(20, 1.2, seed=2))
    found = np.array(chances(word, heard(500, 1.2, seed=3)))
    others = np.array(chances(word, heard(500, 0.0, seed=4)))
    assert (found >= 0.5).mean() == pytest.approx(word.figures["found"], abs=0.2)
    assert (others >= 0.5).mean() == pytest.approx(word.figures["others"], abs=0.05)
    auc = (found[:, None] > others).mean()
    assert auc == pytest.approx(word.figures["auc"], abs=0.06)


def test_where_one_track_in_five_has_the_word_probabilities_mean_what_they_say() -> None:
    word = taught(heard(40, 1.0, seed=2), far=background(400))
    mean = PRIOR * np.mean(chances(word, heard(500, 1.0, seed=3)))
    mean += (1 - PRIOR) * np.mean(chances(word, heard(500, 0.0, seed=4)))
    assert mean == pytest.approx(PRIOR, abs=0.06)


def test_by_few_examples_nothing_is_told_for_certain() -> None:
    few, many = (max(chances(taught(heard(count, 6.0, seed=2)), heard(20, 6.0, seed=3))) for count in (2, 40))
    assert few < 0.97 < 0.99 < many


def test_of_few_examples_it_is_said_that_they_are_too_few() -> None:
    word = taught(heard(ENOUGH - 1, 3.0, seed=2))
    assert verdict(word) == "too few"
    first, second = in_words(word)
    assert first == "gym: learned from 4 tracks by 4 artists, against 120 of the bundle's background."
    assert second.startswith("Too few to tell how good it is")
    assert in_short(word) == "4 tracks by 4 artists, too few to tell how good"
    assert verdict(taught(heard(ENOUGH, 3.0, seed=2))) == "told"


def test_of_examples_by_one_artist_alone_nothing_is_said_of_others() -> None:
    word = taught(heard(8, 3.0, seed=2, artists=1))
    assert verdict(word) == "one artist"
    assert "by 1 artist," in in_words(word)[0]
    assert "All are by one artist" in in_words(word)[1]
    assert "nobody knows" in in_short(word)
    assert min(chances(word, heard(8, 3.0, seed=2))) > 0.5


def test_examples_that_do_not_sound_alike_are_said_to_be_so() -> None:
    word = taught(heard(12, 0.0, seed=4))
    assert verdict(word) == "not alike"
    assert "do not sound alike" in in_words(word)[1]
    assert "do not sound alike" in in_short(word)
    assert max(chances(word, heard(50, 0.0, seed=3))) < 0.5


def test_a_word_that_is_told_the_wrong_way_round_is_never_told() -> None:
    """Each artist's tracks lie where those of the other are missing: what is learned of one is wrong of the other."""
    tracks = heard(10, 0.0, seed=2, artists=2)
    for row, track in enumerate(tracks):
        track.numbers[:] = 0
        track.numbers[0] = 4.0 if row % 2 else -4.0
    word = taught([replace(track, numbers=track.numbers + row / 1000) for row, track in enumerate(tracks)])
    assert verdict(word) == "not alike"
    assert chances(word, tracks) == pytest.approx([PRIOR] * 10)


def test_how_good_it_is_is_said_in_tens_and_against_what() -> None:
    word = taught(heard(20, 4.0, seed=2))
    _, expected, hint = in_words(word)
    assert expected.startswith("Of ten tracks like yours, by artists it never heard, it would find 10, and call fewer")
    assert "of the background so (AUC 1.00)" in expected
    assert "(--not)" in hint
    assert in_short(word).endswith("AUC 1.00 against the background")


def test_counter_examples_teach_what_the_background_cannot() -> None:
    """All that is the user's has two numbers high: by the background alone the word cannot be told from that."""

    def mine(tracks: list[Example]) -> list[Example]:
        for track in tracks:
            track.numbers[10:12] += 6
        return tracks

    examples, counter = mine(heard(10, 2.0, seed=2)), mine(heard(10, 0.0, seed=3, name="other"))
    news = mine(heard(100, 0.0, seed=4))
    without, against = taught(examples), taught(examples, counter)
    assert without.figures["others"] < 0.05
    assert np.mean(np.array(chances(without, news)) > 0.5) > 0.4  # which nobody expected
    assert np.mean(np.array(chances(against, news)) > 0.5) < 0.15
    assert against.figures["against_own"]
    assert len(in_words(against)) == 2
    assert "10 that are none of it and 120 of the bundle's background" in in_words(against)[0]
    assert "of the others so" in in_words(against)[1]
    assert "and 10 that are none of it, AUC" in in_short(against)


def test_few_counter_examples_are_used_and_the_figures_stay_those_of_the_background() -> None:
    word = taught(heard(10, 2.0, seed=2), heard(ENOUGH - 1, 0.0, seed=3, name="other"))
    assert not word.figures["against_own"]
    assert word.figures["n_counter"] == ENOUGH - 1


def test_without_a_background_counter_examples_are_enough() -> None:
    word = learn("gym", heard(6, 3.0, seed=2), heard(6, 0.0, seed=3, name="other"), network=NETWORK)
    assert word.figures["against_own"]
    assert in_words(word)[0].endswith("against 6 that are none of it.")
    assert np.mean(chances(word, heard(50, 3.0, seed=4))) > 2 * np.mean(chances(word, heard(50, 0.0, seed=5)))


def test_the_background_is_without_the_artists_of_the_examples() -> None:
    far = background(20, artists=(*("the Artist 0",) * 5, *("Artist 1 feat. Somebody",) * 3, *("",) * 12))
    word = taught(heard(6, 3.0, seed=2, artists=2), far=far)
    assert word.figures["n_background"] == 12


def test_a_recording_that_is_there_twice_counts_once() -> None:
    tracks = heard(6, 3.0, seed=2)
    copies = [replace(track, path=f"/copy{row}.ogg") for row, track in enumerate(tracks)]
    word = taught([*tracks, *copies])
    assert word.figures["n"] == 6
    assert word.figures["examples"] == [track.path for track in tracks]
    assert word.to_dict()["layer"] == taught(tracks).to_dict()["layer"]


def test_a_recording_that_has_the_word_and_has_it_not_is_refused() -> None:
    tracks = heard(6, 3.0, seed=2)
    with pytest.raises(DataError, match=r"/copy\.ogg is named both as 'gym' and as none of it\."):
        taught(tracks, [replace(tracks[3], path="/copy.ogg")])


@pytest.mark.parametrize(("count", "said"), [(0, "from nothing"), (1, "from 1 track")])
def test_of_fewer_than_two_nothing_is_learned(count: int, said: str) -> None:
    with pytest.raises(DataError, match=rf"'gym' cannot be learned {said}\. Name 2 or more"):
        taught(heard(count, 3.0, seed=2))


@pytest.mark.parametrize("counter", [0, 4])
def test_with_too_little_to_tell_it_from_nothing_is_learned(counter: int) -> None:
    with pytest.raises(DataError, match=r"no background\. Name 5 or more tracks that are none of it"):
        learn("gym", heard(6, 3.0, seed=2), heard(counter, 0.0, seed=3, name="other"), network=NETWORK)


def test_a_background_of_other_numbers_is_refused() -> None:
    far = Background(np.zeros((20, NUMBERS + 1), np.float16), ("",) * 20, NETWORK)
    with pytest.raises(BundleError, match="other numbers than its network makes"):
        taught(heard(6, 3.0, seed=2), far=far)


def test_two_examples_are_learned() -> None:
    word = taught(heard(2, 4.0, seed=2))
    assert np.mean(chances(word, heard(50, 4.0, seed=3))) > 10 * np.mean(chances(word, heard(50, 0.0, seed=4)))


def test_the_same_examples_make_the_same_word() -> None:
    assert taught(heard(9, 2.0, seed=2)).to_dict() == taught(heard(9, 2.0, seed=2)).to_dict()
