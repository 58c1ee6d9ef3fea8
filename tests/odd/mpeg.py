"""Odd mp3 files: headers that lie or are not there, tags of all kinds, joined and damaged streams."""

import struct

from odd import surgery
from odd.kind import RATE_HZ, Desk, Kind, add, kind, mixed


@kind("mp3", "music.mp3")
def plain(desk: Desk) -> bytes:
    """Constant bit rate, with a header frame."""
    return desk.mp3


@kind("mp3, VBR without its header", "music.mp3")
def vbr_without_header(desk: Desk) -> bytes:
    """Variable bit rate, the frame that tells the length cut off."""
    return surgery.without_mp3_header(_vbr(desk))


@kind("mp3, VBR without its header, a quiet start", "music.mp3", plus_s=2.0)
def vbr_with_quiet_start(desk: Desk) -> bytes:
    """Two seconds of silence in small frames first, so that the length looks far greater."""
    silence = desk.encode(0 * desk.sound[: 2 * RATE_HZ], "MP3", bitrate_mode="VARIABLE", compression_level=0.6)
    return surgery.without_mp3_header(silence) + surgery.without_mp3_header(_vbr(desk))


@kind("mp3, VBR without its header, by lame", "music.mp3", needs=("lame",))
def vbr_by_lame(desk: Desk) -> bytes:
    """`lame -V6 -t`."""
    return desk.by("lame", "--quiet", "-V6", "-t", "{wav}", "{out.mp3}")


@kind("mp3, header tells half the frames", "music.mp3")
def header_tells_half(desk: Desk) -> bytes:
    """The number of frames in the Info header halved."""
    return surgery.with_claimed_frames(desk.mp3, 0.5)


@kind("mp3, header tells no frames", "music.mp3")
def header_tells_none(desk: Desk) -> bytes:
    """The number of frames in the Info header set to 0."""
    return surgery.with_claimed_frames(desk.mp3, 0.0)


@kind("mp3, two joined", "music.mp3", times=2.0)
def joined(desk: Desk) -> bytes:
    """One file behind the other, each with its header."""
    return desk.mp3 + desk.mp3


@kind("mp3, two joined, tags between", "music.mp3", times=2.0)
def joined_with_tags(desk: Desk) -> bytes:
    """As a player that records a stream leaves them: ID3v2 and ID3v1 in the middle."""
    tagged = surgery.id3v2(3000) + desk.mp3 + surgery.id3v1()
    return tagged + tagged


@kind("mp3, two joined, other rate", "music.mp3", times=2.0)
def joined_rates(desk: Desk) -> bytes:
    """44.1 kHz, then 48 kHz."""
    return desk.mp3 + desk.encode(desk.at(48_000), "MP3", 48_000)


@kind("mp3, two joined, half the rate", "music.mp3", times=2.0)
def joined_versions(desk: Desk) -> bytes:
    """MPEG-1 at 44.1 kHz, then MPEG-2 at 22.05 kHz."""
    return desk.mp3 + desk.encode(desk.at(22_050), "MP3", 22_050)


@kind("mp3, two joined, mono then stereo", "music.mp3", times=2.0)
def joined_channels(desk: Desk) -> bytes:
    """One channel, then two."""
    return desk.encode(mixed(desk.sound), "MP3") + desk.mp3


@kind("mp3, two joined, stereo then mono, no headers", "music.mp3", times=2.0)
def joined_bare(desk: Desk) -> bytes:
    """Two channels, then one at another rate, the frames that tell the length cut off."""
    mono = desk.encode(mixed(desk.at(32_000)), "MP3", 32_000)
    return surgery.without_mp3_header(desk.mp3) + surgery.without_mp3_header(mono)


@kind("mp3, cover of 12 MB", "music.mp3")
def big_cover(desk: Desk) -> bytes:
    """An ID3v2 tag with a picture of 12 MB."""
    return surgery.id3v2(12_000_000) + desk.mp3


@kind("mp3, ID3v2 twice", "music.mp3")
def two_tags(desk: Desk) -> bytes:
    """One tag behind the other."""
    return surgery.id3v2(2000) + surgery.id3v2(50_000) + desk.mp3


@kind("mp3, ID3v2 claims too little", "music.mp3")
def tag_claims_little(desk: Desk) -> bytes:
    """A tag of 100 kB that says it has 10 kB."""
    return surgery.id3v2(100_000, claimed=10_000) + desk.mp3


@kind("mp3, ID3v2 claims too much", "music.mp3")
def tag_claims_much(desk: Desk) -> bytes:
    """A tag of 2 kB that says it has 4 kB, and so covers a tenth of a second."""
    return surgery.id3v2(2_000, claimed=4_000) + desk.mp3


@kind("mp3, ID3v2 claims more than the file", "music.mp3")
def tag_claims_all(desk: Desk) -> bytes:
    """A tag of 2 kB that says it has 200 MB."""
    return surgery.id3v2(2_000, claimed=200_000_000) + desk.mp3


@kind("mp3, APE tag at the end", "music.mp3")
def ape_at_end(desk: Desk) -> bytes:
    """A cover of 1 MB in an APEv2 tag, and ID3v1 behind it."""
    return desk.mp3 + surgery.ape_tag(1_000_000) + surgery.id3v1()


@kind("mp3, APE tag at the start", "music.mp3")
def ape_at_start(desk: Desk) -> bytes:
    """An APEv2 tag of 20 kB before the sound."""
    return surgery.ape_tag(20_000) + desk.mp3


