"""Tasks that behave as hostile files make decoders behave; workers import them by name."""

import os
import time
from dataclasses import dataclass
from typing import Any

from earmark.errors import SoundError
from earmark.serve.ear import Ear
from earmark.serve.tasks import Tell


@dataclass(frozen=True)
class Say:
    """Gives a text, or the worker's process id where it is empty."""

    text: str = ""

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        tell("progress", {"said": 0})
        return self.text or os.getpid()


@dataclass(frozen=True)
class Die:
    """Ends the process as a crash does."""

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        os._exit(7)


@dataclass(frozen=True)
class Hang:
    """Takes for ever."""

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        time.sleep(1000)


@dataclass(frozen=True)
class Hoard:
    """Asks for more memory than there may be."""

    size_bytes: int

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        return len(bytearray(self.size_bytes))


@dataclass(frozen=True)
class Fail:
    """Fails in words, or by a mistake."""

    mistake: bool = False

    def __call__(self, ear: Ear, tell: Tell) -> Any:
        if self.mistake:
            raise ZeroDivisionError("no such thing")
        raise SoundError("It is no sound.", hint="Give another.")
