"""`earmark index` with addresses, engines and a lake, as a person uses it."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow.parquet import read_table

from indexed import piece

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def index(earmark: Command, tmp_path: Path, tiny_folder: Path) -> Command:
    """The command beside a folder of one piece, with a database of its own."""
    piece(tmp_path / "music" / "a.flac", title="One")

    def run(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "EARMARK_DB": str(tmp_path / "collection.db")}
        return earmark("index", *arguments, "--model", tiny_folder, cwd=tmp_path, env=environment, **options)

    return run


def test_an_address_is_indexed_into_a_lake_and_is_the_folder_of_before(index: Command, tmp_path: Path) -> None:
    address = f"file://{tmp_path}/music"
    first = index(address, "--parquet", "lake", "--engine", "local", "--json", "--quiet")
    assert json.loads(first.stdout)["heard"] == 1, first.stderr
    (row,) = read_table(tmp_path / "lake").to_pylist()
    assert (row["path"], row["file:title"]) == (f"{address}/a.flac", "One")
    assert json.loads(index("--json", "--quiet").stdout)["unchanged"] == 1
    watched = index("--watch")
    assert watched.returncode == 1
    assert watched.stderr.startswith(f"earmark: {address} is an address, and --watch goes by")
    assert json.loads(index("--forget", address, "--json").stdout) == {"forgotten": 1}


def test_a_lake_of_others_is_refused_in_a_sentence(index: Command, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "theirs.parquet").write_bytes(b"PAR1 and no more")
    answer = index("music", "--parquet", "lake")
    assert answer.returncode == 1
    assert "theirs.parquet is there, and is no file that earmark wrote to a lake." in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_address_of_ray_goes_with_ray(index: Command) -> None:
    answer = index("music", "--ray-address", "auto")
    assert answer.returncode == 2
    assert "--ray-address goes with --engine ray" in answer.stderr
