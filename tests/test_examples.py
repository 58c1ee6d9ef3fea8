"""What CONTRIBUTING.md says to do to add a network, a source or a verb is done, in a copy of the project, and used.

The commands are those of the document, typed one after the other. The examples that they add are in `examples/`.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import synthetic
from desk import run_fence
from fences import ROOT, Fence, fences_of

DOCUMENT = ROOT / "CONTRIBUTING.md"
KINDS = ("A network", "A data set", "A verb")
CODE = ("cp ",)  # how commands begin that add code and tests
WORDS = ("cat ", "python -m earmark.train.reference")  # and those that add what the documents say of it


def fences_under(heading: str) -> list[Fence]:
    """The commands of a part of the document."""
    lines = DOCUMENT.read_text().splitlines()
    start = lines.index(f"### {heading}")
    end = next(number for number in range(start + 1, len(lines)) if lines[number].startswith("##"))
    return [fence for fence in fences_of(DOCUMENT) if start < fence.line <= end]


@pytest.fixture
def clone(laid_desk: Path, tmp_path: Path) -> Path:
    """A copy of the project, with music in it."""
    folder = tmp_path / "clone"
    left = (".git", ".venv", "results", "runs", "*cache*", "node_modules", "shared", "dist")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*left))
    shutil.copytree(laid_desk, folder, dirs_exist_ok=True)
    for number, genre in enumerate(("blues", "jazz", "jazz")):
        (folder / "library" / genre).mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "song.wav", folder / "library" / genre / f"{number}.wav")
    rows = ["Location,Artist,Genre", "blues/0.wav,Muddy,blues", "jazz/1.wav,Miles,jazz", "jazz/2.wav,Miles,jazz"]
    (folder / "library/library.csv").write_text("\n".join([*rows, "jazz/gone.wav,Miles,jazz"]))
    return folder


def typed(heading: str, clone: Path) -> str:
    """What all the commands under a heading print."""
    return "".join(run_fence(fence, clone, package=clone / "src") for fence in fences_under(heading))


def run(clone: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """A module of Python, as the clone has it."""
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=600)


def test_a_network_is_added_trained_exported_and_heard(clone: Path) -> None:
    printed = typed("A network", clone)
    bundle = json.loads((clone / "bundle/bundle.json").read_text())
    assert bundle["lineage"]["recipe"]["model"]["kind"] == "bands"
    assert "song.mp3" in printed
    assert (clone / "bundle/atlas.npz").exists()
    # It learns, too: here from music in which there is something to learn.
    synthetic.dataset(clone / "pieces", clips_per_style=4)
    recipe = (clone / "recipes/bands.toml").read_text().replace("batch_size = 32", "batch_size = 8")
    (clone / "pieces.toml").write_text("\n".join(line for line in recipe.splitlines() if "genres =" not in line))
    words = ("crossval", "pieces.toml", "--data", "pieces", "--folds", "2", "--out", "learned")
    assert run(clone, "earmark", *words).returncode == 0
    assert json.loads((clone / "learned/metrics.json").read_text())["accuracy"] > 0.8
    answer = run(clone, "earmark", "listen", "song.mp3", "--model", "bundle", "--json")
    assert json.loads(answer.stdout)["model"] == "bands 1"


def test_a_source_is_added_recognised_and_prepared(clone: Path) -> None:
    printed = typed("A data set", clone)
    assert "my_set (library_csv): 3 prepared" in printed
    assert "jazz/gone.wav: library.csv names it" in printed
    with (clone / "my_set/clips.csv").open(newline="") as file:
        rows = [(row["id"], row["genre"], row["artist"]) for row in csv.DictReader(file)]
    assert rows == [("blues.0", "blues", "Muddy"), ("jazz.1", "jazz", "Miles"), ("jazz.2", "jazz", "Miles")]


def test_a_verb_is_added_listed_and_run(clone: Path) -> None:
    printed = typed("A verb", clone)
    counts = [line.split() for line in printed.splitlines() if line.startswith("  ")]
    assert sum(int(count) for count, _ in counts) == 3  # of the pieces in music/
    assert "\n  genres " in run(clone, "earmark", "--help").stdout


def add(clone: Path, *beginnings: str) -> None:
    """Type those commands of all parts that begin so."""
    for fence in (fence for heading in KINDS for fence in fences_under(heading)):
        lines = [line for line in fence.text.splitlines() if line.startswith(beginnings)]
        some = Fence(fence.path, fence.line, fence.language, "", "\n".join(lines))
        run_fence(some, clone, package=clone / "src")


def test_what_is_added_by_the_document_passes_the_tests_that_look_at_all_that_there_is(clone: Path) -> None:
    add(clone, *CODE, *WORDS)
    files = (
        "tests/test_documented.py", "tests/test_house.py", "tests/cli/test_startup.py", "tests/data/test_sources.py",
        "tests/train/test_recipe.py", "tests/train/test_reference.py",
    )  # fmt: skip
    answer = run(clone, "pytest", "-q", *files, "--deselect", "tests/test_house.py::test_the_wheel")
    assert answer.returncode == 0, answer.stdout[-3000:]


def test_what_is_added_without_a_word_in_the_documents_is_named(clone: Path) -> None:
    add(clone, *CODE)
    answer = run(clone, "pytest", "-q", "tests/test_documented.py", "tests/train/test_reference.py")
    failed = {line.partition("::")[2].partition(" - ")[0] for line in answer.stdout.splitlines() if "FAILED" in line}
    assert failed == {
        "test_every_verb_is_described[earmark genres]",
        "test_every_option_is_described_where_its_verb_is[earmark genres---jobs]",
        "test_every_source_is_described[library_csv]",
        "test_every_recipe_is_described[bands]",
        "test_the_page_of_options_is_up_to_date",
    }


def test_a_class_of_ones_own_is_compared_without_being_added(clone: Path) -> None:
    (clone / "recipes/plan.toml").write_text(
        'reference = "majority"\n[systems.majority]\nrecipe = "majority.toml"\nwhat = "the control"\n'
        '[protocols.artist_grouped]\nsplit = "artist_folds"\nfolds = 2\n'
        '[[queue]]\nprotocol = "artist_grouped"\nsystems = ["majority"]\nseeds = 1\n'
    )
    recipe = (clone / "recipes/earmark.toml").read_text().partition("[model]")[0]
    (clone / "short.toml").write_text(f'{recipe}\n[model]\nkind = "band_net:BandNet"\n[train]\nepochs = 2\n')
    words = ("benchmark", "../../recipes/plan.toml", "--data", "../../gtzan", "--out", "../../mine")
    added = ("--add", "band_net:BandNet", "--recipe", "../../short.toml")
    environment = {**os.environ, "PYTHONPATH": str(clone / "src")}
    answer = subprocess.run(
        [sys.executable, "-m", "earmark", *words, *added],
        cwd=clone / "examples/benchmark", env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "BandNet" in (clone / "mine/report.md").read_text()
