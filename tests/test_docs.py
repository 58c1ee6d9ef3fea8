"""Every command of the documents: checked against the program, and run where it is quick.

The fences of one document run in order in one folder, as a reader would type them, with `earmark` on the path. In it
are `song.mp3` (30 s), `song.wav` (8 s), `music/` with three short pieces in two formats, and `gtzan/`, 20 synthetic
clips in earmark's layout with the labels of the default bundle. How a fence is kept from running: tests/fences.py.
"""

import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest

from desk import run_fence
from fences import ROOT, Fence, complaint, fences_of, may_run

DOCUMENTS = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.exists()
]
FENCES = [fence for path in DOCUMENTS for fence in fences_of(path) if fence.is_shell or fence.language == "python"]
TOML = [fence for path in DOCUMENTS for fence in fences_of(path) if fence.language == "toml"]


@pytest.fixture
def desk(laid_desk: Path, tmp_path: Path) -> Path:
    """The folder in which a reader sits."""
    return shutil.copytree(laid_desk, tmp_path, dirs_exist_ok=True)


@pytest.mark.parametrize("fence", [fence for fence in FENCES if fence.is_shell], ids=lambda fence: fence.place)
def test_every_command_in_the_documents_is_one_that_exists(fence: Fence) -> None:
    for command in fence.commands():
        assert complaint(command) is None, f"{fence.place}: {' '.join(command)}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_or_a_heading_of_the_project_leads_there(path: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", path.read_text()):
        file = path.parent / target if target else path
        assert file.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in anchors_of(file), f"{path.name}: {target}#{anchor}"


