"""What strangers send: each is answered with a 4xx and a clear sentence, and the server goes on."""

import os
import socket
import time
from pathlib import Path

import httpx
import pytest

from corpus import Case
from earmark.serve.files_out import sound_file
from earmark.serve.problems import ProblemError
from served import LIMITS, Server

# Names that the file system gives meaning to are none where content alone is sent.
_OF_THE_DISK = ("folder", "broken link", "link to itself", "not there", "directory loop", "shut")


def problem(response: httpx.Response) -> dict[str, object]:
    assert 400 <= response.status_code < 500, f"{response.status_code}: {response.text[:300]}"
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == response.status_code
    assert str(told["detail"]).endswith((".", "!", "?"))
    assert "Traceback" not in response.text
    assert isinstance(told, dict)
    return told


def test_the_corpus_of_odd_and_bad_files_is_heard_or_refused_in_words(server: Server, corpus: dict[str, Case]) -> None:
    for name, case in corpus.items():
        if name in _OF_THE_DISK:
            continue
        response = server.client.post("/api/listen", files={"file": (case.path.name, case.path.read_bytes())})
        if case.hears:
            assert response.status_code == 200, f"{name}: {response.text}"
            continue
        told = problem(response)
        said = case.says.rpartition(".mp3 ")[2]  # a client's library writes control characters in its own way
        assert said in str(told["detail"]), f"{name}: {told['detail']}"
        assert "/" not in str(told["detail"]).replace("and/or", ""), "no path of the server's is told"
    assert server.client.get("/health").json()["status"] == "ok"
    assert [file.name for file in server.service.desk.folder.iterdir() if file.suffix not in (".wav", ".json")] == [
        "lock"
    ]


@pytest.mark.parametrize(
    "address",
    [
        "/api/tracks/../../etc/passwd", "/api/tracks/%2e%2e%2f%2e%2e%2fetc%2fpasswd/audio", "/..%2f..%2fpyproject.toml",
        "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/assets/../../app.py", "/api/pieces/..%2flock/audio",
        "/api/tracks/%00/audio", "/api/tracks/-1/audio", "/api/tracks/99999999999999999999999/audio",
        "/api/tracks/1e3", "/api/tracks/%F0%9F%8E%B8", "/api/tracks/٣/audio", "/api/jobs/..%2f..",
        "/api/tracks/u/cover",
        "/api/similar", "/api/similar?id=1&count=0", "/api/similar?id=1&segment=x", "/api/similar?id=1&segment=900-999",
        "/api/similar?id=1&genre=nonsense", "/api/find", "/api/find?q=", "/api/find?q=qwertz", "/api/find?q=%00",
        "/api/arithmetic?q=%2B", "/api/arithmetic?q=/etc/passwd", "/api/arithmetic?q=loud - loud",
        "/api/arithmetic?q=%2399999", "/api/path?from=1", "/api/path?from=1&to=1", "/api/path?from=nowhere&to=1",
        "/api/map?seed=x", "/api/map/colour?group=x&name=y", "/api/tracks?limit=0", "/api/tracks?sort=colour",
        "/api/tracks/1/waveform?points=1", "/nowhere", "/static/", "/index.html/",
    ],
)  # fmt: skip
def test_addresses_that_make_no_sense_lead_nowhere(client: httpx.Client, address: str) -> None:
    problem(client.get(address))


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/playlist", {}), ("/api/playlist", {"ids": ["999"]}), ("/api/playlist", {"like": ["/etc/passwd"]}),
        ("/api/playlist", {"from": "1"}), ("/api/playlist", {"count": 3, "length_s": 60, "like": ["loud"]}),
        ("/api/playlist", {"like": ["loud"], "never": ["@"]}), ("/api/playlist", {"unknown": 1}),
        ("/api/playlist", [1]),
        ("/api/playlist", {"arc": "nonsense"}), ("/api/playlist", {"like": ["x" * 501]}),
        ("/api/teach", {"word": "", "examples": ["1"]}), ("/api/teach", {"word": ";", "examples": ["1"]}),
        ("/api/teach", {"word": "x", "examples": ["1"]}), ("/api/teach", {"word": "x", "examples": ["999"]}),
        ("/api/teach", {"word": "x", "examples": ["u1"]}), ("/api/generate", {}), ("/api/generate", {"seconds": 1e9}),
        ("/api/generate", {"like": "/etc/passwd"}), ("/api/generate", {"genre": "nonsense"}),
        ("/api/generate", {"like": "Piece 3", "renderer": "spectrogram"}),  # this bundle has no generator
    ],
)  # fmt: skip
def test_wishes_that_make_no_sense_are_refused_in_words(client: httpx.Client, address: str, body: object) -> None:
    problem(client.post(address, json=body))


