"""Sound in, `Track` out: decode, log-mel, windows, network, calibration, one after the other in a stream.

What the windows say is summed up in `listen.tally`.
"""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, SilenceError, SoundError
from earmark.listen import parallel
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.picture import Picture
from earmark.listen.tally import Tally
from earmark.sound import decode, mel, tokens, watchdog
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched
from earmark.track import Track

if TYPE_CHECKING:
    from earmark.listen.linear import LinearHead
    from earmark.listen.whitening import Whitening

Columns = NDArray[np.float32]  # (128, any number of frames), absolute dB
Heard = TypeVar("Heard")

# Two files that add up to less than this are heard sooner than a process starts.
_SMALL_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be heard, and why, in one sentence."""

    path: str
    error: str

    def to_dict(self) -> dict[str, str]:
        """Plain JSON values."""
        return {"path": self.path, "error": self.error}


@dataclass(frozen=True, eq=False, slots=True)
class PicturedTrack:
    """A track and its spectrogram: (128, at most 1500 columns) uint8 over the whole duration, band 0 the lowest."""

    track: Track
    spectrogram: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class PlacedTrack:
    """A track and the 128 numbers by which it can be compared with others that were heard with the same bundle.

    Attributes
    ----------
    track:
        The answer.
    vector:
        (128,) float32 of unit length, centred and whitened by the bundle's atlas (`listen.whitening`): the dot product
        of two is their cosine, near 0 for unrelated tracks and 1 for the same one. Where the bundle has no atlas, or
        one that was made before there was a whitening, it is `raw`, of any length, and all cosines are near 1.
    raw:
        (128,) float32, what the network makes of the track: the mean of its tokens' vectors by attention.
    """

    track: Track
    vector: NDArray[np.float32]
    raw: NDArray[np.float32]


class Listener:
    """Hears tracks with one bundle.

    Parameters
    ----------
    bundle:
        What `load_bundle` gave; the shipped one by default.
    patience_s:
        A file of which nothing came for so many seconds is given up.
    words:
        Heads for a user's own words (`earmark.teach.words.read_words`), beside those of the bundle.

    Raises
    ------
    BundleError
        A head is of another network than the bundle's.
    """

    def __init__(
        self, bundle: Bundle | None = None, *, patience_s: float = PATIENCE_S, words: "Sequence[LinearHead]" = ()
    ) -> None:
        self.bundle = bundle or load_bundle()
        self.words = tuple(word.checked(self.bundle.info.sha256, Path("your words")) for word in words)
        self.heads = (*self.bundle.heads, *self.words)
        self.patience_s = patience_s

    def hear(
        self,
        source: decode.Source | NDArray[Any],
        *,
        sample_rate_hz: float | None = None,
        on_columns: Callable[[Columns], None] | None = None,
    ) -> Track:
        """Hear one track.

        Parameters
        ----------
        source:
            A path, an open binary file, which another thread reads, or an array of samples (n,) or (n, channels) of
            any number type.
        sample_rate_hz:
            Of an array; files say it themselves.
        on_columns:
            Called with each piece of the spectrogram, (128, k) float32 absolute dB, as it is made; of a file, by the
            thread that reads it.

        Raises
        ------
        SoundError
            Where there is no sound that can be heard in it.
        """
        return self._heard(source, sample_rate_hz, on_columns)[0]

    def hear_with_vector(
        self,
        source: decode.Source | NDArray[Any],
        *,
        sample_rate_hz: float | None = None,
        on_columns: Callable[[Columns], None] | None = None,
    ) -> PlacedTrack:
        """Hear one track and keep its vector, by which it can be compared with others.

        Arguments as in `hear`; of two tracks the cosine is `one.vector @ other.vector`.

        Raises
        ------
        SoundError
            As in `hear`.
        BundleError
            The bundle's atlas is broken, or was made with another network.
        """
        whitening = self._whitening  # first: what is wrong with it shall not be told after a long track
        track, raw = self._heard(source, sample_rate_hz, on_columns)
        return PlacedTrack(track, raw if whitening is None else whitening.apply(raw), raw)

    @cached_property
    def _whitening(self) -> "Whitening | None":
        from earmark.listen.atlas import read_whitening

        return read_whitening(self.bundle)

    def _heard(
        self,
        source: decode.Source | NDArray[Any],
        sample_rate_hz: float | None,
        on_columns: Callable[[Columns], None] | None,
    ) -> tuple[Track, NDArray[np.float32]]:
        """The answer and the vector as the network makes it."""
        if isinstance(source, np.ndarray):
            return self._heard_in(source, blocks_of(source, sample_rate_hz), on_columns)

        def hear(pulse: Pulse) -> Generator[tuple[Track, NDArray[np.float32]], None, None]:
            yield self._heard_in(source, blocks_of(source, sample_rate_hz, pulse=pulse), on_columns)

        # All in one thread: one that decodes and one that hears would take turns, at more processor time in all.
        (heard,) = watched(
            hear, patience_s=self.patience_s, stalled=lambda: decode.stalled(_name(source), self.patience_s)
        )
        return heard

    def _heard_in(
        self,
        source: decode.Source | NDArray[Any],
        blocks: decode.Blocks,
        on_columns: Callable[[Columns], None] | None,
    ) -> tuple[Track, NDArray[np.float32]]:
        tally = Tally(self.bundle, self.heads)
        duration_s = sum_up(tally, blocks, self.bundle, name=_name(source), on_columns=on_columns)
        track = tally.track(path_of(source), duration_s, unread_s=blocks.unread_s, notes=blocks.notes)
        return track, tally.vector

    def hear_with_picture(
        self, source: decode.Source | NDArray[Any], *, sample_rate_hz: float | None = None
    ) -> PicturedTrack:
        """Hear one track and keep a picture of its spectrogram; arguments and errors as in `hear`."""
        picture = Picture()
        track = self.hear(source, sample_rate_hz=sample_rate_hz, on_columns=picture.push)
        return PicturedTrack(track, picture.finish())

    def hear_all(
        self, paths: Iterable[str | os.PathLike[str]], *, jobs: int | None = None
    ) -> Iterator[Track | Failure]:
        """Hear many files, one process a core; the answers come in the order of the files, as soon as they are ready.

        Parameters
        ----------
        paths:
            Files. One file, two small ones, or any number with jobs=1, are heard in this process.
        jobs:
            How many processes; one a core by default.
        """
        yield from hear_each(self, paths, Listener.hear, jobs=jobs)

    def hear_all_with_pictures(
        self, paths: Iterable[str | os.PathLike[str]], *, jobs: int | None = None
    ) -> Iterator[PicturedTrack | Failure]:
        """As `hear_all`, with a picture of each spectrogram."""
        yield from hear_each(self, paths, Listener.hear_with_picture, jobs=jobs)


def path_of(source: decode.Source | NDArray[Any]) -> str:
    """What the answer calls a source: of a file the path to the letter, so that a program can open it."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else _name(source)


