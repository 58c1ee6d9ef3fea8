"""Arithmetic over songs and what the network tells: "A + B - C", "like song.mp3 but calmer, more piano".

Everything is counted from the collection's mean vector. A song is the direction of its vector from there; a genre, tag,
mood or word is the direction in which the entries lie that are it, their mean weighted by its probability (the
covariance of probability and vector), so that rare things and common ones count alike. An expression is the sum of unit
vectors with their signs, and entries are ranked by their cosine to it. "But" clauses are conditions on probabilities:
what there is to be more of must be more probable than in the songs named, and pulls the sum a little that way.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import Answer, Part
from earmark.library.songs import Song, Songs
from earmark.library.wishes import Term, read_wish

Floats = NDArray[np.float64]
FEW = 3.0  # where fewer entries are expected to be something, its direction is rough
MARGIN = 0.1  # of probability by which there must be more of something, or half of what is left to 1
LOUDER_LU = 2.0  # by which there must be more loudness, or less: twice what is just heard
PULL = 0.4  # of a clause, where a song or answer of the sum counts 1
_FITS = 0.5  # how probable what a clause asks for must be

_SIGN = re.compile(r"(?:^|(?<=\s))([+\-−–])(?:\s+)")
_LIKE = re.compile(r"^\s*(?:something\s+|songs?\s+|music\s+)?like\s+", re.IGNORECASE)
_BUT = re.compile(r"\s*,?\s+but\s+", re.IGNORECASE)
_CLAUSES = re.compile(r"\s*[,;]\s*(?:and\s+|but\s+)?|\s+(?:and|but)\s+", re.IGNORECASE)
_HINT = 'Write for example "song.mp3 + jazz - vocals", with blanks around the signs, or "like song.mp3 but calmer".'


@dataclass(frozen=True, eq=False)
class Operand:
    """A song or an answer in an expression, and its sign."""

    sign: int
    text: str
    song: Song | None = None
    answer: Answer | None = None

    @property
    def words(self) -> str:
        """Such as "genre jazz", "the song Blue"."""
        return self.answer.words if self.answer else f"the song {self.song.name if self.song else ''}"


@dataclass(frozen=True, slots=True)
class Clause:
    """More of something than the songs have (`sign` +1), less (-1), or a plain condition, `term` (0).

    Something is an `answer`, or the `number` that a part of the collection has most or least of.
    """

    text: str
    sign: int
    answer: Answer | None = None
    term: Term | None = None
    number: str = ""

    @property
    def words(self) -> str:
        """Such as "more mood calm"."""
        if self.number:
            return f"{self.number} {LOUDER_LU:g} LU {'higher' if self.sign > 0 else 'lower'} at least"
        if self.answer is None:
            return self.term.words if self.term else ""
        return f"{'more' if self.sign > 0 else 'less'} {self.answer.words}"


@dataclass(frozen=True, eq=False)
class Expression:
    """What a text asks for: operands with signs, and clauses; `notes` are what a person should know of the reading."""

    text: str
    operands: tuple[Operand, ...]
    clauses: tuple[Clause, ...]
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """How it was understood, in one line."""
        signs = {1: "+", -1: "-"}
        said = " ".join(f"{signs[each.sign]} {each.words}" for each in self.operands).removeprefix("+ ")
        but = ", ".join(clause.words for clause in self.clauses)
        return f"{self.text} -> {said}" + (f", but {but}" if but else "")

    @property
    def name(self) -> str:
        """What to call it in a word or two: the song's name, or the text."""
        return self.song.name if self.song else self.text

    @property
    def songs(self) -> list[Song]:
        """The songs that are added: what is to be more or less, is so than in them."""
        return [each.song for each in self.operands if each.song is not None and each.sign > 0]

    @property
    def song(self) -> Song | None:
        """The song, where the expression is a song and nothing else."""
        alone = len(self.operands) == 1 and not self.clauses and self.operands[0].sign > 0
        return self.operands[0].song if alone else None


@dataclass(frozen=True, eq=False)
class Solution:
    """What an expression comes to: a unit vector, (128,), each entry's cosine to it, and which entries are allowed."""

    target: Floats
    scores: Floats
    allowed: NDArray[np.bool_]
    notes: tuple[str, ...]


