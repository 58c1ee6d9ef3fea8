"""What clients ask the collection in words, without a text of theirs ever being taken for the path of a file.

A song is named by its id, "#17", or by a title that only one entry has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import WishError
from earmark.library.arithmetic import Space
from earmark.library.entry import Heard
from earmark.library.lexicon import plain
from earmark.library.meanings import OF_GROUP, YOURS
from earmark.library.playlist import Maker
from earmark.library.queries import Query
from earmark.library.rules import Rule, read_rule, read_rules
from earmark.library.songs import Song, Songs
from earmark.serve.problems import ProblemError
from earmark.serve.shelf import Books, row_of_text
from earmark.serve.tasks import Shown

ID = "#"
_OPERAND = r"+-−–"


class KnownSongs(Songs):
    """Finds songs of the collection by their ids and titles, and nothing else."""

    def __init__(self, books: Books) -> None:
        super().__init__(books.collection, books.judge, books.yours, _never)
        self._books = books

    def find(self, text: str) -> Song | None:
        """The song that a text names; None where it names none; WishError where several entries have that title."""
        bare = text.strip()
        if bare.startswith(ID) and bare[1:].isascii() and bare[1:].isdigit():
            row = row_of_text(self._books.collection, bare[1:])
            if row is None:
                raise WishError(f"The collection has no track {bare[:40]}.", hint="Name one by its title.")
        else:
            row = self._titled(bare) if plain(bare) else None
        if row is None:
            return None
        collection = self._books.collection
        entry = collection.entries[row]
        return Song(entry.title, row, collection.vectors[row], self._books.judge, row)


def _never(path: Path) -> Heard:
    raise AssertionError(path)


def songs_of(books: Books) -> KnownSongs:
    """What finds songs in books: made once, as its list of titles takes seconds for a hundred thousand."""
    return books.kept("songs", None, lambda: KnownSongs(books))


def space_of(books: Books) -> Space:
    """The collection as expressions see it: made once, and again for other words."""
    return books.kept("space", books.judge, lambda: Space(books.collection.vectors, books.judge))


def maker_of(books: Books, never: Sequence[str]) -> Maker:
    """What makes lists, without what the user's own rules and those of a client keep out; the last one is kept."""
    rules = rules_of(books, never)

    def make() -> Maker:
        return Maker(books.collection, books.judge, books.lexicon, songs_of(books), rules)

    return books.kept("maker", (books.judge, rules), make)


def rules_of(books: Books, never: Sequence[str]) -> tuple[Rule, ...]:
    """The user's own rules, and those of a client, which are rules and never files of rules."""
    return (*read_rules((), books.lexicon), *(read_rule(text, books.lexicon) for text in never))


def query_of(books: Books, track: str, upload: Shown | None) -> Query:
    """What is searched for: an entry by its id, or an upload that was heard by the network of the collection."""
    if upload is None:
        return Query.of_row(books.collection, books.row(track))
    books.check_bundle()
    return Query.of_heard(_entry_of(upload.name, upload.heard), upload.heard)


def _entry_of(name: str, heard: Heard) -> Any:
    from earmark.library.entry import Entry

    track = heard.track
    return Entry(0, name, 0, 0, "", {}, track.duration_s, heard.kind, heard.share, track.model)


@dataclass(frozen=True)
class Completion:
    """What the last operand of an expression could become: replace all from `start` on by `insert`."""

    text: str
    kind: str
    insert: str
    start: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"text": self.text, "kind": self.kind, "insert": self.insert, "from": self.start}


def completions(books: Books, text: str, count: int) -> list[Completion]:
    """What the last operand of a text could become: words that are told first, then titles of songs."""
    signs = max((text.rfind(f" {sign} ") + 3 for sign in _OPERAND if f" {sign} " in text), default=0)
    start = signs + len(text[signs:]) - len(text[signs:].lstrip(" +-"))
    begun = plain(text[start:])
    if not begun:
        return []
    found = [Completion(name, kind, name, start) for kind, name in _names(books) if _begins(plain(name), begun)]
    found.sort(key=lambda each: (not plain(each.text).startswith(begun), len(each.text)))
    return [*found[:count], *_songs(books, begun, start, count - len(found[:count]))]


def _names(books: Books) -> Iterator[tuple[str, str]]:
    yield from ((YOURS, word) for word in books.lexicon.yours)
    seen = set(books.lexicon.yours)
    for group, names in books.lexicon.groups.items():
        for name in names:
            if name not in seen:  # a phrase that is in several groups means what comes first
                seen.add(name)
                yield OF_GROUP.get(group, group), name


def _begins(name: str, begun: str) -> bool:
    return name.startswith(begun) or f" {begun}" in f" {name}"


def _songs(books: Books, begun: str, start: int, count: int) -> Iterator[Completion]:
    if count <= 0 or len(begun) < 2:
        return
    for row, said in enumerate(books.texts):
        if _begins(said, begun):
            entry = books.collection.entries[row]
            name = " – ".join(part for part in (entry.artist, entry.title) if part)
            yield Completion(name, "song", f"{ID}{entry.id}", start)
            count -= 1
            if not count:
                return


def nothing_left(books: Books, query: Query) -> ProblemError:
    """What to say where no track is left to be like another."""
    alone = len(books.collection) == 1 and query.row is not None
    what = "The song is the only track of the collection." if alone else "No other track is left to be like it."
    hint = "Index more: earmark index FOLDER." if alone else "Ask for less, or with all_kinds=true and versions=true."
    return ProblemError(404, what, hint)
