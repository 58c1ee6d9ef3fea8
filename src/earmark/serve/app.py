"""The application: what a server has, put together, and its routes.

Middleware from the outside in: the guard, which lets nothing pass that may not be asked, and counting.
"""

import contextlib
import importlib
import mimetypes
import os
import pkgutil
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from earmark import __version__
from earmark.listen.bundle import load_bundle
from earmark.serve import routes
from earmark.serve.crew import Crew
from earmark.serve.guard import Guard
from earmark.serve.jobs import Jobs
from earmark.serve.making import Pieces
from earmark.serve.maps import Maps
from earmark.serve.metrics import Counting, Metrics
from earmark.serve.players.calls import router as players
from earmark.serve.problems import ProblemError, handle_problems
from earmark.serve.schemas import ProblemJson
from earmark.serve.service import Kept, Service
from earmark.serve.settings import Settings, checked
from earmark.serve.shelf import Shelf
from earmark.serve.uploads import Desk
from earmark.serve.worker import Plan

_NONCE = "__CSP_NONCE__"
_NO_PAGE = (
    "earmark is here, and its page is not: this copy was installed without it. "
    "The API is described at /docs, and answers all the same.\n"
)
_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_ABOUT = "Hears music: genres, tags and moods, in which seconds, and why; and finds, compares and orders what it heard."


def create_app(settings: Settings) -> FastAPI:
    """The application, which starts workers when it is started itself.

    Raises
    ------
    ServeError
        The settings would let strangers in.
    BundleError
        The bundle cannot be read.
    """
    settings = checked(settings)
    bundle = load_bundle(settings.model)
    metrics = Metrics()

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        limits = settings.limits
        with Desk() as desk:
            plan = Plan(bundle.folder, limits.memory_bytes, limits.sound_s, limits.idle_s, desk.folder, os.getpid())
            crew = Crew(plan, workers=settings.workers, waiting=limits.waiting)
            shelf = Shelf(settings.db, bundle)
            app.state.service = Service(
                settings=settings,
                bundle=bundle,
                desk=desk,
                crew=crew,
                jobs=Jobs(crew),
                shelf=shelf,
                maps=Maps(shelf.db, bundle),
                kept=Kept(limits),
                pieces=Pieces(desk.folder),
                metrics=metrics,
            )
            crew.start()
            try:
                yield
            finally:
                crew.stop()
                await shelf.close()

    app = FastAPI(
        title="earmark",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        generate_unique_id_function=_name_of,
        responses={422: {"model": ProblemJson, "description": "It cannot be understood, or not be heard."}},
    )
    handle_problems(app)
    for module in sorted(pkgutil.iter_modules(routes.__path__), key=lambda each: each.name):
        found = importlib.import_module(f"{routes.__name__}.{module.name}")
        if hasattr(found, "router"):
            app.include_router(found.router)
    app.include_router(players)
    _serve_page(app, settings.static)
    app.add_middleware(Counting, metrics=metrics)
    app.add_middleware(Guard, settings=settings)
    return app


def _name_of(route: APIRoute) -> str:
    return route.name


def _serve_page(app: FastAPI, folder: Path) -> None:
    """The page at the root, and its files."""

    @app.get("/", include_in_schema=False)
    async def root(request: Request) -> Response:
        try:
            page = (folder / "index.html").read_text(encoding="utf-8")
        except OSError:
            return PlainTextResponse(_NO_PAGE)
        return HTMLResponse(page.replace(_NONCE, request.state.nonce), headers={"Cache-Control": "no-cache"})

    @app.get("/{path:path}", include_in_schema=False)
    async def file(path: str) -> Response:
        known = _files(folder)  # looked up, not opened: no path of a client leads out of the folder
        if path not in known:
            raise ProblemError(404, "There is nothing at this address.", "See /docs for what there is.")
        kind = _KINDS.get(known[path].suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        fixed = path.startswith("assets/")  # names with a hash: another content has another name
        cache = "public, max-age=31536000, immutable" if fixed else "no-cache"
        return FileResponse(known[path], media_type=kind, headers={"Cache-Control": cache})


def _files(folder: Path) -> dict[str, Path]:
    return {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
