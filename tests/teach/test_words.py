"""The file of a user's words: several bundles in one file, and nothing that is there is ever lost."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import BundleError, DataError
from earmark.listen.calibrate import Platt
from earmark.listen.linear import MULTI, YOURS, Layer, LinearHead, read_heads, write_heads
from earmark.teach.words import (
    LONGEST,
    WORDS_VARIABLE,
    all_words,
    checked_name,
    export_words,
    import_words,
    keep_words,
    read_words,
    remove_words,
    words_file,
)

HERE, THERE = "a" * 64, "b" * 64


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "home/words.json"
    monkeypatch.setenv(WORDS_VARIABLE, str(path))
    return path


def word(name: str, network: str = HERE, **figures: object) -> LinearHead:
    layer = Layer(np.ones((6, 1)), np.zeros(1), np.ones((4, 1)), np.zeros(1))
    told = {"n": 7, "examples": ["/home/me/secret.mp3"], "counter": ["/home/me/other.mp3"], **figures}
    return LinearHead(name, MULTI, (name,), network, layer, lines=(Platt(1.0, 0.0),), role=YOURS, figures=told)


def names(words: tuple[LinearHead, ...]) -> list[str]:
    return [each.name for each in words]


def test_there_are_no_words_before_one_is_taught(file: Path) -> None:
    assert all_words() == read_words(HERE) == ()
    assert not file.parent.exists()


def test_each_bundle_reads_its_own_words(file: Path) -> None:
    assert keep_words([word("gym"), word("sleep", THERE)]) == file == words_file()
    assert names(read_words(HERE)) == ["gym"]
    assert names(read_words(THERE)) == ["sleep"]
    assert read_words("c" * 64) == ()


def test_a_word_that_is_taught_anew_takes_the_place_of_its_namesake_in_its_bundle() -> None:
    keep_words([word("Gym"), word("gym", THERE), word("sleep")])
    keep_words([word("gym", n=9)])
    assert [(each.name, each.network) for each in all_words()] == [("gym", THERE), ("sleep", HERE), ("gym", HERE)]
    assert read_words(HERE)[1].figures["n"] == 9


def test_a_word_is_removed_from_all_bundles() -> None:
    keep_words([word("gym"), word("Gym", THERE), word("sleep")])
    assert remove_words(["GYM"]) == ("gym", "Gym")
    assert names(all_words()) == ["sleep"]


def test_where_one_of_them_is_not_there_none_is_removed() -> None:
    keep_words([word("gym"), word("sleep")])
    with pytest.raises(DataError, match=r"There is no word 'jim' of yours\. There are: gym, sleep\."):
        remove_words(["gym", "jim"])
    assert names(all_words()) == ["gym", "sleep"]


def test_without_words_there_is_none_to_remove() -> None:
    with pytest.raises(DataError, match="There is none yet"):
        remove_words(["gym"])


@pytest.mark.parametrize("content", ["", "[", "{}", '{"schema": 9, "heads": []}', '{"schema": 1, "heads": [{}]}'])
def test_a_file_that_is_broken_is_named_and_left_as_it_is(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    for use in (all_words, lambda: read_words(HERE), lambda: keep_words([word("gym")]), lambda: remove_words(["gym"])):
        with pytest.raises(BundleError, match=r"words\.json .*Put a copy in its place, or move it away to begin anew"):
            use()
    assert file.read_text() == content


@pytest.mark.parametrize("change", [{"role": ""}, {"labels": ("a", "b"), "lines": (Platt(1.0, 0.0),) * 2}])
def test_heads_that_are_no_words_are_no_file_of_words(file: Path, change: dict[str, object]) -> None:
    head = word("gym")
    if "labels" in change:
        change["layer"] = Layer(np.ones((6, 2)), np.zeros(2), np.ones((4, 2)), np.zeros(2))
    write_heads(file, [replace(head, **change)])  # type: ignore[arg-type]
    with pytest.raises(BundleError, match="holds 'gym', which is no word of a user's"):
        all_words()


def test_words_are_handed_on_without_the_paths_of_files(tmp_path: Path) -> None:
    keep_words([word("gym"), word("sleep"), word("far", THERE)])
    target = tmp_path / "out.json"
    assert names(export_words(target, [], HERE)) == ["gym", "sleep"]
    assert "/home/me" not in target.read_text()
    assert names(export_words(target, ["Sleep"], HERE)) == ["sleep"]
    (found,) = import_words(target, HERE, numbers=6)
    assert found.to_dict()["layer"] == word("sleep").to_dict()["layer"]
    assert found.figures["n"] == 7


def test_where_there_are_no_words_none_is_handed_on(tmp_path: Path) -> None:
    keep_words([word("far", THERE)])
    with pytest.raises(DataError, match="no words of this bundle yet"):
        export_words(tmp_path / "out.json", [], HERE)
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (word("gym", THERE), "was taught to another bundle"),
        (replace(word("gym"), name="a;b"), "';' in it"),
        (replace(word("gym"), role=""), "no word of a user's"),
    ],
)
def test_what_is_brought_in_is_looked_at(tmp_path: Path, head: LinearHead, said: str) -> None:
    write_heads(tmp_path / "in.json", [head])
    with pytest.raises((BundleError, DataError), match=said):
        import_words(tmp_path / "in.json", HERE)


def test_a_word_that_reads_other_numbers_than_there_are_is_refused(tmp_path: Path) -> None:
    write_heads(tmp_path / "in.json", [word("gym")])
    with pytest.raises(BundleError, match="does not fit the network"):
        import_words(tmp_path / "in.json", HERE, numbers=256)


@pytest.mark.parametrize("content", [None, "", "music", '{"schema": 1}'])
def test_what_is_no_file_of_words_is_not_brought_in(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "in.json").write_text(content)
    with pytest.raises(BundleError, match=r"in\.json.* Name a file that --export wrote"):
        import_words(tmp_path / "in.json", HERE)


@pytest.mark.parametrize("name", ["gym", "für Oma", "1980", "R&B", "音楽", "x" * LONGEST])
def test_what_can_be_a_word(name: str) -> None:
    assert checked_name(f" {name} ") == name


def test_a_word_is_the_same_however_its_letters_are_put_together() -> None:
    assert checked_name("fu\u0308r") == checked_name("für")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty word"),
        ("  ", "empty word"),
        ("a\tb", r"'a\\tb' has control characters"),
        ("a\nb", "control characters"),
        ("\x1b[31m", "control characters"),
        ("a;b", "';'"),
        ("x" * (LONGEST + 1), "41 letters"),
    ],
)
def test_what_can_be_no_word(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        checked_name(name)


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WORDS_VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert words_file().name == "words.json"
    assert "earmark" in words_file().parts


def test_the_file_is_one_of_heads(file: Path) -> None:
    keep_words([word("gym")])
    assert json.loads(file.read_text())["schema"] == 1
    assert names(read_heads(file)) == ["gym"]


def test_of_many_who_teach_at_once_no_word_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(file: Path, heads: Sequence[LinearHead]) -> None:
        time.sleep(0.01)  # long enough for another to read what is about to be replaced
        write_heads(file, heads)

    monkeypatch.setattr("earmark.teach.words.write_heads", slowly)
    taught = [f"word {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: keep_words([word(name)]), taught))
    assert sorted(names(all_words())) == taught