@kind("mp3, tag in the middle", "music.mp3")
def tag_in_middle(desk: Desk) -> bytes:
    """An ID3v2 tag of 60 kB between two frames."""
    frames = list(surgery.mp3_frames(desk.mp3))
    half = len(frames) // 2
    return b"".join(frames[:half]) + surgery.id3v2(60_000) + b"".join(frames[half:])


@kind("mp3, rubbish first", "music.mp3")
def rubbish_first(desk: Desk) -> bytes:
    """7 kB of text before the sound."""
    return b"rubbish" * 1000 + desk.mp3


@kind("mp3, zeros first", "music.mp3")
def zeros_first(desk: Desk) -> bytes:
    """One megabyte of zeros before the sound."""
    return bytes(1_000_000) + desk.mp3


@kind("mp3, zeros behind", "music.mp3")
def zeros_behind(desk: Desk) -> bytes:
    """One megabyte of zeros behind the sound, which is whole."""
    return desk.mp3 + bytes(1_000_000)


@kind("mp3, starts inside a frame", "music.mp3", times=0.5)
def starts_late(desk: Desk) -> bytes:
    """The second half of the file, from inside a frame on."""
    return desk.mp3[len(desk.mp3) // 2 + 77 :]


@kind("mp3, truncated", "music.mp3", outcome="part", least=0.45)
def truncated(desk: Desk) -> bytes:
    """The first half of a file whose header tells the whole length."""
    return desk.mp3[: len(desk.mp3) // 2]


@kind("mp3, truncated, no header", "music.mp3", times=0.5)
def truncated_bare(desk: Desk) -> bytes:
    """The first half, without the frame that tells the length: nobody can know that there was more."""
    bare = surgery.without_mp3_header(desk.mp3)
    return bare[: len(bare) // 2]


@kind("mp3, one scratch", "music.mp3", least=0.95)
def scratched(desk: Desk) -> bytes:
    """2 kB of noise in the middle: a moment of the sound."""
    return surgery.scratch(desk.mp3, 0.5)


@kind("mp3, a piece lost in the download", "music.mp3", outcome="part", least=0.7)
def lost_piece(desk: Desk) -> bytes:
    """A fifth of the file is zeros."""
    return surgery.hole(desk.mp3, 0.4, 0.2)


@kind("mp3, the second half never came", "music.mp3", outcome="part", least=0.45)
def lost_half(desk: Desk) -> bytes:
    """The second half is zeros, as in a download whose room was reserved."""
    return surgery.hole(desk.mp3, 0.5, 0.5)


@kind("mp3, tags without sound", "music.mp3", outcome="refused", says="no sound|not sound|nothing")
def tags_alone(desk: Desk) -> bytes:
    """ID3v2 and ID3v1, and nothing between."""
    return surgery.id3v2(30_000) + surgery.id3v1()


@kind("mp3 called .ogg", "music.ogg")
def other_suffix(desk: Desk) -> bytes:
    """A suffix of another format."""
    return desk.mp3


@kind("mp3 called nothing", "music")
def no_suffix(desk: Desk) -> bytes:
    """No suffix at all."""
    return desk.mp3


@kind("mp3 in wav", "music.wav")
def in_wav(desk: Desk) -> bytes:
    """A RIFF header of format 0x55 around the frames."""
    frames = surgery.without_mp3_header(desk.mp3)
    sheet = struct.pack("<HHIIHHHHIHHH", 0x55, 2, RATE_HZ, 20_000, 1, 0, 12, 1, 2, 522, 1, 0)
    body = b"WAVEfmt " + struct.pack("<I", len(sheet)) + sheet
    body += b"fact" + struct.pack("<II", 4, round(desk.length_s * RATE_HZ))
    body += b"data" + struct.pack("<I", len(frames)) + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


@kind("mp3 in wav, by ffmpeg", "music.wav", needs=("ffmpeg",))
def in_wav_by_ffmpeg(desk: Desk) -> bytes:
    """`ffmpeg -c:a libmp3lame x.wav`."""
    return desk.by("ffmpeg", "-i", "{wav}", "-c:a", "libmp3lame", "{out.wav}")


@kind("mp2", "music.mp2")
def layer_two(desk: Desk) -> bytes:
    """Layer II."""
    return desk.encode_by_av("mp2", "mp2")


def _vbr(desk: Desk) -> bytes:
    return desk.encode(desk.sound, "MP3", bitrate_mode="VARIABLE", compression_level=0.6)


def _add_by_lame() -> None:
    settings = {
        "free format": ("--freeformat", "-b", "400"),
        "with checksums": ("-p", "-b", "128"),
        "320 kbit/s": ("-b", "320"),
        "8 kbit/s": ("-b", "8", "-m", "m", "--resample", "8"),
        "average bit rate": ("--abr", "120"),
        "VBR, the smallest": ("-V9.9",),
        "MPEG-2.5, 8 kHz": ("--resample", "8", "-b", "24"),
        "MPEG-2, 16 kHz": ("--resample", "16", "-b", "48"),
        "dual channels": ("-m", "d", "-b", "192"),
        "forced mid and side": ("-m", "f", "-b", "128"),
        "replay gain, no header": ("--replaygain-accurate", "-t", "-b", "128"),
    }
    for name, words in settings.items():
        command = ("lame", "--quiet", *words, "{wav}", "{out.mp3}")
        add(
            Kind(
                f"mp3, {name}",
                "music.mp3",
                made=f"`lame {' '.join(words)}`.",
                build=lambda desk, command=command: desk.by(*command),
                needs=("lame",),
                same="8 k" not in name,
            )
        )


_add_by_lame()