def anchors_of(path: Path) -> set[str]:
    """The anchors of a document's headings, as Markdown pages on the web make them."""
    headings = re.findall(r"^#+ +(.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("fence", TOML, ids=lambda fence: fence.place)
def test_every_recipe_and_plan_that_is_shown_can_be_read(fence: Fence, tmp_path: Path) -> None:
    from earmark.data.layout import Pitch
    from earmark.errors import RecipeError
    from earmark.experiments.plan import Plan
    from earmark.teach.plan import load_plans
    from earmark.train.recipe import Recipe

    values = tomllib.loads(fence.text)
    if values.get("kind") == "head":
        (tmp_path / "head.toml").write_text(fence.text)
        assert load_plans(tmp_path / "head.toml")
        return
    if "column_s" in values:
        (tmp_path / "set.toml").write_text(fence.text)
        assert not Pitch.load(tmp_path).own
        return
    if "systems" in values:
        shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
        (tmp_path / "recipes/plan.toml").write_text(fence.text)
        Plan.load(tmp_path / "recipes/plan.toml")
        return
    # Sections alone are those of one of the project's recipes.
    wholes = [{}] if "model" in values else [tomllib.loads(path.read_text()) for path in ROOT.glob("recipes/*.toml")]
    refused = []
    for whole in wholes:
        try:
            Recipe.from_dict({**whole, **values})
        except RecipeError as reason:
            refused.append(str(reason))
    assert len(refused) < len(wholes), f"{fence.place}: {refused}"


def test_every_example_in_the_help_is_one_that_exists() -> None:
    text = "\n".join(path.read_text() for path in sorted((ROOT / "src/earmark/cli").glob("*.py")))
    examples = re.findall(r"^ *Example: (earmark .*)$", text, re.MULTILINE)
    assert examples
    for example in examples:
        assert complaint(shlex.split(example)) is None, example


def test_a_fence_that_is_not_run_says_why() -> None:
    silent = [fence.place for fence in FENCES if fence.excuse is not None and len(fence.excuse.split()) < 3]
    assert not silent, "write `no-test: REASON`"


@pytest.mark.parametrize(
    "path",
    [path for path in DOCUMENTS if any(may_run(f) for f in FENCES if f.path == path)],
    ids=lambda path: path.name,
)
def test_what_a_document_shows_works_when_typed(path: Path, desk: Path) -> None:
    for fence in FENCES:
        if fence.path == path and may_run(fence):
            run_fence(fence, desk)


def written(tmp_path: Path, text: str) -> list[Fence]:
    (tmp_path / "page.md").write_text(text)
    return fences_of(tmp_path / "page.md")


def test_fences_are_found_with_their_language_line_and_indent(tmp_path: Path) -> None:
    text = "# Title\n\n```sh\nls\n```\n\n- item\n\n  ```python\n  if 1:\n      pass\n  ```\n\n```\nplain\n```\n"
    first, second = written(tmp_path, text)
    assert (first.language, first.line, first.text) == ("sh", 4, "ls")
    assert (second.language, second.line, second.text) == ("python", 10, "if 1:\n    pass")


def test_of_a_console_block_only_what_follows_the_prompt_is_a_command(tmp_path: Path) -> None:
    (fence,) = written(tmp_path, "```console\n$ earmark listen \\\n    song.mp3\nearmark: output\n$ ls\n```\n")
    assert list(fence.commands()) == [["earmark", "listen", "song.mp3"], ["ls"]]


def test_pipes_settings_comments_and_redirections_are_split_off(tmp_path: Path) -> None:
    script = "A=1 earmark listen 'a b.mp3' --json > x.json | jq .genre  # note\ncd x && time make run SONG=~/a.mp3\n"
    (fence,) = written(tmp_path, f"```sh\n{script}```\n")
    assert list(fence.commands()) == [
        ["earmark", "listen", "a b.mp3", "--json"],
        ["jq", ".genre"],
        ["cd", "x"],
        ["make", "run", "SONG=~/a.mp3"],
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("earmark lisen song.mp3", "no verb 'lisen'"),
        ("earmark listen song.mp3 --jsn", "--jsn"),
        (".venv/bin/earmark listen --nonsense", "--nonsense"),
        ("earmark train", "lacks"),
        ("earmark data --help", None),
        ("earmark --help", None),
        ("earmark listen --help", None),
        ("earmark listen song.mp3 --json", None),
        ("make tset", "no target 'tset'"),
        ("make run SONG=song.mp3", None),
        ("pip install 'earmark[traim]'", "extras"),
        ("python -m pip install -e '.[all,dev]'", None),
        ("pytest tests/no_such_folder", "there is no"),
        (".venv/bin/python -m pytest tests/test_docs.py", None),
        ("python examples/no_such_file.py", "there is no"),
        ("python -m earmark.train.reference", None),
        ("python -m earmark.train.rference", "there is no module earmark.train.rference"),
        ("torchrun --nproc-per-node=2 -m earmark trian", "no verb 'trian'"),
        ("torchrun --standalone --nproc-per-node 2 -m earmark trian", "no verb 'trian'"),
        ("sudo reboot", "does not know the program 'sudo'"),
        ("git clone somewhere", None),
    ],
)
def test_a_command_that_does_not_exist_is_named(command: str, words: str | None, tmp_path: Path) -> None:
    (fence,) = written(tmp_path, f"```sh\n{command}\n```\n")
    (found,) = fence.commands()
    said = complaint(found)
    assert said is None if words is None else words in (said or "")


@pytest.mark.parametrize(
    ("opening", "command", "runs"),
    [
        ("sh", "earmark listen song.mp3 | head -3", True),
        ("sh", "earmark train recipes/earmark.toml --data gtzan", False),
        ("sh", "earmark train --help", True),
        ("sh", "make test", False),
        ("sh no-test: takes a whole hour", "earmark listen song.mp3", False),
        ("python", "print(1)", True),
        ("python no-test: needs a microphone", "print(1)", False),
    ],
)
def test_what_trains_installs_or_is_excused_does_not_run(
    tmp_path: Path, opening: str, command: str, runs: bool
) -> None:
    (fence,) = written(tmp_path, f"```{opening}\n{command}\n```\n")
    assert may_run(fence) is runs


@pytest.mark.parametrize("text", ["```sh\nexit 3\n```\n", "```sh\nls missing | cat\n```\n", "```python\n1 / 0\n```\n"])
def test_a_fence_that_fails_fails_the_test(tmp_path: Path, text: str) -> None:
    (fence,) = written(tmp_path, text)
    with pytest.raises(AssertionError, match=r"page\.md:2"):
        run_fence(fence, tmp_path)
