"""What a segment costs at a place of a mosaic (its target cost), and what a joint of two costs (its join cost).

A joint is like one inside real music when what is behind it is what would have come anyhow, and what is before it is
what came before there, by spectrum and level (A. Hunt & A. Black, Unit Selection in a Concatenative Speech Synthesis
System, ICASSP 1996). One that rises more than both places do by themselves is heard as a bump, and costs besides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.generate.segments import AT_START, BEFORE_END, BEFORE_START, BEHIND_END
from earmark.generate.stock import Stock, octaves_between

Floats = NDArray[np.float64]
Edges = NDArray[np.float32]
Costs = NDArray[np.float32]

JUMP = 0.6  # what any joint costs
_SPECTRUM_DB = 9.0  # the difference at a joint that costs 1
_RISE_DB = 2.0  # the rise over what is natural that costs 1
_BEAT = 12.0  # of an octave of difference in tempo
_MOST_BEAT = 3.0
_TEMPO_OR_NONE = 0.3  # from what has a tempo to what has none, or back
_BLUNT = 0.25  # where what follows does not begin with an onset
_ROUGH = 1.2  # of a dB by which what follows begins more sharply than its music mostly does
_OFF_BEAT, _NO_BEAT, _SAME_BEAT = 1.5, 0.5, 0.02  # of a segment in another tempo, or in none; octaves that are none
_QUIET = 3.0
_TOKEN = 2.0  # of the difference of a moment's cosine from what is wanted
_TRACK = 3.0  # of that of its track
_SHARE = 0.7  # of a halving of how probable what is wanted is in it
_LEAST_SHARE = 0.01
_SPECTRUM_TARGET_DB = 12.0
_AT_ONCE = 64  # rows of a table of joints


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is wanted at each of some steps of a piece.

    Attributes
    ----------
    scores:
        (steps, entries) cosines of the collection's tracks to the way, nearest 1.
    tokens:
        (steps, 24) unit vectors, what moments should be like.
    shares:
        (segments,) how probable the genre that is wanted is in each segment; None where none is.
    spectra:
        (steps, 32) dB under their own mean, what should be heard; None where that is not known.
    """

    scores: Floats
    tokens: NDArray[np.float32]
    shares: Floats | None = None
    spectra: NDArray[np.float32] | None = None


def target_costs(stock: Stock, wanted: Wanted) -> Floats:
    """(steps, segments) what each segment costs at each step."""
    scores = wanted.scores[:, stock.rows]
    costs = _TRACK * (scores.max(axis=1, keepdims=True) - scores)
    told = np.linalg.norm(stock.tokens, axis=1) > 0
    alike = wanted.tokens @ stock.tokens.T
    best = np.where(told, alike, -1.0).max(axis=1, keepdims=True)
    costs = costs + _TOKEN * np.where(told, best - alike, 0.5)
    if wanted.shares is not None:
        costs = costs - _SHARE * np.log2(np.maximum(wanted.shares, _LEAST_SHARE))
    if wanted.spectra is not None:
        own = stock.spectra - stock.spectra.mean(axis=1, keepdims=True)
        costs = costs + _distances(wanted.spectra, own) / _SPECTRUM_TARGET_DB
    return np.asarray(costs + _QUIET * stock.quiet + _tempo_costs(stock))


def _tempo_costs(stock: Stock) -> Floats:
    """(segments,) what it costs that a segment is not in the tempo of the piece."""
    if np.isnan(stock.piece_beat_s):
        return np.zeros(len(stock))
    with np.errstate(invalid="ignore"):
        off = np.abs(octaves_between(stock.beat_s, stock.piece_beat_s)) > _SAME_BEAT
    return np.where(np.isnan(stock.beat_s), _NO_BEAT, _OFF_BEAT * off)


def join_costs(stock: Stock) -> Costs:
    """(n, n) float32: what it costs to jump from each segment to each other one."""
    rows = [joints(stock.edges[at : at + _AT_ONCE], stock.beat_s[at : at + _AT_ONCE], stock) for at in _starts(stock)]
    return np.concatenate(rows)


def joints(edges: Edges, beat_s: Floats, stock: Stock) -> Costs:
    """(m, n) as `join_costs`, from segments that need not be in the stock: `edges` (m, 4, 58), `beat_s` (m,)."""
    new = stock.edges
    apart = _distances(edges[:, BEHIND_END], new[:, AT_START]) + _distances(edges[:, BEFORE_END], new[:, BEFORE_START])
    costs = JUMP + apart / (2 * _SPECTRUM_DB)
    rise = np.maximum(new[np.newaxis, :, AT_START] - edges[:, np.newaxis, BEFORE_END], 0.0).mean(axis=2)
    natural = np.maximum(
        np.maximum(edges[:, BEHIND_END] - edges[:, BEFORE_END], 0.0).mean(axis=1)[:, np.newaxis],
        np.maximum(new[:, AT_START] - new[:, BEFORE_START], 0.0).mean(axis=1)[np.newaxis],
    )
    costs = costs + np.maximum(rise - natural, 0.0) / _RISE_DB
    costs = costs + _beat_costs(beat_s, stock.beat_s) + _BLUNT * (stock.sharp <= 0) + _ROUGH * stock.rough
    return np.asarray(costs, np.float32)


def _starts(stock: Stock) -> range:
    return range(0, len(stock), _AT_ONCE)


def _beat_costs(before_s: Floats, after_s: Floats) -> Floats:
    """(m, n) what it costs that the tempo changes."""
    with np.errstate(invalid="ignore"):
        away = np.abs(octaves_between(before_s[:, np.newaxis], after_s[np.newaxis]))
    costs = np.minimum(_BEAT * np.nan_to_num(away), _MOST_BEAT)
    one_alone = np.isnan(before_s)[:, np.newaxis] != np.isnan(after_s)[np.newaxis]
    return np.asarray(costs + _TEMPO_OR_NONE * one_alone)


def _distances(one: Edges, other: Edges) -> Floats:
    """(m, n) root mean square difference of rows, in dB."""
    squares = np.square(one).sum(axis=1)[:, np.newaxis] + np.square(other).sum(axis=1)[np.newaxis]
    squares = squares - 2 * (one @ other.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0) / one.shape[1]), np.float64)
