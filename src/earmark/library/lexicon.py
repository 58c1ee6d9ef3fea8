"""The phrases that a wish may be made of, and what they mean to the network of a collection.

A phrase is known without its capitals, accents and signs: "Hip-Hop" is "hip hop". What the network does not tell has no
phrase, so that nothing is understood that could not be answered.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from earmark.library.meanings import OF_GROUP, YOURS, Answer, Meaning, Part, Range
from earmark.library.names import EMOTIONS, GENRES, MOODS, TAGS, Names
from earmark.library.quantities import read_part, read_range
from earmark.library.synonyms import Near, Synonyms
from earmark.mood import BRIGHT, LIVELY, MELANCHOLIC, QUADRANTS, SERENE, TENSE
from earmark.track import NONE

SIDES: Mapping[str, tuple[str, ...]] = {
    "lively": LIVELY,
    "calm": (MELANCHOLIC, SERENE),
    "bright": BRIGHT,
    "dark": (TENSE, MELANCHOLIC),
}
ORDER = (GENRES, "voice", TAGS, MOODS, EMOTIONS)  # of the groups in which a phrase is looked for; other heads come last
OPPOSITE = {"calm": "lively", "lively": "calm", "bright": "dark", "dark": "bright"}
_SUGGESTED = 3
_ALIKE = 0.72
_SIGNS = re.compile(r"[\W_]+")


def plain(phrase: str) -> str:
    """A phrase as it is looked up: small letters and digits, a blank between words."""
    decomposed = unicodedata.normalize("NFKD", phrase.casefold())
    return _SIGNS.sub(" ", "".join(each for each in decomposed if not unicodedata.combining(each))).strip()


def answers_of(names: Names) -> dict[str, tuple[str, ...]]:
    """What a network can be asked for, by group in their order; beside the quadrants stand the sides of their plane."""
    moods = tuple(name for name in (*QUADRANTS, *SIDES) if set(SIDES.get(name, (name,))) <= set(names.quadrants))
    groups = {GENRES: tuple(name for name in names.genres if name != NONE), TAGS: names.tags, MOODS: moods}
    groups |= {EMOTIONS: names.emotions, **names.heads}
    order = [*(group for group in ORDER if group in groups), *(group for group in groups if group not in ORDER)]
    return {group: groups[group] for group in order}


class Lexicon:
    """Phrases and their meanings.

    Parameters
    ----------
    names:
        What the network tells.
    yours:
        The user's own words for that network; a phrase that is one of them means it and nothing else.
    synonyms:
        Files of synonyms, that which counts first first.
    """

    def __init__(self, names: Names, yours: Sequence[str], synonyms: Sequence[Synonyms]) -> None:
        self.groups = answers_of(names)
        self.yours = tuple(yours)
        self._meanings: dict[str, Meaning] = {plain(word): Answer(YOURS, word) for word in yours}
        self._near: dict[str, Near] = {}
        self._comparatives: dict[str, str] = {}
        self._passed_over: set[str] = set()
        for file in synonyms:
            self._add(self._of_file(file))
            self._near = {plain(phrase): near for phrase, near in file.near.items()} | self._near
            more = {plain(phrase): answer for answer, phrases in file.more.items() for phrase in phrases}
            self._comparatives = more | self._comparatives
            self._passed_over |= {plain(word) for word in file.passed_over}
        self._add((plain(name), Answer(group, name)) for group, names_ in self.groups.items() for name in names_)
        self.longest = max(len(phrase.split()) for phrase in (*self._meanings, *self._near, "a"))
        self.unknown = tuple(self._unknown(synonyms[:-1]))

    def meaning(self, phrase: str) -> Meaning | None:
        """What a phrase means, in the singular if need be; None where it means nothing here."""
        known = plain(phrase)
        return self._meanings.get(known) or (self._meanings.get(known[:-1]) if known.endswith("s") else None)

    def answer(self, group: str, phrase: str) -> Answer | None:
        """The answer of a group that a phrase names, by its own name or a synonym of it; None where there is none."""
        known = plain(phrase)
        for name in self.yours if group == YOURS else self.groups.get(group, ()):
            if plain(name) in (known, known.removesuffix("s")):
                return Answer(group, name)
        meaning = self.meaning(phrase)
        return meaning if isinstance(meaning, Answer) and meaning.group == group else None

    def ranged(self, meant: Range) -> Range:
        """A range, with the tag of its decade where the network tells it."""
        return replace(meant, tag=meant.decade) if meant.decade in self.groups[TAGS] else meant

    def near(self, phrase: str) -> Near | None:
        """What is not told, and what is nearest to it; None where the phrase is none of those."""
        return self._near.get(plain(phrase))

    def passed_over(self, word: str) -> bool:
        """Whether a word asks for nothing."""
        return plain(word) in self._passed_over

    def comparative(self, phrase: str) -> tuple[int, Answer | Part] | None:
        """+1 or -1, and what there is to be more or less of: of "calmer", "more piano", "less vocals", "louder"."""
        known = plain(phrase)
        named = self._comparatives.get(known)
        if named is None:
            first, _, rest = known.partition(" ")
            sign = {"more": 1, "less": -1, "fewer": -1}.get(first)
            meaning = self.meaning(rest) if sign and rest else None
        else:
            sign, meaning = (-1, self.meaning(named[1:])) if named.startswith("-") else (1, self.meaning(named))
        if sign is None or not isinstance(meaning, Answer | Part):
            return None
        return sign, meaning

    def suggestions(self, phrase: str, *, group: str = "") -> tuple[str, ...]:
        """Phrases that are spelt alike, of one group or of all, the likest first; mostly none."""
        known = [each for each, meant in self._meanings.items() if not group or getattr(meant, "group", "") == group]
        alike = difflib.get_close_matches(plain(phrase), known, 2 * _SUGGESTED, _ALIKE)
        first = {self._meanings[each]: each for each in reversed(alike)}  # one phrase a meaning, the likest
        return tuple(each for each in alike if each in first.values())[:_SUGGESTED]

    def _add(self, meanings: "Iterator[tuple[str, Meaning]]") -> None:
        for phrase, meaning in meanings:
            if phrase:
                self._meanings.setdefault(phrase, meaning)

    def _of_file(self, file: Synonyms) -> "Iterator[tuple[str, Meaning]]":
        groups = [*self.groups, *(group for group in file.answers if group not in self.groups)]
        for group in groups:
            known = self.groups.get(group, ())
            for name, phrases in file.answers.get(group, {}).items():
                if name in known:
                    yield from ((plain(phrase), Answer(group, name)) for phrase in (name, *phrases))
        for table in (file.years, file.lengths):
            for said, phrases in table.items():
                meant = read_range(said)
                if meant is not None:
                    yield from ((plain(phrase), self.ranged(meant)) for phrase in phrases)
        names = {plain(name) for named in self.groups.values() for name in named}  # a tag may be called "loud"
        for said, phrases in file.loudness.items():
            part = read_part(said)
            if part is not None:
                yield from ((plain(phrase), part) for phrase in phrases if plain(phrase) not in names)

    def _unknown(self, own: Sequence[Synonyms]) -> Iterator[str]:
        """What files of a user's name and the network does not tell, each a sentence."""
        for file in own:
            for group, table in file.answers.items():
                for name in table:
                    if name not in self.groups.get(group, ()):
                        kind = OF_GROUP.get(group, group)
                        yield f"{file.source.name}: there is no {kind} '{name}' that this network tells."
            for said in (*file.years, *file.lengths):
                if read_range(said) is None:
                    yield f"{file.source.name}: '{said}' is no range of years or lengths, such as 1970-1979 or -2:30."
            for said in file.loudness:
                if read_part(said) is None:
                    yield f"{file.source.name}: '{said}' is no part of a collection, such as loudest third."
