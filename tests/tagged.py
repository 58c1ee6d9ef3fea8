"""Files of every kind with tags of every kind, as other programs write them: a picture, a title, fields of one's own.

They are written by mutagen, of which earmark uses nothing: it furnishes the files here, and reads them back.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import soxr
from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2, APEValue
from mutagen.asf import ASF, ASFByteArrayAttribute
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, POPM, TALB, TCON, TIT2, TPE1, TRCK, TXXX, TYER, UFID, Encoding
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

from corpus import RATE_HZ, music, write_with_pyav

PICTURE = b"\x89PNG\r\n\x1a\n" + np.random.default_rng(0).bytes(9000)
LARGE_PICTURE = b"\x89PNG\r\n\x1a\n" + np.random.default_rng(1).bytes(150_000)
TITLE, ARTIST = "Größer – tük", "Ärtist ÿ"
V1 = b"TAG" + b"Old title".ljust(30, b"\0") + b"Old artist".ljust(30, b"\0") + b"Album".ljust(30, b"\0") + b"1999"
V1_PLAIN = V1 + b"said".ljust(28, b"\0") + b"\0\x07\xff"
V1_ROCK = V1_PLAIN[:-1] + bytes([17])
GAIN = {"replaygain_track_gain": "-6.00 dB"}


def _sound(path: Path, seed: int = 0) -> Path:
    sound = music(length_s=2.0, seed=seed)
    if path.suffix == ".opus":
        soundfile.write(path, soxr.resample(sound, RATE_HZ, 48_000), 48_000, format="OGG", subtype="OPUS")
    elif path.suffix in (".m4a", ".wma", ".wv"):
        codec, container = {".m4a": ("aac", "ipod"), ".wma": ("wmav2", "asf"), ".wv": ("wavpack", "wv")}[path.suffix]
        write_with_pyav(path, sound, codec, container=container)
    else:
        soundfile.write(path, sound, RATE_HZ)
    return path


def _frames() -> ID3:
    tag = ID3()
    for frame in (
        TIT2(encoding=Encoding.UTF16, text=TITLE),
        TPE1(encoding=Encoding.LATIN1, text=ARTIST),
        TALB(encoding=Encoding.UTF16, text="Album"),
        TRCK(encoding=Encoding.LATIN1, text="3/9"),
        COMM(encoding=Encoding.UTF16, lang="eng", desc="", text="said"),
        TXXX(encoding=Encoding.LATIN1, desc="MusicBrainz Album Id", text="b1"),
        POPM(email="a@b", rating=196, count=3),
        UFID(owner="http://musicbrainz.org", data=b"\xff\xfe\x00\x01"),
        APIC(encoding=Encoding.LATIN1, mime="image/png", type=3, desc="", data=PICTURE),
    ):
        tag.add(frame)
    return tag


def _id3(path: Path, version: int, *, genre: str = "", **options: object) -> None:
    tag = _frames()
    tag.add(TYER(encoding=Encoding.LATIN1, text="1999"))
    if genre:
        tag.add(TCON(encoding=Encoding.LATIN1, text=genre))
    if version == 4:
        tag.update_to_v24()
    tag.save(path, v1=0, v2_version=version, **options)


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def _ape(path: Path, **fields: str) -> None:
    tag = APEv2()
    for name, text in fields.items():
        tag[name] = text
    tag["Cover Art (Front)"] = APEValue(b"cover.png\0" + PICTURE, 1)
    tag.save(path)


def _v22(path: Path) -> None:
    frames = b"".join(
        name + len(body).to_bytes(3) + body
        for name, body in ((b"TT2", b"\0Title"), (b"TP1", b"\0Artist"), (b"PIC", b"\0PNG\3\0" + PICTURE))
    )
    size = len(frames) + 20
    head = b"ID3\x02\0\0" + bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(head + frames + bytes(20) + path.read_bytes())


def _unsynchronised(path: Path) -> None:
    _id3(path, 3)
    data = path.read_bytes()
    size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
    body, out = data[10 : 10 + size], bytearray()
    for place, byte in enumerate(body):
        out.append(byte)
        if byte == 255 and (place + 1 == len(body) or body[place + 1] >= 0xE0 or body[place + 1] == 0):
            out.append(0)
    head = b"ID3\x03\0\x80" + bytes(len(out) >> shift & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(head + bytes(out) + data[10 + size :])


def _vorbis(tags: object, *, picture: bytes = b"") -> None:
    tags["title"], tags["artist"], tags["album"], tags["composer"] = TITLE, [ARTIST, "another"], "Album", "Cömposer"  # type: ignore[index]
    if picture:
        import base64

        block = Picture()
        block.data, block.mime, block.type = picture, "image/png", 3
        tags["metadata_block_picture"] = base64.b64encode(block.write()).decode()  # type: ignore[index]


def _flac(path: Path, *, padding: int, genre: str = "") -> None:
    file = FLAC(path)
    _vorbis(file)
    if genre:
        file["genre"] = genre
    block = Picture()
    block.data, block.mime, block.type = PICTURE, "image/png", 3
    file.add_picture(block)
    file.save(padding=lambda info: padding)


def _bare_flac(path: Path) -> None:
    """Without any block but the STREAMINFO."""
    data = path.read_bytes()
    place, last = 4, False
    while not last:
        last = data[place] > 127
        place += 4 + int.from_bytes(data[place + 1 : place + 4])
    path.write_bytes(b"fLaC\x80" + data[5:42] + data[place:])


def _ogg(path: Path, kind: Callable[..., object], *, picture: bytes = b"", fill: int = 0) -> None:
    file = kind(path)
    _vorbis(file, picture=picture)
    if fill:
        file["comment"] = "x" * fill  # type: ignore[index]
    file.save(padding=lambda info: 0)  # type: ignore[attr-defined]


def _mp4(path: Path, *, padding: int, first: bool = False) -> None:
    file = MP4(path)
    file["\xa9nam"], file["\xa9ART"], file["trkn"], file["tmpo"] = TITLE, ARTIST, [(3, 9)], [120]
    file["covr"] = [MP4Cover(PICTURE, MP4Cover.FORMAT_PNG)]
    file["----:com.apple.iTunes:MusicBrainz Album Id"] = MP4FreeForm(b"b1")
    file.save(padding=lambda info: padding)
    if first:
        _moov_first(path)


def _moov_first(path: Path) -> None:
    """The boxes of the tags in front of the sound, as for streaming."""
    data, boxes, place = path.read_bytes(), [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 4])
        boxes.append((data[place + 4 : place + 8], data[place : place + size]))
        place += size
    moov = next(box for name, box in boxes if name == b"moov")
    behind = next(number for number, (name, _) in enumerate(boxes) if name == b"mdat")
    at = moov.index(b"stco")
    count = int.from_bytes(moov[at + 8 : at + 12])
    places = struct.unpack_from(f">{count}I", moov, at + 12)
    if next(number for number, (name, _) in enumerate(boxes) if name == b"moov") > behind:
        moved = struct.pack(f">{count}I", *(each + len(moov) for each in places))
        moov = moov[: at + 12] + moved + moov[at + 12 + 4 * count :]
    rest = [box for name, box in boxes if name not in (b"ftyp", b"moov")]
    path.write_bytes(b"".join([boxes[0][1], moov, *rest]))


def _info(path: Path) -> None:
    """With a LIST of INFO behind the sound, and a chunk of somebody's own."""
    named = b"".join(
        name + len(text).to_bytes(4, "little") + text + bytes(len(text) % 2)
        for name, text in ((b"INAM", b"Title\0"), (b"IART", b"Artist\0"))
    )
    chunks = b"LIST" + (4 + len(named)).to_bytes(4, "little") + b"INFO" + named + b"mine\x03\0\0\0abc\0"
    data = path.read_bytes() + chunks
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])


