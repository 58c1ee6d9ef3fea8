"""The tags of MPEG audio: ID3v2 in front, APEv2 and ID3v1 behind, in any company.

Written is the one that names the track: ID3v2 where there is one; the APE tag of a file that has its title in that
alone; else a new ID3v2.4, into which the title and the like of an ID3v1 are copied, as players that find an ID3v2 do
not ask further. In the others a field is changed only where they hold it, as they would contradict.
"""

from dataclasses import dataclass

from earmark.library.tags.ape import Ape
from earmark.library.tags.edits import Edit
from earmark.library.tags.held import GENRE, Source, Tags, Values
from earmark.library.tags.id3 import Id3, made_tag, places_in, read_id3
from earmark.library.tags.id3v1 import Id3v1, read_id3v1


@dataclass(frozen=True)
class MpegTags:
    """As of `Tags`."""

    id3: Id3 | None
    ape: Ape
    id3v1: Id3v1 | None

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """Those of the tag that is written, then those that another holds."""
        genre = self.id3v1.genre if self.id3v1 else ""
        found: dict[str, tuple[str, ...]] = {GENRE: (genre,)} if genre else {}
        found |= self.ape.fields
        return found | (self.id3.fields if self.id3 else {})

    @property
    def copied(self) -> frozenset[str]:
        """Names of others that are there afterwards and were not before: what a new ID3v2 takes over."""
        is_new = self.id3 is None and not self.ape.names_a_track
        return frozenset(f"ID3 {name}" for name in self.id3v1.texts) if is_new and self.id3v1 else frozenset()

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        if self.id3:
            return self.id3.places
        return self.ape.places if self.ape.names_a_track else places_in(4)

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        id3v1 = (("ID3v1", self.id3v1.raw[:-1]),) if self.id3v1 else ()
        return (*(self.id3.others if self.id3 else ()), *self.ape.others, *id3v1)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        found, beside = list[Edit](), {field: texts for field, texts in new.items() if field in self.ape.fields}
        if self.id3:
            found += self.id3.edits(new)
        elif self.ape.names_a_track:
            beside = dict(new)
        else:
            genre = {GENRE: (self.id3v1.genre,)} if self.id3v1 and self.id3v1.genre else {}
            found.append(Edit(0, 0, made_tag(genre | dict(new), self.id3v1.texts if self.id3v1 else {})))
        if beside:
            found += self.ape.edits(beside)
        if self.id3v1 and self.id3v1.genre and new.get(GENRE):
            found.append(self.id3v1.edit(new[GENRE]))
        return found


def read_mpeg(source: Source) -> Tags:
    """The tags of a file that is MPEG audio."""
    id3v1 = read_id3v1(source)
    return MpegTags(read_id3(source, 0), Ape.read(source, id3v1.start if id3v1 else source.size_bytes), id3v1)


@dataclass(frozen=True)
class ApeTags:
    """Of WavPack and Monkey's Audio: an APEv2 behind the sound. As of `Tags`."""

    ape: Ape
    id3v1: Id3v1 | None

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        genre = self.id3v1.genre if self.id3v1 else ""
        return ({GENRE: (genre,)} if genre else {}) | self.ape.fields

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return self.ape.places

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        return (*self.ape.others, *((("ID3v1", self.id3v1.raw[:-1]),) if self.id3v1 else ()))

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        v1 = [self.id3v1.edit(new[GENRE])] if self.id3v1 and self.id3v1.genre and new.get(GENRE) else []
        return self.ape.edits(new) + v1


def read_ape(source: Source) -> Tags:
    """The tags of a file that has an APEv2 behind its sound."""
    id3v1 = read_id3v1(source)
    return ApeTags(Ape.read(source, id3v1.start if id3v1 else source.size_bytes), id3v1)
