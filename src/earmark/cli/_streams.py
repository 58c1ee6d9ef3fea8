"""What the command has of its surroundings: three open descriptors, signals that end it in order, words on stderr."""

import contextlib
import io
import os
import signal
import sys
from types import FrameType
from typing import TextIO

_STREAMS = ("stdin", "stdout", "stderr")
_ENDING = ("SIGTERM", "SIGHUP")  # the second is missing on Windows


def prepare_streams() -> None:
    """Make stdin, stdout and stderr usable whatever the caller closed; to be called before any file is opened.

    A descriptor that was closed takes what is written to it and keeps nothing. Were it left free, the next file to be
    opened would get its number, and what libraries print to stderr would go into that file. Decoders in C print notes
    on both that no option stops, on damage that earmark tells in its own words: they are kept from the terminal, and
    Python gets descriptors of its own.
    """
    for descriptor, name in enumerate(_STREAMS):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            continue
        os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
        os.set_inheritable(descriptor, True)  # worker processes need it as much
        setattr(sys, name, open(descriptor, "r" if name == "stdin" else "w", closefd=False))  # noqa: SIM115 - for good
    sys.stdout, sys.stderr = _own(sys.stdout, 1), _own(sys.stderr, 2)
    for stream in (sys.stdout, sys.stderr):
        # File names and block characters must not stop a run on a terminal that cannot show them.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")


def _own(stream: TextIO, descriptor: int) -> TextIO:
    """The stream with another descriptor, while the one that C code knows leads nowhere."""
    stream.flush()
    # stderr keeps nothing back: what could not be written must not fail once more at the end.
    buffering = 0 if descriptor == 2 else -1
    binary = os.fdopen(os.dup(descriptor), "wb", buffering=buffering)
    lines = descriptor == 2 or stream.isatty()
    own = io.TextIOWrapper(binary, encoding=stream.encoding, errors=stream.errors, line_buffering=lines)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return own


def end_in_order() -> None:
    """Turn SIGTERM and SIGHUP into an exit with 128 and the signal's number, so that what is half-written is removed.

    A signal that the caller has us ignore, as nohup does, stays ignored.
    """
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _end)


def say(sentence: str) -> None:
    """A line on stderr; a stderr that takes nothing costs no more than the line."""
    import typer

    with contextlib.suppress(OSError):
        typer.echo(f"earmark: {sentence}", err=True)


def _end(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # once is enough: a second one would break off the tidying up
    sys.exit(128 + number)
