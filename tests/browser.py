"""A real browser in tests: Chromium without a screen, asked by its own protocol over two pipes, with nothing installed.

The protocol is https://chromedevtools.github.io/devtools-protocol/: JSON, each message ended by a zero byte; what is
written to descriptor 3 is heard, and descriptor 4 answers. Places are CSS pixels from the upper left corner.
"""

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE_S = 60.0
_ARROWS = {f"Arrow{side}": ("", code) for code, side in enumerate(("Left", "Up", "Right", "Down"), start=37)}
_KEYS = {"Enter": ("\r", 13), "Escape": ("", 27), "Tab": ("\t", 9), **_ARROWS}


class Page:
    """A page that is open: what it says, and what a person does to it."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._waiting = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.errors: list[str] = []  # all that the console shows in red, answers with status 404 too

    def attach(self) -> None:
        """Take hold of a new tab."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have something done, and wait until it is."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self._next(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def show(self, page: Path, *, width: int = 1200, height: int = 800, dark: bool = False, anchor: str = "") -> None:
        """Open a file in a window of such a size, and wait until it is there."""
        self.visit(page.absolute().as_uri() + anchor, width=width, height=height, dark=dark)

    def visit(self, address: str, *, width: int = 1200, height: int = 800, dark: bool = False) -> None:
        """Open an address in a window of such a size, and wait until it is there."""
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}],
        )
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def of(self, expression: str) -> Any:
        """What an expression comes to in the page, as JSON; a promise is waited for."""
        said = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.of(expression):
            assert time.monotonic() < deadline, expression
            time.sleep(0.02)

    def drawn(self) -> None:
        """Wait until what was changed is drawn."""
        self.of("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """What the mouse does: "mouseMoved", "mousePressed", "mouseReleased" or "mouseWheel"."""
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Press and let go of the mouse in one place."""
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)
        self.drawn()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse in one place, move and let go in another."""
        self.mouse("mousePressed", *start, button="left", clickCount=1)
        for step in (0.3, 0.7, 1.0):
            x, y = (one + step * (other - one) for one, other in zip(start, end, strict=True))
            self.mouse("mouseMoved", x, y, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)
        self.drawn()

    def pinch(self, x: float, y: float, *, before: float, after: float) -> None:
        """Two fingers on a line, so far from its middle before and after."""

        def points(away: float) -> list[dict[str, float]]:
            return [{"x": x - away, "y": y, "id": 0}, {"x": x + away, "y": y, "id": 1}]

        self.ask("Input.dispatchTouchEvent", type="touchStart", touchPoints=points(before))
        for step in (0.5, 1.0):
            away = before + step * (after - before)
            self.ask("Input.dispatchTouchEvent", type="touchMove", touchPoints=points(away))
        self.ask("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        self.drawn()

    def key(self, name: str) -> None:
        """Press a key: a letter, or one with a name."""
        text, code = _KEYS.get(name, (name, ord(name[0].upper())))
        values = {"key": name, "windowsVirtualKeyCode": code}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **values)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **values)
        self.drawn()

    def write(self, text: str) -> None:
        """Type a text into what has the focus."""
        self.ask("Input.insertText", text=text)
        self.drawn()

    def picture(self, file: Path) -> None:
        """What is seen, as PNG."""
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            assert time.monotonic() < deadline, "the browser does not answer"
            more = os.read(self._read, 1 << 20)
            assert more, "the browser has gone"
            self._waiting += more
        line, _, self._waiting = self._waiting.partition(b"\0")
        said: dict[str, Any] = json.loads(line)
        if said.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(str(said["params"]["exceptionDetails"]))
        if said.get("method") == "Log.entryAdded":
            entry = said["params"]["entry"]
            if entry["source"] in ("security", "javascript"):
                self.complaints.append(str(entry))
            if entry["level"] == "error":
                self.errors.append(f"{entry['text']} {entry.get('url', '')}")
        if said.get("method") == "Runtime.consoleAPICalled" and said["params"]["type"] == "error":
            self.errors.append(str(said["params"]["args"]))
        return said


@contextlib.contextmanager
def browser(profile: Path, *options: str) -> Iterator[Page]:
    """A browser with an empty tab; it keeps what it keeps in the folder `profile`."""
    assert CHROMIUM is not None
    to_it, we_write = os.pipe()
    we_read, from_it = os.pipe()
    options = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"),
        *("--mute-audio", "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}", *options),
    )
    there = f"import os, sys; os.dup2({to_it}, 3); os.dup2({from_it}, 4); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", there, CHROMIUM, *options],
        pass_fds=(to_it, from_it),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for descriptor in (to_it, from_it):
        os.close(descriptor)
    page = Page(we_write, we_read)
    try:
        page.attach()
        yield page
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        for descriptor in (we_write, we_read):
            os.close(descriptor)
