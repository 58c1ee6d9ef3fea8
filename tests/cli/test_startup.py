"""What the command does before it does anything: help, version, verbs found by their files, errors on one line."""

import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import earmark as package
from earmark import cli
from earmark.cli import main
from earmark.errors import EarmarkError
from verbs import verbs_of

Command = Callable[..., "subprocess.CompletedProcess[str]"]
VERBS = [
    name.replace("_", "-") for _, name, _ in pkgutil.iter_modules(cli.__path__) if name[0] != "_" and name != "main"
]


def modules_after(code: str) -> set[str]:
    report = "import sys; print(*sorted(sys.modules), file=sys.stderr)"
    answer = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(answer.stderr.split())


def test_help_names_every_verb_and_loads_no_room() -> None:
    code = (
        "import sys; sys.argv = ['earmark', '--help']\n"
        "from earmark.cli.main import run\n"
        "try: run()\n"
        "except SystemExit as end: assert not end.code"
    )
    loaded = modules_after(code)
    assert {"numpy", "rich", "onnxruntime", "soundfile", "PIL", "torch", "scipy", "sklearn"}.isdisjoint(loaded)
    rooms = {name for name in loaded if name.startswith("earmark.") and not name.startswith("earmark.cli")}
    assert rooms == {"earmark.errors"}


def test_worker_processes_do_not_load_the_command_line() -> None:
    assert "typer" not in modules_after("import earmark.cli.main, earmark.__main__")


def test_every_verb_is_in_the_help(earmark: Command) -> None:
    said = earmark("--help")
    assert said.returncode == 0
    words = said.stdout.split()
    assert set(VERBS) <= set(words)
    assert {"listen", "model"} <= set(VERBS)


@pytest.mark.parametrize("verb", verbs_of(main.build_app()))
def test_the_help_of_a_verb_has_an_example(verb: str, earmark: Command) -> None:
    assert f"Example: {verb}" in earmark(*verb.split()[1:], "--help").stdout


def test_the_version_is_that_of_the_package(earmark: Command) -> None:
    assert earmark("--version").stdout == f"earmark {package.__version__}\n"


def test_no_verb_shows_the_help(earmark: Command) -> None:
    said = earmark()
    assert "listen" in said.stdout + said.stderr


def test_an_unknown_verb_is_said_without_a_traceback(earmark: Command) -> None:
    said = earmark("sing")
    assert said.returncode == 2
    assert "sing" in said.stderr
    assert "Traceback" not in said.stderr


def test_an_error_is_one_line_with_its_hint_and_exit_code_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise EarmarkError("The piano is locked.", hint="Find the key.")

    monkeypatch.setattr(main, "build_app", lambda _: fail)
    monkeypatch.setattr(main, "prepare_streams", lambda: None)  # the descriptors are those of the tests
    with pytest.raises(SystemExit) as end:
        main.run()
    assert end.value.code == 1
    assert capsys.readouterr().err == "earmark: The piano is locked. Find the key.\n"


@pytest.mark.parametrize("words", [["data", "prepare", "", "out"], ["data", "check", ""], ["evaluate", ""]])
def test_an_empty_name_is_refused_by_every_verb(earmark: Command, tmp_path: Path, words: list[str]) -> None:
    said = earmark(*words, cwd=tmp_path)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "earmark: An empty name is no file. Name a file or folder.\n"


def test_a_new_file_is_a_new_verb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hum.py").write_text("def register(app):\n    app.command('hum')(lambda: None)\n")
    (tmp_path / "keys.py").write_text("import typer\napp = typer.Typer()\napp.command()(lambda: None)\n")
    (tmp_path / "_helper.py").write_text("raise RuntimeError\n")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    app = main.build_app()
    assert "hum" in {command.name for command in app.registered_commands}
    assert "keys" in {group.name for group in app.registered_groups}


@pytest.mark.parametrize("name", package.__all__)
def test_the_public_face_has_what_it_names(name: str) -> None:
    assert getattr(package, name) is not None
    assert name in dir(package)


def test_the_public_face_has_nothing_else() -> None:
    with pytest.raises(AttributeError, match="no attribute 'listener_of_everything'"):
        package.listener_of_everything  # noqa: B018


@pytest.mark.parametrize(
    ("package", "extra", "command"),
    [
        ("torch", "train", ["crossval", "recipe.toml", "--data", "set", "--out", "report"]),
        ("torch", "train", ["train", "recipe.toml", "--data", "set", "--out", "run"]),
        ("pydantic", "train", ["train", "recipe.toml", "--data", "set", "--out", "run"]),
        ("scipy", "analyze", ["analyze", "--data", "set", "--out", "report"]),
        ("sklearn", "analyze", ["analyze", "--data", "set", "--out", "report"]),
    ],
)
def test_a_verb_whose_extra_is_not_installed_says_which(package: str, extra: str, command: list[str]) -> None:
    hide = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {package!r}:\n"
        f"            raise ModuleNotFoundError('hidden', name={package!r})\n"
        "sys.meta_path.insert(0, Hidden())\n"
        f"sys.argv = ['earmark', *{command!r}]\n"
        "from earmark.cli.main import run\n"
        "run()\n"
    )
    said = subprocess.run([sys.executable, "-c", hide], capture_output=True, text=True)
    assert said.returncode == 1
    assert said.stderr.startswith(f"earmark: `earmark {command[0]}` needs the extra '{extra}'.")
    assert "Traceback" not in said.stderr


def test_a_verb_that_is_asked_for_is_the_only_one_that_is_loaded() -> None:
    assert [*verbs_of(main.build_app("train-head"))] == ["earmark train-head"]
    assert [*verbs_of(main.build_app("nothing"))] == [*verbs_of(main.build_app())]
    loaded = modules_after("from earmark.cli.main import build_app; build_app('find')")
    verbs = {f"earmark.cli.{verb.replace('-', '_')}" for verb in VERBS}
    assert loaded & verbs == {"earmark.cli.find"}


def test_a_search_in_a_collection_loads_nothing_that_hears() -> None:
    loaded = modules_after("import earmark.library.similar, earmark.library.queries")
    assert {"onnxruntime", "soundfile", "soxr", "earmark.listen.bundle", "earmark.sound.mel"}.isdisjoint(loaded)
