"""Decoding with PyAV, the extra `av`: what libsndfile does not know, and what it gives up."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.sound.files import Reader
from earmark.sound.pieces import Piece, at_full_scale

if TYPE_CHECKING:
    from av.container import InputContainer

# FFmpeg's demuxers of sound and film. Left out are playlists, which open further files, and those that take any text
# or picture for a film.
_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,iff,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,rm,tak,"
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

    file.seek(0)
    try:
        options = {"format_whitelist": _DEMUXERS}
        with av.open(file, "r", options=options, metadata_errors="replace") as container:
            if container.streams.audio:
                found.opened = True
                found.duration_s = _stated_s(container)
                yield from _frames(container)
    except (av.error.FFmpegError, ValueError):
        return


def _stated_s(container: "InputContainer") -> float:
    formats = set(container.format.name.split(","))
    if not formats & _STATE_LENGTH:
        return 0.0
    stream = container.streams.audio[0]
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / _MICROSECONDS


def _frames(container: "InputContainer") -> Generator[Piece, None, None]:
    from av.error import InvalidDataError

    stream = container.streams.audio[0]
    for packet in container.demux(stream):
        try:
            frames: list[Any] = packet.decode()
        except InvalidDataError:
            continue
        for frame in frames:
            values = frame.to_ndarray()
            bits = _bits(frame.format.name, stream.codec_context.name)
            samples = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
            yield Piece(at_full_scale(samples), frame.sample_rate, bits)


def _bits(sample_format: str, codec: str) -> int | None:
    """How fine the steps of a stream are; None for floats. Lossy codecs decode to floats and are made from 16 bits."""
    if sample_format in _FLOATS:
        return None if codec.startswith(("pcm_f", "wavpack")) else 16
    return 8 * np.dtype(_INTEGERS.get(sample_format.removesuffix("p"), "i2")).itemsize


_INTEGERS = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8"}
