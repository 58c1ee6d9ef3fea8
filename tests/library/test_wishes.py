"""Wishes in words: what is understood, what is not, and that nothing is left unsaid."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.library.lexicon import Lexicon
from earmark.library.meanings import YOURS, Answer, Holds, Range
from earmark.library.names import EMOTIONS, GENRES, MOODS, TAGS, Names, names_of
from earmark.library.synonyms import read_synonyms
from earmark.library.wishes import OVER, TERM, UNKNOWN, Term, read_wish
from earmark.listen.bundle import load_bundle

FAST = "how fast it is, beyond the tempo in a file's tags"
PIANO, GUITAR, CALM, VOCAL = (
    Answer(TAGS, "piano"),
    Answer(TAGS, "guitar"),
    Answer(MOODS, "calm"),
    Answer("voice", "vocal"),
)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(names_of(load_bundle()), ("gym", "Sunday morning"), read_synonyms())


def told(text: str, lexicon: Lexicon) -> list[tuple[str, bool]]:
    """What was understood: words of the meanings, and whether they are wanted."""
    return [(" or ".join(each.words for each in term.meanings), term.wanted) for term in read_wish(text, lexicon).terms]


def test_the_example_of_the_manual_is_understood(lexicon: Lexicon) -> None:
    wish = read_wish("calm piano, no vocals, 70s, zesty", lexicon)
    assert wish.terms == (
        Term("calm", (CALM,)),
        Term("piano", (PIANO,)),
        Term("no vocals", (VOCAL,), wanted=False),
        Term("70s", (Range("year", 1970, 1979, "1970s"),)),
    )
    assert wish.lines == (
        "calm -> mood calm; piano -> tag piano; no vocals -> not voice vocal;"
        " 70s -> year 1970-1979 (files without: tag 1970s)",
        "not understood: zesty",
    )


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hip-Hop", [("genre hiphop", True)]),
        ("hip hop", [("genre hiphop", True)]),
        ("R&B", [("tag rhythm and blues", True)]),
        ("drum & bass", [("tag drum and bass", True)]),
        ("musique concrete", [("tag musique concrète", True)]),
        ("pianos", [("tag piano", True)]),
        ("8-bit", [("tag chiptune", True)]),
        ("post-rock", [("tag post-rock", True)]),
        ("jazz-funk", [("genre jazz", True), ("tag funk", True)]),
        ("happy soul", [("mood joyful", True), ("genre soul", True)]),
        ("sunday morning", [("your word Sunday morning", True)]),
        ('"gym"', [("your word gym", True)]),
        ("piano + violin", [("tag piano", True), ("tag violin", True)]),
        ("something like reggae, please", [("genre reggae", True)]),
        ("no piano", [("tag piano", False)]),
        ("-piano", [("tag piano", False)]),
        ("− piano", [("tag piano", False)]),
        ("non-vocal", [("voice vocal", False)]),
        ("not at all", []),
        ("no piano, guitar", [("tag piano", False), ("tag guitar", True)]),
        ("no piano and guitar", [("tag piano", False), ("tag guitar", True)]),
        ("without piano and guitar", [("tag piano", False), ("tag guitar", False)]),
        ("without piano but calm", [("tag piano", False), ("mood calm", True)]),
        ("neither piano nor guitar", [("tag piano", False), ("tag guitar", False)]),
        ("nothing with vocals", [("voice vocal", False)]),
        ("piano or guitar", [("tag piano or tag guitar", True)]),
        ("piano/guitar", [("tag piano or tag guitar", True)]),
        ("no piano or guitar", [("tag piano or tag guitar", False)]),
        ("piano or no guitar", [("tag piano", True), ("tag guitar", False)]),
        ("50s and 90s", [("year 1950-1959 or year 1990-1999", True)]),
        ("after 1970, before 1980", [("year from 1971", True), ("year up to 1979", True)]),
        ("seventies", [("year 1970-1979 (files without: tag 1970s)", True)]),
        ("nineties", [("year 1990-1999", True)]),
        ("short", [("length up to 2:30", True)]),
        ("longer than 5 min", [("length from 5:00", True)]),
        ("not 80s", [("year 1980-1989 (files without: tag 1980s)", False)]),
        ("artist:miles", [("artist has 'miles'", True)]),
        ('-artist:"miles davis"', [("artist has 'miles davis'", False)]),
        ("tag:rock", [("tag rock", True)]),
        ("rock", [("genre rock", True)]),
        ("genre:hip-hop", [("genre hiphop", True)]),
        ("mood:peaceful", [("mood serene", True)]),
        ("emotion:nostalgia", [("emotion nostalgia", True)]),
        ("word:gym", [("your word gym", True)]),
        ("voice:instrumental", [("voice instrumental", True)]),
        ("year:1970-79", [("year 1970-1979 (files without: tag 1970s)", True)]),
        ("length:-3:00", [("length up to 3:00", True)]),
        ("kind:spoken", [("kind spoken", True)]),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, terms: list[tuple[str, bool]], lexicon: Lexicon) -> None:
    assert told(text, lexicon) == terms


def test_very_counts_a_term_more(lexicon: Lexicon) -> None:
    (term,) = read_wish("not very very calm", lexicon).terms
    assert (term.times, term.wanted, term.text) == (3, False, "not very very calm")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zesty", "zesty"),
        ("no zesty", "no zesty"),
        ("no", "no"),
        ("-", "-"),
        ("viollin", "viollin (violin?)"),
        ("fast", f"fast (not told: {FAST}; try: over 120 bpm or lively or calm)"),
        ("christmas", "christmas (not told: the season; try: title:christmas)"),
        ('"zesty"', '"zesty" (no word of yours; yours are: gym, Sunday morning)'),
        ("tag:zesty", "tag:zesty (there is no such tag)"),
        ("tag:pianno", "tag:pianno (there is no such tag; try: piano or epiano)"),
        ("year:soon", "year:soon (there is no such year)"),
    ],
)
def test_what_is_not_understood_is_said_with_what_may_have_been_meant(text: str, said: str, lexicon: Lexicon) -> None:
    wish = read_wish(f"piano, {text}", lexicon)
    assert [each.words for each in wish.unknown] == [said]
    assert [term.text for term in wish.terms] == ["piano"]


def test_an_unknown_field_names_those_that_there_are(lexicon: Lexicon) -> None:
    (unknown,) = read_wish("key:minor", lexicon).unknown
    assert unknown.reason.startswith("'key:' is none of genre, tag, mood, emotion")


def test_without_words_of_ones_own_a_quoted_word_says_so(lexicon: Lexicon) -> None:
    bare = Lexicon(names_of(load_bundle()), (), read_synonyms())
    (unknown,) = read_wish("“gym”", bare).unknown
    assert unknown.reason == "no word of yours; you have none yet"


def test_words_that_ask_for_nothing_are_passed_over_and_said(lexicon: Lexicon) -> None:
    assert read_wish("some music with piano please", lexicon).passed_over == ("some", "music", "with", "please")


def test_a_network_that_tells_less_understands_less() -> None:
    names = Names({"genres": ("jazz",), "tags": (), "plane": (), "quadrants": ("joyful", "tense"), "emotions": ()})
    lexicon = Lexicon(names, (), read_synonyms())
    assert told("jazz", lexicon) == [("genre jazz", True)]
    assert told("lively", lexicon) == [("mood lively", True)]  # both its quarters are told
    assert told("calm piano with strings", lexicon) == []
    assert told("vocals", lexicon) == []


def test_a_phrase_of_two_tables_is_the_first_that_the_network_tells() -> None:
    own = {"plane": (), "quadrants": (), "emotions": ()}
    with_head = Names({"genres": (), "tags": ("singing",), **own, "voice": ("vocal", "instrumental")})
    without = Names({"genres": (), "tags": ("singing",), **own})
    assert told("vocals", Lexicon(with_head, (), read_synonyms())) == [("voice vocal", True)]
    assert told("vocals", Lexicon(without, (), read_synonyms())) == [("tag singing", True)]


def test_a_word_of_ones_own_counts_before_all_else() -> None:
    lexicon = Lexicon(names_of(load_bundle()), ("Calm",), read_synonyms())
    assert read_wish("calm", lexicon).terms[0].meanings == (Answer(YOURS, "Calm"),)
    assert read_wish("mood:calm", lexicon).terms[0].meanings == (CALM,)


def test_comparatives_are_of_the_file_or_more_and_less_of_anything(lexicon: Lexicon) -> None:
    assert lexicon.comparative("calmer") == (1, CALM)
    assert lexicon.comparative("Less vocal") == (-1, VOCAL)
    assert lexicon.comparative("more piano") == (1, PIANO)
    assert lexicon.comparative("fewer guitars") == (-1, GUITAR)
    assert lexicon.comparative("more nostalgia") == (1, Answer(EMOTIONS, "nostalgia"))
    assert lexicon.comparative("piano") is None
    assert lexicon.comparative("more 70s") is None
    assert lexicon.comparative("more zesty") is None


def test_texts_are_no_answers(lexicon: Lexicon) -> None:
    assert read_wish("path:*/Live/*", lexicon).terms[0].meanings == (Holds("path", "*/Live/*"),)


def accounted(text: str, lexicon: Lexicon) -> None:
    wish = read_wish(text, lexicon)
    end = 0
    for piece in wish.pieces:
        assert end <= piece.start < piece.end <= len(text)
        assert piece.kind in (TERM, OVER, UNKNOWN)
        assert not any(letter.isalnum() for letter in text[end : piece.start])
        end = piece.end
    assert not any(letter.isalnum() for letter in text[end:])
    assert len(wish.unknown) == sum(piece.kind == UNKNOWN for piece in wish.pieces)
    assert len(wish.terms) <= sum(piece.kind == TERM for piece in wish.pieces)


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_every_letter_of_any_text_is_accounted_for(text: str, lexicon: Lexicon) -> None:
    accounted(text, lexicon)


WORDS = st.sampled_from(
    (
        *("no", "not", "without", "very", "or", "and", "but", "piano", "guitar", "calm", "vocals", "70s", "1974"),
        *("zesty", "paino", "the", "longer", "than", "5", "min", "tag:piano", "artist:x", '"gym"', '"nope"', "-"),
        *("-piano", ",", ".", "/", "+", "hip-hop", "r&b", "female", "voice", "love", "songs", "neither", "nor", "is"),
    )
)


@settings(deadline=None)
@given(text=st.lists(WORDS, max_size=12).map(" ".join))
def test_every_letter_of_words_in_any_order_is_accounted_for(text: str, lexicon: Lexicon) -> None:
    accounted(text, lexicon)


@pytest.mark.parametrize("group", [GENRES, TAGS, MOODS, EMOTIONS, "voice"])
def test_everything_the_shipped_network_tells_can_be_wished_for_by_its_name(group: str, lexicon: Lexicon) -> None:
    for name in lexicon.groups[group]:
        prefix = {GENRES: "genre", TAGS: "tag", MOODS: "mood", EMOTIONS: "emotion"}.get(group, group)
        (term,) = read_wish(f'{prefix}:"{name}"', lexicon).terms
        assert term.meanings == (Answer(group, name),)
        assert not read_wish(name, lexicon).unknown, name
