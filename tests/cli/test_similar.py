"""`earmark similar` as a process: what it prints, finds, refuses and writes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import soundfile

from corpus import music
from earmark.library.hearing import Hearer
from earmark.library.store import FileFacts, Store
from earmark.listen.bundle import load_bundle
from made_collection import make_collection
from pages import read

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a collection of forty made-up entries."""
    folder = tmp_path_factory.mktemp("made")
    make_collection(folder, np.random.default_rng(0))
    return folder


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three pieces that were heard, the third twice the same, and one that was not."""
    folder = tmp_path_factory.mktemp("heard")
    bundle = load_bundle()
    hearer = Hearer(bundle)
    with Store(folder / "collection.db") as store:
        model_id = store.model(bundle.info.model, bundle.info.sha256, hearer.names)
        for name, seed in {"one": 1, "two": 2, "three": 3, "new": 4}.items():
            path = folder / f"{name} & <b>.wav"
            soundfile.write(path, music(rate_hz=22_050, length_s=25.0, seed=seed), 22_050)
            if name != "new":
                facts = FileFacts(str(path), str(folder), 1, 1, name, {"title": name, "artist": f"<i>{name}"})
                store.keep_heard(store.keep_file(facts), model_id, hearer.hear(path), hearer.names)
    return folder


def db_of(folder: Path) -> tuple[str, Path]:
    return "--db", folder / "collection.db"


def test_it_prints_three_lines_a_match_the_nearest_first(earmark: Command, made: Path) -> None:
    answer = earmark("similar", made / "music/jazz/track 00007.mp3", "-n", "2", *db_of(made))
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0] == "Like Jazz Artist 1 – Title 7:"
    assert len(lines) == 7
    assert lines[1].startswith("  1  Jazz Artist")
    assert "closer than" in lines[1]
    assert " here is like " in lines[2]
    assert "both: jazz" in lines[2]
    assert lines[3].strip().startswith(str(made / "music/jazz/track"))
    assert lines[4].startswith("  2  ")


def test_json_has_a_line_a_match_with_its_reason(earmark: Command, made: Path) -> None:
    answer = earmark("similar", "Title 7", "-n", "3", "--per-artist", "0", "--json", *db_of(made))
    matches = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [match["rank"] for match in matches] == [1, 2, 3]
    assert {match["song"] for match in matches} == {str(made / "music/jazz/track 00007.mp3")}
    assert all(match["segment"] is None for match in matches)
    assert all("jazz" in match["reason"]["genres"] for match in matches)


def test_filters_keep_what_is_asked_for(earmark: Command, made: Path) -> None:
    answer = earmark("similar", "Title 7", "--genre", "Metal", "--genre", "pop", "--json", "-n", "40", *db_of(made))
    genres = {Path(json.loads(line)["path"]).parent.name for line in answer.stdout.splitlines()}
    assert genres == {"metal", "pop"}
    with_tags = earmark("similar", "Title 7", "--tag", "piano", "--tag", "guitar", "--json", *db_of(made))
    calm = earmark("similar", "Title 7", "--mood", "calm", "--min", "0.8", "--json", *db_of(made))
    assert with_tags.returncode == calm.returncode == 0
    assert 0 < len(with_tags.stdout.splitlines()) <= 10
    left = earmark("similar", "Title 7", "--exclude", "jazz", "--json", "-n", "40", *db_of(made))
    assert "/jazz/track" not in "".join(json.loads(line)["path"] for line in left.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.mp3"], "There is no file nothing.mp3"),
        ([""], "An empty name is no"),
        (["Title 7", "--genre", "jaz z"], "There is no genre 'jaz z' that this network tells. There are: blues"),
        (["Title 7", "--mood", "hungry"], "There is no mood 'hungry'"),
        (["Title 7", "--tag", "theremin"], "There is no tag 'theremin'"),
        (["Title 7", "--tag", "piano", "--min", "1"], "No track of the collection is piano with a probability of 1"),
        (["Title 7", "--exclude", "*"], "No other track of the collection is left"),
        (["Title 7", "--segment", "ten"], "'ten' are no seconds of a track."),
        (["Title 7", "--segment", "0:20-0:10"], "'0:20-0:10' ends before it begins."),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(earmark: Command, made: Path, arguments: list[str], said: str) -> None:
    answer = earmark("similar", *arguments, *db_of(made))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert said in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_without_a_collection_there_is_a_hint(earmark: Command, tmp_path: Path) -> None:
    answer = earmark("similar", "x.mp3", *db_of(tmp_path))
    assert answer.returncode == 1
    assert "earmark index" in answer.stderr


def test_the_only_track_is_like_nothing(earmark: Command, tmp_path: Path) -> None:
    make_collection(tmp_path, np.random.default_rng(0), n=1)
    answer = earmark("similar", "Title 0", *db_of(tmp_path))
    assert answer.returncode == 1
    assert "the only track" in answer.stderr


def test_another_bundle_than_that_of_the_collection_is_refused(earmark: Command, made: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "new.wav", music(length_s=3.0), 44_100)
    for arguments in ([tmp_path / "new.wav"], ["Title 7", "--segment", "0:05-0:15"]):
        answer = earmark("similar", *arguments, *db_of(made))
        assert answer.returncode == 1
        assert "The collection was heard by made 1" in answer.stderr


def test_a_file_that_is_not_in_the_collection_is_heard_and_that_is_said(earmark: Command, heard: Path) -> None:
    answer = earmark("similar", heard / "new & <b>.wav", *db_of(heard))
    assert answer.returncode == 0, answer.stderr
    assert "is not in the collection, and was heard for this." in answer.stderr
    assert len(answer.stdout.splitlines()) == 10
    known = earmark("similar", heard / "one & <b>.wav", *db_of(heard))
    assert "heard for this" not in known.stderr
    assert len(known.stdout.splitlines()) == 7


def test_some_seconds_are_searched_for_in_files_that_are_known_and_that_are_not(earmark: Command, heard: Path) -> None:
    for name in ("one", "new"):
        song = heard / f"{name} & <b>.wav"
        answer = earmark("similar", song, "--segment", "0:05-0:15", "--json", *db_of(heard))
        assert answer.returncode == 0, answer.stderr
        for line in answer.stdout.splitlines():
            match = json.loads(line)
            assert match["segment"] == [5.0, 15.0]
            assert 4 <= match["reason"]["segments"]["here"]["start_s"] < 15
    late = earmark("similar", song, "--segment", "1:00-1:10", *db_of(heard))
    assert "is 0:25 long, so there is nothing at 1:00-1:10." in late.stderr
    short = earmark("similar", song, "--segment", "5-6", *db_of(heard))
    assert "Too little is heard in 0:05-0:06" in short.stderr
    assert late.returncode == short.returncode == 1


def test_the_page_plays_both_segments_from_their_files(earmark: Command, heard: Path, tmp_path: Path) -> None:
    page = tmp_path / "like.html"
    answer = earmark("similar", heard / "one & <b>.wav", "--html", page, *db_of(heard))
    assert answer.returncode == 0, answer.stderr
    said = read(page.read_text())
    assert "<i>two" in said.words  # escaped, so that it can be read
    players = [urlsplit(value or "") for tag, name, value in said.attributes if tag == "audio" and name == "src"]
    assert len(players) == 4
    for player in players:
        assert player.scheme == "file"
        assert Path(unquote(player.path)).is_file()
        start_s, end_s = map(float, player.fragment.removeprefix("t=").split(","))
        assert 0 <= start_s < end_s <= 26
    outside = [
        value for _, name, value in said.attributes if name in ("src", "href") and "file://" not in (value or "")
    ]
    assert outside == []
    assert not any(tag == "script" for tag, _, _ in said.attributes)


def test_a_page_takes_the_place_of_no_song_and_of_no_other_file(earmark: Command, heard: Path, tmp_path: Path) -> None:
    song = heard / "one & <b>.wav"
    before = song.read_bytes()
    assert earmark("similar", song, "--html", song, *db_of(heard)).returncode == 1
    assert song.read_bytes() == before
    notes = tmp_path / "notes.html"
    notes.write_text("mine")
    assert earmark("similar", song, "--html", notes, *db_of(heard)).returncode == 1
    assert notes.read_text() == "mine"
    assert earmark("similar", song, "--html", notes, "--force", *db_of(heard)).returncode == 0
    assert "What is most like" in notes.read_text()