def _chunked(path: Path, kind: Callable[..., object]) -> None:
    file = kind(path)
    file.add_tags()  # type: ignore[attr-defined]
    file.tags.update(_frames())  # type: ignore[attr-defined]
    file.save()  # type: ignore[attr-defined]


def _asf(path: Path) -> None:
    file = ASF(path)
    file["Title"], file["Author"], file["WM/AlbumTitle"] = TITLE, ARTIST, "Album"
    file["WM/Picture"] = ASFByteArrayAttribute(struct.pack("<bI", 3, len(PICTURE)) + b"i\0\0\0\0\0" + PICTURE)
    file["Large"] = ASFByteArrayAttribute(LARGE_PICTURE)
    file.save()


MAKERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "mp3, no tags": ("mp3", lambda path: None),
    "mp3, ID3v2.2": ("mp3", _v22),
    "mp3, ID3v2.3": ("mp3", lambda path: _id3(path, 3)),
    "mp3, ID3v2.3 without room": ("mp3", lambda path: _id3(path, 3, padding=lambda info: 0)),
    "mp3, ID3v2.3 unsynchronised": ("mp3", _unsynchronised),
    "mp3, ID3v2.4": ("mp3", lambda path: _id3(path, 4)),
    "mp3, ID3v2.4 without room": ("mp3", lambda path: _id3(path, 4, padding=lambda info: 0)),
    "mp3, ID3v1": ("mp3", lambda path: _append(path, V1_PLAIN)),
    "mp3, ID3v2.3 and ID3v1": ("mp3", lambda path: (_id3(path, 3), _append(path, V1_PLAIN))),
    "mp3, APE": ("mp3", lambda path: _ape(path, Title=TITLE, Artist=ARTIST)),
    "mp3, APE and ID3v1": ("mp3", lambda path: (_append(path, V1_PLAIN), _ape(path, Title=TITLE))),
    "mp3, all three": ("mp3", lambda path: (_id3(path, 4), _append(path, V1_PLAIN), _ape(path, **GAIN))),
    "flac": ("flac", lambda path: _flac(path, padding=4096)),
    "flac, no room": ("flac", lambda path: _flac(path, padding=0)),
    "flac, little room": ("flac", lambda path: _flac(path, padding=9)),
    "flac, no comments": ("flac", _bare_flac),
    "ogg": ("ogg", lambda path: _ogg(path, OggVorbis)),
    "ogg, large picture": ("ogg", lambda path: _ogg(path, OggVorbis, picture=LARGE_PICTURE)),
    "ogg, one page more": ("ogg", lambda path: _ogg(path, OggVorbis, fill=60_800)),
    "opus": ("opus", lambda path: _ogg(path, OggOpus, picture=PICTURE)),
    "opus, one page more": ("opus", lambda path: _ogg(path, OggOpus, fill=64_900)),
    "m4a": ("m4a", lambda path: _mp4(path, padding=2048)),
    "m4a, no tags": ("m4a", lambda path: None),
    "m4a, no room": ("m4a", lambda path: _mp4(path, padding=0)),
    "m4a, tags first": ("m4a", lambda path: _mp4(path, padding=2048, first=True)),
    "m4a, tags first, no room": ("m4a", lambda path: _mp4(path, padding=0, first=True)),
    "wav, no tags": ("wav", lambda path: None),
    "wav, ID3": ("wav", lambda path: _chunked(path, WAVE)),
    "wav, INFO": ("wav", _info),
    "wav, INFO and ID3": ("wav", lambda path: (_info(path), _chunked(path, WAVE))),
    "aiff, no tags": ("aiff", lambda path: None),
    "aiff, ID3": ("aiff", lambda path: _chunked(path, AIFF)),
    "wma": ("wma", _asf),
    "wma, no tags": ("wma", lambda path: None),
    "wv": ("wv", lambda path: _ape(path, Title=TITLE, Artist=ARTIST)),
    "wv, no tags": ("wv", lambda path: None),
}
NEEDS_PYAV = ("m4a", "wma", "wv")


def make(kind: str, folder: Path) -> Path:
    """Write a file of a kind."""
    suffix, furnish = MAKERS[kind]
    path = _sound(folder / f"{kind.replace(', ', ' ').replace(' ', '_')}.{suffix}")
    furnish(path)
    return path
