"""Odd wav, RF64, W64, AIFF, CAF and AU files: chunks that lie about their sizes, and headers that make no sense."""

import struct

from odd import surgery
from odd.kind import RATE_HZ, Desk, Kind, add, kind

_IMPOSSIBLE = 0x7FFFFFFF


@kind("wav", "music.wav")
def wav(desk: Desk) -> bytes:
    """16 bit, as it is."""
    return desk.wav


def _add_claims() -> None:
    for name, claimed in {
        "0, as a recorder leaves it that died": 0,
        "0xFFFFFFFF, as ffmpeg writes to a pipe": 0xFFFFFFFF,
        "0x7FFFFFFF, as other programs write to a pipe": 0x7FFFFFFF,
        "0x7FFFF000, as sox writes to a pipe": 0x7FFFF000,
    }.items():
        add(
            Kind(
                f"wav, claims {name}",
                "music.wav",
                made=f"The sizes of RIFF and data are {claimed:#x}.",
                build=lambda desk, claimed=claimed: surgery.riff_with_claim(desk.wav, claimed),
            )
        )


_add_claims()


@kind("wav through a pipe, by ffmpeg", "music.wav", needs=("ffmpeg",))
def wav_by_ffmpeg(desk: Desk) -> bytes:
    """`ffmpeg -f wav -`."""
    return desk.by("ffmpeg", "-v", "error", "-i", "{wav}", "-f", "wav", "-")


@kind("wav through a pipe, by sox", "music.wav", needs=("sox",))
def wav_by_sox(desk: Desk) -> bytes:
    """`sox -t wav -`."""
    return desk.by("sox", "{wav}", "-t", "wav", "-")


@kind("wav, claims twice what it has", "music.wav", outcome="part", times=2.0, least=0.45)
def wav_claims_twice(desk: Desk) -> bytes:
    """The same as a copy that broke off half way."""
    return surgery.riff_with_claim(desk.wav, 2 * (len(desk.wav) - 44))


