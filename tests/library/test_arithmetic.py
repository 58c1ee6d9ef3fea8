"""Arithmetic over songs, genres, tags and moods: how it is read, and what it comes to."""

import contextlib
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earmark.errors import WishError
from earmark.library.arithmetic import Expression, Space, read_expression
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import Answer
from earmark.library.names import GENRES, MOODS, TAGS
from earmark.library.songs import Songs
from earmark.library.store import FileFacts
from earmark.library.synonyms import read_synonyms
from made_collection import NAMES, opened


def never(path: Path) -> Heard:
    raise AssertionError(f"{path} is heard")


def with_odd_titles(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    titles = {0: "One - and one + two", 1: "Twice", 2: "Twice", 3: "Nothing but Thieves"}
    return dataclasses.replace(facts, tags={**facts.tags, "title": titles.get(number, f"Title {number}")}), heard


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return opened(tmp_path_factory.mktemp("odd"), np.random.default_rng(2), n=60, change=with_odd_titles)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(NAMES, (), read_synonyms())


@pytest.fixture(scope="module")
def space(collection: Collection) -> Space:
    return Space(collection.vectors, Judge(collection))


@pytest.fixture(scope="module")
def songs(collection: Collection) -> Songs:
    return Songs(collection, Judge(collection), (), never)


def said(expression: Expression) -> str:
    return expression.words.partition(" -> ")[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("jazz", "genre jazz"),
        ("jazz + piano - vocals", "genre jazz + tag piano - voice vocal"),
        ("jazz − metal", "genre jazz - genre metal"),
        ("- metal + calm", "- genre metal + mood calm"),
        ("tag:piano + mood:calm", "tag piano + mood calm"),
        ('"jazz" + Title 7', "genre jazz + the song Title 7"),
        ("one - and one + two", "the song One - and one + two"),
        ("jazz + One - and one + two - metal", "genre jazz + the song One - and one + two - genre metal"),
        ("Jazz Artist 1 - Title 7", "the song Title 7"),
        ("nothing but thieves", "the song Nothing but Thieves"),
        ("like title 7 but calmer", "the song Title 7, but more mood calm"),
        ("something like title 7, but calmer and more piano", "the song Title 7, but more mood calm, more tag piano"),
        ("like title 7 but less vocal, no drums", "the song Title 7, but less voice vocal, not tag drums"),
        ("jazz + title 7 but shorter than 4 min", "genre jazz + the song Title 7, but length up to 4:00"),
    ],
)
def test_how_an_expression_is_read(text: str, words: str, lexicon: Lexicon, songs: Songs) -> None:
    assert said(read_expression(text, lexicon, songs)) == words


