"""Generators: their file says what torch says, the same run makes the same bytes, and artists kept aside stay aside."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import synthetic
from earmark.errors import DataError, EarmarkError, OutputError, RecipeError
from earmark.models.attention import AttentionNet
from earmark.models.following import Mixture
from earmark.train.batches import gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.foretold import figures_of
from earmark.train.generator import Made, drawing_network, follow, halves_of, in_words, make_generator
from earmark.train.generator_file import packed
from earmark.train.loop import train
from earmark.train.recipe import Recipe
from earmark.train.walks import walks_of

LATENT, GENRES = 8, 4


def recipe(*, share: float = 0.3, code: str = "gaussian") -> Recipe:
    plain = synthetic.recipe(epochs=1, validation_share=share).to_dict()
    plain["model"] |= {"vector": LATENT, "code": code, "heads": {"decoder": 8}}
    return Recipe.from_dict({**plain, "latent": {"reconstruction": 1.0}})


def trained(plan: Recipe, folder: Path, data: Path) -> Checkpoint:
    from earmark.data.dataset import Dataset

    pieces = Dataset.load(data)
    return train(plan, gather([pieces], plan, pieces.labels), pieces.labels, folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.dataset(tmp_path_factory.mktemp("generator") / "pieces", clips_per_style=4).folder


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    trained(recipe(), folder, data)
    return folder


@pytest.fixture(scope="module")
def made(run: Path, data: Path) -> Made:
    return make_generator(run, [data], run / "generator.zip", epochs=1)


def graph(content: bytes, name: str) -> Callable[..., list[np.ndarray]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        session = onnxruntime.InferenceSession(archive.read(name), providers=["CPUExecutionProvider"])
    return lambda **inputs: session.run(None, inputs)


def test_the_graphs_say_what_the_networks_say_of_any_number_of_tokens(run: Path, data: Path) -> None:
    checkpoint = Checkpoint.load(run)
    net = drawing_network(checkpoint)
    walks = list(walks_of(net, halves_of(checkpoint, [data])[1], offsets=(0,)))
    follower = follow(net, walks, epochs=1, seed=0)
    content = packed(net, follower, genres=checkpoint.genres, figures={}, lineage={})
    walk = walks[0]
    means, log_variances = graph(content, "encoder.onnx")(tokens=walk.drawn()[:, None].numpy())
    np.testing.assert_allclose(means, walk.means, atol=1e-4)
    np.testing.assert_allclose(log_variances, walk.log_variances, atol=1e-4)
    with torch.inference_mode():
        drawn = net.decoder()(walk.means).clamp(0, 1)
        said = follower(walk.means[None], walk.conditions[None])
    np.testing.assert_allclose(graph(content, "decoder.onnx")(z=means)[0], drawn, atol=1e-4)
    genre, mood = walk.conditions[None, :GENRES].numpy(), walk.conditions[None, GENRES:].numpy()
    for tokens in (1, 4):
        theirs = graph(content, "next.onnx")(z=means[None, :tokens], genre=genre, mood=mood)
        for ours, part in zip(Mixture(*said), theirs, strict=True):
            np.testing.assert_allclose(part, ours[:, tokens - 1], atol=1e-4)


def test_the_manifest_names_what_a_reader_must_know(made: Made) -> None:
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        assert archive.namelist() == ["manifest.json", "encoder.onnx", "decoder.onnx", "next.onnx"]
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["latent"], manifest["bands"], manifest["token_frames"], manifest["floor_db"]) == (8, 128, 19, -80)
    assert len(manifest["genres"]) == GENRES
    assert manifest["figures"] == json.loads(json.dumps(made.figures))
    assert set(manifest["sha256"]) == {"encoder.onnx", "decoder.onnx", "next.onnx"}


def test_the_same_run_makes_the_same_bytes_and_may_replace_them(run: Path, data: Path, made: Made) -> None:
    again = make_generator(run, [data], run / "generator.zip", epochs=1)
    assert again.content == made.content == (run / "generator.zip").read_bytes()


def test_figures_are_of_artists_that_had_no_part_in_training(run: Path, data: Path, made: Made) -> None:
    mine, aside = halves_of(Checkpoint.load(run), [data])
    assert set(mine.artists).isdisjoint(aside.artists)
    assert made.figures["clips"] == len(aside) > 0
    assert made.figures["learned_clips"] == len(mine)
    assert "kept aside" in in_words(made.figures)


def test_guesses_are_measured_as_what_they_are(run: Path, data: Path) -> None:
    """Of a clip that repeats one token the last token is the next, whatever a model says of it."""
    checkpoint = Checkpoint.load(run)
    net, (mine, _) = drawing_network(checkpoint), halves_of(checkpoint, [data])
    one = mine.pictures[:, :, :19].clone()
    mine.pictures[:, :, : 19 * 5] = one.repeat(1, 1, 5)
    mine.frames[:] = 19 * 5
    walks = list(walks_of(net, mine, offsets=(0,)))
    figures = figures_of(net, follow(net, walks, epochs=1, seed=0), walks, walks)
    assert (
        figures["next_db"]["last"] == figures["next_db"]["line"] == figures["reconstruction_db"]["nearest_token"] == 0
    )
    assert figures["next_db"]["mean"] > 1
    # A Gaussian around the truth, with the smallest deviation there is.
    exact = LATENT * (np.log(0.05) + 0.5 * np.log(2 * np.pi))
    assert figures["next_nats"]["last"] == pytest.approx(exact, abs=1e-3)
    assert figures["next_nats"]["mean"] > figures["next_nats"]["last"]


def other_data(run: Path, data: Path, tmp_path: Path) -> None:
    other = synthetic.dataset(tmp_path / "other", clips_per_style=2).folder
    make_generator(run, [other], tmp_path / "g.zip")


def plain_code(run: Path, data: Path, tmp_path: Path) -> None:
    trained(recipe(code="plain"), tmp_path / "run", data)
    make_generator(tmp_path / "run", [data], tmp_path / "g.zip")


def nobody_aside(run: Path, data: Path, tmp_path: Path) -> None:
    trained(recipe(share=0.0), tmp_path / "run", data)
    make_generator(tmp_path / "run", [data], tmp_path / "g.zip")


def a_song(run: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "g.zip").write_bytes(b"PK\x03\x04 my holiday pictures")
    make_generator(run, [data], tmp_path / "g.zip")


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (other_data, DataError, "not the clips"),
        (plain_code, RecipeError, "cannot draw"),
        (nobody_aside, RecipeError, "keeps no artist aside"),
        (a_song, OutputError, "g.zip"),
    ],
)
def test_what_cannot_be_made_is_refused(
    attempt: Callable[[Path, Path, Path], None],
    error: type[EarmarkError],
    words: str,
    run: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=words):
        attempt(run, data, tmp_path)
    assert isinstance(drawing_network(Checkpoint.load(run)), AttentionNet)
