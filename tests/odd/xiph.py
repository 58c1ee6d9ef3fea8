"""Odd FLAC, Ogg Vorbis, Opus and other Ogg files: chained, damaged, cut, late."""

import itertools
import struct

from odd import surgery
from odd.kind import RATE_HZ, Desk, kind, mixed

_NAMES_EXTRA = r"earmark\[av\]"


@kind("flac", "music.flac")
def flac(desk: Desk) -> bytes:
    """As it is."""
    return desk.flac


@kind("flac, 400 damaged bytes", "music.flac", outcome="part", least=0.1, same=False)
def flac_rotten(desk: Desk) -> bytes:
    """400 random bytes at random places."""
    return surgery.rot(desk.flac, round(400 * desk.length_s / 30), first=200)


@kind("flac, 20 damaged bytes", "music.flac", outcome="part", least=0.6)
def flac_spotted(desk: Desk) -> bytes:
    """A few random bytes at random places."""
    return surgery.rot(desk.flac, round(20 * desk.length_s / 30), first=200)


@kind("flac, damaged at its start", "music.flac", outcome="part", least=0.9)
def flac_scratched_first(desk: Desk) -> bytes:
    """2 kB of noise in the first frames."""
    return surgery.scratch(desk.flac, 0.01)


@kind("flac, damaged in three places", "music.flac", outcome="part", least=0.85)
def flac_scratched(desk: Desk) -> bytes:
    """2 kB of noise at a tenth, a half and nine tenths."""
    return surgery.scratch(surgery.scratch(surgery.scratch(desk.flac, 0.1), 0.5), 0.9)


@kind("flac, a piece lost in the download", "music.flac", outcome="part", least=0.7)
def flac_lost_piece(desk: Desk) -> bytes:
    """A fifth of the file is zeros."""
    return surgery.hole(desk.flac, 0.4, 0.2)


