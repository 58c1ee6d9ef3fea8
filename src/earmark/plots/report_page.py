"""A report as a page: one file that needs nothing else, no script, no network. Pictures are in it as SVG."""

import base64
from collections.abc import Collection, Mapping, Sequence
from html import escape
from types import MappingProxyType

from earmark.plots.report import Picture, Section, Table, shown


def page(
    title: str,
    command: str,
    parts: Sequence[Section],
    pictures: Mapping[str, Picture],
    *,
    stressed: Collection[str] = (),
    fragments: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The report as HTML; rows named in `stressed` are set off, pictures that are not there are left out.

    `fragments` are pictures that are HTML already.
    """
    drawn = {name: _figure(picture) for name, picture in pictures.items()} | dict(fragments)
    parts = shown(parts, drawn)
    links = "".join(f"<li><a href='#part{n}'>{escape(part.heading)}</a></li>" for n, part in enumerate(parts))
    body = "".join(_section(n, part, drawn, stressed) for n, part in enumerate(parts))
    return (
        f"<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f"<meta name=viewport content='width=device-width, initial-scale=1'>\n<title>{escape(title)}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<header><h1>{escape(title)}</h1>\n"
        f"<p>Written by <code>{escape(command)}</code>.</p></header>\n<nav><ul>{links}</ul></nav>\n"
        f"<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _section(number: int, part: Section, drawn: Mapping[str, str], stressed: Collection[str]) -> str:
    text = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in part.text)
    pictures = "".join(drawn[name] for name in part.pictures if name in drawn)
    tables = "".join(_table(table, stressed) for table in part.tables)
    return (
        f"<section id=part{number}>\n<h2>{escape(part.heading)}</h2>\n{text}{tables}"
        f"<div class=pictures>{pictures}</div>\n</section>\n"
    )


def _figure(picture: Picture) -> str:
    data = base64.b64encode(picture.svg).decode()
    note = f"<figcaption>{escape(picture.note)}</figcaption>" if picture.note else ""
    return f'<figure><img alt="{escape(picture.words)}" src="data:image/svg+xml;base64,{data}">{note}</figure>\n'


def _table(table: Table, stressed: Collection[str]) -> str:
    kinds = [_kind(column) for column in zip(*table.rows, strict=True)]
    head = "".join(f"<th scope=col{kind}>{escape(cell)}</th>" for kind, cell in zip(kinds, table.head, strict=True))
    rows = "".join(_row(row, kinds, stressed) for row in table.rows)
    return f"<div class=wide><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n"


def _row(row: Sequence[str], kinds: Sequence[str], stressed: Collection[str]) -> str:
    set_off = " class=reference" if row[0] in stressed else ""
    cells = "".join(f"<td{kind}>{escape(cell)}</td>" for kind, cell in zip(kinds[1:], row[1:], strict=True))
    return f"<tr{set_off}><th scope=row>{escape(row[0])}</th>{cells}</tr>\n"


def _kind(column: Sequence[str]) -> str:
    """Columns with words stand to the left and may wrap, those with figures alone to the right."""
    return " class=words" if any(cell[:1].isalpha() for cell in column) else ""


_STYLE = """
:root { color-scheme: light; --ink: #1b1f24; --paper: #ffffff; --quiet: #56606b; --rule: #d5dae0; --set-off: #fdf1e7 }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin: 0 0 .4rem }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; overflow-wrap: anywhere }
p { max-width: 50rem; margin: 0 0 .7rem }
code { font-size: .9em; overflow-wrap: anywhere }
header p, nav, figcaption { color: var(--quiet) }
nav ul { columns: 2; padding-left: 1.2rem; font-size: .9rem }
nav a { color: inherit }
section { border-top: 1px solid var(--rule); padding: 1.5rem 0 }
.wide { overflow-x: auto; margin: 0 0 1rem }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; text-align: right; vertical-align: top; white-space: nowrap;
  border-bottom: 1px solid var(--rule) }
thead th { vertical-align: bottom; border-bottom: 1px solid var(--quiet); white-space: normal }
th:first-child, .words { text-align: left }
tbody th { font-weight: 400 }
td.words { white-space: normal; min-width: 9rem }
.reference { background: var(--set-off) }
.reference th { font-weight: 600 }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem }
figure { margin: 0; max-width: 100% }
img { display: block; max-width: 100%; height: auto }
figcaption { font-size: .85rem; width: 0; min-width: 100% } /* as wide as the picture, and no wider */
"""
