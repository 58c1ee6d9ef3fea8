"""A folder of music as a collection of its own, in the user's cache: indexed when it is first asked for."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from earmark.errors import GenerateError
from earmark.files import shown
from earmark.library.entry import absolute
from earmark.library.indexing import Indexer, Options, Show
from earmark.library.store import Store
from earmark.listen.bundle import Bundle
from earmark.teach.cache import cache_folder


def collection_of(folder: Path, bundle: Bundle, *, show: Show, on_failure: Callable[[str, str], None]) -> Path:
    """The file of a folder's collection, brought up to date; arguments as of `Indexer.index`.

    Raises
    ------
    GenerateError
        It is no folder, or nothing in it can be heard.
    """
    if not folder.is_dir():
        raise GenerateError(f"{shown(folder)} is no folder.", hint="Name a folder of music after --from-folder.")
    place = absolute(folder)
    name = hashlib.sha256(os.fsencode(place) + bundle.info.sha256.encode()).hexdigest()[:32]
    db = cache_folder().with_name("folders") / name / "collection.db"
    with Store(db) as store:
        report = Indexer(store, bundle, Options()).index([place], show=show, on_failure=on_failure)
    if not report.present:
        raise GenerateError(f"Nothing in {shown(folder)} can be heard.", hint="Name a folder with music in it.")
    return db
