"""Fixtures of the command line: the command as a process, and a bundle for it to hear with."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tiny_bundle import write_tiny_bundle

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")


@pytest.fixture(scope="session")
def earmark() -> Command:
    """Run the command and give what it said, and its exit code."""

    def run(*arguments: str | Path, timeout: float = 120, **options: object) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "earmark", *map(os.fspath, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)  # type: ignore[call-overload, no-any-return]

    return run
