"""Whether shown seconds convince another system, by judges that a person can compute by hand."""

import numpy as np
import pytest
import torch

import tiny_bundle
import untrained
from earmark.analyze import judge
from earmark.analyze.explanations import ALONE, RANDOM, SHOWN
from earmark.analyze.judge import Judge, convinced, judges_of, repeated
from earmark.analyze.material import Material, Network, hear, runner
from earmark.analyze.reading import Reading
from earmark.data.dataset import Clip
from earmark.errors import DataError
from earmark.sound.tokens import TOKEN_FRAMES
from earmark.train.checkpoint import Checkpoint
from thirds import THIRDS, ThirdsNet

GENRES = ("low", "middle", "high")


def says(db):
    """Logits by the third of the bands that is loudest."""
    with torch.inference_mode():
        return ThirdsNet()(torch.from_numpy(db)).logits.numpy()


def material(clips=12):
    """Clips with four loud tokens of their genre, the others of one other genre, and not so loud."""
    rng = np.random.default_rng(3)
    labels = np.arange(clips) % 3
    db = np.full((clips, 128, 20 * TOKEN_FRAMES), -50, np.float32)
    for row, label in enumerate(labels):
        start = rng.integers(0, 17)
        for place in range(20):
            inside = start <= place < start + 4
            third = THIRDS[label if inside else (label + 1) % 3]
            db[row, third, place * TOKEN_FRAMES : (place + 1) * TOKEN_FRAMES] = 0 if inside else -42
    made = tuple(Clip(f"{n}", None, GENRES[label], f"artist {n % 5}", {}) for n, label in enumerate(labels))
    return Material("made", GENRES, made, db, labels.astype(np.int64), 0)


def reading_of(clips):
    net = ThirdsNet()
    network = Network("thirds", "1", GENRES, runner(net), net)
    heard = hear(network, clips.db)
    assert (heard.logits.argmax(axis=1) == clips.labels).all()
    return Reading("1", (network,), heard, np.zeros(len(clips), dtype=np.int64), heard.places, (heard.places,))


def test_what_is_shown_convinces_a_judge_that_hears_the_same_and_the_rest_does_not():
    clips = material()
    judges = [Judge("other", says, TOKEN_FRAMES)]
    rng = np.random.default_rng(0)
    found = convinced(reading_of(clips), clips, judges, rng=rng, progress=lambda windows: None)
    assert (found["n"], found["judges"], found["out_of_fold"]) == (12, ["other"], False)
    assert found["whole"]["mean"] == 1
    rows = {row["method"]: row for row in found["methods"]}
    for sees in (SHOWN, ALONE):
        assert rows[sees]["alone"]["mean"] == 1
        assert rows[sees]["alone_over_random"]["low"] > 0
    assert rows[RANDOM]["alone"]["mean"] < 0.5
    assert rows[RANDOM]["without"]["mean"] > rows[SHOWN]["without"]["mean"]
    assert found["shown_s"] < 6


def test_a_judge_that_always_says_the_same_is_not_convinced():
    clips = material()
    stubborn = Judge("stubborn", lambda db: np.tile(np.float32([1, 0, 0]), (len(db), 1)), 95)
    found = convinced(reading_of(clips), clips, [stubborn], rng=np.random.default_rng(0), progress=lambda windows: None)
    for row in found["methods"]:
        assert row["alone"]["mean"] == row["without"]["mean"] == found["whole"]["mean"] == pytest.approx(1 / 3)
        assert row["alone_over_random"]["mean"] == 0


def test_every_clip_has_the_judge_that_never_heard_it():
    clips = material()
    asked = {"even": 0, "odd": 0}

    def run(name):
        def said(db):
            asked[name] += len(db)
            return says(db)

        return said

    held = [frozenset(clip.id for clip in clips.clips if int(clip.id) % 2 == odd) for odd in (0, 1)]
    judges = [Judge(name, run(name), TOKEN_FRAMES, ids) for name, ids in zip(asked, held, strict=True)]
    assert judge._judge_of(judges, clips).tolist() == [0, 1] * 6
    found = convinced(reading_of(clips), clips, judges, rng=np.random.default_rng(0), progress=lambda windows: None)
    assert found["out_of_fold"]
    assert asked["even"] == asked["odd"] > 0
    with pytest.raises(DataError, match="do not hold out the clips of made between them"):
        convinced(reading_of(clips), clips, judges[:1], rng=np.random.default_rng(0), progress=lambda windows: None)


def test_tokens_stand_side_by_side_and_are_repeated():
    db = -np.repeat(np.arange(5, dtype=np.float32), TOKEN_FRAMES)[None] - 10
    made = repeated(db, np.array([False, True, False, True, False]), frames=5 * TOKEN_FRAMES)
    assert made[0, ::TOKEN_FRAMES].tolist() == [0, -2, 0, -2, 0]  # under their own maximum


def test_random_seconds_are_in_runs_as_long_as_those_shown():
    scores = {
        SHOWN: np.array([[0, 5, 5, 0, 0, 0, 0, 5, 0, 0, 0, 0.0]]),
        RANDOM: np.random.default_rng(0).random((1, 12)),
    }
    marks = judge._marks(scores, np.random.default_rng(1))
    assert np.flatnonzero(marks[SHOWN]).tolist() == [1]  # a third of the evidence
    for seed in range(8):
        scores[SHOWN] = np.array([[0, 1, 1, 0, 0, 0, 0, 0.1, 0, 0, 0, 0.0]])
        marks = judge._marks(scores, np.random.default_rng(seed))
        assert marks[RANDOM].sum() == marks[SHOWN].sum()
        assert not (marks[RANDOM] & marks[SHOWN]).any()


def test_judges_are_bundles_and_checkpoints_and_their_genres_are_put_in_order(tmp_path):
    folder = tiny_bundle.write_tiny_bundle(tmp_path / "bundle")
    turned = ("high", "low", "middle")
    (bundle,) = judges_of(folder, "made", turned)
    db = material(clips=3).db
    assert bundle.held is None
    assert bundle.run(db).argmax(axis=1).tolist() == [turned.index(name) for name in GENRES]
    checkpoint = untrained.checkpoint()
    checkpoint.save(tmp_path / "run" / "checkpoint.pt")
    (net,) = judges_of(tmp_path / "run", "made", checkpoint.genres[::-1])
    with torch.inference_mode():
        said = Checkpoint.load(tmp_path / "run").network()(torch.from_numpy(db)).logits.numpy()
    assert np.allclose(net.run(db), said[:, ::-1], atol=1e-5)
    assert net.token_frames == TOKEN_FRAMES
    with pytest.raises(DataError, match="does not know polka"):
        judges_of(folder, "made", ("low", "polka"))
