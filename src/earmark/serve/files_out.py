"""Files of the collection as answers: sound by ranges of bytes, of a kind that a browser plays."""

import os
import stat
from pathlib import Path

from starlette.responses import FileResponse, Response

from earmark.files import shown
from earmark.serve.problems import ProblemError

KINDS = {
    ".mp3": "audio/mpeg", ".mp2": "audio/mpeg", ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".wav": "audio/wav", ".aif": "audio/aiff", ".aiff": "audio/aiff", ".au": "audio/basic",
    ".m4a": "audio/mp4", ".m4b": "audio/mp4", ".mp4": "audio/mp4", ".aac": "audio/aac", ".wma": "audio/x-ms-wma",
    ".wv": "audio/x-wavpack", ".webm": "audio/webm", ".mka": "audio/x-matroska",
}  # fmt: skip
UNKNOWN = "application/octet-stream"


def kind_of_name(path: str) -> str:
    """The media type of a sound file, by its suffix: never one that a browser would run."""
    return KINDS.get(Path(path).suffix.casefold(), UNKNOWN)


def sound_file(path: str) -> Response:
    """A file of the collection; a problem with status 404 where it is no longer there."""
    try:
        facts = Path(path).stat()
        readable = stat.S_ISREG(facts.st_mode) and os.access(path, os.R_OK)  # to open a pipe would wait for ever
    except (OSError, ValueError):
        facts, readable = None, False
    if facts is None or not readable:
        name = shown(Path(path).name)
        raise ProblemError(404, f"{name} is not there any more, or may not be read.", "Say: earmark index")
    headers = {"Cache-Control": "private, no-cache"}  # the file may be replaced, and the id be that of another
    return FileResponse(path, media_type=kind_of_name(path), stat_result=facts, headers=headers)
