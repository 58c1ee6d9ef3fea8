"""Pages: each is one file that needs nothing else, made of the templates beside this, all in one style.

Templates are Jinja's. What comes from outside is escaped by them; what is marked `safe` there was made by another
template. Jinja is imported where a page is written, and nowhere else.
"""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from earmark.files import FileKind, whole
from earmark.plots.palette import ACCENT, DARK, LIGHT, QUIET
from earmark.plots.text import clock, felt, groups_of, mood_words, percent, remarks, span, when
from earmark.sound.decode import name_of

if TYPE_CHECKING:
    from jinja2 import Environment

# Reports name another generator: none is taken for a page. Pages of version 0.1 name none; their titles are known.
PAGE = FileKind("page", "heard.html", (b'<meta name=generator content="earmark">', b"<title>What earmark heard"))
MOOD_MAP = FileKind("mood map", "moods.svg", (b"<!-- mood map by earmark -->",))


@contextmanager
def new_sheet(file: Path) -> Iterator[IO[str]]:
    """A page being written, as text.

    It appears under its name when the block ends well; until then, and where the block fails, what was there stays.

    Raises
    ------
    OutputError
        Where there can be no such file, before the block begins; or where it cannot be written to its end.
    """
    with whole(file) as binary:
        stream = io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace")
        try:
            yield stream
        finally:
            stream.detach()  # what it still holds goes to the file, which `whole` closes


def rendered(template: str, **values: Any) -> str:
    """A template with values in it."""
    return _templates().get_template(template).render(values)


def pieces(template: str, **values: Any) -> Iterator[str]:
    """A template with values in it, piece by piece, each made when it is asked for; a `{{ }}` is a piece of its own."""
    return _templates().get_template(template).generate(values)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("earmark.plots", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    made.globals |= {"accent": ACCENT, "quiet": QUIET, "light": LIGHT, "dark": DARK}
    made.filters |= {"clock": clock, "span": span, "percent": percent, "remarks": remarks, "name_of": name_of}
    made.filters |= {"when": when, "groups_of": groups_of, "felt": felt, "mood_words": mood_words}
    made.filters |= {"tenth": "{:.1f}".format, "data_uri": data_uri}
    return made


def data_uri(content: bytes, media_type: str) -> str:
    """Content as the address of itself."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
