"""Finding sound files in folders, and counting what is passed over."""

import os
import sys
from pathlib import Path

import pytest

from corpus import Case, music, write_with_pyav
from earmark.sound.decode import blocks
from earmark.sound.search import Search, find_audio, is_audio, is_left_out, joined, search
from trees import touch


def found(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in find_audio([folder])]


def test_folders_are_searched_in_order_to_their_depths(tmp_path: Path) -> None:
    touch(tmp_path, "b.wav", "a/2.MP3", "a/1.flac", "c/d/e.m4a", "notes.txt", "cover.jpg", "list.m3u")
    assert found(tmp_path) == ["a/1.flac", "a/2.MP3", "b.wav", "c/d/e.m4a"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "._song.mp3",
            ".trash/old.mp3",
            ".AppleDouble/song.mp3",
            ".DS_Store",
            "@eaDir/song.mp3/x.jpg",
            "@eaDir/a.mp3",
        ),
        *(
            "__MACOSX/song.mp3",
            "$RECYCLE.BIN/song.mp3",
            "#recycle/a.mp3",
            "Thumbs.db",
            "desktop.ini",
            "lost+found/a.mp3",
        ),
    ],
)
def test_what_is_hidden_or_a_system_s_own_is_passed_over_without_a_word(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, "song.mp3")
    assert search([tmp_path]) == Search((tmp_path / "song.mp3",), {})


def test_what_is_no_folder_is_given_back_whatever_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    given = [tmp_path / "notes.txt", tmp_path / "not there.mp3"]
    assert list(find_audio([str(path) for path in given])) == given


def test_a_directory_loop_ends(tmp_path: Path) -> None:
    touch(tmp_path, "a/song.mp3")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a", target_is_directory=True)
    assert found(tmp_path) == ["a/song.mp3"]


def test_the_corpus_with_its_loop_is_found_once(corpus: dict[str, Case]) -> None:
    folder = corpus["wav"].path.parent
    paths = list(find_audio([folder, corpus["directory loop"].path]))
    assert len(paths) == len(set(paths))
    in_folder = {case.path for case in corpus.values() if not case.path.is_dir()} - {corpus["not there"].path}
    assert set(paths) == in_folder


def test_links_to_other_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/song.mp3")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert found(tmp_path / "music") == ["link/song.mp3"]


def test_broken_links_are_given_back_to_be_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere.mp3")
    assert found(tmp_path) == ["gone.mp3"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipes_in_folders_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert search([tmp_path]) == Search((), {"": 1})


def test_a_folder_that_cannot_be_searched_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "shut/song.mp3", "song.mp3")
    search = Path.iterdir

    def refuse(folder: Path) -> object:
        if folder.name == "shut":
            raise PermissionError(13, "Permission denied", str(folder))
        return search(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert found(tmp_path) == ["shut", "song.mp3"]


def test_what_is_passed_over_is_counted_by_kind_the_most_first(tmp_path: Path) -> None:
    touch(tmp_path, "song.mp3", "a/1.PDF", "a/2.jpg", "b/3.JPG", "4.jpg", "5.pdf", "album.cue", "README", "6.mp3.bak")
    searched = search([tmp_path])
    assert searched.passed_over == {"jpg": 3, "pdf": 2, "cue": 1, "bak": 1, "": 1}
    assert searched.passed_over_words == "3 jpg, 2 pdf, 1 bak, 1 cue, 1 other"
    assert searched.notes == ("Passed over: 3 jpg, 2 pdf, 1 bak, 1 cue, 1 other.",)


def test_where_nothing_was_passed_over_there_is_nothing_to_say(tmp_path: Path) -> None:
    touch(tmp_path, "song.mp3")
    assert search([tmp_path]).notes == ()


def test_many_kinds_are_summed_up(tmp_path: Path) -> None:
    touch(tmp_path, *(f"file.kind{number:02}" for number in range(30)))
    words = search([tmp_path]).passed_over_words
    assert words.startswith("1 kind00, 1 kind01, ")
    assert words.endswith(", 22 others")
    assert words.count(",") == 8


@pytest.mark.parametrize(
    "name", ["a.\x1b[2J", "a.b\nc", "Mr. Somebody - a song", "no suffix", "a.verylongsuffix", "a."]
)
def test_a_suffix_that_is_none_is_counted_among_the_others(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name)
    assert search([tmp_path]).passed_over_words == "1 other"


@pytest.mark.parametrize("name", ["SONG.MP3", "song.mp3 ", "song.mp3.", "a.b.flac"])
def test_a_blank_or_a_dot_behind_the_suffix_does_not_matter(name: str) -> None:
    assert is_audio(name)


@pytest.mark.parametrize("name", ["song.mp3.bak", "song.mp3.part", "song", "mp3", "main.ts", "list.m3u", "song.m4p"])
def test_other_names_are_not_taken_for_sound(name: str) -> None:
    assert not is_audio(name)


NEED_PYAV = ("a.mp4", "b.webm", "c.mka", "d.mkv", "e.spx", "f.ac3", "g.wv", "h.dsf", "i.tta", "j.ape", "k.avi", "l.m4a")


def test_with_pyav_its_formats_are_heard_too(tmp_path: Path) -> None:
    pytest.importorskip("av")
    touch(tmp_path, *NEED_PYAV)
    assert found(tmp_path) == list(NEED_PYAV)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("film.mp4", "aac"),
        ("film.mkv", "aac"),
        ("film.avi", "mp3"),
        ("a.ac3", "ac3"),
        ("a.wv", "wavpack"),
        ("a.3gp", "aac"),
    ],
)
def test_what_is_found_with_pyav_is_heard(tmp_path: Path, name: str, codec: str) -> None:
    pytest.importorskip("av")
    write_with_pyav(tmp_path / name, music(seed=1), codec)
    (path,) = search([tmp_path]).paths
    assert sum(map(len, blocks(path))) == pytest.approx(len(music(seed=1)) / 2, rel=0.02)  # 44.1 kHz to 22.05


