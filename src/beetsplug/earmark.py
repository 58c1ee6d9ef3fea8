"""beets' plugin `earmark`: what earmark hears of a library's tracks, as attributes, queries and a ranking by likeness.

Tracks are heard into earmark's collection, once and shared with its other verbs; what was heard is kept as flexible
attributes of beets' own database. Files are written by beets alone, and only where a person asks for it.
https://docs.beets.io/en/stable/dev/plugins/
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from beets import ui, util
from beets.dbcore import types
from beets.dbcore.query import FieldQuery, PathQuery
from beets.exceptions import UserError
from beets.library import Item, Library
from beets.plugins import BeetsPlugin

from earmark.errors import CollectionError, EarmarkError, NoCollectionError
from earmark.library.attributes import BY_TAGS, LISTS, NUMBERS, PREFIX, TEXTS, VOICE

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.library.similar import Match
    from earmark.track import Track

SIMILARITY = "earmark_similarity"
WROTE = "earmark_wrote"  # which fields without our prefix are ours: --remove takes these away


def _shared_types() -> dict[str, types.Type[Any, Any]]:
    """The types of AcousticBrainz's names: beets wants the very same ones where that plugin is on, too."""
    own: dict[str, types.Type[Any, Any]] = {VOICE: types.STRING, **dict.fromkeys(BY_TAGS, types.Float(6))}
    try:
        from beetsplug.acousticbrainz import AcousticPlugin
    except ImportError:  # it is deprecated, and may go
        return own
    return {name: AcousticPlugin.item_types.get(name, kind) for name, kind in own.items()}


