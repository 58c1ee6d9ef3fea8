"""The tracks of a whole collection without their timelines, in the order of its rows: read fifteen times as fast.

What a list, a map or a table says of a track is all there.
"""

from collections.abc import Iterator

from earmark.errors import CollectionError
from earmark.files import shown
from earmark.library.collection import Collection
from earmark.library.packing import Packed, pack_track, unhalf, unpack_track
from earmark.library.schema import connect_to_read, errors_of
from earmark.track import Track

_NOTHING = Track("", 0.0, (), (), cannot_tell=False, decisive=(), timeline=(), model="")
_SUMMARY = """
SELECT summary, answers FROM details JOIN told USING (heard_id) JOIN heard ON heard.id = heard_id
JOIN models ON models.id = model_id WHERE sha256 = ? AND file_id = ?
"""


def summaries(collection: Collection) -> Iterator[Track]:
    """Every track without its timeline and the arc of its mood, by rows; CollectionError where one is damaged."""
    without = pack_track(_NOTHING, collection.names).timeline
    with errors_of(collection.db):
        connection = connect_to_read(collection.db)
        try:
            for row, entry in enumerate(collection.entries):
                found = connection.execute(_SUMMARY, (collection.sha256, int(collection.ids[row]))).fetchone()
                if found is None:  # forgotten since the collection was opened, which still has it
                    yield collection.track(entry.id)
                    continue
                summary, answers = found
                try:
                    packed = Packed(summary, without)
                    yield unpack_track(
                        packed, unhalf(answers), collection.names, path=entry.path, model=collection.model
                    )
                except ValueError as error:
                    raise CollectionError(
                        f"What the collection {shown(collection.db)} has of {shown(entry.path)} is damaged.",
                        hint="Hear it again: earmark index --again FOLDER.",
                    ) from error
        finally:
            connection.close()
