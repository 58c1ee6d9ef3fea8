"""The page of `earmark listen --html`: one file that needs nothing else, for any browser, in light or dark.

Each track has a figure of four parts over one time axis: spectrogram, attention, and the five most probable genres over
time; beside it the genres with their probabilities, the genre set, the decisive seconds and, where there are some, the
tags. Pictures are PNG in the page, all else is SVG and text; there is no script. A track is written as soon as it is
heard, so that memory does not grow with their number.
"""

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError
from earmark.listen.listener import Failure, PicturedTrack
from earmark.plots.palette import ACCENT, QUIET, genre_colour, sequential_table
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
_LEAST_TAGS = 3
_TICKS_HZ = (100, 500, 1000, 2000, 4000, 8000)
_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


class Page:
    """A page being written, as a context manager.

    It appears under its name when the block ends well; until then, and where the block fails, what was there stays.

    Parameters
    ----------
    file:
        Where the page goes.
    labels:
        The genres of the network, in its order, so that a genre has one colour on all pages.
    model:
        Name and version of the bundle.
    """

    def __init__(self, file: Path, *, labels: Sequence[str], model: str) -> None:
        self._file = file
        self._beside = file.with_name(f".{file.name}.part")
        self._colours = {label: genre_colour(index) for index, label in enumerate(labels)}
        self._model = model
        self._heard = 0
        self._tagged = False
        self._failures: list[Failure] = []
        self._stream: IO[str]

    def __enter__(self) -> Self:
        if self._file.is_dir():
            raise EarmarkError(f"{self._file} is a folder.", hint="Name the page's file.")
        try:
            self._stream = self._beside.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise EarmarkError(
                f"{self._file} cannot be written ({error.strerror}).", hint="Check the folder."
            ) from error
        self._stream.write(_HEAD.replace("{style}", _STYLE.replace("{accent}", ACCENT)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._stream.write(self._foot())
            self._stream.close()
            if kind is None:
                self._beside.replace(self._file)
        finally:
            self._beside.unlink(missing_ok=True)

    def add(self, heard: PicturedTrack | Failure) -> None:
        """Write one track; failures are kept for the end of the page."""
        if isinstance(heard, Failure):
            self._failures.append(heard)
            return
        self._heard += 1
        self._tagged |= bool(heard.track.tags)
        self._stream.write(track_html(heard, colours=self._colours))

    def _foot(self) -> str:
        failures = "".join(f"<li>{escape(failure.error)}</li>" for failure in self._failures)
        failed = f"<section><h2>Not heard</h2><ul>{failures}</ul></section>" if failures else ""
        heard = f"{self._heard} {'track' if self._heard == 1 else 'tracks'} heard by {escape(self._model)}"
        count = f"{heard}, {len(self._failures)} failed." if failures else f"{heard}."
        how = f"{_HOW_TO_READ} {_HOW_TO_READ_TAGS}" if self._tagged else _HOW_TO_READ
        return f"{failed}</main>\n<footer><p>{count} {how}</p></footer>\n</body>\n</html>\n"


def track_html(heard: PicturedTrack, *, colours: dict[str, str]) -> str:
    """One track as an HTML `<article>`; `colours` gives each genre's."""
    track = heard.track
    name = escape(name_of(track.path))
    return (
        f"<article>\n<h2>{name}</h2>\n<p class=answer>{_answer(track)}</p>\n"
        f"{_tags(track)}<figure>{_figure(heard, name)}</figure>\n"
        f"<div class=facts>{_genre_table(track, colours)}{_decided_by(track)}</div>\n</article>\n"
    )


def _answer(track: Track) -> str:
    best = track.genres[0]
    names = escape(", ".join(track.genre_set))
    if track.none_of_these and track.outside is not None:
        share, nearest = percent(track.outside), escape(best.name)
        return f"<strong>None of these genres</strong> {share} (nearest: {nearest}). {clock(track.duration_s)} long."
    if track.cannot_tell:
        return f"Cannot tell: {len(track.genre_set)} genres are possible ({names}). {clock(track.duration_s)} long."
    genre = f"<strong>{escape(best.name)}</strong> {percent(best.probability)}"
    return f"{genre}. The 90&nbsp;% set: {names}. {clock(track.duration_s)} long."


def _tags(track: Track) -> str:
    """The tags that count as heard as a row of chips with a rim of the accent's colour, and the next ones without."""
    if not track.tags:
        return ""
    chips = (
        f"<li{' class=heard' if tag.name in track.heard_tags else ''}>{escape(tag.name)} "
        f"<span class=quiet>{percent(tag.probability)}</span></li>"
        for tag in track.tags[: max(len(track.heard_tags), _LEAST_TAGS)]
    )
    return f"<ul class=chips aria-label=Tags>{''.join(chips)}</ul>\n"


def _genre_table(track: Track, colours: dict[str, str]) -> str:
    rows = "".join(
        _genre_row(label, colours.get(label.name, QUIET), in_set=label.name in track.genre_set)
        for label in track.genres
    )
    return f"<table><caption>Genres</caption><tbody>{rows}</tbody></table>"


def _genre_row(label: Label, colour: str, *, in_set: bool) -> str:
    bar = f"<span class=bar style='width:{100 * label.probability:.1f}%;background:{colour}'></span>"
    mark = "<td class=mark>in the set</td>" if in_set else "<td class=mark></td>"
    return (
        f"<tr><th scope=row>{escape(label.name)}</th><td class=share>{percent(label.probability)}</td>"
        f"<td class=bars>{bar}</td>{mark}</tr>"
    )


def _decided_by(track: Track) -> str:
    items = "".join(
        f"<li>{span(segment)} <span class=quiet>{percent(segment.attention)} of the attention</span></li>"
        for segment in track.decisive
    )
    return f"<div><h3>Decisive seconds</h3><ul>{items}</ul></div>"


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


def _figure(heard: PicturedTrack, name: str) -> str:
    track = heard.track
    axis = _Axis(track.duration_s)
    shown = track.genres[:_HEAT_GENRES]
    bins = _bins(track, shown)
    bottom = _HEAT_TOP + _HEAT_ROW * len(shown)
    parts = [
        _image(heard.spectrogram[::-1], 0, _SPECTROGRAM, crisp=False),
        _frequency_ticks(),
        _attention(track, bins, axis),
        _image(_grey(bins.genres), _HEAT_TOP, _HEAT_ROW * len(shown), crisp=True),
        *(_label(label.name, _HEAT_TOP + _HEAT_ROW * (row + 0.5)) for row, label in enumerate(shown)),
        _time_ticks(axis, bottom),
        _hover(bins, shown, bottom),
    ]
    title = (
        f"{name}: spectrogram, attention and the {len(shown)} most probable genres over {clock(track.duration_s)}. "
        f"Decisive seconds: {', '.join(span(segment) for segment in track.decisive)}."
    )
    return f"<svg viewBox='0 0 {_WIDTH} {bottom + 26}' role=img aria-label=\"{title}\">{''.join(parts)}</svg>"


@dataclass(frozen=True, eq=False)
class _Bins:
    """A track's timeline in equal parts: attention (bins,) and genres (rows, bins), NaN where nothing was heard."""

    edges_s: NDArray[np.float64]
    attention: NDArray[np.float64]
    genres: NDArray[np.float64]


def _bins(track: Track, shown: Sequence[Label]) -> _Bins:
    count = min(_MOST_BINS, max(len(track.timeline), 1))
    edges_s = np.linspace(0, track.duration_s, count + 1)
    middles_s = (edges_s[:-1] + edges_s[1:]) / 2
    genres = np.full((len(shown), count), np.nan)
    for position, middle_s in enumerate(middles_s):
        moment = _moment_at(track.timeline, middle_s)
        if moment is not None:
            by_name = {label.name: label.probability for label in moment.genres}
            genres[:, position] = [by_name[label.name] for label in shown]
    return _Bins(edges_s, attention_bins(track.timeline, track.duration_s, count), genres)


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
        title = escape(f"{times}: attention {percent(share)}; {genres}")
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


_HOW_TO_READ = (
    "In each figure, from top to bottom: the spectrogram (brighter is louder); the attention, the share that each "
    "moment has in the answer, with the decisive seconds in orange; and how each moment on its own sounds, brighter "
    "for more probable. Probabilities are calibrated; a 90&nbsp;% set holds the true genre nine times out of ten."
)

_HOW_TO_READ_TAGS = (
    "Tags are what another network, a tagger, would say, each with the probability that it would; those with an orange "
    "rim count as heard."
)

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --quiet: #5b6570; --rule: #d5dae0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --paper: #14171b; --quiet: #9aa5b1; --rule: #343a41 }
}
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 1rem }
h2 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere }
h3, caption { font-size: .9rem; font-weight: 600; margin: 0 0 .3rem; text-align: left }
article, section { border-top: 1px solid var(--rule); padding: 1.5rem 0 }
.answer { margin: .2rem 0 1rem }
.quiet, footer { color: var(--quiet) }
footer { border-top: 1px solid var(--rule); font-size: .9rem }
figure { margin: 0 0 1.2rem }
svg { display: block; width: 100%; height: auto }
svg text { font: 13px system-ui, sans-serif; fill: var(--quiet) }
.line { stroke: var(--quiet); stroke-width: 1; fill: none }
.crisp { image-rendering: pixelated }
.hover rect { fill: transparent }
.hover rect:hover { fill: #ffffff; fill-opacity: .25 }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 3rem }
table { border-collapse: collapse; flex: 1 1 26rem; font-size: .9rem }
th[scope=row] { font-weight: 400; text-align: left; padding-right: 1rem; white-space: nowrap }
.share { text-align: right; padding-right: .6rem; white-space: nowrap; font-variant-numeric: tabular-nums }
.bars { width: 60% }
.bar { display: block; height: .7rem; min-width: 1px; outline: 1px solid var(--rule) }
.mark { color: var(--quiet); padding-left: .6rem; white-space: nowrap }
ul { margin: 0; padding-left: 1.2rem }
.chips { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 1rem; padding: 0; font-size: .9rem }
.chips li { border: 1px solid var(--rule); border-radius: 1rem; padding: .05rem .7rem }
.chips .heard { border-color: {accent} }
"""

_HEAD = """<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>What earmark heard</title>
<style>{style}</style>
</head>
<body>
<h1>What earmark heard</h1>
<main>
"""