def test_a_folder_called_av_is_not_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "av").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "av", raising=False)
    assert not is_audio("song.m4a")


def test_without_pyav_its_formats_are_passed_over_and_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    touch(tmp_path, "song.mp3", "a.m4a", "b.m4a", "c.wv", "d.wma", "e.jpg")
    searched = search([tmp_path])
    assert searched.paths == (tmp_path / "song.mp3",)
    assert searched.notes == (
        "Passed over: 2 m4a, 1 jpg, 1 wma, 1 wv.",
        "To hear m4a, wma and wv: pip install 'earmark[av]'",
    )


ALBUM = ("1.mp3", "Live/2.mp3", "Live/deep/3.mp3", "more/demos/4.mp3", "more/Live.mp3")


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        ([], ["1.mp3", "Live/2.mp3", "Live/deep/3.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["live"], ["1.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["Live/"], ["1.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["live*"], ["1.mp3", "more/demos/4.mp3"]),
        (["*.mp3"], []),
        (["[12].mp3"], ["Live/deep/3.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["more/*"], ["1.mp3", "Live/2.mp3", "Live/deep/3.mp3"]),
        (["more/demos/"], ["1.mp3", "Live/2.mp3", "Live/deep/3.mp3", "more/Live.mp3"]),
        (["/demos"], ["1.mp3", "Live/2.mp3", "Live/deep/3.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["./1.mp3", "deep"], ["Live/2.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
        (["*/?.mp3"], ["1.mp3", "more/Live.mp3"]),
        ([""], ["1.mp3", "Live/2.mp3", "Live/deep/3.mp3", "more/Live.mp3", "more/demos/4.mp3"]),
    ],
)
def test_patterns_leave_out_names_or_paths(tmp_path: Path, patterns: list[str], left: list[str]) -> None:
    touch(tmp_path, *ALBUM)
    searched = search([tmp_path], exclude=patterns)
    assert [str(path.relative_to(tmp_path)) for path in searched.paths] == left
    assert searched.notes == ()


def test_patterns_hold_for_named_files_and_for_no_named_folder(tmp_path: Path) -> None:
    touch(tmp_path, *ALBUM)
    named = [tmp_path / "1.mp3", tmp_path / "Live"]
    assert search(named, exclude=["1.*", "live"]).paths == (tmp_path / "Live/2.mp3", tmp_path / "Live/deep/3.mp3")


def test_searches_are_joined_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "b/1.mp3", "b/2.jpg", "a/3.mp3", "a/4.jpg", "a/5.pdf")
    both = joined(search([tmp_path / name]) for name in ("b", "a"))
    assert both == Search((tmp_path / "b/1.mp3", tmp_path / "a/3.mp3"), {"jpg": 2, "pdf": 1})


@pytest.mark.parametrize(
    ("path", "left_out"),
    [
        ("music/a.wav", False),
        ("music/album/b.wav", False),
        ("music/live/c.wav", True),
        ("music/deeper/live/c.wav", False),
        ("music/album/Demo 1.wav", True),
        ("music/demos/d.wav", True),
        ("music/.hidden/e.wav", True),
        ("music/@eaDir/f.wav", True),
        ("music", False),
    ],
)
def test_a_path_is_left_out_where_a_search_would_not_come_to_it(path: str, left_out: bool, tmp_path: Path) -> None:
    patterns = ["live/*", "demo*"]
    assert is_left_out(tmp_path / path, tmp_path / "music", exclude=patterns) is left_out
    if path != "music":
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).touch()
        assert bool(search([tmp_path / "music"], exclude=patterns).paths) is not left_out
