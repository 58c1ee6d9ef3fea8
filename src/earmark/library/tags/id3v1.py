"""ID3v1: the last 128 bytes of a file, with one genre by its number."""

from dataclasses import dataclass

from earmark.library.tags.edits import Edit
from earmark.library.tags.held import Source
from earmark.library.tags.id3_genres import genre_of, number_of

SIZE_BYTES = 128
_GENRE_AT = 127


@dataclass(frozen=True)
class Id3v1:
    """The tag that a file ends with, from `start` on."""

    start: int
    raw: bytes

    @property
    def genre(self) -> str:
        """Empty where none is named."""
        return genre_of(self.raw[_GENRE_AT])

    def edit(self, genres: tuple[str, ...]) -> Edit:
        """Name the first of some genres, or none where that has no number."""
        place = self.start + _GENRE_AT
        return Edit(place, place + 1, bytes([number_of(genres[0])]))

    @property
    def texts(self) -> dict[str, str]:
        """What it says, by the names that ID3v2.4 has for it."""
        number = self.raw[126] if not self.raw[125] else 0
        comment = self.raw[97:125] if number else self.raw[97:127]
        found = {
            "TIT2": _text(self.raw[3:33]),
            "TPE1": _text(self.raw[33:63]),
            "TALB": _text(self.raw[63:93]),
            "TDRC": _text(self.raw[93:97]),
            "TRCK": str(number) if number else "",
            "COMM": _text(comment),
        }
        return {name: text for name, text in found.items() if text}


def read_id3v1(source: Source) -> Id3v1 | None:
    """The tag at the end; None where there is none."""
    raw = source.some(source.size_bytes - SIZE_BYTES, SIZE_BYTES)
    is_there = source.size_bytes >= SIZE_BYTES and raw[:3] == b"TAG"
    return Id3v1(source.size_bytes - SIZE_BYTES, raw) if is_there else None


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("latin-1").strip()
