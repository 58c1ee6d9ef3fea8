"""Which tags a kind of file has: a table; to tag one more kind, add a line."""

import os
from collections.abc import Callable
from typing import BinaryIO

from earmark.errors import TagError
from earmark.library.tags.asf import read_asf
from earmark.library.tags.chunks import read_chunks
from earmark.library.tags.flac import read_flac_tags
from earmark.library.tags.held import Source, Tags
from earmark.library.tags.mp4 import read_mp4
from earmark.library.tags.mpeg import read_ape, read_mpeg
from earmark.library.tags.ogg import read_ogg
from earmark.sound.containers.kinds import FLAC, HEAD_BYTES, MPEG_4, OGG, UNKNOWN, WAV, kind_of
from earmark.sound.containers.mpeg import mpeg_streams
from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window
from earmark.sound.containers.tag_blocks import tags_end

_ENOUGH_BYTES = 1 << 18  # in which MPEG audio shows that it is some
_BY_NAME: dict[str, Callable[[Source], Tags]] = {
    OGG.name: read_ogg,
    WAV.name: read_chunks,
    "an AIFF file": read_chunks,
    MPEG_4.name: read_mp4,
    "a Windows Media file": read_asf,
    "a WavPack file": read_ape,
    "a Monkey's Audio file": read_ape,
    "a Musepack file": read_ape,
    "a TAK file": read_ape,
}


def read_tags(file: BinaryIO, name: str) -> Tags:
    """The tags of an open file; TagError where it is of a kind that has none, or where they are not understood."""
    source, window = Source(file, name), Window(file)
    kind = kind_of(window.at(tags_end(file), HEAD_BYTES))
    if kind == FLAC:
        return read_flac_tags(source, window)
    if kind == UNKNOWN:
        if not _is_mpeg(file, tags_end(file)):
            raise TagError(f"{name} is of a kind that earmark does not tag: it was left as it is.")
        return read_mpeg(source)
    if kind.name not in _BY_NAME:
        raise TagError(f"{name} is {kind.name}, which earmark does not tag: it was left as it is.")
    return _BY_NAME[kind.name](source)


def _is_mpeg(file: Seekable, start: int) -> bool:
    """Whether what lies behind the tags in front is frames of MPEG audio, at least at first."""
    end = min(start + _ENOUGH_BYTES, file.seek(0, os.SEEK_END))
    return bool(mpeg_streams(Stitched(file, [Span(start, end)])))
