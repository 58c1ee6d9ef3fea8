"""The commands that stand in the documents: found, split into words, and held against what the project really has.

A fence is a block of ```sh, ```bash, ```console or ```python. In a console block the lines after "$ " are commands and
all others output. `sh no-test: REASON` on the opening line keeps a fence from being run, not from being checked.
"""

import importlib.util
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHELLS = ("sh", "bash", "console")
OPENING = re.compile(r"^(\s*)```(\w+)[ \t]*(.*)$")

# Verbs that train: minutes to hours. A fence that has one is checked and not run.
SLOW_VERBS = frozenset({"train", "crossval", "benchmark", "search", "demo"})
# Programs whose words mean nothing to this project; those that harm nothing in a temporary folder may run.
HARMLESS = frozenset({"cat", "cd", "cp", "echo", "export", "head", "jq", "ls", "mkdir", "tail", "wc"})
UNKNOWN_TO_US = HARMLESS | {
    "git",
    "source",
    "ruff",
    "mypy",
    "lint-imports",
    "pre-commit",
    "ffmpeg",
    "python3",
    "beet",
    "ray",
    "curl",
    "chmod",
    "openssl",
}
SHELL_WORDS = frozenset({"time", "then", "do", "else"})
ASSIGNMENT = re.compile(r"^[A-Z_]+=")


@dataclass(frozen=True)
class Fence:
    """A block of code in a document: where its first line of code is, its language, what its opening line adds."""

    path: Path
    line: int
    language: str
    note: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.path.relative_to(ROOT) if self.path.is_relative_to(ROOT) else self.path}:{self.line}"

    @property
    def is_shell(self) -> bool:
        return self.language in SHELLS

    @property
    def script(self) -> str:
        """What a shell would be given: of a console block the lines after "$ " and their continuations."""
        if self.language != "console":
            return self.text
        wanted, continued = [], False
        for line in self.text.splitlines():
            if line.startswith("$ ") or continued:
                wanted.append(line.removeprefix("$ "))
                continued = line.endswith("\\")
        return "\n".join(wanted)

    @property
    def excuse(self) -> str | None:
        """Why the fence is not run, in its author's words; None where nothing is said."""
        match = re.match(r"no-test\b:?\s*(.*)", self.note)
        return match[1].strip() if match else None

    def commands(self) -> Iterator[list[str]]:
        """The simple commands of a shell fence, each a list of words, without redirections and settings before them."""
        for line in self.script.replace("\\\n", " ").splitlines():
            lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
            lexer.wordchars += "@:%,[]{}$"
            yield from _simple_commands(list(lexer))


def fences_of(path: Path) -> list[Fence]:
    """All fences of a Markdown file, those without a language left out."""
    found: list[Fence] = []
    opening: re.Match[str] | None = None
    block: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if opening is not None and line.strip() == "```":
            indent = len(opening[1])
            text = "\n".join(row[indent:] for row in block)
            found.append(Fence(path, number - len(block), opening[2], opening[3].strip(), text))
            opening = None
        elif opening is not None:
            block.append(line)
        elif match := OPENING.match(line):
            opening, block = match, []
    return found


def _simple_commands(words: Sequence[str]) -> Iterator[list[str]]:
    command: list[str] = []
    rest = iter([*words, ";"])
    for word in rest:
        if word in ("<", ">", ">>", ">&", "&>"):
            next(rest)  # the file it goes to
        elif word and set(word) <= set(";|&()"):
            if command and command[0] not in ("for", "done", "fi", "if"):
                yield command
            command = []
        elif command or not (ASSIGNMENT.match(word) or word in SHELL_WORDS):
            command.append(word)


def program_of(command: Sequence[str]) -> str:
    """The program's name: `.venv/bin/earmark` and `$(BIN)/earmark` are `earmark`."""
    return re.sub(r"^(\.venv/bin/|venv/bin/|\./)", "", command[0])


def complaint(command: Sequence[str]) -> str | None:
    """What is wrong with a command, in one sentence; None where nothing is."""
    program, words = program_of(command), command[1:]
    if program in UNKNOWN_TO_US and program != "python3":
        return None
    checker = CHECKERS.get(program)
    if checker is None:
        return f"tests/fences.py does not know the program '{program}': teach it how to check one"
    return checker(words)


