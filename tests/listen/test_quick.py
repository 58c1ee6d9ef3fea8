"""Quick hearing: the seconds it hears are those of the track, it stops when it is sure, and else hears all."""

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from corpus import Case
from earmark import Listener, Track
from earmark.errors import SoundError
from earmark.listen import quick
from earmark.listen.listener import Failure, hear_each
from earmark.listen.quick import hear_quickly, hear_quickly_with_picture, hear_rounds, rounds_of
from earmark.listen.tally import Tally
from earmark.sound.mel import BANDS
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES, windows

RATE_HZ = 22_050
TOKEN_S = TOKEN_FRAMES * FRAME_S
LENGTH_S = 100.0
LOW_DB = -40.0  # absolute
Samples = NDArray[np.float32]


def tones(*parts: tuple[float, float], seed: int = 0) -> Samples:
    """Tones of pitches and lengths one after the other, over a little noise."""
    made = [0.3 * np.sin(2 * np.pi * hz * np.arange(round(RATE_HZ * length_s)) / RATE_HZ) for hz, length_s in parts]
    sound = np.concatenate(made)
    return (sound + 1e-3 * np.random.default_rng(seed).normal(size=len(sound))).astype(np.float32)


@pytest.fixture(scope="module")
def low(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long low tone in FLAC, and near its end a while of a high one."""
    path = tmp_path_factory.mktemp("quick") / "low.flac"
    soundfile.write(path, tones((200, 0.8 * LENGTH_S), (6000, 0.2 * LENGTH_S)), RATE_HZ)
    return path


@dataclass
class Bands:
    """A spectrogram that sounds where its third of the bands says, token by token: 0 low, 1 middle, 2 high."""

    thirds: NDArray[np.int64]
    silence_db: float = -60.0
    gone: bool = False

    @property
    def frames(self) -> int:
        return len(self.thirds) * TOKEN_FRAMES

    def columns(self, first: int, count: int) -> NDArray[np.float32] | None:
        if self.gone:
            return None
        db = np.full((BANDS, self.frames), LOW_DB, np.float32)
        for token, third in enumerate(self.thirds):
            if third >= 0:
                db[43 * third : 43 * (third + 1), token * TOKEN_FRAMES : (token + 1) * TOKEN_FRAMES] = 20.0
            else:
                db[:, token * TOKEN_FRAMES : (token + 1) * TOKEN_FRAMES] = -200.0
        return db[:, first : first + count]


def rounds_heard(listener: Listener, thirds: list[int] | NDArray[np.int64]) -> float | None:
    return hear_rounds(Bands(np.asarray(thirds)), Tally(listener.bundle))


@given(st.integers(0, 2000))
def test_pieces_are_heard_once_and_lie_within_the_track(count: int) -> None:
    seen: set[int] = set()
    for number, windows_ in enumerate(rounds_of(count)):
        if number == 8:
            break
        firsts = [first for window in windows_ for first in window]
        assert firsts == sorted(firsts)
        assert len(windows_) == quick.WINDOWS
        for first in firsts:
            tokens = set(range(first, first + quick.PIECE_TOKENS))
            assert not tokens & seen
            assert max(tokens) < count
            seen |= tokens


@given(st.integers(60, 2000))
def test_a_round_is_spread_over_the_track(count: int) -> None:
    first_round = next(rounds_of(count))
    pieces = [first for window in first_round for first in window]
    sixths = [(first + quick.PIECE_TOKENS / 2) * 6 / count for first in pieces]
    assert [round(place - 0.5) for place in sixths] == pytest.approx(list(range(6)), abs=1)


def test_what_is_sure_after_a_round_is_heard_no_further(listener: Listener) -> None:
    share = rounds_heard(listener, np.zeros(200, int))
    assert share == pytest.approx(18 / 200)


def test_what_is_not_sure_is_heard_further(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "SURE", float("inf"))
    monkeypatch.setattr(quick, "lead", lambda tally: 2.0)
    assert rounds_heard(listener, np.zeros(200, int)) == pytest.approx(quick.ROUNDS * 18 / 200)


def test_two_genres_that_are_tied_need_the_whole_track(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    leads = {"seen": 0}

    def tied(tally: Tally) -> float:
        leads["seen"] += 1
        return 1.04

    monkeypatch.setattr(quick, "lead", tied)
    assert rounds_heard(listener, np.zeros(200, int)) is None
    assert leads["seen"] == quick.ROUNDS + 1


def test_silence_in_all_places_needs_the_whole_track(listener: Listener) -> None:
    assert rounds_heard(listener, np.full(200, -1)) is None


def test_what_is_not_there_needs_the_whole_track(listener: Listener) -> None:
    assert hear_rounds(Bands(np.zeros(200, int), gone=True), Tally(listener.bundle)) is None


def test_a_silent_round_is_followed_by_another(listener: Listener) -> None:
    thirds = np.full(200, -1)
    second = next(windows_ for number, windows_ in enumerate(rounds_of(200)) if number == 1)
    for window in second:
        for first in window:
            thirds[first : first + quick.PIECE_TOKENS] = 2
    assert rounds_heard(listener, thirds) == pytest.approx(36 / 200)


def test_windows_in_any_order_are_one_track(listener: Listener) -> None:
    picture = Bands(np.repeat([0, 1, 2, 0], 20))
    columns = picture.columns(0, picture.frames)
    assert columns is not None
    cut = list(windows([columns]))
    forwards, backwards = Tally(listener.bundle), Tally(listener.bundle)
    for window in cut:
        forwards.add(window)
    for window in reversed(cut):
        backwards.add(window)
    one, other = (tally.track("a", 80 * TOKEN_S) for tally in (forwards, backwards))
    assert one == other
    assert [moment.start_s for moment in other.timeline] == sorted(moment.start_s for moment in other.timeline)


def test_a_track_tells_how_much_was_heard_and_when(listener: Listener, low: Path) -> None:
    whole, track = listener.hear(low), hear_quickly(listener, low)
    assert whole.heard_share == 1.0
    assert track.heard_share == pytest.approx(18 * TOKEN_S / LENGTH_S, abs=0.01)
    assert (track.duration_s, track.genre, track.path) == (whole.duration_s, whole.genre, whole.path)
    assert len(track.timeline) == 18
    assert sum(moment.attention for moment in track.timeline) == pytest.approx(1, abs=1e-4)
    by_start = {moment.start_s: moment for moment in whole.timeline}
    for moment in track.timeline:  # each is a moment of the whole track
        assert moment.end_s == by_start[moment.start_s].end_s
        assert moment.genre == by_start[moment.start_s].genre
    assert {moment.genre for moment in track.timeline} == {"low", "high"}
    assert Track.from_dict(track.to_dict()) == track


def test_loudness_of_a_part_is_that_of_the_whole_within_a_decibel(listener: Listener, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    slow_db = np.cumsum(rng.normal(size=120)) % 9  # verses and refrains
    level = 10 ** (np.interp(np.arange(120 * 22_050) / 22_050, np.arange(120), slow_db) / 20 - 1.5)
    soundfile.write(tmp_path / "song.flac", (level * rng.normal(size=len(level))).astype(np.float32), 22_050)
    whole, part = listener.hear(tmp_path / "song.flac"), hear_quickly(listener, tmp_path / "song.flac")
    assert whole.loudness_lufs is not None
    assert part.heard_share < 1
    assert part.loudness_lufs == pytest.approx(whole.loudness_lufs, abs=1)


def test_hearing_quickly_twice_gives_the_same_track(listener: Listener, low: Path) -> None:
    assert hear_quickly(listener, low) == hear_quickly(listener, low)


def test_an_open_file_is_heard_as_its_path_is(listener: Listener, low: Path) -> None:
    by_path = hear_quickly(listener, low)
    in_memory = hear_quickly(listener, io.BytesIO(low.read_bytes()))
    assert in_memory.to_dict() | {"path": ""} == by_path.to_dict() | {"path": ""}


def test_a_track_of_less_than_a_minute_is_heard_whole(listener: Listener, song: Path) -> None:
    assert hear_quickly(listener, song) == listener.hear(song)


def test_a_pipe_is_heard_whole(listener: Listener, low: Path, tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    assert hear_quickly(listener, Pipe(low.read_bytes())).heard_share == 1.0


def test_damage_where_it_listens_makes_it_hear_all(listener: Listener, low: Path, tmp_path: Path) -> None:
    content = bytearray(low.read_bytes())
    for at in np.linspace(0.1, 0.9, 40):
        place = int(at * len(content))
        content[place : place + 200] = bytes(200)
    (tmp_path / "damaged.flac").write_bytes(content)
    track = hear_quickly(listener, tmp_path / "damaged.flac")
    assert track.heard_share == 1.0
    assert track.unread_s > 0


@pytest.mark.parametrize("name", ["no such file", "text", "empty file", "digital silence", "nan"])
def test_what_cannot_be_heard_says_why_as_ever(listener: Listener, corpus: dict[str, Case], name: str) -> None:
    path = corpus[name].path if name in corpus else Path("no such file")
    with pytest.raises(SoundError) as plainly:
        listener.hear(path)
    with pytest.raises(SoundError) as quickly:
        hear_quickly(listener, path)
    assert str(quickly.value) == str(plainly.value)


def test_many_files_are_heard_in_order(listener: Listener, low: Path, song: Path) -> None:
    first, second, third = hear_each(listener, [low, os.fspath(song), "nowhere"], hear_quickly, jobs=1)
    assert isinstance(first, Track)
    assert isinstance(second, Track)
    assert first.heard_share < 1 == second.heard_share
    assert isinstance(third, Failure)


def test_a_picture_shows_what_was_heard(listener: Listener, low: Path) -> None:
    whole, heard = listener.hear_with_picture(low), hear_quickly_with_picture(listener, low)
    assert heard.track == hear_quickly(listener, low)
    assert abs(heard.spectrogram.shape[1] - whole.spectrogram.shape[1]) <= 1
    frames = heard.spectrogram.shape[1]
    sounds = heard.spectrogram.max(axis=0) > 0
    assert sounds.mean() == pytest.approx(heard.track.heard_share, abs=0.02)
    for column in np.flatnonzero(sounds):
        second = column * LENGTH_S / frames
        assert any(moment.start_s - 0.3 <= second <= moment.end_s + 0.3 for moment in heard.track.timeline)


def test_a_picture_of_what_is_heard_whole_is_the_usual_one(listener: Listener, song: Path) -> None:
    whole, heard = listener.hear_with_picture(song), hear_quickly_with_picture(listener, song)
    assert heard.track == whole.track
    assert np.array_equal(heard.spectrogram, whole.spectrogram)


def test_there_is_no_lead_before_anything_was_heard(listener: Listener) -> None:
    assert quick.lead(Tally(listener.bundle)) == 0.0