def blocks_of(
    source: decode.Source | NDArray[Any],
    sample_rate_hz: float | None,
    *,
    patience_s: float = PATIENCE_S,
    pulse: Pulse | None = None,
) -> decode.Blocks:
    """What was handed over to `hear` as blocks (samples,) of mono float32 at 22 050 Hz; errors as there."""
    if isinstance(source, np.ndarray):
        if sample_rate_hz is None:
            raise SoundError("An array does not say its rate.", hint="Give sample_rate_hz, too.")
        return decode.array_blocks(source, sample_rate_hz)
    if not (isinstance(source, str | os.PathLike) or hasattr(source, "read")):
        raise SoundError(f"A {type(source).__name__} is no sound.", hint="Give a path, a binary file or a NumPy array.")
    if sample_rate_hz is not None:
        raise SoundError("A file says its own rate.", hint="Give sample_rate_hz with arrays alone.")
    return decode.blocks(source, patience_s=patience_s, pulse=pulse)


def sum_up(
    tally: Tally,
    blocks: decode.Blocks,
    bundle: Bundle,
    *,
    name: str,
    on_columns: Callable[[Columns], None] | None = None,
) -> float:
    """Hear all blocks of a source into a tally of the bundle's, and close them; gives its length in seconds.

    `name` is what messages call it, `on_columns` as in `Listener.hear`. SoundError where there is no sound in it.
    """
    front_end, stream = bundle.info.front_end, _Stream(blocks, on_columns)
    with contextlib.closing(blocks):
        for window in tokens.windows(
            stream.columns(), token_frames=front_end.token_frames, window_tokens=front_end.window_tokens, name=name
        ):
            tally.add(window, silence_db=blocks.silence_db)
    if tally.empty:
        raise SilenceError(f"{name} is silent.", hint="Give it a file with music in it.")
    return stream.duration_s


