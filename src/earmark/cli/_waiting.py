"""A line on the terminal that says how far a run is, for those that take more than two seconds."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_S = 2.0
_TICK_S = 0.5


class Progress:
    """Shows files done, time passed and time left on stderr, as a context manager; a thread keeps the clock going.

    The time left goes by the bytes of the files, the best guess of their length that costs nothing.

    Parameters
    ----------
    paths:
        What will be done, in order.
    shown:
        False for a run whose stderr is no terminal: nothing is written.
    """

    def __init__(self, paths: Sequence[str | Path], *, shown: bool) -> None:
        self._sizes = [_size_bytes(path) for path in paths] if shown else []
        self._shown = shown
        self._done = 0
        self._visible = False
        self._started_s = time.monotonic()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        if self._shown:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        if self._shown:
            self._thread.join()
            self._hide()

    @contextmanager
    def step(self) -> Iterator[None]:
        """One more file is done; the line makes room for what the block prints about it."""
        with self._lock:
            self._done += 1
            self._hide()
            yield

    def line(self, passed_s: float) -> str:
        """What the line says after this many seconds."""
        from earmark.plots.text import clock

        done_bytes, all_bytes = sum(self._sizes[: self._done]), sum(self._sizes)
        files = f"{self._done} of {len(self._sizes)} files, {clock(passed_s)}"
        if not done_bytes:
            return files
        return f"{files}, {clock(passed_s * (all_bytes - done_bytes) / done_bytes)} left"

    def _run(self) -> None:
        while not self._end.wait(_TICK_S):
            passed_s = time.monotonic() - self._started_s
            if passed_s >= _PATIENCE_S:
                with self._lock:
                    sys.stderr.write(f"\r\x1b[2K{self.line(passed_s)}")
                    sys.stderr.flush()
                    self._visible = True

    def _hide(self) -> None:
        if self._visible:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._visible = False


def _size_bytes(path: str | Path) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
