"""OpenSubsonic: a real client's library against the server, both forms of answers, and who is let in."""

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from libopensonic import Connection
from libopensonic.errors import CredentialError, DataNotFoundError, SonicError

from earmark.serve.players.answers import answer
from earmark.serve.players.credentials import Mistakes
from earmark.serve.problems import ProblemError
from served import PASSWORD, USER, Music, Server

_SPACE = "{http://subsonic.org/restapi}"


def login(*, user: str = USER, password: str = PASSWORD, salt: str = "abcdef") -> dict[str, str]:
    token = hashlib.md5(f"{password}{salt}".encode()).hexdigest()
    return {"u": user, "t": token, "s": salt, "v": "1.16.1", "c": "test"}


def ask(client: httpx.Client, call: str, **params: str) -> dict[str, Any]:
    response = client.get(f"/rest/{call}", params={**login(), "f": "json", **params})
    assert response.status_code == 200
    told = response.json()["subsonic-response"]
    assert (told["version"], told["openSubsonic"], told["type"]) == ("1.16.1", True, "earmark")
    assert isinstance(told, dict)
    return told


@pytest.fixture(scope="module", params=[False, True], ids=["POST", "GET"])
def player(server: Server, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """py-opensonic, as a player uses it, by forms and by addresses."""
    connection = Connection("http://127.0.0.1", USER, PASSWORD, port=server.port, use_get=request.param)
    yield connection
    connection.cleanup()


def test_a_player_connects_and_learns_what_there_is(player: Connection) -> None:
    assert player.ping()
    assert player.get_license()
    names = {each.name for each in player.get_open_subsonic_extensions()}
    assert names == {"sonicSimilarity", "formPost"}
    assert player.get_user(USER).username == USER
    assert player.get_playlists() == []
    assert player.get_scan_status().count == 8


def test_a_player_searches_and_browses(player: Connection) -> None:
    everything = player.search3("", song_count=100, album_count=100, artist_count=100)
    assert [len(each) for each in (everything.song, everything.artist)] == [8, 5]
    song = player.search3("piece 3").song[0]
    assert (song.title, song.artist, song.album, song.year, song.duration) == (
        "Piece 3",
        "Artist 3",
        "Album 0",
        1974,
        24,
    )
    assert player.get_song(song.id) == song
    assert song.id in [each.id for each in player.get_album(song.album_id).song]
    assert player.get_artist(song.artist_id).name == "Artist 3"
    assert sum(len(index.artist) for index in player.get_artists().index) == 5
    assert len(player.get_album_list2("alphabeticalByName", size=500)) == len(everything.album)
    assert len(player.get_random_songs(size=3)) == 3
    assert len(player.search3("", song_count=3, song_offset=6).song) == 2


def test_a_player_is_told_what_sounds_alike(player: Connection) -> None:
    song = player.search3("piece 3").song[0]
    matches = player.get_sonic_similar_tracks(song.id, count=4)
    assert len(matches) == 4
    assert song.id not in [match.entry.id for match in matches]
    assert all(0 <= match.similarity <= 1 for match in matches)
    assert [each.id for each in player.get_similar_songs(song.id, count=4)] == [match.entry.id for match in matches]
    of_artist = player.get_similar_songs2(song.artist_id, count=5)
    assert of_artist
    assert song.artist_id not in [each.artist_id for each in of_artist]


def test_a_player_finds_a_way_between_two_songs(player: Connection) -> None:
    start, end = (player.search3(f"piece {number}").song[0].id for number in (1, 6))
    way = player.find_sonic_path(start, end, count=4)
    assert [way[0].entry.id, way[-1].entry.id, len(way)] == [start, end, 4]
    assert way[0].similarity == 1.0
    assert [match.entry.id for match in player.find_sonic_path(start, start)] == [start]


def test_a_player_gets_sound_and_pictures(client: httpx.Client, song: Path, music_served: Music) -> None:
    known = {each["title"]: each["id"] for each in ask(client, "search3", query="")["searchResult3"]["song"]}
    params = {**login(), "id": known["Piece 3"]}
    part = client.get("/rest/stream.view", params=params, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, song.read_bytes()[:10])
    cover = client.get("/rest/getCoverArt", params={**login(), "id": known["Piece 0"], "size": "50"})
    assert cover.headers["content-type"] == "image/jpeg"
    assert ask(client, "getCoverArt", id=known["Piece 1"])["error"]["code"] == 70


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (login(password="wrong"), 40),
        (login(user="eve"), 40),
        (login(salt="short"), 40),
        ({**login(), "t": ""}, 10),
        ({"u": USER, "v": "1.16.1", "c": "test"}, 10),
        ({"u": USER, "p": PASSWORD}, 42),
        ({"u": USER, "p": "enc:" + PASSWORD.encode().hex()}, 42),
        ({"apiKey": "x"}, 42),
        ({}, 10),
    ],
)
def test_who_does_not_know_the_password_is_let_in_nowhere(
    client: httpx.Client, params: dict[str, str], code: int
) -> None:
    for call in ("ping", "stream") if code == 40 else ("search3",):
        response = client.get(f"/rest/{call}", params={**params, "f": "json", "id": "1"})
        assert response.json()["subsonic-response"]["error"]["code"] == code
        assert response.json()["subsonic-response"]["status"] == "failed"


