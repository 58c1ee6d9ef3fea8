"""The pictures of the page of `earmark serve` that the documents show, of a collection of yours, in a real browser.

Written are OUT/page_listen.png (a track, by day), page_make.png (a list, by day), page_model.png (the model's card, by
night) and page_phone.png (the track on a telephone, by night), with few colours, so that they are small.

    PYTHONPATH=tests python benchmarks/page_pictures.py collection.db --track 1 --like jazz --out docs
"""

import argparse
import io
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from browser import Page, browser
from earmark.serve.settings import Settings
from paged import Visit
from served import serving

COLOURS = 128
SETTLED_S = 6.0


@dataclass(frozen=True, slots=True)
class View:
    """A view, how it is seen, and what has to be there before it is."""

    name: str
    anchor: str
    there: str
    size: tuple[int, int]
    dark: bool = False


def main() -> None:
    """Take all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collection", type=Path)
    parser.add_argument("--track", default="1", help="its number in the collection")
    parser.add_argument("--like", default="jazz", help="what the list is to be like")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    listen = f"#/listen/{options.track}"
    views = [
        View("page_listen", listen, "article.track .sentence", (1280, 1000)),
        View("page_phone", listen, "article.track .sentence", (400, 900), dark=True),
        View("page_model", "#/model", "main table", (1280, 1000), dark=True),
        View("page_make", "#/make", ".wishes input", (1280, 900)),
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Settings(db=options.collection)) as server,
        browser(Path(folder)) as page,
    ):
        for view in views:
            width, height = view.size
            page.visit(f"{server.address}/{view.anchor}", width=width, height=height, dark=view.dark)
            page.wait_for(f"document.querySelector({view.there!r}) !== null")
            if view.name == "page_make":
                make_a_list(page, options.like)
            page.wait_for("document.querySelector('[aria-busy=true]') === null")
            time.sleep(SETTLED_S)  # pictures and neighbours come after the words
            page.of("scrollTo(0, 0)")
            page.drawn()
            take(page, options.out / f"{view.name}.png")


def make_a_list(page: Page, like: str) -> None:
    """Ask for a list and wait until it is there."""
    visit = Visit(page, "")
    visit.type(".wishes input", like)
    visit.press("Make the list")
    visit.wait(".listing .row a", "")


def take(page: Page, file: Path) -> None:
    """What is seen, in few colours."""
    with tempfile.NamedTemporaryFile(suffix=".png") as whole:
        page.picture(Path(whole.name))
        picture = Image.open(io.BytesIO(Path(whole.name).read_bytes())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    print(file)


if __name__ == "__main__":
    main()
