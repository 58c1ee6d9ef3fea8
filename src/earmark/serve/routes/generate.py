"""`/api/generate`: a piece along a way through the collection, of its own music or imagined; and the pieces' sound."""

import secrets
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from earmark.generate.asking import Ask
from earmark.serve.making import Make, Wanted
from earmark.serve.problems import ProblemError
from earmark.serve.routes.documented import answers
from earmark.serve.routes.started import STARTED, answered
from earmark.serve.service import Service, Serving

router = APIRouter(prefix="/api", tags=["generate"])

_TROUBLE = (404, 409, 410, 413, 422, 429, 501, 503, 507)
_SEEDS = 1_000_000
_SECONDS_A_SECOND = 4  # that making one of a piece may take, beside what hearing may
Text = Annotated[str, Field(max_length=500)]


class GenerateAsk(BaseModel):
    """What a piece is to be: one of `genre`, `like`, `blend`, `from` with `to`, or a mood alone or beside the first."""

    model_config = ConfigDict(extra="forbid")

    genre: Text = ""
    mood: Text = ""
    like: Text = Field(default="", description='A song, "#17" or a title.')
    start: Text = Field(default="", alias="from")
    end: Text = Field(default="", alias="to")
    blend: Text = Field(default="", description="An expression, as of /api/arithmetic.")
    seconds: float = Field(default=30.0, ge=5, le=600)
    temperature: float = Field(default=0.5, ge=0, le=2)
    seed: int | None = Field(default=None, ge=0, le=10**9)
    renderer: Literal["mosaic", "spectrogram"] = "mosaic"
    imagine: bool = Field(default=False, description="Have a mosaic follow what the bundle's generator imagines.")


class PieceJson(BaseModel):
    """A piece that was made, and of what."""

    id: str
    audio: str
    understood: list[str]
    notes: list[str]
    seconds: float
    seed: int
    renderer: str
    sources: list[dict[str, Any]]


@router.post("/generate", responses={**answers(PieceJson, *_TROUBLE), **STARTED})
async def generate(
    request: Request, service: Serving, ask: GenerateAsk, wait: Annotated[bool, Query()] = True
) -> Response:
    """Make a piece; each of its parts is named with the track and the seconds that it comes from."""
    if not service.generates:
        raise ProblemError(501, "This copy of earmark cannot generate.", "Install one that can.")
    if not any((ask.genre, ask.mood, ask.like, ask.start, ask.end, ask.blend)):
        raise ProblemError(422, "Nothing is asked for.", "Name a genre, a mood, a song, two songs or a sum.")
    await service.shelf.ask(lambda books: len(books.collection))  # what is wrong with it is told first
    seed = secrets.randbelow(_SEEDS) if ask.seed is None else ask.seed
    piece = Ask(**{**ask.model_dump(exclude={"renderer", "imagine"}), "seed": seed})
    wanted = Wanted(piece, ask.renderer, ask.imagine)
    name, file = service.pieces.place()
    finish = _Finish(service, name, file)
    limit_s = service.settings.limits.hear_s + _SECONDS_A_SECOND * ask.seconds
    task = Make(wanted, service.shelf.db, file)
    job = service.jobs.start("generate", task, what="The piece", limit_s=limit_s, finish=finish, clean=finish.clean)
    return await answered(service, job, request, wait=wait)


@router.get("/pieces/{piece}/audio", responses=answers(None, 404, 416, 422, media="audio/wav"))
async def piece_audio(piece: str, service: Serving) -> Response:
    """The sound of a piece, whole or by ranges of bytes."""
    return FileResponse(service.pieces.find(piece), media_type="audio/wav", filename=f"{piece}.wav")


class _Finish:
    """Keeps a piece when it is made, and removes what is left where it was not."""

    def __init__(self, service: Service, name: str, file: FilePath) -> None:
        self._service = service
        self._name = name
        self._file = file
        self._kept = False

    def __call__(self, event: str, value: Any) -> Any:
        """Plain JSON values."""
        if event != "done":
            return value
        self._service.pieces.keep(self._name, self._file)
        self._kept = True
        told = ("understood", "notes", "seconds", "seed", "renderer", "sources")
        return {"id": self._name, "audio": f"/api/pieces/{self._name}/audio", **{name: value[name] for name in told}}

    def clean(self) -> None:
        """Called when it is over."""
        if not self._kept:
            self._service.pieces.remove(self._file)
