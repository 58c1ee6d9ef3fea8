"""Files of synonyms: the one that ships, and a user's own."""

from collections import Counter
from pathlib import Path

import pytest

from earmark.errors import WishError
from earmark.library.lexicon import Lexicon, answers_of, plain
from earmark.library.names import names_of
from earmark.library.quantities import read_part, read_range
from earmark.library.synonyms import SHIPPED, read_synonyms, synonyms_file
from earmark.library.wishes import read_wish
from earmark.listen.bundle import load_bundle
from fences import ROOT


def own(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "synonyms.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_file_names_only_what_the_shipped_network_tells() -> None:
    (shipped,) = read_synonyms()
    assert shipped.source == SHIPPED
    told = answers_of(names_of(load_bundle()))
    for group, table in shipped.answers.items():
        assert set(table) <= set(told[group]), group
    assert all(read_range(said) for said in (*shipped.years, *shipped.lengths))
    assert all(read_part(said) for said in shipped.loudness)
    lexicon = Lexicon(names_of(load_bundle()), (), (shipped,))
    for answer in shipped.more:
        assert lexicon.meaning(answer.removeprefix("-")), answer


def test_the_shipped_file_has_phrases_for_every_tag_that_is_no_name_alone() -> None:
    (shipped,) = read_synonyms()
    names = names_of(load_bundle())
    named = {name for table in shipped.answers.values() for name in table}
    assert set(names.tags) <= named
    assert set(names.genres[:-1]) <= named
    assert set(answers_of(names)["quadrants"]) <= named
    assert set(names.emotions) <= named
    assert set(names.heads["voice"]) <= named


def test_no_phrase_of_the_shipped_file_stands_twice_in_one_table() -> None:
    (shipped,) = read_synonyms()
    for group, table in shipped.answers.items():
        phrases = Counter(each for name, said in table.items() for each in {*map(plain, said), plain(name)})
        assert not [phrase for phrase, count in phrases.items() if count > 1], group


def test_what_is_not_told_is_no_phrase_of_what_is() -> None:
    lexicon = Lexicon(names_of(load_bundle()), (), read_synonyms())
    (shipped,) = read_synonyms()
    assert not [phrase for phrase in shipped.near if lexicon.meaning(phrase)]
    assert not [word for word in shipped.passed_over if lexicon.meaning(word)]


def test_a_file_of_ones_own_counts_first(tmp_path: Path) -> None:
    file = own(
        tmp_path,
        '[tags]\npiano = ["Klavier", "keys"]\n[moods]\ntense = ["rainy day"]\n[passed_over]\nwords = ["bitte"]\n',
    )
    lexicon = Lexicon(names_of(load_bundle()), (), read_synonyms(file))
    said = [term.words for term in read_wish("klavier, keys, rainy days, bitte, sax", lexicon).terms]
    assert said == ["tag piano", "tag piano", "mood tense", "tag saxophone"]
    assert not read_wish("bitte", lexicon).unknown
    assert lexicon.unknown == ()


def test_the_users_own_file_is_read_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own(tmp_path, '[genres]\njazz = ["smoke"]\n')
    monkeypatch.setenv("EARMARK_SYNONYMS", str(file))
    assert synonyms_file() == file
    assert [each.source for each in read_synonyms()] == [file, SHIPPED]
    file.unlink()
    assert [each.source for each in read_synonyms()] == [SHIPPED]


def test_what_a_users_file_names_and_the_network_does_not_tell_is_said(tmp_path: Path) -> None:
    file = own(
        tmp_path, '[tags]\nkazoo = ["toot"]\n[lengths]\n"ages" = ["epic length"]\n[years]\n"1977" = ["year zero"]\n'
    )
    lexicon = Lexicon(names_of(load_bundle()), (), read_synonyms(file))
    assert lexicon.unknown == (
        "synonyms.toml: there is no tag 'kazoo' that this network tells.",
        "synonyms.toml: 'ages' is no range of years or lengths, such as 1970-1979 or -2:30.",
    )
    assert read_wish("year zero", lexicon).terms[0].words == "year 1977"
    assert read_wish("toot", lexicon).unknown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tags\n", "is no TOML"),
        ("\udcff", "is no TOML"),
        ("tags = 3", "'tags' is no table"),
        ("[tags]\npiano = 3", "'tags.piano' has no list of texts"),
        ("[tags]\npiano = [3]", "'tags.piano' has no list of texts"),
        ("near = 3", "'near' is no table"),
        ('[near]\n"the key" = ["key"]', "'near.the key' has no list of texts 'try'"),
        ("[passed_over]\nword = []", "'passed_over' has no list of texts 'words'"),
    ],
)
def test_a_file_that_is_none_is_told_in_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(WishError, match=r"mine\.toml") as caught:
        read_synonyms(file)
    assert said in caught.value.sentence


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WishError, match="cannot be read"):
        read_synonyms(tmp_path / "none.toml")


def test_the_file_of_the_manual_can_be_read(tmp_path: Path) -> None:
    manual = (ROOT / "docs/collection.md").read_text(encoding="utf-8")
    block = manual.partition("**Synonyms of your own**")[2].partition("```text\n")[2].partition("```")[0]
    lexicon = Lexicon(names_of(load_bundle()), (), read_synonyms(own(tmp_path, block)))
    said = [term.words for term in read_wish("Klavier, sunday morning, the punk years, tiny", lexicon).terms]
    assert said == ["tag piano", "mood serene", "year 1977-1984", "length up to 1:00"]
    assert lexicon.unknown == ()
