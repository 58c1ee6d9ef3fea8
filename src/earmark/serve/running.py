"""Running the application by uvicorn; the socket is bound first, so that what is wrong with it is told in words."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from earmark.errors import MissingExtraError, ServeError
from earmark.serve.settings import Settings

if TYPE_CHECKING:
    import uvicorn

_FAREWELL_S = 10  # for answers that are under way when the server is to end
_BACKLOG = 256


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """A socket that listens where the settings say; ServeError where that cannot be."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        listener = socket.socket(family, kind, protocol)
        if os.name == "posix":  # elsewhere it lets another program take the port over
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(_BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ServeError(
            f"It cannot listen at {settings.host}, port {settings.port} ({said}).",
            hint="Choose another one with --port, or --port 0 for any that is free.",
        ) from error
    try:
        yield listener
    finally:
        listener.close()


def prepared(settings: Settings) -> "uvicorn.Server":
    """A server that is ready to `run`, until the process is asked to end; what is under way has some seconds then.

    Raises
    ------
    MissingExtraError
        The extra `serve` is not installed.
    BundleError
        The bundle cannot be read.
    """
    try:
        import uvicorn

        from earmark.serve.app import create_app
        from earmark.serve.patient import PatientProtocol
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "earmark":
            raise
        raise MissingExtraError.naming("`earmark serve`", "serve") from missing
    config = uvicorn.Config(
        create_app(settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        http=PatientProtocol,
        ws="none",
        loop="asyncio",
        timeout_keep_alive=10,
        timeout_graceful_shutdown=_FAREWELL_S,
        proxy_headers=False,
    )
    return uvicorn.Server(config)
