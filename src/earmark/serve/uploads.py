"""Sound that clients send: written to a folder of the server's, within limits of size and time, and soon removed.

The folder is locked while the server lives. What a server left behind that was killed is removed by its workers, and
by the next server.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from starlette.requests import ClientDisconnect, Request

from earmark.files import lock, shown
from earmark.serve.problems import ProblemError
from earmark.serve.settings import Limits

_PREFIX = "earmark-serve-"
_LOCK = "lock"
_LONGEST_NAME = 200
_LONGEST_FIELD = 1000
_LONGEST_FORM = 100_000  # beside its file
_LET_GO_S = 1.0


class Desk:
    """The folder in which uploads lie, as a context manager."""

    def __init__(self, above: Path | None = None) -> None:
        self._above = Path(tempfile.gettempdir()) if above is None else above
        self.folder = Path()
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> "Desk":
        _sweep(self._above)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._above))  # nobody else may look into it
        self._lock = (self.folder / _LOCK).open("wb")
        _try_lock(self._lock)
        return self

    def __exit__(self, *error: object) -> None:
        if self._lock is not None:
            self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> Path:
        """A new name in the folder."""
        return self.folder / secrets.token_hex(16)


@dataclass(eq=False)
class Upload:
    """What came: a file and what the client calls it, or fields of a form alone."""

    path: Path | None = None
    name: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def remove(self) -> None:
        """Remove the file."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


async def receive(request: Request, desk: Desk, limits: Limits) -> Upload:
    """Take what a request brings: a form with one file, or with fields alone, or a body that is the file.

    Raises a ProblemError, and leaves nothing, where it is too large (413), too slow (408), cut off or no form (400).
    """
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limits.upload_bytes + _LONGEST_FIELD:
        await _let_go(request)
        raise _too_large(limits)
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    upload = Upload()
    try:
        pieces = _in_time(request, limits)
        if kind.strip().casefold() == "multipart/form-data":
            await _take_form(pieces, rest, upload, desk, limits)
        elif kind.strip().casefold() == "application/x-www-form-urlencoded":
            await _take_fields(pieces, upload)
        else:
            upload.name = plain_name(request.query_params.get("name", ""))
            await _take_body(pieces, upload, desk, limits)
    except ProblemError as error:
        upload.remove()
        if error.status == 413:
            await _let_go(request)
        raise
    except BaseException:
        upload.remove()
        raise
    return upload


def plain_name(name: str) -> str:
    """What a client calls a file, without folders, on one line: it is shown, and never opened."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    return shown(last)[:_LONGEST_NAME] if last.strip(". ") else "The upload"


async def _in_time(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """The pieces of a body; a ProblemError where they come too slowly, or stop, or are too many."""
    until_s = time.monotonic() + limits.upload_s
    left_bytes = limits.upload_bytes + _LONGEST_FORM  # of all that comes, as a form may be endless without a large file
    stream = aiter(request.stream())
    while True:
        patience_s = min(limits.idle_s, until_s - time.monotonic())
        try:
            piece = await asyncio.wait_for(anext(stream), max(patience_s, 0.0))
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            hint = "Send it again, faster, or a smaller file."
            raise ProblemError(408, "The upload came too slowly.", hint, headers={"Connection": "close"}) from error
        except ClientDisconnect as error:
            raise ProblemError(400, "The upload was cut off.", "Send it again.") from error
        left_bytes -= len(piece)
        if left_bytes < 0:
            raise _too_large(limits)
        if piece:
            yield piece


async def _let_go(request: Request) -> None:
    """Take a little of what nobody wants: a client that is still sending would not see the answer."""
    if request.headers.get("expect"):  # it waits for a word before it sends
        return
    with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(_LET_GO_S):
            async for _ in request.stream():
                pass


class _Sink:
    """A file in the making."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self.path = desk.place()
        self._limits = limits
        with _room():
            self._file = self.path.open("xb")
        self._bytes = 0

    def write(self, piece: bytes) -> None:
        self._bytes += len(piece)
        if self._bytes > self._limits.upload_bytes:
            raise _too_large(self._limits)
        with _room():
            self._file.write(piece)

    def close(self) -> None:
        with _room():  # what was written last may not have been kept yet
            self._file.close()


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """A problem with status 507 where the system cannot keep more."""
    try:
        yield
    except OSError as error:
        raise ProblemError(507, f"The upload cannot be kept ({error.strerror}).", "Make room on the disk.") from error


