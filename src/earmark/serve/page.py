"""The page at the root, and the files that it is made of: built into the package, compressed where that is understood.

`index.html` has the nonce of each answer in the place of `__CSP_NONCE__`, for style sheets that scripts make. A file is
looked up in a list of those that there are, so that no path of a client leads out of the folder.
"""

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from earmark.serve.problems import ProblemError

_NONCE = "__CSP_NONCE__"
_NO_PAGE = (
    "earmark is here, and its page is not: this copy was installed without it. "
    "The API is described at /docs, and answers all the same.\n"
)
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_TEXTS = (".js", ".css", ".svg", ".json")
_FIXED = "assets/"  # names with a hash in them: another content has another name


def serve_page(app: FastAPI, folder: Path) -> None:
    """Add the page in a folder to an application; where there is none, the root says so."""
    packed_file = lru_cache(maxsize=64)(_packed)  # of a file as it is now

    @app.get("/", include_in_schema=False)
    async def root(request: Request) -> Response:
        try:
            page = (folder / "index.html").read_text(encoding="utf-8")
        except OSError:
            return PlainTextResponse(_NO_PAGE)
        return HTMLResponse(page.replace(_NONCE, request.state.nonce), headers={"Cache-Control": "no-cache"})

    @app.get("/{path:path}", include_in_schema=False)
    async def file(path: str, request: Request) -> Response:
        found = _files(folder).get(path)
        if found is None:
            raise ProblemError(404, "There is nothing at this address.", "See /docs for what there is.")
        kind = _KINDS.get(found.suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        fixed = path.startswith(_FIXED)
        headers = {"Cache-Control": "public, max-age=31536000, immutable" if fixed else "no-cache"}
        if found.suffix not in _TEXTS or "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(found, media_type=kind, headers=headers)
        packed = packed_file(found, found.stat().st_mtime_ns)
        return Response(
            packed, headers={**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, media_type=kind
        )


def _files(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}


def _packed(file: Path, changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)
