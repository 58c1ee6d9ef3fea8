"""A folder of good, odd and bad sound files, made from six synthesised seconds of music.

What each is, whether it is heard, and what the error says if it is not stands in its `Case`. The same corpus serves
the tests of decoding, listening and the command line.
"""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE_HZ = 44_100
LENGTH_S = 6.0


@dataclass(frozen=True)
class Case:
    """A file, whether it is heard, and otherwise a part of the sentence that says why not.

    Digital silence can be decoded: it is the listener who says "silent".
    """

    path: Path
    hears: bool
    says: str = ""


def music(*, rate_hz: int = RATE_HZ, length_s: float = LENGTH_S, seed: int = 0) -> NDArray[np.float32]:
    """Chords, a tune and a beat: `(samples, 2)` float32, peak 0.5, nothing above 3.5 kHz but the beat's noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(rate_hz * length_s)) / rate_hz
    chords = sum(_note(time_s, 110 * 2 ** (step / 12), fall_s=20.0) for step in (0, 7, 12, 16))
    tune = np.zeros_like(time_s)
    beat_s = 0.25
    for beat in range(round(length_s / beat_s)):
        start = round(beat * beat_s * rate_hz)
        step = rng.choice([0, 2, 4, 7, 9])
        tune[start : start + rate_hz] += _note(
            time_s[: time_s.size - start][:rate_hz], 440 * 2 ** (step / 12), fall_s=0.15
        )
    hiss = rng.normal(size=time_s.size) * np.exp(-(time_s % 0.5) / 0.05)
    left = 0.5 * chords + tune + 0.05 * hiss
    right = chords + 0.6 * tune + 0.05 * hiss
    stereo = np.stack([left, right], axis=1)  # (samples, 2)
    return (0.5 * stereo / np.abs(stereo).max()).astype(np.float32)


def make_corpus(folder: Path) -> dict[str, Case]:
    """Fill the folder; the cases by name. Those of m4a, aac and wma are there where PyAV is."""
    folder.mkdir(parents=True, exist_ok=True)
    sound = music()
    cases = _formats(folder, sound) | _damaged(folder, sound) | _odd_sound(folder, sound) | _odd_files(folder, sound)
    if importlib.util.find_spec("av"):
        cases |= _pyav_formats(folder, sound)
    return cases


def write_with_pyav(path: Path, sound: NDArray[np.float32], codec: str, *, container: str | None = None) -> None:
    """Encode `(samples, 2)` float32 with one of FFmpeg's encoders, at 192 kbit/s."""
    import av

    with av.open(str(path), "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE_HZ, layout="stereo", bit_rate=192_000)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)


def _note(time_s: NDArray[np.float64], pitch_hz: float, *, fall_s: float) -> NDArray[np.float64]:
    partials = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k**2 for k in range(1, 5))
    return partials * np.exp(-time_s / fall_s) * np.minimum(time_s / 0.01, 1)


def _formats(folder: Path, sound: NDArray[np.float32]) -> dict[str, Case]:
    cases = {}
    for suffix in ("wav", "flac", "ogg", "mp3", "aiff", "au"):
        path = folder / f"music.{suffix}"
        soundfile.write(path, sound, RATE_HZ)
        cases[suffix] = Case(path, hears=True)
    path = folder / "music.opus"
    soundfile.write(path, soxr.resample(sound, RATE_HZ, 48_000), 48_000, format="OGG", subtype="OPUS")
    return cases | {"opus": Case(path, hears=True)}


def _pyav_formats(folder: Path, sound: NDArray[np.float32]) -> dict[str, Case]:
    cases = {}
    for suffix, codec, container in (("m4a", "aac", "ipod"), ("aac", "aac", "adts"), ("wma", "wmav2", "asf")):
        path = folder / f"music.{suffix}"
        write_with_pyav(path, sound, codec, container=container)
        cases[suffix] = Case(path, hears=True)
    return cases


