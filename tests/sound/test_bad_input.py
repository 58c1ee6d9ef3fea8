"""Bad and odd input: every file of the corpus, and damage done to good ones, is heard or refused in words."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corpus import Case, music
from earmark.errors import MissingExtraError, SoundError
from earmark.sound.decode import array_blocks, blocks, name_of
from earmark.sound.mel import LogMel, log_mel
from earmark.sound.tokens import windows
from streams import decoded

ODD = ["8 khz", "192 khz", "8 channels", "spaces", "newline", "emoji", "wrong extension", "digital silence"]
REFUSED = [
    "stub of a flac",
    "header of a flac",
    "empty file",
    "text",
    "web page",
    "noise of bytes",
    "no samples",
    "one sample",
    "nan",
    "infinity",
    "control characters",
    "folder",
    "broken link",
    "link to itself",
    "not there",
    "directory loop",
]
BY_PYAV = ["m4a", "aac", "wma"]


def test_the_table_of_bad_input_is_complete(corpus: dict[str, Case]) -> None:
    assert {name for name, case in corpus.items() if not case.hears} - {"shut"} == {*REFUSED, "digital silence"}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_one_line_that_names_the_file(
    corpus: dict[str, Case], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    case = corpus[name]
    with pytest.raises(SoundError) as caught:
        decoded(case.path)
    assert case.says in caught.value.sentence
    assert name_of(case.path) in caught.value.sentence
    assert caught.value.hint
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", ""), "decoders keep their notes to themselves"


@pytest.mark.parametrize("name", ODD)
def test_odd_input_is_heard(corpus: dict[str, Case], name: str, capfd: pytest.CaptureFixture[str]) -> None:
    sound = decoded(corpus[name].path)
    assert (sound.dtype, sound.size) == (np.float32, pytest.approx(6 * 22_050, abs=1))
    assert np.isfinite(sound).all()
    assert capfd.readouterr() == ("", "")


def test_a_file_without_permission_is_refused_in_words(corpus: dict[str, Case]) -> None:
    if corpus["shut"].hears:
        pytest.skip("this user may read every file")
    with pytest.raises(SoundError, match="may not be read"):
        decoded(corpus["shut"].path)


@pytest.mark.parametrize(("name", "heard_s"), [("truncated mp3", 2.98), ("truncated flac", 2.97)])
def test_a_truncated_file_is_heard_as_far_as_it_goes(corpus: dict[str, Case], name: str, heard_s: float) -> None:
    sound = decoded(corpus[name].path)
    whole = decoded(corpus[name.removeprefix("truncated ")].path)
    assert sound.size / 22_050 == pytest.approx(heard_s, abs=0.05)
    heard = sound.size - 2000  # the last samples already hear that there are no more
    np.testing.assert_allclose(sound[:heard], whole[:heard], atol=1e-4)


def test_a_truncated_flac_is_heard_as_far_without_pyav(
    corpus: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert decoded(corpus["truncated flac"].path).size / 22_050 == pytest.approx(2.97, abs=0.05)


def test_silence_is_decoded_and_its_windows_are_silent(corpus: dict[str, Case]) -> None:
    stream = LogMel()
    sound = blocks(corpus["digital silence"].path)
    columns = [stream.push(block) for block in sound]
    assert all(window.peak_db <= sound.silence_db for window in windows([*columns, stream.finish()]))


@pytest.mark.parametrize("name", BY_PYAV)
def test_a_missing_extra_is_named(corpus: dict[str, Case], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av' to make the file")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=rf"music\.{name} is .*needs the extra 'av'.*earmark\[av\]"):
        decoded(corpus[name].path)


@pytest.mark.parametrize("name", ["text", "header of a flac"])
def test_what_no_extra_can_hear_is_not_blamed_on_one(
    corpus: dict[str, Case], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SoundError, match=corpus[name].says):
        decoded(corpus[name].path)


def join_twice(content: bytes) -> bytes:
    """One file after another: the first one's header knows nothing of the second."""
    return content + content


def claim_nothing(content: bytes) -> bytes:
    """A wav whose header says that it is empty, as programs leave it that die while recording."""
    return content[:4] + bytes(4) + content[8:40] + bytes(4) + content[44:]


def scratch(content: bytes) -> bytes:
    """Two kilobytes in the middle are noise."""
    middle = len(content) // 2
    return content[:middle] + np.random.default_rng(0).bytes(2000) + content[middle + 2000 :]


