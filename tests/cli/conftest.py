"""Fixtures of the command line: the command as a process."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from warm import Warm

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def earmark() -> Iterator[Command]:
    """Run the command and give what it said, and its exit code."""
    with Warm() as warm:

        def run(*arguments: str | Path, timeout: float = 120, **options: object) -> "subprocess.CompletedProcess[str]":
            return warm.run([*map(os.fspath, arguments)], timeout=timeout, **options)  # type: ignore[arg-type]

        yield run
