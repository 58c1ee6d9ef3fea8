"""Decoding: every format, the laws of the front end from file to levels, and a corpus of bad input."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from corpus import Case, music
from earmark.errors import MissingExtraError, SoundError
from earmark.sound.decode import array_blocks, blocks, name_of
from earmark.sound.mel import LogMel, log_mel
from earmark.sound.tokens import windows

LOSSLESS = ["flac", "aiff", "au", "wrong extension"]
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
LOSSY = ["ogg", "opus", "mp3"]
BY_PYAV = ["m4a", "aac", "wma"]


def decoded(source: str | Path | BinaryIO, *, block_s: float = 10.0) -> NDArray[np.float32]:
    return np.concatenate(list(blocks(source, block_s=block_s)))


def resampled(samples: NDArray[np.generic], rate_hz: float, *, block_s: float = 10.0) -> NDArray[np.float32]:
    return np.concatenate(list(array_blocks(samples, rate_hz, block_s=block_s)))


def differences_db(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far two sounds' levels are apart where the louder of them is less than 40 dB under the maximum."""
    one_db, other_db = log_mel(one), log_mel(other)
    frames = min(one_db.shape[1], other_db.shape[1])
    one_db, other_db = one_db[:, :frames], other_db[:, :frames]
    return np.abs(one_db - other_db)[np.maximum(one_db, other_db) > -40]


@pytest.fixture(scope="module")
def wav(corpus: dict[str, Case]) -> NDArray[np.float32]:
    return decoded(corpus["wav"].path)


@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_are_the_same_to_the_last_bits_of_16(
    corpus: dict[str, Case], wav: NDArray[np.float32], name: str
) -> None:
    np.testing.assert_allclose(decoded(corpus[name].path), wav, atol=1.5 / 32_768)


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_have_the_same_length_and_levels(
    corpus: dict[str, Case], wav: NDArray[np.float32], name: str
) -> None:
    sound = decoded(corpus[name].path)
    assert sound.size == pytest.approx(wav.size, abs=1)
    assert np.median(differences_db(sound, wav)) < 0.2


@pytest.mark.parametrize("name", BY_PYAV)
def test_formats_that_pyav_reads_have_the_same_levels(
    corpus: dict[str, Case], wav: NDArray[np.float32], name: str
) -> None:
    pytest.importorskip("av", reason="needs the extra 'av'")
    sound = decoded(corpus[name].path)
    assert sound.size == pytest.approx(wav.size, abs=0.05 * 22_050)
    assert np.median(differences_db(sound, wav)) < 1.0


def test_mp3_and_wav_of_one_recording_give_the_same_answer(corpus: dict[str, Case], wav: NDArray[np.float32]) -> None:
    difference_db = differences_db(decoded(corpus["mp3"].path), wav)
    assert np.sqrt(np.mean(difference_db**2)) < 0.5


def test_mp3_and_wav_of_real_music_give_the_same_answer(real_data: Path, tmp_path: Path) -> None:
    clip = real_data / "gtzan" / "audio" / "reggae.00000.flac"
    samples, rate_hz = soundfile.read(clip)
    soundfile.write(tmp_path / "clip.mp3", samples, rate_hz)
    difference_db = differences_db(decoded(tmp_path / "clip.mp3"), decoded(clip))
    assert np.sqrt(np.mean(difference_db**2)) < 1.0


@pytest.mark.parametrize("gain", [0.01, 4.0])
def test_a_louder_copy_gives_the_same_answer(gain: float) -> None:
    sound = music()
    assert differences_db(resampled(np.float32(gain) * sound, 44_100), resampled(sound, 44_100)).max() < 1e-3


@pytest.mark.parametrize("rate_hz", [48_000, 32_000, 22_050, 96_000])
def test_every_sample_rate_gives_the_same_answer(rate_hz: int) -> None:
    sound = music()
    at_rate = soxr.resample(sound, 44_100, rate_hz, quality="VHQ")
    assert differences_db(resampled(at_rate, rate_hz), resampled(sound, 44_100)).max() < 0.2


def test_stereo_and_its_mono_give_the_same_answer() -> None:
    sound = music()
    np.testing.assert_allclose(resampled(sound, 44_100), resampled(sound.mean(axis=1), 44_100), atol=1e-6)


def test_many_channels_are_averaged(corpus: dict[str, Case], wav: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(decoded(corpus["8 channels"].path), wav, atol=1.5 / 32_768)


@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "opus", "mp3", "192 khz", "8 khz", "m4a", "wma"])
def test_no_bit_depends_on_the_block_size(corpus: dict[str, Case], name: str) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av'")
    expected = decoded(corpus[name].path)
    for block_s in (0.013, 0.4, 1000.0):
        assert np.array_equal(decoded(corpus[name].path, block_s=block_s), expected)


def test_blocks_are_as_long_as_asked(corpus: dict[str, Case]) -> None:
    sizes_s = [block.size / 22_050 for block in blocks(corpus["mp3"].path, block_s=1.0)]
    assert len(sizes_s) in (6, 7)
    assert max(sizes_s) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("name", ["wav", "mp3", "m4a"])
def test_a_file_object_is_heard_like_its_path_and_left_open(corpus: dict[str, Case], name: str) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av'")
    with corpus[name].path.open("rb") as file:
        file.seek(100)
        assert np.array_equal(decoded(file), decoded(corpus[name].path))
        assert not file.closed