@kind("wav, claims half of what it has", "music.wav", outcome="told")
def wav_claims_half(desk: Desk) -> bytes:
    """What is behind may be sound, or tags: it is heard, or said."""
    return surgery.riff_with_claim(desk.wav, (len(desk.wav) - 44) // 2)


@kind("wav, truncated", "music.wav", outcome="part", least=0.45)
def wav_truncated(desk: Desk) -> bytes:
    """The first half."""
    return desk.wav[: len(desk.wav) // 2]


@kind("wav, wrecked INFO", "music.wav")
def wav_wrecked_info(desk: Desk) -> bytes:
    """A LIST chunk whose sub-chunk claims four gigabytes: libsndfile (issue 1118) never returns."""
    body = b"INFO" + b"zzzz" + struct.pack("<I", 0xFFFFFFF8) + b"abcd" * 10
    return surgery.riff_with_chunk(desk.wav, b"LIST", body)


@kind("wav, wrecked INFO of 144 bytes", "music.wav", outcome="refused")
def wav_hang(desk: Desk) -> bytes:
    """The same with a list that claims two gigabytes, and ten samples of silence."""
    short = desk.encode(0 * desk.sound[:10], "WAV")
    body = b"INFO" + b"zzzz" + struct.pack("<I", 0xFFFFFFF8) + b"abcd" * 8
    return surgery.riff_with_chunk(short, b"LIST", body, claimed=_IMPOSSIBLE)


@kind("wav, INFO that claims two gigabytes", "music.wav", outcome="told")
def wav_endless_list(desk: Desk) -> bytes:
    """The list and its sub-chunk claim more than the file."""
    body = b"INFO" + b"zzzz" + struct.pack("<I", 0xFFFFFFF8) + b"abcd" * 8
    return surgery.riff_with_chunk(desk.wav, b"LIST", body, claimed=_IMPOSSIBLE)


@kind("wav, INFO with a title of impossible size", "music.wav")
def wav_title(desk: Desk) -> bytes:
    """INAM claims two gigabytes."""
    body = b"INFO" + b"INAM" + struct.pack("<I", _IMPOSSIBLE) + b"Song\x00\x00"
    return surgery.riff_with_chunk(desk.wav, b"LIST", body)


@kind("wav, odd chunks", "music.wav")
def wav_odd_chunks(desk: Desk) -> bytes:
    """JUNK, bext and an unknown chunk before the sound."""
    content = desk.wav
    for name, size in ((b"JUNK", 28), (b"bext", 602), (b"abcd", 30_000)):
        content = surgery.riff_with_chunk(content, name, bytes(size))
    return content


@kind("wav, chunk of odd size without its pad", "music.wav", outcome="told")
def wav_unpadded(desk: Desk) -> bytes:
    """A chunk of 7 bytes, and the next one right behind it."""
    return surgery.riff_with_chunk(desk.wav, b"abcd", bytes(7))


@kind("wav, tags behind the sound", "music.wav")
def wav_tags_behind(desk: Desk) -> bytes:
    """An id3 chunk of 2 MB behind the sound."""
    tag = surgery.id3v2(2_000_000)
    content = desk.wav + b"id3 " + struct.pack("<I", len(tag)) + tag
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


@kind("wav behind ID3v2", "music.wav", outcome="told")
def wav_behind_id3(desk: Desk) -> bytes:
    """A tag before RIFF."""
    return surgery.id3v2(4000) + desk.wav


@kind("wav, sound in two data chunks", "music.wav", outcome="told", least=0.45)
def wav_two_data(desk: Desk) -> bytes:
    """The second half in a data chunk of its own."""
    middle = 44 + (len(desk.wav) - 44) // 8 * 4
    first, second = desk.wav[44:middle], desk.wav[middle:]
    chunks = [b"data" + struct.pack("<I", len(half)) + half for half in (first, second)]
    return desk.wav[:36] + b"".join(chunks)


@kind("wav, header alone", "music.wav", outcome="refused", says="no sound")
def wav_header(desk: Desk) -> bytes:
    """44 bytes."""
    return surgery.riff_with_claim(desk.wav[:44], 0)


@kind("wav, two joined", "music.wav", outcome="told", times=2.0)
def wav_joined(desk: Desk) -> bytes:
    """One file behind the other: what the second holds is heard, or said."""
    return desk.wav + desk.wav


def _add_nonsense() -> None:
    for name, offset, form, value in (
        ("no channels", 22, "H", 0),
        ("60 000 channels", 22, "H", 60_000),
        ("a rate of 0", 24, "I", 0),
        ("a rate of 1 Hz", 24, "I", 1),
        ("a rate of 4 GHz", 24, "I", 0xFFFFFFF0),
        ("no bits a sample", 34, "H", 0),
        ("7000 bits a sample", 34, "H", 7000),
        ("an unknown codec", 20, "H", 0x4242),
    ):
        add(
            Kind(
                f"wav, {name}",
                "music.wav",
                made="A number in the header.",
                build=lambda desk, offset=offset, form=form, value=value: surgery.riff_field(
                    desk.wav, offset, form, value
                ),
                outcome="refused",
            )
        )
    for name, offset, value in (("a frame of 3 bytes", 32, 3), ("a frame of 0 bytes", 32, 0)):
        add(
            Kind(
                f"wav, {name}",
                "music.wav",
                made="A number in the header.",
                build=lambda desk, offset=offset, value=value: surgery.riff_field(desk.wav, offset, "H", value),
                outcome="told",
                same=False,
            )
        )


_add_nonsense()


@kind("rf64", "music.wav")
def rf64(desk: Desk) -> bytes:
    """RF64 with its ds64 chunk."""
    return desk.encode(desk.sound, "RF64")


@kind("rf64, by ffmpeg", "music.wav", needs=("ffmpeg",))
def rf64_by_ffmpeg(desk: Desk) -> bytes:
    """`ffmpeg -rf64 always`."""
    return desk.by("ffmpeg", "-i", "{wav}", "-rf64", "always", "{out.wav}")


@kind("rf64, sizes of 0", "music.rf64", outcome="told")
def rf64_sizes(desk: Desk) -> bytes:
    """The 64-bit sizes are 0, as a recorder leaves them that died."""
    content = desk.encode(desk.sound, "RF64")
    place = content.find(b"ds64") + 8
    return content[:place] + bytes(24) + content[place + 24 :]


@kind("w64", "music.w64")
def w64(desk: Desk) -> bytes:
    """Sony Wave64."""
    return desk.encode(desk.sound, "W64")


@kind("w64, truncated", "music.w64", outcome="part", least=0.45)
def w64_truncated(desk: Desk) -> bytes:
    """The first half."""
    content = desk.encode(desk.sound, "W64")
    return content[: len(content) // 2]


@kind("aiff", "music.aiff")
def aiff(desk: Desk) -> bytes:
    """16 bit, as it is."""
    return desk.aiff


@kind("aiff, sizes of 0", "music.aiff")
def aiff_sizes(desk: Desk) -> bytes:
    """FORM and SSND claim 0 bytes, as a recorder leaves them that died."""
    return _aiff_with_claim(desk, 0)


@kind("aiff, impossible sizes", "music.aiff")
def aiff_impossible(desk: Desk) -> bytes:
    """FORM and SSND claim four gigabytes."""
    return _aiff_with_claim(desk, 0xFFFFFFFF)


@kind("aiff, truncated", "music.aiff", outcome="part", least=0.45)
def aiff_truncated(desk: Desk) -> bytes:
    """The first half."""
    return desk.aiff[: len(desk.aiff) // 2]


@kind("aiff, little-endian", "music.aifc")
def aiff_sowt(desk: Desk) -> bytes:
    """AIFF-C, codec sowt."""
    return desk.encode(desk.sound, "AIFF", endian="LITTLE")


@kind("caf", "music.caf")
def caf(desk: Desk) -> bytes:
    """16 bit."""
    return desk.encode(desk.sound, "CAF")


@kind("caf, ALAC", "music.caf", without_av="told", says_without_av=r"earmark\[av\]")
def caf_alac(desk: Desk) -> bytes:
    """Apple Lossless in CAF, by PyAV: libsndfile's own encoder writes beyond its memory where sound is noisy."""
    return desk.encode_by_av("alac", "caf")


@kind("caf, size unknown", "music.caf", without_av="told", says_without_av=r"earmark\[av\]")
def caf_unknown(desk: Desk) -> bytes:
    """The data chunk claims -1, as the format allows for what is being recorded."""
    content = desk.encode(desk.sound, "CAF")
    place = content.find(b"data") + 4
    return content[:place] + b"\xff" * 8 + content[place + 8 :]


@kind("au, size unknown", "music.au")
def au_unknown(desk: Desk) -> bytes:
    """The size is 0xFFFFFFFF, as the format allows for streams."""
    content = desk.encode(desk.sound, "AU")
    return content[:8] + b"\xff" * 4 + content[12:]


@kind("au, truncated", "music.au", outcome="part", least=0.45)
def au_truncated(desk: Desk) -> bytes:
    """The first half."""
    content = desk.encode(desk.sound, "AU")
    return content[: len(content) // 2]


def _aiff_with_claim(desk: Desk, claimed: int) -> bytes:
    size, place = struct.pack(">I", claimed), desk.aiff.find(b"SSND") + 4
    frames = round(desk.length_s * RATE_HZ) if claimed else 0
    counted = desk.aiff.find(b"COMM") + 10
    content = desk.aiff[:counted] + struct.pack(">I", frames) + desk.aiff[counted + 4 :]
    return content[:4] + size + content[8:place] + size + content[place + 4 :]
