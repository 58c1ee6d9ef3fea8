"""Bundles of networks with further heads: what is calibrated goes in, what is not stays out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import untrained
from earmark.errors import DataError
from earmark.evaluate.beyond import Beyond
from earmark.evaluate.bundling import make_bundle, recalibrate_files
from earmark.listen.bundle import BundleInfo, load_bundle

OTHER = {"recipe": untrained.checkpoint(heads={"tags": 5}).recipe.identity()}
ALL = {"heads": {"tags": len(untrained.TAGS), "outside": 1, "embedding": 3}}


def bundled(folder: Path, model: dict[str, Any], **heads: Any) -> BundleInfo:
    return make_bundle(
        untrained.checkpoint(**model), untrained.predictions(), folder, version="1", created="2026-01-01", **heads
    )


@pytest.mark.parametrize("kept", [(), ("tags",), ("outside",), ("tags", "outside")])
def test_a_bundle_has_the_heads_that_were_calibrated(tmp_path: Path, kept: tuple[str, ...]) -> None:
    infos = {"tags": untrained.tags(), "outside": untrained.outside()}
    bundled(tmp_path, ALL, **{name: infos[name] for name in kept})
    bundle = load_bundle(tmp_path)
    for name, info in infos.items():
        assert getattr(bundle.info, name) == (info if name in kept else None)
    outputs = bundle.run(np.random.default_rng(0).uniform(-80, 0, (2, 128, 95)).astype(np.float32))
    assert (outputs.tags is not None, outputs.outside is not None) == ("tags" in kept, "outside" in kept)
    given = {output.name for output in bundle._session.get_outputs()}
    assert given & {"tags", "outside", "embedding", "token_tags"} == set(kept)
    if outputs.tags is not None and outputs.outside is not None:
        assert (outputs.tags.shape, outputs.outside.shape) == ((2, 5), (2,))


@pytest.mark.parametrize(
    ("model", "heads", "words"),
    [
        ({}, {"tags": untrained.tags()}, "figures are of 5 tags, and the network has none"),
        (
            {"heads": {"tags": 5}},
            {"tags": untrained.tags(("rock", "sad"))},
            "figures are of 2 tags, and the network has 5",
        ),
        ({"heads": {"tags": 5}}, {"outside": untrained.outside()}, "has not learned what is none of its genres"),
    ],
)
def test_figures_of_heads_that_the_network_has_not_are_refused(
    tmp_path: Path, model: dict[str, Any], heads: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        bundled(tmp_path / "bundle", model, **heads)
    assert not (tmp_path / "bundle").exists()


WORDS = {"rock": {"tags": {"0": 0.5, "1": 0.25}}, "sad": {"tags": {"2": 1.0}, "styles": {"1": 2.0}}}
WITH_STYLES = {"heads": {"tags": 3, "outside": 1, "styles": 2}}


def test_offsets_are_added_to_all_genre_logits_and_the_temperature_is_that_of_the_whole_answer(tmp_path: Path) -> None:
    made, plain = untrained.checkpoint(heads={"outside": 1}), replace(untrained.outside(), temperature=None)
    shifts = (0.0, 0.0, 1.5, -0.5)
    shifted = replace(plain, offsets=shifts, temperature=2.5)
    for name, outside in (("plain", plain), ("shifted", shifted)):
        make_bundle(made, untrained.predictions(), tmp_path / name, version="1", created="2026-01-01", outside=outside)
    db = np.random.default_rng(0).uniform(-80, 0, (2, 128, 95)).astype(np.float32)
    before, after = (load_bundle(tmp_path / name) for name in ("plain", "shifted"))
    first, second = before.run(db), after.run(db)
    for name in ("logits", "token_logits", "alone"):
        difference = getattr(second, name) - getattr(first, name)
        np.testing.assert_allclose(difference, np.broadcast_to(shifts, difference.shape), atol=1e-5, err_msg=name)
    assert second.outside == pytest.approx(first.outside, abs=1e-5)
    assert after.info.calibration.temperature == 2.5
    assert before.info.calibration.temperature != 2.5
    assert after.info.outside is not None
    assert after.info.outside.offsets == shifts
    assert after.info.metrics == before.info.metrics  # of clips of the genres alone, as they were


def test_words_are_one_layer_over_the_outputs_that_they_are_made_of(tmp_path: Path) -> None:
    given = untrained.checkpoint(styles=("Punk", "Noise"), **WITH_STYLES)
    info = make_bundle(
        given, untrained.predictions(), tmp_path, version="1", created="2026-01-01",
        tags=untrained.tags(("rock", "sad")), outside=untrained.outside(), mix=WORDS,
    )  # fmt: skip
    bundle = load_bundle(tmp_path)
    assert bundle.info == replace(info, sha256=bundle.info.sha256)
    assert bundle.info.lineage["words"] == WORDS
    given_outputs = {output.name for output in bundle._session.get_outputs()}
    assert given_outputs & {"tags", "token_tags", "styles", "outside"} == {"tags", "token_tags", "outside"}
    db = np.random.default_rng(0).uniform(-80, 0, (2, 128, 95)).astype(np.float32)
    said = bundle.run(db)
    assert said.tags is not None
    assert said.token_tags is not None
    with torch.inference_mode():
        raw = given.network()(torch.from_numpy(db))
    for ours, heads in ((said.tags, raw.heads), (said.token_tags, raw.token_heads)):
        tags, styles = heads["tags"].numpy(), heads["styles"].numpy()
        assert np.allclose(ours[..., 0], 0.5 * tags[..., 0] + 0.25 * tags[..., 1], atol=1e-5)
        assert np.allclose(ours[..., 1], tags[..., 2] + 2 * styles[..., 1], atol=1e-5)


@pytest.mark.parametrize(
    ("mix", "words"),
    [
        ({**WORDS, "sad": {"tags": {"3": 1.0}}}, "'sad' is made of output 3 of 'tags', which the network has not"),
        ({**WORDS, "sad": {"moods": {"0": 1.0}}}, "'sad' is made of output 0 of 'moods'"),
        ({"rock": WORDS["rock"]}, "nothing says what they are made of"),
    ],
)
def test_words_of_another_network_are_refused(tmp_path: Path, mix: Any, words: str) -> None:
    given = untrained.checkpoint(styles=("Punk", "Noise"), **WITH_STYLES)
    with pytest.raises(DataError, match=words):
        make_bundle(given, untrained.predictions(), tmp_path / "bundle", version="1", created="2026-01-01",
                    tags=untrained.tags(("rock", "sad")), mix=mix)  # fmt: skip


@pytest.fixture
def crossval(tmp_path: Path) -> Path:
    """A cross-validation of the bundle's recipe, with figures of both heads."""
    folder = tmp_path / "cv"
    untrained.predictions().write(folder / "predictions.csv")
    recipe = untrained.checkpoint(**ALL).recipe
    (folder / "crossval.json").write_text(json.dumps({"recipe": recipe.identity()}))
    Beyond(untrained.tags(), untrained.outside(), {}, {}, {}).write(folder)
    return folder


