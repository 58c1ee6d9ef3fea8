"""Every command of the documents: checked against the program, and run where it is quick.

The fences of one document run in order in one folder, as a reader would type them, with `earmark` on the path. In it
are `song.mp3` (30 s), `song.wav` (8 s), `music/` with three short pieces in two formats, and `gtzan/`, 20 synthetic
clips in earmark's layout with the labels of the default bundle. How a fence is kept from running: tests/fences.py.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fences import ROOT, Fence, complaint, fences_of, may_run

DOCUMENTS = [
    path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if path.exists()
]
FENCES = [fence for path in DOCUMENTS for fence in fences_of(path) if fence.is_shell or fence.language == "python"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The folder in which a reader sits."""
    import soundfile

    from earmark.data.layout import picture_of_db, write_picture, write_rows
    from earmark.data.synth import STYLES, compose
    from earmark.listen.bundle import load_bundle
    from earmark.sound.mel import log_mel

    def write(name: str, style: str, duration_s: float) -> None:
        piece = compose(style, duration_s=duration_s, rng=np.random.default_rng(len(name)))
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, piece.samples, piece.sample_rate_hz)

    write("song.mp3", STYLES[0], 30.0)
    write("song.wav", STYLES[1], 8.0)
    for number, name in enumerate(("one.mp3", "two.flac", "deeper/three.mp3")):
        write(f"music/{name}", STYLES[number % len(STYLES)], 8.0)
    rows = []
    for number, label in enumerate(2 * load_bundle().info.labels):
        rng = np.random.default_rng(number)
        piece = compose(STYLES[number % len(STYLES)], duration_s=8.0, rng=rng)
        split = "valid" if number % 2 else "train"
        row = {"id": f"clip{number}", "genre": label, "artist": f"A{number // 3}", "fault_filtered_split": split}
        write_picture(tmp_path / f"gtzan/mel/{row['id']}.png", picture_of_db(log_mel(piece.samples)))
        rows.append(row)
    write_rows(tmp_path / "gtzan/clips.csv", rows)
    return tmp_path


def run_fence(fence: Fence, folder: Path) -> None:
    """Run a fence in `folder`; on failure say where it stands and what it said."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    run = ["bash", "-euo", "pipefail", "-c", fence.script] if fence.is_shell else [sys.executable, "-c", fence.text]
    answer = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert answer.returncode == 0, f"{fence.place}\n{fence.script}\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"


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
