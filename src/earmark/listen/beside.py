"""Arrays in a file beside a bundle's network, which fit that network alone and name it by its SHA-256."""

import zipfile
import zlib
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.lib.npyio import NpzFile

from earmark.errors import BundleError
from earmark.listen.bundle import Bundle

Part = TypeVar("Part")
# What NumPy says of a file that holds no arrays, or not all that are asked for.
BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def read_beside(bundle: Bundle, name: str, what: str, read: Callable[[NpzFile], Part]) -> Part | None:
    """What `read` finds in the file of this name beside a bundle's network; None where there is no such file.

    `what` is what it should be, such as "an atlas". BundleError where it is broken, lacks a part, or was made with
    another network than the bundle's.
    """
    path = bundle.folder / name
    if not path.exists():
        return None
    hint = f"Make it again with: earmark model atlas --data SET --model {bundle.folder}"
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("is broken, or of another kind")
        with np.load(path, allow_pickle=False) as table:
            network, found = str(table["network_sha256"]), read(table)
    except BROKEN as reason:
        kind = what.partition(" ")[2]
        raise BundleError(f"{path} is no {kind}: it {_in_words(reason, what)}.", hint=hint) from reason
    if network != bundle.info.sha256:
        raise BundleError(f"{path} was made with another network than the one beside it.", hint=hint)
    return found


def _in_words(reason: Exception, what: str) -> str:
    if isinstance(reason, KeyError):
        return f"lacks a part that {what} has"
    return str(reason).splitlines()[0].rstrip(".") if isinstance(reason, ValueError) and str(reason) else "is broken"
