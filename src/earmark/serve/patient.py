"""The protocol of the server's connections, with an end to patience: uvicorn's own waits for a head for ever.

A client that opens connections and says nothing, or a letter now and then, would use up all that the system lets the
server have. How long a body may take is the application's business (`guard`, `uploads`).
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0


class PatientProtocol(H11Protocol):
    """HTTP/1.1 in which the head of a request must come within `head_s` seconds."""

    head_s = HEAD_S
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on to wait, if what came is no whole head."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next head, of which a part may be here already."""
        super().on_response_complete()
        self._wait()

    def _wait(self) -> None:
        if self._is_busy():
            self._stop_waiting()
        elif self._patience is None:
            self._patience = self.loop.call_later(self.head_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self._is_busy() and not self.transport.is_closing():
            self.transport.close()

    def _is_busy(self) -> bool:
        """Whether a request is answered now."""
        return self.cycle is not None and not self.cycle.response_complete
