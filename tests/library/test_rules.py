"""Rules of what never comes into a list: how they are written, and what they keep out."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import WishError
from earmark.library.collection import Collection
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import YOURS, Answer, Holds, Range
from earmark.library.names import GENRES, MOODS, TAGS, names_of
from earmark.library.rules import Condition, never_file, read_rule, read_rules
from earmark.library.synonyms import read_synonyms
from earmark.listen.bundle import load_bundle
from fences import ROOT
from made_collection import NAMES


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(NAMES, ("gym",), read_synonyms())


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("title ~ christmas", [Condition(Holds("title", "christmas"))]),
        ('artist = "Tom and Jerry"', [Condition(Holds("artist", "Tom and Jerry"))]),
        ("path ~ */Audiobooks/*", [Condition(Holds("path", "*/Audiobooks/*"))]),
        ("file-genre ~ Holiday", [Condition(Holds("file-genre", "Holiday"))]),
        ("genre classical > 0.5", [Condition(Answer(GENRES, "classical"), 0.5)]),
        ("genre classical", [Condition(Answer(GENRES, "classical"), 0.5)]),
        ("never genre:classical", [Condition(Answer(GENRES, "classical"), 0.5)]),
        ("no classical", [Condition(Answer(GENRES, "classical"), 0.5)]),
        ("genre metal < 20 %", [Condition(Answer(GENRES, "metal"), 0.2, below=True)]),
        ("tag piano >= .9", [Condition(Answer(TAGS, "piano"), 0.9)]),
        ("mood tense > 0.7", [Condition(Answer(MOODS, "tense"), 0.7)]),
        ("voice vocal > 0.7", [Condition(Answer("voice", "vocal"), 0.7)]),
        ("vocals", [Condition(Answer("voice", "vocal"), 0.5)]),
        ("word gym", [Condition(Answer(YOURS, "gym"), 0.5)]),
        ("kind spoken", [Condition(Holds("kind", "spoken"))]),
        ("kind = quiet", [Condition(Holds("kind", "quiet"))]),
        ("shorter than 1 min", [Condition(Range("length", high=60))]),
        ("under 1 min", [Condition(Range("length", high=60))]),
        ("no longer than 1 min", [Condition(Range("length", high=60))]),
        ("length > 20 min", [Condition(Range("length", low=1200))]),
        ("before 1950", [Condition(Range("year", high=1949))]),
        ("year 1974", [Condition(Range("year", 1974, 1974))]),
        ("year 80s", [Condition(Range("year", 1980, 1989))]),
        ("jazz and longer than 10 min", [Condition(Answer(GENRES, "jazz")), Condition(Range("length", low=600))]),
    ],
)  # fmt: skip
def test_a_rule_is_read(text: str, conditions: list[Condition], lexicon: Lexicon) -> None:
    assert read_rule(text, lexicon).conditions == tuple(conditions)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "An empty rule", "title ~ christmas"),
        ("never ", "An empty rule|'never'", "title ~"),
        ("zesty", "'zesty' in 'zesty' is nothing that is told", "Write for example"),
        ("genre clasical", "nothing that is told", "Did you mean classical"),
        ("christmas", "does not tell the season", "title ~ christmas"),
        ("genre jazz > 7", "1 is the most", "Write"),
        ("kind polka", "'polka' in 'kind polka' is no kind; there are song, long", "Write"),
        ('title ~ ""', "names no text", "Write"),
        ("tag piano and zesty", "'zesty' in 'tag piano and zesty'", "Write"),
    ],
)
def test_what_is_no_rule_says_why(text: str, said: str, hint: str, lexicon: Lexicon) -> None:
    with pytest.raises(WishError, match=said) as caught:
        read_rule(text, lexicon)
    assert hint in caught.value.hint


@settings(deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_a_rule_or_a_sentence(text: str, lexicon: Lexicon) -> None:
    with contextlib.suppress(WishError):
        assert read_rule(text, lexicon).conditions


def test_a_file_of_rules_has_one_a_line_and_remarks(tmp_path: Path, lexicon: Lexicon) -> None:
    file = tmp_path / "never.rules"
    file.write_text("\ufeff# mine\n\ntitle ~ christmas  # in December too\ntitle ~ #1\n", encoding="utf-8")
    assert [rule.text for rule in read_rules([str(file), "jazz"], lexicon)] == [
        "title ~ christmas",
        "title ~ #1",
        "jazz",
    ]


def test_a_wrong_line_is_named_with_its_file_and_number(tmp_path: Path, lexicon: Lexicon) -> None:
    file = tmp_path / "never.rules"
    file.write_text("title ~ x\n\nzesty\n")
    with pytest.raises(WishError, match=r"never\.rules, line 3: 'zesty' in 'zesty' is nothing that is told"):
        read_rules([str(file)], lexicon)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WishError, match="no text of rules"):
        read_rules([str(file)], lexicon)


def test_the_users_own_rules_always_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon) -> None:
    file = tmp_path / "mine.rules"
    monkeypatch.setenv("EARMARK_NEVER", str(file))
    assert never_file() == file
    assert read_rules([], lexicon) == ()
    file.write_text("kind spoken\n")
    assert [rule.text for rule in read_rules(["jazz"], lexicon)] == ["kind spoken", "jazz"]


def test_rules_keep_out_what_meets_all_their_conditions(made_collection: Collection, lexicon: Lexicon) -> None:
    judge = Judge(made_collection)
    jazz = made_collection.column(GENRES, "jazz")
    years = np.array([int(entry.tags["year"]) for entry in made_collection.entries])
    assert read_rule("jazz > 0.6", lexicon).bans(judge).tolist() == (jazz >= 0.6).tolist()
    both = read_rule("jazz > 0.6 and before 1980", lexicon).bans(judge)
    assert both.tolist() == ((jazz >= 0.6) & (years < 1980)).tolist()
    assert 0 < both.sum() < (jazz >= 0.6).sum()
    assert read_rule("shorter than 1 min", lexicon).bans(judge).all()
    assert not read_rule("shorter than 10 s", lexicon).bans(judge).any()
    (banned,) = np.flatnonzero(read_rule('title ~ "title 7"', lexicon).bans(judge) & (years == 1967))
    assert made_collection.entries[banned].title == "Title 7"


def test_what_is_not_known_of_an_entry_keeps_it_not_out(made_collection: Collection, lexicon: Lexicon) -> None:
    assert not read_rule("under 200 bpm", lexicon).bans(Judge(made_collection)).any()


def test_the_rules_of_the_manual_are_rules(tmp_path: Path) -> None:
    manual = (ROOT / "docs/collection.md").read_text(encoding="utf-8")
    block = manual.partition("### Rules")[2].partition("```text\n")[2].partition("```")[0]
    (tmp_path / "never.rules").write_text(block, encoding="utf-8")
    lexicon = Lexicon(names_of(load_bundle()), ("gym",), read_synonyms())
    assert len(read_rules([str(tmp_path / "never.rules")], lexicon)) == 11