class _Stream:
    """Samples to spectrogram columns, counting the seconds."""

    def __init__(self, blocks: Iterator[NDArray[np.float32]], on_columns: Callable[[Columns], None] | None) -> None:
        self._blocks = blocks
        self._on_columns = on_columns
        self._samples = 0

    @property
    def duration_s(self) -> float:
        return self._samples / mel.SAMPLE_RATE_HZ

    def columns(self) -> Iterator[Columns]:
        log_mel = mel.LogMel()
        for block in self._blocks:
            self._samples += len(block)
            yield self._seen(log_mel.push(block))
        yield self._seen(log_mel.finish())

    def _seen(self, columns: Columns) -> Columns:
        if self._on_columns is not None:
            self._on_columns(columns)
        return columns


def _name(source: decode.Source | NDArray[Any]) -> str:
    """What messages call a source, on one line."""
    return "The array" if isinstance(source, np.ndarray) else decode.name_of(source)


def hear_each(
    listener: Listener,
    paths: Iterable[str | os.PathLike[str]],
    hear: Callable[[Listener, str], Heard],
    *,
    jobs: int | None = None,
) -> Iterator[Heard | Failure]:
    """As `Listener.hear_all`, each file by a function of a listener and a path, which can be pickled."""
    names = [os.fspath(path) for path in paths]
    jobs = parallel.cores() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    alone = multiprocessing.current_process().daemon  # it may have no processes of its own
    here = alone or jobs == 1 or len(names) < 2 or (len(names) == 2 and sum(map(_size_bytes, names)) < _SMALL_BYTES)
    while here and names:
        yield _hear_or_say_why(listener, hear, names.pop(0))
        # A decoder that hangs keeps a core of this process; the next one shall end with a process of its own.
        here = alone or not watchdog.anything_left()
    if not names:
        return
    start = partial(_start, listener.bundle.folder, listener.patience_s, listener.words, hear)
    for answer in parallel.work(start, names, jobs=jobs):
        yield _crashed(answer) if isinstance(answer, parallel.Crash) else answer


def _start(
    folder: Path, patience_s: float, words: "Sequence[LinearHead]", hear: Callable[[Listener, str], Heard]
) -> Callable[[str], Heard | Failure]:
    """What a worker process does first: a listener of its own."""
    return partial(_hear_or_say_why, Listener(load_bundle(folder), patience_s=patience_s, words=words), hear)


def _hear_or_say_why(listener: Listener, hear: Callable[[Listener, str], Heard], name: str) -> Heard | Failure:
    try:
        return hear(listener, name)
    except EarmarkError as error:
        return Failure(name, str(error))
    except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one file, the next one is heard
        return Failure(name, f"{decode.name_of(name)} could not be heard: {_in_words(error)}.")


def _in_words(error: Exception) -> str:
    """An error that nobody foresaw, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")


def _crashed(crash: parallel.Crash[str]) -> Failure:
    how = f"signal {-crash.exit_code}" if crash.exit_code < 0 else f"exit code {crash.exit_code}"
    return Failure(crash.item, f"{decode.name_of(crash.item)} brought down the process that heard it ({how}).")


def _size_bytes(name: str) -> int:
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0