def test_a_bundle_is_calibrated_again_and_its_network_stays(tmp_path: Path, crossval: Path) -> None:
    new = bundled(tmp_path / "bundle", ALL, tags=untrained.tags(), outside=untrained.outside())
    before = (tmp_path / "bundle/network.onnx").read_bytes()
    file = tmp_path / "bundle/bundle.json"
    values = json.loads(file.read_text())
    values["outside"] = {**values["outside"], "threshold": 0.3}
    for name in ("share", "set_quantile", "whole"):
        del values["outside"][name]  # as bundles of the first schema were
    file.write_text(json.dumps({**values, "schema": 1, "calibration": {"temperature": 9.0, "set_quantile": 0.1}}))
    recalibrate_files(tmp_path / "bundle", crossval)
    again = load_bundle(tmp_path / "bundle").info
    assert (again.outside, again.tags) == (new.outside, new.tags)
    assert again.calibration.temperature == pytest.approx(new.calibration.temperature, rel=1e-3)
    numbers = {name: value for name, value in new.metrics.items() if name != "protocol"}
    assert {name: again.metrics[name] for name in numbers} == pytest.approx(numbers, rel=1e-3)
    assert (tmp_path / "bundle/network.onnx").read_bytes() == before


def mixed(folder: Path) -> None:
    Beyond(untrained.tags(), untrained.outside(), {}, {}, {}, mix=WORDS).write(folder)


def moved(folder: Path) -> None:
    outside = replace(untrained.outside(), offsets=(0.0, 0.0, 0.0, 0.5))
    Beyond(untrained.tags(), outside, {}, {}, {}).write(folder)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "crossval.json").unlink(), "holds no cross-validation"),
        (lambda folder: (folder / "beyond.json").unlink(), "has no figures of 'tags'"),
        (mixed, "tells other words than"),
        (moved, "has other offsets of genres than"),
        (lambda folder: (folder / "crossval.json").write_text(json.dumps(OTHER)), "of another recipe"),
    ],
)
def test_a_cross_validation_that_does_not_fit_calibrates_nothing(
    tmp_path: Path, crossval: Path, spoil: Any, words: str
) -> None:
    bundled(tmp_path / "bundle", ALL, tags=untrained.tags(), outside=untrained.outside())
    before = (tmp_path / "bundle/bundle.json").read_bytes()
    spoil(crossval)
    with pytest.raises(DataError, match=words):
        recalibrate_files(tmp_path / "bundle", crossval)
    assert (tmp_path / "bundle/bundle.json").read_bytes() == before


def test_a_genre_that_no_reported_clip_has_is_not_called_weak_and_costs_the_figures_nothing(tmp_path: Path) -> None:
    said = untrained.predictions()
    asked = [row for row, label in enumerate(said.labels) if label != untrained.GENRES[0]]
    few = replace(
        said,
        **{name: tuple(getattr(said, name)[row] for row in asked) for name in ("ids", "sets", "artists", "labels")},
        **{name: getattr(said, name)[asked] for name in ("probabilities", "seeds", "folds")},
    )
    info = make_bundle(untrained.checkpoint(), few, tmp_path, version="1", created="2026-01-01")
    assert untrained.GENRES[0] not in info.lineage["card"]["weakest"]
    three = few.probabilities[:, 1:]
    assert info.metrics["accuracy"] == pytest.approx((three.argmax(axis=1) + 1 == few.truth).mean())
    assert info.labels == untrained.GENRES
