"""Sound in, `Track` out: decode, log-mel, windows, network, calibration, one after the other in a stream.

A track's logits (of genres, of tags, of "none of these") are the mean of its windows' logits, each weighted by how many
of its tokens are new and not silent; a window without such tokens is left out. The attention of a window's new tokens,
as shares of their sum, times the window's weight, is their attention on the track: every token has it once, and where
the network looks at all tokens alike so does the timeline. Memory grows by the timeline alone.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, SoundError
from earmark.listen import parallel
from earmark.listen.bundle import Bundle, BundleInfo, Outputs, load_bundle
from earmark.listen.calibrate import prediction_set, softmax
from earmark.listen.explain import decisive_segments
from earmark.listen.picture import Picture
from earmark.sound import decode, mel, tokens
from earmark.track import Label, Moment, Track, sorted_labels

_HEADS = ("logits", "tags", "outside")  # of Outputs: one answer a window
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


class Listener:
    """Hears tracks with one bundle.

    Parameters
    ----------
    bundle:
        What `load_bundle` gave; the shipped one by default.
    """

    def __init__(self, bundle: Bundle | None = None) -> None:
        self.bundle = bundle or load_bundle()

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
            A path, an open binary file, or an array of samples (n,) or (n, channels) of any number type.
        sample_rate_hz:
            Of an array; files say it themselves.
        on_columns:
            Called with each piece of the spectrogram, (128, k) float32 absolute dB, as it is made.

        Raises
        ------
        SoundError
            Where there is no sound that can be heard in it.
        """
        front_end = self.bundle.info.front_end
        name = _name(source)
        stream = _Stream(_blocks(source, sample_rate_hz), on_columns)
        tally = _Tally(self.bundle)
        for window in tokens.windows(
            stream.columns(), token_frames=front_end.token_frames, window_tokens=front_end.window_tokens, name=name
        ):
            tally.add(window)
        if tally.empty:
            raise SoundError(f"{name} is silent.", hint="Give it a file with music in it.")
        return tally.track(_path(source), stream.duration_s)

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
        yield from _all(self, paths, Listener.hear, jobs=jobs)

    def hear_all_with_pictures(
        self, paths: Iterable[str | os.PathLike[str]], *, jobs: int | None = None
    ) -> Iterator[PicturedTrack | Failure]:
        """As `hear_all`, with a picture of each spectrogram."""
        yield from _all(self, paths, Listener.hear_with_picture, jobs=jobs)


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


class _Tally:
    """The sum over a track's windows, and its tokens in order of time."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._token_frames = bundle.info.front_end.token_frames
        self._token_s = self._token_frames * tokens.FRAME_S
        self._weight = 0
        self._sums: dict[str, NDArray[np.float64]] = {}  # of each head, weight * logits
        self._starts_s: list[float] = []
        self._attention: list[float] = []
        self._token_logits: list[NDArray[np.float32]] = []  # (genres,) each

    @property
    def empty(self) -> bool:
        return not self._weight

    def add(self, window: tokens.Window) -> None:
        weight = int(self._sounding(window)[-window.new_tokens :].sum())
        if not weight:
            return
        outputs = _finite(self._bundle.run(window.db[np.newaxis]), self._bundle)
        self._weight += weight
        for name, said in _answers(outputs).items():
            self._sums[name] = self._sums.get(name, 0) + weight * said[0].astype(np.float64)
        count = outputs.attention.shape[1]
        new = range(count - window.new_tokens, count)
        attention = outputs.attention[0, new.start :].astype(np.float64) + 1e-12  # never nothing to share out
        self._starts_s += [window.start_s + position * self._token_s for position in new]
        self._attention += (weight * attention / attention.sum()).tolist()
        self._token_logits += [outputs.token_logits[0, position] for position in new]

    def track(self, path: str, duration_s: float) -> Track:
        info = self._bundle.info
        means = {name: total / self._weight for name, total in self._sums.items()}
        probabilities = softmax(means["logits"] / info.calibration.temperature)
        chosen = prediction_set(probabilities[np.newaxis], info.calibration.set_quantile)[0]
        in_set = {label for label, inside in zip(info.labels, chosen, strict=True) if inside}
        genres = _labels(info.labels, probabilities)
        timeline = tuple(self._moments(duration_s))
        return Track(
            path=path,
            duration_s=round(duration_s, 3),
            genres=genres,
            genre_set=tuple(genre.name for genre in genres if genre.name in in_set),
            cannot_tell=len(in_set) > info.calibration.max_set,
            decisive=decisive_segments(timeline),
            timeline=timeline,
            model=info.model,
            **_further(info, means),
        )

    def _sounding(self, window: tokens.Window) -> NDArray[np.bool_]:
        """Which tokens of a window are more than silence: (tokens,)."""
        peaks_db = window.db.reshape(len(window.db), -1, self._token_frames).max(axis=(0, 2))
        return np.asarray(peaks_db > max(mel.FLOOR_DB, tokens.SILENCE_DB - window.peak_db))

    def _moments(self, duration_s: float) -> Iterator[Moment]:
        probabilities = softmax(np.stack(self._token_logits) / self._bundle.info.calibration.temperature)
        for start_s, attention, row in zip(self._starts_s, self._attention, probabilities, strict=True):
            yield Moment(
                start_s=round(start_s, 3),
                end_s=round(min(start_s + self._token_s, duration_s), 3),
                attention=_short(attention / self._weight),
                genres=_labels(self._bundle.info.labels, row),
            )


def _name(source: decode.Source | NDArray[Any]) -> str:
    """What messages call a source, on one line."""
    return "The array" if isinstance(source, np.ndarray) else decode.name_of(source)


def _path(source: decode.Source | NDArray[Any]) -> str:
    """What the answer calls a source: of a file the path to the letter, so that a program can open it."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else _name(source)


