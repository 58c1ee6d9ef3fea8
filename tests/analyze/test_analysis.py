"""A whole analysis: two networks trained on synthetic pieces, read, written and opened again."""

import csv
import json

import numpy as np
import pytest
from scipy.stats import spearmanr

import synthetic
from earmark.analyze import analysis, enough, genres, in_time, judge, mask, report, trust
from earmark.analyze.explanations import METHODS, OPINION
from earmark.analyze.material import gather, networks_of
from earmark.analyze.reading import read
from earmark.data.dataset import Dataset
from earmark.data.synth import write_dataset
from earmark.errors import DataError
from earmark.experiments.crossval import crossval
from earmark.experiments.protocol import Protocol


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Pieces of 30 s with a planted motif, and a cross-validation of two folds."""
    folder = tmp_path_factory.mktemp("analysis")
    write_dataset(
        folder / "data",
        clips_per_style=4,
        artists_per_style=2,
        duration_s=30.0,
        motif_s=12.0,
        rng=np.random.default_rng(2),
    )
    crossval(
        synthetic.recipe(epochs=12), [folder / "data"], folder / "crossval", protocol=Protocol(folds=2), seeds=1, jobs=1
    )
    return folder


@pytest.fixture(scope="module")
def small():
    """Few draws: the whole path and not its figures are tested."""
    patch = pytest.MonkeyPatch()
    for room, name, value in (
        (trust, "SPLICES", 3),
        (trust, "CURVE_CLIPS", 2),
        (trust, "RANDOMISED_CLIPS", 2),
        (trust, "PLANTED_CLIPS", 6),
        (trust, "MASKS", 4),
        (trust, "MASK_CLIPS", 2),
        (mask, "EPOCHS", 2),
        (enough, "CLIPS", 2),
        (judge, "CLIPS", 2),
        (analysis, "ROUNDS", 40),
        (analysis, "PERMUTATIONS", 10),
        (in_time, "PERMUTATIONS", 49),
        (in_time, "CLIPS_SHIFTED", 6),
    ):
        patch.setattr(room, name, value)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def found(made, small):
    return analysis.analyze(made / "data", made / "crossval", judged_by=made / "crossval")


def test_clips_are_spoken_for_by_the_network_that_never_heard_them(made):
    networks = networks_of(made / "crossval", (), Dataset.load(made / "data"))
    material = gather(Dataset.load(made / "data"), networks[0].genres)
    (reading,) = read(networks, material)
    assert reading.out_of_fold
    for (network, rows), number in zip(reading.parts(), range(2), strict=True):
        assert {material.clips[row].id for row in rows} == network.held
        assert np.allclose(reading.heard.logits[rows], network.run(material.db[rows]).logits, atol=1e-4)
        own = reading.own[number]
        between = np.linalg.norm(own[rows[0]] - own[rows[1]])
        assert np.linalg.norm(reading.places[rows[0]] - reading.places[rows[1]]) == pytest.approx(between, rel=1e-5)


def test_half_a_cross_validation_is_no_reading(made):
    networks = networks_of(made / "crossval", (), Dataset.load(made / "data"))
    material = gather(Dataset.load(made / "data"), networks[0].genres)
    with pytest.raises(DataError, match="do not hold out the clips of data between them"):
        read(networks[:1], material)


def test_the_report_says_what_was_found(made, found, tmp_path):
    report.write(found, tmp_path, command="earmark analyze --data data --model crossval")
    figures = json.loads((tmp_path / "analysis.json").read_text())
    assert figures["about"]["clips"] == 16
    assert figures["about"]["networks"] == ["seed0_fold0", "seed0_fold1"]
    methods = [name for name in METHODS if name != OPINION]  # these networks have no kernel machines
    for test in ("splices", "planted", "curves", "enough", "judged"):
        assert [row["method"] for row in figures[test]["methods"]] == methods
    assert figures["judged"]["out_of_fold"]
    assert np.sum(figures["accuracy"]["confusion"]) == 16
    text = (tmp_path / "report.md").read_text()
    assert "earmark analyze --data data --model crossval" in text
    assert "![Map of the genres" in text
    for link in (
        "map.svg",
        "steps.svg",
        "splices.svg",
        "planted.svg",
        "deletion.svg",
        "enough.svg",
        "judged.svg",
        "randomised.svg",
    ):
        assert f"({link})" in text
        assert (tmp_path / link).stat().st_size > 1000
        assert (tmp_path / link.replace("svg", "png")).read_bytes()[:4] == b"\x89PNG"
    page = (tmp_path / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "genre-map" in page
    rows = list(csv.DictReader((tmp_path / "map.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    assert rows[0]["id"] not in rows[0]["nearest"].split(";")
    assert not list(tmp_path.glob("tmp*"))


def test_the_same_networks_give_the_same_figures(made, found, small):
    again = analysis.analyze(made / "data", made / "crossval", judged_by=made / "crossval")
    assert analysis.as_json(again.figures) == analysis.as_json(found.figures)


def test_pieces_of_the_demo_are_planted_into_another_analysis(made, small):
    steps = []
    both = analysis.analyze(
        made / "data", made / "crossval", planted=made, progress=lambda done, total: steps.append((done, total))
    )
    assert both.figures["planted"]["n"] == 6
    assert both.figures["judged"] == {}
    assert steps[-1][0] == steps[-1][1]
    assert all(done <= total for done, total in steps)


def test_a_set_of_short_clips_is_refused_in_words(made, tmp_path):
    synthetic.dataset(tmp_path / "short", clips_per_style=2)
    with pytest.raises(DataError, match="too few clips to read a network by"):
        analysis.analyze(tmp_path / "short", made / "crossval/checkpoints/seed0_fold0")


def test_a_set_without_a_genre_of_the_network_is_refused_in_words(made):
    with pytest.raises(DataError, match=r"data has no clip of 30 s of polka\."):
        gather(Dataset.load(made / "data"), ("drone", "noise", "plucks", "pulse", "polka"))


def test_too_few_genres_have_no_arithmetic(found):
    assert found.figures["arithmetic"]["rows"] == []


def test_what_an_axis_goes_with_is_scipys_rank_correlation(made, monkeypatch):
    material = gather(Dataset.load(made / "data"), ("drone", "noise", "plucks", "pulse"))
    rng = np.random.default_rng(4)
    points = rng.standard_normal((len(material), 3))
    feature = np.round(points[:, 1] + rng.standard_normal(len(material)))  # with ties
    monkeypatch.setattr(genres.events, "clip_features", lambda db, clips: {"made": feature, "rare": feature * np.nan})
    found = genres._axes(points, material, rng)
    assert [(row["axis"], row["feature"], row["n"]) for row in found] == [(axis, "made", 16) for axis in (1, 2, 3)]
    for row in found:
        assert row["rho"] == pytest.approx(spearmanr(points[:, row["axis"] - 1], feature).statistic)
        assert row["low"] <= row["rho"] <= row["high"]


def test_permuted_genres_calculate_by_chance():
    """Labels that mean nothing: equations answer as often as chance says, and no p is small too often."""
    rng = np.random.default_rng(1)
    genres_, artists, clips = 6, 60, 120
    owner = np.arange(clips) % artists
    labels = rng.integers(genres_, size=artists)[owner]
    labels[:genres_] = np.arange(genres_)
    places = rng.standard_normal((clips, 12))

    class Made:
        pass

    material, reading = Made(), Made()
    material.genres, material.labels = tuple("abcdef"), labels.astype(np.int64)
    material.artists = tuple(f"artist {one}" for one in owner)
    reading.places, reading.own = places, (places,)
    draws = genres.draws_of(reading, material, rounds=50, rng=rng)
    found = genres.arithmetic([reading], [draws], material, permutations=100, rng=rng)
    assert found["equations"] == 60
    assert found["p_below_5_percent"] < 0.2
    assert found["steady"] < 0.5
