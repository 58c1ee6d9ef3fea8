"""Where music is: files and folders of this machine, or behind an address such as `s3://bucket/music`.

What a collection asks of a place is asked here, in one way for both. Addresses go through fsspec (extra `ray`), which
knows s3, gs, az, http, sftp, hdfs and others by packages of their own; a file behind one is copied to a temporary file
while it is heard. An address is kept as it was named, with the parts below it behind slashes.
https://filesystem-spec.readthedocs.io
"""

import contextlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from earmark.errors import CollectionError, EarmarkError, MissingExtraError, OutputError, SoundError
from earmark.files import shown, write_whole
from earmark.sound.files import is_address
from earmark.sound.search import Search, is_audio, is_left_out, kind_of_name, search

# What file systems call the time of change, the surest first.
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified", "created")
_NOT_THERE = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class Facts:
    """Size in bytes and time of change of a file; 0 where its place does not tell."""

    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Found:
    """The sound files at a place, and what is known of those whose place told it with the names."""

    paths: Sequence[str]
    search: Search
    facts: Mapping[str, Facts] = field(default_factory=dict)


def facts_of(path: str) -> Facts | None:
    """What a file is without opening it; None where that cannot be told."""
    try:
        if is_address(path):
            with _files_of(path) as (files, inside):
                return _facts(files.info(inside))
        found = Path(path).stat()
    except (OSError, EarmarkError):
        return None
    return Facts(found.st_size, found.st_mtime_ns)


def is_there(path: str) -> bool:
    """Whether something is at a place, a link that leads nowhere too; CollectionError where it cannot be asked."""
    if not is_address(path):
        return os.path.lexists(path)
    with _files_of(path) as (files, inside):
        return _exists(files, inside)


def is_gone(path: str) -> bool:
    """Whether nothing is at a place; not where that cannot be told, as of a folder that may not be read."""
    try:
        if is_address(path):
            return not is_there(path)
        Path(path).lstat()
    except _NOT_THERE:
        return True
    except (OSError, EarmarkError):
        return False
    return False


def is_folder(path: str) -> bool:
    """Whether a folder is at a place."""
    if not is_address(path):
        return Path(path).is_dir()
    with _files_of(path) as (files, inside):
        return bool(files.isdir(inside))


def is_file(path: str) -> bool:
    """Whether a file is at a place."""
    if not is_address(path):
        return Path(path).is_file()
    with _files_of(path) as (files, inside):
        return bool(files.isfile(inside))


def find_sound(place: str, *, exclude: Sequence[str] = ()) -> Found:
    """The sound files in a folder, or the file itself, as `sound.search.search` finds them.

    Raises
    ------
    CollectionError
        An address that cannot be reached.
    MissingExtraError
        An address, without fsspec.
    """
    if not is_address(place):
        found = search([place], exclude=exclude)
        return Found([os.path.normpath(path.absolute()) for path in found.paths], found)
    with _files_of(place) as (files, inside):
        files.invalidate_cache()
        if files.isfile(inside):
            return Found([place], Search((), {}), {place: _facts(files.info(inside))})
        return _listed(place, inside, files.find(inside, detail=True), exclude)


