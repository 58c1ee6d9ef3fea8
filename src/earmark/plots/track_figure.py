"""A track's figure in a page: its parts over one time axis.

Spectrogram, attention with the decisive seconds, the five most probable genres over time, and where the bundle tells,
when tags are heard. Pictures are PNG in the
SVG, all else is shapes and text; a long track makes no longer figure.
"""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from earmark.label import Label
from earmark.plots.cells import shortened
from earmark.plots.palette import sequential_table
from earmark.plots.sheet import data_uri, rendered
from earmark.plots.text import attention_bins, clock, percent
from earmark.sound.mel import BANDS, FFT_SAMPLES, SAMPLE_RATE_HZ, mel_filter_bank
from earmark.track import HeardTag, Moment, Track

# The figure, in units of its view box.
_WIDTH = 1000
_LEFT = 92
_PLOT = _WIDTH - _LEFT - 8
_SPECTROGRAM = 240
_ATTENTION_TOP, _ATTENTION = _SPECTROGRAM + 14, 56
_BASE = _ATTENTION_TOP + _ATTENTION  # of the bars of attention
_HEAT_TOP, _HEAT_ROW = _BASE + 14, 18
_MARK_GAP, _MARK_ROW, _MARK = 8, 18, 10  # of the rows of tags, and the height of their marks
_MOST_MARKED = 12
_LONGEST_NAME = 12  # letters that fit beside a row
_MOST_BINS = 200
_HEAT_GENRES = 5
_TICKS_HZ = (100, 500, 1000, 2000, 4000, 8000)
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


def track_figure(track: Track, spectrogram: NDArray[np.uint8]) -> str:
    """The figure as an `<svg>`; the spectrogram is (128, columns) uint8 over the whole duration, band 0 the lowest."""
    axis, shown = _Axis(track.duration_s), track.genres[:_HEAT_GENRES]
    bins = _bins(track, shown)
    heat_bottom = _HEAT_TOP + _HEAT_ROW * len(shown)
    marks = _marks(track, axis, top=heat_bottom + _MARK_GAP)
    bottom = heat_bottom + (_MARK_GAP + _MARK_ROW * len(marks) if marks else 0)
    return rendered(
        "track_figure.svg.j2",
        width=_WIDTH,
        left=_LEFT,
        plot=_PLOT,
        bottom=bottom,
        attention_top=_ATTENTION_TOP,
        base=_BASE,
        heat_top=_HEAT_TOP,
        heat_row=_HEAT_ROW,
        heat_bottom=heat_bottom,
        marks=marks,
        mark=_MARK,
        track=track,
        shown=shown,
        spectrogram=spectrogram[::-1],
        frequencies=_frequencies(),
        bars=_bars(track, bins, axis),
        heat=np.rint(np.nan_to_num(bins.genres) * 255).astype(np.uint8),
        times=[(time_s, axis.x(time_s)) for time_s in axis.ticks()],
        veil=_veil(bins, bottom),
        columns=_columns(bins, shown, track.heard),
        column_width=_PLOT / len(bins.attention),
        png=_png,
    )


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
    count = min(_MOST_BINS, max(round(len(track.timeline) / track.heard_share), 1))
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


def _bars(track: Track, bins: _Bins, axis: _Axis) -> dict[bool, str]:
    """Paths of the bars of attention: of parts that are decisive, and of others."""
    highest = bins.attention.max()
    bars = {True: "", False: ""}
    for start_s, end_s, share in zip(bins.edges_s[:-1], bins.edges_s[1:], bins.attention, strict=True):
        height = _ATTENTION * share / highest
        left, right = axis.x(start_s), axis.x(end_s)
        middle_s = (start_s + end_s) / 2
        decisive = any(segment.start_s <= middle_s <= segment.end_s for segment in track.decisive)
        width = right - left - min(1.0, (right - left) / 4)
        bars[decisive] += f"M{left:.1f} {_BASE}v{-height:.1f}h{width:.1f}v{height:.1f}z"
    return bars


def _marks(track: Track, axis: _Axis, *, top: float) -> list[tuple[str, float, str]]:
    """For each tag whose seconds are known its name, the top of its marks, and their path."""
    timed = [tag for tag in track.heard if tag.spans][:_MOST_MARKED]
    rows = []
    for number, tag in enumerate(timed):
        y = top + _MARK_ROW * number + (_MARK_ROW - _MARK) / 2
        sides = [(axis.x(span.start_s), axis.x(span.end_s)) for span in tag.spans]
        path = "".join(f"M{left:.1f} {y:.1f}H{right:.1f}v{_MARK}H{left:.1f}z" for left, right in sides)
        rows.append((shortened(tag.name, _LONGEST_NAME), y, path))
    return rows


def _veil(bins: _Bins, bottom: float) -> str:
    """The path of a veil over attention and genres where a track is quiet, one for each run of parts."""
    changes = np.flatnonzero(np.diff(bins.quiet, prepend=False, append=False))  # first of a run, first after it, ...
    edges_x = _LEFT + changes * _PLOT / len(bins.quiet)
    veils = (f"M{left:.1f} {_ATTENTION_TOP}H{right:.1f}V{bottom}H{left:.1f}z" for left, right in edges_x.reshape(-1, 2))
    return "".join(veils)


def _columns(bins: _Bins, shown: Sequence[Label], tags: Sequence[HeardTag]) -> Iterator[tuple[float, str]]:
    """Where a see-through column over each part begins, and its title, which a pointer or a screen reader finds."""
    for position, share in enumerate(bins.attention):
        times = f"{clock(bins.edges_s[position])}–{clock(bins.edges_s[position + 1])}"
        values = bins.genres[:, position]
        genres = "nothing heard"
        if not np.isnan(values).any():
            genres = ", ".join(f"{label.name} {percent(value)}" for label, value in zip(shown, values, strict=True))
        middle_s = (bins.edges_s[position] + bins.edges_s[position + 1]) / 2
        here = [tag.name for tag in tags if any(span.start_s <= middle_s < span.end_s for span in tag.spans)]
        heard = "quiet, no part of the answer" if bins.quiet[position] else f"attention {percent(share)}; {genres}"
        heard += f"; {', '.join(here)}" if here else ""
        yield _LEFT + _PLOT / len(bins.attention) * position, f"{times}: {heard}"


@cache
def _frequencies() -> tuple[tuple[str, float], ...]:
    """The names of frequencies, and how far from the top they are."""
    # The bin with the most weight in a band is its centre.
    centres_hz = mel_filter_bank().argmax(axis=1) * SAMPLE_RATE_HZ / FFT_SAMPLES
    bands = np.interp(_TICKS_HZ, centres_hz, np.arange(BANDS))
    names = (f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz" for hz in _TICKS_HZ)
    return tuple(zip(names, (_SPECTROGRAM * (1 - (bands + 0.5) / BANDS)).tolist(), strict=True))


def _png(levels: NDArray[np.uint8]) -> str:
    """The address of a picture of levels (rows, columns), the top row first, in the colours of the scale."""
    from PIL import Image

    # 64 levels of 1.25 dB look the same as 256, and take half the bytes.
    picture = Image.fromarray(np.ascontiguousarray(levels // 4))
    picture.putpalette(sequential_table()[2::4].tobytes())
    stream = io.BytesIO()
    picture.save(stream, format="PNG", optimize=True)
    return data_uri(stream.getvalue(), "image/png")
