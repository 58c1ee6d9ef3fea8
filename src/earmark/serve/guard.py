"""Who may ask at all: looked at before anything else of a request, and headers that every answer has.

- The `Host` must be a name of this server: a page of another name that was made to point to this machine (DNS
  rebinding) is refused.
- What changes something, and whatever a script of another site asks for, is refused by `Sec-Fetch-Site` and `Origin`.
- Where there is a token, it is asked for: as `Authorization: Bearer`, or as a cookie that `/?token=...` sets. Players
  (`/rest/`) show a password of their own, and `/health` says nothing that is secret.
"""

import asyncio
import hmac
import ipaddress
import logging
import secrets
import socket
import time
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earmark.files import shown
from earmark.serve.problems import ProblemError, mistake
from earmark.serve.settings import Limits, Settings, is_loopback

_LOG = logging.getLogger(__name__)

COOKIE = "earmark_token"
UPLOADS = "/api/listen"  # where bodies may be large: it looks after them itself
_BODY_BYTES = 1_000_000
_SAFE = ("GET", "HEAD", "OPTIONS")
_PAGE = "document"  # of Sec-Fetch-Dest: a window of its own
_OWN = ("same-origin", "none")  # of Sec-Fetch-Site: a script of ours, or a person who typed the address
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self' blob:; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PASS_ON = (
    '<!doctype html><title>earmark</title><link rel="icon" href="/icon.svg" type="image/svg+xml">'
    '<meta http-equiv="refresh" content="0; url=/"><a href="/">earmark</a>'
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware that lets through what may be asked."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._names = _names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or hand on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if "Cache-Control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if refused is None:
            limited = receive if scope["path"] == UPLOADS else _limited(receive, self._settings.limits)
            await self._handed_on(scope, limited, send_guarded)
        elif isinstance(refused, ProblemError):
            await refused.response(scope["path"])(scope, receive, send_guarded)
        else:
            await refused(scope, receive, send_guarded)

    async def _handed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; what it fails with is told here, with our headers, where nothing was told yet."""
        begun = False

        async def send_noticed(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        except Exception as error:
            if begun:
                raise
            _LOG.error("%s %s failed", scope["method"], shown(scope["path"]), exc_info=error)
            await mistake().response(scope["path"])(scope, receive, send)

    def _refused(self, scope: Scope, headers: Headers) -> ProblemError | Response | None:
        if not self._is_ours(headers.get("host", "")):
            return ProblemError(
                403,
                "This server is not known under the name that was asked for.",
                "Ask it by its address, or start it with --name NAME.",
            )
        if _is_cross_site(scope["method"], headers):
            return ProblemError(
                403, "Other sites may not ask this server.", "Open its own page, or ask from a program."
            )
        return self._unknown(scope, headers) if self._settings.token else None

    def _is_ours(self, host: str) -> bool:
        name = _name_in(host)
        if name is None:
            return False
        if name in self._names:
            return True
        return not is_loopback(self._settings.host) and _is_address(name)

    def _unknown(self, scope: Scope, headers: Headers) -> ProblemError | Response | None:
        """What to say to who shows no token."""
        if scope["path"] == "/health" or scope["path"].startswith("/rest/"):
            return None
        shown = [headers.get("authorization", "").removeprefix("Bearer "), _cookie(headers)]
        if any(self._is_token(each) for each in shown):
            return None
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["path"] == "/" and self._is_token(query.get("token", [""])[0]):
            elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
            # A browser that comes from elsewhere would not bring the cookie along: a page of ours has to send it on.
            passed_on = HTMLResponse(_PASS_ON) if elsewhere else RedirectResponse("/", 303)
            passed_on.set_cookie(COOKIE, self._settings.token, httponly=True, samesite="strict", max_age=30 * 86400)
            return passed_on
        hint = "Open /?token=TOKEN once, or send the header Authorization: Bearer TOKEN."
        return ProblemError(401, "This server asks for its token.", hint, headers={"WWW-Authenticate": "Bearer"})

    def _is_token(self, text: str) -> bool:
        return bool(text) and hmac.compare_digest(text.encode(), self._settings.token.encode())


def _limited(receive: Receive, limits: Limits) -> Receive:
    """What is received, no more than so much, and no slower than uploads may be."""
    left_bytes = _BODY_BYTES
    until_s = time.monotonic() + limits.upload_s
    ended = False

    async def receive_limited() -> Message:
        nonlocal left_bytes, ended
        if ended:  # what is waited for now is that the client goes away
            return await receive()
        try:
            async with asyncio.timeout(max(min(limits.idle_s, until_s - time.monotonic()), 0.0)):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408, "What was sent came too slowly.", headers={"Connection": "close"}) from error
        ended = not message.get("more_body", False)
        left_bytes -= len(message.get("body", b""))
        if left_bytes < 0:
            raise HTTPException(413, "What was sent is too large: a megabyte is the most here.")
        return message

    return receive_limited


def _names(settings: Settings) -> frozenset[str]:
    names = {"localhost", "127.0.0.1", "::1", settings.host.strip("[]"), *settings.names}
    if not is_loopback(settings.host):
        own = socket.gethostname()
        names |= {own, f"{own}.local"}
    return frozenset(name.casefold() for name in names if name)


def _name_in(host: str) -> str | None:
    """The name of a `Host` header, without its port; None where it is none."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return None
    return name.casefold() if name else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_cross_site(method: str, headers: Headers) -> bool:
    site = headers.get("sec-fetch-site", "")
    if method in _SAFE:
        # Links from elsewhere may be followed; scripts, pictures and frames of other sites get nothing.
        followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", _PAGE) == _PAGE
        return site in ("cross-site", "same-site") and not followed
    if site and site not in _OWN:
        return True
    origin = headers.get("origin")
    return origin is not None and _place_in(origin) != headers.get("host", "").casefold()


def _place_in(origin: str) -> str:
    """Host and port of an `Origin`; empty where there is none."""
    try:
        return urlsplit(origin).netloc.casefold()
    except ValueError:
        return ""


def _cookie(headers: Headers) -> str:
    # As browsers write them: Python's own parser finds none behind another program's cookie that is no plain text.
    return cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
