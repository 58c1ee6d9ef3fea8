"""`earmark serve`: the page, the API and the calls of players, on this machine unless told otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db

if TYPE_CHECKING:
    from earmark.serve.settings import Settings

_UNTIL_IT_ANSWERS_S = 1.0


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("serve")(serve)


def serve(
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine a token is needed.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")] = 8765,
    name: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A further name of this server, as a proxy's (repeatable).")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file with the token.", show_default="EARMARK_TOKEN")
    ] = None,
    user: Annotated[str, typer.Option(help="What players call themselves.")] = "earmark",
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file with the password of players.", show_default="EARMARK_PASSWORD"),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that hear.", show_default="one a core")] = None,
    waiting: Annotated[int, typer.Option(min=1, help="How many may wait for one of them.")] = 32,
    max_mb: Annotated[float, typer.Option(min=1, metavar="MB", help="The largest upload.")] = 200,
    max_minutes: Annotated[float, typer.Option(min=0.1, help="The longest sound.")] = 60,
    max_seconds: Annotated[float, typer.Option(min=1, help="How long hearing a file may take.")] = 120,
    max_memory: Annotated[
        float, typer.Option(min=100, metavar="MB", help="Memory that a process may take beyond its start.")
    ] = 2000,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    db: Db = None,
    model: Annotated[Path | None, typer.Option(help="The bundle to hear with.", show_default="the shipped one")] = None,
) -> None:
    """Serve the page and the API, until Ctrl-C.

    It needs the extra `serve`. Secrets come from files or the environment, never from the command line.

    \b
    Example: earmark serve
    \b
    Example: earmark serve --port 9000 --open
    \b
    Example: earmark serve --host 0.0.0.0 --token-file token --password-file password
    """
    from earmark.cli._streams import say
    from earmark.listen.parallel import cores
    from earmark.serve.running import bound, prepared
    from earmark.serve.settings import (
        PASSWORD_VARIABLE,
        TOKEN_VARIABLE,
        Limits,
        Settings,
        address,
        checked,
        secret,
    )

    settings = checked(
        Settings(
            host=host,
            port=port,
            db=db,
            model=model,
            token=secret(TOKEN_VARIABLE, token_file, what="token"),
            user=user,
            password=secret(PASSWORD_VARIABLE, password_file, what="password"),
            names=tuple(name or ()),
            workers=workers or cores(),
            limits=Limits(
                upload_bytes=round(max_mb * 1e6),
                sound_s=max_minutes * 60,
                hear_s=max_seconds,
                memory_bytes=round(max_memory * 1e6),
                waiting=waiting,
            ),
        )
    )
    with bound(settings) as socket:
        server = prepared(settings)
        page = address(settings.host, socket.getsockname()[1])
        say(f"serving at {page} (Ctrl-C ends it)")
        with _door(page, settings) if open_page else nullcontext():
            server.run(sockets=[socket])


@contextmanager
def _door(page: str, settings: "Settings") -> Iterator[None]:
    """Open the page in a browser once the server answers.

    Other users of the machine see the command that starts a browser. So where there is a token, the browser is given a
    file that only the user reads, and that leads to the page.
    """
    import tempfile
    import threading
    import webbrowser
    from urllib.parse import quote

    with tempfile.TemporaryDirectory(prefix="earmark-door-") as folder:  # nobody else may look into it
        shown = page
        if settings.token:
            door = Path(folder) / "earmark.html"
            target = f"{page}?token={quote(settings.token, safe='')}"
            door.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={target}">', encoding="utf-8")
            shown = door.as_uri()
        timer = threading.Timer(_UNTIL_IT_ANSWERS_S, webbrowser.open, [shown])
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
