"""The tags of FLAC (RFC 9639): the block of Vorbis comments, which takes from the padding, if there is one."""

from dataclasses import dataclass

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth
from earmark.library.tags.held import Source, Tags, Values
from earmark.library.tags.vorbis import Comments, no_comments, read_comments
from earmark.sound.containers.stitched import Window
from earmark.sound.containers.tag_blocks import after_tags

_HEAD_BYTES = 4
_LAST = 0x80
_STREAMINFO, _PADDING, _COMMENTS = 0, 1, 4
_LONGEST = (1 << 24) - 1
_MOST_BLOCKS = 10_000


@dataclass(frozen=True, slots=True)
class Block:
    """One block of metadata: where it begins, with its head, its kind, whether it is the last, and what it holds."""

    start: int
    kind: int
    is_last: bool
    content: bytes

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + _HEAD_BYTES + len(self.content)


@dataclass(frozen=True)
class FlacTags:
    """As of `Tags`."""

    source: Source
    blocks: tuple[Block, ...]
    comments: Comments

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        return self.comments.fields

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return self.comments.places

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`: pictures have blocks of their own."""
        plain = [block for block in self.blocks if block.kind not in (_PADDING, _COMMENTS)]
        comments = self.comments.others if self._block else self.comments.others[1:]
        return (*comments, *((f"block {block.kind}", block.content) for block in plain))

    @property
    def copied(self) -> frozenset[str]:
        """Names of others that are there afterwards and were not before: who made the block of comments."""
        return frozenset() if self._block else frozenset(["vendor"])

    @property
    def _block(self) -> Block | None:
        return next((block for block in self.blocks if block.kind == _COMMENTS), None)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        block, changes = self._block, self.comments.edits(new)
        size = (len(block.content) if block else len(no_comments())) + growth(changes)
        if size > _LONGEST:
            raise TagError(f"The tags of {self.source.name} are too long already: it was left as it is.")
        if block is None:
            return self._with_block(changes)
        first = block.start + _HEAD_BYTES
        found = [Edit(first + change.start, first + change.end, change.content) for change in changes]
        found.append(Edit(block.start + 1, first, size.to_bytes(3)))
        return found + self._room(growth(changes))

    def _room(self, size: int) -> list[Edit]:
        """Take so much from a padding, if there is one that has it."""
        for block in self.blocks:
            if block.kind == _PADDING and 0 <= len(block.content) - size <= _LONGEST and not block.content.strip(b"\0"):
                left = len(block.content) - size
                end = Edit(block.end - size, block.end, b"") if size > 0 else Edit(block.end, block.end, bytes(-size))
                return [Edit(block.start + 1, block.start + _HEAD_BYTES, left.to_bytes(3)), end]
        return []

    def _with_block(self, changes: list[Edit]) -> list[Edit]:
        """A new block behind the STREAMINFO."""
        content, place = b"", 0
        for change in changes:
            content, place = content + no_comments()[place : change.start] + change.content, change.end
        content += no_comments()[place:]
        info = self.blocks[0]
        head = bytes([_COMMENTS | _LAST * info.is_last]) + len(content).to_bytes(3)
        return [Edit(info.start, info.start + 1, bytes([_STREAMINFO])), Edit(info.end, info.end, head + content)]


def read_flac_tags(source: Source, window: Window) -> Tags:
    """The tags of a FLAC file."""
    place = after_tags(window, 0)
    if source.some(place, 4) != b"fLaC":
        raise source.damaged("it is no FLAC")
    place, blocks = place + 4, list[Block]()
    while not (blocks and blocks[-1].is_last):
        head = source.at(place, _HEAD_BYTES)
        content = source.at(place + _HEAD_BYTES, int.from_bytes(head[1:]))
        blocks.append(Block(place, head[0] & ~_LAST, bool(head[0] & _LAST), content))
        place = blocks[-1].end
        if len(blocks) > _MOST_BLOCKS:
            raise source.damaged("it has too many blocks")
    with_comments = [block for block in blocks if block.kind == _COMMENTS]
    if blocks[0].kind != _STREAMINFO or len(with_comments) > 1:
        raise source.damaged("its blocks are not in order")
    content = with_comments[0].content if with_comments else no_comments()
    return FlacTags(source, tuple(blocks), read_comments(source, content))
