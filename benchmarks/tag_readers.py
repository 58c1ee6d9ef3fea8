"""What other programs read of the tags that earmark writes, a line a kind of file: the table of docs/tags.md.

Asked are ffprobe (where it is installed), tinytag, mutagen and, where it is installed, TagLib (`pip install pytaglib`).
Each line also says whether a full run through `Writer` and `undo` brought the same bytes back, whether all other fields
were as before to each reader, and whether ffmpeg decodes the same samples. With `--corpus` further files, such as those
of mutagen's own tests, are tagged and taken back: printed is what became of them.

    PYTHONPATH=tests python benchmarks/tag_readers.py [--corpus FOLDER]
"""

import argparse
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import mutagen
from mutagen.apev2 import APEv2
from mutagen.id3 import TCON
from tinytag import TinyTag

from earmark.errors import EarmarkError
from earmark.library.tags.edits import edited, in_order, leading_back
from earmark.library.tags.formats import read_tags
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD
from earmark.library.tags.plan import what_was_lost
from earmark.sound.identity import sound_id
from tagged import MAKERS, make

NEW = {GENRE: ("Hip-Hop", "Rhythm & Blüs"), MOOD: ("serene",), CONFIDENCE: ("genre Hip-Hop 0.83; earmark 6",)}
OURS = ("genre", "mood", "earmark", "tcon", "tmoo", "gen", "tco", "ignr")


def main() -> int:
    """Print the table, and give exit code 1 where anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="further files")
    options = parser.parse_args()
    readers = {"tinytag": by_tinytag, "mutagen": by_mutagen}
    if shutil.which("ffprobe"):
        readers["ffprobe"] = by_ffprobe
    try:
        import taglib  # noqa: F401

        readers["TagLib"] = by_taglib
    except ImportError:
        pass
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        print("| file | " + " | ".join(readers) + " | others | sound | undone |")
        print("|---" * (len(readers) + 4) + "|")
        for kind in MAKERS:
            cells, fine = _line(make(kind, Path(name)), Path(name), readers)
            wrong += not fine
            print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)
        for kind in MAKERS:
            print(f"mutagen changes in {kind}: {changed_by_mutagen(make(kind, Path(name)), Path(name)) or 'nothing'}")
    if options.corpus:
        wrong += _corpus(options.corpus)
    return int(bool(wrong))


def _line(path: Path, folder: Path, readers: dict[str, Any]) -> tuple[list[str], bool]:
    new, back = folder / f"new{path.suffix}", folder / f"back{path.suffix}"
    _tag(path, new, back)
    cells, others = [], []
    for name, reader in readers.items():
        before, after = reader(path), reader(new)
        values = {key: value for key, value in after.items() if _is_ours(key)}
        cells.append("; ".join(f"{key}={value}" for key, value in values.items()) or "–")
        others += [f"{name}: {key}" for key, value in before.items() if not _is_ours(key) and after.get(key) != value]
    sound = _samples(path) == _samples(new) and sound_id(path) == sound_id(new)
    undone = back.read_bytes() == path.read_bytes()
    fine = sound and undone and not others
    return [*cells, ", ".join(others) or "same", "same" if sound else "OTHER", "same" if undone else "OTHER"], fine


def _tag(path: Path, new: Path, back: Path) -> None:
    with path.open("rb") as source:
        edits = in_order(read_tags(source, path.name).edits(NEW))
        way = leading_back(source, edits)
        with new.open("wb") as target:
            edited(source, edits, target)
    with new.open("rb") as source, back.open("wb") as target:
        edited(source, way, target)


def _is_ours(name: str) -> bool:
    return any(name.lower().replace("\xa9", "").endswith(own) for own in OURS)


def by_tinytag(path: Path) -> dict[str, Any]:
    """All that tinytag finds, pictures by their hash."""
    try:
        tag = TinyTag.get(path, image=True)
    except Exception:  # noqa: BLE001 - it knows neither WavPack nor Monkey's Audio
        return {}
    found = {
        name: values
        for name, values in tag.as_dict().items()
        if name not in ("filename", "filesize", "bitrate", "duration")
    }
    images = tag.images.as_dict() if hasattr(tag.images, "as_dict") else {}
    return found | {
        "images": _digest(
            repr([(k, [i.data for i in v] if isinstance(v, list) else v.data) for k, v in images.items()]).encode()
        )
    }


def by_mutagen(path: Path) -> dict[str, Any]:
    """All that mutagen finds, by its own names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = mutagen.File(path)
    tags = getattr(found, "tags", None)
    if not tags and path.suffix == ".mp3" and b"APETAGEX" in path.read_bytes():
        tags = APEv2(path)
    plain = {
        name: str(value) if len(str(value)) < 200 else _digest(str(value).encode())
        for name, value in dict(tags or {}).items()
    }
    return plain | (
        {"pictures": _digest(b"".join(p.data for p in found.pictures))} if hasattr(found, "pictures") else {}
    )


