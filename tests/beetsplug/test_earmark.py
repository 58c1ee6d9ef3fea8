"""The plugin in a real beets: music is imported, heard, asked for, changed, written, and earmark leaves no trace."""

import json
import os
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import beets.library
import beets.plugins
import beets.ui
import pytest
from beets.exceptions import UserError
from mutagen.flac import FLAC

from beetsplug.earmark import SIMILARITY, Earmark, _item_at
from earmark.library.attributes import BY_TAGS, LISTS, NUMBERS, TEXTS, VOICE
from fences import ROOT, fences_of
from indexed import piece

Beet = Callable[..., list[str]]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Music that was not imported yet: three pieces of two artists, one with a genre, and one that is no sound."""
    for seed in range(3):
        file = piece(
            tmp_path / "in" / f"{seed}.flac", seed=seed, length_s=20, title=f"Piece {seed}", artist=f"A{seed % 2}"
        )
        tags = FLAC(file)
        tags["album"] = "Album"
        if seed == 2:
            tags["genre"] = "Polka"
        tags.save()
    return tmp_path


@pytest.fixture
def beet(shelf: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Beet]:
    """The command `beet` with a library and a collection of its own, in this process: to start one takes a second."""
    monkeypatch.setenv("BEETSDIR", str(shelf))

    def run(*arguments: str | Path, plugins: str = "earmark", **settings: Any) -> list[str]:
        configure(shelf, plugins, settings)
        forget()
        capsys.readouterr()
        beets.ui.main(list(map(str, arguments)))
        return capsys.readouterr().out.splitlines()

    yield run
    forget()


def configure(shelf: Path, plugins: str, settings: Mapping[str, Any]) -> None:
    config = {
        "directory": str(shelf / "lib"),
        "library": str(shelf / "beets.db"),
        "plugins": plugins,
        "import": {"copy": True, "autotag": False, "quiet": True},
        "earmark": {"db": str(shelf / "earmark.db"), "jobs": 1, **settings},
    }
    (shelf / "config.yaml").write_text(json.dumps(config))  # JSON is YAML


def forget() -> None:
    """What beets has of the configuration and plugins of a run before."""
    beets.config.clear()
    beets.config.read()
    beets.plugins._instances.clear()
    beets.plugins.BeetsPlugin.listeners.clear()
    beets.plugins.BeetsPlugin._raw_listeners.clear()


def beet_apart(shelf: Path, *arguments: str | Path) -> tuple[int, list[str]]:
    """The command as a process of its own: its exit code, and what it says."""
    configure(shelf, "earmark", {})
    command = [sys.executable, "-m", "beets", *map(str, arguments)]
    answer = subprocess.run(command, env={**os.environ, "BEETSDIR": str(shelf)}, capture_output=True, text=True)
    return answer.returncode, (answer.stdout + answer.stderr).splitlines()


def contents(shelf: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((shelf / "lib").rglob("*.flac"))}


def rows(shelf: Path) -> list[tuple[Any, ...]]:
    """What beets' database has of tracks, but for when each was touched."""
    connection = sqlite3.connect(shelf / "beets.db")
    try:
        found = connection.execute("SELECT entity_id, key, value FROM item_attributes ORDER BY 1, 2").fetchall()
        return found + connection.execute("SELECT id, path, title, genres FROM items ORDER BY id").fetchall()
    finally:
        connection.close()


def test_import_hear_ask_modify_write_and_leave(beet: Beet, shelf: Path) -> None:
    beet("import", shelf / "in")
    before, files = rows(shelf), contents(shelf)

    beet("earmark")
    shown = beet("ls", "-f", "$title|$earmark_mood|$earmark_valence|$earmark_tags|$earmark_kind|$voice_instrumental")
    title, mood, valence, tags, kind, voice = shown[0].split("|")
    assert (title, kind, voice) == ("Piece 0", "quiet", "instrumental")
    assert mood.startswith("calm; bright")
    assert 0.5 < float(valence) <= 1
    assert "piano" in tags
    assert contents(shelf) == files, "hearing writes nothing to files"
    assert len(beet("ls", "earmark_mood:calm", "earmark_valence:0.5..", "earmark_confidence:..1")) == 3
    assert beet("ls", "earmark_valence:..0") == []
    assert beet("ls", "earmark_mood:tense") == []

    # A process of its own: beets keeps the queries of the first plugins that it sees.
    _, nearest = beet_apart(shelf, "ls", "-f", "$title $earmark_similarity", "similar:Piece 1", "earmark_similarity-")
    assert nearest[0] == "Piece 1 1.0"
    assert len(nearest) == 3 - 1, "one of each artist, the track itself left out"
    (head, first, *_) = beet("earmark", "--similar", "--count", "1", "title:Piece 1")
    assert head == "Like A1 - Album - Piece 1:"
    assert "here is like" in first

    beet("modify", "-y", "title:Piece 0", "title=Renamed", "earmark_mood=odd")
    beet("write", "title:Renamed")
    assert beet("ls", "-f", "$title", "earmark_mood:odd") == ["Renamed"]
    beet("earmark")  # its tags changed, and its sound did not
    assert beet("ls", "earmark_mood:odd") == []

    beet("earmark", "--remove")
    beet("modify", "-y", "title:Renamed", "title=Piece 0")
    assert rows(shelf) == before
    assert beet("ls", "-f", "$title", plugins="") == ["Piece 0", "Piece 2", "Piece 1"]