def _blocks(source: decode.Source | NDArray[Any], sample_rate_hz: float | None) -> Iterator[NDArray[np.float32]]:
    if isinstance(source, np.ndarray):
        if sample_rate_hz is None:
            raise ValueError("an array needs its sample_rate_hz")
        return decode.array_blocks(source, sample_rate_hz)
    if sample_rate_hz is not None:
        raise ValueError("sample_rate_hz is for arrays; a file says its own")
    return decode.blocks(source)


def _all(
    listener: Listener,
    paths: Iterable[str | os.PathLike[str]],
    hear: Callable[[Listener, str], Heard],
    *,
    jobs: int | None,
) -> Iterator[Heard | Failure]:
    names = [os.fspath(path) for path in paths]
    jobs = parallel.cores() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, not {jobs}")
    if jobs == 1 or len(names) < 2 or (len(names) == 2 and sum(map(_size_bytes, names)) < _SMALL_BYTES):
        yield from (_hear_or_say_why(listener, hear, name) for name in names)
        return
    start = partial(_start, listener.bundle.folder, hear)
    for answer in parallel.work(start, names, jobs=jobs):
        yield _crashed(answer) if isinstance(answer, parallel.Crash) else answer


def _start(folder: Path, hear: Callable[[Listener, str], Heard]) -> Callable[[str], Heard | Failure]:
    """What a worker process does first: a listener of its own."""
    return partial(_hear_or_say_why, Listener(load_bundle(folder)), hear)


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


def _finite(outputs: Outputs, bundle: Bundle) -> Outputs:
    shown = (*_answers(outputs).values(), outputs.attention, outputs.token_logits)
    if not all(np.isfinite(array).all() for array in shown):
        raise EarmarkError(f"The network of {bundle.info.model} gave an answer that is not a number.")
    return outputs


def _answers(outputs: Outputs) -> dict[str, NDArray[np.float32]]:
    """What the heads that there are say of the windows, by name."""
    said = {name: getattr(outputs, name) for name in _HEADS}
    return {name: logits for name, logits in said.items() if logits is not None}


def _further(info: BundleInfo, means: Mapping[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The fields of a track that only some bundles fill."""
    fields: dict[str, Any] = {}
    if info.tags is not None:
        tags = info.tags.labels(means["tags"])
        fields |= {"tags": tags, "heard_tags": info.tags.heard(tags)}
    if info.outside is not None:
        probability = info.outside.probability(means["outside"])
        fields |= {"outside": round(probability, 6), "none_of_these": probability > info.outside.threshold}
    return fields


def _labels(names: tuple[str, ...], probabilities: NDArray[np.float64]) -> tuple[Label, ...]:
    return sorted_labels(dict(zip(names, probabilities.round(6).tolist(), strict=True)))


def _short(value: float) -> float:
    """Six digits that count: as much as float32 knows, and short in JSON."""
    return float(f"{value:.6g}")
