"""Tags in front of, behind and between the frames of a file, to be passed by: ID3v1, ID3v2.4 (id3.org), APEv2."""

import struct

from earmark.sound.containers.stitched import Seekable, Window

_ID3_HEAD_BYTES = 10


def tags_end(file: Seekable) -> int:
    """Where the tags end that a file begins with (ID3v2, APEv2); 0 where it begins with none."""
    return after_tags(Window(file), 0)


def after_tags(window: Window, place: int) -> int:
    """The place behind the tags that begin at a place."""
    while size_bytes := _tag_bytes(window.at(place, 32)):
        # One that claims more than there is hides what lies behind its head.
        place += size_bytes if place + size_bytes <= window.size_bytes else _ID3_HEAD_BYTES
    return min(place, window.size_bytes)


def _tag_bytes(head: bytes) -> int:
    """How long the tag is that begins here; 0 where none does."""
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 128:
        size_bytes = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return _ID3_HEAD_BYTES * (2 if head[5] & 16 else 1) + size_bytes
    if head[:8] == b"APETAGEX" and len(head) >= 24:
        size_bytes, _, flags = struct.unpack("<3I", head[12:24])
        is_header = flags >> 29 & 1
        return int(32 + size_bytes) if is_header else 32
    return 128 if head[:3] == b"TAG" else 0
