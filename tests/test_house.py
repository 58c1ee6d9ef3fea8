"""The promises of the house: what loads what, what ships, what depends on what, and that the papers agree."""

import ast
import doctest
import importlib
import importlib.metadata
import itertools
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import earmark

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src/earmark").rglob("*.py"))
HOUSE = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = ("torch", "pydantic", "matplotlib", "av", "numba", "librosa", "sklearn", "scipy")


def loaded_by(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter has after `code`."""
    report = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    answer = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import earmark; earmark.Listener; earmark.Track; earmark.load_bundle",
        "import earmark.listen.listener",
        "import earmark.sound.decode",
        "import earmark.data.dataset",
        "import earmark.measure.metrics",
        "import earmark.plots.figures",
        "import earmark.library.collection, earmark.library.indexing",
        "import earmark.cli.main",
    ],
)
def test_nothing_that_listens_loads_what_trains(code: str) -> None:
    assert loaded_by(code).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "module", ["listen.listener", "listen.explanation", "plots.table", "plots.figures", "plots.sheet"]
)
def test_templates_are_loaded_where_a_page_is_written_and_nowhere_else(module: str) -> None:
    assert "jinja2" not in loaded_by(f"import earmark.{module}")


def test_import_earmark_alone_loads_not_even_numpy() -> None:
    assert loaded_by("import earmark").isdisjoint({*HEAVY, "numpy", "onnxruntime", "soundfile", "rich", "typer"})


def installed_with(names: list[str]) -> set[str]:
    """Names of the installed distributions that `names` bring, themselves included, without extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in importlib.metadata.requires(name) or []:
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                waiting.append(need.name.lower().replace("_", "-"))
    return found


def test_the_base_brings_no_training_and_stays_below_250_mb() -> None:
    base = installed_with([Requirement(line).name for line in HOUSE["project"]["dependencies"]])
    assert base.isdisjoint({"torch", "numba", "scipy", "librosa", "matplotlib", "scikit-learn", "av"})
    files = (path for name in base for path in importlib.metadata.files(name) or [])
    total_bytes = sum(Path(path.locate()).stat().st_size for path in files if Path(path.locate()).exists())
    assert total_bytes / 1e6 < 250 - 30  # pip and what compiles on first use take the rest


def imported_by(paths: list[Path]) -> set[str]:
    """Top-level names of all modules that the files import, anywhere in them."""
    found: set[str] = set()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"earmark"}


def modules_of(requirements: list[str]) -> set[str]:
    """Names under which what is required is imported; an extra that takes in another one names earmark itself."""
    other = {"pillow": "PIL", "scikit-learn": "sklearn", "py-opensonic": "libopensonic"}
    names = {Requirement(line).name for line in requirements} - {"earmark"}
    return {other.get(name, name.replace("-", "_")) for name in names}


def test_what_the_package_imports_is_declared_and_what_is_declared_is_imported() -> None:
    project = HOUSE["project"]
    base = modules_of(project["dependencies"])
    optional = project["optional-dependencies"]
    extras = modules_of([line for extra in optional if extra not in ("all", "dev") for line in optional[extra]])
    needed_by_torch = {"onnx"}  # torch.onnx.export imports it
    assert imported_by(SOURCES) | needed_by_torch == base | extras


def test_what_the_tests_import_is_declared() -> None:
    project = HOUSE["project"]
    extras = itertools.chain.from_iterable(project["optional-dependencies"].values())
    declared = modules_of([*project["dependencies"], *extras])
    files = sorted((ROOT / "tests").rglob("*.py"))
    own = {path.stem for path in files} | {path.parent.name for path in files if path.name == "__init__.py"}
    own |= {path.name for path in (ROOT / "src").iterdir()}
    assert imported_by(files) - own <= declared


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_holds_every_source_file_and_the_type_marker(wheel: zipfile.ZipFile) -> None:
    assert {str(path.relative_to(ROOT / "src")) for path in SOURCES} <= set(wheel.namelist())
    assert "earmark/py.typed" in wheel.namelist()


def test_the_wheel_holds_the_default_bundle_within_6_mb_and_its_generator_within_3(wheel: zipfile.ZipFile) -> None:
    bundle = [item for item in wheel.infolist() if item.filename.startswith("earmark/bundles/earmark/")]
    sizes = {Path(item.filename).name: item.file_size for item in bundle}
    assert {"bundle.json", "network.onnx", "generator.zip"} <= sizes.keys()
    assert sizes.pop("generator.zip") <= 3e6
    assert sum(sizes.values()) <= 6e6


