"""`earmark playlist` as a process: lists that are printed, written, read back and filled again."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus import music
from earmark.library.hearing import Hearer
from earmark.library.store import FileFacts, Store
from earmark.listen.bundle import load_bundle
from made_collection import make_collection

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Verb = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a collection of sixty made-up entries, whose files are there."""
    folder = tmp_path_factory.mktemp("made")
    make_collection(folder, np.random.default_rng(0), n=60)
    for number in range(60):
        genre = ("blues", "classical", "jazz", "metal", "pop")[number % 5]
        file = folder / f"music/{genre}/track {number:05}.mp3"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return folder


@pytest.fixture
def playlist(earmark: Command, made: Path) -> Verb:
    own = {**os.environ, "EARMARK_DB": str(made / "collection.db")}
    return lambda *arguments, **more: earmark("playlist", *arguments, cwd=made, env={**own, **more})


def tracks(file: Path) -> list[str]:
    """The tracks of an M3U8, as the plainest reader sees them."""
    rows = [row for row in file.read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")]
    return [os.path.normpath(file.parent / row) for row in rows]


def test_a_list_is_printed_with_how_it_was_understood(playlist: Verb, made: Path) -> None:
    said = playlist("music/jazz/track 00007.mp3", "metal - piano", "-n", "6", "--seed", "4")
    assert (said.returncode, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0] == "music/jazz/track 00007.mp3 -> the song Title 7"
    assert lines[1] == "metal - piano -> genre metal - tag piano"
    assert len(lines) == 2 + 2 * 6 + 1
    assert lines[2] == "  1  Jazz Artist 1 – Title 7  0:30  asked for"
    assert lines[3] == f"     {made}/music/jazz/track 00007.mp3"
    assert re.search(r"near 0\.\d\d to (Title 7|metal - piano)$", lines[4])
    assert lines[-1] == "6 tracks, 3:00; --seed 4 makes it again"


def test_the_seed_that_is_printed_makes_the_list_again(playlist: Verb) -> None:
    once = playlist("jazz", "-n", "5", "--spread", "0.9").stdout
    seed = re.search(r"--seed (\d+) makes it again", once)
    assert seed is not None
    assert playlist("jazz", "-n", "5", "--spread", "0.9", "--seed", seed[1]).stdout == once
    assert len({playlist("jazz", "-n", "5", "--spread", "0.9").stdout for _ in range(2)} | {once}) > 1


def test_a_path_and_an_arc(playlist: Verb) -> None:
    path = playlist("--from", "Title 2", "--to", "metal", "-n", "5", "--seed", "1").stdout.splitlines()
    assert path[:2] == ["from Title 2 -> the song Title 2", "to metal -> genre metal"]
    assert path[2].endswith(" – Title 2  0:30  start 1.00, end " + path[2].split()[-1])
    arc = playlist("--arc", "calm, lively", "-n", "5", "--seed", "1", "--json")
    told = json.loads(arc.stdout)
    assert told["understood"][0].startswith("arc: calm -> arousal -0.")
    assert [track["new"] for track in told["tracks"]] == [True] * 5
    values = [float(track["why"].split()[-1]) for track in told["tracks"]]
    assert values[0] < values[-1]


@pytest.mark.parametrize("suffix", ["m3u8", "xspf", "json"])
def test_a_list_is_written_and_filled_again(suffix: str, playlist: Verb, made: Path, tmp_path: Path) -> None:
    file = tmp_path / f"evening.{suffix}"
    said = playlist("jazz", "--length", "2m", "--out", file, "--seed", "3")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == f"{file}: 4 tracks, 2:00; --seed 3 makes it again"
    before = file.read_bytes()
    again = playlist("--refresh", file)
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("  kept") == 4
    assert file.read_bytes() != before  # the seed is another one
    assert file.read_bytes().count(b"mp3") == before.count(b"mp3")


def test_what_was_thrown_out_stays_out(playlist: Verb, tmp_path: Path) -> None:
    file = tmp_path / "list.m3u8"
    playlist("jazz", "-n", "6", "--out", file, "--seed", "3", "--spread", "0")
    first = tracks(file)
    out = set()
    for _ in range(3):
        gone = tracks(file)[2]
        out.add(gone)
        rows = file.read_text().splitlines()
        place = next(at for at, row in enumerate(rows) if not row.startswith("#") and row.endswith(Path(gone).name))
        file.write_text("\n".join(rows[: place - 1] + rows[place + 1 :]) + "\n")
        said = playlist("--refresh", file)
        assert said.returncode == 0, said.stderr
        assert not out & set(tracks(file))
        assert len(set(tracks(file))) == 6
    assert [path for path in tracks(file) if path in first] == [path for path in first if path not in out]


def test_rules_are_files_and_texts_and_ones_own(playlist: Verb, tmp_path: Path) -> None:
    rules = tmp_path / "my rules.txt"
    rules.write_text("# none of these\npath ~ /jazz/\n")
    said = playlist("jazz", "-n", "9", "--never", rules, "--never", "before 1980", EARMARK_NEVER=str(tmp_path / "x"))
    assert "/jazz/" not in said.stdout
    assert "Kept out by the rule 'path ~ /jazz/': 12." in said.stderr
    assert "Kept out by the rule 'before 1980': " in said.stderr
    own = playlist("jazz", "-n", "9", EARMARK_NEVER=str(rules))
    assert "/jazz/" not in own.stdout
    rules.write_text("path ~ x\n\nzesty\n")
    wrong = playlist("jazz", "--never", rules)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert f"{rules}, line 3: 'zesty' in 'zesty' is nothing that is told." in wrong.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Nothing is asked for."),
        (["zesty"], "'zesty' is no song of the collection"),
        (["jazz", "--length", "soon"], "'soon' is no length"),
        (["jazz", "--length", "1h", "-n", "3"], "choose --count or --length"),
        (["jazz", "--from", "a", "--to", "b"], "choose --from and --to"),
        (["--from", "jazz"], "A path needs a start and an end."),
        (["--arc", "zesty"], "'zesty' in the arc is not understood"),
        (["jazz", "--out", "x.pls"], "none of the kinds of playlists"),
        (["jazz", "--out", "music/jazz/track 00007.mp3"], "is a sound file"),
        (["--refresh", "none.m3u8"], "none.m3u8 cannot be read"),
        (["jazz", "--spread", "2"], "spread"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(arguments: list[str], said: str, playlist: Verb, made: Path) -> None:
    answer = playlist(*arguments)
    assert answer.returncode in (1, 2)
    assert said in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert not (made / "x.pls").exists()


def test_a_list_of_somebody_elses_is_filled_only_elsewhere(playlist: Verb, made: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.m3u8"
    theirs.write_text(f"{made}/music/jazz/track 00007.mp3\n")
    said = playlist("--refresh", theirs, "--out", tmp_path / "mine.m3u8")
    assert said.returncode == 1
    assert "does not say how it was made" in said.stderr
    refused = playlist("jazz", "-n", "3", "--refresh", theirs)
    assert refused.returncode == 1
    assert "is no playlist that earmark wrote" in refused.stderr
    said = playlist("jazz", "-n", "3", "--refresh", theirs, "--out", tmp_path / "mine.m3u8")
    assert said.returncode == 0, said.stderr
    assert tracks(tmp_path / "mine.m3u8")[0] == f"{made}/music/jazz/track 00007.mp3"
    assert len(tracks(tmp_path / "mine.m3u8")) == 3
    assert theirs.read_text() == f"{made}/music/jazz/track 00007.mp3\n"


def test_a_list_takes_the_place_of_a_list_and_of_nothing_else(playlist: Verb, tmp_path: Path) -> None:
    file = tmp_path / "list.m3u8"
    file.write_text("mine\n")
    assert "is no playlist that earmark wrote" in playlist("jazz", "--out", file).stderr
    assert file.read_text() == "mine\n"
    assert playlist("jazz", "--out", file, "--force").returncode == 0
    assert playlist("jazz", "--out", file, "-n", "2").returncode == 0
    assert len(tracks(file)) == 2


def test_options_of_a_list_are_kept_and_may_be_changed(playlist: Verb, tmp_path: Path) -> None:
    file = tmp_path / "list.m3u8"
    playlist("jazz", "-n", "3", "--never", "before 1980", "--spacing", "2", "--out", file)
    said = json.loads(playlist("--refresh", file, "--length", "5m", "--spread", "0.5", "--json").stdout)
    ask = said["ask"]
    assert (ask["count"], ask["length_s"], ask["spread"]) == (None, 300.0, 0.5)
    assert (ask["never"], ask["spacing"], ask["wishes"]) == (["before 1980"], 2, ["jazz"])
    assert len(said["tracks"]) == 10


def test_a_file_that_another_network_would_hear_is_refused(playlist: Verb, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "new.wav", music(rate_hz=22_050, length_s=3.0, seed=1), 22_050)
    said = playlist(tmp_path / "new.wav")
    assert said.returncode == 1
    assert "The collection was heard by made 1" in said.stderr


def test_a_file_that_is_not_in_the_collection_is_heard(earmark: Command, tmp_path: Path) -> None:
    bundle = load_bundle()
    hearer = Hearer(bundle)
    with Store(tmp_path / "collection.db") as store:
        model_id = store.model(bundle.info.model, bundle.info.sha256, hearer.names)
        for name, seed in {"one": 1, "two": 2, "new": 3}.items():
            path = tmp_path / f"{name}.wav"
            soundfile.write(path, music(rate_hz=22_050, length_s=22.0, seed=seed), 22_050)
            if name != "new":
                facts = FileFacts(str(path), str(tmp_path), 1, 1, name, {"title": name})
                store.keep_heard(store.keep_file(facts), model_id, hearer.hear(path), hearer.names)
    said = earmark("playlist", "new.wav", "--all-kinds", "--db", "collection.db", cwd=tmp_path)
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("new.wav -> the song new.wav\n  1  ")
    assert "new.wav is not in the collection, and was heard for this." in said.stderr
    assert "new.wav is not in the collection, and so not in the list." in said.stderr
