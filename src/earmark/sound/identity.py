"""Which sound a file holds, by a hash of its encoded sound alone: whoever changes its tags does not change it.

Hashed is what a decoder gets of the sound: the frames of MPEG audio and of FLAC, packets of Ogg behind its headers, the
data of WAV, AIFF, MPEG-4 and Windows Media. Of other kinds it is all that lies between the tags in front and behind, or
the whole file. Two machines agree, and so do two copies of a file with other tags; another encoding of the same
recording is another sound. The hash is BLAKE2b (RFC 7693), 16 bytes of it; nothing is held in memory but a chunk.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import BinaryIO

from earmark.errors import SoundError
from earmark.sound.containers.flac import read_flac
from earmark.sound.containers.kinds import FLAC, HEAD_BYTES, MPEG_4, OGG, UNKNOWN, WAV, Kind, kind_of
from earmark.sound.containers.mpeg import mpeg_streams
from earmark.sound.containers.riff import waves
from earmark.sound.containers.stitched import Span, Window
from earmark.sound.containers.tag_blocks import tags_end
from earmark.sound.files import name_of, opened

_CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 16
_MOST_BOXES = 100_000  # of MPEG-4 or AIFF: a file that has more is made to waste time
_ID3V1_BYTES, _APE_FOOTER_BYTES = 128, 32
_OGG_HEAD_BYTES, _OGG_BEGINS = 27, 2
_ASF_DATA, _ASF_DATA_HEAD_BYTES = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c"), 50
_OGG_HEADERS = ((b"\x01vorbis", 3), (b"OpusHead", 2), (b"Speex   ", 2), (b"\x80theora", 3))
Spans = Iterator[Span]


def sound_id(file: str | os.PathLike[str]) -> str:
    """The hash of a file's sound, 32 hexadecimal digits; SoundError where it cannot be opened or read to its end."""
    with opened(file) as stream:
        try:
            return _hashed(stream)
        except OSError as error:
            said = f"{name_of(file)} could not be read to its end: {error.strerror or error}."
            raise SoundError(said, hint="Check the disk or the network.") from error


def _hashed(file: BinaryIO) -> str:
    window = Window(file)
    start = tags_end(file)
    kind = kind_of(window.at(start, HEAD_BYTES))
    name, spans = _PARTS.get(kind, ("", _nothing))
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES, person=name.encode())
    size_bytes = sum(_add(digest, file, span) for span in spans(file, window, start))
    if not size_bytes:
        digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        _add(digest, file, _between_tags(window, start))
    return digest.hexdigest()


def _add(digest: "hashlib.blake2b", file: BinaryIO, span: Span) -> int:
    """Hash the bytes of a span, and give how many there were."""
    file.seek(span.start)
    left = span.end - span.start
    while left > 0:
        chunk = file.read(min(left, _CHUNK_BYTES))
        if not chunk:
            break
        digest.update(chunk)
        left -= len(chunk)
    return span.end - span.start - max(left, 0)


def _nothing(file: BinaryIO, window: Window, start: int) -> Spans:
    return iter(())


def _of_mpeg(file: BinaryIO, window: Window, start: int) -> Spans:
    for stream in mpeg_streams(file):
        yield from stream.spans


def _of_flac(file: BinaryIO, window: Window, start: int) -> Spans:
    flac = read_flac(file, start)
    if flac is not None:
        yield Span(flac.frames_at, _before_tags(window, flac.frames_at))


def _of_wav(file: BinaryIO, window: Window, start: int) -> Spans:
    for wave in waves(file, start):
        yield wave.data


