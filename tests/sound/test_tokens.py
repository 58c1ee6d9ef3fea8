"""Windows: every token is new once, in its place, whatever the length and the cutting."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from corpus import music
from earmark.errors import SoundError
from earmark.sound.mel import FLOOR_DB, under_maximum
from earmark.sound.tokens import FRAME_S, SILENCE_DB, TOKEN_FRAMES, WINDOW_TOKENS, Window, silence_db, windows
from streams import absolute_db

WINDOW_FRAMES = TOKEN_FRAMES * WINDOW_TOKENS


def spectrogram(frames: int) -> NDArray[np.float32]:
    """Random levels, -60 to 40 dB."""
    return np.random.default_rng(frames).uniform(-60, 40, (128, frames)).astype(np.float32)


def first_token(window: Window) -> int:
    return round(window.start_s / FRAME_S / TOKEN_FRAMES)


@settings(max_examples=80, deadline=None)
@given(frames=st.integers(TOKEN_FRAMES, 5 * WINDOW_FRAMES))
def test_every_whole_token_is_new_in_one_window(frames: int) -> None:
    new_tokens: list[int] = []
    for window in windows([spectrogram(frames)]):
        end = first_token(window) + window.db.shape[1] // TOKEN_FRAMES
        new_tokens.extend(range(end - window.new_tokens, end))
    assert new_tokens == list(range(frames // TOKEN_FRAMES))


@settings(max_examples=80, deadline=None)
@given(frames=st.integers(TOKEN_FRAMES, 5 * WINDOW_FRAMES))
def test_a_window_holds_the_levels_at_its_time_under_its_own_maximum(frames: int) -> None:
    db = spectrogram(frames)
    for window in windows([db]):
        first = round(window.start_s / FRAME_S)
        there = db[:, first : first + window.db.shape[1]]
        assert first % TOKEN_FRAMES == window.db.shape[1] % TOKEN_FRAMES == 0
        assert np.array_equal(window.db, under_maximum(there))
        assert window.peak_db == there.max()


@settings(max_examples=40, deadline=None)
@given(data=st.data(), frames=st.integers(7, 3 * WINDOW_FRAMES))
def test_windows_do_not_depend_on_how_the_columns_come(data: st.DataObject, frames: int) -> None:
    db = spectrogram(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, frames), max_size=8)))
    whole = list(windows([db]))
    pieces = list(windows(np.split(db, cuts, axis=1)))
    assert [(w.start_s, w.new_tokens, w.peak_db) for w in pieces] == [
        (w.start_s, w.new_tokens, w.peak_db) for w in whole
    ]
    assert all(np.array_equal(one.db, other.db) for one, other in zip(pieces, whole, strict=True))


def test_windows_of_a_long_track_are_full() -> None:
    heard = list(windows([spectrogram(2 * WINDOW_FRAMES + 5 * TOKEN_FRAMES + 18)]))
    assert [window.db.shape[1] for window in heard] == [WINDOW_FRAMES] * 3
    assert [window.new_tokens for window in heard] == [20, 20, 5]
    assert [first_token(window) for window in heard] == [0, 20, 25]


def test_a_track_of_whole_windows_has_no_remainder() -> None:
    assert [window.new_tokens for window in windows([spectrogram(2 * WINDOW_FRAMES + 18)])] == [20, 20]


def test_a_clip_of_thirty_seconds_is_one_window() -> None:
    (window,) = windows([spectrogram(387)])
    assert (window.db.shape, window.new_tokens, window.start_s) == ((128, 380), 20, 0.0)


def test_a_short_track_is_one_window_of_its_whole_tokens() -> None:
    (window,) = windows([spectrogram(3 * TOKEN_FRAMES + 4)])
    assert (window.db.shape, window.new_tokens) == ((128, 3 * TOKEN_FRAMES), 3)


@pytest.mark.parametrize("frames", [7, 18])
def test_less_than_a_token_is_padded_with_the_floor(frames: int) -> None:
    db = spectrogram(frames)
    (window,) = windows([db])
    assert (window.db.shape, window.db.dtype, window.new_tokens) == ((128, TOKEN_FRAMES), np.float32, 1)
    assert np.array_equal(window.db[:, :frames], under_maximum(db))
    assert np.all(window.db[:, frames:] == FLOOR_DB)
    assert window.peak_db == db.max()


@pytest.mark.parametrize("frames", [0, 1, 6])
def test_less_than_half_a_second_is_an_error_that_names_the_track(frames: int) -> None:
    with pytest.raises(SoundError, match=r"^short\.wav is too short.*half a second"):
        list(windows([spectrogram(frames)], name="short.wav"))


def test_half_a_second_is_heard() -> None:
    assert len(list(windows([absolute_db(music(rate_hz=22_050, length_s=0.5)[:, 0])]))) == 1


def test_token_and_window_lengths_are_the_callers() -> None:
    heard = list(windows([spectrogram(35)], token_frames=5, window_tokens=3))
    assert [(window.db.shape[1], window.new_tokens) for window in heard] == [(15, 3), (15, 3), (15, 1)]


def test_a_window_comes_as_soon_as_its_columns_are_there() -> None:
    taken = 0

    def columns() -> Iterator[NDArray[np.float32]]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield spectrogram(TOKEN_FRAMES)

    next(windows(columns()))
    assert taken == WINDOW_TOKENS


def test_silence_is_silent_with_and_without_dither() -> None:
    rng = np.random.default_rng(0)
    zeros = np.zeros(5 * 22_050, np.float32)
    dither = np.round(rng.triangular(-1, 0, 1, zeros.size)).astype(np.float32) / 32_768
    for samples in (zeros, dither):
        assert all(window.peak_db <= silence_db(16) for window in windows([absolute_db(samples)]))


def test_silence_is_relative_to_what_a_format_can_hold() -> None:
    samples = music(rate_hz=22_050)[:, 0] / 100_000  # 106 dB under full scale
    (window,) = windows([absolute_db(samples)])
    assert silence_db(24) < silence_db(16)
    assert window.peak_db > silence_db(24)
    assert window.peak_db > silence_db(None)
    assert all(window.peak_db <= silence_db(None) for window in windows([absolute_db(np.zeros(22_050, np.float32))]))


def test_music_60_db_down_is_not_silent() -> None:
    samples = music(rate_hz=22_050)[:, 0] / 1000
    (window,) = windows([absolute_db(samples)])
    assert window.peak_db > SILENCE_DB + 20
