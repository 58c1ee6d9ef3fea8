"""The entries of a collection that fit a wish best, each with how it fits every term, and where in the track.

An entry's probability is the product of its terms', as though they were independent, but for moods, which are parts of
one plane: calibrated where they are, too low where terms go together ("calm piano") and no probability of genres that
exclude each other ("jazz metal"), of which it still ranks those highest that have something of both. Numbers and texts
that do not fit leave an entry out. Of entries as probable as each other, of "loud" the loudest come first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.library.collection import Collection
from earmark.library.entry import KINDS, Entry
from earmark.library.judging import Judge
from earmark.library.meanings import (
    AROUSAL,
    KIND,
    LENGTH,
    LOUDNESS,
    TEMPO,
    VALENCE,
    YEAR,
    Answer,
    Holds,
    Meaning,
    Range,
)
from earmark.library.seconds import best, seconds_of
from earmark.library.wishes import Term, Wish
from earmark.plots.text import clock
from earmark.track import Span, Track

COUNT = 20
_WHAT = {
    YEAR: "year in its tags",
    TEMPO: "tempo in its tags",
    LENGTH: "length",
    VALENCE: "valence",
    AROUSAL: "arousal",
    LOUDNESS: "loudness (heard before it was kept: earmark index --again FOLDER)",
}
LEAST = 0.05  # what is less likely than that is no answer, even if it is the best there is


@dataclass(frozen=True, slots=True)
class Part:
    """How an entry fits a term: how probable that is, and the seconds of what is wanted.

    `said` is what is certain, such as the year of the file's tags; empty elsewhere.
    """

    term: Term
    probability: float
    spans: tuple[Span, ...] = ()
    throughout: bool = False
    said: str = ""

    @property
    def words(self) -> str:
        """Such as "piano 0.91 at 1:10"."""
        if self.said:
            return self.said
        told = f"{self.term.text} {self.probability:.2f}"
        if self.throughout:
            return f"{told} throughout"
        span = best(self.spans)
        return told if span is None else f"{told} at {clock(span.start_s)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "text": self.term.text,
            "as": self.term.words,
            "probability": six_digits(self.probability),
            "spans": [span.to_dict() for span in self.spans],
            "throughout": self.throughout,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, and how it fits the whole wish and each of its terms."""

    entry: Entry
    probability: float
    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "path": self.entry.path,
            "title": self.entry.title,
            "artist": self.entry.artist,
            "duration_s": self.entry.duration_s,
            "kind": self.entry.kind,
            "probability": six_digits(self.probability),
            "parts": [part.to_dict() for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """The entries that fit, the most probable first, and what a person should know of those that are not among them.

    `left_out` is a sentence on what would fit and is no song, or empty; `remarks` are all else.
    """

    wish: Wish
    found: tuple[Found, ...]
    left_out: str
    remarks: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """All that is to be said of what is not among them."""
        return (self.left_out, *self.remarks) if self.left_out else self.remarks

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        found = [each.to_dict() for each in self.found]
        return {"wish": self.wish.to_dict(), "found": found, "notes": list(self.notes)}


def find(
    collection: Collection,
    wish: Wish,
    judge: Judge,
    *,
    count: int = COUNT,
    least: float = LEAST,
    per_artist: int | None = None,
    every_kind: bool = False,
) -> Finding:
    """The entries that fit a wish.

    Parameters
    ----------
    collection, judge:
        What is searched, and what holds it against meanings.
    wish:
        With at least one term.
    count:
        How many entries at most.
    least:
        How probable they must be.
    per_artist:
        How many of one artist at most; None for any number.
    every_kind:
        Whether what is no song (long mixes, speech, quiet and short pieces) is found, too. It is, where the wish names
        a kind.
    """
    wish = _settled(wish, judge)
    unknown = np.isnan([judge.fits(term) for term in wish.terms])  # (terms, n)
    chances = np.nan_to_num(judge.all_of(wish.terms))
    kinds = np.array(collection.kinds)
    songs = (kinds == KINDS[0]) | every_kind | _names_kind(wish)
    order = [row for row in np.lexsort((*_most_first(wish, judge), -chances)).tolist() if chances[row] > 0]
    likely = [row for row in order if chances[row] >= least]
    open_to = [row for row in likely if songs[row]]
    rows = few_of_an_artist(collection.entries, open_to, per_artist)
    found = tuple(_found(collection, judge, wish, row, float(chances[row])) for row in rows[:count])
    left_out = _left_out(kinds, [row for row in likely if not songs[row]])
    remarks = [
        *_unknown_notes(wish, unknown),
        *_too_unlikely(collection.entries, chances, [row for row in order if songs[row]], least, found),
    ]
    return Finding(wish, found, left_out, tuple(remarks))


def _settled(wish: Wish, judge: Judge) -> Wish:
    """The wish with parts of the collection as the ranges that they come to."""
    terms = (replace(term, meanings=tuple(map(judge.settled, term.meanings))) for term in wish.terms)
    return replace(wish, terms=tuple(terms))


def _most_first(wish: Wish, judge: Judge) -> list[NDArray[np.float64]]:
    """Of each part of the collection that is wanted, (n,) the smaller the more of it an entry has; the last first."""
    parts = [each.part for term in wish.terms if term.wanted for each in term.meanings if isinstance(each, Range)]
    return [judge.values(part.of) * (-1 if part.most else 1) for part in reversed(parts) if part is not None]


def _names_kind(wish: Wish) -> bool:
    return any(isinstance(meaning, Holds) and meaning.of == KIND for term in wish.terms for meaning in term.meanings)


def few_of_an_artist(entries: Sequence[Entry], rows: list[int], most: int | None) -> list[int]:
    """Of rows in an order those that are no more than so many of one artist; None for all, as are unknown artists'."""
    if most is None:
        return rows
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        artist = entries[row].artist_key
        seen[artist] += 1
        if not artist or seen[artist] <= most:
            kept.append(row)
    return kept


def _found(collection: Collection, judge: Judge, wish: Wish, row: int, chance: float) -> Found:
    entry = collection.entries[row]
    track = collection.track(entry.id)
    parts = tuple(_part(term, float(judge.fits(term)[row]), row, track, judge) for term in wish.terms)
    return Found(entry, chance, parts)


def _part(term: Term, chance: float, row: int, track: Track, judge: Judge) -> Part:
    said = _said(term, row, judge, track)
    if not term.wanted or said:
        return Part(term, chance, said=said)
    answers = [meaning for meaning in term.meanings if isinstance(meaning, Answer)]
    if not answers:
        return Part(term, chance)
    likeliest = max(answers, key=lambda meaning: judge.share(meaning)[row])
    return Part(term, chance, *seconds_of(track, likeliest))


def _said(term: Term, row: int, judge: Judge, track: Track) -> str:
    """What is certain: the length, the year, or the text that was asked for."""
    meanings: list[Meaning] = [each for each in term.meanings if not isinstance(each, Answer)]
    if len(meanings) < len(term.meanings):
        return ""
    first = meanings[0]
    if not isinstance(first, Range):
        return term.text
    if first.of == YEAR:
        year = judge.years[row]
        return f"{year:.0f}" if np.isfinite(year) else ""
    if first.of == LOUDNESS and track.loudness_lufs is not None:
        return f"{track.loudness_lufs:.1f} LUFS"
    return clock(track.duration_s) if first.of == LENGTH else term.text


def _left_out(kinds: NDArray[Any], rows: list[int]) -> str:
    if not rows:
        return ""
    counts = Counter(kinds[rows].tolist())
    said = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind])
    return f"Left out, as no songs: {said}."


def _unknown_notes(wish: Wish, unknown: NDArray[np.bool_]) -> list[str]:
    notes = []
    for term, missing in zip(wish.terms, unknown, strict=True):
        count, total = int(missing.sum()), len(missing)
        if count:
            what = next((_WHAT[each.of] for each in term.meanings if isinstance(each, Range)), "answer")
            which = "None of the files has" if count == total else f"{count} of {total} files have"
            notes.append(f"{which} {'a' if count == total else 'no'} {what}, and so they do not fit '{term.text}'.")
    return notes


def _too_unlikely(
    entries: Sequence[Entry], chances: NDArray[np.float64], rows: list[int], least: float, found: Sequence[Found]
) -> list[str]:
    if found or not rows:
        return []
    title, chance = entries[rows[0]].title, chances[rows[0]]
    return [f"Nothing fits: the nearest is '{title}' with {chance:.1g}, and {least:g} is the least (--min)."]