def test_genres_are_filled_where_they_are_empty_and_files_are_written_when_asked_for(beet: Beet, shelf: Path) -> None:
    beet("import", shelf / "in", auto=True)  # hears at the end of the import
    assert len(beet("ls", "earmark_kind:quiet")) == 3
    assert beet("ls", "-f", "$genres") == ["", "Polka", ""]
    files = contents(shelf)
    beet("earmark", "--genres", min_confidence=0.05)
    told = beet("ls", "-f", "$genres")
    assert told[1] == "Polka"
    assert told[0] == told[2] != ""
    assert contents(shelf) == files
    beet("earmark", "--genres", "--overwrite", "--write", "title:Piece 2", min_confidence=0.05)
    (written,) = (shelf / "lib").rglob("*Piece 2.flac")
    assert FLAC(written)["genre"] == told[0].split("; ")
    assert [name for name, content in contents(shelf).items() if content != files[name]] == [written.name]
    beet("write")
    assert {tuple(FLAC(path)["genre"]) for path in (shelf / "lib").rglob("*.flac")} == {tuple(told[0].split("; "))}


def test_what_is_not_there_is_said_in_a_sentence(beet: Beet, shelf: Path) -> None:
    beet("import", shelf / "in")
    said = "error: Nothing was heard yet. Hear the library first: beet earmark."
    assert beet_apart(shelf, "ls", "similar:Piece 1") == (1, [said])
    next((shelf / "lib").rglob("*Piece 0.flac")).write_text("No music. " * 50)
    next((shelf / "lib").rglob("*Piece 1.flac")).unlink()
    code, lines = beet_apart(shelf, "earmark")
    assert code == 0
    assert any("Piece 0.flac is not sound" in line for line in lines)
    assert beet("ls", "-f", "$title", "earmark_kind:quiet") == ["Piece 2"]
    with pytest.raises(UserError, match="'Piece' is no track that was heard"):
        beets.library.Item.field_query("similar", "Piece", beets.plugins.find_plugins()[0].item_queries["similar"])
    (shelf / "earmark.db").write_text("something else")
    code, (line,) = beet_apart(shelf, "earmark")
    assert code == 1
    assert "is no collection of earmark's" in line
    code, (line,) = beet_apart(shelf, "ls", "similar:Piece 1")
    assert code == 1
    assert "is no collection of earmark's" in line


def test_it_goes_with_the_plugin_whose_names_it_shares_and_keeps_what_is_there(beet: Beet, shelf: Path) -> None:
    beet("import", shelf / "in")
    beet("modify", "-y", "title:Piece 1", "mood_sad=0.5", "voice_instrumental=voice")
    beet("earmark", plugins="earmark acousticbrainz types")
    assert beet("ls", "-f", f"${VOICE} $mood_sad", "title:Piece 1") == ["voice 0.500000"]
    (other,) = beet("ls", "-f", " ".join(f"${name}" for name in (VOICE, *BY_TAGS)), "title:Piece 0")
    assert other.startswith("instrumental 0.")
    assert len(beet("ls", "mood_sad:..0.49", plugins="earmark acousticbrainz")) == 2
    beet("earmark", "--remove")
    assert beet("ls", "-f", "$title", "voice_instrumental:voice") == ["Piece 1"]
    assert beet("ls", "voice_instrumental:instrumental") == []
    beet("earmark", acousticbrainz=False)
    assert beet("ls", "voice_instrumental:instrumental") == []


def test_what_the_document_shows_works_when_typed(beet: Beet, shelf: Path) -> None:
    beet("import", shelf / "in")
    page = ROOT / "docs" / "beets.md"
    commands = [line for fence in fences_of(page) if fence.is_shell for line in fence.text.splitlines()]
    typed = [shlex.split(line)[1:] for line in commands if line.startswith("beet ")]
    assert len(typed) >= 12
    beet("earmark")
    for words in typed:
        if words[:2] == ["earmark", "--similar"] or "similar:" in words[-1]:
            continue  # asked in processes of their own, above
        beet(*words)
    fields = {*TEXTS, *LISTS, *NUMBERS, VOICE, *BY_TAGS, SIMILARITY}
    assert not [name for name in fields if f"`{name}`" not in page.read_text() and f"${name}" not in page.read_text()]


def test_every_option_is_described_with_its_default(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEETSDIR", str(shelf))
    page = (ROOT / "docs" / "beets.md").read_text()
    (shelf / "config.yaml").write_text(page[page.index("earmark:\n  auto") :].partition("```")[0])
    forget()
    described = beets.config["earmark"].get()
    (shelf / "config.yaml").unlink()
    forget()
    wanted = Earmark().config.get()
    assert {name: value or None for name, value in described.items()} == {
        name: value or None for name, value in wanted.items()
    }
    forget()


@pytest.mark.parametrize("name", ['7" mix.flac', '\\"x.flac', "a:b, c.flac"])
def test_an_item_is_found_by_its_path_whatever_is_in_it(name: str, tmp_path: Path) -> None:
    library = beets.library.Library(
        str(tmp_path / "beets.db")
    )  # beets keeps copies of one in memory in the folder it is in
    library.add(beets.library.Item(path=os.fsencode(f"/music/{name}")))
    found = _item_at(library, f"/music/{name}")
    assert found is not None
    assert os.fsdecode(found.path) == f"/music/{name}"
    assert _item_at(library, "/music/none.flac") is None
