"""What a collection keeps of a track in few bytes, and the track again: 6 to 7 kB for four minutes.

The summary is the track's JSON without what stands elsewhere: its path, its model, its tags' probabilities (columns of
`answers`, float16), its timeline and the arc of its mood. Timeline and arc are columns of 8 bits: a genre's probability
in steps of 1/127, attention and evidence in steps of 1/255 of their largest, valence and arousal in steps of 1/127.
Vectors of tokens are int8 with one scale a track, in steps of 1/15 of their largest number: a cosine of two is off by
0.01 in the mean, and by less where it is of several. Times are kept to the millisecond, as differences from a regular
grid. All is little-endian. Columns are packed with LZMA, whose range coder makes a sixth less of them than zlib; the
summary with zlib (RFC 1950) and a dictionary, so that the names of its fields cost nothing.
"""

import json
import lzma
import math
import re
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits, sorted_labels
from earmark.library.entry import TOKEN_NUMBERS, Heard, Tokens
from earmark.library.names import GENRES, TAGS, Names
from earmark.mood import MoodMoment
from earmark.track import NONE, Moment, Track

_LEVEL = 9
_STEPS, _GENRE_STEPS, _SIGNED_STEPS, _TOKEN_STEPS = 255, 127, 127, 15
# Bytes do not depend on what stands before them, nor on their place: no context (lc, lp, pb).
_LZMA = [{"id": lzma.FILTER_LZMA1, "preset": 6, "lc": 0, "lp": 0, "pb": 0, "dict_size": 1 << 16}]
_HEAD = struct.Struct("<IIHff")  # moments, moments of the arc, genres; the largest attention and evidence
_TOKENS_HEAD = struct.Struct("<Idf")  # tokens, seconds of one, scale
_BROKEN = (zlib.error, lzma.LZMAError, struct.error, ValueError, KeyError, TypeError)
_LOUDNESS = re.compile(rb'"loudness_lufs":(-?[\d.]+)')
_HEAD_BYTES = 100  # of a summary, in which the loudness stands, if it does
_LEFT_OUT = ("path", "model", "tags", "timeline")
# What summaries begin with, so to say. Never to be changed: what was packed with it is read with it.
_FIELDS = (
    '"name":"instrument","name":"voice","name":"sound","kind":"single","kind":"shares","kind":"multi","kind":"number",'
    '"labels":{"instrumental":"vocal":},"numbers":{},"told":["vocal"],"cannot_tell":false},{"name":"quadrant",'
    '"mood":{"words":"calm, melancholic 95 %","lively, joyful","bright","dark","cannot tell the mood",'
    '"valence":{"value":-0.,"low":-1.0,"high":0.},"arousal":{"value":-0.,"low":-1.0,"high":0.},'
    '"quadrant":"tense","quadrants":{"melancholic":0.,"serene":0.,"tense":0.,"joyful":0.},"quadrant_set":["serene"],'
    '"emotions":{"calmness":0.,"sadness":0.,"nostalgia":0.,"tenderness":0.,"solemnity":0.,"amazement":0.,"tension":0.,'
    '"power":0.,"joyful activation":0.},"emotions_told":["calmness"]},"heads":[{"name":"voice","kind":"single",'
    '"heard_tags":["heard":[{"name":"","group":"style","probability":0.,"throughout":false,"passing":false},'
    '"spans":[{"start_s":0.0,"end_s":1,"probability":0.}],"throughout":true,"passing":false},{"name":"'
    '"outside":null,"none_of_these":false,"unread_s":0.0,"notes":[],"mood":null,"heads":[]}'
    '"decisive":[{"start_s":1,"end_s":2,"attention":0.0,"probability":0.,"evidence":0.0},{"start_s":'
    '{"schema":2,"duration_s":2,"genres":{"":0.},"genre_set":["none of these"],"cannot_tell":false,'
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A track in bytes: see the module."""

    summary: bytes
    timeline: bytes


def pack_track(track: Track, names: Names) -> Packed:
    """A track as it is kept, beside its `answers`."""
    values = track.to_dict()
    for name in _LEFT_OUT:
        values.pop(name)
    if values["mood"]:
        values["mood"].pop("arc")
    return Packed(_squeezed(_text(values), _dictionary(names)), _pack_timeline(track, names))


def unpack_track(packed: Packed, answers: NDArray[Any], names: Names, *, path: str, model: str) -> Track:
    """The track that was packed: the same but for the steps of timeline, arc and tags; ValueError if it is broken."""
    track = unpack_summary(packed.summary, answers, names, path=path, model=model)
    try:
        timeline, arc = _unpack_timeline(packed.timeline, names, duration_s=track.duration_s)
    except _BROKEN as error:
        raise _no_track(error) from error
    if track.mood:
        track = replace(track, mood=replace(track.mood, arc=arc))
    return replace(track, timeline=timeline)


def unpack_summary(summary: bytes, answers: NDArray[Any], names: Names, *, path: str, model: str) -> Track:
    """As `unpack_track`, without timeline and arc, which take most of the time."""
    try:
        values: dict[str, Any] = json.loads(_spread(summary, _dictionary(names)))
        tags = [] if not names.tags else np.asarray(answers, np.float64)[names.columns(TAGS)].tolist()
        known = {name: six_digits(value) for name, value in zip(names.tags, tags, strict=True) if value == value}
        values |= {"path": path, "model": model, "tags": known, "timeline": []}
        if values["mood"]:
            values["mood"]["arc"] = []
        return Track.from_dict(values)
    except _BROKEN as error:
        raise _no_track(error) from error


def loudness_reader(names: Names) -> Callable[[bytes], float]:
    """What reads the loudness out of a summary, LUFS, and nothing else; nan where there is none.

    A summary that is broken has none: who reads all of it says so.
    """
    dictionary = _dictionary(names)

    def read(summary: bytes) -> float:
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS, dictionary).decompress(summary, _HEAD_BYTES)
        except zlib.error:
            return math.nan
        found = _LOUDNESS.search(head)
        return float(found[1]) if found else math.nan

    return read


def _no_track(error: Exception) -> ValueError:
    return ValueError(f"holds what is no packed track ({error})")


@dataclass(frozen=True, slots=True)
class PackedHeard:
    """What was heard of a file as its row is: see `schema`; vector, numbers and answers as `half` makes them."""

    duration_s: float
    kind: str
    share: float
    vector: bytes
    numbers: bytes
    answers: bytes
    summary: bytes
    timeline: bytes
    tokens: bytes
    fingerprint: bytes


def pack_heard(heard: Heard, names: Names) -> PackedHeard:
    """All that hearing a file gave, as it is kept."""
    track = pack_track(heard.track, names)
    return PackedHeard(
        duration_s=heard.track.duration_s,
        kind=heard.kind,
        share=heard.share,
        vector=half(heard.vector),
        numbers=half(heard.numbers),
        answers=half(heard.answers),
        summary=track.summary,
        timeline=track.timeline,
        tokens=pack_tokens(heard.tokens),
        fingerprint=heard.fingerprint,
    )


def pack_tokens(tokens: Tokens) -> bytes:
    """Tokens as they are kept; nothing for none."""
    if not len(tokens):
        return b""
    scale = float(np.abs(tokens.vectors).max()) / _TOKEN_STEPS or 1.0
    levels = np.rint(tokens.vectors / scale).astype(np.int8)  # (k, numbers)
    head = _TOKENS_HEAD.pack(len(tokens), tokens.token_s, scale)
    starts = _grid_differences(_milliseconds(tokens.starts_s), round(1000 * tokens.token_s))
    return head + _pressed(starts.tobytes() + _differences(levels).tobytes())


def unpack_tokens(content: bytes) -> Tokens:
    """The tokens that were packed; ValueError where that is not what it is."""
    if not content:
        return Tokens(np.zeros(0), 0.0, np.zeros((0, TOKEN_NUMBERS), np.float32))
    try:
        count, token_s, scale = _TOKENS_HEAD.unpack_from(content)
        plain = _unpressed(content[_TOKENS_HEAD.size :])
        starts = _from_grid(np.frombuffer(plain, "<i4", count), round(1000 * token_s))
        levels = _sums(np.frombuffer(plain, np.int8, offset=4 * count), TOKEN_NUMBERS)
    except _BROKEN as error:
        raise ValueError(f"holds what is no packed tokens ({error})") from error
    vectors = levels.astype(np.float32) * np.float32(scale)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return Tokens(starts / 1000, token_s, np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32))


def half(values: NDArray[Any]) -> bytes:
    """Numbers as float16, little-endian; what is too large for it is its largest."""
    limit = float(np.finfo(np.float16).max)
    return np.clip(np.asarray(values, np.float32), -limit, limit).astype("<f2").tobytes()


def unhalf(content: bytes) -> NDArray[np.float32]:
    """The numbers that `half` wrote, float32."""
    return np.frombuffer(content, "<f2").astype(np.float32)


def _pack_timeline(track: Track, names: Names) -> bytes:
    moments, arc = track.timeline, track.mood.arc if track.mood else ()
    genres = _genres(names)
    attention = np.array([moment.attention for moment in moments], np.float64)
    evidence = np.array([moment.evidence or 0.0 for moment in moments], np.float64)
    most = [float(values.max(initial=0.0)) for values in (attention, evidence)]
    told = np.zeros((len(moments), len(genres)))
    for row, moment in enumerate(moments):
        shares = {label.name: label.probability for label in moment.genres}
        told[row] = [shares.get(name, 0.0) for name in genres]
    columns = [
        *(_levels(values, largest) for values, largest in zip((attention, evidence), most, strict=True)),
        np.array([moment.quiet for moment in moments], np.uint8),
    ]
    plane = np.array([(each.valence, each.arousal) for each in arc], np.float64).reshape(-1, 2)
    parts = [
        _times(moments),
        *(column.tobytes() for column in columns),
        np.rint(told * _GENRE_STEPS).astype(np.uint8).T.tobytes(),
        _times(arc),
        _differences(np.rint(np.clip(plane, -1, 1) * _SIGNED_STEPS).astype(np.int8)).tobytes(),
    ]
    untold = any(moment.evidence is None for moment in moments)
    head = _HEAD.pack(len(moments), len(arc), len(genres), most[0], -1.0 if untold else most[1])
    return head + _pressed(b"".join(parts))


def _unpack_timeline(
    content: bytes, names: Names, *, duration_s: float
) -> tuple[tuple[Moment, ...], tuple[MoodMoment, ...]]:
    count, points, columns, attention, evidence = _HEAD.unpack_from(content)
    genres = _genres(names)
    if columns != len(genres):
        raise ValueError("holds a timeline of other genres")
    rest = _Reader(_unpressed(content[_HEAD.size :]))
    starts, ends = rest.times(count)
    shares = [rest.column(np.uint8, count) / _STEPS for _ in range(2)]
    quiet = rest.column(np.uint8, count).astype(bool)
    told = rest.column(np.uint8, count * columns).reshape(columns, count).T / _GENRE_STEPS
    arc_starts, arc_ends = rest.times(points)
    plane = _sums(rest.column(np.int8, 2 * points), 2) / _SIGNED_STEPS
    moments = tuple(
        Moment(
            starts[row],
            min(ends[row], duration_s),
            six_digits(shares[0][row] * attention),
            () if quiet[row] else sorted_labels(dict(zip(genres, map(six_digits, told[row].tolist()), strict=True))),
            quiet=bool(quiet[row]),
            evidence=None if evidence < 0 else six_digits(shares[1][row] * evidence),
        )
        for row in range(count)
    )
    arc = tuple(
        MoodMoment(start_s, end_s, *map(six_digits, place))
        for start_s, end_s, place in zip(arc_starts, arc_ends, plane.tolist(), strict=True)
    )
    return moments, arc


class _Reader:
    """Column after column out of bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def column(self, kind: Any, count: int) -> NDArray[Any]:
        found: NDArray[Any] = np.frombuffer(self._content, kind, count, self._place)
        self._place += found.nbytes
        return found

    def times(self, count: int) -> tuple[list[float], list[float]]:
        """Starts and ends, seconds."""
        step_ms = int(self.column("<i4", 1)[0])
        starts = _from_grid(self.column("<i4", count), step_ms)
        ends = starts + step_ms + self.column("<i4", count)
        return (starts / 1000).tolist(), (ends / 1000).tolist()


def _times(moments: Sequence[Any]) -> bytes:
    """Starts and ends of moments: the most frequent length, and how far each is from a grid of such lengths."""
    starts = _milliseconds([moment.start_s for moment in moments])
    lengths = _milliseconds([moment.end_s for moment in moments]) - starts
    step_ms = int(np.median(lengths)) if len(lengths) else 0
    away = (lengths - step_ms).astype("<i4")
    return np.array([step_ms], "<i4").tobytes() + _grid_differences(starts, step_ms).tobytes() + away.tobytes()


def _milliseconds(times_s: Any) -> NDArray[np.int64]:
    return np.rint(1000 * np.asarray(times_s, np.float64)).astype(np.int64)


def _grid_differences(starts_ms: NDArray[np.int64], step_ms: int) -> NDArray[np.int32]:
    """How much longer each step is than usual; the first as it is."""
    return (np.diff(starts_ms, prepend=-step_ms) - step_ms).astype("<i4")


def _from_grid(away: NDArray[Any], step_ms: int) -> NDArray[np.int64]:
    return np.cumsum(away.astype(np.int64) + step_ms) - step_ms


def _levels(values: NDArray[np.float64], largest: float) -> NDArray[np.uint8]:
    return np.rint(values / (largest or 1.0) * _STEPS).astype(np.uint8)


def _differences(table: NDArray[Any]) -> NDArray[Any]:
    """(k, columns) as differences from row to row, column after column: (columns, k), in the same 8 bits."""
    return np.ascontiguousarray(np.diff(table, axis=0, prepend=np.zeros((1, table.shape[1]), table.dtype)).T)


def _sums(differences: NDArray[Any], columns: int) -> NDArray[Any]:
    """What `_differences` was made of, (rows, columns)."""
    table = differences.reshape(columns, len(differences) // columns)
    return np.cumsum(table, axis=1, dtype=differences.dtype).T


def _genres(names: Names) -> tuple[str, ...]:
    return tuple(name for name in names.groups[GENRES] if name != NONE)


def _dictionary(names: Names) -> bytes:
    return (_text(names.to_dict()).decode() + _FIELDS).encode()


def _text(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")


def _pressed(content: bytes) -> bytes:
    return lzma.compress(content, format=lzma.FORMAT_RAW, filters=_LZMA)


def _unpressed(content: bytes) -> bytes:
    return lzma.decompress(content, format=lzma.FORMAT_RAW, filters=_LZMA)


def _squeezed(text: bytes, dictionary: bytes) -> bytes:
    packer = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY, dictionary
    )
    return packer.compress(text) + packer.flush()


def _spread(content: bytes, dictionary: bytes) -> bytes:
    opener = zlib.decompressobj(zlib.MAX_WBITS, dictionary)
    return opener.decompress(content) + opener.flush()
