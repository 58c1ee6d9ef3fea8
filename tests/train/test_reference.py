"""The page of all options is the one that the classes make."""

from dataclasses import fields
from pathlib import Path

from earmark.models.registry import kinds
from earmark.train import reference


def test_the_page_of_options_is_up_to_date() -> None:
    written = Path("docs/recipes.md").read_text(encoding="utf-8")
    assert written == reference.page(), "run: python -m earmark.train.reference > docs/recipes.md"


def test_every_option_of_every_section_and_network_has_its_row_and_its_meaning() -> None:
    parts = reference.page().split("\n## ")[1:]
    for name, options in {**reference.SECTIONS, **{name: kind.options for name, kind in kinds().items()}}.items():
        mark = f"[{name}]" if name in reference.SECTIONS else f'"{name}"'
        part = next(part for part in parts if mark in part.partition("\n")[0])
        for option in fields(options):
            row = next(line for line in part.splitlines() if line.startswith(f"| `{option.name}` |"))
            assert row.rstrip("| ").count("|") == 4, row
            assert not row.endswith("|  |"), f"'{option.name}' of '{name}' has no meaning"
