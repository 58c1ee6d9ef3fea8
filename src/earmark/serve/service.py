"""What a running server has, and what routes ask of it."""

import importlib.util
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from earmark.listen.bundle import Bundle
from earmark.serve.crew import Crew
from earmark.serve.jobs import Jobs
from earmark.serve.kept import Kept, Sketches
from earmark.serve.making import Pieces
from earmark.serve.maps import Maps
from earmark.serve.metrics import Metrics
from earmark.serve.settings import Settings
from earmark.serve.shelf import Shelf
from earmark.serve.uploads import Desk


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
    kept, sketches, pieces:
        Answers for uploads, how tracks look, and what was generated.
    metrics:
        What was counted.
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
    sketches: Sketches = field(default_factory=Sketches)

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
