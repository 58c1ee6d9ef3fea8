"""Bundles: written, read back, refused when broken, and run at any length."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from corpus import music
from earmark import Listener
from earmark.errors import BundleError, OutputError
from earmark.listen import bundle as bundle_room
from earmark.listen.bundle import BundleInfo, load_bundle, write_bundle
from tiny_bundle import INFO, LABELS, OUTSIDE, TAGS, tiny_network, write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "bundle")


def change_info(folder: Path, **changes: Any) -> None:
    """Write other values into bundle.json; ... removes one."""
    file = folder / "bundle.json"
    values = {**json.loads(file.read_text()), **changes}
    file.write_text(json.dumps({name: value for name, value in values.items() if value is not ...}))


def test_what_is_written_is_read(folder: Path) -> None:
    read = load_bundle(folder).info
    assert len(read.sha256) == 64
    assert replace(read, sha256="") == INFO
    assert read.model == "tiny 1"


def test_a_bundle_may_be_named_by_its_json_too(folder: Path) -> None:
    assert load_bundle(str(folder / "bundle.json")).info.name == "tiny"


def test_info_survives_its_dictionary() -> None:
    info = replace(INFO, sha256="ab")
    assert BundleInfo.from_dict(json.loads(json.dumps(info.to_dict()))) == info


@pytest.mark.parametrize(("windows", "tokens"), [(1, 1), (1, 20), (3, 7)])
def test_outputs_have_the_shapes_of_any_length(folder: Path, windows: int, tokens: int) -> None:
    db = np.random.default_rng(0).uniform(-80, 0, (windows, 128, 19 * tokens)).astype(np.float32)
    outputs = load_bundle(folder).run(db)
    assert outputs.logits.shape == (windows, len(LABELS))
    assert outputs.attention.shape == (windows, tokens)
    assert outputs.token_logits.shape == (windows, tokens, len(LABELS))
    assert outputs.vectors.shape == (windows, tokens, 128)
    assert outputs.vector.shape == (windows, 128)
    np.testing.assert_allclose(outputs.attention.sum(axis=1), 1, atol=1e-6)


def test_the_tiny_network_says_what_a_hand_computes(folder: Path) -> None:
    # One loud token of three: -8 dB in all bands against -80, so vectors are 0.9 and 0, scores 7.2 and 0.
    db = np.full((1, 128, 57), -80, np.float32)
    db[:, :, 19:38] = -8
    outputs = load_bundle(folder).run(db)
    loud = np.exp(7.2) / (np.exp(7.2) + 2)
    np.testing.assert_allclose(outputs.attention[0, 1], loud, rtol=1e-5)
    np.testing.assert_allclose(outputs.token_logits[0, 1], 18, rtol=1e-5)
    np.testing.assert_allclose(outputs.logits[0], 18 * loud, rtol=1e-5)


def test_tokens_alone_are_asked_for_where_a_network_says_them(tmp_path: Path) -> None:
    db = np.zeros((1, 128, 38), np.float32)
    assert load_bundle(write_tiny_bundle(tmp_path / "old")).run(db).alone is None
    model = tiny_network()
    model.graph.node.append(helper.make_node("Neg", ["token_logits"], ["alone"]))
    model.graph.output.append(helper.make_tensor_value_info("alone", TensorProto.FLOAT, ["windows", "tokens", 3]))
    write_bundle(tmp_path / "new", model.SerializeToString(), INFO)
    said = load_bundle(tmp_path / "new").run(db)
    assert said.alone is not None
    np.testing.assert_array_equal(said.alone, -said.token_logits)


@pytest.mark.parametrize("shape", [(128, 19), (1, 127, 19), (1, 128, 20), (1, 128, 0)])
def test_windows_of_another_shape_are_refused(folder: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="need"):
        load_bundle(folder).run(np.zeros(shape, np.float32))


def test_the_network_runs_on_one_thread(folder: Path) -> None:
    options = load_bundle(folder)._session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)


def test_no_bundle_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not a bundle"):
        load_bundle(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="is not a bundle"):
        load_bundle(tmp_path)


def test_a_file_is_not_a_bundle(tmp_path: Path) -> None:
    file = tmp_path / "song.mp3"
    file.write_bytes(b"sound")
    with pytest.raises(BundleError, match="is not a bundle"):
        load_bundle(file)


def test_an_installation_without_the_shipped_bundle_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle_room, "DEFAULT_FOLDER", tmp_path)
    with pytest.raises(BundleError, match="came without its trained network"):
        load_bundle()


def test_a_missing_network_is_said(folder: Path) -> None:
    (folder / "network.onnx").unlink()
    with pytest.raises(BundleError, match=r"network\.onnx cannot be read"):
        load_bundle(folder)


def test_a_network_of_another_bundle_is_refused(folder: Path) -> None:
    with (folder / "network.onnx").open("ab") as network:
        network.write(b"\0")
    with pytest.raises(BundleError, match="SHA-256 differs"):
        load_bundle(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\ud800"])
def test_json_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text, errors="surrogatepass")
    with pytest.raises(BundleError, match=r"is not JSON|does not describe a bundle"):
        load_bundle(folder)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": 9}, "has schema 9, and this earmark reads schemas 1 and 2"),
        ({"schema": ...}, "has schema None"),
        ({"labels": ..., "licence": ...}, "lacks licence, labels"),
        ({"labels": []}, "labels that are different names"),
        ({"labels": ["rock", "rock"]}, "labels that are different names"),
        ({"labels": [1, 2]}, "labels that are different names"),
        ({"calibration": {"temperature": 0, "set_quantile": 0.5}}, "temperature must be a positive number"),
        ({"calibration": {"temperature": 1}}, "lacks one .*set_quantile"),
        ({"calibration": None}, "field it should not"),
        ({"calibration": {"temperature": "warm", "set_quantile": 0.5}}, "does not describe"),
        ({"front_end": {"colour": 3}}, "field it should not"),
        ({"front_end": {"sample_rate_hz": 16000}}, "sample_rate_hz 16000, and this earmark hears with 22050"),
        ({"front_end": {"floor_db": -60}}, "floor_db -60"),
        ({"front_end": {"token_frames": 0}}, "token_frames 0, which is no positive whole number"),
    ],
)
def test_an_info_that_cannot_be_used_is_refused_in_words(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    change_info(folder, **changes)
    with pytest.raises(BundleError, match=sentence):
        load_bundle(folder)


def test_bytes_that_are_no_network_are_refused_when_run(folder: Path) -> None:
    write_bundle(folder, b"this is no network", INFO)
    with pytest.raises(BundleError, match="no network that this onnxruntime can run"):
        load_bundle(folder).run(np.zeros((1, 128, 19), np.float32))


def test_a_network_that_lacks_an_output_is_refused(folder: Path) -> None:
    network = tiny_network()
    del network.graph.output[1]
    write_bundle(folder, network.SerializeToString(), INFO)
    with pytest.raises(BundleError, match=r"gives .*logits"):
        load_bundle(folder).run(np.zeros((1, 128, 19), np.float32))


def test_a_network_with_another_input_is_refused(folder: Path) -> None:
    network = tiny_network()
    network.graph.input.append(helper.make_tensor_value_info("mood", TensorProto.FLOAT, [1]))
    write_bundle(folder, network.SerializeToString(), INFO)
    with pytest.raises(BundleError, match=r"takes .*mood"):
        load_bundle(folder).run(np.zeros((1, 128, 19), np.float32))


def test_a_write_that_fails_leaves_the_old_bundle_and_no_litter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OutputError, match=r"network\.onnx cannot be written \(No space left on device\)"):
        write_bundle(folder, b"new", replace(INFO, name="new"))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_writing_keeps_other_files_of_the_folder(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    write_tiny_bundle(folder)
    assert sorted(file.name for file in folder.iterdir()) == ["bundle.json", "network.onnx", "notes.txt"]


# Tags, and "none of these": optional parts.


@pytest.fixture
def full_folder(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "full", heads=True)


def test_a_bundle_without_heads_says_nothing_of_them(folder: Path) -> None:
    values = json.loads((folder / "bundle.json").read_text())
    assert not {"tags", "outside"} & set(values)
    info = load_bundle(folder).info
    assert (info.tags, info.outside) == (None, None)
    outputs = load_bundle(folder).run(np.zeros((1, 128, 19), np.float32))
    assert (outputs.tags, outputs.outside) == (None, None)


def test_heads_are_read_as_written_and_run(full_folder: Path) -> None:
    bundle = load_bundle(full_folder)
    assert (bundle.info.tags, bundle.info.outside) == (TAGS, OUTSIDE)
    db = np.full((3, 128, 38), -40, np.float32)
    db[0] = -8  # vectors of 0.9 and 0.5
    outputs = bundle.run(db)
    assert outputs.tags is not None
    assert outputs.outside is not None
    np.testing.assert_allclose(outputs.tags, [[8, -8], [0, 0], [0, 0]], atol=1e-4)
    np.testing.assert_allclose(outputs.outside, [-3, 5, 5], atol=1e-4)


@pytest.mark.parametrize("kept", ["tags", "outside"])
def test_each_head_may_be_there_without_the_other_and_what_is_not_described_has_no_say(
    full_folder: Path, kept: str
) -> None:
    change_info(full_folder, **{name: ... for name in ("tags", "outside") if name != kept})
    outputs = load_bundle(full_folder).run(np.zeros((1, 128, 19), np.float32))
    assert (outputs.tags is None, outputs.outside is None) == (kept != "tags", kept != "outside")


def test_a_bundle_that_describes_a_head_the_network_has_not_is_refused(folder: Path) -> None:
    change_info(folder, tags=TAGS.to_dict())
    with pytest.raises(BundleError, match="does not speak"):
        load_bundle(folder).run(np.zeros((1, 128, 19), np.float32))


def test_a_network_with_another_number_of_tags_is_refused(full_folder: Path) -> None:
    change_info(full_folder, tags=replace(TAGS, each=TAGS.each[:1]).to_dict())
    with pytest.raises(BundleError, match=r"gives 'tags' \(1, 2\), and its bundle\.json describes \(1, 1\)") as refused:
        load_bundle(full_folder).run(np.zeros((1, 128, 19), np.float32))
    assert refused.value.hint == "Export the bundle again."


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tags": 3}, "has tags that is no object"),
        ({"tags": without(TAGS.to_dict(), "teacher")}, "has tags that lacks teacher"),
        ({"tags": {**TAGS.to_dict(), "each": []}}, "tags that are different names"),
        ({"tags": {**TAGS.to_dict(), "each": 2 * TAGS.to_dict()["each"]}}, "tags that are different names"),
        ({"tags": {**TAGS.to_dict(), "each": {}}}, "'each' is no list"),
        ({"tags": {**TAGS.to_dict(), "each": ["rock"]}}, "has a tag that is no object"),
        ({"tags": {**TAGS.to_dict(), "threshold": 1.5}}, "threshold 1.5, which is not from 0 to 1"),
        ({"tags": {**TAGS.to_dict(), "n": "many"}}, "tags: n = 'many', which is no number"),
        ({"tags": {**TAGS.to_dict(), "teacher": 7}}, "tags: teacher = 7, which is no text"),
        ({"outside": []}, "has outside that is no object"),
        ({"outside": without(OUTSIDE.to_dict(), "auc")}, "has outside that lacks auc"),
        ({"outside": {**OUTSIDE.to_dict(), "share": -0.1}}, "share = -0.1, which is not from 0 to 1"),
        ({"outside": {**OUTSIDE.to_dict(), "set_quantile": "all"}}, "set_quantile = 'all', which is no number"),
        ({"outside": {**OUTSIDE.to_dict(), "whole": {"ece": 0.1}}}, "outside: whole that lacks ece_low, "),
        ({"labels": ["low", "none of these", "high"]}, "'none of these' among its labels"),
        ({"outside": {**OUTSIDE.to_dict(), "calibration": {"slope": 1.0}}}, "calibration that lacks offset"),
        ({"outside": {**OUTSIDE.to_dict(), "calibration": {"slope": None, "offset": 0}}}, "slope = None"),
    ],
)
def test_heads_that_cannot_be_used_are_refused_in_words(
    full_folder: Path, changes: dict[str, Any], sentence: str
) -> None:
    change_info(full_folder, **changes)
    with pytest.raises(BundleError, match=sentence):
        load_bundle(full_folder)


def test_a_bundle_of_the_first_schema_still_answers(full_folder: Path, tmp_path: Path) -> None:
    new = ("share", "set_quantile", "whole")
    old = {name: value for name, value in OUTSIDE.to_dict().items() if name not in new} | {"threshold": 0.5}
    change_info(full_folder, schema=1, outside=old)
    track = Listener(load_bundle(full_folder)).hear(music(rate_hz=22_050, length_s=3), sample_rate_hz=22_050)
    assert sum(label.probability for label in track.answers) == pytest.approx(1, abs=1e-5)
    again = Listener(load_bundle(write_tiny_bundle(tmp_path / "new", heads=True)))
    assert track == again.hear(music(rate_hz=22_050, length_s=3), sample_rate_hz=22_050)


def test_what_a_later_version_adds_to_a_head_is_left_out(full_folder: Path) -> None:
    change_info(full_folder, outside={**OUTSIDE.to_dict(), "novelty": 1})
    assert load_bundle(full_folder).info.outside == OUTSIDE


def test_an_answer_to_what_is_outside_is_one_number_a_window(full_folder: Path) -> None:
    bundle = load_bundle(full_folder)
    said = bundle.run(np.full((2, 128, 19), -40, np.float32))
    with pytest.raises(BundleError, match=r"gives 'outside' \(2, 1\), and its bundle\.json describes \(2,\)"):
        bundle._check_heads(replace(said, outside=np.zeros((2, 1), np.float32)), windows=2)
