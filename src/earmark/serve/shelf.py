"""The collection, open in a thread of its own, and opened again when it was changed; routes ask it, one after another.

SQLite's connections belong to a thread, and arrays of a collection are made once. So there is one thread, and who asks
gives it a function of the `Books`.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TypeVar, cast

from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon, plain
from earmark.library.schema import database_file
from earmark.library.synonyms import read_synonyms
from earmark.library.words import words_of
from earmark.listen.bundle import Bundle
from earmark.listen.linear import LinearHead
from earmark.serve.problems import ProblemError
from earmark.teach.words import words_file

Found = TypeVar("Found")

_MOST_WAITING = 64
_LONGEST_ID = 20
_LOOK_AGAIN_S = 2.0
_OPEN_AGAIN_S = 20.0  # at the soonest, while an indexer writes all the time

Facts = tuple[tuple[int, int], ...]


class Books:
    """A collection that is open, with what phrases mean to it and the user's own words.

    Attributes
    ----------
    collection:
        What it is.
    bundle:
        That of the server; it need not be the one that heard the collection.
    """

    def __init__(self, collection: Collection, bundle: Bundle) -> None:
        self.collection = collection
        self.bundle = bundle
        self._kept: dict[str, tuple[object, object]] = {}
        self._words_at: Facts | None = None
        self._words: tuple[tuple[LinearHead, ...], Lexicon, Judge] | None = None

    @property
    def yours(self) -> tuple[LinearHead, ...]:
        """The words of the user."""
        return self._worded()[0]

    @property
    def lexicon(self) -> Lexicon:
        """What phrases mean."""
        return self._worded()[1]

    @property
    def judge(self) -> Judge:
        """What holds meanings against entries."""
        return self._worded()[2]

    @cached_property
    def texts(self) -> list[str]:
        """Of each entry title, artist, album and path as they are searched, in the order of rows."""
        return [
            plain(f"{entry.title} {entry.artist} {entry.tags.get('album') or ''} {Path(entry.path).name}")
            for entry in self.collection.entries
        ]

    def kept(self, name: str, key: object, make: Callable[[], Found]) -> Found:
        """Something that is made of the collection and kept under a name, and made again where the key is another."""
        before, found = self._kept.get(name, (None, None))
        if name not in self._kept or before != key:
            found = make()
            self._kept[name] = (key, found)
        return cast(Found, found)

    def row(self, track: str) -> int:
        """The row of an id; a problem with status 404 where there is none."""
        found = row_of_text(self.collection, track)
        if found is None:
            raise ProblemError(404, f"The collection has no track {track[:40]!r}.", "Ask /api/tracks for its tracks.")
        return found

    def rows_that_say(self, words: Sequence[str]) -> list[int]:
        """The rows in whose texts all of some plain words are."""
        return [row for row, said in enumerate(self.texts) if all(word in said for word in words)]

    def check_bundle(self) -> None:
        """CollectionError where what is heard now cannot be compared with the collection."""
        here, there = self.bundle.info, self.collection
        if here.sha256 != there.sha256:
            raise CollectionError(
                f"The collection was heard by {there.model}, and {here.model} would hear otherwise.",
                hint="Start the server with the bundle that heard it (--model), or say: earmark index --rehear.",
            )

    def _worded(self) -> tuple[tuple[LinearHead, ...], Lexicon, Judge]:
        now = _facts(words_file())
        if self._words is None or now != self._words_at:
            yours = words_of(self.collection)
            lexicon = Lexicon(self.collection.names, [word.name for word in yours], read_synonyms(None))
            self._words, self._words_at = (yours, lexicon, Judge(self.collection, yours)), now
        return self._words


def row_of_text(collection: Collection, name: str) -> int | None:
    """The row of an entry by its id as a text; None where it is no id or there is none."""
    if name.isascii() and name.isdigit() and len(name) < _LONGEST_ID:
        with contextlib.suppress(KeyError):
            return collection.row_of_id(int(name))
    return None


class Shelf:
    """Where the collection stands.

    Parameters
    ----------
    db:
        Its file, the user's own by default.
    bundle:
        That of the server.
    """

    def __init__(self, db: Path | None, bundle: Bundle) -> None:
        self.db = database_file() if db is None else db
        self._bundle = bundle
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="collection")
        self._waiting = 0
        self._books: Books | None = None
        self._opened: tuple[Facts, float] = ((), 0.0)
        self._looked_s = 0.0

    async def ask(self, question: Callable[[Books], Found]) -> Found:
        """What a function finds in the books.

        Raises
        ------
        CollectionError
            There is no collection, or it cannot be read.
        ProblemError
            With status 429 where too many ask at once; and whatever the function raises.
        """
        if self._waiting >= _MOST_WAITING:
            raise ProblemError(429, "Too many ask for the collection at once.", "Try again soon.", retry_after_s=1)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: question(self._open()))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """Let the file go."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    @property
    def state(self) -> Facts:
        """What is known of the file: it is another one where this differs."""
        return _facts(self.db, self.db.with_name(f"{self.db.name}-wal"))

    @property
    def worded_state(self) -> tuple[Facts, Facts]:
        """What is known of the file and of the user's words."""
        return self.state, _facts(words_file())

    def _open(self) -> Books:
        now_s = time.monotonic()
        if self._books is not None and now_s - self._looked_s < _LOOK_AGAIN_S:
            return self._books
        self._looked_s = now_s
        facts = self.state
        before, opened_s = self._opened
        if self._books is not None and (facts == before or (before and now_s - opened_s < _OPEN_AGAIN_S)):
            return self._books
        self._close()
        self._books = Books(Collection.open(self.db), self._bundle)
        self._opened = (self.state, now_s)
        return self._books

    def _close(self) -> None:
        if self._books is not None:
            self._books.collection.close()
            self._books = None


def _facts(*files: Path) -> Facts:
    """Size and time of change of files; zeros for one that is not there."""
    found = []
    for file in files:
        try:
            facts = file.stat()
            found.append((facts.st_size, facts.st_mtime_ns))
        except OSError:
            found.append((0, 0))
    return tuple(found)
