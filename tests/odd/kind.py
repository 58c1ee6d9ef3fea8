"""What a kind of odd file is, the table of them all, and the desk at which they are made.

Lengths are in seconds. A kind's length follows from that of the music it is made of: `times` of it and `plus_s` more.
"""

import importlib
import io
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

Sound = NDArray[np.float32]
Build = Callable[["Desk"], bytes]
# All is heard; or some, and what is missing is said; or either of both or a sentence, but nothing is lost without a
# word; or a sentence alone.
Outcome = Literal["whole", "part", "told", "refused"]

RATE_HZ = 44_100
_MODULES = ("mpeg", "xiph", "riff", "pcm", "levels", "foreign", "not_sound", "places")
_KINDS: dict[str, "Kind"] = {}


@dataclass(frozen=True)
class Kind:
    """A kind of odd file.

    Attributes
    ----------
    name, file_name, made:
        What it is, what the file is called, how it was made, in words.
    build:
        Gives its bytes.
    outcome, without_av:
        What must come of it with PyAV, and without (None: the same).
    times, plus_s:
        How long the sound in it is, in lengths of the music and seconds.
    least:
        The share of that which must be heard where a part is.
    says, says_without_av:
        Regular expressions that what is said must hold.
    same:
        Whether the answer must be that of the clean copy.
    needs:
        Programs that make it.
    place:
        Puts the bytes where the path says; None where that is a plain file.
    """

    name: str
    file_name: str
    made: str
    build: Build
    outcome: Outcome = "whole"
    without_av: Outcome | None = None
    times: float = 1.0
    plus_s: float = 0.0
    least: float = 0.5
    says: str = ""
    says_without_av: str | None = None
    same: bool = True
    needs: tuple[str, ...] = ()
    place: Callable[[Path, bytes], object] | None = None

    def lasts_s(self, music_s: float) -> float:
        """How long its sound is where the music lasts `music_s`."""
        return self.times * music_s + self.plus_s

    def put(self, path: Path, content: bytes) -> None:
        """The file, or what stands for one, at the path."""
        (self.place or Path.write_bytes)(path, content)


def kind(name: str, file_name: str, **promises: Any) -> Callable[[Build], Build]:
    """Register what a function builds as a kind; the function's docstring says how it is made."""

    def register(build: Build) -> Build:
        add(Kind(name, file_name, made=" ".join((build.__doc__ or "").split()), build=build, **promises))
        return build

    return register


def add(new: Kind) -> None:
    """Register a kind."""
    if new.name in _KINDS:
        raise ValueError(f"there are two kinds called {new.name!r}")
    _KINDS[new.name] = new


def all_kinds(*modules: str) -> list[Kind]:
    """The kinds that the named modules describe, or all, in the order of the modules."""
    for module in _MODULES:
        importlib.import_module(f"odd.{module}")
    wanted = {f"odd.{module}" for module in modules or _MODULES}
    return [each for each in _KINDS.values() if each.build.__module__ in wanted]


