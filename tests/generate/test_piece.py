"""What is written, and what is refused before any work is done."""

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from earmark.errors import EarmarkError, GenerateError, OutputError
from earmark.generate.piece import Source, guard, sources_file, written

BLOCK = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 2)).astype(np.float32)


@pytest.mark.parametrize("name", ["piece.wav", "piece.flac", "PIECE.FLAC"])
def test_blocks_become_a_file_that_is_known_again_and_has_the_same_bytes(tmp_path: Path, name: str) -> None:
    contents = []
    for folder in ("one", "two"):
        out = tmp_path / folder / name  # in a folder that is not there yet
        with written(out, rate_hz=22_050, channels=2) as file:
            for part in np.split(BLOCK, 4):
                file.write(part)
            file.told = {"seconds": 2}
        assert file.samples == 4000
        samples, rate_hz = soundfile.read(out, dtype="float32")
        assert rate_hz == 22_050
        assert samples == pytest.approx(BLOCK, abs=1e-4)
        guard(out)  # of earmark's making: it may be replaced
        contents.append(out.read_bytes())
    assert contents[0] == contents[1]
    assert json.loads(sources_file(out).read_text()) == {"made_by": "earmark generate", "seconds": 2}
    assert sorted(each.name for each in out.parent.iterdir()) == [name, f"{name}.json"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("piece.ogg", None, "no format is known"),
        ("piece", None, "no format is known"),
        ("there.wav", b"somebody's music", "is no piece that earmark wrote"),
        ("folder.wav", "folder", "is a folder"),
        ("no/such/place.wav", "file above", "cannot be written"),
    ],
)
def test_a_target_that_somebody_would_miss_is_refused(tmp_path: Path, name: str, content: Any, words: str) -> None:
    out = tmp_path / name
    if content == "folder":
        out.mkdir()
    elif content == "file above":
        (tmp_path / "no").write_text("a file")
    elif content:
        out.write_bytes(content)
    with pytest.raises(EarmarkError, match=words):
        guard(out)
    if isinstance(content, bytes):
        guard(out, force=True)


def test_a_list_of_somebody_elses_beside_it_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "piece.wav.json").write_text('{"mine": true}')
    with pytest.raises(OutputError, match=r"piece\.wav\.json is there"):
        guard(tmp_path / "piece.wav")


def test_a_song_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    with written(tmp_path / "song.wav", rate_hz=22_050, channels=2) as file:
        file.write(BLOCK)
    with pytest.raises(OutputError, match="is read"):
        guard(tmp_path / "song.wav", inputs=[str(tmp_path / "song.wav")])


@pytest.mark.parametrize("name", ["piece.wav", "piece.flac"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from earmark import files

    def full(self: Any, data: Any) -> int:
        with files._errors_of(self._named):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files._Target, "write", full)
    with pytest.raises(OutputError, match=r"No space left.*Make room"):
        _write(tmp_path / name, 40)
    assert list(tmp_path.iterdir()) == []


def _write(out: Path, blocks: int, *, then: Exception | None = None, told: Any = None) -> None:
    with written(out, rate_hz=22_050, channels=2) as file:
        for _ in range(blocks):
            file.write(BLOCK)
        if then is not None:
            raise then
        file.told = told or file.told


def test_what_fails_meanwhile_leaves_the_old_piece(tmp_path: Path) -> None:
    out = tmp_path / "piece.wav"
    _write(out, 1)
    before = out.read_bytes()
    with pytest.raises(GenerateError):
        _write(out, 2, then=GenerateError("There is too little music."))
    assert out.read_bytes() == before


def test_a_list_that_cannot_be_written_leaves_the_old_piece_too(tmp_path: Path) -> None:
    out = tmp_path / "piece.wav"
    _write(out, 1)
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(TypeError):
        _write(out, 2, told={"what": BLOCK})
    assert {each: each.read_bytes() for each in tmp_path.iterdir()} == before
    sources_file(out).unlink()
    sources_file(out).mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        _write(out, 2)
    sources_file(out).rmdir()
    assert {out: out.read_bytes()} == {out: before[out]}
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match=r"piece\.wav cannot be written \(.*Check the folder"):
        _write(tmp_path / "file" / "new" / "piece.wav", 1)


def test_pieces_of_one_name_in_two_formats_have_a_list_each(tmp_path: Path) -> None:
    assert sources_file(tmp_path / "a.wav") != sources_file(tmp_path / "a.flac")


def test_a_source_says_what_of_the_piece_comes_from_where() -> None:
    told = Source(1.23456, 4.0, "a.mp3", "A", "B", 10.0, 12.76544, -3.3333, 1.01).to_dict()
    assert told == {
        "start_s": 1.235, "end_s": 4.0, "path": "a.mp3", "title": "A", "artist": "B",
        "from_s": 10.0, "to_s": 12.765, "gain_db": -3.33, "speed": 1.01,
    }  # fmt: skip
