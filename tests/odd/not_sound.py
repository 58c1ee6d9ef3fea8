"""What is no sound but is called so. The sentence says what it is, as far as its first bytes tell."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable

import numpy as np
from PIL import Image

from odd import surgery
from odd.kind import Desk, Kind, add, kind

# Name, regular expression for what the sentence should say, content.
_CONTENTS: dict[str, tuple[str, bytes]] = {
    "zip": ("(?i)zip|archive", b""),
    "rar": ("(?i)rar|archive", b"Rar!\x1a\x07\x01\x00" + bytes(range(256)) * 40),
    "7z": ("(?i)7z|archive", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(range(256)) * 40),
    "gzip": ("(?i)gzip|archive|packed|compressed", b"\x1f\x8b\x08\x00" + bytes(range(256)) * 40),
    "web page": ("(?i)web page|html", b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>\n"),
    "web page behind blanks": (
        "(?i)web page|html",
        b"\r\n\r\n  <html lang=en><head><title>Sign in</title></head></html>",
    ),
    "XML": ("(?i)xml|text", b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code></Error>'),
    "JSON": ("(?i)json|text", b'{"error": "not found", "status": 404}\n'),
    "PDF": ("(?i)pdf|document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + bytes(2000)),
    "text": ("(?i)text", b"You are listening to a text, and to nothing else.\n" * 400),
    "text of UTF-16": ("(?i)text", "Das ist ein Text.\n".encode("utf-16") * 400),
    "playlist": ("(?i)playlist|list|text", b"#EXTM3U\n#EXTINF:30,Song\nmusic.flac\nhttp://example.org/song.mp3\n"),
    "pls playlist": ("(?i)playlist|list|text", b"[playlist]\nFile1=music.flac\nNumberOfEntries=1\n"),
    "playlist of ffmpeg": ("", b"ffconcat version 1.0\nfile music.flac\n"),
    "HLS playlist": (
        "(?i)playlist|list|text",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nmusic.flac\n#EXT-X-ENDLIST\n",
    ),
    "cue sheet": ("(?i)text|sheet|cue", b'FILE "music.flac" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'),
    "MIDI": ("(?i)midi|notes", b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"),
    "program": ("", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 40),
    "program of Windows": ("", b"MZ\x90\x00\x03\x00\x00\x00\x04" + bytes(range(256)) * 40),
    "database": ("", b"SQLite format 3\x00" + bytes(range(256)) * 40),
    "random bytes": ("", np.random.default_rng(1).bytes(50_000)),
    "more random bytes": ("", np.random.default_rng(2).bytes(1_000_000)),
    "zeros": ("", bytes(100_000)),
    "bytes of 0xFF": ("", b"\xff" * 100_000),
    "empty": ("empty", b""),
    "one byte": ("", b"R"),
    "signature of RIFF": ("", b"RIFF\x00\x00\x00\x00WAVE"),
    "signature of FLAC": ("", b"fLaC"),
    "signature of Ogg": ("", b"OggS"),
    "signature of MPEG-4": ("", b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A mp42isom"),
    "encrypted": ("", b"\x8f\x1b" + np.random.default_rng(3).bytes(20_000)),
}


def _zip(desk: Desk) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("music.wav", desk.wav)
    return file.getvalue()


def _tar(desk: Desk) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("music.wav")
        entry.size = len(desk.wav)
        archive.addfile(entry, io.BytesIO(desk.wav))
    return file.getvalue()


def _picture(form: str) -> Callable[[Desk], bytes]:
    def build(desk: Desk) -> bytes:
        file = io.BytesIO()
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(file, form)
        return file.getvalue()

    return build


def _add_all() -> None:
    for name, (says, content) in _CONTENTS.items():
        build = _zip if name == "zip" else lambda desk, content=content: content
        made = "The file's first bytes, and others." if len(content) > 200 else "As it is."
        add(Kind(f"{name} called .mp3", "music.mp3", made=made, build=build, outcome="refused", says=says))
    for form in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"):
        made, says = "A picture of 64 x 64 points.", "(?i)picture|image|photo"
        add(Kind(f"{form} called .mp3", "music.mp3", made=made, build=_picture(form), outcome="refused", says=says))


_add_all()


@kind("tar called .mp3", "music.mp3", outcome="told", says="")
def tar(desk: Desk) -> bytes:
    """A wav in a tar archive: what it holds is heard, or what it is said."""
    return _tar(desk)


@kind("AppleDouble", "music.mp3", outcome="refused", says="(?i)mac|apple|resource")
def apple_double(desk: Desk) -> bytes:
    """What macOS leaves beside a file, as `._music.mp3`."""
    entries = struct.pack(">IIIIII", 9, 50, 3760, 2, 3810, 286)
    return b"\x00\x05\x16\x07\x00\x02\x00\x00" + b"Mac OS X".ljust(16) + b"\x00\x02" + entries + bytes(4046)


@kind("protected m4p", "music.m4p", outcome="refused", without_av="refused", says="(?i)protect")
def protected(desk: Desk) -> bytes:
    """An m4a whose codec says `drms`, as an old shop's files, and whose sound is encrypted."""
    return _encrypted(surgery.mp4_atoms(desk.m4a), b"drms")


@kind("audiobook of Audible", "music.aax", outcome="refused", says="(?i)protect|aax|not sound")
def audible(desk: Desk) -> bytes:
    """MPEG-4 of the brand `aax `, whose codec says `aavd`."""
    atoms = surgery.mp4_atoms(desk.m4a)
    atoms[b"ftyp"] = atoms[b"ftyp"][:8] + b"aax " + atoms[b"ftyp"][12:]
    return _encrypted(atoms, b"aavd")


def _encrypted(atoms: dict[bytes, bytes], codec: bytes) -> bytes:
    atoms[b"moov"] = atoms[b"moov"].replace(b"mp4a", codec)
    atoms[b"mdat"] = atoms[b"mdat"][:8] + np.random.default_rng(4).bytes(len(atoms[b"mdat"]) - 8)
    return b"".join(atoms.values())
