"""What is measured of pieces: each measure where it is known what it must say, and all on a tiny collection."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import untrained
from corpus import music
from earmark.errors import GenerateError, SoundError
from earmark.evaluate.generated import clips, controls, laws
from earmark.evaluate.generated.clips import Clip, Maker, of_two_sides, real_clip
from earmark.evaluate.generated.figures import of_joints
from earmark.evaluate.generated.judges import NetworkJudge, descriptors, standardised
from earmark.evaluate.generated.likeness import distances, likeness, sides_of
from earmark.evaluate.generated.own import own_flux
from earmark.evaluate.generated.plan import Plan
from earmark.evaluate.generated.predictions import drawing, foreseeing, phases
from earmark.evaluate.generated.protocol import measure, measure_files
from earmark.evaluate.generated.report import in_words
from earmark.generate.asking import Ask, Ground
from earmark.generate.generator import Mixture, load_generator
from earmark.generate.piece import Source
from earmark.generate.shelf import Shelf
from earmark.library.collection import Collection
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.songs import Songs
from earmark.listen.bundle import load_bundle
from earmark.sound.mel import SAMPLE_RATE_HZ
from indexed import Desk, piece
from tiny_bundle import write_tiny_bundle
from tiny_generator import write_tiny_generator

SOUND = music(rate_hz=SAMPLE_RATE_HZ, length_s=16.0).mean(axis=1)
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def maker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Maker]:
    """Of six pieces in two folders."""
    folder = tmp_path_factory.mktemp("measured")
    bundle = write_tiny_bundle(folder / "tiny")
    write_tiny_generator(bundle)
    desk = Desk(folder / "music", folder / "collection.db", bundle)
    for seed, name in enumerate(("one", "two", "three", "four", "five", "six")):
        piece(desk.folder / "ab"[seed % 2] / f"{name}.wav", seed=seed, length_s=22.0)
    desk.index()
    with Collection.open(desk.db) as collection:
        judge = Judge(collection)
        songs = Songs(collection, judge, (), lambda path: pytest.fail(f"{path} was heard"))
        ground = Ground(collection, Lexicon(collection.names, [], ()), songs, judge)
        yield Maker(ground, Shelf(folder / "shelf"), load_generator(load_bundle(bundle)))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> NetworkJudge:
    """Another bundle."""
    return NetworkJudge(write_tiny_bundle(tmp_path_factory.mktemp("judge") / "tiny", heads=True))


def source(start_s: float, end_s: float, path: str) -> Source:
    return Source(start_s, end_s, path, "", "", 0.0, end_s - start_s, 0.0, 1.0)


def test_a_click_is_rougher_than_what_goes_on() -> None:
    tone = np.sin(2 * np.pi * 220 * np.arange(4 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ).astype(np.float32)
    broken = np.concatenate([tone[: 2 * SAMPLE_RATE_HZ], 0.2 * tone[2 * SAMPLE_RATE_HZ + 30 :][::-1]])
    found = laws.roughness(broken.astype(np.float32), [1.0, 2.0])
    assert found.flux[1] > found.flux[0] + 1
    found = laws.roughness(np.concatenate([tone[:44_100], -tone[44_100:]]) + 0.5, [1.0, 44_100 / SAMPLE_RATE_HZ])
    assert found.flux.shape == found.jumps.shape == (2,)


def test_a_beat_that_goes_on_is_steady_and_one_that_changes_is_less() -> None:
    steady = laws.tempo_steadiness(np.concatenate([SOUND, SOUND]))
    assert steady == 1.0
    assert laws.tempo_steadiness(np.zeros(20 * SAMPLE_RATE_HZ, np.float32)) is None


def test_what_is_copied_is_counted_by_file() -> None:
    found = laws.copied([source(0, 4, "a"), source(4, 6, "b"), source(6, 10, "a")])
    assert found == laws.Copied(4, 0.8, 2)
    assert laws.joints_s([source(0, 4, "a"), source(4, 6, "b")]) == [4]
    # The same music goes on at another level: for a listener that is one run.
    goes_on = replace(source(4, 9, "a"), from_s=4.1, to_s=9.1, gain_db=-3.0)
    assert laws.copied([source(0, 4, "a"), goes_on, source(9, 11, "a")]).longest_s == 9


def test_a_place_that_was_joined_is_as_rough_as_it_is_in_its_own_file(tmp_path: Path) -> None:
    hiss = 0.01 * RNG.normal(size=8 * SAMPLE_RATE_HZ)
    beats = np.tile(np.exp(-np.arange(SAMPLE_RATE_HZ) / 2000) * RNG.normal(size=SAMPLE_RATE_HZ), 8)
    for name, sound in (("calm", hiss), ("beat", hiss + 0.2 * beats)):
        soundfile.write(tmp_path / f"{name}.wav", sound, SAMPLE_RATE_HZ)
    calm, beat = (str(tmp_path / f"{name}.wav") for name in ("calm", "beat"))
    quiet = replace(source(4, 6, calm), from_s=2.0)
    (left_on_a_beat,), (left_between,) = (own_flux([source(0, at_s, beat), quiet]) for at_s in (3.0, 3.5))
    (begun_on_a_beat,) = own_flux([quiet, replace(source(6, 8, beat), from_s=3.0)])
    assert left_on_a_beat > left_between + 3
    assert begun_on_a_beat == pytest.approx(left_on_a_beat, abs=0.5)
    assert np.isnan(own_flux([source(0, 1, "gone.wav"), source(1, 2, "gone.wav")])).all()
    assert own_flux([source(0, 1, calm)]).shape == (0,)


def test_joints_are_held_against_music_and_against_their_own_places() -> None:
    joints, own = np.array([3.0, 5.0, 9.0, 2.0]), np.array([3.0, 6.0, 4.0, np.nan])
    told = of_joints(joints, own, np.array([1.0, 2.0]), 4.0)
    assert (told["joints"], told["joints_within_limit"]) == (4, 0.5)
    assert told["own_flux_db"] == pytest.approx(13 / 3, abs=1e-3)
    assert told["joints_no_rougher_than_own"] == pytest.approx(2 / 3, abs=1e-3)


def test_controls_are_as_long_and_as_loud_and_have_lost_what_they_should() -> None:
    hiss = controls.noise(SOUND, RNG)
    assert hiss.shape == SOUND.shape
    assert hiss.std() == pytest.approx(float(np.sqrt(np.square(SOUND).mean())), rel=0.02)
    loop = controls.looped(SOUND, RNG)
    assert (loop[: 2 * SAMPLE_RATE_HZ] == loop[2 * SAMPLE_RATE_HZ : 4 * SAMPLE_RATE_HZ]).all()
    mixed = controls.shuffled(SOUND, RNG)
    assert np.sort(np.abs(mixed))[-100:] == pytest.approx(np.sort(np.abs(SOUND))[-100:], rel=0.2)
    assert not np.allclose(mixed, SOUND[: len(mixed)])


def test_a_network_hears_what_is_low_and_what_is_high(judge: NetworkJudge) -> None:
    times_s = np.arange(6 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    clips = [np.sin(2 * np.pi * hz * times_s).astype(np.float32) for hz in (100, 8000)]
    opinion = judge.hear(clips)
    assert opinion.share("low", judge.genres).tolist() == [True, False]
    assert opinion.share("high", ("low", "high")).tolist() == [False, True]
    assert opinion.vectors.shape == (2, 128)


def test_who_had_a_part_in_making_is_no_judge(
    maker: Maker, judge: NetworkJudge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    itself = NetworkJudge(write_tiny_bundle(tmp_path / "tiny"))
    with pytest.raises(GenerateError, match=r"The judge heard the collection itself\. Name another network\."):
        measure(maker, itself, Plan(("low",)))
    monkeypatch.setattr(judge, "lineage", {"ids_sha256": "clips"})
    with pytest.raises(GenerateError, match="learned from the same clips"):
        measure(replace(maker, lineages=({}, {"ids_sha256": "clips"})), judge, Plan(("low",)))
    judge.refuse_makers("another", ({}, {"ids_sha256": "other clips"}))


def test_a_checkpoint_hears_with_its_own_tokens_as_its_bundle_does(tmp_path: Path) -> None:
    untrained.checkpoint().save(tmp_path / "checkpoint.pt")
    judge = NetworkJudge(tmp_path)
    assert judge.genres == untrained.GENRES
    assert judge.lineage == {"clips": {"none": untrained.CLIPS}}
    assert judge.sha256 == ""
    opinion = judge.hear([SOUND, SOUND[: 6 * SAMPLE_RATE_HZ]])
    assert opinion.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert len(opinion.vectors) == 2


def test_a_short_window_at_the_end_counts_for_as_much_as_is_new_in_it(judge: NetworkJudge) -> None:
    times_s = np.arange(34 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    low, high = (np.sin(2 * np.pi * hz * times_s).astype(np.float32) for hz in (100, 8000))
    clip = np.where(times_s < 30, low, high).astype(np.float32)
    whole, end = (judge.hear([each]).vectors[0] for each in (clip, clip[30 * SAMPLE_RATE_HZ :]))
    start = judge.hear([clip[: 29 * SAMPLE_RATE_HZ]]).vectors[0]
    assert np.linalg.norm(whole - start) < 0.3 * np.linalg.norm(end - start)


def test_plain_numbers_are_standardised_by_the_reference() -> None:
    numbers = descriptors([SOUND, SOUND[: 8 * SAMPLE_RATE_HZ], controls.noise(SOUND, RNG)])
    assert np.isfinite(numbers).all()
    there = standardised(numbers, numbers)
    assert there.mean(axis=0) == pytest.approx(np.zeros(there.shape[1]), abs=1e-9)


def test_noise_is_farther_from_music_than_music_is(judge: NetworkJudge) -> None:
    parts = [music(rate_hz=SAMPLE_RATE_HZ, length_s=4.0, seed=seed).mean(axis=1) for seed in range(12)]
    made = [Clip(each, row=row, folder=f"{row}") for row, each in enumerate(parts)]
    hiss = [replace(each, samples=controls.noise(each.samples, RNG)) for each in made[:6]]
    near, far = distances(judge, {"music": made[:6], "noise": hiss[1:]}, made[6:])
    assert near["clips"] == 6
    assert far["network_kernel"] > near["network_kernel"]
    assert far["descriptors_kernel"] > near["descriptors_kernel"]
    assert near["network_p_farther_than_real"] is None
    assert far["network_p_farther_than_real"] < 0.1
    assert far["clips"] == 5


def test_sides_have_no_folder_in_common(maker: Maker) -> None:
    one, other = of_two_sides(maker.ground)
    names = [[Path(maker.ground.collection.entries[row].path).parent.name for row in side] for side in (one, other)]
    assert sorted(map(set, names), key=sorted) == [{"a"}, {"b"}]
    assert len(one) == len(other) == 3
    assert isinstance(real_clip(maker.ground, one[0], 5.0), Clip)


class Noting(Maker):
    """A maker that notes what it is told to leave out, of which folders its pieces are, and its seeds."""

    def make(self, ask: Ask, *, without: tuple[int, ...] = ()) -> Clip:
        made = super().make(ask, without=without)
        noted.append((set(without), {Path(each.path).parent.name for each in made.sources}, ask.seed))
        return made


noted: list[tuple[set[int], set[str], int]] = []


def test_no_piece_is_made_of_the_albums_of_its_reference_however_few_tracks_are_drawn(
    maker: Maker, judge: NetworkJudge
) -> None:
    noting = Noting(maker.ground, maker.shelf)
    one, other = of_two_sides(maker.ground)
    noted.clear()
    plan = Plan(("low",), seconds=10.0, tracks=2, seed=3)
    likeness(noting, judge, plan, sides_of(maker.ground, plan))
    assert len(one) == len(other) == 3
    folder = Path(maker.ground.collection.entries[one[0]].path).parent.name
    assert [(set(other), {folder}, seed) for seed in (3, 4)] == noted


def test_what_the_generator_draws_is_held_against_what_is_easy(maker: Maker) -> None:
    assert maker.generator is not None
    clips = [SOUND, SOUND, music(rate_hz=SAMPLE_RATE_HZ, length_s=16.0, seed=3).mean(axis=1)]
    drawn = drawing(maker.generator, clips)
    assert drawn["nearest_moment_db"] < drawn["mean_moment_db"]
    assert drawn["drawn_db"] > 3  # one number for all bands
    cost = phases([SOUND[: 3 * SAMPLE_RATE_HZ]])
    assert 0 < cost["all_bins_db"] < cost["pictures_db"]


class Copying:
    """A generator that codes a token as it is, and says that what comes next is what came last."""

    def encode(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        return tokens.reshape(len(tokens), -1)

    def decode(self, latents: NDArray[np.float32]) -> NDArray[np.float32]:
        return latents.reshape(-1, 128, 19)

    def following(self, latents: NDArray[np.float32]) -> Mixture:
        return Mixture(np.zeros(1, np.float32), latents[-1:], latents[-1:])


def test_who_says_that_all_goes_on_is_as_wrong_as_the_last_moment_is() -> None:
    seen = foreseeing(Copying(), [SOUND])  # type: ignore[arg-type]
    assert seen["known_db"] == 0
    assert seen["foreseen_db"] == seen["last_db"] > 1
    assert seen["line_db"] > seen["last_db"]


def test_all_is_measured_and_written(maker: Maker, judge: NetworkJudge, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    plan = Plan(("low", "middle"), pieces=1, seconds=10.0, tracks=2)
    said = measure_files(maker, judge, plan, tmp_path, on_step=lambda *each: done.append(each))
    assert done == [(number, 4) for number in range(1, 5)]
    figures = json.loads((tmp_path / "generation.json").read_text())
    assert [row["genre"] for row in figures["genres"]] == ["low", "middle"]
    assert [row["set"] for row in figures["likeness"]["distances"]] == [
        "real against real", "mosaic", "shuffled", "looped", "noise",
    ]  # fmt: skip
    assert set(figures["generator"]) == {"drawing", "foreseeing", "phases"}
    assert (tmp_path / "genres.csv").read_text().count("\n") == 3
    assert "kernel distance" in said


class Failing(Maker):
    """A maker that cannot make a piece of an odd seed."""

    def make(self, ask: Ask, *, without: tuple[int, ...] = ()) -> Clip:
        if ask.seed % 2:
            raise SoundError("a.mp3 is gone.", hint="Index again.")
        return Clip(SOUND[: 10 * SAMPLE_RATE_HZ])


def test_pieces_that_cannot_be_made_count_against_the_maker_and_stop_nothing(
    maker: Maker, judge: NetworkJudge, tmp_path: Path
) -> None:
    failing = Failing(maker.ground, maker.shelf)
    plan = Plan(("low", "middle", "high"), pieces=2, seconds=10.0, tracks=2)
    figures, _ = measure(failing, judge, plan)
    agrees = [row["agreement"] for row in figures["genres"]]
    assert sorted(agrees) == [0.0, 0.0, 0.5]  # one of two pieces, which has one genre
    assert figures["all"]["agreement"] == round(1 / 6, 3)
    assert figures["all"]["pieces_failed"] == 3
    assert figures["genres"][0]["problem"] == "a.mp3 is gone. Index again."
    assert figures["likeness"]["pieces_failed"] == 1
    assert "mosaic" not in {row["set"] for row in figures["likeness"]["distances"]}  # one clip has no distance
    assert "4 pieces could not be made" in in_words(figures)


def test_a_piece_of_which_nothing_can_be_imagined_is_none_with_what_is_imagined(maker: Maker) -> None:
    imagining = Maker(maker.ground, maker.shelf, maker.generator, imagine=True)
    assert imagining.make(Ask(genre="low", seconds=6.0)).sources
    with pytest.raises(GenerateError, match="knows no high"):
        imagining.make(Ask(genre="high", seconds=6.0))


def test_a_track_that_is_gone_is_left_out_and_a_side_that_is_gone_is_told_before_the_work(
    maker: Maker, judge: NetworkJudge, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = clips.real_clip

    def without(names: set[str], ground: Ground, row: int, seconds: float) -> Clip | None:
        gone = Path(ground.collection.entries[row].path).stem in names
        return None if gone else readable(ground, row, seconds)

    monkeypatch.setattr(clips, "real_clip", partial(without, {"one"}))
    assert len(sides_of(maker.ground, Plan(("low",), seconds=10.0)).real) in (2, 3)
    monkeypatch.setattr(clips, "real_clip", partial(without, {"one", "three"}))
    with pytest.raises(GenerateError, match="Two songs"):
        measure(Failing(maker.ground, maker.shelf), judge, Plan(("low",), seconds=10.0), on_step=pytest.fail)


def test_a_genre_that_the_judge_does_not_tell_is_told(maker: Maker, judge: NetworkJudge, tmp_path: Path) -> None:
    with pytest.raises(GenerateError, match="judge tells no jazz"):
        measure_files(maker, judge, Plan(("jazz",)), tmp_path)