class Earmark(BeetsPlugin):
    """The plugin; see docs/beets.md."""

    item_types: ClassVar[dict[str, types.Type[Any, Any]]] = {
        **dict.fromkeys(TEXTS, types.STRING),
        **dict.fromkeys((*LISTS, WROTE), types.SEMICOLON_SPACE_DSV),
        **dict.fromkeys(NUMBERS, types.Float(3)),
        **_shared_types(),
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add(
            {
                "auto": False,
                "db": "",
                "model": "",
                "jobs": 0,
                "min_confidence": 0.5,
                "genres": False,
                "acousticbrainz": True,
                "count": 20,
                "per_artist": 1,
            }
        )
        self._near: dict[bytes, float] = {}
        self._imported: list[Item] = []
        self.item_queries = {"similar": self._query()}
        self.template_fields[SIMILARITY] = lambda item: self._near.get(item.path)
        if self.config["auto"].get(bool):
            self.register_listener("item_imported", self._on_item)
            self.register_listener("album_imported", self._on_album)
            self.register_listener("import", self._on_import)

    def commands(self) -> list[ui.Subcommand]:
        """`beet earmark`."""
        command = ui.Subcommand("earmark", help="hear genres and moods, and find what sounds alike")
        add = command.parser.add_option
        add("-f", "--force", action="store_true", help="hear again what was heard")
        add("-g", "--genres", action="store_true", default=None, help="fill the field genres where it is empty")
        add("-o", "--overwrite", action="store_true", help="with --genres: also where it is not empty")
        add("-w", "--write", action="store_true", help="with --genres: write the files' tags, too")
        add("-s", "--similar", action="store_true", help="rank the library by likeness to what is named; hear nothing")
        add("-n", "--count", type="int", help="with --similar: how many at most")
        add("--remove", action="store_true", help="remove all of earmark's attributes from beets; hear nothing")
        command.func = self._run
        return [command]

    def _run(self, lib: Library, opts: Any, args: list[str]) -> None:
        with _errors():
            if opts.remove:
                self._remove(list(lib.items(args)))
            elif opts.similar:
                self._rank(lib, args, opts.count or self.config["count"].get(int))
            else:
                genres = self.config["genres"].get(bool) if opts.genres is None else opts.genres
                items = list(lib.items(args))
                self._hear(lib, items, again=opts.force)
                self._tell(items, genres=genres, overwrite=opts.overwrite, write=opts.write)

    # Hearing, and what becomes of it

    def _hear(self, lib: Library, items: Sequence[Item], *, again: bool = False) -> None:
        """Into the collection what is not in it, or all."""
        if not items:
            return
        from earmark.library.indexing import Indexer, Options
        from earmark.library.store import Store
        from earmark.listen.bundle import load_bundle

        model = self.config["model"].as_str()
        options = Options(jobs=self.config["jobs"].get(int) or None, again=again)
        with Store(self._db) as store:
            report = Indexer(store, load_bundle(Path(model) if model else None), options).index(
                [os.fsdecode(item.path) for item in items],
                named=[os.fsdecode(lib.directory)],
                on_failure=lambda path, reason: self._log.warning("{}", reason),
            )
        known = report.present - report.heard
        self._log.info("{} heard, {} known before, {} failed", report.heard, known, len(report.failed))

    def _tell(self, items: Sequence[Item], *, genres: bool, overwrite: bool, write: bool) -> None:
        """What the collection has of items, as their attributes."""
        from earmark.library.attributes import attributes_of
        from earmark.library.tags.told import Wish

        wish = Wish(min_confidence=self.config["min_confidence"].as_number())
        with self._collection() as collection:
            for item in items:
                row = None if collection is None else collection.row_of(os.fsdecode(item.path))
                if collection is None or row is None:
                    continue
                entry = collection.entries[row]
                track = collection.track(entry.id)
                told = attributes_of(track, entry, wish)
                _put(item, told, self._of_others(item, track))
                found = told.get("earmark_genres")
                filled = genres and isinstance(found, list) and (overwrite or not item.genres)
                if filled:
                    item.genres = found
                item.store()
                if filled and write:
                    item.try_write()

    def _of_others(self, item: Item, track: "Track") -> dict[str, Any]:
        """Fields that are not called after earmark, as far as they are empty or were earmark's before."""
        from earmark.library.attributes import like_acousticbrainz

        if not self.config["acousticbrainz"].get(bool):
            return {}
        ours = item.get(WROTE) or []
        return {name: value for name, value in like_acousticbrainz(track).items() if name in ours or name not in item}

    def _remove(self, items: Sequence[Item]) -> None:
        count = 0
        for item in items:
            if names := _ours(item):
                _take(item, names)
                item.store()
                count += 1
        self._log.info("{} tracks have no attributes of earmark's any more", count)

    # While music is imported

    def _on_item(self, lib: Library, item: Item) -> None:
        self._imported.append(item)

    def _on_album(self, lib: Library, album: Any) -> None:
        self._imported += list(album.items())

    def _on_import(self, lib: Library, paths: Sequence[bytes]) -> None:
        """At the end, all at once: the files are in their places then."""
        items, self._imported = self._imported, []
        try:
            self._hear(lib, items)
            self._tell(items, genres=self.config["genres"].get(bool), overwrite=False, write=ui.should_write())
        except EarmarkError as error:  # the music is imported, whatever comes of hearing it
            self._log.warning("{}", error)

    # What sounds alike

    def _rank(self, lib: Library, args: Sequence[str], count: int) -> None:
        with self._collection() as collection:
            for item in lib.items(list(args)):
                row = None if collection is None else collection.row_of(os.fsdecode(item.path))
                if collection is None or row is None:
                    self._log.warning("{} was not heard: beet earmark", util.displayable_path(item.path))
                    continue
                ui.print_(f"Like {item}:")
                for match in self._matches(collection, row, count):
                    other = _item_at(lib, match.entry.path)
                    said = str(other) if other else match.entry.path
                    ui.print_(f"  {match.similarity:.3f}  {said}  ({match.reason.words})")

    def _nearest(self, name: str) -> dict[bytes, float]:
        """The tracks that are most like one that is named, by a path or a title, with how like; itself is 1."""
        with _errors(), self._collection() as collection:
            if collection is None:
                raise CollectionError("Nothing was heard yet.", hint="Hear the library first: beet earmark.")
            row = _row_named(collection, name)
            count = self.config["count"].get(int)
            found = {
                os.fsencode(match.entry.path): round(match.similarity, 3)
                for match in self._matches(collection, row, count)
            }
            self._near = {os.fsencode(collection.entries[row].path): 1.0, **found}
        return self._near

    def _matches(self, collection: "Collection", row: int, count: int) -> "tuple[Match, ...]":
        from earmark.library.queries import Query
        from earmark.library.similar import similar

        per_artist = self.config["per_artist"].get(int) or None
        return similar(collection, Query.of_row(collection, row), n=count, per_artist=per_artist, all_kinds=True)

    def _query(self) -> type[FieldQuery[str]]:
        """The query `similar:NAME`, a class that knows this plugin."""
        nearest = self._nearest

        class SimilarQuery(FieldQuery[str]):
            def __init__(self, field_name: str, pattern: str, fast: bool = True) -> None:  # noqa: FBT001, FBT002
                super().__init__(field_name, pattern, fast=False)
                self._paths = nearest(pattern)

            def match(self, obj: Any) -> bool:
                return obj.path in self._paths

        return SimilarQuery

    @property
    def _db(self) -> Path | None:
        named = self.config["db"].as_str()
        return Path(named).expanduser() if named else None

    @contextmanager
    def _collection(self) -> "Iterator[Collection | None]":
        """The collection; None where there is none, or no track in it. Other errors of it pass."""
        from earmark.library.collection import Collection

        try:
            collection = Collection.open(self._db)
        except NoCollectionError as error:
            self._log.debug("{}", error)
            yield None
            return
        with collection:
            yield collection


def _row_named(collection: "Collection", name: str) -> int:
    """The row of a track by its path or its title; CollectionError where it is none or several."""
    row = collection.row_of(os.path.expanduser(name))  # noqa: PTH111 - a text, as it came
    if row is not None:
        return row
    wanted = name.casefold().strip()
    rows = [row for row, entry in enumerate(collection.entries) if entry.title.casefold() == wanted]
    if len(rows) == 1:
        return rows[0]
    said = (
        f"{len(rows)} tracks that were heard are called '{name}'." if rows else f"'{name}' is no track that was heard."
    )
    raise CollectionError(said, hint="Name its file, or the whole title as its tags have it.")


def _item_at(lib: Library, path: str) -> Item | None:
    return lib.items(PathQuery("path", os.fsencode(path))).get()  # and no text of a query: paths may hold quotes


def _put(item: Item, told: dict[str, Any], others: dict[str, Any]) -> None:
    """Set attributes, in the place of all that earmark set before."""
    _take(item, [name for name in _ours(item) if name not in told and name not in others])
    item.update({**told, **others})
    if others:
        item[WROTE] = sorted(others)


def _ours(item: Item) -> list[str]:
    """The attributes of an item that earmark set."""
    named = [name for name in item.keys(computed=False) if name.startswith(PREFIX)]
    return [*named, *(name for name in item.get(WROTE) or [] if name in item)]


def _take(item: Item, names: Sequence[str]) -> None:
    for name in names:
        del item[name]


@contextmanager
def _errors() -> Iterator[None]:
    """earmark's errors as those that beets shows a person."""
    try:
        yield
    except EarmarkError as error:
        raise UserError(str(error)) from error
