"""The verbs of the command line, with those below others, found as a person finds them: in the application."""

from collections.abc import Iterator
from typing import Any

import typer


def verbs_of(app: typer.Typer) -> dict[str, Any]:
    """Every verb that does something of its own, by its words: "earmark data check"."""
    return dict(_verbs(typer.main.get_command(app), "earmark"))


def _verbs(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", {})
    if not below or (command.invoke_without_command and name != "earmark"):
        yield name, command
    for verb, inner in below.items():
        yield from _verbs(inner, f"{name} {verb}")
