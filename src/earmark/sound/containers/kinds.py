"""What a file is by what it begins with, whatever its name says: to choose a decoder, and to say what went wrong.

A table: to know one more kind, add a line.
"""

from dataclasses import dataclass
from enum import Enum, auto

HEAD_BYTES = 4096


class Decoder(Enum):
    """Who can hear a kind."""

    NOBODY = auto()  # it is no sound
    BASE = auto()  # libsndfile, which is always there
    PYAV = auto()  # the extra `av`


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file.

    `name` is what a message calls it ("a FLAC file"), `decoder` who can hear it, `hint` what to do with one that nobody
    can.
    """

    name: str
    decoder: Decoder
    hint: str = ""


_OTHER = "Give earmark the sound itself."
_PACKED = "Unpack it first."
_PROTECTED = "Play it with the program that it was bought for."

FLAC = Kind("a FLAC file", Decoder.BASE)
OGG = Kind("an Ogg file", Decoder.BASE)
WAV = Kind("a WAV file", Decoder.BASE)
TEXT = Kind("a text", Decoder.NOBODY, _OTHER)
UNKNOWN = Kind("", Decoder.BASE)  # it may be MPEG audio (mp3), which has no signature

# (offset, bytes, kind), the first that fits.
_SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"fLaC", FLAC),
    (0, b"FORM", Kind("an AIFF file", Decoder.BASE)),
    (0, b".snd", Kind("an AU file", Decoder.BASE)),
    (0, b"caff", Kind("a CAF file", Decoder.BASE)),
    (0, b"riff\x2e\x91\xcf\x11", Kind("a Wave64 file", Decoder.BASE)),
    (0, b"RF64", WAV),
    (0, b"BW64", WAV),
    (0, b"wvpk", Kind("a WavPack file", Decoder.PYAV)),
    (0, b"TTA1", Kind("a TTA file", Decoder.PYAV)),
    (0, b"TTA2", Kind("a TTA file", Decoder.PYAV)),
    (0, b"DSD ", Kind("a DSF file", Decoder.PYAV)),
    (0, b"FRM8", Kind("a DSDIFF file", Decoder.PYAV)),
    (0, b"MAC ", Kind("a Monkey's Audio file", Decoder.PYAV)),
    (0, b"MPCK", Kind("a Musepack file", Decoder.PYAV)),
    (0, b"MP+", Kind("a Musepack file", Decoder.PYAV)),
    (0, b"tBaK", Kind("a TAK file", Decoder.PYAV)),
    (0, b"#!AMR", Kind("an AMR file", Decoder.PYAV)),
    (0, b"\x0b\x77", Kind("an AC-3 file", Decoder.PYAV)),
    (4, b"\xf8\x72\x6f\xba", Kind("a TrueHD file", Decoder.PYAV)),
    (0, b"\x7f\xfe\x80\x01", Kind("a DTS file", Decoder.PYAV)),
    (0, b".RMF", Kind("a RealMedia file", Decoder.PYAV)),
    (0, b"FLV\x01", Kind("a Flash film", Decoder.PYAV)),
    (0, b"\x1a\x45\xdf\xa3", Kind("a Matroska or WebM file", Decoder.PYAV)),
    (0, b"\x30\x26\xb2\x75", Kind("a Windows Media file", Decoder.PYAV)),
    (0, b"\x00\x00\x01\xba", Kind("an MPEG film", Decoder.PYAV)),
    (0, b"ADIF", Kind("an AAC file", Decoder.PYAV)),
    (0, b"\xff\xf1", Kind("an AAC file", Decoder.PYAV)),
    (0, b"\xff\xf9", Kind("an AAC file", Decoder.PYAV)),
    (0, b"PK\x03\x04", Kind("a zip archive", Decoder.NOBODY, _PACKED)),
    (0, b"PK\x05\x06", Kind("an empty zip archive", Decoder.NOBODY, _PACKED)),
    (0, b"Rar!", Kind("a rar archive", Decoder.NOBODY, _PACKED)),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7z archive", Decoder.NOBODY, _PACKED)),
    (0, b"\x1f\x8b", Kind("packed with gzip", Decoder.NOBODY, _PACKED)),
    (0, b"BZh", Kind("packed with bzip2", Decoder.NOBODY, _PACKED)),
    (0, b"\xfd7zXZ", Kind("packed with xz", Decoder.NOBODY, _PACKED)),
    (0, b"\x28\xb5\x2f\xfd", Kind("packed with zstd", Decoder.NOBODY, _PACKED)),
    (257, b"ustar", Kind("a tar archive", Decoder.NOBODY, _PACKED)),
    (0, b"%PDF", Kind("a PDF document", Decoder.NOBODY, _OTHER)),
    (0, b"\x89PNG", Kind("a picture", Decoder.NOBODY, _OTHER)),
    (0, b"\xff\xd8\xff", Kind("a picture", Decoder.NOBODY, _OTHER)),
    (0, b"GIF8", Kind("a picture", Decoder.NOBODY, _OTHER)),
    (6, b"\x00\x00\x00\x00\x36\x00\x00\x00", Kind("a picture", Decoder.NOBODY, _OTHER)),  # BMP
    (0, b"II*\x00", Kind("a picture", Decoder.NOBODY, _OTHER)),
    (0, b"MM\x00*", Kind("a picture", Decoder.NOBODY, _OTHER)),
    (0, b"MThd", Kind("a MIDI file: notes, and no sound", Decoder.NOBODY, "Play it into a sound file first.")),
    (0, b"\x00\x05\x16\x07", Kind("what macOS keeps beside a file", Decoder.NOBODY, "Name the file it belongs to.")),
    (0, b"\x00\x05\x16\x00", Kind("what macOS keeps beside a file", Decoder.NOBODY, "Name the file it belongs to.")),
    # libsndfile reads these, and on damage prints on the process's stdout, where answers in JSON go.
    (0, b"\xf0\x7e", Kind("a MIDI sample dump", Decoder.NOBODY, "Convert it with another program.")),
    (0, b"\x7fELF", Kind("a program", Decoder.NOBODY, _OTHER)),
    (0, b"MZ", Kind("a program", Decoder.NOBODY, _OTHER)),
    (0, b"SQLite format 3", Kind("a database", Decoder.NOBODY, _OTHER)),
    (0, b"#EXTM3U", Kind("a playlist", Decoder.NOBODY, "Name the files that it lists.")),
    (0, b"[playlist]", Kind("a playlist", Decoder.NOBODY, "Name the files that it lists.")),
    (0, b"ffconcat", Kind("a playlist", Decoder.NOBODY, "Name the files that it lists.")),
)
MPEG_4 = Kind("an MPEG-4 file", Decoder.PYAV)
PROTECTED = Kind("protected against copying", Decoder.NOBODY, _PROTECTED)
_PROTECTED_BRANDS = (b"M4P ", b"aax ", b"aaxc")
_PICTURE_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")
_IN_OGG = (
    (b"Speex   ", Kind("a Speex file", Decoder.PYAV)),
    (b"\x7fFLAC", Kind("a FLAC in an Ogg file", Decoder.PYAV)),
)
_AVI = Kind("an AVI film", Decoder.PYAV)
_PICTURE = Kind("a picture", Decoder.NOBODY, _OTHER)
_WEB_PAGE = Kind("a web page", Decoder.NOBODY, "Download the sound itself.")
_TRANSPORT = Kind("an MPEG film", Decoder.PYAV)


def kind_of(head: bytes) -> Kind:
    """The kind of a file from its first bytes, at best HEAD_BYTES of them, tags in front left out; UNKNOWN
    where it has no signature.
    """
    if head[4:8] == b"ftyp":
        if head[8:12] in _PICTURE_BRANDS:
            return _PICTURE
        return PROTECTED if head[8:12] in _PROTECTED_BRANDS else MPEG_4
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return MPEG_4
    if head[:4] == b"OggS":
        return next((kind for mark, kind in _IN_OGG if mark in head[:64]), OGG)
    if head[:4] == b"RIFF":
        return {b"AVI ": _AVI, b"WEBP": _PICTURE}.get(head[8:12], WAV)
    if head[:1] == b"G" and head[188:189] == b"G":
        return _TRANSPORT
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    return _text_or_unknown(head)


def _text_or_unknown(head: bytes) -> Kind:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") and head[2:4] != b"\xff\xff":
        wide = head[: len(head) // 2 * 2].decode("utf-16", errors="replace")
        return TEXT if _is_readable(wide) else UNKNOWN
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")) or b"<html" in start:
        return _WEB_PAGE
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # not merely cut within a character
            return UNKNOWN
        text = head[: error.start].decode("utf-8")
    return TEXT if _is_readable(text) else UNKNOWN


def _is_readable(text: str) -> bool:
    return bool(text) and all(character.isprintable() or character in "\t\r\n\f\x1b\ufeff" for character in text)