async def _take_body(pieces: AsyncIterator[bytes], upload: Upload, desk: Desk, limits: Limits) -> None:
    sink = _Sink(desk, limits)
    upload.path = sink.path
    with contextlib.closing(sink):
        async for piece in pieces:
            sink.write(piece)


async def _take_fields(pieces: AsyncIterator[bytes], upload: Upload) -> None:
    from urllib.parse import parse_qsl

    body = b""
    async for piece in pieces:
        body += piece
        if len(body) > 10 * _LONGEST_FIELD:
            raise ProblemError(413, "The form is too large.", "Send the file as multipart/form-data.")
    upload.fields.update(parse_qsl(body.decode("utf-8", "replace")))


async def _take_form(pieces: AsyncIterator[bytes], rest: str, upload: Upload, desk: Desk, limits: Limits) -> None:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(f"multipart/form-data;{rest}")[1].get(b"boundary", b"")
    try:
        form = _Form(upload, desk, limits, parse_options_header)
        with contextlib.closing(form):
            parser = MultipartParser(boundary, form.callbacks)  # type: ignore[arg-type]  # a TypedDict there
            async for piece in pieces:
                parser.write(piece)
            parser.finalize()
        if not form.ended:
            raise ProblemError(400, "The form was cut off.", "Send it again.")
    except (FormParserError, ValueError) as error:
        hint = "Send multipart/form-data with the field 'file'."
        raise ProblemError(400, "The form cannot be read.", hint) from error


class _Form:
    """Takes what a parser of forms finds: one file, and short fields."""

    def __init__(self, upload: Upload, desk: Desk, limits: Limits, options: Callable[[bytes], Any]) -> None:
        self._upload = upload
        self._desk = desk
        self._limits = limits
        self._options = options
        self._sink: _Sink | None = None
        self._header: list[bytes] = [b"", b""]
        self._headers: dict[bytes, bytes] = {}
        self._field: str | None = None
        self._value = b""
        self.ended = False

    @property
    def callbacks(self) -> dict[str, Callable[..., None]]:
        """By the parser's names of what happens."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._add(1, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_part_end": self._close_part,
            "on_end": self._end,
        }

    def close(self) -> None:
        """Close the file, if one is open."""
        if self._sink is not None:
            self._sink.close()
            self._sink = None

    def _begin(self) -> None:
        self._headers, self._field, self._value = {}, None, b""

    def _add(self, which: int, data: bytes) -> None:
        self._header[which] += data  # the parser limits how long

    def _end_header(self) -> None:
        self._headers[self._header[0].lower()] = self._header[1]
        self._header = [b"", b""]

    def _open(self) -> None:
        options = self._options(self._headers.get(b"content-disposition", b""))[1]
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            self._field = name
            return
        if self._upload.path is not None:
            raise ProblemError(400, "The form has several files.", "Send one file at a time.")
        self._sink = _Sink(self._desk, self._limits)
        self._upload.path = self._sink.path
        self._upload.name = plain_name(options[b"filename"].decode("utf-8", "replace"))

    def _data(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink.write(data)
            return
        self._value += data
        if len(self._value) > _LONGEST_FIELD:
            raise ProblemError(413, "A field of the form is too long.", "Send the sound as a file, with a name.")

    def _close_part(self) -> None:
        self.close()
        if self._field is not None and len(self._upload.fields) < 20:
            self._upload.fields[self._field] = self._value.decode("utf-8", "replace")

    def _end(self) -> None:
        self.ended = True


def _too_large(limits: Limits) -> ProblemError:
    most = f"{limits.upload_bytes / 1e6:g} MB"
    hint = "Give a smaller file, or start the server with a larger --max-mb."
    return ProblemError(413, f"The upload is larger than {most}, which is the most here.", hint, headers={
        "Connection": "close"
    })  # fmt: skip


def _try_lock(file: IO[bytes]) -> bool:
    """Whether the file could be locked: nobody else has it then."""
    try:
        lock(file, wait=False)
    except OSError:
        return False
    return True


def _sweep(above: Path) -> None:
    """Remove folders of servers that are gone; what other users put there is theirs."""
    for folder in filter(_is_ours, above.glob(f"{_PREFIX}*")):
        held = folder / _LOCK
        with contextlib.suppress(OSError):
            if os.name == "nt":  # a file that is open cannot be removed there
                held.unlink()
                shutil.rmtree(folder, ignore_errors=True)
                continue
            with held.open("r+b") as file:
                gone = _try_lock(file)
            if gone:
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        facts = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and (os.name == "nt" or facts.st_uid == os.getuid())
