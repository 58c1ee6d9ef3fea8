"""What is one recording, and what is one song: by sound, by length, by what titles are without their version."""

import pytest

from earmark.library.copies import COPY, VERSION, relation, same_length, song_keys
from earmark.library.entry import Entry


def entry(name: str = "a.mp3", *, sound_id: str = "", duration_s: float = 200.0, **tags: str) -> Entry:
    return Entry(1, f"/music/{name}", 1, 1, sound_id, tags, duration_s, "song", 1.0, "made 1")


def test_the_same_encoded_sound_is_a_copy_whatever_tags_say() -> None:
    assert relation(entry(sound_id="aa", title="X"), entry(sound_id="aa", title="Y"), 0.1) == COPY
    assert relation(entry(sound_id=""), entry("b.mp3", sound_id=""), 0.1) == ""


def test_a_vector_that_is_nearly_the_same_is_a_copy_where_the_length_is_too() -> None:
    assert relation(entry(), entry("b.mp3", duration_s=202.0), 0.995) == COPY
    assert relation(entry(), entry("b.mp3", duration_s=240.0), 0.995) == ""
    assert relation(entry(), entry("b.mp3", duration_s=202.0), 0.9) == ""


def test_where_there_are_fingerprints_they_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.library.copies.similarity", lambda one, other: float(one == other))

    def said(cosine: float, one: bytes, other: bytes, duration_s: float = 202.0) -> str:
        return relation(entry(), entry("b.mp3", duration_s=duration_s), cosine, lambda: (one, other))

    assert said(0.7, b"a", b"a") == COPY
    assert said(0.999, b"a", b"b") == ""
    assert said(0.5, b"a", b"a") == ""  # so far apart no two encodings are
    assert said(0.999, b"a", b"a", 240.0) == ""
    assert said(0.999, b"", b"a") == COPY  # without both, the vectors alone say it


@pytest.mark.parametrize(("one_s", "other_s", "same"), [(200, 203, True), (200, 210, False), (2000, 2030, True)])
def test_lengths_may_differ_by_some_seconds(one_s: float, other_s: float, same: bool) -> None:
    assert same_length(one_s, other_s) is same
    assert same_length(other_s, one_s) is same


@pytest.mark.parametrize(
    "title",
    [
        "Hurt",
        "hurt",
        "Hurt (Live)",
        "Hurt [Live at Brixton, 1994]",
        "Hurt - Live at Brixton",
        "Hurt - 2011 Remaster",
        "Hurt (Remastered 2009)",
        "Hurt (Demo)",
        "Hurt (Acoustic Version)",
        "Hurt feat. Somebody",
        "Hurt (feat. Somebody Else)",
        "Hurt ft. Somebody",
        "Hurt (Radio Edit) [Bonus Track]",
        "Hurt - Single Version / Mono",
        "Hürt (Somebody Remix)",
        "HURT (take 2)",
    ],
)
def test_versions_of_a_song_by_one_artist_are_known(title: str) -> None:
    assert relation(entry(title="Hurt", artist="Nine"), entry("b.mp3", title=title, artist="nine"), 0.0) == VERSION


@pytest.mark.parametrize(
    "title", ["Hurt (Part 2)", "Hurts", "Hurt Me", "Live", "Live and Let Die", "Long Live Hurt", "(I Can't) Hurt"]
)
def test_other_songs_stay_other_songs(title: str) -> None:
    assert relation(entry(title="Hurt", artist="Nine"), entry("b.mp3", title=title, artist="Nine"), 0.0) == ""


def test_the_same_title_by_another_artist_or_by_nobody_is_no_version() -> None:
    assert relation(entry(title="Hurt", artist="Nine"), entry("b.mp3", title="Hurt", artist="Cash"), 0.0) == ""
    assert relation(entry(title="Intro"), entry("b.mp3", title="Intro"), 0.0) == ""


@pytest.mark.parametrize(
    "name",
    [
        "03 Hurt.mp3",
        "03 - Hurt.mp3",
        "03. Hurt.mp3",
        "1-03 Nine - Hurt.mp3",
        "Nine - Hurt (live).mp3",
        "03_Hurt_(Demo).mp3",
    ],
)
def test_without_a_title_the_name_of_the_file_stands_for_it(name: str) -> None:
    assert relation(entry(title="Hurt", artist="Nine"), entry(name, artist="Nine"), 0.0) == VERSION


def test_numbers_that_are_titles_are_not_taken_off() -> None:
    assert song_keys("99 Problems") == {"99 problems"}
    assert song_keys("1979") == {"1979"}
    assert "1979" in song_keys("1979", titled=False)


@pytest.mark.parametrize("title", ["(Live)", "[Remix]", "", "!!!", "- demo"])
def test_a_title_of_nothing_but_a_version_is_kept(title: str) -> None:
    assert song_keys(title) == song_keys(title)
    assert relation(entry(title=title, artist="A"), entry("b.mp3", title="Hurt", artist="A"), 0.0) == ""
