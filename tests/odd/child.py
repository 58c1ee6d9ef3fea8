"""A process that hears files for another one, so that a decoder which hangs or dies costs that file alone.

Started as a program it answers each line on stdin, a path as JSON, with a line on stdout: the fields of a `Hearing`.
"""

import contextlib
import dataclasses
import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from odd.judge import Hearing

Way = Literal["decode", "listen"]

PATIENCE_S = 4.0
LIMIT_S = 10.0
_TESTS = Path(__file__).parents[1]
_WITHOUT_AV = Path(__file__).parent / "without_av"


class Child:
    """The process, seen from the one that asks: a context manager.

    Parameters
    ----------
    way:
        "decode" hears with `sound.decode.blocks`, "listen" with the shipped network, and says `heard_as` too.
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

    def hear(self, path: Path, *, limit_s: float = LIMIT_S) -> Hearing:
        """What comes of a file; a process that says nothing within the limit, or dies, is a fault."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(str(path)).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], limit_s)[0]:
            self._end()
            return Hearing(fault=f"no end within {limit_s:g} s")
        line = process.stdout.readline()
        if not line:
            code = self._end()
            return Hearing(fault=f"the process died with exit code {code}")
        return Hearing(**json.loads(line))

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, __file__, self._way]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._environment)
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
            process.wait(0.1)
        code = process.poll()
        process.kill()
        process.communicate()
        return code


def decoded(path: str) -> Hearing:
    """What `blocks` makes of a file."""
    import numpy as np

    from earmark.sound.decode import blocks

    heard, samples = blocks(path, patience_s=PATIENCE_S), 0
    for block in heard:
        if block.dtype != np.float32 or block.ndim != 1 or not block.size or not np.isfinite(block).all():
            return Hearing(fault=f"a block of {block.dtype}, {block.shape}")
        samples += block.size
    return Hearing(samples / 22_050, heard.unread_s, " ".join(heard.notes))


def listened(path: str, *, listener: Any) -> Hearing:
    """What the shipped network makes of a file."""
    track = listener.hear(path)
    return Hearing(track.duration_s, track.unread_s, " ".join(track.notes), heard_as=track.genre)


def main() -> None:
    """Hear what stdin names, until it ends."""
    import functools

    from earmark.errors import MissingExtraError, SoundError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Listener

    way = functools.partial(listened, listener=Listener(load_bundle())) if sys.argv[1] == "listen" else decoded
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a decoder prints is no answer
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        try:
            hearing = way(json.loads(line))
        except (SoundError, MissingExtraError) as error:
            hearing = Hearing(said=str(error))
        except Exception as error:  # noqa: BLE001 - any other is what the tests look for
            hearing = Hearing(fault=f"{type(error).__name__}: {error}")
        print(json.dumps(dataclasses.asdict(hearing)), file=out, flush=True)


if __name__ == "__main__":
    main()
