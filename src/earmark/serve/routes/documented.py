"""How routes describe what they answer: a model for what they give, and the problems that may come instead."""

from typing import Any

from pydantic import BaseModel

from earmark.serve.problems import MEDIA_TYPE
from earmark.serve.schemas import ProblemJson

Responses = dict[int | str, dict[str, Any]]
_WHAT = {
    400: "What was sent cannot be read.",
    401: "The token is missing.",
    403: "It may not be asked from there.",
    404: "There is no such thing.",
    408: "The upload was too slow.",
    409: "The collection is not there, or was heard by another network.",
    410: "It was broken off.",
    413: "It is too large or too long.",
    416: "There are no such bytes.",
    422: "It cannot be understood, or not be heard.",
    429: "Too many wait; Retry-After says when to try again.",
    501: "It needs what is not installed, or is not there yet.",
    503: "The server is ending.",
    507: "There is no room on the disk.",
}
_ALWAYS = (401, 403)


def answers(model: type[BaseModel] | None, *problems: int, status: int = 200, media: str = "") -> Responses:
    """What a route may answer: `model` or content of a `media` type with a status, or one of some problems."""
    if model is not None:
        told: dict[str, Any] = {"model": model, "description": "The answer."}
    else:
        told = {"description": "The answer.", "content": {media: {"schema": {"type": "string", "format": "binary"}}}}
    return {status: told, **{code: problem(code) for code in sorted({*problems, *_ALWAYS})}}


def nothing(*problems: int) -> Responses:
    """What a route may answer that gives nothing."""
    return {204: {"description": "Done."}, **{code: problem(code) for code in sorted({*problems, *_ALWAYS})}}


def problem(code: int) -> dict[str, Any]:
    """The description of a problem."""
    schema = {"$ref": f"#/components/schemas/{ProblemJson.__name__}"}
    return {"description": _WHAT[code], "content": {MEDIA_TYPE: {"schema": schema}}}
