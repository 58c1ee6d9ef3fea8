"""Bytes cut, forged and damaged: what happens to sound files between the one who made them and the one who hears them.

Every function takes and gives whole files as bytes. Sources: the formats' own descriptions (RIFF, ID3v2.3, APEv2,
MPEG-1 layer III, RFC 3533 for Ogg).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

_BIT_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MP3_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def hole(content: bytes, start: float, share: float) -> bytes:
    """Zeros in a share of the file, as a download leaves them that lost a piece."""
    first, size = round(len(content) * start), round(len(content) * share)
    return content[:first] + bytes(size) + content[first + size :]


def scratch(content: bytes, start: float, size: int = 2000) -> bytes:
    """Random bytes in one place, `start` of the way through the file."""
    first = round(len(content) * start)
    return content[:first] + np.random.default_rng(0).bytes(size) + content[first + size :]


def rot(content: bytes, count: int, *, first: int = 0, seed: int = 0) -> bytes:
    """Random bytes at `count` places behind the first ones."""
    rng = np.random.default_rng(seed)
    damaged = bytearray(content)
    for place in rng.integers(first, len(content), count):
        damaged[place] = rng.integers(256)
    return bytes(damaged)


def id3v2(size: int, *, claimed: int | None = None) -> bytes:
    """An ID3v2.3 tag with a picture, `size` bytes in all, which claims another size if it lies."""
    picture = b"\x00image/jpeg\x00\x03\x00\xff\xd8\xff\xe0"
    body = (
        b"APIC" + struct.pack(">IH", size - 20, 0) + picture + b"\x00\xff\xfb\x90d"
    )  # something like a frame of sound
    body = body[: size - 10].ljust(size - 10, b"\x55")
    claims = size - 10 if claimed is None else claimed
    return b"ID3\x03\x00\x00" + bytes(claims >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def id3v1() -> bytes:
    """The tag of 128 bytes at the end."""
    return b"TAG" + b"Song".ljust(125, b"\x00")


def ape_tag(size: int) -> bytes:
    """An APEv2 tag with header and footer around one item of `size` bytes."""
    item = struct.pack("<II", size, 2) + b"Cover Art\x00" + bytes(size)
    header, footer = (
        b"APETAGEX" + struct.pack("<IIII8x", 2000, len(item) + 32, 1, flags) for flags in (0xA0000000, 0x80000000)
    )
    return header + item + footer


def mp3_frames(content: bytes) -> Iterator[bytes]:
    """The frames of an mp3, whatever is between them left out."""
    place = 0
    while place + 4 <= len(content):
        size = _mp3_frame_size(content[place : place + 4])
        if size and place + size <= len(content):
            yield content[place : place + size]
            place += size
        else:
            place += 1


def without_mp3_header(content: bytes) -> bytes:
    """An mp3 without tags and without the frame that tells its length."""
    return b"".join(frame for frame in mp3_frames(content) if not _tells_length(frame))


def with_claimed_frames(content: bytes, factor: float) -> bytes:
    """An mp3 whose header frame tells another number of frames."""
    place = max(content.find(b"Xing"), content.find(b"Info"))
    (frames,) = struct.unpack_from(">I", content, place + 8)
    return content[: place + 8] + struct.pack(">I", round(frames * factor)) + content[place + 12 :]


def riff_with_claim(content: bytes, claimed: int) -> bytes:
    """A wav with the plain header whose RIFF and data chunks claim a size."""
    size = struct.pack("<I", claimed)
    return content[:4] + size + content[8:40] + size + content[44:]


def riff_with_chunk(content: bytes, name: bytes, body: bytes, *, claimed: int | None = None) -> bytes:
    """A wav with another chunk between the format and the sound; the chunk may claim another size."""
    chunk = name + struct.pack("<I", len(body) if claimed is None else claimed) + body
    whole = content[12:36] + chunk + content[36:]
    return b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WAVE" + whole


def riff_field(content: bytes, offset: int, form: str, value: int) -> bytes:
    """A file with one little-endian number of `struct`'s form replaced."""
    return content[:offset] + struct.pack(f"<{form}", value) + content[offset + struct.calcsize(f"<{form}") :]