def record_late(content: bytes) -> bytes:
    """The second half, from the middle of a frame, with a scratch in it."""
    return scratch(content[len(content) // 2 + 77 :])


@pytest.mark.parametrize(
    ("name", "harm", "heard_s"),
    [
        ("mp3", join_twice, 12.0),
        ("ogg", join_twice, 12.0),
        ("wav", claim_nothing, 6.0),
        ("flac", scratch, 5.9),
        ("mp3", record_late, 2.8),
    ],
)
def test_pyav_goes_on_where_libsndfile_stops(
    corpus: dict[str, Case], name: str, harm: Callable[[bytes], bytes], heard_s: float
) -> None:
    pytest.importorskip("av", reason="needs the extra 'av'")
    sound = decoded(io.BytesIO(harm(corpus[name].path.read_bytes())))
    assert sound.size / 22_050 == pytest.approx(heard_s, abs=0.1)


def test_an_mp3_that_begins_with_rubbish_is_heard_without_pyav(
    corpus: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    path = tmp_path / "rip.mp3"
    path.write_bytes(b"rubbish" * 1000 + corpus["mp3"].path.read_bytes())
    assert decoded(path).size / 22_050 == pytest.approx(6.0, abs=0.1)


def test_a_scratched_mp3_is_heard_in_silence(corpus: dict[str, Case], capfd: pytest.CaptureFixture[str]) -> None:
    assert decoded(io.BytesIO(scratch(corpus["mp3"].path.read_bytes()))).size / 22_050 == pytest.approx(6.0, abs=0.3)
    assert capfd.readouterr() == ("", "")


def test_a_playlist_does_not_open_other_files(corpus: dict[str, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(corpus["flac"].path.parent)
    with pytest.raises(SoundError, match="is not sound"):
        decoded(io.BytesIO(b"ffconcat version 1.0\nfile music.flac\n"))


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be deleted here")
def test_a_file_that_disappears_half_way_is_heard_to_its_end(corpus: dict[str, Case], tmp_path: Path) -> None:
    path = tmp_path / "vanishing.mp3"
    path.write_bytes(corpus["mp3"].path.read_bytes())
    heard = blocks(path, block_s=0.5)
    first = next(heard)
    path.unlink()
    assert np.array_equal(np.concatenate([first, *heard]), decoded(corpus["mp3"].path))


def test_a_file_that_is_cut_while_it_is_read_is_heard_to_there(corpus: dict[str, Case], tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(corpus["wav"].path.read_bytes())
    heard = blocks(path, block_s=0.5)
    next(heard)
    os.truncate(path, path.stat().st_size // 2)
    assert 1.0 < sum(block.size for block in heard) / 22_050 < 3.5


class FailsHalfWay(io.BytesIO):
    """A file on a disk that fails, or whose reader is stopped, in the middle."""

    name = "failing.wav"

    def __init__(self, content: bytes, error: BaseException) -> None:
        super().__init__(content)
        self.half = len(content) // 2
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > self.half:
            raise self.error
        return super().read(size)


def test_a_disk_that_fails_half_way_is_an_error_in_words(
    corpus: dict[str, Case], capfd: pytest.CaptureFixture[str]
) -> None:
    file = FailsHalfWay(corpus["wav"].path.read_bytes(), OSError(5, "Input/output error"))
    with pytest.raises(SoundError, match=r"failing\.wav could not be read to its end: Input/output error"):
        decoded(file)
    assert capfd.readouterr().err == ""


def test_the_stop_key_is_not_lost_in_a_decoder(corpus: dict[str, Case]) -> None:
    with pytest.raises(KeyboardInterrupt):
        decoded(FailsHalfWay(corpus["wav"].path.read_bytes(), KeyboardInterrupt()))


def test_no_more_is_read_than_asked_for(corpus: dict[str, Case]) -> None:
    with corpus["wav"].path.open("rb") as file:
        next(blocks(file, block_s=0.5))
        assert file.tell() < corpus["wav"].path.stat().st_size / 4


@pytest.mark.parametrize("rate_hz", [np.nan, np.inf, -np.inf, 0, -44_100, 1e12])
def test_a_rate_that_no_sound_has_is_refused_in_words(rate_hz: float) -> None:
    with pytest.raises(SoundError, match="samples a second"):
        array_blocks(np.zeros(44_100, np.float32), rate_hz)


def test_a_file_opened_as_text_is_refused_with_what_to_do(corpus: dict[str, Case]) -> None:
    with corpus["wav"].path.open("r", encoding="latin-1") as file, pytest.raises(SoundError, match="with 'rb'"):
        list(blocks(file))  # type: ignore[arg-type]
    with pytest.raises(SoundError, match="or give a BytesIO"):
        list(blocks(io.StringIO("no sound")))  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_integers_that_use_few_of_their_bits_are_no_silence(dtype: type) -> None:
    samples = (20_000 * music(rate_hz=22_050)[:, 0]).astype(dtype)  # as where 16 bits were widened
    sound = array_blocks(samples, 22_050)
    stream = LogMel()
    columns = [stream.push(block) for block in sound]
    (window,) = windows([*columns, stream.finish()])
    assert window.peak_db > sound.silence_db
    expected_db = log_mel(samples.astype(np.float32))[:, : window.db.shape[1]]
    np.testing.assert_allclose(window.db, expected_db, atol=0.01)