def _of_ogg(file: BinaryIO, window: Window, start: int) -> Spans:
    """The bodies of pages behind those of the headers: a longer comment renumbers all pages, and shifts no packet."""
    place = start
    left: dict[bytes, int] = {}  # packets of headers that are still to come, by stream
    while place < window.size_bytes:
        head = window.at(place, _OGG_HEAD_BYTES + 255)
        if head[:4] != b"OggS" or len(head) < _OGG_HEAD_BYTES:
            place = window.find(b"OggS", place + 1)
            continue
        body = _OGG_HEAD_BYTES + head[26]
        sizes = head[_OGG_HEAD_BYTES:body]
        begin, end = place + body, place + body + sum(sizes)
        serial = head[14:18]
        if head[5] & _OGG_BEGINS:
            first = window.at(begin, 64)
            left[serial] = next((count for mark, count in _OGG_HEADERS if first.startswith(mark)), 1)
        if left.get(serial, 0) > 0:
            left[serial] -= sum(size < 255 for size in sizes)
        elif end <= window.size_bytes:
            yield Span(begin, end)
        place = end


def _of_boxes(file: BinaryIO, window: Window, start: int) -> Spans:
    """What lies in the `mdat` boxes of MPEG-4 (ISO/IEC 14496-12)."""
    place = start
    for _ in range(_MOST_BOXES):
        head = window.at(place, 16)
        if len(head) < 8:
            return
        size_bytes, begin = int.from_bytes(head[:4]), place + 8
        if size_bytes == 1:
            size_bytes, begin = int.from_bytes(head[8:16]), place + 16
        end = window.size_bytes if size_bytes == 0 else min(place + size_bytes, window.size_bytes)
        if end < begin:
            return
        if head[4:8] == b"mdat":
            yield Span(begin, end)
        place = end


def _of_aiff(file: BinaryIO, window: Window, start: int) -> Spans:
    """What lies in the `SSND` chunk of AIFF."""
    place = start + 12
    for _ in range(_MOST_BOXES):
        head = window.at(place, 8)
        if len(head) < 8:
            return
        end = place + 8 + int.from_bytes(head[4:8])
        if head[:4] == b"SSND":
            yield Span(place + 8, min(end, window.size_bytes))
        place = end + end % 2


def _of_asf(file: BinaryIO, window: Window, start: int) -> Spans:
    """The packets of Windows Media, behind its header, in which its tags are."""
    place = start
    for _ in range(_MOST_BOXES):
        head = window.at(place, 24)
        size_bytes = int.from_bytes(head[16:], "little")
        if len(head) < 24 or size_bytes < 24:
            return
        if head[:16] == _ASF_DATA:
            yield Span(place + _ASF_DATA_HEAD_BYTES, min(place + size_bytes, window.size_bytes))
        place += size_bytes


def _between_tags(window: Window, start: int) -> Span:
    """All but the tags in front and behind; the whole file where that is nothing."""
    end = _before_tags(window, start)
    return Span(start, end) if end > start else Span(0, window.size_bytes)


def _before_tags(window: Window, start: int) -> int:
    """Where the tags begin that a file ends with, ID3v1 and APE in any order; its end where it has none."""
    end = window.size_bytes
    for _ in range(3):
        if end - start > _ID3V1_BYTES and window.at(end - _ID3V1_BYTES, 3) == b"TAG":
            end -= _ID3V1_BYTES
        footer = window.at(max(end - _APE_FOOTER_BYTES, 0), _APE_FOOTER_BYTES)
        if footer[:8] == b"APETAGEX":
            has_header = footer[23] >> 7
            size_bytes = int.from_bytes(footer[12:16], "little") + _APE_FOOTER_BYTES * has_header
            end = end - size_bytes if _APE_FOOTER_BYTES <= size_bytes <= end - start else end
    return end


_PARTS: dict[Kind, tuple[str, Callable[[BinaryIO, Window, int], Spans]]] = {
    FLAC: ("flac", _of_flac),
    OGG: ("ogg", _of_ogg),
    WAV: ("wav", _of_wav),
    MPEG_4: ("mp4", _of_boxes),
    UNKNOWN: ("mpeg", _of_mpeg),
    kind_of(b"FORM"): ("aiff", _of_aiff),
    kind_of(b"\x30\x26\xb2\x75"): ("asf", _of_asf),
    kind_of(b"OggS\x00\x02" + bytes(22) + b"Speex   "): ("ogg", _of_ogg),
    kind_of(b"OggS\x00\x02" + bytes(22) + b"\x7fFLAC"): ("ogg", _of_ogg),
}
