"""What `earmark listen` says at the end: how many files were heard, and what was passed over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.errors import SoundError
    from earmark.listen.listener import Failure
    from earmark.sound.search import Search
    from earmark.track import Track


@dataclass
class Count:
    """How many files there were so far, how many of them were heard in part, and how many failed."""

    files: int = 0
    in_part: int = 0
    failed: int = 0

    def add(self, heard: "Track | Failure") -> None:
        """One more file."""
        from earmark.track import Track

        self.files += 1
        self.in_part += isinstance(heard, Track) and heard.unread_s > 0
        self.failed += not isinstance(heard, Track)

    def lines(self) -> Iterator[str]:
        """The count, where it says more than the answer about a single file does."""
        if self.files < 2 and not (self.in_part or self.failed):
            return
        counts = [f"{self.files - self.failed} of {self.files} files heard"]
        counts += [f"{self.in_part} heard in part"] if self.in_part else []
        counts += [f"{self.failed} failed"] if self.failed else []
        yield f"{', '.join(counts)}."


def no_sound(files: Sequence[str], found: "Search", *, exclude: Sequence[str]) -> "SoundError":
    """The error where there is nothing to hear: what was searched, and what is there instead."""
    from earmark.errors import SoundError
    from earmark.sound.files import name_of

    searched = ", ".join(map(name_of, files))
    instead = f" (passed over: {found.passed_over_words})" if found.passed_over else ""
    left_out = " that --exclude does not leave out" if exclude else ""
    hint = found.hint or f"Name files, or folders that hold some{left_out}."
    return SoundError(f"No sound file is in {searched}{instead}.", hint=hint)
