"""The costly methods, on networks of which a person knows what counts."""

import numpy as np
import pytest
import torch

import untrained
from earmark.analyze.explanations import FOREST, MASK, Costly, explain
from earmark.analyze.mask import MaskDecoder, fit_mask
from earmark.analyze.material import Network, hear, runner
from earmark.analyze.surrogate import forest
from earmark.sound.tokens import TOKEN_FRAMES
from thirds import THIRDS, ThirdsNet

TOKENS = 10
FILLER = np.full((128, 1), -60, np.float32)


@pytest.fixture
def network():
    net = ThirdsNet()
    return Network("thirds", "1", ("low", "middle", "high"), runner(net), net)


def windows(rng, count=12):
    """Windows at -60 dB, but for two tokens of one genre and one of another; (n, 128, frames), genres, places."""
    db = rng.uniform(-62, -58, size=(count, 128, TOKENS * TOKEN_FRAMES)).astype(np.float32)
    genres = np.stack([rng.permutation(3)[:2] for _ in range(count)])
    places = np.stack([rng.permutation(TOKENS)[:3] for _ in range(count)])
    for row in range(count):
        for genre, place in zip(genres[row, [0, 0, 1]], places[row], strict=True):
            db[row, THIRDS[genre], place * TOKEN_FRAMES : (place + 1) * TOKEN_FRAMES] = 0
    return db, genres, places


def test_the_forest_names_the_tokens_of_the_genre_and_gives_those_of_another_the_other_sign(network):
    rng = np.random.default_rng(1)
    db, genres, places = windows(rng)
    heard = hear(network, db)
    scores = forest(network, db, genres[:, 0], filler=FILLER, heard=heard, rng=rng, masks=80)
    best = np.sort(scores.argsort(axis=1)[:, -2:], axis=1)
    assert best.tolist() == np.sort(places[:, :2], axis=1).tolist()
    assert (scores.argmin(axis=1) == places[:, 2]).all()
    assert (scores.min(axis=1) < 0).all()


def test_the_mask_keeps_the_tokens_of_the_genre_that_is_asked_for(network):
    rng = np.random.default_rng(2)
    db, _, _ = windows(rng, count=160)
    decoder = fit_mask(network, db, hear(network, db), filler=FILLER, seed=0)
    other, genres, places = windows(rng, count=40)
    scores = decoder.scores(hear(network, other).vectors, genres[:, 0])
    assert scores.shape == (40, TOKENS)
    assert ((scores >= 0) & (scores <= 1)).all()
    rows = np.arange(40)
    assert np.mean([scores[row].argmax() in places[row, :2] for row in rows]) > 0.9
    second = decoder.scores(hear(network, other).vectors, genres[:, 1])
    assert np.mean(second.argmax(axis=1) == places[:, 2]) > 0.9


def test_training_a_mask_leaves_the_network_as_it_is_and_is_the_same_again():
    checkpoint = untrained.checkpoint(token_dropout=0.1, kernel=8, components=4)
    net = checkpoint.network()
    torch.manual_seed(1)
    for head in net.kernel.heads:
        for parameter in (head.weights, head.known):
            parameter.data.normal_()
        head.axes.data.normal_(std=0.01)
        head.width.data.fill_(50.0)
    network = Network("untrained", "1", checkpoint.genres, runner(net), net)
    rng = np.random.default_rng(3)
    db = rng.uniform(-80, 0, size=(6, 128, 8 * TOKEN_FRAMES)).astype(np.float32)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    heard = hear(network, db)
    made = [fit_mask(network, db, heard, filler=FILLER, seed=4) for _ in range(2)]
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.isfinite().all() for parameter in made[0].parameters())
    targets = np.zeros(6, dtype=np.int64)
    assert np.array_equal(*(each.scores(heard.vectors, targets) for each in made))


def test_a_bundle_has_no_mask_to_be_learned(network):
    bundle = Network("bundle", "1", network.genres, network.run)
    db, _, _ = windows(np.random.default_rng(0), count=2)
    assert fit_mask(bundle, db, hear(bundle, db), filler=FILLER, seed=0) is None


def test_costly_methods_are_asked_for(network):
    db, genres, _ = windows(np.random.default_rng(0), count=2)

    def methods(costly):
        rng = np.random.default_rng(0)
        return set(explain(network, db, genres[:, 0], filler=FILLER, rng=rng, costly=costly))

    assert not {FOREST, MASK} & methods(None)
    assert {FOREST, MASK} & methods(Costly(masks=4)) == {FOREST}
    assert {FOREST, MASK} <= methods(Costly(masks=4, decoder=MaskDecoder(3, 3)))
