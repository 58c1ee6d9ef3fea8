"""The calls: what a provider of similar tracks is asked, and what players ask before that.

Each is reached as `/rest/NAME` and `/rest/NAME.view`, by GET and, as the extension formPost has it, by POST. Searches
and likeness are those of the API.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from earmark.errors import EarmarkError, WishError
from earmark.library.asks import Ask
from earmark.library.lexicon import plain
from earmark.library.queries import Query
from earmark.library.similar import Match, similar
from earmark.serve.asking import ID, maker_of
from earmark.serve.covers import cover_of, is_known, mark_of, shown, unchanged
from earmark.serve.files_out import sound_file
from earmark.serve.players import catalogue
from earmark.serve.players.answers import GENERIC, MISSING, NOT_FOUND, WRONG_PASSWORD, RefusalError, answer, refusal
from earmark.serve.players.catalogue import Catalogue
from earmark.serve.players.credentials import check
from earmark.serve.problems import ProblemError
from earmark.serve.service import Service, service_of
from earmark.serve.shelf import Books

router = APIRouter(include_in_schema=False)

Params = Mapping[str, str]
Reading = Callable[[Books, Catalogue, Params], dict[str, Any]]

EXTENSIONS = ({"name": "sonicSimilarity", "versions": [1]}, {"name": "formPost", "versions": [1]})
_MOST = 500
_LONGEST_FORM = 100_000
_AFTER_A_MISTAKE_S = 0.5  # of one that guesses call by call; who guesses at once is counted
_SEEDS = 5  # songs of an artist or album that others are to be like
_NOTHING: dict[str, dict[str, Any]] = {
    "getPlaylists": {"playlists": {"playlist": []}},
    "getStarred": {"starred": {"song": []}},
    "getStarred2": {"starred2": {"song": []}},
    "getPodcasts": {"podcasts": {"channel": []}},
    "getInternetRadioStations": {"internetRadioStations": {"internetRadioStation": []}},
    "getBookmarks": {"bookmarks": {"bookmark": []}},
    "getNowPlaying": {"nowPlaying": {"entry": []}},
    "getTopSongs": {"topSongs": {"song": []}},
    "getMusicFolders": {"musicFolders": {"musicFolder": [{"id": 1, "name": "Collection"}]}},
    "ping": {},
    "scrobble": {},  # what was played is not kept
    "getLicense": {"license": {"valid": True}},
    "getOpenSubsonicExtensions": {"openSubsonicExtensions": list(EXTENSIONS)},
}


@router.api_route("/rest/{call}", methods=["GET", "POST"])
async def rest(call: str, request: Request) -> Response:
    """Any call of a player."""
    service = service_of(request)
    name = call.removesuffix(".view")
    params: Params = {}
    try:
        params = await _params(request)
        if name != "getOpenSubsonicExtensions":  # the one that may be asked without
            await _known(params, request, service)
        return await _answered(name, params, request, service)
    except RefusalError as error:
        return refusal(error, _kind(params))
    except ProblemError as error:
        if error.status == 429:
            raise
        return refusal(RefusalError(NOT_FOUND if error.status == 404 else GENERIC, error.detail), _kind(params))
    except EarmarkError as error:
        return refusal(RefusalError(GENERIC, str(error)), _kind(params))


async def _answered(name: str, params: Params, request: Request, service: Service) -> Response:
    if name in _NOTHING:
        return answer(_NOTHING[name], _kind(params))
    if name in _FILES:
        return await _FILES[name](params, request, service)
    if name == "getUser":
        return answer({"user": _user(service.settings.user)}, _kind(params))
    if name not in _READINGS:
        raise RefusalError(GENERIC, f"This server does not know the call {name[:40]!r}.")

    def read(books: Books) -> dict[str, Any]:
        return _READINGS[name](books, _catalogue(books), params)

    return answer(await service.shelf.ask(read), _kind(params))


def _catalogue(books: Books) -> Catalogue:
    """That of books that are open: made once."""
    return books.kept("catalogue", None, lambda: Catalogue(books.collection))


def _search3(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    words = plain(params.get("query", "").strip('"')).split()  # an empty query asks for all
    rows = books.rows_that_say(words)
    albums, artists = (catalogue.matching(groups, words) for groups in (known.albums, known.artists))
    return {
        "searchResult3": {
            "artist": [known.artist(each) for each in _page(artists, params, "artist")],
            "album": [known.album(each) for each in _page(albums, params, "album")],
            "song": known.songs(_page(rows, params, "song")),
        }
    }


def _song(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    return {"song": known.song(known.row(_needed(params, "id")))}


def _album(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    group = known.albums.get(_needed(params, "id"))
    if group is None:
        raise RefusalError(NOT_FOUND, "There is no such album.")
    return {"album": {**known.album(group), "song": known.songs(group.rows)}}


def _artist(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    group = known.artists.get(_needed(params, "id"))
    if group is None:
        raise RefusalError(NOT_FOUND, "There is no such artist.")
    return {"artist": {**known.artist(group), "album": [known.album(each) for each in known.albums_of(group.id)]}}


def _artists(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    letters: dict[str, list[dict[str, Any]]] = {}
    for group in known.artists.values():
        first = plain(group.name)[:1].upper()
        letters.setdefault(first if first.isalpha() else "#", []).append(known.artist(group))
    index = [{"name": letter, "artist": found} for letter, found in sorted(letters.items())]
    return {"artists": {"ignoredArticles": "", "index": index}}


def _album_list(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    albums = list(known.albums.values())
    if params.get("type") == "random":
        np.random.default_rng().shuffle(albums)
    start, size = _count(params, "offset", 0, 10**9), _count(params, "size", 10)
    return {"albumList2": {"album": [known.album(each) for each in albums[start : start + size]]}}


def _random_songs(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    songs = [row for row, kind in enumerate(books.collection.kinds) if kind == "song"]
    size = min(_count(params, "size", 10), len(songs))
    drawn = np.random.default_rng().choice(songs, size, replace=False).tolist() if size else []
    return {"randomSongs": {"song": known.songs(drawn)}}


def _genres(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for entry in books.collection.entries:
        genre = str(entry.tags.get("genre") or "")
        if genre:
            counts[genre] = counts.get(genre, 0) + 1
    told = [{"value": genre, "songCount": count, "albumCount": 0} for genre, count in sorted(counts.items())]
    return {"genres": {"genre": told}}


def _scan_status(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    return {"scanStatus": {"scanning": False, "count": len(books.collection)}}


def _similar_songs(key: str, books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    """Songs like one, or like some of an album's or artist's in turn."""
    rows = known.rows(_needed(params, "id"))
    count = _count(params, "count", 50)
    lists = [[match.row for match in _like(books, row, count)] for row in rows[:_SEEDS]]
    found: dict[int, None] = {}
    for place in range(max(map(len, lists), default=0)):
        for those in lists:
            if place < len(those) and those[place] not in rows:
                found.setdefault(those[place])
    return {key: {"song": known.songs(list(found)[:count])}}


def _sonic_similar(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    row = known.row(_needed(params, "id"))
    found = _like(books, row, _count(params, "count", 10))
    return {"sonicMatch": [_match(known, match.row, match.similarity) for match in found]}


def _sonic_path(books: Books, known: Catalogue, params: Params) -> dict[str, Any]:
    start, end = (known.row(_needed(params, name)) for name in ("startSongId", "endSongId"))
    vectors = books.collection.vectors
    if start == end:
        return {"sonicMatch": [_match(known, start, 1.0)]}
    ids = books.collection.ids
    ask = Ask(
        start=f"{ID}{ids[start]}",
        end=f"{ID}{ids[end]}",
        count=max(_count(params, "count", 25), 2),
        spread=0.0,
        spacing=0,
    )
    try:
        rows = [pick.row for pick in maker_of(books, ()).make(ask).picks]
    except WishError:  # too few tracks that may come in: the ends alone are a path
        rows = [start, end]
    return {"sonicMatch": [_match(known, row, float(vectors[row] @ vectors[start])) for row in rows]}


def _like(books: Books, row: int, count: int) -> Sequence[Match]:
    query = Query.of_row(books.collection, row)
    return similar(books.collection, query, n=count, per_artist=None)


def _match(known: Catalogue, row: int, cosine: float) -> dict[str, Any]:
    """A song with its similarity from 0 to 1: 1 is the same one, and what is unrelated or opposite has 0."""
    return {"entry": known.song(row), "similarity": round(min(max(cosine, 0.0), 1.0), 4)}


async def _stream(params: Params, request: Request, service: Service) -> Response:
    """The file as it is: nothing is coded anew."""
    row_path = await service.shelf.ask(lambda books: _path_of(books, params))
    return sound_file(row_path)


async def _cover(params: Params, request: Request, service: Service) -> Response:
    name = _needed(params, "id")
    size = _count(params, "size", 0, 2000) or None

    def find(books: Books) -> tuple[str, tuple[int, int], str]:
        entry = books.collection.entries[_catalogue(books).rows(name)[0]]
        return entry.path, (entry.size, entry.mtime_ns), entry.title

    path, facts, title = await service.shelf.ask(find)
    mark = mark_of(path, facts, size)
    if is_known(request, mark):
        return unchanged(mark)
    found = await cover_of(service, path, facts, size=size, what=title, request=request)
    if found is None:
        raise RefusalError(NOT_FOUND, "There is no picture among its tags.")
    return shown(found, mark)


def _path_of(books: Books, params: Params) -> str:
    return books.collection.entries[_catalogue(books).row(_needed(params, "id"))].path


_FILES: dict[str, Callable[[Params, Request, Service], Awaitable[Response]]] = {
    "stream": _stream,
    "download": _stream,
    "getCoverArt": _cover,
}
_READINGS: dict[str, Reading] = {
    "search3": _search3,
    "getSong": _song,
    "getAlbum": _album,
    "getArtist": _artist,
    "getArtists": _artists,
    "getAlbumList2": _album_list,
    "getRandomSongs": _random_songs,
    "getGenres": _genres,
    "getScanStatus": _scan_status,
    "getSimilarSongs": partial(_similar_songs, "similarSongs"),
    "getSimilarSongs2": partial(_similar_songs, "similarSongs2"),
    "getSonicSimilarTracks": _sonic_similar,
    "findSonicPath": _sonic_path,
}


def _user(name: str) -> dict[str, Any]:
    """What a player may do: listen."""
    may = {"streamRole": True, "downloadRole": True}
    roles = (
        "settings",
        "admin",
        "upload",
        "playlist",
        "coverArt",
        "comment",
        "podcast",
        "jukebox",
        "share",
        "videoConversion",
    )
    return {"username": name, "scrobblingEnabled": False, **{f"{role}Role": False for role in roles}, **may}


async def _known(params: Params, request: Request, service: Service) -> None:
    address = request.client.host if request.client else ""
    service.mistakes.check(address)
    try:
        check(params, service.settings)
    except RefusalError as error:
        if error.code == WRONG_PASSWORD:
            service.mistakes.note(address)
        await asyncio.sleep(_AFTER_A_MISTAKE_S)
        raise


async def _params(request: Request) -> Params:
    """What was asked, in the address or in a form."""
    found = dict(request.query_params)
    if request.method == "POST":
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST_FORM:
                raise ProblemError(413, "The form is too long.", "Ask for less at once.")
        found |= dict(parse_qsl(body.decode("utf-8", "replace")))
    return found


def _kind(params: Params) -> str:
    return "json" if params.get("f") == "json" else "xml"


def _needed(params: Params, name: str) -> str:
    if not params.get(name):
        raise RefusalError(MISSING, f"The parameter '{name}' is missing.")
    return params[name]


def _count(params: Params, name: str, usual: int, most: int = _MOST) -> int:
    text = params.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdigit()):
        raise RefusalError(GENERIC, f"The parameter '{name}' is no number.")
    return min(int(text[:12]), most)


def _page(found: Sequence[Any], params: Params, what: str) -> Sequence[Any]:
    start, count = _count(params, f"{what}Offset", 0, 10**9), _count(params, f"{what}Count", 20, 10_000)
    return found[start : start + count]
