"""How many seconds are enough, and needed, on a network that a person can compute by hand."""

import numpy as np
import pytest

from earmark.analyze import enough
from earmark.analyze.explanations import ENERGY, LEAVE_OUT, RANDOM, SHOWN, Costly
from earmark.analyze.material import Material, Network, hear, runner
from earmark.analyze.reading import Reading
from earmark.data.dataset import Clip
from earmark.sound.tokens import TOKEN_FRAMES
from thirds import THIRDS, ThirdsNet

GENRES = ("low", "middle", "high")
TOKENS = 8


@pytest.fixture
def network():
    net = ThirdsNet()
    return Network("thirds", "1", GENRES, runner(net), net)


def window(*genres):
    """A window in which token after token is of these genres, (1, 128, frames) dB; the second is not quite as loud."""
    db = np.full((1, 128, len(genres) * TOKEN_FRAMES), -60, np.float32)
    for place, genre in enumerate(genres):
        db[0, THIRDS[genre], place * TOKEN_FRAMES : (place + 1) * TOKEN_FRAMES] = -3 if genre == 1 else 0
    return db


# Five of genre 0 and three of genre 1, which are not as loud: three of each are 0, two and three are 1.
MIXED = window(0, 1, 0, 1, 0, 1, 0, 0)
ZERO_FIRST = np.array([[9.0, 1, 8, 2, 7, 3, 6, 5]])


@pytest.mark.parametrize(
    ("scores", "enough_tokens", "needed_tokens"),
    [
        (ZERO_FIRST, 1, 3),  # two left are outvoted by three
        (-ZERO_FIRST, 6, 8),  # three of the other come first; without them it is as it was, to the end
    ],
)
def test_tokens_are_taken_in_the_order_in_which_they_are_named(network, scores, enough_tokens, needed_tokens):
    answers = hear(network, MIXED).logits.argmax(axis=1)
    assert answers.tolist() == [0]
    assert enough.enough(network, MIXED, answers, scores).tolist() == [enough_tokens]
    assert enough.needed(network, MIXED, answers, scores).tolist() == [needed_tokens]


def test_a_steady_window_keeps_its_answer_on_any_token_and_loses_it_with_none(network):
    db = window(*[2] * TOKENS)
    scores = np.arange(TOKENS, dtype=float)[None]
    assert enough.enough(network, db, np.array([2]), scores).tolist() == [1]
    assert enough.needed(network, db, np.array([2]), scores).tolist() == [TOKENS]


def test_each_window_is_counted_by_itself(network):
    db = np.concatenate([MIXED, window(*[2] * TOKENS)])
    scores = np.repeat(-ZERO_FIRST, 2, axis=0)
    assert enough.enough(network, db, np.array([0, 2]), scores).tolist() == [6, 1]


def test_the_figures_say_how_many_seconds_and_how_many_fewer_than_by_chance(network):
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(12):  # four tokens that are loud in the genre, the others hardly in two others
        genres = rng.permutation(3)
        db = np.full((128, 20 * TOKEN_FRAMES), -30, np.float32)
        for place in range(20):
            own = genres[0] if place < 4 else genres[1 + place % 2]
            level = 0 if place < 4 else -25
            db[THIRDS[own], place * TOKEN_FRAMES : (place + 1) * TOKEN_FRAMES] = level
        rows.append((db[:, np.arange(380)], genres[0]))
    db, labels = np.stack([each for each, _ in rows]), np.array([genre for _, genre in rows])
    clips = tuple(Clip(f"{n}", None, GENRES[genre], f"artist {n % 4}", {}) for n, genre in enumerate(labels))
    material = Material("made", GENRES, clips, db, labels, 0)
    heard = hear(network, db)
    assert (heard.logits.argmax(axis=1) == labels).all()
    reading = Reading("1", (network,), heard, np.zeros(12, dtype=np.int64), heard.places, (heard.places,))
    found = enough.fewest_seconds(reading, material, rng=rng, progress=lambda windows: None, costly=[Costly(0)])
    by_name = {row["method"]: row for row in found["methods"]}
    token_s = TOKEN_FRAMES * 0.0775056
    assert found["seconds"][0] == pytest.approx(token_s, rel=1e-3)
    for sees in (SHOWN, LEAVE_OUT):
        row = by_name[sees]
        assert row["enough_s"]["mean"] == row["enough_s"]["median"] == pytest.approx(token_s, rel=1e-3)
        assert row["enough_few"]["mean"] == 1
        assert row["needed_s"]["median"] == pytest.approx(3 * token_s, rel=1e-3)  # one left is outvoted
        assert row["needed_s_below_random"]["low"] > 0
    assert by_name[RANDOM]["enough_s_below_random"]["mean"] == 0
    assert by_name[RANDOM]["enough_s"]["mean"] > token_s
    within = [each["mean"] for each in by_name[ENERGY]["enough_within"]]
    assert within == sorted(within)
    assert within[-1] == 1
