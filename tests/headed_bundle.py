"""The tiny bundle with what heads read: each token as a whole window, and a view.

A token alone is what it is together with others. The view is the logits, 20 times the mean level of each third of the
bands, so that heads read 131 numbers of a track.
"""

from dataclasses import replace
from pathlib import Path

from onnx import ModelProto, TensorProto, helper

from earmark.listen.bundle import write_bundle
from earmark.sound.mel import BANDS
from tiny_bundle import INFO, LABELS, TIMED_TAGS, tiny_network


def write_headed_bundle(folder: Path, *, timed: bool = False) -> Path:
    """Write the bundle, with tags and their seconds where `timed`, to `folder`, and give `folder`."""
    info = replace(INFO, tags=TIMED_TAGS) if timed else INFO
    write_bundle(folder, headed_network(timed=timed).SerializeToString(), info)
    return folder


def headed_network(*, timed: bool = False) -> ModelProto:
    """The tiny network with two outputs more."""
    model = tiny_network(heads=timed, timed=timed)
    shapes = {"alone_vectors": ["windows", "tokens", BANDS], "view": ["windows", len(LABELS)]}
    for name, source in (("alone_vectors", "vectors"), ("view", "logits")):
        model.graph.node.append(helper.make_node("Identity", [source], [name]))
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]))
    return model
