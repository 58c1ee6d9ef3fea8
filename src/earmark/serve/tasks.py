"""What a worker process does: each task is a value that crosses to it, and is called with what the worker has.

A task may `tell` what it has so far, an event by its name and a value; what it gives is its result.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from earmark.library.entry import Heard
from earmark.listen.atlas import read_atlas
from earmark.listen.linear import LinearHead
from earmark.listen.listener import Listener
from earmark.serve.ear import Ear, Sketch, opened_as
from earmark.serve.pictures import Picture, picture_of
from earmark.teach.cache import Example
from earmark.teach.words import read_words

Tell = Callable[[str, Any], None]

COVER_PIXELS = 240  # of an upload's picture, of which no other size is kept
_TELL_EVERY_S = 2.0  # of sound


class Task(Protocol):
    """Something that a worker can do."""

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        """Do it."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A track that was heard for a client.

    Attributes
    ----------
    name:
        What the client calls it.
    heard, sketch:
        What was heard, and how it looks.
    yours:
        How probable a user's words are, by name.
    without:
        What is left without the decisive seconds, as `listen.explanation` says it; None where that was not asked for.
    cover:
        The picture among its tags, made small; None where there is none.
    """

    name: str
    heard: Heard
    sketch: Sketch
    yours: dict[str, float] = field(default_factory=dict)
    without: dict[str, Any] | None = None
    cover: Picture | None = None


@dataclass(frozen=True)
class Hear:
    """Hear a file; with `explain` once more without the seconds that decided, and what was heard is told before."""

    path: str
    name: str
    explain: bool = False

    def __call__(self, ear: Ear, tell: Tell) -> Shown:
        """The track."""
        words = read_words(ear.bundle.info.sha256)
        with opened_as(self.path, self.name) as file:
            heard, sketch = ear.show(file, words=words, progress=_now_and_then(tell))
            cover = picture_of(self.path, COVER_PIXELS)
            shown_track = Shown(self.name, heard, sketch, _yours(words, heard.numbers), cover=cover)
            if not self.explain:
                return shown_track
            tell("heard", shown_track)
            without = _without(ear, file, words)
        return replace(shown_track, without=without)


@dataclass(frozen=True)
class Draw:
    """How a file looks, without hearing it."""

    path: str
    name: str

    def __call__(self, ear: Ear, tell: Tell) -> Sketch:
        """The sketch."""
        with opened_as(self.path, self.name) as file:
            return ear.sketch(file)


@dataclass(frozen=True)
class Cover:
    """The picture among a file's tags, made no larger than `size` pixels where that is named.

    Gives its content and kind; None where it has none that can be shown.
    """

    path: str
    size: int | None = None

    def __call__(self, ear: Ear, tell: Tell) -> Picture | None:
        """The picture."""
        return picture_of(self.path, self.size)


@dataclass(frozen=True, eq=False)
class Learn:
    """Learn a word of a user's, from what was heard before; how many numbers are examples' `own` is found here."""

    word: str
    examples: Sequence[Example]
    counter: Sequence[Example]

    def __call__(self, ear: Ear, tell: Tell) -> LinearHead:
        """The word; DataError where it cannot be learned."""
        from earmark.listen.background import read_background
        from earmark.teach.learn import learn

        background = read_background(ear.bundle)
        wanted, others = ([replace(each, own=ear.own) for each in those] for those in (self.examples, self.counter))
        return learn(self.word, wanted, others, background, network=ear.bundle.info.sha256)


OF_STRANGERS = (Hear, Draw, Cover)  # whose files may be anything: what goes wrong with them is told of the file


def probabilities(words: Sequence[LinearHead], numbers: NDArray[np.float32]) -> dict[str, float]:
    """How probable words are of a track whose numbers, (numbers,), these are."""
    return _yours(words, numbers)


def _yours(words: Sequence[LinearHead], numbers: NDArray[np.float32]) -> dict[str, float]:
    fitting = [word for word in words if len(word.layer.weights) == len(numbers)]
    return {
        word.name: round(float(word.probabilities(word.layer.scores(numbers[np.newaxis]))[0, 0]), 4) for word in fitting
    }


def _now_and_then(tell: Tell) -> Callable[[float], None]:
    told_s = [0.0]

    def progress(seconds: float) -> None:
        if seconds - told_s[0] >= _TELL_EVERY_S:
            told_s[0] = seconds
            tell("progress", {"heard_s": round(seconds, 1)})

    return progress


def _without(ear: Ear, file: Any, words: Sequence[LinearHead]) -> dict[str, Any]:
    from earmark.listen.explanation import explain

    file.seek(0)
    found = explain(Listener(ear.bundle, words=words), file, atlas=read_atlas(ear.bundle))
    left = replace(found.track, **{
        name: getattr(found.without, name)
        for name in ("genres", "genre_set", "cannot_tell", "outside", "none_of_these")
    })  # fmt: skip
    return {
        "answer": found.without.to_dict(),
        "words": left.words,
        "sentence": f"Without these seconds it would be {left.words}.",
        "change": found.change,
        "without_random": found.without_random,
        "neighbours": [each.to_dict() for each in found.neighbours],
    }