def ogg_pages(content: bytes) -> Iterator[bytes]:
    """The pages of an Ogg file."""
    place = content.find(b"OggS")
    while place >= 0 and place + 27 <= len(content):
        segments = content[place + 26]
        table = content[place + 27 : place + 27 + segments]
        end = place + 27 + segments + sum(table)
        yield content[place:end]
        place = content.find(b"OggS", end)


def sealed(page: bytes) -> bytes:
    """An Ogg page with the checksum that its bytes have."""
    blank = page[:22] + bytes(4) + page[26:]
    # Ogg's CRC runs from the high bit down and starts at 0, zlib's from the low bit up and from ones.
    reflected = zlib.crc32(blank.translate(_BIT_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return page[:22] + struct.pack(">I", reflected)[::-1].translate(_BIT_REVERSED)[::-1] + page[26:]


def later(pages: Iterable[bytes], samples: int, *, header_pages: int) -> bytes:
    """Ogg pages whose clock starts late, as what is cut from a radio stream."""
    moved = []
    for number, page in enumerate(pages):
        (granule,) = struct.unpack_from("<q", page, 6)
        shift = samples if number >= header_pages and granule >= 0 else 0
        moved.append(sealed(page[:6] + struct.pack("<q", granule + shift) + page[14:]))
    return b"".join(moved)


def mp4_atoms(content: bytes) -> dict[bytes, bytes]:
    """The outermost atoms of an MPEG-4 file by name, each with its header."""
    atoms, place = {}, 0
    while place + 8 <= len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        size = size if size >= 8 else len(content) - place
        atoms[name] = content[place : place + size]
        place += size
    return atoms


def _mp3_frame_size(header: bytes) -> int:
    """Bytes in the frame that begins so; 0 where none does."""
    (bits,) = struct.unpack(">I", header)
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    rate_index, kbps_index = bits >> 10 & 3, bits >> 12 & 15
    if bits >> 21 != 0x7FF or version == 1 or layer != 1 or rate_index == 3 or kbps_index in (0, 15):
        return 0
    kbps = _MP3_KBPS[1 if version == 3 else 2][kbps_index]
    return (144 if version == 3 else 72) * kbps * 1000 // _MP3_RATES_HZ[version][rate_index] + (bits >> 9 & 1)


def _tells_length(frame: bytes) -> bool:
    return any(name in frame[:64] for name in (b"Xing", b"Info", b"VBRI"))


def flac_sealed(content: bytes) -> bytes:
    """A FLAC file whose frame headers have the checksums that their bytes have."""
    sealed_content, place = bytearray(content), content.find(b"\xff\xf8", 42)
    while place >= 0 and place + 16 <= len(content):
        size = _flac_header_size(content[place : place + 16])
        sealed_content[place + size] = _crc8(bytes(sealed_content[place : place + size]))
        place = content.find(b"\xff\xf8", place + size + 1)
    return bytes(sealed_content)


def _flac_header_size(header: bytes) -> int:
    """Bytes before the checksum: four, the frame's number as UTF-8 has it, and block size and rate where told."""
    number = next((size for size, most in ((1, 0x80), (2, 0xE0), (3, 0xF0), (4, 0xF8), (5, 0xFC), (6, 0xFE))
                   if header[4] < most), 7)  # fmt: skip
    block_code, rate_code = header[2] >> 4, header[2] & 15
    return 4 + number + {6: 1, 7: 2}.get(block_code, 0) + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)


def _crc8(header: bytes) -> int:
    crc = 0
    for byte in header:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc8_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte << 1 ^ (0x107 if byte & 0x80 else 0)
    return byte & 0xFF


_CRC8 = [_crc8_of_byte(byte) for byte in range(256)]
