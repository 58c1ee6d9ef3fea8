"""`/api/teach`: words of a user's own, learned from tracks that were heard already."""

from dataclasses import replace
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from earmark.errors import DataError
from earmark.listen.linear import LinearHead
from earmark.serve.kept import UPLOAD
from earmark.serve.routes.documented import answers, nothing
from earmark.serve.routes.started import STARTED, answered
from earmark.serve.schemas import LearnedJson, WordsJson
from earmark.serve.service import Service, Serving
from earmark.serve.shelf import Books
from earmark.serve.tasks import Learn
from earmark.serve.telling import Plain
from earmark.teach.cache import Example
from earmark.teach.learn import in_short, in_words, verdict
from earmark.teach.words import checked_name, find, keep_words, read_words, remove_words

router = APIRouter(prefix="/api/teach", tags=["teach"])

_TROUBLE = (404, 409, 410, 413, 422, 429, 503, 507)
_PRIVATE = ("examples", "counter")  # paths of files
Ids = list[Annotated[str, Field(max_length=40)]]


class TeachAsk(BaseModel):
    """A word, tracks that have it, and tracks that have not; ids of the collection, or of uploads."""

    model_config = ConfigDict(extra="forbid")

    word: str = Field(min_length=1, max_length=60)
    examples: Ids = Field(min_length=1, max_length=500)
    counter: Ids = Field(default=[], max_length=500)
    again: bool = Field(default=False, description="Replace a word that is there.")


@router.get("", responses=answers(WordsJson, 409, 422))
async def words(service: Serving) -> Response:
    """The words of the user that the server's bundle can tell."""
    found = read_words(service.bundle.info.sha256)
    told = [
        {"word": each.name, "verdict": verdict(each), "short": in_short(each), "figures": _figures(each)}
        for each in found
    ]
    return Plain({"words": told})


@router.post("", responses={**answers(LearnedJson, *_TROUBLE), **STARTED})
async def teach(request: Request, service: Serving, ask: TeachAsk, wait: Annotated[bool, Query()] = True) -> Response:
    """Learn a word; it says how good it expects to be, and is told of every track from then on."""
    word = checked_name(ask.word)
    if not ask.again and find(word, read_words(service.bundle.info.sha256)):
        raise DataError(f"There is a word '{word}' already.", hint="Teach it with again=true to replace it.")
    examples, counter = await _examples(service, ask.examples), await _examples(service, ask.counter)
    limit_s = service.settings.limits.hear_s
    job = service.jobs.start("teach", Learn(word, examples, counter), what=f"'{word}'", limit_s=limit_s, finish=_kept)
    return await answered(service, job, request, wait=wait)


@router.delete("/{word}", status_code=204, responses=nothing(404, 409, 422, 507))
async def forget(service: Serving, word: Annotated[str, Path(max_length=60)]) -> Response:
    """Forget a word."""
    remove_words([word])
    return Response(status_code=204)


def _kept(event: str, head: Any) -> dict[str, Any]:
    assert isinstance(head, LinearHead)
    # Of uploads there is no file from which `earmark teach --again` could learn.
    files = {name: [path for path in head.figures[name] if FilePath(path).is_absolute()] for name in _PRIVATE}
    keep_words([replace(head, figures={**head.figures, **files})])
    return {"word": head.name, "verdict": verdict(head), "sentences": in_words(head), "figures": _figures(head)}


def _figures(head: LinearHead) -> dict[str, Any]:
    return {name: value for name, value in head.figures.items() if name not in _PRIVATE}


async def _examples(service: Service, ids: list[str]) -> list[Example]:
    uploads = {name: service.kept.find(name) for name in ids if name.startswith(UPLOAD)}
    known = [name for name in ids if name not in uploads]
    heard = dict(zip(known, await service.shelf.ask(partial(_of_collection, ids=known)), strict=True)) if known else {}
    heard |= {name: _example(found.name, found.heard.numbers, "") for name, found in uploads.items()}
    return [heard[name] for name in dict.fromkeys(ids)]


def _of_collection(books: Books, *, ids: list[str]) -> list[Example]:
    """What the collection keeps of tracks, in float16."""
    books.check_bundle()
    numbers = books.collection.numbers
    rows = [books.row(name) for name in ids]
    entries = books.collection.entries
    return [_example(entries[row].path, numbers[row], entries[row].artist) for row in rows]


def _example(path: str, numbers: Any, artist: str) -> Example:
    return Example(path, np.asarray(numbers, np.float32), 0, artist)
