"""The page as it is built into the package: of the sources that stand there, small, and with nothing from elsewhere."""

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from earmark.plots import palette
from earmark.serve.settings import Settings

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
STATIC = Settings().static
MOST_SCRIPT_BYTES = 300_000  # compressed, of the first load
BUILT = sorted(file for file in STATIC.rglob("*") if file.is_file())


def test_the_build_is_of_the_sources_that_stand_there() -> None:
    names = [
        ".npmrc",
        "index.html",
        "package-lock.json",
        "package.json",
        "sources.js",
        "tsconfig.json",
        "vite.config.js",
    ]
    below = [file.relative_to(WEB).as_posix() for folder in ("public", "src") for file in (WEB / folder).rglob("*")]
    digest = hashlib.sha256()
    for name in sorted([*names, *(name for name in below if (WEB / name).is_file())]):
        text = (WEB / name).read_text(encoding="utf-8").replace("\r\n", "\n")
        digest.update(f"{name}\0{text}\0".encode())
    built = json.loads((STATIC / "build.json").read_text(encoding="utf-8"))
    assert built == {"sources": digest.hexdigest()}, "web/ has changed since: run make page"


def test_all_that_the_page_names_is_there_and_nothing_else() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    named = {name.removeprefix("./") for name in re.findall(r'(?:src|href)="([^"]+)"', page)}
    assert named == {file.relative_to(STATIC).as_posix() for file in BUILT} - {
        "index.html",
        "build.json",
        "licences.md",
    }


def test_the_first_load_is_small() -> None:
    scripts = [file for file in BUILT if file.suffix == ".js"]
    assert scripts
    assert sum(len(gzip.compress(file.read_bytes(), 9)) for file in scripts) < MOST_SCRIPT_BYTES


@pytest.mark.parametrize(
    "file", [file for file in BUILT if file.suffix != ".md"], ids=lambda file: file.name.split("-")[0] + file.suffix
)
def test_nothing_that_is_built_names_another_machine(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    addresses = set(re.findall(r"https?://[^\s\"'`)]+|(?<=[\"'`])//[a-z][^\s\"'`)]+", text))
    assert all(each.startswith("http://www.w3.org/") for each in addresses), "names of formats, which nothing fetches"


def test_the_licence_of_what_is_built_in_goes_with_it() -> None:
    licences = (STATIC / "licences.md").read_text(encoding="utf-8")
    for package in json.loads((WEB / "package.json").read_text(encoding="utf-8"))["dependencies"]:
        assert package in licences
    assert "Redistribution and use" in licences


def test_the_page_has_no_script_or_style_of_its_own_in_it() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "__CSP_NONCE__" in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page), "the server's policy forbids it"


def test_no_lock_file_names_the_registry_it_was_made_with() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert json.loads(text)["packages"]
    assert "://" not in text, 'take out what npm writes under "funding" and "resolved"'


def test_the_page_has_the_colours_of_all_pictures() -> None:
    source = (WEB / "src" / "palette.ts").read_text(encoding="utf-8")
    for name in ("SEQUENTIAL", "GENRE_COLOURS", "GENRE_MARKERS"):
        found = re.search(rf"{name} = \[(.*?)\];", source, re.DOTALL)
        assert found
        assert tuple(re.findall(r'"([^"]+)"', found[1])) == getattr(palette, name)
    style = (WEB / "src" / "style" / "base.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{([^}]*)\}", style)
    for block, colours in ((light, palette.LIGHT), (dark, palette.DARK)):
        told = dict(re.findall(r"--([\w-]+): (#\w+)", block))
        assert {name: told[name] for name in colours} == colours
    assert f'ACCENT = "{palette.ACCENT}"' in source


def test_all_words_of_the_page_stand_in_one_file() -> None:
    sentence = re.compile(r'"[A-Z][a-z]+(?: [a-z]+)+[^"]*"')  # a text that begins as a sentence does
    spoken = {
        file.relative_to(WEB).as_posix(): found
        for file in (WEB / "src").rglob("*.ts")
        if file.name != "text.ts" and (found := sentence.findall(_code_of(file)))
    }
    assert spoken == {}


def test_no_module_of_the_page_is_long() -> None:
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in (WEB / "src").rglob("*.ts")}
    assert max(lengths.values()) <= 400, lengths


def test_node_modules_are_not_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files", "web"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert "node_modules/" not in listed


def _code_of(file: Path) -> str:
    """Its lines without comments."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return "\n".join(re.sub(r"(^|\s)//.*", "", line) for line in lines)
