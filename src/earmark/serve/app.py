"""The application: what a server has, put together, and its routes.

Middleware from the outside in: the guard, which lets nothing pass that may not be asked, and counting.
"""

import contextlib
import importlib
import os
import pkgutil
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.routing import APIRoute

from earmark import __version__
from earmark.listen.bundle import load_bundle
from earmark.serve import routes
from earmark.serve.crew import Crew
from earmark.serve.guard import Guard
from earmark.serve.jobs import Jobs
from earmark.serve.kept import Kept
from earmark.serve.making import Pieces
from earmark.serve.maps import Maps
from earmark.serve.metrics import Counting, Metrics
from earmark.serve.page import serve_page
from earmark.serve.players.calls import router as players
from earmark.serve.problems import handle_problems
from earmark.serve.schemas import ProblemJson
from earmark.serve.service import Service
from earmark.serve.settings import Settings, checked
from earmark.serve.shelf import Shelf
from earmark.serve.uploads import Desk
from earmark.serve.worker import Plan

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
    serve_page(app, settings.static)
    app.add_middleware(Counting, metrics=metrics)
    app.add_middleware(Guard, settings=settings)
    return app


def _name_of(route: APIRoute) -> str:
    return route.name
