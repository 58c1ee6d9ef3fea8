"""What went wrong, as `application/problem+json` (RFC 9457): one sentence in "detail", and in "hint" what to do.

Routes raise `ProblemError`, rooms below raise `EarmarkError`; nothing else leaves a route but by mistake, and a mistake
is told without what is inside.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from earmark.errors import BundleError, CollectionError, EarmarkError, MissingExtraError, OutputError

MEDIA_TYPE = "application/problem+json"
_LOG = logging.getLogger("earmark.serve")
# What a client could not mend by asking otherwise is no 422.
_STATUS: tuple[tuple[type[EarmarkError], int], ...] = (
    (CollectionError, 409),
    (MissingExtraError, 501),
    (BundleError, 409),
    (OutputError, 507),
)


class ProblemError(Exception):
    """An answer that is none.

    Parameters
    ----------
    status:
        Of HTTP.
    detail, hint:
        What is wrong, and what to do about it, a sentence each.
    retry_after_s:
        When to try again.
    headers:
        Of the answer, beside.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        hint: str = "",
        *,
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)

    def __reduce__(self) -> tuple[object, ...]:
        # Problems cross process borders; the default pickling would lose what is keyword-only.
        return (_rebuild, (self.status, self.detail, self.hint, self.headers))

    @classmethod
    def of(cls, error: EarmarkError) -> "ProblemError":
        """That of an error of a room below."""
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
        return cls(status, error.sentence, error.hint)

    def to_dict(self, instance: str = "") -> dict[str, Any]:
        """Plain JSON values; `instance` is the path that was asked for."""
        told = {"type": "about:blank", "title": HTTPStatus(self.status).phrase, "status": self.status}
        return {**told, "detail": self.detail, "hint": self.hint, "instance": instance}

    def response(self, instance: str = "") -> Response:
        """As an answer of HTTP."""
        content = json.dumps(self.to_dict(instance)).encode()
        return Response(content, self.status, self.headers, MEDIA_TYPE)


def _rebuild(status: int, detail: str, hint: str, headers: dict[str, str]) -> ProblemError:
    return ProblemError(status, detail, hint, headers=headers)


def mistake() -> ProblemError:
    """What is told of a mistake of ours: nothing of what is inside, which is in the log."""
    hint = "Look at what the server printed; the next request is served all the same."
    return ProblemError(500, "The server made a mistake.", hint)


def handle_problems(app: FastAPI) -> None:
    """Have an application answer with problems alone."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(EarmarkError, _earmark_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response(request.url.path)


async def _earmark_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EarmarkError)
    return ProblemError.of(error).response(request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    said = "; ".join(map(_in_words, error.errors()[:3]))
    return ProblemError(422, f"What is asked for cannot be read: {said}.", "See /docs.").response(request.url.path)


def _in_words(error: Mapping[str, Any]) -> str:
    place: Sequence[object] = error.get("loc") or ("?",)
    where = ".".join(str(part) for part in place[1:] or place)
    return f"{where}: {error.get('msg', 'is wrong')}"


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {
        400: ("What was sent cannot be read.", "See /docs for what is expected."),
        404: ("There is nothing at this address.", "See /docs for what there is."),
        405: ("This address is not asked in this way.", "See /docs for how."),
    }
    detail, hint = told.get(error.status_code, (str(error.detail), ""))
    return ProblemError(error.status_code, detail, hint, headers=error.headers).response(request.url.path)
