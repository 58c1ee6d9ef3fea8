"""Decoding with PyAV, the extra `av`: what libsndfile does not know, and what it gives up."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earmark.sound.files import Reader
from earmark.sound.pieces import Piece, at_full_scale

if TYPE_CHECKING:
    from av import AudioFrame, AudioStream, Packet
    from av.container import InputContainer

# FFmpeg's demuxers of sound and film. Left out are playlists, which open further files, and those that take any text
# or picture for a film.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,rm,tak,truehd,"
    "tta,voc,w64,wav,wv"
)
# Those that state a length, and do not guess it from the bitrate of the first second.
_STATE_LENGTH = frozenset({"mov", "matroska", "webm", "asf", "avi", "wv", "tta", "ape", "dsf", "mpc8", "tak"})
_FLOATS = frozenset({"flt", "fltp", "dbl", "dblp"})
_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Found:
    """What a file said of its sound: whether it could be opened and has some, and how long it claims to be, 0 where it
    does not say.
    """

    opened: bool = False
    duration_s: float = 0.0


def is_installed() -> bool:
    """Whether the extra is there."""
    try:
        import av  # noqa: F401
    except ImportError:
        return False
    return True


def pyav_pieces(file: Reader, found: Found) -> Generator[Piece, None, None]:
    """What PyAV decodes of the first sound stream, without the packets that are damaged; it ends where nothing goes on.

    `found` is filled in.
    """
    import av

    try:
        with opened(file) as container:
            if container.streams.audio:
                found.opened = True
                found.duration_s = stated_s(container)
                yield from _frames(container)
    except (av.error.FFmpegError, ValueError):
        return


def opened(file: Reader) -> "InputContainer":
    """A file as PyAV has it, as a context manager; av.error.FFmpegError or ValueError where it knows no such file."""
    import av

    file.seek(0)
    return av.open(file, "r", options={"format_whitelist": _DEMUXERS}, metadata_errors="replace")


def stated_s(container: "InputContainer") -> float:
    """Seconds of its first sound stream by its own word; 0 where it does not say."""
    formats = set(container.format.name.split(","))
    if not formats & _STATE_LENGTH:
        return 0.0
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    # That of the file is that of its longest stream.
    return 0.0 if container.streams.video else (container.duration or 0) / _MICROSECONDS


def _frames(container: "InputContainer") -> Generator[Piece, None, None]:
    from av.error import InvalidDataError

    stream = container.streams.audio[0]
    for packet in packets(container, stream):
        try:
            frames: list[Any] = packet.decode()
        except InvalidDataError:
            continue
        for frame in frames:
            yield piece_of(frame, stream)


def piece_of(frame: "AudioFrame", stream: "AudioStream") -> Piece:
    """What a frame of a stream holds."""
    bits = _bits(frame.format.name, stream.codec_context.name)
    return Piece(at_full_scale(_samples(frame)), frame.sample_rate, bits)


def packets(container: "InputContainer", stream: "AudioStream") -> Iterator["Packet[Any]"]:
    """The packets of a stream, from where the container is."""
    while True:
        try:
            yield from container.demux(stream)
        except IndexError:  # a packet of a stream that came late, which PyAV does not know
            continue
        return


def _samples(frame: "AudioFrame") -> NDArray[Any]:
    """`(n, channels)` of the frame's own type.

    PyAV's `to_ndarray` reads planes that are not there, and crashes, where there are more than eight channels.
    """
    channels, kind = frame.layout.nb_channels, np.dtype(_TYPES[frame.format.name.removesuffix("p")])
    if not frame.format.is_planar:
        packed = np.frombuffer(memoryview(frame.planes[0]), kind, count=frame.samples * channels)
        return packed.reshape(-1, channels)
    planes = [np.frombuffer(memoryview(plane), kind, count=frame.samples) for plane in frame.planes[:channels]]
    return np.stack(planes, axis=1)


def _bits(sample_format: str, codec: str) -> int | None:
    """How fine the steps of a stream are; None for floats. Lossy codecs decode to floats and are made from 16 bits."""
    if sample_format in _FLOATS:
        return None if codec.startswith(("pcm_f", "wavpack")) else 16
    return 8 * np.dtype(_TYPES[sample_format.removesuffix("p")]).itemsize


_TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}
