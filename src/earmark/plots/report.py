"""A report in parts, and the parts as Markdown; `report_page` makes a page of them.

A part has a heading, sentences, tables of text and the names of its pictures. Whoever reports says what the parts are;
how they look is said here, once.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Table:
    """Cells as text; the first column names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A picture with what it shows, for those who cannot see it, and what must be said under it."""

    svg: bytes
    words: str
    note: str = ""


@dataclass(frozen=True)
class Section:
    """A part of a report; `pictures` are the names of its pictures, `only_pictures` says nothing without them."""

    heading: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[str, ...] = ()
    only_pictures: bool = False


def shown(parts: Sequence[Section], pictures: Container[str]) -> list[Section]:
    """The parts that have something to say where these pictures are there."""
    return [part for part in parts if not part.only_pictures or any(name in pictures for name in part.pictures)]


def markdown(
    title: str, command: str, parts: Sequence[Section], pictures: Mapping[str, str] = MappingProxyType({})
) -> str:
    """The report as Markdown; `pictures` says of those that lie beside it, as NAME.svg, what each shows."""
    blocks = [f"# {title}", f"Written by `{command}`."]
    for part in shown(parts, pictures):
        links = "\n".join(f"![{pictures[name]}]({name}.svg)" for name in part.pictures if name in pictures)
        tables = (markdown_table(table) for table in part.tables)
        blocks += [f"## {part.heading}", *part.text, *tables, *([links] if links else [])]
    return "\n\n".join(blocks) + "\n"


def markdown_table(table: Table) -> str:
    """A table as lines of Markdown, without a line end after the last."""
    lines = [table.head, ("---",) * len(table.head), *table.rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
