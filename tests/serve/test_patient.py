"""Connections that say nothing, or too little: they are ended, and those that are answered are not."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from earmark.serve.patient import PatientProtocol
from earmark.serve.running import prepared
from served import Music

ASKS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Hasty(PatientProtocol):
    """One that waits for a moment only."""

    head_s = 0.2


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """Takes longer to answer than a head may take to come: it waits for the whole body."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        server = uvicorn.Server(uvicorn.Config(slow, log_level="error", lifespan="off", ws="none", http=Hasty))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=20)


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: 127", ASKS + b"GET / HT"], ids=["nothing", "half a head", "one and a half"]
)
def test_who_does_not_say_what_is_asked_for_is_not_waited_for(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(sent)
        said = b""
        while more := line.recv(1000):
            said += more
    assert said.count(b"200 OK") == sent.count(ASKS)


def test_letters_that_come_now_and_then_do_not_buy_time(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 200:
                line.sendall(b"G")
                sent += 1
                time.sleep(0.05)
    assert sent < 100


def test_who_is_answered_is_waited_for_however_long_the_body_takes(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.5)
        line.sendall(b"cd")
        said = b""
        while more := line.recv(1000):  # until it is not waited for any more
            said += more
    assert b"4 bytes" in said


def test_the_command_serves_by_it(music_served: Music) -> None:
    assert prepared(music_served.settings()).config.http is PatientProtocol
