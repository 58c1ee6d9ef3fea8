"""The picture among a file's tags, as it is or made small: of kinds that browsers show, told by its first bytes.

What stands among tags may be anything. A picture of too many pixels is not unpacked, one that cannot be read is none,
and all of it happens in a worker process, within its limits.
"""

import io
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

_LOG = logging.getLogger(__name__)

Picture = tuple[bytes, str]  # its content and its media type

_MOST_BYTES = 20_000_000
_MOST_PIXELS = 64_000_000  # unpacked they are 200 MB
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")  # Pillow would run another program for some others


def picture_of(path: str, size: int | None = None) -> Picture | None:
    """The picture among a file's tags, no larger than `size` pixels if that is named; None where there is none."""
    content = _among_tags(path)
    kind = None if content is None else _kind_of(content)
    if content is None or kind is None:
        return None
    return (content, kind) if size is None else _smaller(content, size)


def _among_tags(path: str) -> bytes | None:
    from tinytag import TinyTag

    try:
        image = TinyTag.get(path, tags=True, duration=False, image=True).images.any
    except Exception:  # noqa: BLE001 - the edge: tags of strangers' files break a reader in many ways, and sound matters more
        return None
    return image.data if image is not None and len(image.data) <= _MOST_BYTES else None


def _kind_of(content: bytes) -> str | None:
    """Of a picture by its first bytes, whatever the tags call it; None for what browsers do not show."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for head, kind in _KINDS.items() if content.startswith(head)), None)


def _smaller(content: bytes, size: int) -> Picture | None:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.draft("RGB", (2 * size, 2 * size))  # of a JPEG no more is unpacked than is needed
            small = _on_white(picture)
            small.thumbnail((size, size))
            made = io.BytesIO()
            small.save(made, "JPEG", quality=85)
    except Exception as error:  # noqa: BLE001 - the edge: each kind of picture fails in its own ways, and it is only a picture
        _LOG.debug("a picture cannot be read: %s", error)
        return None
    return made.getvalue(), "image/jpeg"


def _on_white(picture: "Pixels") -> "Pixels":
    """Its first frame without what lets the ground through."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture.convert("RGB")
    clear = picture.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(ground, clear).convert("RGB")
