"""What did harm: files whose names tell how it came about, a few of each kind of harm, and shortened."""

import re
from collections import Counter
from pathlib import Path

from odd.child import Child

# Of one kind of harm so many files are kept; the others are counted.
_KEPT = 3
_SHORTENING_ROUNDS = 60


class Findings:
    """Harm that was found, by kind; its files lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self._folder = folder

    def add(self, content: bytes, fault: str, *, seed: int, number: int) -> None:
        """Keep the file, unless there are enough of its kind."""
        kind = kind_of(content, fault)
        self.counts[kind] += 1
        if self.counts[kind] <= _KEPT:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^a-z0-9]+", "-", kind.lower()).strip("-")[:80]
            (self._folder / f"{name}-seed{seed}-{number}.bin").write_bytes(content)

    def shorten(self) -> None:
        """Put beside each kept file, as `.short`, the least of it that still does harm."""
        for path in sorted(self._folder.glob("*.bin")):
            path.with_suffix(".short").write_bytes(shortened(path.read_bytes()))


def kind_of(content: bytes, fault: str) -> str:
    """Harm of one kind: the same first words, numbers apart; where a decoder said none, by files that begin alike."""
    words = re.sub(r"\b[0-9A-F]+\b", "N", fault).partition("\n")[0][:40]
    silent = fault.startswith(("no end", "the process"))
    return f"{content[:4].decode('ascii', 'replace')} {words}" if silent else words


def shortened(content: bytes, *, limit_s: float = 5.0) -> bytes:
    """The file without spans that it need not have to do harm; a decoder is asked at most sixty times."""
    with Child("decode", with_av=True) as child:
        size, rounds = len(content) // 2, 0
        while size >= 1 and rounds < _SHORTENING_ROUNDS:
            place = 0
            while place < len(content) and rounds < _SHORTENING_ROUNDS:
                candidate = content[:place] + content[place + size :]
                rounds += 1
                if child.hear(candidate, limit_s=limit_s).fault:
                    content = candidate
                else:
                    place += size
            size //= 2
    return content
