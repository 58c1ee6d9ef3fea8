"""One room's mutants: drawn by a seed, run by mutmut in a copy of the project, and what came of each."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tomli_w

# A test failed, did not end, died; or pytest could not begin, which mutmut takes for Ctrl-C.
NOTICED = ("killed", "timeout", "segfault", "check was interrupted by user")


@dataclass(frozen=True)
class Mutant:
    """A changed line: mutmut's name of it, what came of it in mutmut's words, and its diff where none noticed."""

    name: str
    status: str
    diff: str = ""

    @property
    def noticed(self) -> bool:
        """Whether a test noticed it."""
        return self.status in NOTICED


@dataclass(frozen=True)
class Outcome:
    """What the tests of a room noticed of its mutants; `possible` is how many mutants there are."""

    room: str
    possible: int
    mutants: tuple[Mutant, ...]
    seconds: float

    @property
    def counts(self) -> Counter[str]:
        """How many mutants came to what end."""
        return Counter(mutant.status for mutant in self.mutants)

    @property
    def share(self) -> float:
        """The share of the mutants that a test noticed."""
        return sum(mutant.noticed for mutant in self.mutants) / max(len(self.mutants), 1)


def drawn(names: Sequence[str], *, sample: int, seed: int) -> list[str]:
    """A random sample of `names` in their order, the same for the same seed; all of them where `sample` is 0."""
    if sample == 0 or sample >= len(names):
        return list(names)
    chosen = np.random.default_rng(seed).permutation(len(names))[:sample]
    return [names[number] for number in sorted(chosen)]


def mutate(
    project: Path,
    room: str,
    *,
    sample: int = 0,
    seed: int = 0,
    only: Sequence[str] = (),
    tests_at: str | None = None,
    jobs: int = 1,
) -> Outcome:
    """Run a sample of the mutants of the package's folder `room` against the tests in the folder of that name.

    Parameters
    ----------
    project:
        The project's root; nothing is written there.
    sample, seed:
        How many mutants, 0 for all, and which.
    only:
        These mutants and no sample.
    tests_at:
        A commit whose tests are run in place of those that are there.
    jobs:
        Processes.

    Raises
    ------
    RuntimeError
        mutmut or git failed, with their last lines: mostly because tests fail without any mutation.
    """
    begun = time.monotonic()
    with TemporaryDirectory(prefix="mutate-") as made:
        copy = Path(made)
        _copy(project, copy, room, tests_at)
        names = _said(copy, sys.executable, "-m", "mutate.names").split()
        chosen = list(only) or drawn(names, sample=sample, seed=seed)
        unknown = set(chosen) - set(names)
        if unknown or not chosen:
            raise RuntimeError(f"The room {room} has no mutant {', '.join(sorted(unknown)) or 'at all'}.")
        _mutmut(copy, "run", "--max-children", str(jobs), *chosen)
        lines = (line.rpartition(": ") for line in _mutmut(copy, "results", "--all", "true").splitlines())
        statuses = {name.strip(): status for name, _, status in lines}
        mutants = [Mutant(name, statuses[name]) for name in chosen]
        mutants = [
            mutant if mutant.noticed else Mutant(mutant.name, mutant.status, _mutmut(copy, "show", mutant.name))
            for mutant in mutants
        ]
    return Outcome(room, len(names), tuple(mutants), time.monotonic() - begun)


def _copy(project: Path, copy: Path, room: str, tests_at: str | None) -> None:
    """Copy what the tests need, and tell mutmut which room it is."""
    values = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    options = values["tool"]["mutmut"]
    (source,) = options["source_paths"]
    for name in (source, *options["also_copy"], "tests"):
        if (project / name).is_dir():
            shutil.copytree(project / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(project / name, copy / name)
    if tests_at is not None:
        shutil.rmtree(copy / "tests")
        found = subprocess.run(["git", "archive", tests_at, "tests"], cwd=project, capture_output=True, check=False)
        if found.returncode != 0:
            raise RuntimeError(f"There are no tests at {tests_at}: {found.stderr.decode(errors='replace').strip()}")
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            archive.extractall(copy, filter="data")
    # The tests may be old ones or another project's; this package is always what it is now.
    shutil.copytree(Path(__file__).parent, copy / "tests/mutate", dirs_exist_ok=True)
    (package,) = (path.parent.name for path in (copy / source).glob("*/__init__.py"))
    options["only_mutate"] = [f"{source}/{package}/{room}/*"]
    options["pytest_add_cli_args_test_selection"] = [f"tests/{room}"]
    (copy / "pyproject.toml").write_text(tomli_w.dumps(values), encoding="utf-8")


def _mutmut(copy: Path, *arguments: str) -> str:
    return _said(copy, str(Path(sys.executable).with_name("mutmut")), *arguments)


def _said(copy: Path, *command: str) -> str:
    """What a command says in the copy, with the mutated package in place of the installed one."""
    paths = [copy / "mutants/src", copy / "mutants/tests"]
    for path in (*paths, copy / "tests"):
        path.mkdir(parents=True, exist_ok=True)  # before Python starts, which else takes them for missing for good
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, [*paths, copy / "tests"])),
        "OMP_NUM_THREADS": "1",  # torch and forks agree as long as there are no threads
        "EARMARK_DATA": "none",  # whose music there is must not change the figures
        "CI": "1",  # hypothesis then draws the same examples each time, and has no deadline
    }
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stdout.replace("\r", "\n").splitlines()[-40:])
        raise RuntimeError(f"{' '.join(command[:3])} failed:\n{last}\n{done.stderr[-2000:]}")
    return done.stdout
