"""`/api/playlist` and `/api/path`: lists near songs and words, along a path or an arc; and of chosen tracks."""

import re
import secrets
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from earmark.library.arranging import arrange
from earmark.library.asks import COUNT, SPACING, SPREAD, Ask, Pick
from earmark.library.playlist import line_of
from earmark.library.playlist_files import Listing, text_of
from earmark.library.pool import Pool
from earmark.serve.asking import ID, maker_of, space_of
from earmark.serve.problems import ProblemError
from earmark.serve.routes.documented import answers
from earmark.serve.schemas import PlaylistJson
from earmark.serve.service import Serving
from earmark.serve.shelf import Books
from earmark.serve.telling import Plain, items

router = APIRouter(prefix="/api", tags=["lists"])

Format = Literal["", "m3u8", "xspf", "json"]
Text = Annotated[str, Field(max_length=500)]
_TROUBLE = (400, 404, 409, 413, 422, 429)
_MOST_IDS, _MOST_SMOOTH = 5000, 500
_SEEDS = 1_000_000
_KINDS = {"m3u8": "audio/x-mpegurl", "xspf": "application/xspf+xml", "json": "application/json"}
_NO_NAME = re.compile(r"[^\w .-]+", re.ASCII)


class PlaylistAsk(BaseModel):
    """What a list is to be: `like`, `from` and `to`, `arc`, or the tracks themselves, `ids`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    like: list[Text] = Field(default=[], max_length=50, description='Songs, "#17" or titles, and expressions.')
    start: Text = Field(default="", alias="from")
    end: Text = Field(default="", alias="to")
    arc: Text = Field(default="", description='Moods to go through, such as "calm, lively, calm".')
    ids: list[Annotated[str, Field(max_length=20)]] = Field(default=[], max_length=_MOST_IDS)
    order: Literal["smooth", "as given"] = Field(default="smooth", description="Of `ids`.")
    count: int | None = Field(default=None, ge=1, le=1000, description=f"Tracks, {COUNT} by default.")
    length_s: float | None = Field(default=None, gt=0, le=10 * 86400, description="Instead of a count.")
    spread: float = Field(default=SPREAD, ge=0, le=1)
    seed: int | None = Field(default=None, ge=0, le=10**9)
    spacing: int = Field(default=SPACING, ge=0, le=100)
    never: list[Text] = Field(default=[], max_length=50, description="Rules, beside your own.")
    all_kinds: bool = False


@router.post("/playlist", responses=answers(PlaylistJson, *_TROUBLE))
async def playlist(
    service: Serving,
    ask: PlaylistAsk,
    format: Annotated[Format, Query(description="Download the list as a file.")] = "",  # noqa: A002 - so it is called
    name: Annotated[str, Query(max_length=100, description="What the file is called.")] = "playlist",
) -> Response:
    """Make a list, or put tracks that were chosen in order."""
    told, listing = await service.shelf.ask(partial(_made, ask=ask, name=name))
    if not format:
        return Plain(told)
    file = _NO_NAME.sub("_", name).strip(" .") or "playlist"
    content = text_of(listing, Path(f"{file}.{format}"), absolute=True).encode("utf-8", "backslashreplace")
    headers = {"Content-Disposition": f'attachment; filename="{file}.{format}"'}
    return Response(content, media_type=_KINDS[format], headers=headers)


@router.get("/path", responses=answers(PlaylistJson, *_TROUBLE))
async def path(
    service: Serving,
    start: Annotated[str, Query(alias="from", min_length=1, max_length=500, description="An id, a title, or words.")],
    end: Annotated[str, Query(alias="to", min_length=1, max_length=500)],
    count: Annotated[int, Query(ge=2, le=200)] = 10,
    spread: Annotated[float, Query(ge=0, le=1)] = 0.0,
    seed: Annotated[int, Query(ge=0, le=10**9)] = 0,
    spacing: Annotated[int, Query(ge=0, le=100)] = 0,
    all_kinds: bool = False,
) -> Response:
    """Tracks on the way from one song to another, in steps as even as the collection has them."""
    ask = PlaylistAsk(count=count, spread=spread, seed=seed, spacing=spacing, all_kinds=all_kinds)
    ask.start, ask.end = _named(start), _named(end)
    told, _ = await service.shelf.ask(partial(_made, ask=ask, name=""))
    return Plain(told)


def _named(text: str) -> str:
    """An id alone as expressions have it."""
    return f"{ID}{text}" if text.isascii() and text.isdigit() else text


def _made(books: Books, *, ask: PlaylistAsk, name: str) -> tuple[dict[str, Any], Listing]:
    if ask.ids:
        return _chosen(books, ask, name)
    if ask.count is not None and ask.length_s is not None:
        raise ProblemError(422, "A list has a count or a length, not both.", "Leave one of them out.")
    wanted = Ask(
        wishes=tuple(map(_named, ask.like)),
        start=_named(ask.start),
        end=_named(ask.end),
        arc=ask.arc,
        count=ask.count,
        length_s=ask.length_s,
        spread=ask.spread,
        seed=secrets.randbelow(_SEEDS) if ask.seed is None else ask.seed,
        spacing=ask.spacing,
        every_kind=ask.all_kinds,
    )
    made = maker_of(books, ask.never).make(wanted)
    told = _told(books, made.picks, made.understood, made.notes, wanted.seed)
    return told, Listing(tuple(pick.line for pick in made.picks), name)


def _chosen(books: Books, ask: PlaylistAsk, name: str) -> tuple[dict[str, Any], Listing]:
    rows = list(dict.fromkeys(books.row(each) for each in ask.ids))
    notes: list[str] = []
    if ask.order == "smooth" and len(rows) > _MOST_SMOOTH:
        notes.append(f"More than {_MOST_SMOOTH} tracks stay in the order in which they came.")
    elif ask.order == "smooth":
        space, artists = space_of(books), books.kept("pool", None, lambda: Pool(books.collection)).artists
        slots: list[int | None] = [None] * len(rows)
        rows = [row for row in arrange(slots, rows, space.directions, artists, spacing=ask.spacing) if row is not None]
    picks = [Pick(line_of(books.collection.entries[row]), row, "chosen") for row in rows]
    return _told(books, picks, (), notes, 0), Listing(tuple(pick.line for pick in picks), name)


def _told(books: Books, picks: Any, understood: Any, notes: Any, seed: int) -> dict[str, Any]:
    told = items(books, [pick.row for pick in picks])
    return {
        "understood": list(understood),
        "notes": list(notes),
        "seed": seed,
        "length_s": round(sum(max(pick.line.duration_s, 0.0) for pick in picks), 2),
        "tracks": [{"item": item, "why": pick.why} for item, pick in zip(told, picks, strict=True)],
    }