class Space:
    """A collection's vectors as seen from their mean.

    Attributes
    ----------
    mean:
        (128,).
    directions:
        (n, 128) unit vectors from there, in the order of the entries.
    """

    def __init__(self, vectors: NDArray[np.float32], judge: Judge) -> None:
        self.mean = vectors.mean(axis=0, dtype=np.float64)
        self.directions = _unit(vectors - self.mean.astype(np.float32))
        self._vectors = vectors
        self._judge = judge

    def seen(self, vector: NDArray[np.float32]) -> Floats:
        """The direction of a vector, (128,), from the mean."""
        return np.asarray(_unit((vector - self.mean)[np.newaxis])[0], np.float64)

    def of_answer(self, answer: Answer) -> tuple[Floats, float]:
        """The direction of what is told, and how many of the entries are expected to be it."""
        shares = np.nan_to_num(self._judge.share(answer))
        expected = float(shares.sum())
        away = (shares @ self._vectors) / max(expected, 1e-9) - self.mean
        return np.asarray(_unit(away[np.newaxis])[0], np.float64), expected

    def solve(self, expression: Expression) -> Solution:
        """What an expression comes to; WishError where it cancels out, or no entry meets its clauses."""
        notes = list(expression.notes)
        total = np.zeros(len(self.mean))
        for operand in expression.operands:
            total += operand.sign * self._direction(operand, notes)
        allowed = np.ones(len(self._vectors), bool)
        for clause in expression.clauses:
            allowed &= self._exceeds(clause, expression, notes) if clause.number else self._meets(clause, expression)
            if clause.answer is not None:
                total += PULL * clause.sign * self.of_answer(clause.answer)[0]
        if np.linalg.norm(total) < 1e-6:
            raise WishError(f"'{expression.text}' comes to nothing: its parts cancel out.", hint=_HINT)
        if not allowed.any():
            wanted = ", ".join(clause.text for clause in expression.clauses)
            raise WishError(f"No entry of the collection is {wanted} than that.", hint="Ask for less at once.")
        target = _unit(total[np.newaxis])[0]
        return Solution(target, np.asarray(self.directions @ target, np.float64), allowed, tuple(notes))

    def _direction(self, operand: Operand, notes: list[str]) -> Floats:
        if operand.song is not None:
            return self.seen(operand.song.vector)
        assert operand.answer is not None
        direction, expected = self.of_answer(operand.answer)
        if expected < FEW:
            few = f"{expected:.1f} of {len(self._vectors)} entries are expected to be it"
            notes.append(f"Where '{operand.text}' lies is told roughly: {few}.")
        return direction

    def _meets(self, clause: Clause, expression: Expression) -> NDArray[np.bool_]:
        if clause.answer is None:
            assert clause.term is not None
            return np.asarray(np.nan_to_num(self._judge.fits(clause.term)) >= _FITS)
        shares = np.nan_to_num(self._judge.share(clause.answer))
        before = [float(song.judge.share(clause.answer)[song.place]) for song in expression.songs]
        before = before or [float(np.median(shares))]
        level = float(np.mean(before))
        if clause.sign > 0:
            return np.asarray(shares >= level + min(MARGIN, (1 - level) / 2))
        return np.asarray(shares <= level - min(MARGIN, level / 2))

    def _exceeds(self, clause: Clause, expression: Expression, notes: list[str]) -> NDArray[np.bool_]:
        """Which entries are so much louder or quieter; WishError where it is not known than what."""
        values = self._judge.values(clause.number)
        known = values[np.isfinite(values)]
        before = [float(song.judge.values(clause.number)[song.place]) for song in expression.songs]
        level = float(np.mean(before or [np.median(known)] if len(known) else [np.nan]))
        if np.isnan(level):
            raise WishError(
                f"How '{clause.text}' it is to be cannot be told: the {clause.number} was not kept when it was heard.",
                hint="Say livelier or calmer, or hear it again: earmark index --again FOLDER.",
            )
        if len(known) < len(values):
            notes.append(
                f"{len(values) - len(known)} of {len(values)} files have no {clause.number}, and are left out."
            )
        return np.asarray(clause.sign * (values - level) >= LOUDER_LU)  # nan is not


def read_expression(text: str, lexicon: Lexicon, songs: Songs) -> Expression:
    """What an expression asks for; WishError where a part of it is neither a song nor anything that is told."""
    whole = songs.find(text)
    if whole is not None:
        return Expression(text, (Operand(1, text, song=whole),), ())
    bare = _LIKE.sub("", text).strip()
    parts, but = _split_off_clauses(bare, songs)
    notes: list[str] = []
    operands = tuple(_operands(parts, lexicon, songs))
    clauses = tuple(clause for each in _CLAUSES.split(but) if each for clause in _clauses(each, lexicon, notes))
    return Expression(text, operands, clauses, tuple(notes))


