"""A block of Vorbis comments (xiph.org), as FLAC, Ogg Vorbis and Opus have it: several texts are several comments."""

from dataclasses import dataclass

from earmark.library.tags.edits import Edit
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD, OWN, Source, Values, texts_of

VENDOR = b"earmark"
NAMES = {GENRE: "GENRE", MOOD: "MOOD", CONFIDENCE: OWN}
_FIELDS = {name: field for field, name in NAMES.items()}


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: where it lies in its block, and its bytes behind the four that say how many they are."""

    start: int
    raw: bytes

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + 4 + len(self.raw)

    @property
    def name(self) -> str:
        """In capital letters."""
        return self.raw.partition(b"=")[0].decode("latin-1").upper()

    @property
    def text(self) -> str:
        """What it says."""
        return self.raw.partition(b"=")[2].decode("utf-8", "replace")


@dataclass(frozen=True)
class Comments:
    """A block: where the number of its comments stands, and the comments. Places are seen from its start."""

    count_at: int
    each: tuple[Comment, ...]
    vendor: bytes = VENDOR

    @property
    def end(self) -> int:
        """Where the last comment ends; what lies behind is none of it."""
        return self.each[-1].end if self.each else self.count_at + 4

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        found: dict[str, tuple[str, ...]] = {}
        for comment in self.each:
            field = _FIELDS.get(comment.name, "")
            if field:
                found[field] = (*found.get(field, ()), comment.text)
        return texts_of(found)

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return {field: f"{name} (Vorbis comment)" for field, name in NAMES.items()}

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        plain = tuple((comment.name, comment.raw) for comment in self.each if comment.name not in _FIELDS)
        return (("vendor", self.vendor), *plain)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`, by places in the block."""
        waiting = {field: [_made(NAMES[field], text) for text in texts] for field, texts in new.items()}
        found, count = [], len(self.each)
        for comment in self.each:
            field = _FIELDS.get(comment.name, "")
            if field in new:
                texts = waiting.pop(field, [])
                count += len(texts) - 1
                found.append(Edit(comment.start, comment.end, b"".join(texts)))
        added = [text for texts in waiting.values() for text in texts]
        found.append(Edit(self.end, self.end, b"".join(added)))
        return [Edit(self.count_at, self.count_at + 4, (count + len(added)).to_bytes(4, "little")), *found]


def read_comments(source: Source, block: bytes) -> Comments:
    """The comments of a block; TagError where it is none."""
    count_at = 4 + int.from_bytes(block[:4], "little")
    if len(block) < count_at + 4:
        raise source.damaged("a block of comments is too short")
    place, found = count_at + 4, []
    for _ in range(int.from_bytes(block[count_at:place], "little")):
        end = place + 4 + int.from_bytes(block[place : place + 4], "little")
        if end > len(block) or place + 4 > len(block):
            raise source.damaged("a comment is too long")
        found.append(Comment(place, block[place + 4 : end]))
        place = end
    return Comments(count_at, tuple(found), block[4:count_at])


def no_comments() -> bytes:
    """A block without any."""
    return len(VENDOR).to_bytes(4, "little") + VENDOR + bytes(4)


def _made(name: str, text: str) -> bytes:
    comment = f"{name}={text}".encode()
    return len(comment).to_bytes(4, "little") + comment