def may_run(fence: Fence) -> bool:
    """Whether a fence is run: no excuse, and nothing in it that trains, installs or tests."""
    if fence.excuse is not None:
        return False
    if fence.language == "python":
        return True
    return all(
        program_of(command) in HARMLESS or (program_of(command) == "earmark" and not _is_slow(command[1:]))
        for command in fence.commands()
    )


def _is_slow(words: Sequence[str]) -> bool:
    return bool(SLOW_VERBS.intersection(words[:1])) and "--help" not in words


def _check_earmark(words: Sequence[str]) -> str | None:
    """Whether the words could be parsed: verbs, options and the number of arguments; nothing is opened or run."""
    import typer

    from earmark.cli.main import build_app

    usage_error: Any = typer.BadParameter.__base__  # has no public name of its own in typer
    command: Any = typer.main.get_command(build_app())
    context = command.context_class(command, info_name="earmark")
    words = list(words)
    while True:
        if hasattr(command, "with_verb"):  # of a verb with others below it, one may be left out
            words = command.with_verb(words)
        try:
            values, left, _ = command.make_parser(context).parse_args(args=list(words))
        except usage_error as reason:
            return f"{context.command_path}: {reason.format_message()}"
        if not hasattr(command, "commands"):
            break
        if not left:
            return None
        verb, *words = left
        if (ROOT / "examples/verb" / f"{verb}.py").exists():
            return None  # tests/test_examples.py adds and runs it
        if verb not in command.commands:
            return f"{context.command_path} has no verb '{verb}'"
        command = command.commands[verb]
        context = command.context_class(command, info_name=verb, parent=context)
    if left:
        return f"{context.command_path} takes no further '{left[0]}'"
    missing = [p.name for p in command.params if p.required and not values.get(p.name)]
    if missing and not values.get("help"):
        return f"{context.command_path} lacks {', '.join(missing)}"
    return None


def _check_make(words: Sequence[str]) -> str | None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    unknown = [word for word in words if not ASSIGNMENT.match(word) and word not in targets]
    return f"the Makefile has no target '{unknown[0]}'" if unknown else None


def _check_pip(words: Sequence[str]) -> str | None:
    house = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = house["project"]["optional-dependencies"]
    for word in words:
        if (match := re.match(r"(earmark|\.)\[(.*)\]$", word)) and not set(match[2].split(",")) <= set(extras):
            return f"pyproject.toml has not all of the extras of '{word}'"
    return None


def _check_paths(words: Sequence[str]) -> str | None:
    missing = [word for word in words if re.search(r"\.(py|toml)$|^(src|tests|recipes|docs)/", word.partition("::")[0])]
    missing = [word for word in missing if not (ROOT / word.partition("::")[0]).exists()]
    return f"there is no {missing[0]}" if missing else None


def _check_python(words: Sequence[str]) -> str | None:
    if words[:1] == ["-m"]:
        if words[1].startswith("earmark."):
            return None if importlib.util.find_spec(words[1]) else f"there is no module {words[1]}"
        return complaint(words[1:]) if words[1] not in ("venv", "torch.distributed.run") else None
    return _check_paths(words[:1])


def _check_torchrun(words: Sequence[str]) -> str | None:
    rest = list(words)
    while rest and rest[0].startswith("--"):
        option = rest.pop(0)
        if "=" not in option and option not in ("--standalone", "--no-python"):
            rest.pop(0)  # its value
    if rest[:1] == ["-m"]:
        return complaint(rest[1:])
    return complaint(rest) if rest and program_of(rest) == "earmark" else _check_paths(rest[:1])


CHECKERS: dict[str, Callable[[Sequence[str]], str | None]] = {
    "earmark": _check_earmark,
    "make": _check_make,
    "pip": _check_pip,
    "pytest": _check_paths,
    "python": _check_python,
    "python3": _check_python,
    Path(sys.executable).name: _check_python,
    "torchrun": _check_torchrun,
    ".ci/run": lambda words: None,
}