@kind("flac, truncated", "music.flac", outcome="part", least=0.4)
def flac_truncated(desk: Desk) -> bytes:
    """The first half."""
    return desk.flac[: len(desk.flac) // 2]


@kind("flac, length unknown", "music.flac")
def flac_unknown_length(desk: Desk) -> bytes:
    """The number of samples in the header is 0, as an encoder leaves it that writes to a pipe."""
    return desk.flac[:21] + bytes([desk.flac[21] & 0xF0]) + bytes(4) + desk.flac[26:]


@kind("flac, wrong checksum of the whole", "music.flac")
def flac_wrong_md5(desk: Desk) -> bytes:
    """Another MD5 in the header; the frames are sound."""
    return desk.flac[:26] + b"\x55" * 16 + desk.flac[42:]


@kind("flac behind ID3v2", "music.flac")
def flac_with_id3(desk: Desk) -> bytes:
    """A tag that FLAC does not have, before the format's own mark."""
    return surgery.id3v2(40_000) + desk.flac


@kind("flac, cover of 12 MB", "music.flac")
def flac_cover(desk: Desk) -> bytes:
    """A PICTURE block of 12 MB."""
    size = 12_000_000
    return desk.flac[:42] + b"\x06" + size.to_bytes(3, "big") + bytes(size) + desk.flac[42:]


@kind("flac, a block that claims too much", "music.flac", outcome="told")
def flac_claims(desk: Desk) -> bytes:
    """A PADDING block of 100 bytes that says it has 4 kB, and so covers the first frames."""
    return desk.flac[:42] + b"\x01" + (4000).to_bytes(3, "big") + bytes(100) + desk.flac[42:]


@kind("flac, two joined", "music.flac", outcome="told", times=2.0)
def flac_joined(desk: Desk) -> bytes:
    """One file behind the other."""
    return desk.flac + desk.flac


@kind("flac, rubbish behind", "music.flac")
def flac_rubbish_behind(desk: Desk) -> bytes:
    """20 kB of text behind the sound, which is whole."""
    return desk.flac + b"rubbish " * 2500


@kind("flac called .mp3", "music.mp3")
def flac_other_suffix(desk: Desk) -> bytes:
    """A suffix of another format."""
    return desk.flac


@kind("flac, best compression, 24 bit, by flac", "music.flac", needs=("flac",))
def flac_by_flac(desk: Desk) -> bytes:
    """`flac -8 -e -p`, with a seek table and padding."""
    return desk.by("flac", "--silent", "-8", "-e", "-p", "-S", "1s", "-P", "100000", "{wav}", "-o", "{out.flac}")


@kind("ogg", "music.ogg")
def ogg(desk: Desk) -> bytes:
    """As it is."""
    return desk.ogg


@kind("ogg, chained, jingle first", "music.ogg", plus_s=1.0)
def ogg_jingle(desk: Desk) -> bytes:
    """A second of jingle, then the music, as web radios send it."""
    return desk.encode(desk.jingle(), "OGG") + desk.ogg


@kind("ogg, chained, jingle of another rate", "music.ogg", plus_s=1.0)
def ogg_jingle_rate(desk: Desk) -> bytes:
    """A second at 22.05 kHz, then the music at 44.1 kHz."""
    return desk.encode(desk.jingle(rate_hz=22_050), "OGG", 22_050) + desk.ogg


@kind("ogg, chained, jingle of another rate and mono", "music.ogg", plus_s=1.0)
def ogg_jingle_mono(desk: Desk) -> bytes:
    """A second of one channel at 48 kHz, then the music."""
    return desk.encode(desk.jingle(rate_hz=48_000, channels=1), "OGG", 48_000) + desk.ogg


@kind("ogg, chained, mono behind stereo", "music.ogg", times=2.0)
def ogg_mono_behind(desk: Desk) -> bytes:
    """The music in two channels, then in one."""
    return desk.ogg + desk.encode(mixed(desk.sound), "OGG")


@kind("ogg, a hundred chained", "music.ogg", plus_s=30.0, same=False)
def ogg_hundred(desk: Desk) -> bytes:
    """A hundred jingles of 0.3 s, then the music."""
    return desk.encode(desk.jingle(length_s=0.3), "OGG") * 100 + desk.ogg


@kind("ogg, oggenc, chained", "music.ogg", needs=("oggenc",), times=2.0)
def ogg_by_oggenc(desk: Desk) -> bytes:
    """`oggenc -q 2` twice, the second resampled to 32 kHz, joined."""
    words = ("oggenc", "--quiet", "-q", "2")
    return desk.by(*words, "{wav}", "-o", "{out.ogg}") + desk.by(
        *words, "--resample", "32000", "{wav}", "-o", "{out.ogg}"
    )


@kind("ogg, pages lost", "music.ogg", outcome="part", least=0.6)
def ogg_pages_lost(desk: Desk) -> bytes:
    """A fifth of the pages, in the middle, is missing."""
    pages = list(surgery.ogg_pages(desk.ogg))
    first, last = round(len(pages) * 0.4), round(len(pages) * 0.6)
    return b"".join([*pages[:first], *pages[last:]])


@kind("ogg, scratched", "music.ogg", outcome="told", least=0.8)
def ogg_scratched(desk: Desk) -> bytes:
    """2 kB of noise in the middle."""
    return surgery.scratch(desk.ogg, 0.5)


@kind("ogg, a piece lost in the download", "music.ogg", outcome="part", least=0.6)
def ogg_lost_piece(desk: Desk) -> bytes:
    """A fifth of the file is zeros."""
    return surgery.hole(desk.ogg, 0.4, 0.2)


@kind("ogg, truncated", "music.ogg", times=0.5)
def ogg_truncated(desk: Desk) -> bytes:
    """The first half: the length stood at the end, nobody can know it."""
    return desk.ogg[: len(desk.ogg) // 2]


@kind("ogg, cut from a radio", "music.ogg")
def ogg_late(desk: Desk) -> bytes:
    """The clock starts at six hours."""
    pages = list(surgery.ogg_pages(desk.ogg))
    headers = next(number for number, page in enumerate(pages) if struct.unpack_from("<q", page, 6)[0] > 0)
    return surgery.later(pages, 6 * 3600 * RATE_HZ, header_pages=headers)


@kind("ogg, rubbish between pages", "music.ogg", least=0.9)
def ogg_rubbish(desk: Desk) -> bytes:
    """100 bytes of text between all pages behind the headers."""
    pages = list(surgery.ogg_pages(desk.ogg))
    return b"".join([*pages[:3], *itertools.chain.from_iterable((page, b"rubbish " * 12) for page in pages[3:])])


@kind("ogg, rubbish first", "music.ogg", outcome="told")
def ogg_rubbish_first(desk: Desk) -> bytes:
    """7 kB of text before the sound."""
    return b"rubbish" * 1000 + desk.ogg


@kind("ogg called .mp3", "music.mp3")
def ogg_other_suffix(desk: Desk) -> bytes:
    """A suffix of another format."""
    return desk.ogg


@kind("opus", "music.opus")
def opus(desk: Desk) -> bytes:
    """Opus in Ogg."""
    return _opus(desk)


@kind("opus, chained", "music.opus", times=2.0)
def opus_chained(desk: Desk) -> bytes:
    """Two behind one another."""
    return _opus(desk) + _opus(desk)


@kind("opus, chained, jingle of one channel first", "music.opus", plus_s=1.0)
def opus_jingle(desk: Desk) -> bytes:
    """A second of one channel, then the music in two."""
    jingle = desk.jingle(rate_hz=48_000, channels=1)
    return desk.encode(jingle, "OGG", 48_000, subtype="OPUS") + _opus(desk)


@kind("opus, chained behind vorbis", "music.ogg", times=2.0)
def opus_behind_vorbis(desk: Desk) -> bytes:
    """Ogg Vorbis, then Opus."""
    return desk.ogg + _opus(desk)


@kind("opus, by opusenc", "music.opus", needs=("opusenc",))
def opus_by_opusenc(desk: Desk) -> bytes:
    """`opusenc --bitrate 24 --framesize 60`."""
    return desk.by("opusenc", "--quiet", "--bitrate", "24", "--framesize", "60", "{wav}", "{out.opus}")


@kind("flac in ogg", "music.oga", without_av="told", says_without_av=_NAMES_EXTRA)
def flac_in_ogg(desk: Desk) -> bytes:
    """FLAC's frames in Ogg pages, by PyAV."""
    return desk.encode_by_av("flac", "ogg")


@kind("flac in ogg, by flac", "music.oga", without_av="told", says_without_av=_NAMES_EXTRA, needs=("flac",))
def flac_in_ogg_by_flac(desk: Desk) -> bytes:
    """`flac --ogg`."""
    return desk.by("flac", "--silent", "--ogg", "{wav}", "-o", "{out.oga}")


@kind(
    "speex, by speexenc", "music.spx", without_av="told", says_without_av=_NAMES_EXTRA, needs=("speexenc",), same=False
)
def speex_by_speexenc(desk: Desk) -> bytes:
    """`speexenc --ultra-wideband`, of a file at 32 kHz."""
    wav = desk.encode(desk.at(32_000), "WAV", 32_000)
    return desk.by("speexenc", "--ultra-wideband", "--stereo", "{wav}", "{out.spx}", content=wav)


@kind("ogg with video", "music.ogv", needs=("ffmpeg",), without_av="told", says_without_av=_NAMES_EXTRA)
def ogg_with_video(desk: Desk) -> bytes:
    """Theora beside Vorbis."""
    film = ("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5", "-shortest")
    return desk.by("ffmpeg", "-i", "{wav}", *film, "-c:a", "libvorbis", "{out.ogv}")


def _opus(desk: Desk) -> bytes:
    return desk.encode(desk.at(48_000), "OGG", 48_000, subtype="OPUS")
