"""`earmark teach` as a person uses it: words are learned, listed, removed, handed on, and told by `earmark listen`."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.listen.linear import read_heads, write_heads
from headed_bundle import write_headed_bundle
from tiny_bundle import write_tiny_bundle
from trees import piece, write_sound

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Teach = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pieces of two styles by six artists each, one that is broken, one that is there twice."""
    folder = tmp_path_factory.mktemp("desk")
    for seed in range(6):
        write_sound(folder / f"calm/{seed}.flac", piece("drone", seed=seed), artist=f"Calm {seed}")
        write_sound(folder / f"wild/{seed}.flac", piece("pulse", seed=seed), artist=f"Wild {seed}")
    (folder / "broken.mp3").write_bytes(b"words and words")
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "twice.flac").write_bytes((folder / "calm/0.flac").read_bytes())
    return folder


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "heard"


@pytest.fixture
def words(tmp_path: Path) -> Path:
    return tmp_path / "home/words.json"


@pytest.fixture
def run(earmark: Command, desk: Path, heard: Path, words: Path) -> Teach:
    """Any verb on the desk, with words and a cache of its own."""

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        own = {**os.environ, "EARMARK_WORDS": str(words), "EARMARK_CACHE": str(heard)}
        return earmark(*arguments, cwd=desk, env=own)

    return run


@pytest.fixture
def teach(run: Teach) -> Teach:
    return lambda *arguments: run("teach", *arguments)


def names(words: Path) -> list[str]:
    return [word.name for word in read_heads(words)]


def test_a_word_is_learned_and_listening_tells_it(run: Teach, words: Path) -> None:
    said = run("teach", "drowsy", "calm", "--not", "wild")
    assert (said.returncode, said.stderr) == (0, "")
    what, good, where = said.stdout.splitlines()
    assert what.startswith("drowsy: learned from 6 tracks by 6 artists, against 6 that are none of it and 300 of the")
    assert good.startswith("Of ten tracks like yours, by artists it never heard, it would find ")
    assert where == f"`earmark listen --tags` tells it from now on ({words})."
    heard = run("listen", "calm/0.flac", "wild/0.flac", "--json", "--quiet")
    calm, wild = (json.loads(line) for line in heard.stdout.splitlines())
    assert calm["tags"]["drowsy"] > 0.5 > wild["tags"]["drowsy"]
    (told,) = [tag for tag in calm["heard"] if tag["group"] == "yours"]
    assert (told["name"], told["throughout"]) == ("drowsy", True)
    assert "drowsy" in calm["heard_tags"]
    assert "drowsy" in run("listen", "calm/0.flac", "--tags").stdout
    without = json.loads(run("listen", "calm/0.flac", "--json", "--no-words").stdout)
    assert "drowsy" not in without["tags"]


def test_all_names_behind_not_are_none_of_it(teach: Teach, words: Path) -> None:
    teach("drowsy", "calm", "--not", "wild/0.flac", "wild/1.flac", "--json")
    by_pattern = read_heads(words)[0].figures
    teach("drowsy", "--not", "wild/0.flac", "--not", "wild/1.flac", "--json", "calm")
    assert by_pattern["n"] == 6
    assert by_pattern["n_counter"] == 2
    assert read_heads(words)[0].figures == by_pattern


def test_what_was_learned_is_told_to_programs(teach: Teach, desk: Path) -> None:
    (told,) = json.loads(teach("drowsy", "calm", "--json").stdout)
    assert (told["word"], told["n"], told["n_artists"], told["verdict"]) == ("drowsy", 6, 6, "told")
    assert told["examples"][0] == str((desk / "calm/0.flac").resolve())
    assert json.loads(teach("--list", "--json").stdout) == [told]


def test_words_are_listed_and_removed(teach: Teach, words: Path) -> None:
    assert teach("--list").stdout == "There are no words of yours yet. Teach one: earmark teach WORD FILES\n"
    assert json.loads(teach("--list", "--json").stdout) == []
    teach("drowsy", "calm")
    teach("up", "wild/0.flac", "wild/1.flac")
    first, second = teach("--list").stdout.splitlines()
    assert first.startswith("drowsy  6 tracks by 6 artists, AUC ")
    assert second == "up      2 tracks by 2 artists, too few to tell how good"
    gone = teach("--remove", "UP")
    assert (gone.returncode, gone.stdout) == (0, "Forgotten: up\n")
    assert names(words) == ["drowsy"]


