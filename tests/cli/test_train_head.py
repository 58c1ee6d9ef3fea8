"""`earmark train-head` as a person runs it: from labelled music to an answer that `earmark listen` gives at once."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earmark.data.layout import CLIPS_FILE, read_rows
from earmark.data.synth import STYLES, write_dataset
from earmark.listen.bundle import DEFAULT_FOLDER
from earmark.listen.linear import HEADS_FILE, read_heads

Command = Callable[..., "subprocess.CompletedProcess[str]"]
DURATION_S = 7.5


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pieces of four styles as sound, a list of some of them, and recipes."""
    folder = tmp_path_factory.mktemp("desk")
    rng = np.random.default_rng(5)
    write_dataset(folder / "pieces", clips_per_style=5, artists_per_style=5, duration_s=DURATION_S, rng=rng, audio=True)
    rows = read_rows(folder / "pieces" / CLIPS_FILE)
    beats = [(f"pieces/{row['path']}", "yes" if row["genre"] == "pulse" else "no", row["artist"]) for row in rows[:10]]
    (folder / "broken.wav").write_bytes(b"no sound at all")
    lines = [*beats, ("broken.wav", "yes", "X"), ("gone.wav", "no", "Y")]
    (folder / "beats.csv").write_text("path,beat,artist\n" + "".join(f"{','.join(line)}\n" for line in lines))
    (folder / "headless.csv").write_text("file,beat\na.wav,yes\n")
    (folder / "wrong.toml").write_text('kind = "head"\ncolour = "red"\n')
    (folder / "network.toml").write_text('name = "tiny"\n')
    (folder / "other.toml").write_text('kind = "head"\n[sets.mine]\ncolumn = "genre"\n')
    (folder / "height.toml").write_text(
        'kind = "head"\nname = "height"\ntype = "number"\n[sets.pieces]\ncolumn = "genre"\n[sets.pieces.values]\n'
        "pulse = { metres = -1 }\ndrone = { metres = -0.5 }\nplucks = { metres = 0.5 }\nnoise = { metres = 1 }\n"
    )
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the bundle that ships."""
    return Path(shutil.copytree(DEFAULT_FOLDER, tmp_path / "bundle"))


def test_a_head_that_was_trained_is_heard_at_once_with_its_seconds(desk: Path, bundle: Path, earmark: Command) -> None:
    before = [head.name for head in read_heads(bundle / HEADS_FILE)]
    said = earmark("train-head", "--data", "pieces", "--name", "style", "--model", bundle, cwd=desk)
    assert (said.returncode, said.stderr) == (0, "")
    words, written = said.stdout.splitlines()
    assert words.startswith("style: 20 examples by 20 artists. Right in ")
    assert written == f"{bundle / HEADS_FILE}: style"
    assert [head.name for head in read_heads(bundle / HEADS_FILE)] == [*before, "style"]
    songs = [f"pieces/sound/{style}.00000.wav" for style in STYLES]
    heard = earmark("listen", *songs, "--json", "--quiet", "--model", bundle, cwd=desk)
    assert (heard.returncode, heard.stderr) == (0, "")
    tracks = [json.loads(line) for line in heard.stdout.splitlines()]
    answers = [next(head for head in track["heads"] if head["name"] == "style") for track in tracks]
    assert [next(iter(answer["labels"])) for answer in answers] == list(STYLES)  # these pieces it knows
    seconds = {tag["name"]: tag["spans"] for track in tracks for tag in track["heard"] if tag["group"] == "style"}
    assert set(STYLES) & set(seconds)
    assert all(0 <= span["start_s"] < span["end_s"] <= DURATION_S for spans in seconds.values() for span in spans)


def test_a_dry_run_says_how_good_it_would_be_and_writes_nothing(desk: Path, bundle: Path, earmark: Command) -> None:
    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    said = earmark("train-head", "height.toml", "--data", "pieces", "--dry-run", "--model", bundle, cwd=desk)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("height: 20 examples by 20 artists. metres right side of 0 in ")
    assert said.stdout.count("\n") == 1
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before


def test_files_that_cannot_be_heard_are_named_and_the_head_is_written_as_json_says(
    desk: Path, bundle: Path, earmark: Command
) -> None:
    said = earmark(
        *("train-head", "--data", "beats.csv", "--column", "beat", "--name", "beat", "--json", "--model", bundle),
        cwd=desk,
    )
    assert said.returncode == 1
    broken, gone = said.stderr.splitlines()
    assert broken.startswith("earmark: ")
    assert "broken.wav" in broken
    assert "gone.wav" in gone
    figures = json.loads(said.stdout)
    assert list(figures) == ["beat"]
    assert (figures["beat"]["n"], figures["beat"]["trained_on"]) == (10, ["beats"])
    assert read_heads(bundle / HEADS_FILE)[-1].labels == ("no", "yes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("no.toml", "--data", "pieces"), "no.toml cannot be read"),
        (("wrong.toml", "--data", "pieces"), "'colour' is not known"),
        (("network.toml", "--data", "pieces"), 'does not say kind = "head"'),
        (("other.toml", "--data", "pieces"), "asks for labels of the sets mine; there are pieces"),
        (("--data", "nowhere"), "nowhere is neither a folder nor a list of files"),
        (("--data", "headless.csv"), "has no column 'path'"),
        (("--data", "pieces", "--column", "feel"), "has no column 'feel'"),
        (("--data", "pieces", "--column", "artist"), "no label has enough examples"),
        (("--data", "pieces", "--model", "pieces"), "pieces is not a bundle"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    words: tuple[str, ...], said: str, desk: Path, earmark: Command
) -> None:
    answer = earmark("train-head", *words, "--dry-run", cwd=desk)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr.startswith("earmark: ")
    assert said in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_heads_that_are_damaged_are_told_before_the_work_and_left_as_they_are(
    desk: Path, bundle: Path, earmark: Command
) -> None:
    (bundle / HEADS_FILE).write_text("{")
    said = earmark("train-head", "--data", "pieces", "--model", bundle, cwd=desk)
    assert (said.returncode, said.stdout, said.stderr.count("\n")) == (1, "", 1)
    assert "heads.json is not JSON" in said.stderr
    assert (bundle / HEADS_FILE).read_text() == "{"


def test_without_data_it_is_said_what_is_missing(desk: Path, earmark: Command) -> None:
    said = earmark("train-head", cwd=desk)
    assert said.returncode == 2
    assert "--data" in said.stderr
    assert "Traceback" not in said.stderr
