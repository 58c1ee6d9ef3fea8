"""The frame of every page: one file that needs nothing else, for any browser, in light or dark."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import IO

from earmark.files import FileKind, whole
from earmark.plots.palette import ACCENT

_GENERATOR = b'<meta name=generator content="earmark">'
# Pages of version 0.1 have no generator; their titles are known.
PAGE = FileKind("page", "heard.html", (_GENERATOR, b"<title>What earmark heard"))


@contextmanager
def new_sheet(file: Path, title: str, *, style: str = "") -> Iterator[IO[str]]:
    """A page being written, from the inside of its `<main>` on: what is written closes that, and the page.

    It appears under its name when the block ends well; until then, and where the block fails, what was there stays.

    Parameters
    ----------
    file:
        Where the page goes.
    title:
        Its heading, as text.
    style:
        CSS beside that of all pages.

    Raises
    ------
    OutputError
        Where there can be no such file, before the block begins; or where it cannot be written to its end.
    """
    with whole(file) as binary:
        stream = io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace")
        try:
            stream.write(_HEAD.format(title=escape(title), style=_STYLE.replace("{accent}", ACCENT) + style))
            yield stream
        finally:
            stream.detach()  # what it still holds goes to the file, which `whole` closes


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --quiet: #5b6570; --rule: #d5dae0 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --paper: #14171b; --quiet: #9aa5b1; --rule: #343a41 }
}
body { margin: 0 auto; max-width: 66rem; padding: 1.5rem 1rem 3rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 1rem }
h2 { font-size: 1.15rem; margin: 0; overflow-wrap: anywhere }
h3, caption { font-size: .9rem; font-weight: 600; margin: 0 0 .3rem; text-align: left }
article, section { border-top: 1px solid var(--rule); padding: 1.5rem 0 }
.answer { margin: .2rem 0 1rem }
.remark { margin: 0 0 1rem; padding-left: .7rem; border-left: .25rem solid {accent} }
.quiet, footer { color: var(--quiet) }
footer { border-top: 1px solid var(--rule); font-size: .9rem }
figure { margin: 0 0 1.2rem }
svg { display: block; width: 100%; height: auto }
svg text { font: 13px system-ui, sans-serif; fill: var(--quiet) }
.line { stroke: var(--quiet); stroke-width: 1; fill: none }
.crisp { image-rendering: pixelated }
.hover rect { fill: transparent }
.hover rect:hover { fill: #ffffff; fill-opacity: .25 }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 3rem }
table { border-collapse: collapse; flex: 1 1 26rem; font-size: .9rem }
th[scope=row] { font-weight: 400; text-align: left; padding-right: 1rem; white-space: nowrap }
.share { text-align: right; padding-right: .6rem; white-space: nowrap; font-variant-numeric: tabular-nums }
.bars { width: 60% }
.bar { display: block; height: .7rem; min-width: 1px; outline: 1px solid var(--rule) }
.mark { color: var(--quiet); padding-left: .6rem; white-space: nowrap }
ul { margin: 0; padding-left: 1.2rem }
.chips { list-style: none; display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 1rem; padding: 0; font-size: .9rem }
.chips li { border: 1px solid var(--rule); border-radius: 1rem; padding: .05rem .7rem }
.chips .heard { border-color: {accent} }
"""

_HEAD = """<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<meta name=generator content="earmark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
<main>
"""
