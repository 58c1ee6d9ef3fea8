"""Sound from the middle of a file that PyAV decodes, the extra `av`: m4a, WMA, Matroska and WebM, by their own index.

Times are the container's, exact to a sample in MPEG-4 and to a millisecond in the others.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.sound import pyav
from earmark.sound.containers.kinds import HEAD_BYTES, Decoder, kind_of
from earmark.sound.containers.tag_blocks import tags_end
from earmark.sound.files import Reader
from earmark.sound.pieces import Piece

if TYPE_CHECKING:
    from av.container import InputContainer

# Those that can be sought in and state a length.
_SOUGHT = frozenset({"mov", "matroska", "webm", "asf"})
_LEAD_S = 0.25  # what a decoder that begins anywhere needs to find into the sound
_INEXACT_S = 0.05
_SLACK_S = 0.5  # stated lengths are off by as much


class PyAVCuts:
    """The cuts of an open container: `rate_hz` and `samples` are of each channel."""

    def __init__(self, container: "InputContainer", duration_s: float) -> None:
        self._container = container
        self._stream = container.streams.audio[0]
        self._base_s = float(self._stream.time_base or 1)
        self.rate_hz: int = self._stream.rate
        first = next(self._goes_on(), None)
        self._start_s = first[0] if first else 0.0  # of the first sound, from which samples are counted
        self.samples = int((duration_s - self._start_s) * self.rate_hz)

    @property
    def has_its_end(self) -> bool:
        """Whether the file goes on until it ends by its own word."""
        end_s = self._start_s + self.samples / self.rate_hz
        *_, last = [(0.0, None), *self._from(end_s - 1.0)]
        return last[1] is not None and last[0] + len(last[1].samples) / self.rate_hz >= end_s - _SLACK_S

    def read(self, first: int, count: int) -> Piece | None:
        """Samples `first` to `first + count`; None where they are not there.

        At both ends of a track a few milliseconds may be silence, where an index is no more exact than that.
        """
        pieces = self._from(self._start_s + first / self.rate_hz)
        start_s, piece = next(pieces, (0.0, None))
        missing = round((start_s - self._start_s) * self.rate_hz) - first  # in front
        most_missing = _INEXACT_S * self.rate_hz
        if piece is None or missing > most_missing:
            return None
        kind = piece
        held = [np.zeros((max(missing, 0), piece.samples.shape[1]), np.float32)]
        end = count - min(missing, 0)  # of the wanted samples, in what is held
        gathered = len(held[0])
        while piece is not None and gathered < end:
            if piece.rate_hz != self.rate_hz or piece.samples.shape[1] != held[0].shape[1]:
                return None
            held.append(piece.samples)
            gathered += len(piece.samples)
            _, piece = next(pieces, (0.0, None))
        behind = max(end - gathered, 0)
        if behind > most_missing:
            return None
        held.append(np.zeros((behind, held[0].shape[1]), np.float32))
        return kind._replace(samples=np.concatenate(held)[end - count : end])

    def _from(self, second: float) -> Iterator[tuple[float, Piece]]:
        """Pieces with their starts in seconds, from a little before a second on."""
        from av.error import FFmpegError

        wanted = max(second - _LEAD_S, 0.0)
        try:
            self._container.seek(int(wanted / self._base_s), stream=self._stream)
        except FFmpegError:
            return
        yield from self._goes_on(max(wanted - _LEAD_S, 0.0))

    def _goes_on(self, second: float = 0.0) -> Iterator[tuple[float, Piece]]:
        """What follows from a second on; it ends where there is damage, or frames without a time."""
        from av.error import FFmpegError

        try:
            for packet in pyav.packets(self._container, self._stream):
                if second and packet.pts is not None and packet.pts * self._base_s < second:
                    continue  # seeking goes to where a cluster begins
                frames: list[Any] = packet.decode()
                for frame in frames:
                    yield float(frame.pts * frame.time_base), pyav.piece_of(frame, self._stream)
        except (FFmpegError, ValueError, TypeError):
            return


@contextmanager
def pyav_cuts(file: Reader) -> Iterator[PyAVCuts | None]:
    """The cuts of a file, while it is open; None where libsndfile decodes it, or it must be heard whole."""
    file.seek(tags_end(file))
    if kind_of(file.read(HEAD_BYTES)).decoder is not Decoder.PYAV or not pyav.is_installed():
        yield None
        return
    from av.error import FFmpegError

    with ExitStack() as stack:
        try:
            cuts = _cuts(stack.enter_context(pyav.opened(file)))
        except (FFmpegError, ValueError):
            cuts = None
        yield cuts


def _cuts(container: "InputContainer") -> PyAVCuts | None:
    duration_s = pyav.stated_s(container) if container.streams.audio else 0.0
    if not duration_s or not _SOUGHT & set(container.format.name.split(",")):
        return None
    if not getattr(container.streams.audio[0], "rate", 0):  # nothing knows its codec
        return None
    cuts = PyAVCuts(container, duration_s)
    return cuts if cuts.has_its_end else None