def test_what_is_asked_of_a_piece_by_nothing_is_told_in_words_of_the_page(client: httpx.Client) -> None:
    told = problem(client.post("/api/generate", json={"seconds": 30}))
    assert "--" not in f"{told['detail']} {told['hint']}", "no options of a command"


@pytest.mark.parametrize("body", [b"", b"{", b'{"ids": NaN}', b"\xff", b"[" * 5000])
def test_what_is_no_json_is_refused_in_words(client: httpx.Client, body: bytes) -> None:
    problem(client.post("/api/playlist", content=body, headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(("method", "address"), [("PUT", "/api/listen"), ("GET", "/api/listen"), ("POST", "/api/map")])
def test_what_is_asked_in_another_way_is_refused(client: httpx.Client, method: str, address: str) -> None:
    assert problem(client.request(method, address))["status"] in (404, 405)


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=5-2", "bytes=x-y", "lines=1-2", "bytes=-0"])
def test_ranges_that_make_no_sense_harm_nothing(client: httpx.Client, asked: str) -> None:
    response = client.get("/api/tracks/1/audio", headers={"Range": asked})
    assert response.status_code in (200, 206, 400, 416)


def test_an_empty_form_and_a_track_that_is_none_are_refused(client: httpx.Client) -> None:
    assert problem(client.post("/api/listen", data={"nothing": "x"}))["status"] == 400
    assert problem(client.post("/api/listen", data={"track": "../x"}))["status"] == 404
    assert problem(client.post("/api/listen", content=b""))["status"] == 422


def test_an_upload_that_is_too_large_is_refused_before_it_has_come(client: httpx.Client) -> None:
    told = problem(client.post("/api/listen", files={"file": ("x.wav", bytes(LIMITS.upload_bytes + 2000))}))
    assert (told["status"], "20 MB" in str(told["detail"])) == (413, True)


def test_a_file_that_is_gone_is_not_there(server: Server, music_served: object, tmp_path: Path) -> None:
    known = server.client.get("/api/tracks?q=piece 7").json()["tracks"][0]
    place = Path(known["path"])
    place.rename(tmp_path / "elsewhere")
    try:
        told = problem(server.client.get(f"/api/tracks/{known['id']}/audio"))
        assert "is not there any more" in str(told["detail"])
        problem(server.client.get(f"/api/tracks/{known['id']}/waveform"))
    finally:
        (tmp_path / "elsewhere").rename(place)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes that have names")
def test_what_is_no_file_any_more_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "song.mp3")
    with pytest.raises(ProblemError, match=r"song\.mp3 is not there any more"):
        sound_file(str(tmp_path / "song.mp3"))


@pytest.mark.parametrize(
    ("sent", "closes"),
    [
        (b"POST /api/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nonly so much", b"408"),
        (b"POST /rest/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nonly so much", b"408"),
        (b"POST /api/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000000\r\n\r\n", b"413"),
        (b"POST /api/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"GET /api/state HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /api/state HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"40"),
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"40"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
)
def test_what_is_hardly_http_and_uploads_that_stop_are_answered_and_ended(
    server: Server, sent: bytes, closes: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(sent)
        answer = line.recv(200)
    assert answer.startswith(b"HTTP/1.1 " + closes), answer


def test_uploads_that_are_cut_off_leave_nothing(server: Server) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(b"POST /api/listen HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nhalf")
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s and _uploads(server):
        time.sleep(0.1)
    assert not _uploads(server)
    assert server.client.get("/health").json() == {"status": "ok", "workers": 1, "waiting": 0}


def _uploads(server: Server) -> list[str]:
    return [file.name for file in server.service.desk.folder.iterdir() if "." not in file.name and file.name != "lock"]
