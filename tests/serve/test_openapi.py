"""Whatever the description allows, and what it does not, is answered as described and never by a mistake."""

import os
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from served import Server

EXAMPLES = int(os.environ.get("EARMARK_EXAMPLES", "2"))  # of each call; docs/serve.md has a command for more
_MANY = 10
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def test_every_call_keeps_to_its_description(server: Server) -> None:
    described = schemathesis.openapi.from_dict(server.client.get("/openapi.json").json())
    asked = 0
    for found in described.get_all_operations():
        call = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=EXAMPLES < _MANY,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(case=call.as_strategy())
        def answered(case: Any) -> None:
            case.call_and_validate(base_url=server.address, checks=CHECKS, timeout=60)

        answered()
        asked += 1
    assert asked > 20
    assert server.client.get("/health").json()["status"] == "ok"


def test_the_description_names_every_route_and_loads_nothing_from_elsewhere(server: Server) -> None:
    told = server.client.get("/openapi.json").json()
    assert {"/api/listen", "/api/similar", "/api/map", "/api/teach", "/health"} <= told["paths"].keys()
    assert "http://" not in server.client.get("/docs").text.replace(server.address, "")
    assert "https://" not in server.client.get("/docs").text
