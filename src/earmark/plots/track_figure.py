"""A track's figure in a page: four parts over one time axis.

Spectrogram, attention with the decisive seconds, and the five most probable genres over time. Pictures are PNG in the
SVG, all else is shapes and text; a long track makes no longer figure.
"""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from earmark.plots.palette import ACCENT, QUIET, sequential_table
from earmark.plots.text import attention_bins, clock, percent, span
from earmark.sound.decode import name_of
from earmark.sound.mel import BANDS, FFT_SAMPLES, SAMPLE_RATE_HZ, mel_filter_bank
from earmark.track import Label, Moment, Track

# The figure, in units of its view box.
_WIDTH = 1000
_LEFT = 92
_PLOT = _WIDTH - _LEFT - 8
_SPECTROGRAM = 240
_ATTENTION_TOP, _ATTENTION = _SPECTROGRAM + 14, 56
_HEAT_TOP, _HEAT_ROW = _ATTENTION_TOP + _ATTENTION + 14, 18
_MOST_BINS = 200
_HEAT_GENRES = 5
_TICKS_HZ = (100, 500, 1000, 2000, 4000, 8000)
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def track_figure(track: Track, spectrogram: NDArray[np.uint8]) -> str:
    """The figure as an `<svg>`; the spectrogram is (128, columns) uint8 over the whole duration, band 0 the lowest."""
    name = escape(name_of(track.path))
    axis = _Axis(track.duration_s)
    shown = track.genres[:_HEAT_GENRES]
    bins = _bins(track, shown)
    bottom = _HEAT_TOP + _HEAT_ROW * len(shown)
    parts = [
        _image(spectrogram[::-1], 0, _SPECTROGRAM, crisp=False),
        _frequency_ticks(),
        _attention(track, bins, axis),
        _image(_grey(bins.genres), _HEAT_TOP, _HEAT_ROW * len(shown), crisp=True),
        *(_label(label.name, _HEAT_TOP + _HEAT_ROW * (row + 0.5)) for row, label in enumerate(shown)),
        _time_ticks(axis, bottom),
        _quiet(bins, bottom),
        _hover(bins, shown, bottom),
    ]
    title = (
        f"{name}: spectrogram, attention and the {len(shown)} most probable genres over {clock(track.duration_s)}. "
        f"Decisive seconds: {', '.join(span(segment) for segment in track.decisive)}."
    )
    return f"<svg viewBox='0 0 {_WIDTH} {bottom + 26}' role=img aria-label=\"{title}\">{''.join(parts)}</svg>"


def has_quiet(track: Track) -> bool:
    """Whether a track has moments that its figure shows as quiet."""
    return any(moment.quiet for moment in track.timeline)


@dataclass(frozen=True)
class _Axis:
    """Seconds of a track to units of the view box."""

    duration_s: float

    def x(self, time_s: float) -> float:
        return _LEFT + _PLOT * min(time_s / self.duration_s, 1.0)

    def ticks(self) -> list[float]:
        """Round times, at most about ten."""
        step = next((step for step in _STEPS_S if self.duration_s / step <= 10), _STEPS_S[-1])
        return [step * count for count in range(math.floor(self.duration_s / step) + 1)]


@dataclass(frozen=True, eq=False)
class _Bins:
    """A track's timeline in equal parts.

    Attention (bins,), whether the part is quiet (bins,), and genres (rows, bins), NaN where nothing was heard.
    """

    edges_s: NDArray[np.float64]
    attention: NDArray[np.float64]
    quiet: NDArray[np.bool_]
    genres: NDArray[np.float64]


def _bins(track: Track, shown: Sequence[Label]) -> _Bins:
    count = min(_MOST_BINS, max(len(track.timeline), 1))
    edges_s = np.linspace(0, track.duration_s, count + 1)
    middles_s = (edges_s[:-1] + edges_s[1:]) / 2
    quiet = np.zeros(count, bool)
    genres = np.full((len(shown), count), np.nan)
    for position, middle_s in enumerate(middles_s):
        moment = _moment_at(track.timeline, middle_s)
        if moment is not None and moment.quiet:
            quiet[position] = True
        elif moment is not None:
            by_name = {label.name: label.probability for label in moment.genres}
            genres[:, position] = [by_name[label.name] for label in shown]
    return _Bins(edges_s, attention_bins(track.timeline, track.duration_s, count), quiet, genres)


def _moment_at(timeline: Sequence[Moment], time_s: float) -> Moment | None:
    starts_s = [moment.start_s for moment in timeline]
    position = int(np.searchsorted(starts_s, time_s, side="right")) - 1
    inside = position >= 0 and time_s <= timeline[position].end_s
    return timeline[position] if inside else None