@contextlib.contextmanager
def local_file(path: str) -> Iterator[str]:
    """A file that can be opened here: the path itself, or a copy of what is behind an address, for as long as needed.

    Raises
    ------
    SoundError
        What is behind an address cannot be read, or there is no room for a copy; or one raised within, of the copy,
        which then names the address.
    """
    if not is_address(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        copy = os.path.join(folder, f"copy{PurePosixPath(path).suffix}")  # noqa: PTH118 - a text, as it came
        try:
            with _files_of(path) as (files, inside):
                files.get_file(inside, copy)
        except _NOT_THERE:
            raise SoundError(f"{shown(path)} is not there.", hint="Check the address.") from None
        except CollectionError as error:
            raise SoundError(error.sentence, hint=error.hint) from error
        try:
            yield copy
        except EarmarkError as error:
            raise type(error)(error.sentence.replace(copy, shown(path)), hint=error.hint) from error


def names_in(folder: str) -> list[str]:
    """The names of the files in a folder, none where it is not there; OutputError where it is closed."""
    if not is_address(folder):
        try:
            return [path.name for path in Path(folder).iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise OutputError(f"{shown(folder)} cannot be looked into ({error.strerror}).") from error
    with _files_of(folder) as (files, inside):
        files.invalidate_cache()
        found = files.ls(inside, detail=False) if _exists(files, inside) else []
        return [PurePosixPath(name).name for name in found]


@contextlib.contextmanager
def opened_at(path: str) -> Iterator[BinaryIO]:
    """A file that is read, and can be sought in; what is behind an address is read at once, as its reader's errors are
    not those of the address."""
    if not is_address(path):
        with Path(path).open("rb") as file:
            yield file
        return
    with _files_of(path) as (files, inside):
        content = files.cat_file(inside)
    yield BytesIO(content)


def put_whole(path: str, content: bytes) -> None:
    """Write a file, making its folder: it appears whole or not at all, behind addresses as far as these rename so."""
    if not is_address(path):
        write_whole(Path(path), content)
        return
    with _files_of(path) as (files, inside):
        files.makedirs(files._parent(inside), exist_ok=True)
        files.pipe_file(f"{inside}.part", content)
        files.mv(f"{inside}.part", inside)


def _exists(files: Any, inside: str) -> bool:
    """As `info` tells it: fsspec's `exists` takes a connection that is lost for a file that is."""
    try:
        files.info(inside)
    except _NOT_THERE:
        return False
    return True


def _listed(place: str, inside: str, infos: Mapping[str, Mapping[str, Any]], exclude: Sequence[str]) -> Found:
    paths: list[str] = []
    facts: dict[str, Facts] = {}
    passed_over: Counter[str] = Counter()
    root = inside.rstrip("/")
    for name in sorted(infos):
        below = name.removeprefix(root).removeprefix("/")  # one slash: a second one belongs to the name
        if infos[name].get("type") == "directory" or is_left_out(
            PurePosixPath(below), PurePosixPath(), exclude=exclude
        ):
            continue
        if is_audio(PurePosixPath(below).name):
            path = f"{place.rstrip('/')}/{below}"
            paths.append(path)
            facts[path] = _facts(infos[name])
        else:
            passed_over[kind_of_name(PurePosixPath(below).name)] += 1
    return Found(paths, Search((), passed_over), facts)


@contextlib.contextmanager
def _files_of(address: str) -> Iterator[tuple[Any, str]]:
    """The file system behind an address, and what the place is called there; errors in words, but for "not there"."""
    try:
        from fsspec import filesystem, get_filesystem_class
    except ModuleNotFoundError as error:
        raise MissingExtraError.naming(f"{shown(address)} is an address, and hearing it", "ray") from error
    protocol = address.partition("://")[0]
    try:
        # As fsspec's url_to_fs, which would take "::" in a name for a chain of addresses.
        kind = get_filesystem_class(protocol)
        yield filesystem(protocol, **kind._get_kwargs_from_urls(address)), kind._strip_protocol(address)
    except (*_NOT_THERE, EarmarkError):
        raise
    except ImportError as error:
        raise CollectionError(
            f"{shown(address)} needs a package that is not installed.",
            hint=" ".join(str(error).split()) or f"Install fsspec's package for {protocol}.",
        ) from error
    except Exception as error:  # the edge: each file system has errors of its own, of networks and of keys
        said = " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
        raise CollectionError(
            f"{shown(address)} cannot be reached ({said.rstrip('.')}).", hint="Check the address, the network and keys."
        ) from error


def _facts(info: Mapping[str, Any]) -> Facts:
    changed = next((info[name] for name in _TIMES if info.get(name) is not None), None)
    return Facts(int(info.get("size") or 0), _nanoseconds(changed))


def _nanoseconds(time: Any) -> int:
    """A time as file systems tell it, a number of seconds, a date or its text: since 1970, to the microsecond.

    One file system may tell it in two ways, with names and of a file, and to more digits in one of them.
    """
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            return 0
    if isinstance(time, datetime):
        time = time.timestamp()
    return round(time * 1e6) * 1000 if isinstance(time, int | float) else 0
