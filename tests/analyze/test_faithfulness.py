"""Explanations and their tests, on a network that a person can compute by hand and on one that nobody trained."""

import numpy as np
import pytest
import torch

import tiny_bundle
import untrained
from earmark.analyze import explanations, faithfulness, filling, mask, trust
from earmark.analyze.material import Heard, Material, Network, hear, runner
from earmark.analyze.reading import Reading
from earmark.data.dataset import Clip
from earmark.listen.bundle import load_bundle
from earmark.sound.tokens import TOKEN_FRAMES

TOKENS = 20
THIRDS = (slice(0, 43), slice(43, 86), slice(86, 128))


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    tiny_bundle.write_tiny_bundle(folder)
    bundle = load_bundle(folder)
    return Network("tiny", "1", bundle.info.labels, bundle.run)


def material(rng, clips=24):
    """Clips of which each sounds in a third of the bands, by eight artists."""
    labels = np.arange(clips) % 3
    db = rng.uniform(-78, -70, size=(clips, 128, TOKENS * TOKEN_FRAMES)).astype(np.float32)
    for row, label in enumerate(labels):
        db[row, THIRDS[label]] += 60
    db -= db.max(axis=(1, 2), keepdims=True)
    made = tuple(
        Clip(f"clip{row}", None, tiny_bundle.LABELS[label], f"artist {row // 3}", {})
        for row, label in enumerate(labels)
    )
    return Material("made", tiny_bundle.LABELS, made, db, labels.astype(np.int64), 0)


def module_network():
    checkpoint = untrained.checkpoint(token_dropout=0.1, kernel=8, components=4)
    net = checkpoint.network()
    torch.manual_seed(1)
    for head in net.kernel.heads:
        head.weights.data.normal_()
        head.axes.data.normal_(std=0.01)
        head.known.data.normal_()
        head.width.data.fill_(50.0)
    return Network("untrained", "1", checkpoint.genres, runner(net), net)


def test_a_splice_is_where_it_is_said_and_as_loud_as_what_was_there(tiny, rng):
    clips = material(rng)
    rows = np.arange(len(clips))
    made = faithfulness.splices(clips, rows, hear(tiny, clips.db), 30, rng)
    assert made.inside.sum(axis=1).tolist() == [faithfulness.SPLICE_TOKENS] * 30
    for row in range(30):
        host, guest = clips.clips[made.rows[row]], clips.clips[made.guests[row]]
        assert host.label != guest.label == tiny_bundle.LABELS[made.targets[row]]
        assert host.artist != guest.artist
        frames = np.repeat(made.inside[row], TOKEN_FRAMES)
        same = clips.db[made.rows[row]][:, ~frames]
        assert np.allclose(made.db[row][:, ~frames] - same, (made.db[row][:, ~frames] - same).mean(), atol=1e-3)
        power = 10 * np.log10((10 ** (made.db[row] / 10)).mean(axis=0))
        assert power[frames].mean() == pytest.approx(power[~frames].mean(), abs=1.0)


def test_there_is_no_splice_without_two_genres(tiny, rng):
    clips = material(rng)
    rows = np.flatnonzero(clips.labels == 0)
    heard = hear(tiny, clips.db[rows])
    assert faithfulness.splices(clips, rows, heard, 5, rng) is None


def test_what_hears_a_genre_finds_it_and_what_hears_loudness_does_not(tiny, rng):
    clips = material(rng)
    heard = hear(tiny, clips.db)
    reading = Reading("1", (tiny,), heard, np.zeros(len(clips), dtype=np.int64), heard.places, (heard.places,))
    found = trust.spliced(reading, clips, rng=rng, progress=lambda windows: None)
    rows = {row["method"]: row for row in found["methods"]}
    assert explanations.GRADIENT not in rows  # a bundle has no gradients
    for sees in (explanations.HEAD, explanations.LEAVE_OUT):
        assert rows[sees]["hit_rate"]["mean"] == 1
        assert rows[sees]["auc"]["mean"] == pytest.approx(1)
        assert rows[sees]["f1"]["mean"] > 2 * rows[explanations.RANDOM]["f1"]["mean"]
        assert rows[sees]["iou_over_random"]["low"] > 0
        assert rows[sees]["hit_rate_over_random"]["low"] > 0.5
        assert rows[sees]["shown"]["mean"] <= faithfulness.SPLICE_TOKENS
    for blind in explanations.CONTROLS:
        assert rows[blind]["hit_rate"]["mean"] < 0.6
    assert found["chance"] == 0.2


def test_filling_tokens_by_their_vectors_says_what_hearing_them_filled_says(rng):
    network = module_network()
    db = rng.uniform(-80, 0, size=(3, 128, 6 * TOKEN_FRAMES)).astype(np.float32)
    filler = np.full((128, 1), -40, np.float32)
    marked = rng.random((3, 6)) < 0.5
    quick = filling.logits_filled(network, db, hear(network, db).vectors, marked, filler)
    slow = network.run(filling.filled(db, marked, filler)).logits
    assert np.allclose(quick, slow, atol=1e-4)
    assert not np.allclose(quick, network.run(db).logits, atol=1e-3)