def test_the_wheel_names_its_licence_and_its_command(wheel: zipfile.ZipFile) -> None:
    papers = {Path(name).name: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    assert "License-Expression: Apache-2.0" in papers["METADATA"]
    assert "Apache License" in papers["LICENSE"]
    assert "earmark = earmark.cli.main:run" in papers["entry_points.txt"]


def test_the_wheel_holds_what_pages_are_made_of(wheel: zipfile.ZipFile) -> None:
    beside = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src/earmark/plots/templates").iterdir()}
    assert {"earmark/plots/templates/base.html.j2", "earmark/plots/templates/turnable.js"} <= beside
    assert beside <= set(wheel.namelist())


def test_the_version_is_the_same_everywhere() -> None:
    assert importlib.metadata.version("earmark") == earmark.__version__
    newest = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == earmark.__version__


def rule_lines() -> list[str]:
    """The lines of pyproject.toml that choose or ignore lint rules."""
    house = (ROOT / "pyproject.toml").read_text()
    lint = house[house.index("[tool.ruff.lint]") : house.index("[tool.mypy]")]
    return [
        line for line in lint.splitlines() if re.match(r'\s+"[A-Z]+\d*"', line) or re.match(r'"[^"]+" = \[".*\]', line)
    ]


@pytest.mark.parametrize("line", rule_lines())
def test_every_lint_rule_has_its_reason_beside_it(line: str) -> None:
    assert re.search(r"# (\S+ ){2,}\S+", line), f"no reason: {line.strip()}"


def test_lint_rules_were_found() -> None:
    assert len(rule_lines()) > 20


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_source_file_has_one_subject(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert ast.get_docstring(ast.parse(text)), "a module opens with what it is for"


@pytest.mark.parametrize("folder", ["tests", "benchmarks", "examples"])
def test_no_file_beside_the_package_is_longer_than_one_of_it_may_be(folder: str) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert lengths
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if ">>> " in path.read_text()],
    ids=lambda path: str(path.relative_to(ROOT / "src")),
)
def test_an_example_in_a_docstring_does_what_it_shows(path: Path) -> None:
    name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in (ROOT / "tests").rglob("test_*.py")} - {ROOT / "tests"})
)
def test_tests_mirror_the_rooms(folder: Path) -> None:
    mirrored = folder.relative_to(ROOT / "tests")
    # `beetsplug` lies beside the package: there beets looks for plugins.
    assert any((ROOT / place / mirrored).is_dir() for place in ("src/earmark", "src", ""))


def test_a_room_that_reaches_up_a_floor_breaks_the_contract(tmp_path: Path) -> None:
    house = tmp_path / "src/earmark"
    for room in (
        "errors",
        "track",
        "mood",
        "label",
        "sound",
        "listen",
        "data",
        "measure",
        "teach",
        "library",
        "plots",
        "models",
        "train",
        "analyze",
        "evaluate",
        "experiments",
        "generate",
        "serve",
        "cli",
    ):
        (house / room).mkdir(parents=True)
        (house / room / "__init__.py").write_text('"""A room."""\n')
    (house / "__init__.py").write_text('"""A house."""\n')
    (house / "__main__.py").write_text('"""A door."""\n')
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())

    def contracts() -> str:
        answer = subprocess.run(
            [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        return answer.stdout

    assert "0 broken" in contracts()
    (house / "sound/__init__.py").write_text('"""A room."""\n\n\ndef lazily():\n    import earmark.train\n')
    (house / "train/__init__.py").write_text('"""A room."""\n\nimport torch\n')
    broken = contracts()
    assert "floors BROKEN" in broken
    assert "listening needs no torch BROKEN" in broken


def imports_in(package: Path) -> dict[str, set[str]]:
    """Each module of a package, and which of its modules it imports: at its top, in functions, and for types alone."""
    paths = sorted(package.rglob("*.py"))
    names = [".".join(path.relative_to(package.parent).with_suffix("").parts) for path in paths]
    modules = dict(zip((name.removesuffix(".__init__") for name in names), paths, strict=True))
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                named.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                named |= inner if inner <= modules.keys() else {node.module, *inner}
        graph[module] = named & modules.keys()
    return graph


def test_no_module_imports_itself_by_way_of_others() -> None:
    TopologicalSorter(imports_in(ROOT / "src/earmark")).prepare()  # CycleError names the modules of a circle


def test_a_circle_that_functions_close_is_one(tmp_path: Path) -> None:
    (tmp_path / "house/room").mkdir(parents=True)
    (tmp_path / "house/__init__.py").write_text("")
    (tmp_path / "house/one.py").write_text("from house.room import two\n")
    (tmp_path / "house/room/__init__.py").write_text("")
    (tmp_path / "house/room/two.py").write_text("def lazily():\n    import house.one\n")
    with pytest.raises(CycleError, match="cycle"):
        TopologicalSorter(imports_in(tmp_path / "house")).prepare()
    (tmp_path / "house/room/two.py").write_text("def lazily():\n    import house.room\n")
    TopologicalSorter(imports_in(tmp_path / "house")).prepare()


def test_no_room_imports_from_its_own_floor_or_from_above() -> None:
    layers = HOUSE["tool"]["importlinter"]["contracts"][0]["layers"]
    floor = {room.strip(" ()"): number for number, layer in enumerate(layers) for room in layer.split("|")}

    def room_of(module: str) -> str:
        return f"{module}.".split(".")[1]  # nothing for the package itself, the face that every room may see

    arrows = {
        (room_of(module), room_of(other))
        for module, others in imports_in(ROOT / "src/earmark").items()
        for other in others
    }
    between = {(room, other) for room, other in arrows if room and other and room != other}
    assert {("experiments", "evaluate"), ("evaluate", "train"), ("plots", "listen")} <= between
    assert [arrow for arrow in sorted(between) if floor[arrow[0]] >= floor[arrow[1]]] == []


def test_continuous_integration_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make --no-print-directory test" in script.read_text()


def test_hooks_and_make_run_the_same_tools() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    make = (ROOT / "Makefile").read_text()
    for tool in ("ruff check", "ruff format", "mypy", "lint-imports"):
        assert f".venv/bin/{tool}" in hooks
        assert f"$(BIN)/{tool}" in make