def _damaged(folder: Path, sound: NDArray[np.float32]) -> dict[str, Case]:
    """Cut short or not sound at all. What can be read of the first four is 3 s, 3 s, 0.1 s and nothing."""
    mp3 = (folder / "music.mp3").read_bytes()
    flac = (folder / "music.flac").read_bytes()
    contents = {
        "truncated mp3": ("truncated.mp3", mp3[: len(mp3) // 2], ""),
        "truncated flac": ("truncated.flac", flac[: len(flac) // 2], ""),
        "stub of a flac": ("stub.flac", flac[: len(flac) // 40], "less than half a second"),
        "header of a flac": ("header.flac", flac[:60], "begins like a FLAC file"),
        "empty file": ("empty.mp3", b"", "is empty"),
        "text": ("text.mp3", b"You are listening to a text.\n" * 500, "is not sound"),
        "web page": ("page.mp3", b"<!DOCTYPE html><html><body>404</body></html>", "is not sound"),
        "noise of bytes": ("bytes.mp3", np.random.default_rng(1).bytes(50_000), "is not sound"),
        "wrong extension": ("flac.mp3", flac, ""),
    }
    cases = {}
    for name, (file_name, content, says) in contents.items():
        (folder / file_name).write_bytes(content)
        cases[name] = Case(folder / file_name, hears=not says, says=says)
    return cases


def _odd_sound(folder: Path, sound: NDArray[np.float32]) -> dict[str, Case]:
    with_nan, with_infinity = sound.copy(), sound.copy()
    with_nan[RATE_HZ, 1] = np.nan
    with_infinity[RATE_HZ, 0] = -np.inf
    eight_channels = np.tile(sound, (1, 4))
    sounds = {
        "no samples": ("nothing.wav", sound[:0], RATE_HZ, "holds no sound"),
        "one sample": ("one.wav", sound[:1], RATE_HZ, "less than half a second"),
        "digital silence": ("silence.wav", np.zeros_like(sound), RATE_HZ, "silent"),
        "nan": ("nan.wav", with_nan, RATE_HZ, "NaN"),
        "infinity": ("infinity.wav", with_infinity, RATE_HZ, "NaN"),
        "8 khz": ("8khz.wav", soxr.resample(sound, RATE_HZ, 8_000), 8_000, ""),
        "192 khz": ("192khz.wav", soxr.resample(sound, RATE_HZ, 192_000), 192_000, ""),
        "8 channels": ("8channels.wav", eight_channels, RATE_HZ, ""),
    }
    cases = {}
    for name, (file_name, values, rate_hz, says) in sounds.items():
        soundfile.write(folder / file_name, values, rate_hz, subtype="FLOAT")
        cases[name] = Case(folder / file_name, hears=not says, says=says)
    return cases


def _odd_files(folder: Path, sound: NDArray[np.float32]) -> dict[str, Case]:
    """Names, links, folders and permissions. A root user may read everything: then the shut file is heard."""
    good = (folder / "music.flac").read_bytes()
    cases = {}
    for name, file_name in {
        "spaces": "  with  spaces .flac",
        "newline": "with\nnewline.flac",
        "emoji": "with 🎸 and 👩\u200d🎤.flac",
        "shut": "shut.flac",
    }.items():
        (folder / file_name).write_bytes(good)
        cases[name] = Case(folder / file_name, hears=True)
    escape = folder / "an\x1b[31mescape\rand\nnewline.mp3"
    escape.write_bytes(b"no sound")
    (folder / "shut.flac").chmod(0)
    (folder / "folder.flac").mkdir(exist_ok=True)
    links = {"link to nothing.flac": folder / "nothing here.flac", "around.flac": folder / "around.flac"}
    for file_name, target in links.items():
        if not (folder / file_name).is_symlink():
            (folder / file_name).symlink_to(target)
    return cases | {
        "control characters": Case(escape, hears=False, says="an\\x1b[31mescape\\rand\\nnewline.mp3 is not sound"),
        "shut": Case(folder / "shut.flac", hears=os.access(folder / "shut.flac", os.R_OK), says="may not be read"),
        "folder": Case(folder / "folder.flac", hears=False, says="is a folder"),
        "broken link": Case(folder / "link to nothing.flac", hears=False, says="is a link to a file that is not there"),
        "link to itself": Case(folder / "around.flac", hears=False, says="cannot be opened"),
        "not there": Case(folder / "never was.flac", hears=False, says="is not there"),
        "directory loop": _directory_loop(folder),
    }


def _directory_loop(folder: Path) -> Case:
    """A folder that holds a link to the whole corpus's folder: searching it must end."""
    inner = folder / "loop"
    inner.mkdir(exist_ok=True)
    if not (inner / "up").is_symlink():
        (inner / "up").symlink_to(folder, target_is_directory=True)
    return Case(inner, hears=False, says="is a folder")
