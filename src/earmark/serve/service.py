"""What a running server has, and what routes ask of it."""

import importlib.util
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from earmark.listen.bundle import Bundle
from earmark.serve.crew import Crew
from earmark.serve.ear import Sketch
from earmark.serve.jobs import Jobs
from earmark.serve.kept import Kept, Lately
from earmark.serve.making import Pieces
from earmark.serve.maps import Maps
from earmark.serve.metrics import Metrics
from earmark.serve.pictures import Picture
from earmark.serve.players.credentials import Mistakes
from earmark.serve.settings import Settings
from earmark.serve.shelf import Shelf
from earmark.serve.uploads import Desk

_MOST_SKETCHES = 32
_MOST_COVERS, _COVERS_BYTES = 4096, 16_000_000


def _bytes_of(cover: Picture | None) -> int:
    return 0 if cover is None else len(cover[0])


@dataclass
class Service:
    """What a running server has.

    Attributes
    ----------
    settings, bundle:
        What it was started with.
    desk, crew, jobs:
        Where uploads lie, who hears them, and what was asked for.
    shelf, maps:
        The collection, and its map.
    kept, sketches, covers, pieces:
        Answers for uploads, how tracks look, their pictures, and what was generated.
    metrics, mistakes:
        What was counted, and wrong passwords of players.
    """

    settings: Settings
    bundle: Bundle
    desk: Desk
    crew: Crew
    jobs: Jobs
    shelf: Shelf
    maps: Maps
    kept: Kept
    pieces: Pieces
    metrics: Metrics
    mistakes: Mistakes = field(default_factory=Mistakes)
    sketches: Lately[Sketch] = field(default_factory=lambda: Lately(_MOST_SKETCHES))
    covers: Lately[Picture | None] = field(
        default_factory=lambda: Lately(_MOST_COVERS, most_weight=_COVERS_BYTES, weigh=_bytes_of)
    )

    @property
    def generates(self) -> bool:
        """Whether pieces can be made."""
        return importlib.util.find_spec("earmark.generate") is not None


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


Serving = Annotated[Service, Depends(service_of)]
