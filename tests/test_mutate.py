"""`make mutate`, on a project of three functions: what is noticed, what is not, and that nothing else changes."""

import subprocess
from pathlib import Path

import pytest

from mutate.__main__ import told
from mutate.room import Mutant, Outcome, drawn, mutate

HOUSE = """
[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]

[tool.mutmut]
source_paths = ["src"]
also_copy = ["README.md"]
pytest_add_cli_args = ["-p", "mutate.reach", "-p", "no:cacheprovider"]
"""
SOURCE = '''"""Sums."""

from functools import cache


def held(a):
    return a + 1


def loose(a):
    return a - 1


def alone():
    return 1


def kept():
    return {"a": 1}


HELD = kept()


@cache
def told():
    return counted()


def counted():
    return len(HELD) + 1
'''
TESTS = """
import subprocess
import sys

import pytest
from pathlib import Path
from tiny.sums.few import HELD, held, loose, told


@pytest.fixture(scope="module")
def made():
    return held(2)


def test_one_is_made(made):
    assert loose(made) is not None


def test_it_is_three(made):
    assert made == 3


def test_another_process_in_another_folder(tmp_path):
    code = "from tiny.sums.few import held; print(held(1))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "2\\n", done.stderr


def test_it_is_told():
    assert told() == 2


def test_what_is_held_was_made_on_import():
    assert HELD == {"a": 1}


def test_the_folder_is_whole():
    assert Path("README.md").read_text() == "tiny"
"""


# What a conftest calls fails in mutmut's run in which every call fails, and that must not be the end.
CONFTEST = """
from tiny.sums.few import kept

ONE = kept()
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    files = {
        "pyproject.toml": HOUSE,
        "README.md": "tiny",
        "src/tiny/__init__.py": "",
        "src/tiny/sums/__init__.py": "",
        "src/tiny/sums/few.py": SOURCE,
        "src/tiny/other/__init__.py": "def other(a):\n    return a + 1\n",
        "tests/sums/conftest.py": CONFTEST,
        "tests/sums/test_few.py": TESTS,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_mutants_are_told_apart_and_the_project_stays_as_it_was(project: Path) -> None:
    before = everything(project)
    outcome = mutate(project, "sums")
    statuses = {mutant.name.removeprefix("tiny.sums.few.x_"): mutant.status for mutant in outcome.mutants}
    assert statuses == {
        # Only the second test looks at what the fixture made, and the fixture is made for the first.
        "held__mutmut_1": "killed",
        "held__mutmut_2": "killed",
        "loose__mutmut_1": "survived",
        "loose__mutmut_2": "survived",
        "alone__mutmut_1": "no tests",
        # The functions' values are kept: by Python's import, and by a cache.
        "kept__mutmut_1": "killed",
        "kept__mutmut_2": "killed",
        "kept__mutmut_3": "killed",
        "counted__mutmut_1": "killed",
        "counted__mutmut_2": "killed",
    }
    assert outcome.share == pytest.approx(7 / 10)
    diffs = {mutant.name: mutant.diff for mutant in outcome.mutants}
    assert "-    return a - 1\n+    return a + 1" in diffs["tiny.sums.few.x_loose__mutmut_1"]
    assert diffs["tiny.sums.few.x_held__mutmut_1"] == ""
    assert everything(project) == before


def test_a_mutant_can_be_named_and_the_tests_of_a_commit_be_run(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.symlink_to(project)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(folder)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], check=True)
    tests = folder / "tests/sums/test_few.py"
    tests.write_text(TESTS.replace("== 3", "== 4"))
    name = "tiny.sums.few.x_held__mutmut_2"
    outcome = mutate(folder, "sums", only=[name], tests_at="HEAD")
    assert [(mutant.name, mutant.status) for mutant in outcome.mutants] == [(name, "killed")]
    with pytest.raises(RuntimeError, match="no tests at yesterday"):
        mutate(folder, "sums", tests_at="yesterday")
    with pytest.raises(RuntimeError, match=r"no mutant tiny\.gone"):
        mutate(folder, "sums", only=["tiny.gone"])
    with pytest.raises(RuntimeError, match="test_it_is_three"):
        mutate(folder, "sums")


def test_a_sample_is_the_same_for_the_same_seed_and_in_order() -> None:
    names = [f"m{number:03d}" for number in range(200)]
    sample = drawn(names, sample=20, seed=1)
    assert sample == drawn(names, sample=20, seed=1) == sorted(sample)
    assert len(set(sample)) == 20
    assert sample != drawn(names, sample=20, seed=2)
    assert drawn(names, sample=0, seed=1) == drawn(names, sample=500, seed=1) == names


def test_the_share_counts_what_does_not_end_as_noticed_and_what_has_no_tests_not() -> None:
    ends = ["killed", "killed", "timeout", "segfault", "survived", "no tests", "suspicious", "survived"]
    outcome = Outcome("sums", 30, tuple(Mutant(f"m{n}", end) for n, end in enumerate(ends)), seconds=90.0)
    assert outcome.share == 0.5
    assert told(outcome).startswith("sums: 50% of 8 mutants noticed (2 killed, 2 survived, 1 timeout,")
    assert told(outcome).endswith("of 30), in 1.5 min")
