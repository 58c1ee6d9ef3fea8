"""A process that hears files for another one, so that a decoder which hangs or dies costs that file alone.

Started as a program it answers each line on stdin, JSON of a path or of a file's bytes, with a line on stdout: the
fields of a `Hearing`.
"""

import contextlib
import ctypes
import dataclasses
import functools
import importlib
import io
import json
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from odd.judge import Hearing, heard_as

Way = Literal["decode", "listen"]

PATIENCE_S = 3.0
LIMIT_S = 10.0
# What may be asked for beyond what the process has when it begins, in bytes.
_MEMORY = 2**31
# More sound than this is no longer looked at: some formats hold days of silence in a few bytes.
_LONGEST_S = 600.0
_RATE_HZ = 22_050
_LIBC = ctypes.CDLL(None)
_TESTS = Path(__file__).parents[1]
_WITHOUT_AV = Path(__file__).parent / "without_av"


class Child:
    """The process, seen from the one that asks: a context manager.

    Parameters
    ----------
    way:
        "decode" hears with `sound.decode.blocks`, "listen" with the shipped network, and tells `heard_as` too.
    with_av:
        Whether it has PyAV.
    """

    def __init__(self, way: Way, *, with_av: bool) -> None:
        hidden = [] if with_av else [str(_WITHOUT_AV)]
        paths = [*hidden, str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
        self._way = way
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def hear(self, source: Path | bytes, *, limit_s: float = LIMIT_S) -> Hearing:
        """What comes of a path or a file's bytes; a process that says nothing within the limit, or dies, is a fault."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        message = {"bytes": source.hex()} if isinstance(source, bytes) else {"path": str(source)}
        begun_s = time.monotonic()
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], limit_s)[0]:
            self._end()
            return Hearing(fault=f"no end within {limit_s:g} s")
        line = process.stdout.readline()
        if not line:
            return Hearing(fault=f"the process died with exit code {self._end()}")
        if time.monotonic() - begun_s > PATIENCE_S:
            self._end()  # a decoder that was given up on may go on for ever, in a thread that nothing stops
        return Hearing(**json.loads(line))

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, __file__, self._way]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment,
        )
        assert process.stdout is not None
        process.stdout.readline()  # ready: the time of its start is not that of the first file
        self._process = process
        return process

    def _end(self) -> int | None:
        """Kill the process; its exit code if it was dead already."""
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        code = process.poll()
        process.kill()
        process.wait()
        return code


def decoded(source: Any) -> Hearing:
    """What `blocks` makes of a path or file object; a fault where a block is not what it promises."""
    import numpy as np

    from earmark.sound.decode import blocks

    heard, samples = blocks(source, patience_s=PATIENCE_S), 0
    for block in heard:
        if block.dtype != np.float32 or block.ndim != 1 or not block.size or not np.isfinite(block).all():
            return Hearing(fault=f"a block of {block.dtype}, {block.shape}")
        samples += block.size
        if samples > _LONGEST_S * _RATE_HZ:
            return Hearing(samples / _RATE_HZ)
    if not 0 <= heard.unread_s < np.inf:
        return Hearing(fault=f"{heard.unread_s} s unread")
    return Hearing(samples / _RATE_HZ, heard.unread_s, " ".join(heard.notes))


def listened(source: Any, *, listener: Any) -> Hearing:
    """What the shipped network makes of a path or file object."""
    track = listener.hear(source)
    names = heard_as({answer.name: answer.probability for answer in track.answers})
    return Hearing(track.duration_s, track.unread_s, " ".join(track.notes), names)


def main() -> None:
    """Hear what stdin names, until it ends."""
    way = _way(sys.argv[1])
    out = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 1)
        _limit_memory()
        print("ready", file=out, flush=True)
        for line in sys.stdin:
            message = json.loads(line)
            source = io.BytesIO(bytes.fromhex(message["bytes"])) if "bytes" in message else message["path"]
            hearing = _heard(way, source)
            noise = _taken(printed.fileno())
            if noise and not hearing.fault:
                hearing = Hearing(fault=f"a decoder printed {noise}")
            print(json.dumps(dataclasses.asdict(hearing)), file=out, flush=True)


def _taken(printed: int) -> str:
    """What was written on stdout since the last time: among answers in JSON it would do harm."""
    _LIBC.fflush(None)
    size = os.fstat(printed).st_size
    text = os.pread(printed, min(size, 200), 0).decode(errors="replace") if size else ""
    os.ftruncate(printed, 0)
    os.lseek(printed, 0, os.SEEK_SET)
    return text


def _heard(way: Callable[[Any], Hearing], source: Any) -> Hearing:
    from earmark.errors import MissingExtraError, SoundError

    try:
        return way(source)
    except (SoundError, MissingExtraError) as error:
        return Hearing(said=str(error))
    except Exception as error:  # noqa: BLE001 - any other is what the tests look for
        return Hearing(fault=f"{type(error).__name__}: {error}")


def _way(name: str) -> Callable[[Any], Hearing]:
    if name == "decode":
        importlib.import_module("earmark.sound.decode")
        with contextlib.suppress(ImportError):
            importlib.import_module("av")  # before memory is limited
        return decoded
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Listener

    return functools.partial(listened, listener=Listener(load_bundle()))


def _limit_memory() -> None:
    """Let the process take so much more, where the system tells how much it has."""
    statistics = Path("/proc/self/statm")
    if statistics.exists():
        held = int(statistics.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + _MEMORY, held + _MEMORY))


if __name__ == "__main__":
    main()
