"""What libsndfile does not read: MPEG-4, Matroska, WavPack, films. Heard with PyAV, and without it said in words."""

import struct

import numpy as np

from odd import surgery
from odd.kind import RATE_HZ, Desk, Kind, add, kind

_NAMES_EXTRA = r"earmark\[av\]"
# Codec and container as PyAV names them, suffix, rate.
_BY_PYAV = {
    "m4a": ("aac", "ipod", "m4a", RATE_HZ),
    "m4a, ALAC": ("alac", "ipod", "m4a", RATE_HZ),
    "mp4 of flac": ("flac", "mp4", "mp4", RATE_HZ),
    "mov": ("pcm_s16le", "mov", "mov", RATE_HZ),
    "aac": ("aac", "adts", "aac", RATE_HZ),
    "wma": ("wmav2", "asf", "wma", RATE_HZ),
    "wavpack": ("wavpack", "wv", "wv", RATE_HZ),
    "tta": ("tta", "tta", "tta", RATE_HZ),
    "ac3": ("ac3", "ac3", "ac3", RATE_HZ),
    "eac3": ("eac3", "eac3", "eac3", RATE_HZ),
    "mka": ("flac", "matroska", "mka", RATE_HZ),
    "webm": ("libopus", "webm", "webm", 48_000),
    "avi": ("mp2", "avi", "avi", RATE_HZ),
    "flv": ("libmp3lame", "flv", "flv", RATE_HZ),
    "mpeg transport stream": ("mp2", "mpegts", "ts", RATE_HZ),
    "3gp": ("aac", "3gp", "3gp", RATE_HZ),
}


