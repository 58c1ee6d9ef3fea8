"""Fixtures of the command line: the command as a process."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def earmark() -> Command:
    """Run the command and give what it said, and its exit code."""

    def run(*arguments: str | Path, timeout: float = 120, **options: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "earmark", *map(os.fspath, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)  # type: ignore[call-overload, no-any-return]

    return run
