"""What an engine is: it looks into files, hears those whose sound the collection does not have, and says what it found.

Which files, and what becomes of the answers, is not its business; nor does it write into the collection.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from earmark.errors import EarmarkError
from earmark.library.packing import PackedHeard


@dataclass(frozen=True)
class Look:
    """A file looked into: fields as in `entry.Entry`, as they were before it was heard."""

    path: str
    size: int
    mtime_ns: int
    sound_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Heard:
    """It was heard."""

    look: Look
    heard: PackedHeard


@dataclass(frozen=True)
class Silent:
    """There is nothing but silence in it."""

    look: Look


@dataclass(frozen=True)
class Known:
    """The collection has its sound, under its own or another path."""

    look: Look


@dataclass(frozen=True)
class Waits:
    """Its sound is being heard under another path right now: ask again."""

    path: str


@dataclass(frozen=True)
class Failed:
    """It could not be heard, for this reason; `look` is None where it could not be looked into either."""

    path: str
    reason: str
    look: Look | None = None


# An error is what ends the whole run, such as a bundle that is broken.
Answer = Heard | Silent | Known | Waits | Failed | EarmarkError


def path_of(answer: Heard | Silent | Known | Waits | Failed) -> str:
    """The file that an answer is about."""
    return answer.path if isinstance(answer, Waits | Failed) else answer.look.path


class Engine(Protocol):
    """Where hearing runs: the processes of this machine, or those of many."""

    def hear(self, paths: Sequence[str]) -> Iterator[Answer]:
        """An answer for each file, in any order, each as soon as it is there; closing it ends the work at once."""
