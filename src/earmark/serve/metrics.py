"""What a server counts, in the text format of Prometheus (version 0.0.4, prometheus.io/docs/instrumenting)."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)


class Metrics:
    """Counts of answers by route and status, and how long they took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._took: Counter[float] = Counter()
        self._took_s = 0.0

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count an answer."""
        with self._lock:
            self._answers[method, route, status] += 1
            self._took_s += took_s
            for bound_s in _BOUNDS_S:
                self._took[bound_s] += took_s <= bound_s

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """All counts, and further values: {name: (what it is, value)}."""
        with self._lock:
            return "\n".join([*self._lines(), *_gauges(gauges), ""])

    def _lines(self) -> Iterator[str]:
        name = "earmark_http_requests_total"
        yield f"# HELP {name} Answers by route and status."
        yield f"# TYPE {name} counter"
        for (method, route, status), count in sorted(self._answers.items()):
            yield f'{name}{{method="{method}",route="{route}",status="{status}"}} {count}'
        name = "earmark_http_request_seconds"
        total = sum(self._answers.values())
        yield f"# HELP {name} How long answers took."
        yield f"# TYPE {name} histogram"
        for bound_s in _BOUNDS_S:
            yield f'{name}_bucket{{le="{bound_s:g}"}} {self._took[bound_s]}'
        yield f'{name}_bucket{{le="+Inf"}} {total}'
        yield f"{name}_sum {self._took_s:.6f}"
        yield f"{name}_count {total}"


class Counting:
    """ASGI middleware that counts answers."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and count."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s, status = time.monotonic(), [500]

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            route = getattr(scope.get("route"), "path", "other")  # as it is written: names of clients are no labels
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE") else "other"
            self._metrics.answered(method, route, status[0], time.monotonic() - began_s)


def _gauges(values: Mapping[str, tuple[str, float]]) -> Iterator[str]:
    for name, (what, value) in values.items():
        yield f"# HELP earmark_{name} {what}"
        yield f"# TYPE earmark_{name} gauge"
        yield f"earmark_{name} {value:g}"