def _split_off_clauses(text: str, songs: Songs) -> tuple[str, str]:
    """What stands before "but", and what behind it; a song may have "but" in its name."""
    if songs.find(text) is None:
        match = _BUT.search(text)
        if match:
            return text[: match.start()], text[match.end() :]
    return text, ""


def _operands(text: str, lexicon: Lexicon, songs: Songs) -> Iterator[Operand]:
    signed = text if re.match(r"[+\-−–]\s", text) else f"+ {text}"
    _, *parts = _SIGN.split(signed)
    if not text or len(parts) < 2:
        raise WishError("There is nothing to calculate.", hint=_HINT)
    signs, names = parts[::2], parts[1::2]
    place = 0
    while place < len(names):
        end, operand = _longest(signs, names, place, lexicon, songs)
        yield operand
        place = end


def _longest(
    signs: Sequence[str], names: Sequence[str], start: int, lexicon: Lexicon, songs: Songs
) -> tuple[int, Operand]:
    """The operand that begins there: a song's name may have signs in it, such as "Artist - Title.mp3"."""
    sign = 1 if signs[start] == "+" else -1
    for end in range(len(names), start, -1):
        between = zip(signs[start + 1 : end], names[start + 1 : end], strict=True)
        text = (names[start] + "".join(f"{each} {name}" for each, name in between)).strip().strip("\"'")
        song = songs.find(text)
        if song is not None:
            return end, Operand(sign, text, song=song)
    name = names[start].strip().strip("\"'")
    meaning = _answer(name, lexicon)
    if meaning is None:
        raise _not_understood(name, lexicon)
    return start + 1, Operand(sign, name, answer=meaning)


def _answer(name: str, lexicon: Lexicon) -> Answer | None:
    _, colon, rest = name.partition(":")
    wish = read_wish(name, lexicon) if colon and rest else None
    if wish is not None:
        alone = len(wish.terms) == 1 and not wish.unknown and wish.terms[0].wanted and len(wish.terms[0].meanings) == 1
        meaning = wish.terms[0].meanings[0] if alone else None
    else:
        meaning = lexicon.meaning(name)
    return meaning if isinstance(meaning, Answer) else None


def _not_understood(name: str, lexicon: Lexicon) -> WishError:
    near = lexicon.near(name)
    if near is not None:
        tries = [phrase for phrase in near.tries if lexicon.meaning(phrase)]
        nearest = f"Nearest to it: {', '.join(tries)}. " if tries else ""
        return WishError(f"'{name}' is not understood: earmark does not tell {near.what}.", hint=nearest + _HINT)
    alike = lexicon.suggestions(name)
    meant = f"Did you mean {' or '.join(alike)}? " if alike else ""
    wish = read_wish(name, lexicon)
    if len(wish.terms) > 1 and not wish.unknown:
        hint = f'Write "{_as_sum(wish.terms)}" to calculate with that, or ask `earmark find` for it.'
        return WishError(f"'{name}' is no song of the collection, no file, and not one word.", hint=hint)
    if len(wish.terms) == 1 and not wish.unknown:
        meant = f'What is a condition stands behind "but": "jazz but {name}". '
    return WishError(f"'{name}' is no song of the collection, no file, and no word that is known.", hint=meant + _HINT)


def _as_sum(terms: Sequence[Term]) -> str:
    firsts = ((term.wanted, term.meanings[0]) for term in terms)
    told = (f"{'+' if wanted else '-'} {first.name}" for wanted, first in firsts if isinstance(first, Answer))
    return " ".join(told).removeprefix("+ ")


def _clauses(text: str, lexicon: Lexicon, notes: list[str]) -> Iterator[Clause]:
    more = lexicon.comparative(text)
    if more is not None:
        sign, answer = more
        if isinstance(answer, Part):
            yield Clause(text, sign if answer.most else -sign, number=answer.of)
            return
        near = lexicon.near(text)
        if near is not None:
            said = f"{'more' if sign > 0 else 'less'} {answer.name}"
            notes.append(f"'{text}' is taken as {said}: earmark does not tell {near.what}.")
        yield Clause(text, sign, answer=answer)
        return
    wish = read_wish(text, lexicon)
    if wish.unknown or not wish.terms:
        missed = wish.unknown[0].words if wish.unknown else text
        raise WishError(
            f"'{missed}' behind \"but\" is not understood.",
            hint='Say for example "calmer", "more piano", "less vocals", "no drums" or "shorter than 4 min".',
        )
    yield from (Clause(term.text, 0, term=term) for term in wish.terms)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
