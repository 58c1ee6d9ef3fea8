"""The bundle by which a file is heard as the files of a collection were."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.listen.bundle import Bundle


def bundle_of(collection: "Collection", model: Path | None) -> "Bundle":
    """The bundle that heard the collection; CollectionError where it is another one."""
    from earmark.errors import CollectionError
    from earmark.listen.bundle import load_bundle

    bundle = load_bundle(model)
    if bundle.info.sha256 != collection.sha256:
        raise CollectionError(
            f"The collection was heard by {collection.model}, and {bundle.info.model} would hear otherwise.",
            hint="Name the bundle that heard it with --model, or hear all again: earmark index --rehear.",
        )
    return bundle