def _attention(track: Track, bins: _Bins, axis: _Axis) -> str:
    highest = bins.attention.max()
    bars: dict[bool, list[str]] = {True: [], False: []}
    for start_s, end_s, share in zip(bins.edges_s[:-1], bins.edges_s[1:], bins.attention, strict=True):
        height = _ATTENTION * share / highest
        left, right = axis.x(start_s), axis.x(end_s)
        middle_s = (start_s + end_s) / 2
        decisive = any(segment.start_s <= middle_s <= segment.end_s for segment in track.decisive)
        width = right - left - min(1.0, (right - left) / 4)
        bars[decisive].append(f"M{left:.1f} {_ATTENTION_TOP + _ATTENTION}v{-height:.1f}h{width:.1f}v{height:.1f}z")
    base = _ATTENTION_TOP + _ATTENTION
    return (
        f"<path d='{''.join(bars[False])}' fill='{QUIET}'/><path d='{''.join(bars[True])}' fill='{ACCENT}'/>"
        f"<path class=line d='M{_LEFT} {base}h{_PLOT}'/>{_label('attention', _ATTENTION_TOP + _ATTENTION / 2)}"
    )


def _quiet(bins: _Bins, bottom: float) -> str:
    """A grey veil over attention and genres where a track is quiet, one for each run of parts."""
    changes = np.flatnonzero(np.diff(bins.quiet, prepend=False, append=False))  # first of a run, first after it, ...
    edges_x = _LEFT + changes * _PLOT / len(bins.quiet)
    veils = (f"M{left:.1f} {_ATTENTION_TOP}H{right:.1f}V{bottom}H{left:.1f}z" for left, right in edges_x.reshape(-1, 2))
    path = "".join(veils)
    return f"<path class=veil d='{path}' fill='{QUIET}' fill-opacity='.35'/>" if path else ""


def _hover(bins: _Bins, shown: Sequence[Label], bottom: float) -> str:
    """A see-through column over each part, whose title a pointer or a screen reader finds."""
    width = _PLOT / len(bins.attention)
    columns = []
    for position, share in enumerate(bins.attention):
        times = f"{clock(bins.edges_s[position])}–{clock(bins.edges_s[position + 1])}"
        values = bins.genres[:, position]
        genres = "nothing heard"
        if not np.isnan(values).any():
            genres = ", ".join(f"{label.name} {percent(value)}" for label, value in zip(shown, values, strict=True))
        heard = "quiet, no part of the answer" if bins.quiet[position] else f"attention {percent(share)}; {genres}"
        title = escape(f"{times}: {heard}")
        left = _LEFT + width * position
        columns.append(f"<rect x='{left:.1f}' width='{width:.1f}' height='{bottom}'><title>{title}</title></rect>")
    return f"<g class=hover>{''.join(columns)}</g>"


def _time_ticks(axis: _Axis, top: float) -> str:
    ticks = []
    for time_s in axis.ticks():
        x = axis.x(time_s)
        anchor = "end" if x > _WIDTH - 24 else "middle"
        ticks.append(
            f"<path class=line d='M{x:.1f} {top}v5'/>"
            f"<text x='{x:.1f}' y='{top + 19}' text-anchor={anchor}>{clock(time_s)}</text>"
        )
    return "".join(ticks)


def _frequency_ticks() -> str:
    # The bin with the most weight in a band is its centre.
    centres_hz = mel_filter_bank().argmax(axis=1) * SAMPLE_RATE_HZ / FFT_SAMPLES
    bands = np.interp(_TICKS_HZ, centres_hz, np.arange(BANDS))
    ticks = []
    for hz, band in zip(_TICKS_HZ, bands, strict=True):
        y = _SPECTROGRAM * (1 - (band + 0.5) / BANDS)
        name = f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz"
        ticks.append(f"<path class=line d='M{_LEFT - 5} {y:.1f}h5'/>{_label(name, y)}")
    return "".join(ticks)


def _label(text: str, y: float) -> str:
    return f"<text x='{_LEFT - 9}' y='{y + 4.5:.1f}' text-anchor=end>{escape(text)}</text>"


def _image(levels: NDArray[np.uint8], top: float, height: float, *, crisp: bool) -> str:
    """Levels (rows, columns) uint8, the top row first, in the colours of the scale."""
    kind = " class=crisp" if crisp else ""
    return (
        f"<image{kind} x='{_LEFT}' y='{top}' width='{_PLOT}' height='{height}' preserveAspectRatio=none "
        f"href='data:image/png;base64,{base64.b64encode(_png(levels)).decode()}'/>"
    )


def _png(levels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    # 64 levels of 1.25 dB look the same as 256, and take half the bytes.
    picture = Image.fromarray(np.ascontiguousarray(levels // 4))
    picture.putpalette(sequential_table()[2::4].tobytes())
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _grey(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(np.nan_to_num(shares) * 255).astype(np.uint8)
