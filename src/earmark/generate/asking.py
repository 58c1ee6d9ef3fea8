"""What a piece is to be: read as expressions over a collection, and where in its space that lies."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError, WishError
from earmark.library.arithmetic import Expression, Operand, Solution, Space, read_expression
from earmark.library.collection import Collection
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import OF_GROUP, Answer
from earmark.library.names import GENRES, MOODS
from earmark.library.songs import Songs
from earmark.sound.identity import sound_id

SHORTEST_S = 5.0
_FEWEST = 2  # tracks


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: one of genre, like, blend, start and end, or a mood alone; a mood may go with the first three.

    Attributes
    ----------
    genre, mood:
        Names that the collection's network tells.
    like, start, end:
        Songs, by file or title.
    blend:
        An expression, such as "blues - country + pop".
    seconds:
        How long it is to be.
    temperature:
        How much chance has a say, 0 for none.
    seed:
        The same makes the same.
    """

    genre: str = ""
    mood: str = ""
    like: str = ""
    start: str = ""
    end: str = ""
    blend: str = ""
    seconds: float = 60.0
    temperature: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Place:
    """Where something that was asked for lies.

    Attributes
    ----------
    words:
        How it was understood.
    target:
        (d,) unit vector, seen from the collection's mean.
    row:
        Of the song that it is and nothing else, where that is in the collection.
    answer:
        The one genre that was asked for by name, where no song and no other genre is in it.
    answers:
        All that was asked for by name with a plus.
    songs:
        Those that were, each as it was called and its row, None where it is not in the collection.
    without:
        Rows of songs that it is compared with, which have no part in it.
    allowed:
        (n,) which entries meet its conditions, such as "but calmer".
    notes:
        What a person should know.
    """

    words: str
    target: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    row: int | None = None
    answer: Answer | None = None
    answers: tuple[Answer, ...] = ()
    songs: tuple[tuple[str, int | None], ...] = ()
    without: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Ground:
    """A collection, and what reads texts about it."""

    collection: Collection
    lexicon: Lexicon
    songs: Songs
    judge: Judge
    space: Space = field(init=False)

    def __post_init__(self) -> None:
        if len(self.collection) < _FEWEST:
            raise GenerateError("A collection of one track is too little.", hint="Index more: earmark index FOLDER.")
        object.__setattr__(self, "space", Space(self.collection.vectors, self.judge))

    def places(self, ask: Ask) -> tuple[Place, Place]:
        """Where a piece begins and where it ends; the same place where it stays.

        Raises
        ------
        WishError
            A genre, mood or song is not known, an expression cannot be read or comes to nothing, or nothing is asked.
        GenerateError
            It is too short.
        """
        if ask.seconds < SHORTEST_S:
            raise GenerateError(
                f"{ask.seconds:g} seconds are too short for a piece.", hint=f"Ask for {SHORTEST_S:g} or more."
            )
        if ask.start or ask.end:
            return self._between(ask)
        here = self._place(self._expression(ask))
        return here, here

    def named_genre(self, name: str) -> Answer:
        """A genre of the network's; WishError where it tells none of that name."""
        return self._named(GENRES, name)

    def _between(self, ask: Ask) -> tuple[Place, Place]:
        if not (ask.start and ask.end):
            raise WishError("A path needs a start and an end.", hint="Name both --from and --to.")
        first, last = (
            self._place(read_expression(text, self.lexicon, self.songs), itself=True) for text in (ask.start, ask.end)
        )
        if first.row is not None and first.row == last.row:
            raise WishError("The path begins and ends with the same song.", hint="Name another one with --to.")
        return first, last

    def _expression(self, ask: Ask) -> Expression:
        operands: tuple[Operand, ...] = ()
        read = None
        if ask.like or ask.blend:
            read = read_expression(ask.like or ask.blend, self.lexicon, self.songs)
            operands = read.operands
        operands += tuple(
            Operand(1, name, answer=self._named(group, name))
            for group, name in ((GENRES, ask.genre), (MOODS, ask.mood))
            if name
        )
        if not operands:
            raise WishError("Nothing is asked for.", hint="Give --genre, --mood, --like, --blend, or --from and --to.")
        text = " + ".join(part for part in (ask.like or ask.blend, ask.genre, ask.mood) if part)
        return Expression(text, operands, read.clauses if read else (), read.notes if read else ())

    def _named(self, group: str, name: str) -> Answer:
        found = self.lexicon.answer(group, name)
        if found is None:
            known = ", ".join(self.lexicon.groups[group])
            hint = f"There are: {known}." if known else "The collection's network tells none."
            raise WishError(f"There is no {OF_GROUP[group]} '{name}' that this network tells.", hint=hint)
        return found

    def _solved(self, expression: Expression) -> Solution:
        """What an expression comes to; of one answer that all tracks are alike, where the first of these lies."""
        try:
            return self.space.solve(expression)
        except WishError:
            alone = expression.operands[0].answer if len(expression.operands) == 1 and not expression.clauses else None
            if alone is None or expression.operands[0].sign < 0:
                raise
            row = int(np.nan_to_num(self.judge.share(alone)).argmax())
            target = np.asarray(self.space.directions[row], np.float64)
            note = f"All tracks are {alone.words} as much as each other, so the first one leads."
            return Solution(target, self.space.directions @ target, np.ones(len(self.collection), np.bool_), (note,))

    def _place(self, expression: Expression, *, itself: bool = False) -> Place:
        solved = self._solved(expression)
        songs = [(each, self._row(each)) for each in expression.operands if each.song is not None]
        wanted = [operand for operand in expression.operands if operand.sign > 0]
        genres = [each for each in expression.operands if each.answer and each.answer.group == GENRES]
        alone = len(genres) == 1 and genres[0].sign > 0 and not songs
        return Place(
            words=expression.words,
            target=solved.target,
            allowed=solved.allowed,
            row=songs[0][1] if expression.song is not None else None,
            answer=genres[0].answer if alone else None,
            answers=tuple(each.answer for each in wanted if each.answer is not None),
            songs=tuple((each.text, row) for each, row in songs if each.sign > 0),
            without=() if itself else tuple(row for _, row in songs if row is not None),
            notes=solved.notes,
        )

    def _row(self, operand: Operand) -> int | None:
        """The row of a song that was named; of a file beside the collection that of an entry with the same sound."""
        assert operand.song is not None
        if operand.song.row is not None:
            return operand.song.row
        sound = sound_id(file_called(operand.text))
        return next((row for row, each in enumerate(self.collection.sound_ids) if each == sound), None)


def file_called(text: str) -> str:
    """The path of a file that a person named and that is no entry."""
    try:
        return os.fspath(Path(text.strip()).expanduser())
    except RuntimeError:  # "~nobody" has no home
        return text.strip()
