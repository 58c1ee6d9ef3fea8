"""`earmark listen` and `earmark model` as a person runs them: files in, answers on stdout, the rest on stderr."""

import csv
import io
import json
import multiprocessing
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

import tiny_workers
from corpus import Case, music
from earmark import Listener, Track, load_bundle
from earmark.cli import _waiting
from earmark.cli._waiting import Progress
from earmark.listen.bundle import write_bundle
from tiny_bundle import INFO, LABELS, tiny_network

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder of three songs, one of them broken, and a file that is no sound."""
    folder = tmp_path / "album"
    (folder / "more").mkdir(parents=True)
    soundfile.write(folder / "1 first.wav", music(seed=1), 44_100)
    soundfile.write(folder / "more" / "3 [red]third🎸.flac", music(seed=3), 44_100)
    (folder / "2 broken.mp3").write_bytes(b"no sound at all")
    (folder / "cover.jpg").write_bytes(b"a picture")
    return folder


def song_in(folder: Path) -> Path:
    return folder / "1 first.wav"


def test_the_table_says_length_answer_and_what_decided(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", "1 first.wav", "--model", tiny_folder, cwd=album)
    assert (said.returncode, said.stderr) == (0, "")
    assert re.search(r"^1 first\.wav +0:0\d  low \d+ % +0:0\d–0:0\d", said.stdout, re.MULTILINE)


def test_json_is_the_answer_of_the_listener_a_line_a_file(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album, "--json", "--model", tiny_folder)
    first, broken, third = map(json.loads, said.stdout.splitlines())
    listener = Listener(load_bundle(tiny_folder))
    assert Track.from_dict(first) == listener.hear(song_in(album))
    assert Track.from_dict(third) == listener.hear(album / "more" / "3 [red]third🎸.flac")
    assert broken == {"path": str(album / "2 broken.mp3"), "error": broken["error"]}


def test_a_broken_file_costs_one_line_on_stderr_and_the_exit_code(
    earmark: Command, album: Path, tiny_folder: Path
) -> None:
    said = earmark("listen", album, "--json", "--model", tiny_folder)
    assert said.returncode == 1
    error, count, passed_over = said.stderr.splitlines()
    assert error.startswith(f"earmark: {album / '2 broken.mp3'} is not sound")
    assert count == "earmark: 2 of 3 files heard, 1 failed."
    assert passed_over == "earmark: Passed over: 1 jpg."


def test_csv_has_its_documented_columns(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album, "--csv", "--quiet", "--model", tiny_folder)
    first, broken, third = csv.DictReader(said.stdout.splitlines())
    assert list(first) == [
        *("path", "duration_s", "genre", "probability", "genre_set", "cannot_tell", "decisive_s", "model", "error"),
        *("unread_s", "notes", "heard_share", "loudness_lufs", *LABELS),
    ]
    track = Listener(load_bundle(tiny_folder)).hear(song_in(album))
    assert first["genre"] == track.genre
    assert first["genre_set"] == ";".join(track.genre_set)
    assert first["decisive_s"].startswith(f"{track.decisive[0].start_s}-{track.decisive[0].end_s}")
    assert (first["cannot_tell"], first["error"], first["model"]) == ("0", "", "tiny 1")
    assert (first["unread_s"], first["notes"], first["heard_share"]) == ("0.0", "", "1.0")
    assert float(first["loudness_lufs"]) == track.loudness_lufs
    assert float(first["probability"]) == float(first[track.genre]) == track.genres[0].probability
    assert "is not sound" in broken["error"]
    assert broken["genre"] == ""
    assert third["path"].endswith("3 [red]third🎸.flac")
    assert said.stderr.count("\n") == 1  # the error; quiet leaves out the count alone


def test_csv_says_where_it_cannot_tell(earmark: Command, album: Path, tmp_path: Path) -> None:
    # Every genre is in every set, and a set of more than two is no answer.
    info = replace(INFO, calibration=replace(INFO.calibration, set_quantile=1.0))
    write_bundle(tmp_path / "unsure", tiny_network().SerializeToString(), info)
    said = earmark("listen", song_in(album), "--csv", "--model", tmp_path / "unsure")
    (row,) = csv.DictReader(said.stdout.splitlines())
    assert (row["cannot_tell"], len(row["genre_set"].split(";"))) == ("1", 3)


def test_the_page_is_written_beside_the_table(earmark: Command, album: Path, tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "heard.html"
    said = earmark("listen", album.name, "--html", page, "--model", tiny_folder, cwd=album.parent)
    assert "1 first.wav" in said.stdout
    text = page.read_text()
    assert text.count("<article>") == 2
    assert "3 [red]third🎸.flac" in text
    assert "2 broken.mp3 is not sound" in text
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".html"] == ["album"]


def test_a_page_that_cannot_be_written_is_said(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", song_in(album), "--html", album / "no" / "page.html", "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert re.fullmatch(r"earmark: .*page\.html cannot be written \(.*\)\. .*\n", said.stderr)


def test_a_page_that_would_be_a_folder_is_said_before_anything_is_heard(
    earmark: Command, album: Path, tiny_folder: Path
) -> None:
    said = earmark("listen", song_in(album), "--html", album, "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {album} is a folder")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("option", ["--json", "--csv", "--quiet"])
def test_a_full_disk_is_a_sentence(album: Path, tiny_folder: Path, option: str) -> None:
    command = [sys.executable, "-m", "earmark", "listen", song_in(album), option, "--model", tiny_folder]
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert said.returncode == 1
    assert said.stderr == "earmark: Standard output cannot be written (No space left on device).\n"


def test_every_case_of_the_corpus_is_answered_and_none_stops_the_others(
    earmark: Command, corpus: dict[str, Case], tiny_folder: Path
) -> None:
    cases = [case for name, case in corpus.items() if name not in ("folder", "directory loop")]
    said = earmark("listen", *(case.path for case in cases), "--json", "--model", tiny_folder)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    assert [answer["path"] for answer in answers] == [str(case.path) for case in cases]
    errors = said.stderr.splitlines()
    for case, answer in zip(cases, answers, strict=True):
        assert ("genres" in answer) == case.hears, answer
        if not case.hears:
            assert case.says in answer["error"]
            assert f"earmark: {answer['error']}" in errors
    failed = sum(not case.hears for case in cases)
    assert len(errors) == failed + 1
    heard, in_part = len(cases) - failed, 2  # the truncated mp3 and flac
    assert errors[-1] == f"earmark: {heard} of {len(cases)} files heard, {in_part} heard in part, {failed} failed."
    assert said.returncode == 1


def test_a_folder_that_holds_itself_is_searched_once(
    earmark: Command, corpus: dict[str, Case], tiny_folder: Path
) -> None:
    said = earmark("listen", corpus["directory loop"].path, "--json", "--model", tiny_folder)
    paths = [os.path.realpath(json.loads(line)["path"]) for line in said.stdout.splitlines()]
    assert len(paths) == len(set(paths)) > 10


def test_where_there_is_no_sound_what_there_is_is_told(earmark: Command, tmp_path: Path, tiny_folder: Path) -> None:
    for name in ("1.jpg", "2.jpg", "3.pdf"):
        (tmp_path / name).write_bytes(b"no sound")
    said = earmark("listen", tmp_path, "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        f"earmark: No sound file is in {tmp_path} (passed over: 2 jpg, 1 pdf). Name files, or folders that hold some.\n"
    )


def test_no_sound_file_at_all_is_a_sentence(earmark: Command, tmp_path: Path, tiny_folder: Path) -> None:
    said = earmark("listen", tmp_path, "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: No sound file is in {tmp_path}.")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("files", [[""], ["1 first.wav", ""], ["--json", ""]])
def test_an_empty_name_is_refused_and_not_the_folder_one_stands_in(
    earmark: Command, album: Path, tiny_folder: Path, files: list[str]
) -> None:
    said = earmark("listen", *files, "--model", tiny_folder, cwd=album)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("earmark: An empty name is no file.")


def test_an_address_is_called_one_and_keeps_its_slashes(earmark: Command, album: Path, tiny_folder: Path) -> None:
    address = "https://example.org/y.mp3"
    said = earmark("listen", "1 first.wav", address, "--json", "--model", tiny_folder, cwd=album)
    error = f"{address} is an address, and earmark hears files. Download it first."
    assert json.loads(said.stdout.splitlines()[1]) == {"path": address, "error": error}
    assert said.stderr.splitlines()[0] == f"earmark: {error}"


def test_a_bundle_that_is_none_is_a_sentence(earmark: Command, album: Path) -> None:
    said = earmark("listen", album, "--model", album)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {album} is not a bundle")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--json", "--csv"], ["--jobs", "0"], ["--sort", "colour"], ["--group", "size"], []),
        *(["--sort", "path", "--json"], ["--group", "genre", "--csv"]),
    ],
)
def test_a_contradiction_is_an_error_of_use(earmark: Command, album: Path, arguments: list[str]) -> None:
    said = earmark("listen", *([album] if arguments else []), *arguments)
    assert said.returncode == 2
    assert "Traceback" not in said.stderr


def test_a_name_that_is_no_text_survives_all_ways_out(earmark: Command, album: Path, tiny_folder: Path) -> None:
    name = os.fsdecode(bytes(album) + b"/caf\xe9 \x1b[2J.wav")
    song_in(album).rename(name)
    plain = {**os.environ, "PYTHONIOENCODING": "ascii"}
    for options in ([], ["--json"], ["--csv"], ["--html", str(album / "page.html")]):
        said = earmark("listen", name, "--model", tiny_folder, *options, env=plain)
        assert (said.returncode, said.stderr) == (0, "")
        assert options == ["--csv"] or "\x1b" not in said.stdout
    said = earmark("listen", name, "--model", tiny_folder, "--json")
    assert json.loads(said.stdout)["path"] == name


def test_a_closed_pipe_ends_the_run_quietly(album: Path, tiny_folder: Path) -> None:
    command = [sys.executable, "-m", "earmark", "listen", *[song_in(album)] * 40, "--json", "--model", tiny_folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 1


def test_ctrl_c_ends_the_run_quietly_and_leaves_no_process(album: Path, tiny_folder: Path) -> None:
    command = [sys.executable, "-m", "earmark", "listen", *[song_in(album)] * 400, "--json", "--model", tiny_folder]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the group gets it
    _, errors = process.communicate(timeout=30)
    assert b"Traceback" not in errors
    assert process.returncode in (1, 130)
    deadline_s = time.monotonic() + 5
    while _group_lives(process.pid) and time.monotonic() < deadline_s:
        time.sleep(0.02)
    assert not _group_lives(process.pid)


def test_a_long_run_shows_its_progress_and_wipes_it_for_every_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_waiting, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(_waiting, "_TICK_S", 0.01)
    with Progress([tmp_path, tmp_path], shown=True) as progress:
        time.sleep(0.2)
        with progress.step():
            sys.stderr.write("ANSWER")
            time.sleep(0.05)
            sys.stderr.write("ANSWER")
        time.sleep(0.2)
    shown = capsys.readouterr().err
    before, between, after = shown.split("ANSWER")
    assert between == ""
    assert before.startswith("\r\x1b[2K0 of 2 files, 0:00")
    assert before.endswith("\r\x1b[2K")
    assert "1 of 2 files, 0:00, 0:00 left" in after
    assert after.endswith("\r\x1b[2K")


@pytest.mark.parametrize(("shown", "patience_s"), [(False, 0.0), (True, 60.0)])
def test_no_terminal_or_a_short_run_has_no_progress(
    shown: bool, patience_s: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_waiting, "_PATIENCE_S", patience_s)
    monkeypatch.setattr(_waiting, "_TICK_S", 0.01)
    with Progress([Path()], shown=shown) as progress:
        time.sleep(0.1)
        with progress.step():
            pass
    assert capsys.readouterr().err == ""


def test_on_a_terminal_the_count_comes_last(album: Path, tiny_folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "earmark", "listen", *[song_in(album)] * 3, "--json", "--model", tiny_folder]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, timeout=60)
    os.close(theirs)
    shown = os.read(ours, 4096)
    os.close(ours)
    assert len(said.stdout.splitlines()) == 3
    assert shown.endswith(b"earmark: 3 of 3 files heard.\r\n")


def test_the_time_left_goes_by_the_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path, size_bytes in zip(paths, (100, 300, 400), strict=True):
        path.write_bytes(bytes(size_bytes))
    progress = Progress(paths, shown=True)
    assert progress.line(3.0) == "0 of 3 files, 0:03"
    with progress.step():
        pass
    assert progress.line(10.0) == "1 of 3 files, 0:10, 1:10 left"
    with progress.step():
        pass
    assert progress.line(40.0) == "2 of 3 files, 0:40, 0:40 left"


def test_the_model_card_says_what_a_bundle_is(earmark: Command, tiny_folder: Path) -> None:
    said = earmark("model", tiny_folder)
    assert said.returncode == 0
    for part in ("tiny 1", "Apache-2.0", "low, middle, high", "by hand", "never trained", "90 % confidence"):
        assert part in said.stdout


def test_the_model_card_as_json_is_the_bundles_own(earmark: Command, tiny_folder: Path) -> None:
    said = earmark("model", tiny_folder, "--json")
    assert json.loads(said.stdout) == json.loads((tiny_folder / "bundle.json").read_text())


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_decoder_that_hangs_costs_the_patience_and_a_sentence(album: Path, tiny_folder: Path) -> None:
    hanging = (
        "import time\nimport earmark.sound.decoding as decode\nfrom earmark.cli.main import run\n"
        "def hang(*_):\n    while True: time.sleep(0.01)\n"
        "decode.fill = hang\nrun()\n"
    )
    command = [sys.executable, "-c", hanging, "listen", song_in(album), "--patience", "1", "--model", tiny_folder]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1
    sentence, count = said.stderr.splitlines()
    assert f"{song_in(album)} was given up: for 1 seconds nothing came of it." in sentence
    assert count == "earmark: 0 of 1 files heard, 1 failed."


def test_decoders_keep_their_notes_off_the_terminal(tmp_path: Path, tiny_folder: Path, earmark: Command) -> None:
    file = io.BytesIO()
    soundfile.write(file, music()[:, 0], 44_100, format="MP3")
    content = bytearray(file.getvalue())
    rng = np.random.default_rng(0)
    for place in rng.integers(1000, len(content), 400):  # within frames, where only the decoder finds damage
        content[place] ^= 1 << int(rng.integers(8))
    (tmp_path / "scratched.mp3").write_bytes(content)
    said = earmark("listen", tmp_path / "scratched.mp3", "--model", tiny_folder)
    assert said.returncode == 0
    assert "error" not in said.stderr
    assert "mpg123" not in said.stderr


def test_hear_all_in_a_daemonic_process_hears_in_that_process(album: Path, tiny_folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    names = context.Queue()
    songs = [song_in(album)] * 3
    process = context.Process(target=tiny_workers.hear_all, args=(tiny_folder, songs, names), daemon=True)
    process.start()
    assert [names.get(timeout=60) for _ in songs] == songs
    process.join()