class Desk:
    """The music that odd files are made of, `(samples, 2)` float32 at 44 100 Hz, and what encodes it."""

    def __init__(self, sound: Sound, folder: Path) -> None:
        self.sound = sound
        self._folder = folder

    @property
    def length_s(self) -> float:
        """How long the music is."""
        return self.sound.shape[0] / RATE_HZ

    def at(self, rate_hz: int, sound: Sound | None = None) -> Sound:
        """The music, or another sound, at another rate."""
        return soxr.resample(self.sound if sound is None else sound, RATE_HZ, rate_hz).astype(np.float32)

    def encode(self, sound: Sound, form: str, rate_hz: int = RATE_HZ, **options: Any) -> bytes:
        """A sound as libsndfile writes it: "WAV", "FLAC", "OGG", "MP3" and so on, with soundfile's options."""
        file = io.BytesIO()
        channels = sound.shape[1] if sound.ndim == 2 else 1
        with soundfile.SoundFile(file, "w", rate_hz, channels, format=form, **options) as target:
            for start in range(0, len(sound), rate_hz):  # the Vorbis encoder takes little at once
                target.write(sound[start : start + rate_hz])
        return file.getvalue()

    def encode_by_av(
        self,
        codec: str,
        container: str,
        *,
        rate_hz: int = RATE_HZ,
        layout: str = "stereo",
        bit_rate: int = 128_000,
        options: dict[str, str] | None = None,
    ) -> bytes:
        """The music as one of FFmpeg's encoders and muxers in PyAV write it, left and right in turn on all channels."""
        import av

        path = self._folder / f"music.{container}"  # a file: moving the index to the start opens it again
        with av.open(str(path), "w", format=container, options=options or {}) as target:
            stream = target.add_stream(codec, rate=rate_hz, layout=layout, bit_rate=bit_rate)
            sides = np.arange(av.AudioLayout(layout).nb_channels) % 2
            samples = self.at(rate_hz)[:, sides].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
            frame.sample_rate = rate_hz
            convert = av.AudioResampler(stream.format, layout, rate_hz, frame_size=stream.codec_context.frame_size)
            for converted in [*convert.resample(frame), *convert.resample(None), None]:
                # FLAC's last packet is empty and carries a checksum alone, which PyAV cannot write.
                target.mux([packet for packet in stream.encode(converted) if packet.size])
        return path.read_bytes()

    def by(self, *command: str, content: bytes | None = None) -> bytes:
        """What a program makes of the music's wav, or other content.

        In its words `{wav}` is the file with that content, and `{out.SUFFIX}` the one that it writes.
        """
        wav = self._folder / "music.wav"
        wav.write_bytes(self.wav if content is None else content)
        words = []
        out = self._folder / "out"
        for word in command:
            if word.startswith("{out"):
                out = self._folder / word.strip("{}")
                out.unlink(missing_ok=True)
            words.append(str(out) if word.startswith("{out") else word.replace("{wav}", str(wav)))
        done = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode(errors='replace')[-500:]}")
        return out.read_bytes() if out.exists() else done.stdout

    @cached_property
    def wav(self) -> bytes:
        """The music as 16-bit wav with the plain header of 44 bytes."""
        return self.encode(self.sound, "WAV")

    @cached_property
    def mp3(self) -> bytes:
        """The music as an mp3 of a constant bit rate, with the header frame that tells the length."""
        return self.encode(self.sound, "MP3", bitrate_mode="CONSTANT", compression_level=0.6)

    @cached_property
    def flac(self) -> bytes:
        """The music as FLAC."""
        return self.encode(self.sound, "FLAC")

    @cached_property
    def ogg(self) -> bytes:
        """The music as Ogg Vorbis."""
        return self.encode(self.sound, "OGG")

    @cached_property
    def m4a(self) -> bytes:
        """The music as AAC in MPEG-4, its index behind the sound."""
        return self.encode_by_av("aac", "ipod")

    @cached_property
    def aiff(self) -> bytes:
        """The music as 16-bit AIFF."""
        return self.encode(self.sound, "AIFF")

    def jingle(self, *, rate_hz: int = RATE_HZ, channels: int = 2, length_s: float = 1.0) -> Sound:
        """Another short sound, `(samples, channels)`: two falling tones."""
        time_s = np.arange(round(rate_hz * length_s)) / rate_hz
        tones = sum(np.sin(2 * np.pi * pitch_hz * time_s) for pitch_hz in (1320.0, 880.0))
        return np.repeat((0.2 * tones * np.exp(-2 * time_s))[:, None], channels, axis=1).astype(np.float32)


def mixed(sound: Sound) -> Sound:
    """The mean of the channels as one, `(samples, 1)`."""
    return sound.mean(axis=1, keepdims=True)


def lacking(needs: tuple[str, ...]) -> list[str]:
    """The programs that are not on this machine."""
    return [program for program in needs if shutil.which(program) is None]
