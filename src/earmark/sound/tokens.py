"""From a stream of spectrogram columns to the windows a network sees, each a row of tokens.

A token is 19 frames (1.47 s), a window 20 tokens (29.5 s). Windows lie on the grid of tokens and follow each other
without overlap; what is left at the end is heard in a full window that is moved back, with the tokens already heard as
its context. Levels in a window are dB under its own maximum, so a long track streams in one pass and gain is no matter.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.sound.mel import BANDS, DIGITAL_SILENCE_DB, FLOOR_DB, HOP_SAMPLES, SAMPLE_RATE_HZ, under_maximum

TOKEN_FRAMES = 19
WINDOW_TOKENS = 20
FRAME_S = HOP_SAMPLES / SAMPLE_RATE_HZ

# The shortest sound that is heard; it is padded to one token.
SHORTEST_S = 0.5
# Absolute dB. Above the dither of 16-bit silence (about -68), 90 dB below the peaks of loud music (about 30 to 40).
SILENCE_DB = -60.0
_SILENCE_BITS = 16
_DB_A_BIT = 6.02


def silence_db(bits: int | None) -> float:
    """The level, absolute dB, up to which there is nothing but the dither of samples of so many bits; floats (None) can
    hold any sound, so only their zeros are silence.
    """
    return SILENCE_DB - _DB_A_BIT * (bits - _SILENCE_BITS) if bits else DIGITAL_SILENCE_DB


@dataclass(frozen=True, eq=False)
class Window:
    """What the network sees at once.

    `db` is `(128, frames)` float32, dB under the window's own maximum, -80 to 0, frames a multiple of the token's.
    `start_s` is the time of its first token in the track. Its last `new_tokens` tokens were in no window before.
    `peak_db` is the absolute level of its maximum, as in `sound.mel`: a tone of full scale has 30 to 40 dB. Where its
    tokens are pieces from several places of the track, `places_s` are the times of each of them, `(tokens,)`.
    """

    db: NDArray[np.float32]
    start_s: float
    new_tokens: int
    peak_db: float
    places_s: tuple[float, ...] | None = None

    def starts_s(self, token_s: float) -> list[float]:
        """When its new tokens begin; a token lasts `token_s`."""
        if self.places_s is not None:
            return list(self.places_s[len(self.places_s) - self.new_tokens :])
        tokens = round(self.db.shape[1] * FRAME_S / token_s)
        return [self.start_s + position * token_s for position in range(tokens - self.new_tokens, tokens)]


def windows(
    columns: Iterable[NDArray[np.float32]],
    *,
    token_frames: int = TOKEN_FRAMES,
    window_tokens: int = WINDOW_TOKENS,
    name: str = "The sound",
) -> Iterator[Window]:
    """Cut a stream of spectrogram columns into windows; every whole token is new in exactly one of them.

    Parameters
    ----------
    columns:
        Pieces `(128, any number of frames)` float32 of one track's spectrogram, absolute dB, in order.
    token_frames, window_tokens:
        Frames in a token, tokens in a window.
    name:
        What the error calls the track.

    Yields
    ------
    Full windows; at the end, where at least one whole token is left, a full window moved back so that it ends with
    the last whole token. A track shorter than a window gives one window of its whole tokens, and a track shorter than
    a token one token, padded with the floor. At most about two windows and one piece are held.

    Raises
    ------
    SoundError
        Where the track is shorter than half a second.
    """
    window_frames = token_frames * window_tokens
    held = np.empty((BANDS, 0), np.float32)  # the last full window, and what came after it
    heard_frames = 0  # how much of `held` was in a window already
    start_frame = 0  # where in the track `held` begins
    for piece in columns:
        held = np.concatenate([held, piece], axis=1)
        while held.shape[1] - heard_frames >= window_frames:
            held = held[:, heard_frames:]
            start_frame += heard_frames
            heard_frames = window_frames
            yield _window(held[:, :window_frames], start_frame, window_tokens)
    new_tokens = (held.shape[1] - heard_frames) // token_frames
    if new_tokens:
        end = heard_frames + new_tokens * token_frames
        first = max(0, end - window_frames)
        yield _window(held[:, first:end], start_frame + first, new_tokens)
    elif not heard_frames:
        yield _padded_token(held, token_frames, name)


def window_of(pieces: Sequence[tuple[int, NDArray[np.float32]]], *, token_frames: int = TOKEN_FRAMES) -> Window:
    """A window of pieces from several places of a track, side by side.

    Parameters
    ----------
    pieces:
        The first frame of each, and its columns `(128, any number of tokens)` float32, absolute dB; in order of time.
    token_frames:
        Frames in a token.
    """
    db = np.concatenate([columns for _, columns in pieces], axis=1)
    places = [first + frame for first, columns in pieces for frame in range(0, columns.shape[1], token_frames)]
    places_s = tuple(place * FRAME_S for place in places)
    return Window(under_maximum(db), places_s[0], len(places_s), float(db.max()), places_s)


def _window(db: NDArray[np.float32], start_frame: int, new_tokens: int) -> Window:
    return Window(under_maximum(db), start_frame * FRAME_S, new_tokens, float(db.max()))


def _padded_token(db: NDArray[np.float32], token_frames: int, name: str) -> Window:
    if db.shape[1] < 1 + int(SHORTEST_S / FRAME_S):
        raise SoundError(
            f"{name} is too short: there is less than half a second of sound in it.", hint="Give it a longer file."
        )
    missing_frames = token_frames - db.shape[1]
    heard = under_maximum(db)
    padded = np.pad(heard, ((0, 0), (0, missing_frames)), constant_values=np.float32(FLOOR_DB))
    return Window(padded, 0.0, 1, float(db.max()))
