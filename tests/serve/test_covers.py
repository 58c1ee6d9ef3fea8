"""Covers: small, on white, none where what stands among tags cannot be shown; and kept, not made anew each time."""

import asyncio
import io
from pathlib import Path

import httpx
import pytest
from mutagen.flac import FLAC, Picture
from PIL import Image

from earmark.serve.kept import Lately
from earmark.serve.pictures import picture_of
from served import Server


def png(size: tuple[int, int] = (90, 60), colour: object = "red", mode: str = "RGB") -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, "PNG")  # type: ignore[arg-type]
    return made.getvalue()


def with_picture(song: Path, folder: Path, content: bytes) -> Path:
    file = folder / "song.flac"
    file.write_bytes(song.read_bytes())
    flac = FLAC(file)
    picture = Picture()
    picture.data, picture.type, picture.mime = content, 3, "image/png"
    flac.add_picture(picture)
    flac.save()
    return file


def test_a_cover_is_made_small_and_stands_on_white(song: Path, tmp_path: Path) -> None:
    found = picture_of(str(with_picture(song, tmp_path, png(colour=(0, 0, 0, 0), mode="RGBA"))), 30)
    assert found is not None
    content, kind = found
    with Image.open(io.BytesIO(content)) as picture:
        assert (kind, picture.size, picture.getpixel((5, 5))) == ("image/jpeg", (30, 20), (255, 255, 255))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png()[:60], id="cut off"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 20, id="damaged"),
        pytest.param(png((9000, 9000), 0, "1"), id="a small file of 81 million pixels"),
        pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", id="a program"),
        pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", id="a page"),
    ],
)
def test_what_is_no_picture_that_can_be_shown_is_none_and_harms_no_answer(
    client: httpx.Client, song: Path, tmp_path: Path, content: bytes
) -> None:
    file = with_picture(song, tmp_path, content)
    assert picture_of(str(file), 60) is None
    if content.startswith((b"%", b"<")):
        assert picture_of(str(file)) is None, "nor as it is"
    heard = client.post("/api/listen", files={"file": ("song.flac", file.read_bytes())})
    assert heard.status_code == 200
    assert client.get(f"/api/tracks/{heard.json()['id']}/cover?or_nothing=true").status_code == 204


def test_the_cover_of_an_upload_is_kept_small_and_its_sound_is_not(server: Server, song: Path, tmp_path: Path) -> None:
    content = with_picture(song, tmp_path, png((900, 600))).read_bytes()
    name = server.client.post("/api/listen", files={"file": ("song.flac", content)}).json()["id"]
    cover = server.client.get(f"/api/tracks/{name}/cover")
    with Image.open(io.BytesIO(cover.content)) as picture:
        assert picture.size == (240, 160)
    again = server.client.get(f"/api/tracks/{name}/cover", headers={"If-None-Match": cover.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_browser_is_sent_a_cover_once_and_a_worker_makes_it_once(server: Server) -> None:
    client = server.client
    known = {each["title"]: each["id"] for each in client.get("/api/tracks").json()["tracks"]}
    address = f"/api/tracks/{known['Piece 0']}/cover?size=48"
    first = client.get(address)
    made = len(server.service.covers)
    assert client.get(address).content == first.content
    assert len(server.service.covers) == made
    again = client.get(address, headers={"If-None-Match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address.replace("48", "49"), headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_where_there_is_none_it_is_a_404_or_nothing_as_is_asked_for(client: httpx.Client) -> None:
    known = {each["title"]: each["id"] for each in client.get("/api/tracks").json()["tracks"]}
    address = f"/api/tracks/{known['Piece 1']}/cover?size=48"
    assert "no picture" in client.get(address).json()["detail"]
    nothing = client.get(f"{address}&or_nothing=true")
    assert (nothing.status_code, nothing.content) == (204, b"")


def test_what_was_made_lately_is_kept_by_count_and_by_weight() -> None:
    async def asked() -> list[str]:
        kept: Lately[bytes] = Lately(3, most_weight=10, weigh=len)
        made: list[str] = []

        async def ask(name: str, size: int) -> None:
            async def make() -> bytes:
                made.append(name)
                return bytes(size)

            assert len(await kept.of(name, make)) == size

        for name, size in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4), ("heavy", 99), ("heavy", 99)):
            await ask(name, size)
        return made

    assert asyncio.run(asked()) == ["a", "b", "c", "b", "heavy"], "b was the oldest when c made it too heavy"