def test_songs_are_named_by_their_files_too(collection: Collection, lexicon: Lexicon, songs: Songs) -> None:
    path = collection.entries[7].path
    expression = read_expression(f"like {path} but calmer", lexicon, songs)
    assert expression.operands[0].song is not None
    assert expression.operands[0].song.row == 7
    relative = Songs(collection, Judge(collection), (), never, folder=Path(path).parent)
    alone = read_expression(Path(path).name, lexicon, relative)
    assert alone.song is not None
    assert alone.song.row == 7
    assert expression.song is None


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("", "nothing to calculate", "blanks around the signs"),
        ("zesty", "'zesty' is no song of the collection, no file, and no word that is known", "Write for example"),
        ("jaz", "'jaz' is no song", "Did you mean jazz?"),
        (
            "jazz + fast",
            "'fast' is not understood: earmark does not tell how fast it is",
            "Nearest to it: lively, calm",
        ),
        ("70s", "'70s' is no song", "Write for example"),
        ("loud", "'loud' is no song", '"jazz but loud"'),
        ("calm piano, no vocals", "not one word", 'Write "calm + piano - vocal"'),
        ("twice", "2 entries are called 'twice'", "Name the file"),
        ("like title 7 but zesty", "'zesty' behind \"but\" is not understood", "calmer"),
        ("jazz - jazz", "cancel out", ""),
    ],
)
def test_what_cannot_be_calculated_says_why(
    text: str, sentence: str, hint: str, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    with pytest.raises(WishError) as caught:
        space.solve(read_expression(text, lexicon, songs))
    assert sentence in caught.value.sentence
    assert hint in caught.value.hint


PARTS = st.sampled_from(
    (
        "jazz",
        "title 7",
        "+",
        "-",
        "−",
        "but",
        "calmer",
        "like",
        ",",
        "zesty",
        "~nobody",
        "no drums",
        '"',
        "one - and",
        "\x00",
    )
)


@settings(deadline=None)
@example(text="~\0")
@given(text=st.one_of(st.text(max_size=30), st.lists(PARTS, max_size=9).map(" ".join)))
def test_any_text_is_an_expression_or_a_sentence(text: str, lexicon: Lexicon, songs: Songs, space: Space) -> None:
    with contextlib.suppress(WishError):
        expression = read_expression(text, lexicon, songs)
        assert expression.operands
        space.solve(expression)


def test_a_genre_lies_where_its_entries_lie(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    for genre in ("jazz", "metal"):
        solution = space.solve(read_expression(genre, lexicon, songs))
        nearest = np.argsort(-solution.scores)[:10]
        assert {collection.entries[row].path.split("/")[-2] for row in nearest} == {genre}
        assert np.linalg.norm(solution.target) == pytest.approx(1)


def test_a_sum_lies_between_and_a_difference_away(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    def scores(text: str) -> np.ndarray:
        return space.solve(read_expression(text, lexicon, songs)).scores

    jazz = np.array(["/jazz/" in entry.path for entry in collection.entries])
    metal = np.array(["/metal/" in entry.path for entry in collection.entries])
    both, less = scores("jazz + metal"), scores("jazz - metal")
    assert min(both[jazz].min(), both[metal].min()) > both[~jazz & ~metal].max()
    assert less[jazz].min() > less[~jazz & ~metal].max()
    assert less[metal].max() < less[~jazz & ~metal].min()
    assert np.allclose(scores("metal - jazz"), -less)


def test_a_song_alone_is_nearest_to_itself(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    best = int(np.argmax(space.solve(read_expression("title 7", lexicon, songs)).scores))
    assert collection.entries[best].title == "Title 7"


def test_but_keeps_only_what_has_more_of_it(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    judge = Judge(collection)
    calm, vocal = judge.share(Answer(MOODS, "calm")), judge.share(Answer("voice", "vocal"))
    row = int(np.argmin(np.abs(calm - 0.5) + np.abs(vocal - 0.5)))  # with room on both sides
    path = collection.entries[row].path
    solution = space.solve(read_expression(f"like {path} but calmer, less vocal", lexicon, songs))
    assert solution.allowed.tolist() == ((calm >= calm[row] + 0.1) & (vocal <= vocal[row] - 0.1)).tolist()
    assert 0 < solution.allowed.sum() < len(collection)
    assert not solution.allowed[row]


def test_of_what_a_song_is_almost_all_there_must_be_half_of_what_is_left_more(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    calm = Judge(collection).share(Answer(MOODS, "calm"))
    row = int(np.argsort(calm)[-2])
    assert calm[row] > 0.8
    expression = read_expression(f"like {collection.entries[row].path} but calmer", lexicon, songs)
    wanted = calm >= calm[row] + (1 - calm[row]) / 2
    if wanted.any():
        assert space.solve(expression).allowed.tolist() == wanted.tolist()
    else:
        with pytest.raises(WishError, match="No entry of the collection is calmer than that"):
            space.solve(expression)


def test_a_plain_clause_must_be_more_probable_than_not(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    solution = space.solve(read_expression("title 7 but no piano", lexicon, songs))
    assert solution.allowed.tolist() == (collection.column(TAGS, "piano") <= 0.5).tolist()


def test_without_a_song_more_is_counted_from_the_middle_of_the_collection(
    collection: Collection, lexicon: Lexicon, songs: Songs, space: Space
) -> None:
    piano = Judge(collection).share(Answer(TAGS, "piano"))
    solution = space.solve(read_expression("jazz but more piano", lexicon, songs))
    assert solution.allowed.tolist() == (piano >= np.median(piano) + min(0.1, (1 - np.median(piano)) / 2)).tolist()


def test_faster_is_taken_as_livelier_and_that_is_said(lexicon: Lexicon, songs: Songs) -> None:
    expression = read_expression("like title 7 but faster", lexicon, songs)
    assert expression.notes == (
        "'faster' is taken as more lively: earmark does not tell how fast it is, beyond the tempo in a file's tags.",
    )


def with_loudness(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    lufs = None if number == 11 else -8.0 - number
    return facts, dataclasses.replace(heard, track=dataclasses.replace(heard.track, loudness_lufs=lufs))


def test_louder_is_two_lu_more_than_the_song_and_quieter_less(
    tmp_path: Path, lexicon: Lexicon, collection: Collection
) -> None:
    uneven = opened(tmp_path, np.random.default_rng(0), n=12, change=with_loudness)
    judge, levels = Judge(uneven), uneven.loudness_lufs
    known, space = Songs(uneven, judge, (), never), Space(uneven.vectors, judge)
    louder, quieter, less_loud = (
        space.solve(read_expression(f"like title 5 but {word}", lexicon, known))
        for word in ("louder", "quieter", "less loud")
    )
    assert louder.allowed.tolist() == (levels >= -11).tolist()
    assert quieter.allowed.tolist() == less_loud.allowed.tolist() == (levels <= -15).tolist()
    assert louder.notes == ("1 of 12 files have no loudness, and are left out.",)
    assert said(read_expression("title 5 but louder", lexicon, known)).endswith("but loudness 2 LU higher at least")
    middle = space.solve(read_expression("jazz but louder", lexicon, known))
    assert middle.allowed.tolist() == (levels >= np.nanmedian(levels) + 2).tolist()
    with pytest.raises(WishError, match="No entry of the collection is louder than that"):
        space.solve(read_expression("like title 0 but louder", lexicon, known))
    with pytest.raises(WishError, match="How 'louder' it is to be cannot be told") as caught:
        space.solve(read_expression("like title 11 but louder", lexicon, known))
    assert "earmark index --again" in caught.value.hint
    with pytest.raises(WishError, match="loudness was not kept"):
        Space(collection.vectors, Judge(collection)).solve(read_expression("jazz but quieter", lexicon, known))


def test_where_there_is_little_of_something_its_place_is_told_roughly(tmp_path: Path, lexicon: Lexicon) -> None:
    few = opened(tmp_path, np.random.default_rng(0), n=3, genres=("metal",))
    songs, space = Songs(few, Judge(few), (), never), Space(few.vectors, Judge(few))
    (note,) = space.solve(read_expression("jazz", lexicon, songs)).notes
    assert note.startswith("Where 'jazz' lies is told roughly: 0.")
    assert note.endswith(" of 3 entries are expected to be it.")


def test_a_file_that_is_not_in_the_collection_is_heard(
    collection: Collection, lexicon: Lexicon, tmp_path: Path, space: Space
) -> None:
    (tmp_path / "new.mp3").touch()
    track = collection.track(int(collection.ids[0]))
    heard = Heard(track, collection.vectors[0], collection.numbers[0], collection.answers[0])
    songs = Songs(collection, Judge(collection), (), lambda path: heard, folder=tmp_path)
    expression = read_expression("like new.mp3 but calmer", lexicon, songs)
    other = read_expression(f"like {collection.entries[0].path} but calmer", lexicon, songs)
    assert expression.operands[0].song is not None
    assert expression.operands[0].song.row is None
    one, two = space.solve(expression), space.solve(other)
    assert np.allclose(one.scores, two.scores)
    assert one.allowed.tolist() == two.allowed.tolist()


def test_a_direction_is_the_weighted_mean_from_the_middle(collection: Collection, space: Space) -> None:
    shares = collection.column(GENRES, "jazz").astype(float)
    vectors = collection.vectors.astype(float)
    away = np.average(vectors, axis=0, weights=shares) - vectors.mean(axis=0)
    direction, expected = space.of_answer(Answer(GENRES, "jazz"))
    assert np.allclose(direction, away / np.linalg.norm(away), atol=1e-5)
    assert expected == pytest.approx(shares.sum())
