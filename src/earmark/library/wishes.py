"""What somebody wishes to hear, in words: "calm piano, no vocals, 70s" becomes terms for a collection to be held to.

There is no model of language. Phrases come from a lexicon, the longest first, numbers from `quantities`; "no",
"without" and "-" turn what follows, "or" joins alternatives, "very" counts a term twice. Every character of a text that
is no blank or comma ends up in exactly one piece, which is a term, passed over, or not understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from earmark.library.lexicon import Lexicon
from earmark.library.meanings import TEXTS, YEAR, YOURS, Answer, Holds, Meaning, Range
from earmark.library.names import EMOTIONS, GENRES, MOODS, TAGS
from earmark.library.quantities import quantity_at, read_range

TERM, OVER, UNKNOWN = "term", "passed over", "not understood"
_NOT = frozenset(
    {"no", "not", "non", "never", "minus", "without", "w/o", "except", "excluding", "neither", "nor", "nothing"}
)
_ALL_THAT_FOLLOW = frozenset({"without", "w/o", "except", "excluding", "neither", "nor", "nothing"})
_VERY = frozenset({"very", "really", "extremely", "super", "totally", "completely", "especially"})
_AND, _OR, _BUT = (
    frozenset({"and", "&", "+", "with", "plus"}),
    frozenset({"or", "/"}),
    frozenset({"but", "only", "just"}),
)
_TIMES = {2: ", counted twice", 3: ", counted three times", 4: ", counted four times"}
_MOST_TIMES = max(_TIMES)
_GROUPS = {"genre": GENRES, "tag": TAGS, "mood": MOODS, "emotion": EMOTIONS, "word": YOURS, "yours": YOURS}
_RANGES = frozenset({"year", "length"})

_BREAK = re.compile(r"[,;.!?\n\r()\[\]{}|:]+(?=\s|$)|[,;\n\r()\[\]{}|]+")
_BLANK = re.compile(r"\s+")
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»")
_FIELD = re.compile(r"([A-Za-z][\w-]*):(?:\"([^\"]+)\"|“([^”]+)”|([^\s,;\"]+))")
_MINUS = re.compile(r"[-−–!](?=\s*\S)")
_WORD = re.compile(r"[^\s,;\"“”„«»()\[\]{}|/\-−–+]+|[/+]|\S")
_JOINT = re.compile(r"[\s\-−–]+")
_LETTER = re.compile(r"\w")
_EDGE = ".!?:'’"


@dataclass(frozen=True, slots=True)
class Term:
    """Something that is wanted, or not: any of its meanings, counted so many `times`; `text` is as it was written."""

    text: str
    meanings: tuple[Meaning, ...]
    wanted: bool = True
    times: int = 1

    @property
    def words(self) -> str:
        """Such as "not tag piano or tag guitar"."""
        said = " or ".join(meaning.words for meaning in self.meanings)
        return ("" if self.wanted else "not ") + said + _TIMES.get(self.times, "")


@dataclass(frozen=True, slots=True)
class Unknown:
    """What was not understood, why if that is known, and what might have been meant."""

    text: str
    reason: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """Such as "paino (piano?)", "fast (not told: how fast it is; try: lively)"."""
        said = " or ".join(self.suggestions)
        if self.reason:
            return f"{self.text} ({self.reason}" + (f"; try: {said})" if said else ")")
        return f"{self.text} ({said}?)" if said else self.text


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters `start` to `end` of the text, and what came of them: `TERM`, `OVER` or `UNKNOWN`."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Wish:
    """A text, and what was understood of it."""

    text: str
    terms: tuple[Term, ...]
    unknown: tuple[Unknown, ...]
    pieces: tuple[Piece, ...]

    @property
    def passed_over(self) -> tuple[str, ...]:
        """The words that ask for nothing."""
        return tuple(self.text[piece.start : piece.end] for piece in self.pieces if piece.kind == OVER)

    @property
    def lines(self) -> tuple[str, ...]:
        """What was understood and what was not, in at most two lines."""
        told = "; ".join(f"{term.text} -> {term.words}" for term in self.terms)
        missed = "; ".join(each.words for each in self.unknown)
        return tuple(line for line in (told, f"not understood: {missed}" if missed else "") if line)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "text": self.text,
            "understood": [
                {
                    "text": term.text,
                    "wanted": term.wanted,
                    "times": term.times,
                    "as": [each.words for each in term.meanings],
                }
                for term in self.terms
            ],
            "not_understood": [
                {"text": each.text, "reason": each.reason, "suggestions": list(each.suggestions)}
                for each in self.unknown
            ],
            "passed_over": list(self.passed_over),
        }


def read_wish(text: str, lexicon: Lexicon) -> Wish:
    """What a text asks for, as far as the lexicon knows; it never raises."""
    return _Reader(text, lexicon).read()


@dataclass
class _Before:
    """What was said before a term and changes it."""

    start: int | None = None  # where that began
    turned: bool = False
    times: int = 1
    joined: bool = False  # by "or" to the term before


class _Reader:
    """One reading of one text, from left to right."""

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        self._at = 0
        self._before = _Before()
        self._all_turned = False
        self._terms: list[Term] = []
        self._unknown: list[Unknown] = []
        self._pieces: list[Piece] = []

    def read(self) -> Wish:
        while self._at < len(self._text):
            if not (self._blank() or self._stop()):
                self._step()
        self._left_over()
        return Wish(self._text, tuple(_with_years_joined(self._terms)), tuple(self._unknown), tuple(self._pieces))

    def _step(self) -> None:
        """Read one thing."""
        for attempt in (self._quoted, self._field, self._quantity, self._minus, self._phrase):
            if attempt():
                return
        self._single()

    def _blank(self) -> bool:
        inside = self._at > 0 and _LETTER.match(self._text, self._at - 1)
        match = (_JOINT if inside else _BLANK).match(self._text, self._at)
        if match and match[0].strip() and match[0] != match[0].strip():
            match = _BLANK.match(self._text, self._at)  # a dash beside a blank joins no words
        if match:
            self._at = match.end()
        return match is not None

    def _stop(self) -> bool:
        """A comma or the like: what was turned or joined is so no longer."""
        match = _BREAK.match(self._text, self._at)
        if match:
            self._left_over()
            self._all_turned = False
            self._at = match.end()
        return match is not None

    def _left_over(self) -> None:
        """A "no" or "very" that nothing follows is not understood; an "or" or "and" is passed over."""
        before, self._before = self._before, _Before()
        if before.start is None:
            return
        text = self._text[before.start : self._at].rstrip()
        self._piece(before.start, before.start + len(text), UNKNOWN)
        self._unknown.append(Unknown(text))

    def _quoted(self) -> bool:
        match = _QUOTED.match(self._text, self._at)
        if match is None:
            return False
        phrase = next(group for group in match.groups() if group)
        meaning = self._lexicon.meaning(phrase)
        if meaning is not None:
            self._term(match.end(), meaning)
        else:
            known = f"yours are: {', '.join(self._lexicon.yours)}" if self._lexicon.yours else "you have none yet"
            self._not_understood(match.end(), f"no word of yours; {known}", self._lexicon.suggestions(phrase))
        return True

    def _field(self) -> bool:
        match = _FIELD.match(self._text, self._at)
        if match is None:
            return False
        field, value = match[1].lower(), match[2] or match[3] or match[4]
        meaning = meaning_of_field(field, value, self._lexicon)
        if meaning is not None:
            self._term(match.end(), meaning)
        elif field in _GROUPS or field in self._lexicon.groups or field in _RANGES:
            alike = self._lexicon.suggestions(value, group=_GROUPS.get(field, field))
            self._not_understood(match.end(), f"there is no such {field}", alike)
        else:
            fields = ", ".join((*_GROUPS, *sorted(_RANGES), *TEXTS))
            self._not_understood(match.end(), f"'{field}:' is none of {fields}")
        return True

    def _quantity(self) -> bool:
        found = quantity_at(self._text, self._at)
        if found is None:
            return False
        self._term(found[0], self._lexicon.ranged(found[1]))
        return True

    def _minus(self) -> bool:
        match = _MINUS.match(self._text, self._at)
        if match:
            self._turn(match.end())
        return match is not None

    def _phrase(self) -> bool:
        """The longest run of words that the lexicon knows, if any."""
        for end in reversed(self._ends()):
            phrase = self._text[self._at : end]
            meaning = self._lexicon.meaning(phrase)
            if meaning is not None:
                self._term(end, meaning)
                return True
            near = self._lexicon.near(phrase)
            if near is not None:
                self._not_understood(end, f"not told: {near.what}", near.tries)
                return True
        return False

    def _ends(self) -> list[int]:
        """Where the next words end, one after the other, up to the next stop."""
        ends: list[int] = []
        at = self._at
        for _ in range(self._lexicon.longest + 1):
            match = _WORD.match(self._text, at)
            if match is None:
                break
            word = match[0].rstrip(_EDGE) or match[0]
            sign = not _LETTER.search(word)
            if not sign or not ends:
                ends.append(at + len(word))  # no phrase begins or ends with a sign, though "r & b" has one inside
            if sign and len(ends) == 1 and at == self._at:
                break
            joint = _JOINT.match(self._text, at + len(word))
            if word != match[0] or joint is None:
                break
            at = joint.end()
        return ends

    def _single(self) -> None:
        """One word: of those that turn, join and stress, of those that ask for nothing, or not understood."""
        end = self._ends()[0]
        word = self._text[self._at : end].lower()
        if word in _NOT:
            self._turn(end, all_that_follow=word in _ALL_THAT_FOLLOW)
        elif word in _VERY:
            self._open()
            self._before.times = min(self._before.times + 1, _MOST_TIMES)
            self._at = end
        elif word in _OR:
            self._join(end)
        elif word in _AND or word in _BUT or self._lexicon.passed_over(word):
            self._pass_over(end)
            self._all_turned = self._all_turned and word not in _BUT
        else:
            self._not_understood(end, "", self._lexicon.suggestions(word))

    def _open(self) -> None:
        if self._before.start is None:
            self._before.start = self._at

    def _turn(self, end: int, *, all_that_follow: bool = False) -> None:
        self._open()
        self._before.turned = True
        self._all_turned = all_that_follow
        self._at = end

    def _join(self, end: int) -> None:
        joins = bool(self._pieces) and self._before.start is None and self._pieces[-1].kind == TERM
        self._pass_over(end)
        self._before.joined = joins

    def _pass_over(self, end: int) -> None:
        if self._before.start is None:
            self._piece(self._at, end, OVER)
        self._at = end

    def _take(self, end: int) -> tuple[str, _Before]:
        """The text of what ends there, with what stood before it, and that."""
        before, self._before = self._before, _Before()
        start = self._at if before.start is None else before.start
        self._at = end
        return self._text[start:end], before

    def _term(self, end: int, meaning: Meaning) -> None:
        start = self._at if self._before.start is None else self._before.start
        text, before = self._take(end)
        self._piece(start, end, TERM)
        term = Term(text, (meaning,), wanted=not (before.turned or self._all_turned), times=before.times)
        last = self._terms[-1] if before.joined and self._terms else None
        if last is not None and (last.wanted == term.wanted or not before.turned):
            both = dict.fromkeys((*last.meanings, meaning))
            self._terms[-1] = replace(last, text=f"{last.text} or {text}", meanings=tuple(both))
        else:
            self._terms.append(term)

    def _not_understood(self, end: int, reason: str, suggestions: tuple[str, ...] = ()) -> None:
        start = self._at if self._before.start is None else self._before.start
        text, _ = self._take(end)
        self._piece(start, end, UNKNOWN)
        self._unknown.append(Unknown(text, reason, suggestions))

    def _piece(self, start: int, end: int, kind: str) -> None:
        self._pieces.append(Piece(start, end, kind))


def meaning_of_field(field: str, value: str, lexicon: Lexicon) -> Meaning | None:
    """What "tag:piano", "artist:miles" or "year:1970-79" means, by its two parts; None where it means nothing here."""
    if field in TEXTS:
        return Holds(field, value)
    if field in _RANGES:
        meant = read_range(value)
        return lexicon.ranged(meant) if meant is not None and meant.of == field else None
    group = _GROUPS.get(field, field)
    meaning = lexicon.answer(group, value)
    return meaning if isinstance(meaning, Answer) else None


def _with_years_joined(terms: list[Term]) -> Iterator[Term]:
    """The terms, with all spans of years that are wanted as one: nothing is of the 60s and of the 70s."""
    spans = [term for term in terms if term.wanted and all(_is_span(meaning) for meaning in term.meanings)]
    for term in terms:
        if term not in spans or len(spans) == 1:
            yield term
        elif term is spans[0]:
            meanings = tuple(dict.fromkeys(meaning for each in spans for meaning in each.meanings))
            yield replace(term, text=" or ".join(each.text for each in spans), meanings=meanings)


def _is_span(meaning: Meaning) -> bool:
    return isinstance(meaning, Range) and meaning.of == YEAR and meaning.low > 0 and meaning.high < 9999
