"""A front end of a recipe's own: from the sound, through training, to answers for clips of any length."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

import synthetic
from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import artist_folds
from earmark.data.synth import write_dataset
from earmark.errors import DataError, EarmarkError
from earmark.evaluate.bundling import make_bundle
from earmark.evaluate.evaluate import evaluate, load_system
from earmark.evaluate.predictions import Predictions
from earmark.listen.calibrate import softmax
from earmark.models.registry import Network, Outputs
from earmark.sound.mel import log_mel
from earmark.sound.spectra import mel_spectrogram
from earmark.train.augment import augment
from earmark.train.batches import Examples, gather, spectra, to_db
from earmark.train.checkpoint import Checkpoint
from earmark.train.loop import train
from earmark.train.options import FrontEndOptions
from earmark.train.predict import clip_logits, front_end_windows, window_tokens_of
from earmark.train.recipe import Recipe

# Frames of 46 ms, no finer than the tests need, and earmark's 128 bands, so that any network takes them.
FINE = FrontEndOptions(n_fft=2048, hop=1024, bands=128, high_hz=10_000.0)
DONG = FrontEndOptions()


def recipe(front_end: FrontEndOptions = FINE, **train_options: object) -> Recipe:
    plain = synthetic.recipe(**train_options)
    return replace(plain.with_values({"model.token_frames": 32}), front_end=front_end)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("front_end") / "pieces"
    rng = np.random.default_rng(5)
    return write_dataset(folder, clips_per_style=6, artists_per_style=3, duration_s=7.0, rng=rng, audio=True)


@pytest.fixture(scope="module")
def examples(data: Dataset) -> Examples:
    return gather([data], recipe(), data.labels)


def test_the_spectrograms_are_those_of_the_sound(data: Dataset, examples: Examples) -> None:
    clip = examples.clips[3]
    assert clip.sound_path is not None
    samples, _ = soundfile.read(clip.sound_path, dtype="float32")
    expected = mel_spectrogram(samples, n_fft=2048, hop=1024, bands=128, high_hz=10_000.0, power=2.0, scale="log1p")
    assert (examples.pictures.dtype, examples.front_end) == (torch.float16, FINE)
    assert examples.frames[3] == expected.shape[1]
    np.testing.assert_allclose(to_db(examples.pictures)[3], expected, rtol=1e-3, atol=1e-6)
    assert examples.take(np.array([3])).front_end == FINE


@pytest.mark.parametrize(("scale", "floor"), [("log1p", 0.0), ("db", -80.0)])
def test_shorter_clips_are_padded_with_silence(tmp_path: Path, scale: str, floor: float) -> None:
    noise = np.random.default_rng(1).normal(scale=0.1, size=44_100)
    (tmp_path / "clips.csv").write_text("id,genre,path\na,pop,a.wav\nb,rock,b.wav\n")
    for name, samples in (("a", noise), ("b", noise[:22_050])):
        soundfile.write(tmp_path / f"{name}.wav", samples, 22_050)
    chosen = replace(DONG, scale=scale)  # type: ignore[arg-type]
    examples = gather([Dataset.load(tmp_path)], recipe(chosen), ("pop", "rock"))
    assert examples.frames.tolist() == [173, 87]
    assert examples.pictures.shape == (2, 64, 173)
    assert (examples.pictures[1, :, 87:] == floor).all()
    assert (examples.pictures[1, :, 10:87] > floor).all()


def test_it_learns_from_sound_and_resumes_to_the_bit(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    plan = recipe(epochs=40)
    folds = artist_folds(examples.labels, examples.artists, folds=3)
    mine, held = examples.take(folds != 0), examples.take(folds == 0)
    whole = train(plan, mine, data.labels, tmp_path / "whole")
    logits = clip_logits(whole.network(), held)
    assert (logits.argmax(axis=1) == held.allowed.numpy().argmax(axis=1)).mean() > 0.7
    train(plan, mine, data.labels, tmp_path / "cut", stop_after=5)
    resumed = train(plan, mine, data.labels, tmp_path / "cut")
    assert all(torch.equal(resumed.averaged[key], value) for key, value in whole.averaged.items())
    with pytest.raises(DataError, match="another recipe"):
        train(replace(plan, front_end=replace(FINE, power=1.0)), mine, data.labels, tmp_path / "cut")


def test_its_checkpoint_is_measured_from_sound_and_makes_no_bundle(
    data: Dataset, examples: Examples, tmp_path: Path
) -> None:
    checkpoint = train(recipe(epochs=1), examples, data.labels, tmp_path / "run")
    assert Checkpoint.load(tmp_path / "run").recipe == recipe(epochs=1)
    answer, _, _ = evaluate(load_system(tmp_path / "run"), data)
    expected = softmax(clip_logits(checkpoint.network(), examples))
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-5)
    nothing = Predictions(data.labels, (), (), (), (), expected[:0], *(np.zeros(0, np.int64),) * 2)
    with pytest.raises(DataError, match="front end of its own"):
        make_bundle(checkpoint, nothing, tmp_path / "bundle", version="1", created="2026-01-01")


def test_a_set_without_sound_is_named_and_what_to_do(tmp_path: Path) -> None:
    pictures = synthetic.dataset(tmp_path / "silent_set", clips_per_style=2, duration_s=2.0)
    with pytest.raises(DataError, match=r"silent_set names none for 8 of 8 clips.*without \[front_end\]"):
        gather([pictures], recipe(), pictures.labels)


def test_a_sound_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match=r"gone\.wav"):
        spectra([Clip("a", tmp_path, "pop", "", {"path": "gone.wav"})], DONG)


@pytest.mark.parametrize("frames", [1, 255, 256, 300, 2560, 2584, 2860, 5120, 6000])
@pytest.mark.parametrize("front_end", [DONG, replace(DONG, scale="db")], ids=["log1p", "db"])
def test_every_frame_is_new_in_one_window_of_whole_tokens(frames: int, front_end: FrontEndOptions) -> None:
    count = np.tile(np.arange(frames, dtype=np.float32) / 100, (64, 1))
    windows = list(front_end_windows(count, front_end, token_frames=256))
    assert all(window.db.shape[1] % 256 == 0 and window.db.shape[1] <= 2560 for window in windows)
    assert sum(window.new_tokens for window in windows) == max(frames, 256)
    if frames < 256:
        assert (windows[0].db[:, frames:] == (0.0 if front_end.scale == "log1p" else -80.0)).all()
        return
    starts = [round(window.start_s * 22_050 / 256) for window in windows]
    ends = [start + window.db.shape[1] for start, window in zip(starts, windows, strict=True)]
    assert ends == np.cumsum([window.new_tokens for window in windows]).tolist()
    for start, end, window in zip(starts, ends, windows, strict=True):
        expected = count[:, start:end] - (0 if front_end.scale == "log1p" else count[0, end - 1])
        np.testing.assert_allclose(window.db, expected, atol=1e-5)


def test_a_window_is_about_as_long_as_earmarks() -> None:
    assert window_tokens_of(256, DONG) == 10
    assert window_tokens_of(19, FrontEndOptions(n_fft=2048, hop=1709)) == window_tokens_of(19) == 20
    assert window_tokens_of(100_000, DONG) == 1


class Loudness(Network):
    """Says of each window its mean, and the share of its frames that are new to nobody: how long it is."""

    token_frames = 256

    def forward(self, spectrum: Tensor, *, attention: bool = False) -> Outputs:
        logits = torch.stack([spectrum.mean(dim=(1, 2)), spectrum.new_full((len(spectrum),), 1.0)], dim=1)
        return Outputs(logits, logits[:, None], logits[:, None], logits, None)


def test_the_answer_of_a_clip_weighs_windows_by_their_new_frames() -> None:
    frames = [100, 256, 300, 2860]
    pictures = torch.zeros(4, 64, 2860, dtype=torch.float16)
    for row, length in enumerate(frames):
        pictures[row, :, :length] = torch.arange(length) // 256
    clips = tuple(Clip(str(row), Path("set"), None, "") for row in range(4))
    some = Examples(
        clips=clips,
        pictures=pictures,
        frames=torch.tensor(frames),
        allowed=torch.ones(4, 2, dtype=torch.bool),
        weights=torch.ones(4),
        outside=torch.zeros(4),
        coarse=torch.zeros(4, dtype=torch.bool),
        styles=torch.zeros(4, 0),
        front_end=DONG,
    )
    said = clip_logits(Loudness(), some)
    step = np.arange(2860) // 256
    assert said[:, 1].tolist() == [1, 1, 1, 1]
    assert said[0, 0] == said[1, 0] == 0
    assert said[2, 0] == pytest.approx(44 / 300 * (44 / 256))
    assert said[3, 0] == pytest.approx((2560 * step[:2560].mean() + 300 * step[2348:].mean()) / 2860, rel=1e-3)


def test_on_log1p_a_view_keeps_its_level() -> None:
    spectrum = 3 + torch.rand(4, 64, 300, generator=torch.Generator().manual_seed(1))
    options = replace(synthetic.recipe().augment, tokens=0, mixup=0.0, mask_bands=0)
    rng = torch.Generator().manual_seed(2)
    view = augment(spectrum, torch.full((4,), 300), 256, options, rng, scale="log1p").db
    assert view.shape == (4, 64, 256)
    assert view.min() >= 3


def test_without_a_front_end_of_its_own_nothing_is_heard_anew(tmp_path: Path, data: Dataset) -> None:
    examples = gather([data], synthetic.recipe(), data.labels)
    assert (examples.pictures.dtype, examples.front_end) == (torch.uint8, None)
    samples, _ = soundfile.read(data.clips[0].folder / data.clips[0].columns["path"], dtype="float32")
    np.testing.assert_allclose(to_db(examples.pictures)[0], log_mel(samples), atol=0.16)


def test_the_netvlad_recipe_from_sound_hears_slices_of_ten_seconds_as_published() -> None:
    coarse, fine = Recipe.load("recipes/netvlad2020.toml"), Recipe.load("recipes/netvlad2020_sound.toml")
    assert replace(coarse, name=fine.name, model=fine.model, front_end=fine.front_end) == fine
    assert fine.front_end is not None
    assert (fine.model.token_frames, fine.front_end.bands) == (216, 128)
    assert fine.model.token_frames * fine.front_end.hop / 22_050 == pytest.approx(10, abs=0.05)


def test_dongs_recipe_from_sound_differs_in_what_it_hears_alone() -> None:
    coarse, fine = Recipe.load("recipes/dong2018.toml"), Recipe.load("recipes/dong2018_sound.toml")
    assert replace(coarse, name=fine.name, model=fine.model, front_end=DONG) == fine
    assert fine.model.to_dict() == coarse.model.to_dict() | {
        "bands": 64,
        "input": "plain",
        "token_frames": 256,
    }
    net = fine.model.build(10)
    assert sum(parameter.numel() for parameter in net.parameters()) == 463_914  # as published
