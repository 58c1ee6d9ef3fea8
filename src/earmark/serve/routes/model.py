"""`/api/model`: what the network was trained on, how good it is, and what not to use it for."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from earmark.listen.bundle import Bundle
from earmark.serve.facts import facts_of
from earmark.serve.routes.documented import answers
from earmark.serve.service import Serving
from earmark.serve.telling import Plain

router = APIRouter(prefix="/api", tags=["model"])

_TOO_LONG = ("recipe", "ids_sha256", "card", "words")  # needed to repeat the training


class ModelJson(BaseModel):
    """The model card, and what was measured."""

    name: str
    version: str
    licence: str
    created: str
    hears: dict[str, Any]
    trained_on: dict[str, Any]
    figures: dict[str, Any]
    limits: dict[str, Any]
    not_for: str
    calibration: dict[str, Any]
    tags: dict[str, Any] | None
    outside: dict[str, Any] | None
    heads: list[dict[str, Any]]
    confusion: dict[str, Any] | None
    reliability: dict[str, Any] | None
    claims: dict[str, Any] | None


@router.get("/model", responses=answers(ModelJson))
async def model(service: Serving) -> Response:
    """What the network is, what it was trained on, how good it is, and what was found when it was read."""
    return Plain(told(service.bundle))


def told(bundle: Bundle) -> dict[str, Any]:
    """All of it, plain JSON values."""
    info = bundle.info
    plain = info.to_dict()
    card = dict(info.lineage.get("card", {}))
    not_for = str(card.pop("not_for", ""))
    front_end = info.front_end
    window_s = front_end.window_tokens * front_end.token_frames * front_end.hop_samples / front_end.sample_rate_hz
    return {
        "name": info.name,
        "version": info.version,
        "licence": info.licence,
        "created": info.created,
        "hears": {"genres": list(info.labels), "window_s": round(window_s, 2), "tokens": front_end.window_tokens},
        "trained_on": {name: value for name, value in info.lineage.items() if name not in _TOO_LONG},
        "figures": dict(info.metrics),
        "limits": card,
        "not_for": not_for,
        "calibration": plain["calibration"],
        "tags": _tags(plain.get("tags")),
        "outside": plain.get("outside"),
        "heads": [
            {"name": head.name, "kind": head.kind, "labels": list(head.labels), "figures": dict(head.figures)}
            for head in bundle.heads
        ],
        **facts_of(info),
    }


def _tags(tags: dict[str, Any] | None) -> dict[str, Any] | None:
    if tags is None:
        return None
    each = [{name: tag.get(name) for name in ("name", "group", "auc", "judged_by", "in_time")} for tag in tags["each"]]
    return {**{name: value for name, value in tags.items() if name != "each"}, "each": each}
