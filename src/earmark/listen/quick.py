"""Hearing a track quickly: pieces from all over it, decoded by seeking, and only until the answer is sure.

A round hears six pieces of three tokens (4.4 s) spread evenly over the track: the three of either half, side by side,
are a window of the network. The next round's pieces lie between those of the rounds before. After each the first genre
is compared with the second: where it is `SURE` times as probable, the answer stands; where after `ROUNDS` of them it is
less than `TIED` times as probable, the track is heard whole. A sequential test after A. Wald, Sequential Analysis,
1947; places by J. van der Corput's sequence, 1935. docs/experiments.md says how pieces and constants were found.
"""

import math
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np

from earmark.errors import SoundError
from earmark.listen.bundle import Bundle
from earmark.listen.linear import LinearHead
from earmark.listen.listener import Columns, Listener, PicturedTrack, path_of
from earmark.listen.picture import Picture
from earmark.listen.tally import Tally
from earmark.sound import decode, mel, tokens
from earmark.sound.files import Reader, Source, name_of, opened
from earmark.sound.seeking import Excerpts, excerpts
from earmark.sound.watchdog import Pulse, watched
from earmark.track import Track

OnColumns = Callable[[int, Columns], None]  # the first frame, and what is heard from there on

LEAST_S = 60.0  # what is shorter is heard whole: quick hearing would save little of it
PIECE_TOKENS, PIECES, WINDOWS = 3, 3, 2  # tokens of a piece, pieces of a window, windows of a round
SURE, ROUNDS, TIED = 1.57, 3, 1.05
_GAP_FRAMES = 10_000  # of silence at once


class Spectrogram(Protocol):
    """A track's spectrogram of so many frames, of which any part can be had."""

    frames: int

    @property
    def silence_db(self) -> float:
        """As in `decode.Blocks`; asked for when there are columns."""

    def columns(self, first: int, count: int) -> Columns | None:
        """Frames `first` to `first + count`, (128, count) float32 absolute dB; None where they are not there."""


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """What was heard of a track: a `tally` that can be asked, and fields of `Track`."""

    tally: Tally
    duration_s: float
    heard_share: float
    notes: tuple[str, ...]

    def track(self, path: str) -> Track:
        """The answer for a track of this name."""
        return self.tally.track(path, self.duration_s, notes=self.notes, heard_share=self.heard_share)


def hear_quickly(listener: Listener, source: Source) -> Track:
    """Hear one track quickly, or whole where that is needed (`sum_up_quickly`); errors as of `Listener.hear`."""
    heard = _watched(listener, source, None)
    return listener.hear(source) if heard is None else heard.track(path_of(source))


def hear_quickly_with_picture(listener: Listener, source: Source) -> PicturedTrack:
    """As `hear_quickly`, with a picture of the spectrogram, in which what was not heard is silence."""
    pieces: list[tuple[int, Columns]] = []
    heard = _watched(listener, source, lambda first, columns: pieces.append((first, columns)))
    if heard is None:
        return listener.hear_with_picture(source)
    picture, end = Picture(), 0
    last = round(heard.duration_s / tokens.FRAME_S)
    for first, columns in (*sorted(pieces, key=lambda piece: piece[0]), (last, _silence(0))):
        for frame in range(end, first, _GAP_FRAMES):
            picture.push(_silence(min(_GAP_FRAMES, first - frame)))
        picture.push(columns)
        end = first + columns.shape[1]
    return PicturedTrack(heard.track(path_of(source)), picture.finish())


def sum_up_quickly(
    bundle: Bundle,
    source: Source,
    *,
    heads: Sequence[LinearHead] = (),
    pulse: Pulse | None = None,
    on_columns: OnColumns | None = None,
) -> Heard | None:
    """Hear as much of a file as the answer needs; None where it has to be heard whole.

    That is so where it is shorter than a minute, cannot be sought in, consists of several streams, is damaged or cut
    off as far as its container tells, is silent in all places that were heard, or two genres stay as probable as each
    other.

    Parameters
    ----------
    bundle, heads:
        As `Tally` takes them.
    source:
        A path or an open binary file; nothing else can be sought in.
    pulse:
        Of who is watching: it is beaten after each piece.
    on_columns:
        Called with each piece of the spectrogram that is heard: its first frame in the track, and its columns,
        (128, k) float32 absolute dB.
    """
    if not _can_seek(source):
        return None
    name = name_of(source)
    try:
        with opened(source) as file:
            reader = Reader(file, name, pulse)
            tally, share = Tally(bundle, heads), None
            with excerpts(reader, name) as sound:
                if sound is not None and sound.duration_s >= LEAST_S:
                    picture = _Sought(sound, pulse, on_columns)
                    share = hear_rounds(picture, tally, token_frames=bundle.info.front_end.token_frames)
            reader.check()
    except SoundError:
        return None  # who hears it whole finds the words
    if sound is None or share is None:
        return None
    return Heard(tally, sound.duration_s, round(share, 4), sound.notes)


