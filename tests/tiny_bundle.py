"""A bundle with a network that a person can compute by hand, for every test that needs an answer but no music.

Each token's vector is the mean level of its 128 bands, 0 at the floor and 1 at the window's maximum. A genre's logit is
20 times the mean over its third of the bands, so that "low", "middle" and "high" are told by where the sound is.
Attention is the softmax over tokens of 8 times their mean level: louder seconds decide. All axes are dynamic.

With `timed` tags they are words of groups, and each token is told too, by its own mean: "token_tags".

With heads, it also has the tags "loud" (20 times the mean of the vector, minus 10) and "soft" (10 minus that), and
calls what is not loud none of its genres: "outside" is 15 minus 20 times the mean of the vector.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from earmark.listen.bundle import BundleInfo, FrontEnd, write_bundle
from earmark.listen.calibrate import Calibration, Platt
from earmark.listen.heads import PEOPLE, OutsideInfo, Tag, TagInfo, WholeFigures
from earmark.sound.mel import BANDS
from earmark.sound.tokens import TOKEN_FRAMES

LABELS = ("low", "middle", "high")
INFO = BundleInfo(
    name="tiny",
    version="1",
    created="2026-01-01T00:00:00Z",
    code_version="0.1.0",
    licence="Apache-2.0",
    labels=LABELS,
    front_end=FrontEnd(),
    calibration=Calibration(temperature=1.0, set_quantile=0.9, level=0.9, max_set=2),
    lineage={"made": "by hand", "clips": {"none": 0}},
    metrics={"accuracy": 0.5, "protocol": "none: this network was never trained"},
)
TAGS = TagInfo(
    each=(
        Tag("loud", Platt(0.5, 1.0), auc=0.9, correlation=0.8),
        Tag("soft", Platt(1.0, 0.0), auc=0.7, correlation=0.6),
    ),
    threshold=0.25,
    teacher="a hand (2026)",
    teacher_licence="CC0",
    auc=0.8,
    auc_low=0.75,
    auc_high=0.85,
    correlation=0.7,
    calibration_error=0.01,
    protocol="none at all",
    n=12,
    n_artists=6,
)
TIMED_TAGS = replace(
    TAGS,
    each=(
        replace(TAGS.each[0], group="sound", judged_by=PEOPLE, positives=30, threshold=0.3),
        replace(TAGS.each[1], group="mood", positives=20),
    ),
    people="pieces",
)
OUTSIDE = OutsideInfo(
    calibration=Platt(1.0, 0.0),
    auc=0.77,
    auc_low=0.7,
    auc_high=0.84,
    detected=0.3,
    false_alarms=0.05,
    calibration_error=0.02,
    protocol="none whatever",
    n=20,
    n_outside=8,
    n_artists=9,
    share=0.2,
    set_quantile=0.9,
    whole=WholeFigures(0.03, 0.02, 0.05, 0.91, 0.88, 0.94, 1.7, n=15, n_outside=8, n_artists=7),
)


def write_tiny_bundle(folder: Path, *, heads: bool = False, timed: bool = False) -> Path:
    """Write the bundle, with tags and "none of these" where `heads`, to `folder`, and give `folder`."""
    info = replace(INFO, tags=TIMED_TAGS if timed else TAGS, outside=OUTSIDE) if heads else INFO
    write_bundle(folder, tiny_network(heads=heads, timed=timed).SerializeToString(), info)
    return folder


def tiny_network(*, heads: bool = False, timed: bool = False) -> ModelProto:
    """The graph, small enough to read."""
    thirds = np.arange(BANDS) * len(LABELS) // BANDS
    genre_weights = 20 * (thirds[:, None] == np.arange(len(LABELS))) / np.bincount(thirds)  # (128, 3)
    constants = {
        "token_shape": np.array([0, BANDS, -1, TOKEN_FRAMES]),
        "eighty": np.float32([80]),
        "eight": np.float32([8]),
        "genre_weights": genre_weights.astype(np.float32),
        "axis_1": np.array([1]),
        "axis_2": np.array([2]),
        "axis_3": np.array([3]),
    }
    nodes = [
        helper.make_node("Reshape", ["db", "token_shape"], ["cut"]),  # (windows, 128, tokens, 19)
        helper.make_node("ReduceMean", ["cut", "axis_3"], ["levels"], keepdims=0),  # (windows, 128, tokens)
        helper.make_node("Transpose", ["levels"], ["rows"], perm=[0, 2, 1]),  # (windows, tokens, 128)
        helper.make_node("Div", ["rows", "eighty"], ["under"]),
        helper.make_node("Add", ["under", "one"], ["vectors"]),
        helper.make_node("MatMul", ["vectors", "genre_weights"], ["token_logits"]),
        helper.make_node("ReduceMean", ["vectors", "axis_2"], ["loudness"], keepdims=0),  # (windows, tokens)
        helper.make_node("Mul", ["loudness", "eight"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["attention"], axis=-1),
        helper.make_node("Unsqueeze", ["attention", "axis_1"], ["weights"]),  # (windows, 1, tokens)
        helper.make_node("MatMul", ["weights", "vectors"], ["pooled"]),
        helper.make_node("Squeeze", ["pooled", "axis_1"], ["vector"]),  # (windows, 128)
        helper.make_node("MatMul", ["vector", "genre_weights"], ["logits"]),
    ]
    constants["one"] = np.float32([1])
    outputs = {
        "logits": ["windows", len(LABELS)],
        "attention": ["windows", "tokens"],
        "token_logits": ["windows", "tokens", len(LABELS)],
        "vectors": ["windows", "tokens", BANDS],
        "vector": ["windows", BANDS],
    }
    if heads:
        constants |= {"tag_slopes": np.float32([20, -20]), "tag_offsets": np.float32([-10, 10])}
        constants |= {"minus_twenty": np.float32(-20), "fifteen": np.float32(15)}
        nodes += [
            helper.make_node("ReduceMean", ["vector", "axis_1"], ["mean"], keepdims=1),  # (windows, 1)
            helper.make_node("Mul", ["mean", "tag_slopes"], ["sloped"]),
            helper.make_node("Add", ["sloped", "tag_offsets"], ["tags"]),
            helper.make_node("Squeeze", ["mean", "axis_1"], ["level"]),
            helper.make_node("Mul", ["level", "minus_twenty"], ["quiet"]),
            helper.make_node("Add", ["quiet", "fifteen"], ["outside"]),
        ]
        outputs |= {"tags": ["windows", 2], "outside": ["windows"]}
    if timed:
        nodes += [
            helper.make_node("Unsqueeze", ["loudness", "axis_2"], ["each"]),  # (windows, tokens, 1)
            helper.make_node("Mul", ["each", "tag_slopes"], ["sloped_each"]),
            helper.make_node("Add", ["sloped_each", "tag_offsets"], ["token_tags"]),
        ]
        outputs |= {"token_tags": ["windows", "tokens", 2]}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("db", TensorProto.FLOAT, ["windows", BANDS, "frames"])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model)
    return model
