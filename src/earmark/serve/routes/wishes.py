"""What is asked in words: `/api/find`, `/api/arithmetic`, and what a word that is begun could become."""

from functools import partial
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from earmark.library.arithmetic import read_expression
from earmark.library.entry import KINDS
from earmark.library.find import few_of_an_artist, find
from earmark.library.wishes import read_wish
from earmark.serve.asking import completions, songs_of, space_of
from earmark.serve.problems import ProblemError
from earmark.serve.routes.documented import answers
from earmark.serve.schemas import ArithmeticJson, CompletionsJson, FindingJson
from earmark.serve.service import Serving
from earmark.serve.shelf import Books
from earmark.serve.telling import Plain, items

router = APIRouter(prefix="/api", tags=["words"])

Text = Annotated[str, Query(min_length=1, max_length=500)]
_TROUBLE = (404, 409, 422, 429)
_EXAMPLES = "Known are, for example: jazz, piano, vocals, calm, 70s, longer than 5 min, and words of yours."


@router.get("/find", responses=answers(FindingJson, *_TROUBLE))
async def find_tracks(
    service: Serving,
    q: Text,
    count: Annotated[int, Query(ge=1, le=500)] = 20,
    least: Annotated[float, Query(ge=0, le=1, description="How probable it must be.")] = 0.05,
    per_artist: Annotated[int, Query(ge=0, le=500, description="0 for any number.")] = 0,
    all_kinds: bool = False,
) -> Response:
    """Tracks that fit words: "calm piano, no vocals, 70s"; it says how they were understood."""
    options = {"count": count, "least": least, "per_artist": per_artist or None, "every_kind": all_kinds}
    return Plain(await service.shelf.ask(partial(_found, text=q, options=options)))


@router.get("/complete", responses=answers(CompletionsJson, *_TROUBLE))
async def complete(service: Serving, q: Text, count: Annotated[int, Query(ge=1, le=50)] = 10) -> Response:
    """What the last operand of an expression could become."""
    found = await service.shelf.ask(lambda books: completions(books, q, count))
    return Plain({"completions": [each.to_dict() for each in found]})


@router.get("/arithmetic", responses=answers(ArithmeticJson, *_TROUBLE))
async def arithmetic(
    service: Serving,
    q: Text,
    count: Annotated[int, Query(ge=1, le=200)] = 10,
    per_artist: Annotated[int, Query(ge=0, le=200, description="0 for any number.")] = 1,
    all_kinds: bool = False,
) -> Response:
    """What songs, "#17" or titles, and words come to: "#17 + jazz - vocals", "like #17 but calmer"."""
    ask = partial(_solved, text=q, count=count, per_artist=per_artist, all_kinds=all_kinds)
    return Plain(await service.shelf.ask(ask))


def _found(books: Books, *, text: str, options: dict[str, Any]) -> dict[str, Any]:
    wish = read_wish(text, books.lexicon)
    if not wish.terms:
        said = "; ".join(each.words for each in wish.unknown)
        raise ProblemError(422, f"Nothing was understood: {said}." if said else "Nothing is asked for.", _EXAMPLES)
    finding = find(books.collection, wish, books.judge, **options)
    rows = [books.collection.row_of_id(each.entry.id) for each in finding.found]
    return {
        "wish": wish.to_dict(),
        "lines": list(wish.lines),
        "notes": list(finding.notes),
        "found": [
            {
                "item": item,
                "probability": round(each.probability, 6),
                "words": "; ".join(part.words for part in each.parts),
                "parts": [{**part.to_dict(), "words": part.words} for part in each.parts],
            }
            for each, item in zip(finding.found, items(books, rows), strict=True)
        ],
    }


def _solved(books: Books, *, text: str, count: int, per_artist: int, all_kinds: bool) -> dict[str, Any]:
    expression = read_expression(text, books.lexicon, songs_of(books))
    solution = space_of(books).solve(expression)
    named = {operand.song.row for operand in expression.operands if operand.song is not None}
    kinds = books.collection.kinds
    open_to = [
        row
        for row in np.argsort(-solution.scores, kind="stable").tolist()
        if row not in named and solution.allowed[row] and (all_kinds or kinds[row] == KINDS[0])
    ]
    rows = few_of_an_artist(books.collection.entries, open_to, per_artist or None)[:count]
    scored = zip(items(books, rows), rows, strict=True)
    return {
        "understood": expression.words,
        "notes": list(solution.notes),
        "tracks": [{"item": item, "score": round(float(solution.scores[row]), 4)} for item, row in scored],
    }