def test_a_word_is_taught_again_with_more(teach: Teach, words: Path) -> None:
    teach("drowsy", "calm/0.flac", "calm/1.flac", "--not", "wild/0.flac")
    more = teach("drowsy", "calm/2.flac", "--again")
    assert more.stderr == ""
    assert more.stdout.startswith("drowsy: learned from 3 tracks by 3 artists, against 1 that are none of it")
    anew = teach("Drowsy", "calm/3.flac", "calm/4.flac")
    assert anew.stderr == (
        "earmark: 'Drowsy' was taught before, and is learned anew from these files (--again adds to them).\n"
    )
    assert names(words) == ["Drowsy"]
    assert read_heads(words)[0].figures["n"] == 2


def test_words_of_another_bundle_are_kept_and_taught_again(teach: Teach, words: Path, tmp_path: Path) -> None:
    other = write_headed_bundle(tmp_path / "other")
    taught = teach("drowsy", "calm", "--not", "wild", "--model", other)
    assert (taught.returncode, taught.stderr) == (0, "")
    assert "against 6 that are none of it." in taught.stdout  # this bundle has no background
    assert teach("--list").stdout == ("drowsy  of another bundle, to be taught again: earmark teach 'drowsy' --again\n")
    assert json.loads(teach("--list", "--json").stdout)[0]["of_another_bundle"]
    assert teach("--again").stdout.startswith("drowsy: learned from 6 tracks")
    assert len(read_heads(words)) == 2
    assert teach("--list").stdout.startswith("drowsy  6 tracks")
    assert teach("--list", "--model", other).stdout.startswith("drowsy  6 tracks")


def test_words_are_handed_on(teach: Teach, words: Path, desk: Path, tmp_path: Path) -> None:
    teach("drowsy", "calm")
    file = tmp_path / "out.json"
    assert teach("--export", file).stdout == f"{file}: drowsy\n"
    assert str(desk) not in file.read_text()
    stays = teach("--import", file)
    assert (stays.returncode, stays.stdout) == (0, "")
    assert stays.stderr == "earmark: 'drowsy' is one of your words, and stays as it is (--force takes the other).\n"
    teach("--remove", "drowsy")
    assert teach("--import", file).stdout == f"{words}: drowsy\n"
    bare = teach("drowsy", "--again")
    assert bare.returncode == 1
    assert bare.stderr == "earmark: 'drowsy' came without its files. Name some: earmark teach 'drowsy' FILES.\n"
    assert teach("--import", file, "--force").stdout == f"{words}: drowsy\n"
    (tmp_path / "mine.txt").write_text("a letter")
    refused = teach("--export", tmp_path / "mine.txt")
    assert refused.returncode == 1
    assert "is there, and is no file of words that earmark wrote" in refused.stderr


def test_what_cannot_be_heard_is_said_and_the_rest_is_used(teach: Teach, words: Path) -> None:
    said = teach("drowsy", "calm", "broken.mp3", "empty.mp3", "gone.mp3", "twice.flac")
    assert said.returncode == 1
    assert said.stderr.splitlines() == [
        "earmark: broken.mp3 is not sound but a text. Give earmark the sound itself.",
        "earmark: empty.mp3 is empty. Copy or download it again.",
        "earmark: gone.mp3 is not there. Check the path.",
        "earmark: Files that are the same recording as another count once; left out: 1.",
    ]
    assert said.stdout.startswith("drowsy: learned from 6 tracks")
    assert names(words) == ["drowsy"]


