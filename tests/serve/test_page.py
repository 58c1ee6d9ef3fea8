"""The page: its file with a nonce of its own, what lies beside it, nothing else of the disk; and a copy without it."""

import re
from pathlib import Path

import httpx
import pytest

from served import Music, serving


def test_the_page_has_the_nonce_of_its_answer(client: httpx.Client) -> None:
    first, second = (client.get("/") for _ in range(2))
    (nonce,) = re.findall(r'content="([\w-]+)"', first.text)
    assert f"'nonce-{nonce}'" in first.headers["content-security-policy"]
    assert first.text != second.text
    assert first.headers["content-type"].startswith("text/html")


def test_what_lies_beside_the_page_comes_with_its_kind_and_may_be_kept(client: httpx.Client) -> None:
    script = client.get("/assets/page.js")
    assert (script.text, script.headers["content-type"].split(";")[0]) == ("void 0;", "text/javascript")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-encoding"] == "gzip"
    plain = client.get("/assets/page.js", headers={"Accept-Encoding": "identity"})
    assert (plain.text, "content-encoding" in plain.headers) == ("void 0;", False)


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets", "/index.html/x", "/assets/..%2findex.html", "/%2e%2e/collection.db"]
)
def test_nothing_else_of_the_disk_is_told(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_copy_without_the_page_says_so_and_one_without_a_collection_shows_the_atlas(
    music_served: Music, tmp_path: Path
) -> None:
    settings = music_served.settings(static=tmp_path / "none", db=tmp_path / "none.db")
    with serving(settings) as other:
        assert "its page is not" in other.client.get("/").text
        chart = other.client.get("/api/map").json()
        assert (chart["kind"], chart["count"], set(chart["ids"])) == ("atlas", 40, {""})
        assert "There is no collection" in chart["note"]
        state = other.client.get("/api/state").json()
        assert state["collection"] is None
        assert "earmark index" in state["no_collection"]
        listed = other.client.get("/api/tracks").json()
        assert (listed["total"], "earmark index" in listed["note"]) == (0, True)
        for address in ("/api/tracks/1", "/api/similar?id=1", "/api/find?q=loud", "/api/path?from=1&to=2"):
            assert other.client.get(address).status_code == 409
