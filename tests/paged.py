"""The page of `earmark serve` in a real browser: how a person uses it, in a few words.

Parts of the page are named by CSS selectors; a place on the screen is that of the middle of the part.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from browser import Page

AXE = Path(__file__).parents[1] / "web" / "node_modules" / "axe-core" / "axe.min.js"


class Visit:
    """The page of a server, open in a browser."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def open(self, view: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a view, such as "listen" or "map/3", in a window of such a size."""
        self.page.visit(f"{self.address}/#/{view}", width=width, height=height, dark=dark)
        self.wait("main > *")

    def wait(self, selector: str, words: str = "") -> None:
        """Wait until a part is there, and says something."""
        self.page.wait_for(
            f"[...document.querySelectorAll({selector!r})].some(each => each.textContent.includes({words!r}))"
        )

    def words(self, selector: str) -> str:
        """What the first such part says."""
        return str(self.page.of(f"document.querySelector({selector!r})?.innerText ?? ''"))

    def all_words(self, selector: str) -> list[str]:
        """What each such part says."""
        found: list[str] = self.page.of(f"[...document.querySelectorAll({selector!r})].map(each => each.innerText)")
        return found

    def count(self, selector: str) -> int:
        """How many such parts there are."""
        return int(self.page.of(f"document.querySelectorAll({selector!r}).length"))

    def place(self, selector: str) -> tuple[float, float]:
        """Where the middle of a part is, once it is scrolled to."""
        box = self.page.of(
            f"(() => {{ const part = document.querySelector({selector!r}); part.scrollIntoView({{block: 'center'}}); "
            "const box = part.getBoundingClientRect(); "
            "return [box.left + box.width / 2, box.top + box.height / 2]; })()"
        )
        return float(box[0]), float(box[1])

    def click(self, selector: str) -> None:
        """Click the middle of a part."""
        self.page.click(*self.place(selector))

    def press(self, words: str, within: str = "main") -> None:
        """Click the button or link that says these words."""
        self.page.of(
            "document.querySelector('[data-pressed]')?.removeAttribute('data-pressed'); "
            f"[...document.querySelectorAll({within!r} + ' :is(button, a, summary)')]"
            f".find(each => each.textContent.trim() === {words!r}).setAttribute('data-pressed', '')"
        )
        self.click("[data-pressed]")

    def type(self, selector: str, words: str) -> None:
        """Write into a field, in place of what is there."""
        self.page.of(
            f"(() => {{ const field = document.querySelector({selector!r}); field.focus(); field.select(); }})()"
        )
        self.page.write(words)

    def drop(self, *files: Path) -> None:
        """Drag files onto the page and let go."""
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.page.ask("Input.dispatchDragEvent", type=kind, x=400, y=400, data=data)
        self.page.drawn()

    def draw_around(self, points: Sequence[tuple[float, float]]) -> None:
        """Drag the mouse along a line."""
        first, *others = points
        self.page.mouse("mouseMoved", *first)
        self.page.mouse("mousePressed", *first, button="left", clickCount=1)
        for point in others:
            self.page.mouse("mouseMoved", *point, button="left", buttons=1)
        self.page.mouse("mouseReleased", *points[-1], button="left", clickCount=1)
        self.page.drawn()

    def playing(self) -> list[float]:
        """Which seconds the button that is lit plays; empty where nothing is played."""
        seconds: list[float] = self.page.of(
            "[...document.querySelectorAll('button.play.on')].slice(0, 1)"
            ".flatMap(each => each.dataset.plays.split('|').slice(1).map(Number))"
        )
        return seconds

    def broken_rules(self, *only: str) -> list[str]:
        """The rules of accessibility that what is shown breaks seriously, by axe-core, with the parts that do.

        Some rules alone, if they are named.
        """
        so_far = len(self.page.complaints), len(self.page.errors)
        self.page.of(AXE.read_text(encoding="utf-8") + "; 0")
        options = json.dumps({"resultTypes": ["violations"], **({"runOnly": list(only)} if only else {})})
        found: list[str] = self.page.of(
            f"axe.run(document, {options}).then(({{violations}}) => violations"
            ".filter(({impact}) => ['serious', 'critical'].includes(impact))"
            ".map(({id, nodes}) => id + ': ' + nodes.slice(0, 3).map(node => node.html.slice(0, 150)).join(' | ')))"
        )
        self.page.drawn()
        del self.page.complaints[so_far[0] :], self.page.errors[so_far[1] :]  # axe's own styles break the policy
        return found

    def overflow(self) -> float:
        """By how many pixels the page is wider than its window."""
        return float(self.page.of("document.documentElement.scrollWidth - innerWidth"))