def test_a_pipe_is_heard_like_its_file(corpus: dict[str, Case]) -> None:
    content = corpus["flac"].path.read_bytes()
    out, into = os.pipe()

    def feed() -> None:
        with os.fdopen(into, "wb") as end:
            end.write(content)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(out, "rb") as pipe:
        assert np.array_equal(decoded(pipe), decoded(corpus["flac"].path))
    feeder.join()


def test_an_array_is_heard_like_its_file(corpus: dict[str, Case]) -> None:
    samples, rate_hz = soundfile.read(corpus["flac"].path, dtype="float32")
    assert np.array_equal(resampled(samples, rate_hz), decoded(corpus["flac"].path))
    assert np.array_equal(resampled(samples, rate_hz, block_s=0.1), decoded(corpus["flac"].path))


@pytest.mark.parametrize("dtype", ["int16", "int32", "uint8", "float64"])
def test_arrays_of_every_type_have_the_same_scale(dtype: str) -> None:
    sound = music(rate_hz=22_050)
    full_scale = {"int16": 2**15, "int32": 2**31, "uint8": 2**7, "float64": 1}[dtype]
    values = (sound.astype(np.float64) * full_scale + (128 if dtype == "uint8" else 0)).astype(dtype)
    np.testing.assert_allclose(resampled(values, 22_050), sound.mean(axis=1), atol=1.5 / min(full_scale, 2**20))


@pytest.mark.parametrize(
    ("samples", "rate_hz", "says"),
    [
        (np.zeros(0), 44_100, "holds no sound"),
        (np.zeros((2, 44_100)), 44_100, r"has the shape \(2, 44100\)"),
        (np.zeros((100, 2, 2)), 44_100, "has the shape"),
        (np.float32(1.0), 44_100, "has the shape"),
        (np.zeros(44_100, bool), 44_100, "holds bool values"),
        (np.zeros(44_100, complex), 44_100, "holds complex128 values"),
        (np.full(44_100, np.nan), 44_100, "NaN"),
        (np.full(44_100, 1e300), 44_100, "huge"),
        (np.zeros(44_100), 0, "claims 0 samples a second"),
        (np.zeros(44_100), 1e9, r"claims 1e\+09 samples a second"),
    ],
)
def test_arrays_that_are_no_sound_are_refused_in_words(samples: NDArray[np.generic], rate_hz: float, says: str) -> None:
    with pytest.raises(SoundError, match=f"^The array {says}|values that are not sound.*{says}"):
        list(array_blocks(samples, rate_hz))


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
def test_a_truncated_file_is_heard_as_far_as_it_goes(
    corpus: dict[str, Case], wav: NDArray[np.float32], name: str, heard_s: float
) -> None:
    sound = decoded(corpus[name].path)
    assert sound.size / 22_050 == pytest.approx(heard_s, abs=0.05)
    assert np.median(differences_db(sound, wav[: sound.size])) < 0.2


def test_a_truncated_flac_is_heard_as_far_without_pyav(
    corpus: dict[str, Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    assert decoded(corpus["truncated flac"].path).size / 22_050 == pytest.approx(2.97, abs=0.05)


def test_silence_is_decoded_and_its_windows_are_silent(corpus: dict[str, Case]) -> None:
    stream = LogMel()
    columns = [stream.push(block) for block in blocks(corpus["digital silence"].path)]
    assert all(window.silent for window in windows([*columns, stream.finish()]))


@pytest.mark.parametrize("name", BY_PYAV)
def test_a_missing_extra_is_named(corpus: dict[str, Case], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av' to make the file")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=rf"music\.{name} needs the extra 'av'.*earmark\[av\]"):
        decoded(corpus[name].path)


@pytest.mark.parametrize("name", ["text", "header of a flac"])
def test_what_no_extra_can_hear_is_not_blamed_on_one(
    corpus: dict[str, Case], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SoundError, match="is not sound"):
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


def test_stderr_is_back_after_an_mp3(corpus: dict[str, Case], capfd: pytest.CaptureFixture[str]) -> None:
    threads = [threading.Thread(target=decoded, args=(corpus["truncated mp3"].path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory from /proc")
def test_two_hours_need_less_than_300_mb(tmp_path: Path) -> None:
    path = tmp_path / "mix.wav"
    with soundfile.SoundFile(path, "w", 22_050, 1, "PCM_16") as file:
        file.write(music(rate_hz=22_050, length_s=60.0).mean(axis=1))
    size_bytes = 2 * 22_050 * 7200
    with path.open("r+b") as raw:  # an hour and 59 minutes of nothing, which takes no room on the disk
        raw.truncate(44 + size_bytes)
        raw.seek(40)
        raw.write(size_bytes.to_bytes(4, "little"))
    hear = """
import sys
from pathlib import Path
from earmark.sound.decode import blocks
from earmark.sound.mel import LogMel
from earmark.sound.tokens import windows
stream = LogMel()
tokens = sum(window.new_tokens for window in windows(stream.push(block) for block in blocks(sys.argv[1])))
peak_kb = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(tokens, peak_kb)
"""
    answer = subprocess.run([sys.executable, "-c", hear, str(path)], capture_output=True, text=True, check=True)
    tokens, peak_kb = map(int, answer.stdout.split())
    assert tokens == pytest.approx(7200 / 1.4726, abs=2)
    assert peak_kb < 300_000
