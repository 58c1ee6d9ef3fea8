"""Playlists as files: M3U8 and XSPF, which players read, and JSON. Each remembers how it was made, for `--refresh`.

Places of tracks are relative to the folder of the list, so that both may move together. M3U8 is UTF-8 with a line a
track; a name that no such line can say (bytes that are no text, line breaks, blanks at an end) is a file address in
percent signs, absolute. XSPF (version 1, xspf.org) has addresses throughout. What earmark remembers stands in lines
that begin with "#EARMARK", in an `extension`, or under "earmark".
"""

import json
import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

from earmark.errors import WishError
from earmark.files import FileKind, shown

MARK = "#EARMARK:"
_OFFERED = "#EARMARK-OFFERED:"
_NAMESPACE = "http://xspf.org/ns/0/"
_APPLICATION = "urn:earmark:playlist"
KIND = FileKind("playlist", "list.m3u8", (MARK.encode(), _APPLICATION.encode(), b'"earmark": {"made"'))
SUFFIXES = (".m3u8", ".m3u", ".xspf", ".json")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A track of a list: its absolute path, and what a player shows of it; -1 s where the length is not known."""

    path: str
    title: str = ""
    artist: str = ""
    duration_s: float = -1.0


@dataclass(frozen=True)
class Listing:
    """A list as it stands in a file.

    Attributes
    ----------
    lines:
        Its tracks, in order.
    name:
        What it is called; may be empty.
    made:
        How it was made, plain JSON values; empty in a list of somebody else's.
    offered:
        Absolute paths of all that this list ever offered, in the order of the last one.
    """

    lines: tuple[Line, ...]
    name: str = ""
    made: Mapping[str, Any] = field(default_factory=dict)
    offered: tuple[str, ...] = ()


def text_of(listing: Listing, file: Path, *, absolute: bool = False) -> str:
    """What a file says, with `absolute` places of tracks for one that goes who knows where.

    WishError where its suffix is none of `SUFFIXES`.
    """
    write = {".xspf": _xspf, ".json": _json}.get(checked_suffix(file), _m3u8)
    return write(listing, "" if absolute else _folder_of(file))


def checked_suffix(file: Path) -> str:
    """The suffix of a list in small letters; WishError where it is none of `SUFFIXES`."""
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        hint = f"Name a file that ends in {', '.join(SUFFIXES)}."
        raise WishError(f"{shown(file)} is none of the kinds of playlists that are written.", hint=hint)
    return suffix


def read_listing(file: Path) -> Listing:
    """The list in a file, of earmark's making or another's; WishError where it is none."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WishError(f"{shown(file)} cannot be read ({error.strerror}).", hint="Name a playlist.") from error
    read = {".xspf": _from_xspf, ".json": _from_json}.get(file.suffix.lower(), _from_m3u8)
    try:
        return read(content, _folder_of(file))
    except (ET.ParseError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = f"Name a file that ends in {', '.join(SUFFIXES)}."
        raise WishError(f"{shown(file)} is no playlist that can be read.", hint=hint) from error


def as_addresses(listing: Listing, file: Path) -> int:
    """How many tracks an M3U8 has to name by an address, which not every player follows."""
    if file.suffix.lower() not in (".m3u8", ".m3u"):
        return 0
    return sum(_place(line.path, _folder_of(file)).startswith("file:") for line in listing.lines)


def _folder_of(file: Path) -> str:
    return os.fspath(Path(os.path.realpath(file)).parent)


# Places of tracks


def _relative(path: str, folder: str) -> str:
    """A path below or beside the folder of the list; absolute where that is on another drive, or not known."""
    if not folder:
        return path
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return path


def _place(path: str, folder: str) -> str:
    """What an M3U8 calls a track."""
    plain = _relative(path, folder)
    if os.sep == "\\":
        plain = plain.replace("\\", "/")
    if plain.startswith("#") or plain[:1].isspace() or _ADDRESS.match(plain):
        plain = plain if Path(plain).is_absolute() else f"./{plain}"
    hidden = plain != plain.strip() or len(plain.splitlines()) != 1 or "\x00" in plain
    try:
        plain.encode("utf-8")
    except UnicodeEncodeError:
        hidden = True
    return Path(path).as_uri() if hidden else plain


def _path(place: str, folder: str) -> str:
    """The absolute path of a place as a list has it: an address, or a path from the folder of the list."""
    if place.lower().startswith("file:"):
        place = os.fsdecode(unquote_to_bytes(urlsplit(place).path))
        if os.name == "nt":
            place = place.lstrip("/")
    elif os.sep == "/" and "\\" in place and not _is_there(folder, place):
        turned = place.replace("\\", "/")  # from a system on which that parts folders
        place = turned if _is_there(folder, turned) else place
    return os.path.normpath(Path(folder, place))


def _is_there(folder: str, place: str) -> bool:
    try:
        return Path(folder, place).exists()
    except (OSError, ValueError):
        return False


# M3U8


def _m3u8(listing: Listing, folder: str) -> str:
    lines = ["#EXTM3U"]
    lines += [MARK + json.dumps(listing.made)] if listing.made else []
    lines += [f"#PLAYLIST:{_one_line(listing.name)}"] if listing.name else []
    lines += [_OFFERED + _place(path, folder) for path in listing.offered]
    for line in listing.lines:
        said = " - ".join(each for each in (line.artist, line.title) if each)
        lines += [f"#EXTINF:{round(line.duration_s)},{_one_line(said)}", _place(line.path, folder)]
    return "\n".join(lines) + "\n"


def _from_m3u8(content: bytes, folder: str) -> Listing:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = os.fsdecode(content)  # an M3U of old: names are the bytes that the file system has
    if "\x00" in text:
        raise ValueError("has a zero byte")
    lines: list[Line] = []
    offered: list[str] = []
    made: Mapping[str, Any] = {}
    name, said = "", ("", -1.0)
    for raw in text.splitlines():
        row = raw.strip()
        if row.startswith(MARK):
            made = json.loads(row[len(MARK) :])
        elif row.startswith(_OFFERED):
            offered.append(_path(row[len(_OFFERED) :], folder))
        elif row.upper().startswith("#PLAYLIST:"):
            name = row[len("#PLAYLIST:") :].strip()
        elif row.upper().startswith("#EXTINF:"):
            said = _said(row[len("#EXTINF:") :])
        elif row and not row.startswith("#") and not _elsewhere(row):
            lines.append(Line(_path(row, folder), title=said[0], duration_s=said[1]))
            said = ("", -1.0)
    if not isinstance(made, dict):
        raise ValueError("does not remember how it was made")
    return Listing(tuple(lines), name, made, tuple(offered))


def _said(row: str) -> tuple[str, float]:
    length, _, title = row.partition(",")
    try:
        return title.strip(), float(length.split()[0])
    except (ValueError, IndexError):
        return title.strip(), -1.0


def _elsewhere(place: str) -> bool:
    """Whether a place is on the net, such as a radio's."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", place) is not None and not place.lower().startswith("file:")


def _one_line(text: str) -> str:
    return shown(" ".join(text.split())).encode("utf-8", "backslashreplace").decode("utf-8")


# XSPF


def _xspf(listing: Listing, folder: str) -> str:
    root = ET.Element("playlist", {"version": "1", "xmlns": _NAMESPACE})
    if listing.name:
        _text(root, "title", listing.name)
    if listing.made:
        memory = {"made": listing.made, "offered": [_address(path, folder) for path in listing.offered]}
        extension = ET.SubElement(root, "extension", {"application": _APPLICATION})
        extension.text = json.dumps(memory)
    tracks = ET.SubElement(root, "trackList")
    for line in listing.lines:
        track = ET.SubElement(tracks, "track")
        _text(track, "location", _address(line.path, folder))
        _text(track, "title", line.title)
        if line.artist:
            _text(track, "creator", line.artist)
        if line.duration_s >= 0:
            _text(track, "duration", str(round(1000 * line.duration_s)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False, short_empty_elements=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = _NOT_XML.sub("", text)


def _address(path: str, folder: str) -> str:
    """A path as an address from the folder of the list."""
    plain = _relative(path, folder)
    if Path(plain).is_absolute():
        return Path(path).as_uri()
    encoded = quote(os.fsencode(plain.replace(os.sep, "/")))
    return f"./{encoded}" if ":" in encoded.split("/")[0] else encoded


def _from_address(address: str, folder: str) -> str:
    if address.lower().startswith("file:"):
        return _path(address, folder)
    return _path(os.fsdecode(unquote_to_bytes(address)), folder)


def _from_xspf(content: bytes, folder: str) -> Listing:
    root = ET.fromstring(content)
    if root.tag != f"{{{_NAMESPACE}}}playlist":
        raise ValueError("is no XSPF")
    space = {"x": _NAMESPACE}
    memory: dict[str, Any] = {"made": {}, "offered": []}
    for extension in root.findall("x:extension", space):
        if extension.get("application") == _APPLICATION:
            memory = json.loads(extension.text or "")
    lines = []
    for track in root.findall("x:trackList/x:track", space):
        address = (track.findtext("x:location", "", space) or "").strip()
        if not address or _elsewhere(address):
            continue
        length = track.findtext("x:duration", "", space) or ""
        lines.append(
            Line(
                _from_address(address, folder),
                title=track.findtext("x:title", "", space) or "",
                artist=track.findtext("x:creator", "", space) or "",
                duration_s=int(length) / 1000 if length.strip().isdigit() else -1.0,
            )
        )
    offered = tuple(_from_address(address, folder) for address in memory["offered"])
    return Listing(tuple(lines), root.findtext("x:title", "", space) or "", dict(memory["made"]), offered)


# JSON


def _json(listing: Listing, folder: str) -> str:
    values = {
        "earmark": {"made": dict(listing.made), "offered": [_relative(path, folder) for path in listing.offered]},
        "name": listing.name,
        "tracks": [
            {
                "path": _relative(line.path, folder),
                "title": line.title,
                "artist": line.artist,
                "duration_s": line.duration_s,
            }
            for line in listing.lines
        ],
    }
    return json.dumps(values, indent=None) + "\n"


def _from_json(content: bytes, folder: str) -> Listing:
    values = json.loads(content)
    lines = tuple(
        Line(_path(each["path"], folder), each.get("title", ""), each.get("artist", ""), each.get("duration_s", -1.0))
        for each in values["tracks"]
    )
    memory = values.get("earmark") or {"made": {}, "offered": []}
    offered = tuple(_path(path, folder) for path in memory["offered"])
    return Listing(lines, str(values.get("name", "")), dict(memory["made"]), offered)
