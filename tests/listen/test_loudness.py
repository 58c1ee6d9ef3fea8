"""What is far under the loudest of a track has no part in its answer."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark import Listener, Track
from earmark.data.dataset import Dataset
from earmark.data.layout import read_picture
from earmark.listen.loudness import QUIET_DB, Loudness, _b_weight, integrated, only, token_levels_db
from earmark.sound.mel import BANDS, FLOOR_DB, LogMel
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES, Window

RATE_HZ = 22_050
WINDOW_S = 20 * TOKEN_FRAMES * FRAME_S
SONG = np.random.default_rng(0).normal(size=round(1.5 * WINDOW_S * RATE_HZ)).astype(np.float32)


def noise(length_s: float, *, under_db: float) -> NDArray[np.float32]:
    """Low noise, which the tiny network calls something else than a hiss."""
    rng = np.random.default_rng(1)
    low = np.convolve(rng.normal(size=round(length_s * RATE_HZ)), np.ones(40) / 40, "same")
    return (low / low.std() * 10 ** (-under_db / 20)).astype(np.float32)


def hear(listener: Listener, *parts: NDArray[np.float32]) -> Track:
    return listener.hear(0.2 * np.concatenate(parts), sample_rate_hz=RATE_HZ)


def test_levels_are_those_of_the_power() -> None:
    db = np.full((BANDS, 2 * TOKEN_FRAMES), -30, np.float32)
    db[:, TOKEN_FRAMES:] = -50
    levels_db = token_levels_db(db, token_frames=TOKEN_FRAMES)
    assert levels_db[:, 0] - levels_db[:, 1] == pytest.approx(20, abs=1e-3)


def test_hum_counts_for_less_than_what_an_ear_is_open_to() -> None:
    time_s = np.arange(RATE_HZ * 2) / RATE_HZ
    levels = []
    for hz in (50, 1000):
        mel = LogMel()
        db = np.concatenate([mel.push(np.sin(2 * np.pi * hz * time_s)), mel.finish()], axis=1)
        levels.append(token_levels_db(db[:, :TOKEN_FRAMES], token_frames=TOKEN_FRAMES)[0, 0])
    assert levels[1] - levels[0] == pytest.approx(11.6, abs=2)  # IEC 60651, table of B


@pytest.mark.parametrize(
    ("hz", "gain_db"),
    [(31.62, -17.1), (63.1, -9.3), (125.9, -4.2), (251.2, -1.3), (501.2, -0.3), (1000, 0.0), (1995, -0.1),
     (3981, -0.7), (7943, -2.9), (15849, -8.4)],
)  # fmt: skip
def test_the_weights_are_those_of_the_table_for_b_in_iec_60651(hz: float, gain_db: float) -> None:
    assert 10 * np.log10(_b_weight(np.array([hz]))[0]) == pytest.approx(gain_db, abs=0.06)


@pytest.mark.parametrize("where", ["before", "between", "after"])
@pytest.mark.parametrize("length_s", [10, 60])
def test_quiet_noise_does_not_change_the_answer(listener: Listener, where: str, length_s: float) -> None:
    alone = hear(listener, SONG)
    half = len(SONG) // 2
    quiet = noise(length_s, under_db=60)
    parts = {
        "before": (quiet, SONG),
        "between": (SONG[:half], quiet, SONG[half:]),
        "after": (SONG, quiet),
    }[where]
    heard = hear(listener, *parts)
    for label in alone.genres:
        assert {each.name: each.probability for each in heard.genres}[label.name] == pytest.approx(
            label.probability, abs=0.02
        )
    loud = hear(listener, *(part * (1000 if part is quiet else 1) for part in parts))
    assert loud.genre != alone.genre, "the noise would have changed the answer"


def test_the_timeline_says_where_it_is_quiet(listener: Listener) -> None:
    track = hear(listener, noise(30, under_db=60), SONG)
    quiet = [moment for moment in track.timeline if moment.end_s < 29]
    assert quiet
    assert all((moment.quiet, moment.attention, moment.genres) == (True, 0.0, ()) for moment in quiet)
    assert not any(moment.quiet for moment in track.timeline if moment.start_s > 30)
    assert sum(moment.attention for moment in track.timeline) == pytest.approx(1, abs=1e-4)
    assert all(segment.start_s > 28 for segment in track.decisive)


def test_what_is_quiet_by_what_came_before_is_not_shown_to_the_network() -> None:
    loudness = Loudness(token_frames=TOKEN_FRAMES)
    db = np.zeros((BANDS, 3 * TOKEN_FRAMES), np.float32)
    db[:, :TOKEN_FRAMES] = -50
    assert loudness.judge(Window(db, 0.0, 2, -30.0), silence_db=-200.0).kept.tolist() == [False, True, True]
    assert loudness.judge(Window(db, 0.0, 2, 0.0), silence_db=-200.0).new_kept.tolist() == [True, True]
    later = loudness.judge(Window(db, 0.0, 2, -30.0), silence_db=-20.0)
    assert later.kept.tolist() == [False, False, False], "what does not rise over the silence of its format is none"


def test_moments_count_less_the_quieter_they_are() -> None:
    loudness = Loudness(token_frames=TOKEN_FRAMES)
    db = np.zeros((BANDS, TOKEN_FRAMES), np.float32)
    loudest = loudness.judge(Window(db, 0.0, 1, 0.0), silence_db=-60.0).levels_db[0]
    weights = loudness.weights(loudest - np.array([0.0, 20.0, 30.0, QUIET_DB, 90.0]))
    assert weights.tolist() == pytest.approx([1, 1, 0.5, 0, 0])


def test_the_attention_of_a_moment_is_less_the_less_it_counts(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attention() -> NDArray[np.float64]:
        return np.array([moment.attention for moment in hear(listener, SONG[: round(WINDOW_S * RATE_HZ)]).timeline])

    monkeypatch.setattr(Loudness, "weights", lambda _, levels_db: np.ones(len(levels_db)))
    alike = attention()
    monkeypatch.setattr(Loudness, "weights", lambda _, levels_db: np.where(np.arange(len(levels_db)) % 2, 0.5, 1.0))
    ratios = attention() / alike
    assert ratios[1::2] / ratios[::2] == pytest.approx(0.5, rel=1e-4)


def tone(hz: float, *, length_s: float = 8.0) -> NDArray[np.float32]:
    return np.sin(2 * np.pi * hz * np.arange(round(length_s * RATE_HZ)) / RATE_HZ).astype(np.float32)


def loudness_of(listener: Listener, sound: NDArray[np.float32]) -> float:
    lufs = listener.hear(sound, sample_rate_hz=RATE_HZ).loudness_lufs
    assert lufs is not None
    return lufs


def ebur128(sound: NDArray[np.float32]) -> float:
    """What FFmpeg measures, LUFS, of a sound that both loudspeakers of a pair play."""
    av = pytest.importorskip("av")
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE_HZ, format="flt", layout="mono", time_base=Fraction(1, RATE_HZ))
    meter, sink = graph.add("ebur128", "metadata=1:dualmono=true"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
    source.push(frame)
    source.push(None)
    lufs = np.nan
    while True:
        try:
            lufs = float(sink.pull().metadata.get("lavfi.r128.I", lufs))
        except (av.EOFError, av.BlockingIOError):
            return lufs


@pytest.mark.parametrize(
    ("sound", "within_lu"),
    [
        (0.1 * tone(1000), 0.2),
        (0.1 * tone(60), 0.6),
        (0.1 * tone(5000), 0.3),
        (0.05 * SONG, 0.5),
        (0.05 * np.concatenate([SONG, SONG / 2]), 0.5),
        (0.05 * np.concatenate([SONG, SONG / 20]), 0.5),  # under the gate
    ],
    ids=["tone", "hum", "high tone", "noise", "half of it quieter", "half of it under the gate"],
)
def test_loudness_is_that_of_ffmpeg(listener: Listener, sound: NDArray[np.float32], within_lu: float) -> None:
    assert loudness_of(listener, sound) == pytest.approx(ebur128(sound), abs=within_lu)


def test_a_tone_of_full_scale_from_a_pair_of_loudspeakers_has_no_lufs(listener: Listener) -> None:
    assert loudness_of(listener, tone(1000)) == pytest.approx(0, abs=0.1)  # BS.1770-4: -3.01 from one of them


@pytest.mark.parametrize("gain", [0.5, 0.001])
def test_half_the_level_is_six_decibels_less(listener: Listener, gain: float) -> None:
    whole = loudness_of(listener, 0.2 * SONG)
    assert whole - loudness_of(listener, np.float32(0.2 * gain) * SONG) == pytest.approx(-20 * np.log10(gain), abs=0.02)


@pytest.mark.parametrize("under_db", [15, 60, 400])
def test_what_is_under_the_gate_does_not_count(listener: Listener, under_db: float) -> None:
    alone = loudness_of(listener, 0.2 * SONG)
    parts = (noise(30, under_db=under_db), SONG, noise(30, under_db=under_db))
    assert loudness_of(listener, np.float32(0.2) * np.concatenate(parts)) == pytest.approx(alone, abs=0.3)


def test_the_gate_lies_ten_under_the_mean_of_the_power() -> None:
    assert integrated(np.array([-10.0, -10.0, -40.0])) == pytest.approx(-10)
    assert integrated(np.array([-10.0, -16.0])) == pytest.approx(10 * np.log10((10**-1 + 10**-1.6) / 2))


def test_tokens_that_are_kept_stand_side_by_side_under_their_own_maximum() -> None:
    db = np.repeat(np.array([[0.0, -20.0, -30.0]], np.float32), TOKEN_FRAMES, axis=1).repeat(BANDS, axis=0)
    kept = only(db, np.array([False, True, True]), token_frames=TOKEN_FRAMES)
    assert kept.shape == (BANDS, 2 * TOKEN_FRAMES)
    assert (kept[:, :TOKEN_FRAMES] == 0).all()
    assert (kept[:, TOKEN_FRAMES:] == -10).all()
    assert only(db, np.array([True, True, True]), token_frames=TOKEN_FRAMES) is db


def test_hardly_a_clip_of_real_music_has_a_quiet_moment(real_data: Path) -> None:
    """Three of GTZAN's 639 do: docs/architecture.md."""
    quiet = 0
    for clip in Dataset.load(real_data / "gtzan").clips:
        db = (read_picture(clip.picture_path) / np.float32(255) - 1) * -np.float32(FLOOR_DB)
        whole = db.shape[1] // TOKEN_FRAMES * TOKEN_FRAMES
        levels_db = token_levels_db(db[:, :whole], token_frames=TOKEN_FRAMES)[0]
        quiet += bool((levels_db <= levels_db.max() - QUIET_DB).any())
    assert quiet == 3