def test_every_method_speaks_of_every_token(rng):
    network = module_network()
    db = rng.uniform(-80, 0, size=(2, 128, 5 * TOKEN_FRAMES)).astype(np.float32)
    db[:, 60:] = -80  # a band that never changes has a deviation without a slope
    filler = np.full((128, 1), -40, np.float32)
    costly = explanations.Costly(masks=4, decoder=mask.MaskDecoder(128, 4))
    scores = explanations.explain(network, db, np.array([0, 3]), filler=filler, rng=rng, costly=costly)
    assert tuple(scores) == explanations.METHODS
    for each in scores.values():
        assert each.shape == (2, 5)
        assert np.isfinite(each).all()


def test_the_gradient_is_the_slope(rng):
    network = module_network()
    db = rng.uniform(-80, -20, size=(1, 128, 3 * TOKEN_FRAMES)).astype(np.float32)
    filler = db.mean(axis=2)[0][:, None]
    target = np.array([1])
    scores = explanations.explain(network, db, target, filler=filler, rng=rng)[explanations.GRADIENT]
    step = 1e-3 * (db - filler)
    up, down = (filling.log_probability(network.run(db + sign * step).logits, target) for sign in (1, -1))
    assert scores.sum() == pytest.approx(float(up[0] - down[0]) / 2e-3, rel=0.05, abs=0.02)


def test_hits_areas_and_what_is_shown_by_hand():
    inside = np.array([[True, False, False], [False, True, True]])
    found = faithfulness.located(np.array([[3.0, 2, 1], [3.0, 2, 1]]), inside)
    assert found.hits.tolist() == [True, False]
    assert found.areas.tolist() == [1, 0]
    assert found.shown.tolist() == [1, 1]  # half of all evidence is in the first
    assert found.overlaps.tolist() == [1, 0]
    known = np.array([[False, True, True, True, False, False, False, False]])
    even = np.array([[0.1, 1.0, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0]])
    found = faithfulness.located(even, known)  # shown are tokens 1 and 3
    assert found.shown.tolist() == [2]
    assert found.overlaps == pytest.approx([2 / 3])
    assert found.f1 == pytest.approx([4 / 5])


def test_what_speaks_against_a_genre_is_not_shown_and_something_always_is():
    marked = explanations.shown_tokens(np.array([[-5.0, 0.1, 0.0, -9.0], [-3.0, -1.0, -2.0, -4.0]]))
    assert marked.tolist() == [[False, True, False, False], [False, True, False, False]]


def test_curves_fall_faster_for_what_is_first(tiny, rng):
    clips = material(rng, clips=6)
    # Only the first four tokens of each have the genre; the rest is silent.
    clips.db[:, :, 4 * TOKEN_FRAMES :] = -80
    heard = hear(tiny, clips.db)
    good = np.tile(-np.arange(TOKENS, dtype=float), (6, 1))
    found = faithfulness.curves(
        tiny,
        clips.db,
        clips.labels,
        {"good": good, "bad": -good},
        filler=np.full((128, 1), -80, np.float32),
        heard=heard,
    )
    assert found.deletion["good"][:, 1] == pytest.approx(found.empty, abs=1e-6)  # a fifth filled is all that was
    assert found.deletion["bad"][:, 1] == pytest.approx(found.whole, abs=1e-6)
    assert found.insertion["good"][:, 1] == pytest.approx(found.whole, abs=1e-6)


def spanned(clips, start, end):
    """The same clips with a known span in seconds."""
    columns = {"motif_start_s": start, "motif_end_s": end}
    named = tuple(Clip(clip.id, None, clip.label, clip.artist, columns) for clip in clips.clips)
    return Material(clips.name, clips.genres, named, clips.db, clips.labels, 0)


def test_planted_tokens_are_those_in_the_span_and_no_louder_than_the_others():
    clips = material(np.random.default_rng(0), clips=3)
    assert faithfulness.planted(clips) is None
    clips.db[:, :, 39:78] += 10  # 3 to 6 s
    known = faithfulness.planted(spanned(clips, "3.0", "6.0"))
    assert np.flatnonzero(known.inside[0]).tolist() == [2, 3]
    power = (10 ** (known.db / 10)).mean(axis=1)
    assert power[:, 39:77].mean() == pytest.approx(power[:, 100:].mean(), rel=0.05)
    assert known.db.max() == 0
    assert faithfulness.planted(spanned(clips, "0", "30")) is None


def test_weights_become_random_stage_by_stage_and_the_network_stays_what_it_is(rng):
    network = module_network()
    db = rng.uniform(-80, 0, size=(2, 128, 4 * TOKEN_FRAMES)).astype(np.float32)
    before = network.run(db)
    stages = faithfulness.randomised(network, seed=1)
    assert [name for name, _ in stages] == [
        "genre head",
        "attention pooling",
        "self-attention",
        "second opinion",
        "CNN",
    ]
    said = {name: other.run(db) for name, other in stages}
    assert np.array_equal(said["genre head"].attention, before.attention)
    assert not np.allclose(said["genre head"].token_logits, before.token_logits)
    assert not np.allclose(said["attention pooling"].attention, before.attention)
    assert np.array_equal(said["self-attention"].vectors, before.vectors)
    assert not np.allclose(said["CNN"].vectors, before.vectors)
    assert np.array_equal(network.run(db).logits, before.logits)


def test_a_bundle_has_no_weights_to_draw_again(tiny):
    assert faithfulness.randomised(tiny, seed=0) == []


def test_heard_takes_rows_of_all_it_has():
    ones = np.ones((3, 2), np.float32)
    heard = Heard(ones, ones, ones[:, :, None], ones[:, :, None])
    assert heard.take(np.array([1])).attention.shape == (1, 2)
    assert heard.take(np.array([1])).alone is None