def _add_all() -> None:
    for name, (codec, container, suffix, rate_hz) in _BY_PYAV.items():
        add(
            Kind(
                name,
                f"music.{suffix}",
                made=f"{codec} in {container}, by PyAV.",
                build=lambda desk, codec=codec, container=container, rate_hz=rate_hz: desk.encode_by_av(
                    codec, container, rate_hz=rate_hz
                ),
                without_av="told",
                says_without_av=_NAMES_EXTRA,
            )
        )
    film = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-shortest")
    for name, suffix, words in (
        ("mp4 with video", "mp4", (*film, "-c:a", "aac")),
        ("mkv with video", "mkv", (*film, "-c:a", "libvorbis")),
        ("webm with video", "webm", (*film, "-c:a", "libopus")),
        ("avi with video", "avi", (*film, "-c:a", "libmp3lame")),
        ("mpeg with video", "mpg", (*film[:3], "testsrc=size=64x64:rate=25", "-shortest", "-c:a", "mp2")),
        ("mp4, fragmented", "mp4", ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov")),
        ("m4a, index first", "m4a", ("-c:a", "aac", "-movflags", "+faststart")),
        ("dts", "dts", ("-c:a", "dca", "-strict", "-2")),
        ("mka of vorbis", "mka", ("-c:a", "libvorbis")),
        ("truehd", "thd", ("-c:a", "truehd", "-strict", "-2")),
        ("real audio", "rm", ("-c:a", "real_144", "-ac", "1", "-ar", "8000")),
        ("wma, version 1", "wma", ("-c:a", "wmav1")),
    ):
        add(
            Kind(
                name,
                f"music.{suffix}",
                made=f"`ffmpeg {' '.join(words)}`.",
                build=lambda desk, words=words, suffix=suffix: desk.by(
                    "ffmpeg", "-i", "{wav}", *words, f"{{out.{suffix}}}"
                ),
                without_av="told",
                says_without_av=_NAMES_EXTRA,
                needs=("ffmpeg",),
                same=name != "real audio",
            )
        )


_add_all()


@kind("m4a, truncated, its index behind", "music.m4a", outcome="refused")
def m4a_truncated(desk: Desk) -> bytes:
    """The first half: what tells where the sound is was at the end."""
    return desk.m4a[: len(desk.m4a) // 2]


@kind(
    "m4a, truncated, its index first",
    "music.m4a",
    outcome="part",
    without_av="told",
    says_without_av=_NAMES_EXTRA,
    least=0.4,
)
def m4a_fast_truncated(desk: Desk) -> bytes:
    """The first half of a file with its index at the start."""
    content = desk.encode_by_av("aac", "ipod", options={"movflags": "faststart"})
    return content[: len(content) // 2]


@kind(
    "m4a, a piece lost in the download",
    "music.m4a",
    outcome="told",
    without_av="told",
    says_without_av=_NAMES_EXTRA,
    same=False,
)
def m4a_lost_piece(desk: Desk) -> bytes:
    """A fifth of the sound is zeros."""
    return surgery.hole(desk.m4a, 0.4, 0.2)


@kind("m4a behind ID3v2", "music.m4a", outcome="told")
def m4a_behind_id3(desk: Desk) -> bytes:
    """A tag that MPEG-4 does not have."""
    return surgery.id3v2(4000) + desk.m4a


@kind("aac, truncated", "music.aac", times=0.5, without_av="told", says_without_av=_NAMES_EXTRA)
def aac_truncated(desk: Desk) -> bytes:
    """The first half: frames tell nothing of the whole."""
    content = desk.encode_by_av("aac", "adts")
    return content[: len(content) // 2]


@kind("wavpack, truncated", "music.wv", outcome="part", without_av="told", says_without_av=_NAMES_EXTRA, least=0.4)
def wavpack_truncated(desk: Desk) -> bytes:
    """The first half of a file whose header tells the length."""
    content = desk.encode_by_av("wavpack", "wv")
    return content[: len(content) // 2]


@kind("wavpack, by wavpack", "music.wv", without_av="told", says_without_av=_NAMES_EXTRA, needs=("wavpack",))
def wavpack_by_wavpack(desk: Desk) -> bytes:
    """`wavpack -hh`."""
    return desk.by("wavpack", "-q", "-y", "-hh", "{wav}", "-o", "{out.wv}")


@kind("wavpack, lossy, by wavpack", "music.wv", without_av="told", says_without_av=_NAMES_EXTRA, needs=("wavpack",))
def wavpack_hybrid(desk: Desk) -> bytes:
    """`wavpack -b256`."""
    return desk.by("wavpack", "-q", "-y", "-b256", "{wav}", "-o", "{out.wv}")


@kind("wavpack of 16 channels", "music.wv", without_av="told", says_without_av=_NAMES_EXTRA)
def wavpack_hexadecagonal(desk: Desk) -> bytes:
    """By PyAV, whose arrays of more than eight planes reach beyond their memory."""
    return desk.encode_by_av("wavpack", "wv", layout="hexadecagonal")


@kind("dsf", "music.dsf", without_av="told", says_without_av=_NAMES_EXTRA, same=False)
def dsf(desk: Desk) -> bytes:
    """One bit at 2.8 MHz, each sample as 64 bits of which as many are ones as the sample is high."""
    block = 4096
    ones = np.round((desk.sound + 1) * 32).clip(0, 64).astype(int)  # (samples, 2)
    ramp = np.arange(64)
    patterns = np.stack([(ramp * n // 64) != ((ramp + 1) * n // 64) for n in range(65)])  # (65, 64)
    packed = np.packbits(patterns, axis=1, bitorder="little")[ones]  # (samples, 2, 8)
    channels = [packed[:, side].tobytes() for side in (0, 1)]
    size = -(-len(channels[0]) // block) * block
    padded = [channel.ljust(size, b"\x69") for channel in channels]
    data = b"".join(padded[side][at : at + block] for at in range(0, size, block) for side in (0, 1))
    sheet = struct.pack("<QIIIIIIQII", 52, 1, 0, 2, 2, 64 * RATE_HZ, 1, 64 * len(ones), block, 0)
    body = b"fmt " + sheet + b"data" + struct.pack("<Q", 12 + len(data)) + data
    return b"DSD " + struct.pack("<QQQ", 28, 28 + len(body), 0) + body


@kind("mp4 without sound", "music.mp4", outcome="refused", says="no sound|not sound|earmark", needs=("ffmpeg",))
def film_alone(desk: Desk) -> bytes:
    """A film of two seconds, and no sound stream."""
    words = ("-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=2")
    return desk.by("ffmpeg", *words, "{out.mp4}")