def test_a_word_that_the_bundle_tells_too_is_allowed_and_said(teach: Teach) -> None:
    said = teach("jazz", "calm")
    assert said.returncode == 0
    assert said.stderr == (
        "earmark: The bundle tells 'jazz', too: yours stands beside it among yours, in JSON in its place.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["drowsy"], "No files are named that have the word 'drowsy'. Say: earmark teach 'drowsy' FILES."),
        (["drowsy", "--not", "wild"], "No files are named that have the word 'drowsy'."),
        (["drowsy", "calm/0.flac"], "'drowsy' cannot be learned from 1 track. Name 2 or more"),
        (["drowsy", "calm/0.flac", "broken.mp3"], "'drowsy' cannot be learned from 1 track. Name 2 or more"),
        (["drowsy", "calm/0.flac", "calm/../calm/0.flac"], "'drowsy' cannot be learned from 1 track."),
        (["drowsy", "calm/0.flac", "twice.flac"], "'drowsy' cannot be learned from 1 track."),
        (["drowsy", "gone.mp3"], "'drowsy' cannot be learned from nothing."),
        (["drowsy", "."], "is named both as 'drowsy' and as none of it."),
        (["drowsy", "calm", "--not", "twice.flac"], "twice.flac is named both as 'drowsy' and as none of it."),
        (["drowsy", "calm", "--again"], "There is no word 'drowsy' of yours yet. Teach it without --again."),
        (["calm/0.flac", "calm/1.flac"], "'calm/0.flac' is a file, and the word comes first. Say: earmark teach WORD"),
        (["", "calm"], "An empty name is no file."),
        (["  ", "calm"], "An empty word cannot be taught."),
        (["a\tb", "calm"], r"The word 'a\tb' has control characters in it."),
        (["a;b", "calm"], "The word 'a;b' has ';' in it."),
        (["x" * 50, "calm"], "has 50 letters, and 40 are the most."),
        (["--remove", "drowsy"], "There is no word 'drowsy' of yours. There is none yet."),
        (["--export", "out.json"], "There are no words of this bundle yet."),
        (["--import", "gone.json"], "gone.json is not there, or is no file. Name a file that --export wrote."),
        (["--import", "broken.mp3"], "broken.mp3 is not JSON"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_kept(
    teach: Teach, words: Path, arguments: list[str], said: str
) -> None:
    arguments = [*arguments, "--not", "wild/0.flac"] if arguments == ["drowsy", "."] else arguments
    answer = teach(*arguments)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not words.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a word, and files that have it"),
        (["--list", "--remove", "drowsy"], "choose --list or --remove, not both"),
        (["--list", "calm"], "--list takes no files"),
        (["--remove", "drowsy", "--not", "calm"], "--remove takes no files"),
        (["drowsy", "calm", "--not"], "requires an argument"),
    ],
)
def test_what_makes_no_sense_is_refused(teach: Teach, arguments: list[str], said: str) -> None:
    answer = teach(*arguments)
    assert answer.returncode == 2
    assert said in " ".join(answer.stderr.split())


def test_without_words_there_is_nothing_to_teach_again(teach: Teach) -> None:
    answer = teach("--again")
    assert answer.returncode == 1
    assert answer.stderr == "earmark: There are no words of yours yet. Teach one: earmark teach WORD FILES.\n"


def test_a_file_of_words_that_is_broken_stops_both_verbs_and_stays(run: Teach, words: Path) -> None:
    words.parent.mkdir()
    words.write_text("[")
    for arguments in (["teach", "drowsy", "calm"], ["teach", "--list"], ["listen", "calm/0.flac"]):
        answer = run(*arguments)
        assert (answer.returncode, answer.stdout) == (1, "")
        assert answer.stderr.startswith(f"earmark: {words} is not JSON")
        assert "move it away to begin anew" in answer.stderr
    assert words.read_text() == "["
    assert run("listen", "calm/0.flac", "--no-words").returncode == 0


def test_a_bundle_that_is_too_old_for_words_says_so(teach: Teach, words: Path, tmp_path: Path) -> None:
    answer = teach("drowsy", "calm", "--model", write_tiny_bundle(tmp_path / "old"))
    assert answer.returncode == 1
    assert answer.stderr.startswith(
        "earmark: The bundle tiny 1 is too old for heads. Export it again with this version"
    )
    assert not words.exists()


def test_listening_loads_nothing_that_learns() -> None:
    import sys

    code = "import sys, earmark.teach.words; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(answer.stdout.split())
    learning = {"earmark.teach.learn", "earmark.teach.fit", "earmark.data.dataset", "onnxruntime", "soundfile"}
    assert learning.isdisjoint(loaded)


def test_a_head_that_is_none_of_the_users_is_not_taken_for_a_word(teach: Teach, words: Path) -> None:
    from dataclasses import replace

    teach("drowsy", "calm")
    write_heads(words, [replace(read_heads(words)[0], role="")])
    answer = teach("--list")
    assert answer.returncode == 1
    assert "holds 'drowsy', which is no word of a user's" in answer.stderr
