"""Bundles of networks with further heads: what is calibrated goes in, what is not stays out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import untrained
from earmark.errors import DataError
from earmark.evaluate.bundling import make_bundle
from earmark.listen.bundle import BundleInfo, load_bundle

ALL = {"tags": len(untrained.TAGS), "outside": True, "embedding": 3}


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
        ({"tags": 5}, {"tags": untrained.tags(("rock", "sad"))}, "figures are of 2 tags, and the network has 5"),
        ({"tags": 5}, {"outside": untrained.outside()}, "has not learned what is none of its genres"),
    ],
)
def test_figures_of_heads_that_the_network_has_not_are_refused(
    tmp_path: Path, model: dict[str, Any], heads: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        bundled(tmp_path / "bundle", model, **heads)
    assert not (tmp_path / "bundle").exists()
