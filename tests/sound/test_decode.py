"""Decoding: every format, and the laws of the way from file to levels. Bad input: test_bad_input.py."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from corpus import LENGTH_S, RATE_HZ, Case, music
from earmark.errors import SoundError
from earmark.sound.decode import array_blocks, blocks
from earmark.sound.mel import log_mel
from streams import decoded

LOSSLESS = ["flac", "aiff", "au", "wrong extension"]
LOSSY = ["ogg", "opus", "mp3"]
BY_PYAV = ["m4a", "aac", "wma"]


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


def test_a_file_of_192_khz_gives_the_same_answer(corpus: dict[str, Case], wav: NDArray[np.float32]) -> None:
    assert differences_db(decoded(corpus["192 khz"].path), wav).max() < 0.2


@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "opus", "mp3", "192 khz", "8 khz", "m4a", "wma"])
def test_no_bit_depends_on_the_block_size(corpus: dict[str, Case], name: str) -> None:
    if name not in corpus:
        pytest.skip("needs the extra 'av'")
    expected = decoded(corpus[name].path)
    for block_s in (0.013, 0.4, 1000.0):
        assert np.array_equal(decoded(corpus[name].path, block_s=block_s), expected)


def test_blocks_are_as_long_as_asked(corpus: dict[str, Case]) -> None:
    sizes_s = [block.size / 22_050 for block in blocks(corpus["mp3"].path, block_s=1.0)]
    assert len(sizes_s) in (6, 7, 8)
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


def test_a_film_that_is_longer_than_its_sound_has_nothing_unread(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs the extra 'av'")
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as file:
        pictures = file.add_stream("mpeg4", rate=5, width=32, height=32, pix_fmt="yuv420p")
        sound = file.add_stream("flac", rate=RATE_HZ, layout="mono", format="s16")
        for number in range(60):  # twelve seconds
            frame = av.VideoFrame(32, 32, "yuv420p")
            frame.pts = number
            file.mux(pictures.encode(frame))
        samples = (20_000 * music()[:, 0]).astype(np.int16)
        for at in range(0, len(samples), 4096):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 4096], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE_HZ, at
            file.mux(sound.encode(frame))
        file.mux([*pictures.encode(None), *sound.encode(None)])
    heard = blocks(path)
    assert sum(map(len, heard)) / 22_050 == pytest.approx(LENGTH_S, abs=0.1)
    assert heard.unread_s == 0
