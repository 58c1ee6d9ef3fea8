"""The generator's file: what is read of it, what it says, and what is told where it is none."""

from pathlib import Path

import numpy as np
import pytest

from earmark.errors import GenerateError
from earmark.generate.generator import Generator, Mixture, find_generator, load_generator
from earmark.listen.bundle import load_bundle
from tiny_bundle import write_tiny_bundle
from tiny_generator import MEANS, write_tiny_generator


def test_a_token_is_coded_and_drawn_in_decibels(generator: Generator) -> None:
    tokens = np.full((3, 128, 19), -20.0, np.float32)
    latents = generator.encode(tokens)
    assert latents == pytest.approx(np.full((3, 2), 0.75))
    assert generator.decode(latents) == pytest.approx(tokens, abs=1e-4)


def test_without_chance_the_most_probable_follows(generator: Generator) -> None:
    walk = generator.walk(np.random.default_rng(0), temperature=0.0)
    assert [next(walk) for _ in range(9)] == [pytest.approx(np.array(MEANS[0]))] * 9


def test_chance_is_the_same_again_by_its_seed(generator: Generator) -> None:
    def walked(seed: int) -> np.ndarray:  # type: ignore[type-arg]
        walk = generator.walk(np.random.default_rng(seed), temperature=1.0)
        return np.stack([next(walk) for _ in range(40)])

    assert (walked(1) == walked(1)).all()
    assert (walked(1) != walked(2)).any()
    second = np.linalg.norm(walked(1) - np.array(MEANS[1]), axis=1) < 0.1
    assert 0 < second.mean() < 0.4


def test_a_mixture_is_drawn_as_often_as_it_weighs() -> None:
    mixture = Mixture(
        np.log([0.25, 0.75]).astype(np.float32), np.array([[0.0], [9.0]], np.float32), np.zeros((2, 1), np.float32) - 9
    )
    rng = np.random.default_rng(0)
    drawn = np.array([mixture.draw(rng, temperature=1.0)[0] for _ in range(600)])
    assert np.mean(drawn > 4) == pytest.approx(0.75, abs=0.06)
    assert mixture.draw(rng, temperature=0.0) == pytest.approx([9.0])


def test_shares_sum_to_one_and_a_genre_it_does_not_know_is_told(generator: Generator) -> None:
    assert generator.shares({"low": 1.0, "middle": 3.0}) == pytest.approx([0.25, 0.75])
    with pytest.raises(GenerateError, match="knows no jazz"):
        generator.shares({"jazz": 1.0})


def test_a_bundle_without_a_generator_says_so(tmp_path: Path) -> None:
    bundle = load_bundle(write_tiny_bundle(tmp_path / "tiny"))
    assert find_generator(bundle) is None
    with pytest.raises(GenerateError, match="tiny 1 has no generator"):
        load_generator(bundle)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "something"}, "of another kind"),
        ({"format": 99}, "newer format"),
        ({"bands": 64}, "another shape"),
        ({"sha256": {"encoder.onnx": "x", "decoder.onnx": "x", "next.onnx": "x"}}, "not what its manifest says"),
        ({"latent": None}, "no generator that this earmark can read"),
    ],
)
def test_a_broken_generator_is_told_in_words(tmp_path: Path, change: dict[str, object], words: str) -> None:
    folder = write_tiny_bundle(tmp_path / "tiny")
    write_tiny_generator(folder, **change)
    with pytest.raises(GenerateError, match=words):
        load_generator(load_bundle(folder))


@pytest.mark.parametrize("content", [b"", b"PK", b"\0" * 1000])
def test_what_is_no_zip_is_no_generator(tmp_path: Path, content: bytes) -> None:
    folder = write_tiny_bundle(tmp_path / "tiny")
    (folder / "generator.zip").write_bytes(content)
    with pytest.raises(GenerateError, match="no generator"):
        load_generator(load_bundle(folder))
