"""What of a track is certain enough to be written, what it is called, and maps of names."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.errors import TagError
from earmark.library.tags.held import CONFIDENCE, FIELDS, GENRE, MOOD
from earmark.library.tags.spelling import Spelling, read_map
from earmark.library.tags.told import Told, Wish, told_of
from earmark.track import NONE, Track
from made_collection import GENRES, Recipe, made_entry
from tagging import told as track_of


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Track:
    rng = np.random.default_rng(0)
    return made_entry(0, rng, np.eye(5, 128), Recipe(1), tmp_path_factory.mktemp("made"))[1].track


def told(track: Track, genres: dict[str, float], mood: dict[str, float] | None = None, **wish: Any) -> Told:
    return told_of(track_of(track, genres, mood), Wish(**wish))


@pytest.mark.parametrize(
    ("genres", "wish", "texts"),
    [
        ({"jazz": 0.9}, {}, ("Jazz",)),
        ({"jazz": 0.6, "blues": 0.35}, {}, ("Jazz", "Blues")),
        ({"jazz": 0.6, "blues": 0.25}, {}, ("Jazz",)),
        ({"jazz": 0.6, "blues": 0.35}, {"most_genres": 1}, ("Jazz",)),
        ({"jazz": 0.49, "blues": 0.35}, {}, ()),
        ({"jazz": 0.49, "blues": 0.35}, {"min_confidence": 0.4}, ("Jazz", "Blues")),
        ({"jazz": 0.4, "blues": 0.3, "pop": 0.3}, {"min_confidence": 0.4, "most_genres": 3}, ("Jazz", "Blues", "Pop")),
    ],
)
def test_one_or_two_genres_where_the_first_is_certain(
    track: Track, genres: dict[str, float], wish: dict[str, Any], texts: tuple[str, ...]
) -> None:
    found = told(track, genres, **wish)
    assert found.texts(GENRE) == texts
    assert bool(texts) != (GENRE in found.lacking)


def test_none_of_these_and_what_cannot_be_told_write_no_genre(track: Track) -> None:
    from dataclasses import replace

    for change in ({"cannot_tell": True}, {"none_of_these": True}):
        found = told_of(replace(track_of(track, {"jazz": 0.9}), **change), Wish())
        assert found.texts(GENRE) == ()
        assert GENRE in found.lacking


def test_the_mood_is_the_quadrant_or_else_the_side_that_is_sure(track: Track) -> None:
    assert told(track, {}, {"serene": 0.7}).texts(MOOD) == ("serene",)
    assert told(track, {}, {"serene": 0.48, "melancholic": 0.47, "joyful": 0.05}).texts(MOOD) == ("calm",)
    unsure = told(track, {}, {"serene": 0.4, "melancholic": 0.3, "joyful": 0.3})
    assert unsure.texts(MOOD) == ()
    assert unsure.lacking[MOOD] == "no mood is certain enough"


def test_the_confidence_names_what_is_written_and_keeps_what_was(track: Track) -> None:
    found = told(track, {"jazz": 0.6, "blues": 0.35}, {"serene": 0.7})
    assert found.confidence(FIELDS, "earmark 6", "") == "genre Jazz 0.60, Blues 0.35; mood serene 0.70; earmark 6"
    assert found.confidence((GENRE,), "earmark 7", "mood tense 0.90; earmark 6") == (
        "genre Jazz 0.60, Blues 0.35; mood tense 0.90; earmark 7"
    )


def test_of_the_confidence_alone_all_is_told_that_is_certain(track: Track) -> None:
    assert set(told(track, {"jazz": 0.3}, fields=(CONFIDENCE,)).lacking) == {GENRE}
    assert set(told(track, {"jazz": 0.3}, fields=(MOOD,)).lacking) == set()


def test_genres_are_spelt_as_is_customary() -> None:
    plain = Spelling()
    assert [plain.genre(name) for name in ("hiphop", "jazz", "rock and roll", "surf rock")] == [
        *("Hip-Hop", "Jazz", "Rock and Roll", "Surf Rock")
    ]


def mapped(tmp_path: Path, text: str) -> Spelling:
    (tmp_path / "my.toml").write_text(text)
    return read_map(tmp_path / "my.toml", GENRES)


def test_merged_genres_count_together(track: Track, tmp_path: Path) -> None:
    spelling = mapped(tmp_path, '[merge]\n"Rock & Pop" = ["metal", "Pop"]\n')
    assert told(track, {"metal": 0.4, "pop": 0.3, "jazz": 0.3}).texts(GENRE) == ()
    found = told(track, {"metal": 0.4, "pop": 0.3, "jazz": 0.3}, spelling=spelling)
    assert [(label.name, round(label.probability, 6)) for label in found.labels[GENRE]] == [("Rock & Pop", 0.7)]


def test_what_is_forbidden_is_not_written_nor_the_next_in_its_place(track: Track, tmp_path: Path) -> None:
    spelling = mapped(tmp_path, '[forbid]\ngenres = ["pop"]\nmoods = ["serene"]\n')
    assert told(track, {"jazz": 0.6, "pop": 0.4}, spelling=spelling).texts(GENRE) == ("Jazz",)
    found = told(track, {"pop": 0.6, "jazz": 0.4}, spelling=spelling, min_confidence=0.3)
    assert found.texts(GENRE) == found.texts(MOOD) == ()
    assert "forbidden" in found.lacking[GENRE]
    assert "forbidden" in found.lacking[MOOD]


def test_names_and_case_of_ones_own(tmp_path: Path) -> None:
    text = '[rename]\nJAZZ = "Le Jazz"\n[moods]\nserene = "Chilled"\n[case]\ngenres = "lower"\nmoods = "title"\n'
    spelling = mapped(tmp_path, text)
    assert [spelling.genre(name) for name in ("jazz", "metal", "hiphop")] == ["Le Jazz", "metal", "hip-hop"]
    assert [spelling.mood(name) for name in ("serene", "tense")] == ["Chilled", "Tense"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rename", "is no TOML"),
        ('[renames]\njazz = "a"', "'renames' is none of the tables"),
        ('rename = "jazz"', "'rename' is none of the tables"),
        ('[rename]\njaz = "a"', "did you mean 'jazz'"),
        ('[rename]\nxylophone = "a"', "there are blues, classical"),
        ("[rename]\njazz = 3", "needs a name of one line"),
        ('[rename]\njazz = " "', "needs a name of one line"),
        ('[rename]\njazz = "a; b"', "needs a name of one line"),
        ('[merge]\nA = "jazz"', "needs a list of names"),
        ("[merge]\nA = [3]", "needs a list of names"),
        ('[merge]\nA = ["jazz"]\n[rename]\njazz = "b"', "both merged and renamed"),
        ('[merge]\nA = ["jazz"]\nB = ["jazz"]', "is merged twice"),
        ('[case]\ngenres = "camel"', "knows title, lower"),
        ('[case]\ngenre = "lower"', "and no 'genre'"),
        ('[forbid]\nmood = ["tense"]', "and no 'mood'"),
        ('[forbid]\nmoods = ["sad"]', "nothing that the network tells"),
        ('[moods]\njazz = "a"', "nothing that the network tells"),
    ],
)
def test_a_wrong_map_is_refused_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(TagError, match=r"my\.toml") as refused:
        mapped(tmp_path, text)
    assert said in str(refused.value)


def test_a_map_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(TagError, match="cannot be read"):
        read_map(tmp_path / "none.toml", GENRES)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TagError, match="is no TOML"):
        read_map(tmp_path / "b.toml", GENRES)


def test_none_of_these_is_no_genre_of_a_map(tmp_path: Path) -> None:
    with pytest.raises(TagError, match="nothing that the network tells"):
        mapped(tmp_path, f'[rename]\n"{NONE}" = "a"')


def test_the_map_of_the_documents_can_be_read(tmp_path: Path) -> None:
    from earmark.listen.bundle import load_bundle
    from fences import ROOT

    (tmp_path / "my.toml").write_text((ROOT / "docs/tags.md").read_text().split("```text\n")[1].split("```")[0])
    spelling = read_map(tmp_path / "my.toml", load_bundle().info.labels)
    assert [spelling.genre(name) for name in ("metal", "hiphop", "experimental", "folk")] == ["Rock", "Rap", "", "Folk"]