def test_who_guesses_is_not_heard_for_a_while_and_others_are() -> None:
    mistakes = Mistakes(most=3, within_s=60)
    for _ in range(3):
        mistakes.check("192.0.2.1")
        mistakes.note("192.0.2.1")
    with pytest.raises(ProblemError, match="3 wrong names or passwords") as raised:
        mistakes.check("192.0.2.1")
    assert raised.value.status == 429
    assert 50 <= int(raised.value.headers["Retry-After"]) <= 60
    mistakes.check("192.0.2.2")


def test_one_who_has_a_whole_network_is_one() -> None:
    mistakes = Mistakes(most=2, within_s=60)
    for address in ("2001:db8::1", "2001:db8::2"):
        mistakes.note(address)
    with pytest.raises(ProblemError):
        mistakes.check("2001:db8::ffff:3")
    mistakes.check("2001:db8:0:1::1")


def test_mistakes_are_forgotten_after_a_while() -> None:
    mistakes = Mistakes(most=1, within_s=0.0)
    mistakes.note("192.0.2.1")
    mistakes.check("192.0.2.1")


def test_a_server_counts_wrong_passwords_and_says_when_to_try_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.service, "mistakes", Mistakes(most=1))
    wrong = {**login(password="wrong"), "f": "json"}
    assert server.client.get("/rest/ping", params=wrong).json()["subsonic-response"]["error"]["code"] == 40
    for params in (wrong, login()):
        answer = server.client.get("/rest/ping", params=params)
        assert (answer.status_code, "wrong" in answer.json()["detail"]) == (429, True)
        assert int(answer.headers["Retry-After"]) > 0


def test_the_clients_library_is_told_what_is_wrong(server: Server) -> None:
    wrong = Connection("http://127.0.0.1", USER, "wrong", port=server.port)
    right = Connection("http://127.0.0.1", USER, PASSWORD, port=server.port)
    try:
        with pytest.raises(CredentialError):
            wrong.get_song("1")
        with pytest.raises(DataNotFoundError):
            right.get_song("999")
        with pytest.raises(SonicError):
            right.get_sonic_similar_tracks("al-x")
    finally:
        wrong.cleanup()
        right.cleanup()


@pytest.mark.parametrize(
    ("call", "params", "code"),
    [
        ("getSong", {}, 10), ("getSong", {"id": "../../x"}, 70), ("stream", {"id": "/etc/passwd"}, 70),
        ("getAlbum", {"id": "1"}, 70), ("getArtist", {"id": "x"}, 70), ("search3", {"songCount": "many"}, 0),
        ("findSonicPath", {"startSongId": "1"}, 10), ("createUser", {}, 0), ("getCoverArt", {"id": "-"}, 70),
    ],
)  # fmt: skip
def test_calls_that_make_no_sense_are_refused(
    client: httpx.Client, call: str, params: dict[str, str], code: int
) -> None:
    response = client.get(f"/rest/{call}", params={**login(), "f": "json", **params})
    assert response.json()["subsonic-response"]["error"]["code"] == code


def test_xml_says_the_same_as_json(client: httpx.Client) -> None:
    told = ask(client, "search3", query="piece 3")["searchResult3"]["song"][0]
    root = ET.fromstring(client.get("/rest/search3.view", params={**login(), "query": "piece 3"}).content)
    assert root.attrib["status"] == "ok"
    song = root.find(f"{_SPACE}searchResult3/{_SPACE}song")
    assert song is not None
    plain = {
        name: {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        for name, value in told.items()
    }
    assert song.attrib == plain
    matches = ET.fromstring(client.get("/rest/getSonicSimilarTracks", params={**login(), "id": told["id"]}).content)
    first = matches.find(f"{_SPACE}sonicMatch")
    assert first is not None
    assert first.find(f"{_SPACE}entry") is not None
    assert 0 <= float(first.attrib["similarity"]) <= 1


def test_texts_that_xml_cannot_say_are_left_out() -> None:
    body = bytes(answer({"song": {"title": 'a"<\x00\ud800>&b', "n": [1, 2]}}, "xml").body)
    song = ET.fromstring(body).find(f"{_SPACE}song")
    assert song is not None
    assert song.attrib["title"] == 'a"<>&b'
    assert [each.text for each in song] == ["1", "2"]
