"""A generator that a person can compute by hand, for tests of what is made of latents.

A latent has two numbers. Of a token both are its mean, 0 to 1; drawn again, all of a token is the first of them. What
follows is one of two Gaussians, mostly the first: (0.6, 0.2), or else (0.1, 0.9), both with a deviation of 0.01.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

GENRES = ("low", "middle")
MEANS = ((0.6, 0.2), (0.1, 0.9))


def write_tiny_generator(folder: Path, **changes: Any) -> Path:
    """Write `generator.zip` to a folder, with some of its manifest changed; gives its path."""
    graphs = {"encoder.onnx": _encoder(), "decoder.onnx": _decoder(), "next.onnx": _next()}
    content = {name: graph.SerializeToString() for name, graph in graphs.items()}
    manifest = {
        "kind": "earmark generator",
        "format": 1,
        "sha256": {name: hashlib.sha256(each).hexdigest() for name, each in content.items()},
        "latent": 2,
        "token_frames": 19,
        "bands": 128,
        "floor_db": -80.0,
        "scale": [0.0, 1.0],
        "mixture": 2,
        "longest_tokens": 4,
        "genres": list(GENRES),
        "mood": ["valence", "arousal"],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "generator.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest | changes))
        for name, each in content.items():
            archive.writestr(name, each)
    return path


def _value(name: str, shape: list[Any]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(nodes: list[Any], inputs: list[Any], outputs: list[Any], constants: dict[str, Any]) -> ModelProto:
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _encoder() -> ModelProto:
    nodes = [
        helper.make_node("ReduceMean", ["tokens"], ["whole"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["whole", "last"], ["one"]),
        helper.make_node("Concat", ["one", "one"], ["mean"], axis=1),
        helper.make_node("Mul", ["mean", "none"], ["log_variance"]),
    ]
    outputs = [_value("mean", ["n", 2]), _value("log_variance", ["n", 2])]
    return _model(nodes, [_value("tokens", ["n", 1, 128, 19])], outputs, {"last": np.array([1]), "none": np.float32(0)})


def _decoder() -> ModelProto:
    nodes = [
        helper.make_node("Slice", ["z", "from", "to", "axis"], ["first"]),
        helper.make_node("Unsqueeze", ["first", "axis2"], ["cell"]),
        helper.make_node("Mul", ["cell", "all"], ["drawn"]),
        helper.make_node("Clip", ["drawn", "low", "high"], ["tokens"]),
    ]
    constants = {
        "from": np.array([0]), "to": np.array([1]), "axis": np.array([1]), "axis2": np.array([2]),
        "all": np.ones((1, 128, 19), np.float32), "low": np.float32(0), "high": np.float32(1),
    }  # fmt: skip
    return _model(nodes, [_value("z", ["n", 2])], [_value("tokens", ["n", 128, 19])], constants)


def _next() -> ModelProto:
    names = ("log_weights", "means", "log_sds")
    nodes = [helper.make_node("Identity", [f"the_{name}"], [name]) for name in names]
    constants = {
        "the_log_weights": np.log(np.array([[0.9, 0.1]], np.float32)),
        "the_means": np.array([MEANS], np.float32),
        "the_log_sds": np.full((1, 2, 2), np.log(0.01), np.float32),
    }
    inputs = [_value("z", [1, "t", 2]), _value("genre", [1, len(GENRES)]), _value("mood", [1, 2])]
    return _model(nodes, inputs, [_value(name, ["a", "b"] + ["c"] * (name != names[0])) for name in names], constants)
