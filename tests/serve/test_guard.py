"""Who may ask: names of the server, other sites, tokens, bodies; and the headers of every answer."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from earmark.serve.guard import COOKIE, Guard
from earmark.serve.settings import Limits, Settings

TOKEN = "a-token-of-some-length"
HERE = {"Host": "127.0.0.1:8765"}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how many bytes came."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)}")(scope, receive, send)


def ask(
    settings: Settings, method: str = "GET", path: str = "/api/state", headers: Mapping[str, str] = HERE, **more: object
) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(echo, settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
            return await client.request(method, path, headers=dict(headers), **more)  # type: ignore[arg-type]

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("host", "settings", "status"),
    [
        ("127.0.0.1:8765", {}, 200),
        ("localhost", {}, 200),
        ("LOCALHOST:1", {}, 200),
        ("[::1]:8765", {}, 200),
        ("evil.example", {}, 403),
        ("localhost.evil.example:8765", {}, 403),
        ("127.0.0.1.evil.example", {}, 403),
        ("192.168.0.7:8765", {}, 403),  # nobody reaches loopback by such an address
        ("", {}, 403),
        ("[", {}, 403),
        ("a b", {}, 403),
        ("music.example", {"names": ("music.example",)}, 200),
        ("192.168.0.7:8765", {"host": "0.0.0.0", "token": TOKEN}, 200),
        ("evil.example", {"host": "0.0.0.0", "token": TOKEN}, 403),
    ],
)
def test_only_names_of_this_server_are_answered(host: str, settings: dict[str, object], status: int) -> None:
    headers = {"Host": host, "Authorization": f"Bearer {TOKEN}"}
    assert ask(Settings(**settings), headers=headers).status_code == status  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 200),  # a program
        ("POST", {"Origin": "http://127.0.0.1:8765", "Sec-Fetch-Site": "same-origin"}, 200),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": "http://["}, 403),
        ("POST", {"Origin": "http://127.0.0.1:9999"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("DELETE", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"}, 403),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ("GET", {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
    ],
)
def test_other_sites_change_nothing_and_read_nothing(method: str, headers: dict[str, str], status: int) -> None:
    assert ask(Settings(), method, headers={**HERE, **headers}).status_code == status


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/state", {}, 401),
        ("/", {}, 401),
        ("/api/state", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("/api/state", {"Authorization": f"Bearer {TOKEN}x"}, 401),
        ("/api/state", {"Authorization": "Bearer "}, 401),
        ("/api/state", {"Cookie": f"{COOKIE}={TOKEN}"}, 200),
        ("/api/state", {"Cookie": f'other={{"a":1}}; {COOKIE}={TOKEN}'}, 200),  # of a program on another port
        ("/api/state", {"Cookie": f"{COOKIE}=no"}, 401),
        ("/api/state", {"Cookie": "\x00;=;"}, 401),
        ("/api/state?token=" + TOKEN, {}, 401),
        ("/?token=wrong", {}, 401),
        ("/health", {}, 200),
        ("/rest/ping", {}, 200),  # has a password of its own
        ("/restful", {}, 401),
    ],
)
def test_a_token_is_asked_for_where_there_is_one(path: str, headers: dict[str, str], status: int) -> None:
    assert ask(Settings(token=TOKEN), path=path, headers={**HERE, **headers}).status_code == status


def test_a_token_in_the_address_becomes_a_cookie_that_no_script_reads() -> None:
    answer = ask(Settings(token=TOKEN), path=f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert all(each in cookie.lower() for each in (f"{COOKIE}={TOKEN}", "httponly", "samesite=strict"))


def test_a_token_that_is_followed_from_elsewhere_is_passed_on_by_a_page_of_ours() -> None:
    # A browser leaves a strict cookie out of a request that another site began, redirected or not.
    headers = {**HERE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = ask(Settings(token=TOKEN), path=f"/?token={TOKEN}", headers=headers)
    assert answer.status_code == 200
    assert 'content="0; url=/"' in answer.text
    assert TOKEN not in answer.text
    assert TOKEN in answer.headers["set-cookie"]


@pytest.mark.parametrize(("headers", "status"), [(HERE, 200), ({"Host": "evil.example"}, 403)])
def test_every_answer_says_what_a_browser_may_do_with_it(headers: dict[str, str], status: int) -> None:
    first, second = (ask(Settings(), headers=headers) for _ in range(2))
    assert first.status_code == status
    policy = first.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["content-security-policy"], "a nonce is used once"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in first.headers


@pytest.mark.parametrize(("path", "status"), [("/api/listen", 200), ("/api/playlist", 413)])
def test_only_uploads_may_be_large(path: str, status: int) -> None:
    async def asked() -> int:
        transport = httpx.ASGITransport(Guard(_with_errors, Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
            return (await client.post(path, content=bytes(1_000_001))).status_code

    assert asyncio.run(asked()) == status


@pytest.mark.parametrize(("path", "status"), [("/rest/ping", 408), ("/api/playlist", 408)])
@pytest.mark.parametrize("pause_s", [0.3, 0.05])
def test_a_body_must_not_come_too_slowly_anywhere(path: str, status: int, pause_s: float) -> None:
    limits = Limits(upload_s=0.4, idle_s=0.15)

    async def asked() -> httpx.Response:
        messages = [{"type": "http.request", "body": b"x", "more_body": True}] * 20

        async def receive() -> Message:
            await asyncio.sleep(pause_s)
            return messages.pop()

        async def app(scope: Scope, _: Receive, send: Send) -> None:
            await Guard(_with_errors, Settings(limits=limits))(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8765") as client:
            return await client.post(path, headers=HERE)

    assert asyncio.run(asked()).status_code == status


def test_who_has_sent_all_may_be_waited_for_as_long_as_an_answer_takes() -> None:
    async def asked() -> list[str]:
        messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]
        heard: list[str] = []

        async def receive() -> Message:
            if messages:
                return messages.pop()
            await asyncio.sleep(0.3)
            return {"type": "http.disconnect"}

        async def wait(scope: Scope, receive: Receive, send: Send) -> None:
            heard.extend([(await receive())["type"], (await receive())["type"]])

        async def send(message: Message) -> None:
            raise AssertionError(message)

        scope: Scope = {"type": "http", "method": "GET", "path": "/api/state", "headers": [(b"host", b"127.0.0.1")]}
        await Guard(wait, Settings(limits=Limits(upload_s=0.1, idle_s=0.1)))(scope, receive, send)
        return heard

    assert asyncio.run(asked()) == ["http.request", "http.disconnect"]


async def _with_errors(scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.middleware.exceptions import ExceptionMiddleware

    await ExceptionMiddleware(echo)(scope, receive, send)


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    """An application with a mistake."""
    raise ZeroDivisionError("inside")


def test_a_mistake_is_told_with_the_headers_of_every_answer_and_nothing_of_what_is_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(fail, Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8765") as client:
            return await client.get("/api/state%0aforged", headers=HERE)

    answer = asyncio.run(asked())
    assert "GET /api/state\\nforged failed" in caplog.text, "on one line"
    assert (answer.status_code, answer.json()["detail"]) == (500, "The server made a mistake.")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "inside" not in answer.text
