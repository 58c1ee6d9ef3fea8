"""A report as a page: one file that needs nothing else, no script, no network. Pictures are in it as SVG."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from earmark.plots.report import Picture, Section, Table, shown
from earmark.plots.sheet import rendered


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
    return rendered(
        "report.html.j2",
        title=title,
        command=command,
        parts=shown(parts, {*pictures, *fragments}),
        pictures=pictures,
        stressed=stressed,
        fragments=fragments,
        kinds_of=_kinds_of,
    )


def _kinds_of(table: Table) -> list[str]:
    """Columns with words stand to the left and may wrap, those with figures alone to the right."""
    columns = zip(*table.rows, strict=True)
    return [" class=words" if any(cell[:1].isalpha() for cell in column) else "" for column in columns]