def hear_rounds(picture: Spectrogram, tally: Tally, *, token_frames: int = tokens.TOKEN_FRAMES) -> float | None:
    """Hear as many rounds of a track into an empty tally as are needed: the share of its tokens that was heard.

    None where it must be heard whole: some of it is not there, all that was heard is silent, or two genres are tied.
    """
    count, heard = picture.frames // token_frames, 0
    for windows in islice(rounds_of(count), ROUNDS):
        if lead(tally) >= SURE:
            break
        for firsts in windows:
            pieces = []
            for first in firsts:
                columns = picture.columns(first * token_frames, PIECE_TOKENS * token_frames)
                if columns is None:
                    return None
                pieces.append((first * token_frames, columns))
            tally.add(tokens.window_of(pieces, token_frames=token_frames), silence_db=picture.silence_db)
            heard += PIECES * PIECE_TOKENS
    return heard / count if lead(tally) >= TIED else None


def rounds_of(tokens_in_all: int) -> Iterator[tuple[tuple[int, ...], ...]]:
    """The windows of each round, each as the first tokens of its pieces, for a track of so many tokens.

    Pieces lie on a grid, and none is heard twice.
    """
    slots = tokens_in_all // PIECE_TOKENS
    free, wanted = set(range(slots)), PIECES * WINDOWS
    for shift in _spread():
        if len(free) < wanted:
            return
        places = []
        for number in range(wanted):
            nearest = int((number + 0.5 + shift) / wanted % 1 * slots)
            places.append(min(free, key=lambda slot: (abs(slot - nearest), slot)))
            free.remove(places[-1])
        firsts = [slot * PIECE_TOKENS for slot in sorted(places)]
        yield tuple(tuple(firsts[at : at + PIECES]) for at in range(0, wanted, PIECES))


def lead(tally: Tally) -> float:
    """How many times as probable as the second genre the first one is, by what was heard so far; 0 for nothing."""
    if tally.empty:
        return 0.0
    first, *others = tally.answer.genres
    return first.probability / max(others[0].probability, 1e-6) if others else math.inf


def _watched(listener: Listener, source: Source, on_columns: OnColumns | None) -> Heard | None:
    """What `sum_up_quickly` gives, made in a thread that is given up where its decoder hangs."""

    def hear(pulse: Pulse) -> Generator[Heard | None, None, None]:
        yield sum_up_quickly(listener.bundle, source, heads=listener.heads, pulse=pulse, on_columns=on_columns)

    stalled = decode.stalled(name_of(source), listener.patience_s)
    (heard,) = watched(hear, patience_s=listener.patience_s, stalled=lambda: stalled)
    return heard


def _silence(frames: int) -> Columns:
    return np.full((mel.BANDS, frames), mel.DIGITAL_SILENCE_DB, np.float32)


class _Sought:
    """The spectrogram of a file, heard where it is asked for."""

    def __init__(self, sound: Excerpts, pulse: Pulse | None, on_columns: OnColumns | None) -> None:
        self.frames = 1 + sound.samples // mel.HOP_SAMPLES
        self._sound = sound
        self._pulse = pulse
        self._on_columns = on_columns

    @property
    def silence_db(self) -> float:
        return self._sound.silence_db

    def columns(self, first: int, count: int) -> Columns | None:
        early = min(first, 1)  # a frame that has silence before the excerpt in it, and is left out
        end = (count + early - 1) * mel.HOP_SAMPLES + mel.FFT_SAMPLES // 2
        samples = self._sound.read((first - early) * mel.HOP_SAMPLES, end)
        if samples is None:
            return None
        log_mel = mel.LogMel()
        columns = np.concatenate([log_mel.push(samples), log_mel.finish()], axis=1)[:, early : early + count]
        if columns.shape[1] < count:
            return None
        if self._on_columns is not None:
            self._on_columns(first, columns)
        if self._pulse is not None:
            self._pulse()
        return columns


def _spread() -> Iterator[float]:
    """0, 1/2, 1/4, 3/4, 1/8, …: each in the middle of a gap that those before it left."""
    yield 0.0
    for number in range(1, 1 << 16):
        yield sum((number >> bit & 1) * 0.5 ** (bit + 1) for bit in range(number.bit_length()))


def _can_seek(source: Source) -> bool:
    if isinstance(source, str | os.PathLike):
        return Path(source).is_file()  # no pipe: what is read of it is gone
    return hasattr(source, "seekable") and bool(source.seekable())
