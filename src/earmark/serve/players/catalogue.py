"""The collection as players see it: songs, albums and artists, by what tags say.

A song's id is that of its entry. Albums and artists have ids made of their names, so that they stay the same when more
is indexed: "al-" and "ar-" with a hash.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from earmark.files import shown
from earmark.library.collection import Collection
from earmark.library.entry import Entry, normalised_artist
from earmark.library.lexicon import plain
from earmark.serve.files_out import kind_of_name
from earmark.serve.players.answers import NOT_FOUND, RefusalError
from earmark.serve.shelf import row_of_text

NO_ALBUM, NO_ARTIST = "Unknown album", "Unknown artist"


@dataclass(eq=False)
class Group:
    """An album or an artist, and the rows of its songs."""

    id: str
    name: str
    artist: str = ""
    artist_id: str = ""
    rows: list[int] = field(default_factory=list)


class Catalogue:
    """What players may ask for."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    @cached_property
    def albums(self) -> dict[str, Group]:
        """By their ids, in the order of their names."""
        return self._groups()[0]

    @cached_property
    def artists(self) -> dict[str, Group]:
        """By their ids, in the order of their names."""
        return self._groups()[1]

    def albums_of(self, artist: str) -> list[Group]:
        """Those of an artist, by the artist's id."""
        return [album for album in self.albums.values() if album.artist_id == artist]

    def row(self, song: str) -> int:
        """The row of a song; a RefusalError where there is none."""
        found = row_of_text(self._collection, song)
        if found is None:
            raise RefusalError(NOT_FOUND, "There is no such song.")
        return found

    def rows(self, name: str) -> list[int]:
        """The rows of a song, an album or an artist; a RefusalError where there is none."""
        group = self.albums.get(name) or self.artists.get(name)
        return group.rows if group is not None else [self.row(name)]

    def songs(self, rows: Iterable[int]) -> list[dict[str, Any]]:
        """Songs as players show them."""
        return [self.song(row) for row in rows]

    def song(self, row: int) -> dict[str, Any]:
        """A song as players show it (the response "Child")."""
        entry = self._collection.entries[row]
        tags = entry.tags
        suffix = Path(entry.path).suffix.lstrip(".").casefold()
        told = {
            "id": str(entry.id),
            "parent": _album_id(entry),
            "isDir": False,
            "title": shown(entry.title),
            "album": shown(str(tags.get("album") or "")) or None,
            "artist": shown(entry.artist) or None,
            "track": _number(tags.get("track")),
            "year": _number(tags.get("year")),
            "genre": shown(str(tags.get("genre") or "")) or None,
            "coverArt": str(entry.id),
            "size": entry.size,
            "contentType": kind_of_name(entry.path),
            "suffix": suffix or None,
            "duration": round(entry.duration_s),
            "bitRate": round(entry.size * 8 / 1000 / max(entry.duration_s, 0.1)),
            "path": shown(Path(entry.path).name),
            "isVideo": False,
            "discNumber": _number(tags.get("disc")),
            "albumId": _album_id(entry),
            "artistId": _artist_id(entry),
            "type": "music",
            "mediaType": "song",
        }
        return {name: value for name, value in told.items() if value is not None}

    def album(self, group: Group) -> dict[str, Any]:
        """An album as players show it (the response "AlbumID3")."""
        entries = [self._collection.entries[row] for row in group.rows]
        years = [year for entry in entries if (year := _number(entry.tags.get("year")))]
        told = {
            "id": group.id,
            "name": group.name,
            "artist": group.artist,
            "artistId": group.artist_id,
            "coverArt": str(entries[0].id),
            "songCount": len(entries),
            "duration": round(sum(entry.duration_s for entry in entries)),
            "created": "1970-01-01T00:00:00Z",
            "year": min(years, default=None),
        }
        return {name: value for name, value in told.items() if value is not None}

    def artist(self, group: Group) -> dict[str, Any]:
        """An artist as players show it (the response "ArtistID3")."""
        albums = self.albums_of(group.id)
        cover = str(self._collection.entries[group.rows[0]].id)
        return {"id": group.id, "name": group.name, "albumCount": len(albums), "coverArt": cover}

    def _groups(self) -> tuple[dict[str, Group], dict[str, Group]]:
        albums: dict[str, Group] = {}
        artists: dict[str, Group] = {}
        for row, entry in enumerate(self._collection.entries):
            name, artist_id = _artist_name(entry), _artist_id(entry)
            album_id = _album_id(entry)
            album = shown(str(entry.tags.get("album") or "")) or NO_ALBUM
            albums.setdefault(album_id, Group(album_id, album, name, artist_id)).rows.append(row)
            artists.setdefault(artist_id, Group(artist_id, name)).rows.append(row)
        for group in albums.values():
            group.rows.sort(key=self._place_on_album)
        return _by_name(albums), _by_name(artists)

    def _place_on_album(self, row: int) -> tuple[int, int, str]:
        entry = self._collection.entries[row]
        return _number(entry.tags.get("disc")) or 0, _number(entry.tags.get("track")) or 0, entry.path


def matching(groups: dict[str, Group], words: Sequence[str]) -> list[Group]:
    """Groups in whose names all words are."""
    return [group for group in groups.values() if all(word in plain(group.name) for word in words)]


def _by_name(groups: dict[str, Group]) -> dict[str, Group]:
    return dict(sorted(groups.items(), key=lambda each: (plain(each[1].name), each[0])))


def _artist_name(entry: Entry) -> str:
    return shown(str(entry.tags.get("albumartist") or entry.artist)) or NO_ARTIST


def _artist_id(entry: Entry) -> str:
    return f"ar-{_hash(entry.artist_key)}"


def _album_id(entry: Entry) -> str:
    album = normalised_artist(str(entry.tags.get("album") or ""))
    return f"al-{_hash(f'{entry.artist_key}/{album}')}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _number(text: object) -> int | None:
    """The number that a tag begins with; None where it has none."""
    digits = str(text or "").strip()[:4]
    return int(digits) if digits.isascii() and digits.isdigit() else None