def by_ffprobe(path: Path) -> dict[str, Any]:
    """The tags of format and streams, and the sizes of pictures."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", str(path)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    tags = dict(found["format"].get("tags", {}))
    for stream in found["streams"]:
        tags |= {name: value for name, value in stream.get("tags", {}).items() if stream["codec_type"] == "audio"}
    tags["pictures"] = [stream.get("width") for stream in found["streams"] if stream["codec_type"] == "video"]
    return tags


def by_taglib(path: Path) -> dict[str, Any]:
    """The properties that TagLib finds."""
    import taglib

    with taglib.File(str(path)) as file:
        return {name.lower(): values for name, values in file.tags.items()}


def changed_by_mutagen(path: Path, folder: Path) -> str:
    """What of the other fields is not the same any more when mutagen adds a genre; empty where all is."""
    new = Path(shutil.copyfile(path, folder / f"mutagen{path.suffix}"))
    try:
        found = mutagen.File(new)
        if found.tags is None:
            found.add_tags()
        name = {"MP4Tags": "\xa9gen", "ASFTags": "WM/Genre"}.get(type(found.tags).__name__, "genre")
        if hasattr(found.tags, "getall"):
            found.tags.add(TCON(encoding=3, text=["Rock"]))
        else:
            found.tags[name] = ["Rock"]
        found.save()
    except Exception as error:  # noqa: BLE001 - of whatever mutagen does not like
        return f"({type(error).__name__})"
    with path.open("rb") as old, new.open("rb") as written:
        try:
            before, after = (Counter(read_tags(each, path.name).others) for each in (old, written))
        except EarmarkError:
            return "()"
    return ", ".join(dict.fromkeys(name for name, _ in before - after))


def _samples(path: Path) -> str:
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-map", "0:a", "-f", "s16le", "-"]
    return _digest(subprocess.run(command, capture_output=True).stdout)  # noqa: PLW1510 - damaged files end with 1


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _corpus(folder: Path) -> int:
    """Tag and take back odd files in memory, count what became of them, and give how many came out wrong."""
    counts, wrong = Counter[str](), 0
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        try:
            with path.open("rb") as source:
                tags = read_tags(source, path.name)
                edits = in_order(tags.edits(NEW))
                back, new, again = leading_back(source, edits), io.BytesIO(), io.BytesIO()
                edited(source, edits, new)
                edited(new, back, again)
                lost = what_was_lost(tags, read_tags(new, path.name), NEW)
        except EarmarkError as error:
            counts["refused"] += 1
            print(f"refused: {error}")
            continue
        with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:
            copy.write(new.getvalue())
            copy.flush()
            sound = sound_id(path) == sound_id(copy.name) and _samples(path) == _samples(Path(copy.name))
        whole = again.getvalue() == path.read_bytes()
        if whole and (lost or not sound):
            counts["refused"] += 1
            print(f"refused by the check: {path.name} ({lost or 'the sound'})")
            continue
        counts["tagged, and back to the byte" if whole else "WRONG"] += 1
        wrong += not whole
    print(dict(counts))
    return wrong


if __name__ == "__main__":
    sys.exit(main())
