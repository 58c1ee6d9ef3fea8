"""What the API answers where all is well: in the shape that its description promises, and with the right content."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel

from earmark import Listener, load_bundle
from earmark.serve import schemas
from earmark.serve.routes.generate import PieceJson
from earmark.serve.routes.model import ModelJson
from earmark.serve.routes.state import StateJson
from served import LENGTH_S, LIMITS, Music, Server


def told(response: httpx.Response, model: type[BaseModel], status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    values = response.json()
    model.model_validate(values, strict=True)
    assert isinstance(values, dict)
    return values


def ids(client: httpx.Client) -> dict[str, str]:
    """Ids by titles."""
    return {item["title"]: item["id"] for item in client.get("/api/tracks").json()["tracks"]}


def test_a_file_that_is_sent_gets_the_answer_of_listening(server: Server, song: Path, music_served: Music) -> None:
    with song.open("rb") as file:
        heard = told(server.client.post("/api/listen", files={"file": ("a song.flac", file)}), schemas.HeardJson)
    expected = Listener(load_bundle(music_served.bundle)).hear(song).to_dict()
    assert {**heard["track"], "path": ""} == {**json.loads(json.dumps(expected)), "path": ""}
    assert heard["name"] == heard["track"]["path"] == "a song.flac"
    assert heard["audio"] is heard["without"] is None
    assert not [file for file in server.service.desk.folder.iterdir() if file.name != "lock"], "the upload is removed"


def test_a_body_that_is_the_sound_is_heard_as_a_form_is(client: httpx.Client, song: Path) -> None:
    headers = {"Content-Type": "audio/flac"}
    heard = client.post("/api/listen?name=../x/y.flac", content=song.read_bytes(), headers=headers).json()
    again = client.post("/api/listen", files={"file": ("y.flac", song.read_bytes())}).json()
    assert heard["track"] == again["track"]
    assert client.get(f"/api/tracks/{heard['id']}").json() == heard, "an upload is kept under its id"


def test_a_track_of_the_collection_is_heard_anew_by_its_id(client: httpx.Client) -> None:
    known = ids(client)["Piece 3"]
    heard = told(client.post("/api/listen", data={"track": known}), schemas.HeardJson)
    assert heard["item"]["title"] == heard["name"] == "Piece 3"
    assert heard["audio"] == f"/api/tracks/{known}/audio"


def test_a_job_tells_what_happens_and_what_is_left_without_the_decisive_seconds(
    client: httpx.Client, song: Path
) -> None:
    files = {"file": ("song.flac", song.read_bytes())}
    job = told(client.post("/api/listen?wait=false&explain=true", files=files), schemas.StartedJson, 202)
    events = read_events(client, job["events"])
    names = [name for _, name, _ in events]
    assert names[:2] == ["waiting", "running"]
    assert names[-2:] == ["heard", "done"]
    assert set(names[2:-2]) == {"progress"}
    heard, done = events[-2][2], events[-1][2]
    schemas.HeardJson.model_validate(done, strict=True)
    assert heard["without"] is None
    assert {**done, "without": None} == heard
    assert done["without"]["sentence"].startswith("Without these seconds it would be ")
    assert told(client.get(job["state"]), schemas.JobJson)["result"] == done
    assert read_events(client, job["events"], {"Last-Event-ID": str(len(events) - 1)}) == events[-1:]


def read_events(
    client: httpx.Client, address: str, headers: dict[str, str] | None = None
) -> list[tuple[str, str, Any]]:
    with client.stream("GET", address, headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        blocks = stream.read().decode().strip().split("\n\n")
    found = []
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def test_tracks_are_listed_searched_sorted_and_cut_into_pages(client: httpx.Client) -> None:
    everything = told(client.get("/api/tracks"), schemas.TracksJson)
    assert everything["total"] == 8
    assert [item["title"] for item in everything["tracks"]] == [f"Piece {seed}" for seed in range(8)]
    page = client.get("/api/tracks?offset=6&limit=5&sort=title").json()
    assert (page["total"], [item["title"] for item in page["tracks"]]) == (8, ["Piece 6", "Piece 7"])
    assert [item["title"] for item in client.get("/api/tracks?q=ÁRTIST 4 píece").json()["tracks"]] == ["Piece 4"]
    assert client.get("/api/tracks?kind=spoken").json()["total"] == 0
    artists = [item["artist"] for item in client.get("/api/tracks?sort=artist").json()["tracks"]]
    assert artists == sorted(artists)


def test_a_track_has_its_answer_and_its_item(client: httpx.Client) -> None:
    known = ids(client)["Piece 3"]
    heard = told(client.get(f"/api/tracks/{known}"), schemas.HeardJson)
    assert heard["item"]["year"] == "1974"
    assert heard["sentence"]
    assert heard["item"]["genre"] == next(iter(heard["track"]["genres"]))


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        (None, 200, slice(None)),
        ("bytes=0-99", 206, slice(0, 100)),
        ("bytes=-10", 206, slice(-10, None)),
        ("bytes=100-", 206, slice(100, None)),
    ],
)
def test_sound_comes_by_ranges(client: httpx.Client, song: Path, asked: str | None, status: int, part: slice) -> None:
    headers = {} if asked is None else {"Range": asked}
    response = client.get(f"/api/tracks/{ids(client)['Piece 3']}/audio", headers=headers)
    assert response.status_code == status
    assert response.content == song.read_bytes()[part]
    assert response.headers["content-type"] == "audio/flac"


def test_a_waveform_holds_the_loudest_moments(client: httpx.Client, song: Path) -> None:
    import soundfile

    known = ids(client)["Piece 3"]
    drawn = told(client.get(f"/api/tracks/{known}/waveform?points=100"), schemas.WaveformJson)
    mono = soundfile.read(song)[0].mean(axis=1)
    assert drawn["points"] == len(drawn["low"]) == len(drawn["high"]) == 100
    assert drawn["peak"] == pytest.approx(np.abs(mono).max(), abs=0.01)
    assert drawn["duration_s"] == pytest.approx(LENGTH_S, abs=0.01)


def test_a_spectrogram_is_the_same_as_picture_and_as_numbers(client: httpx.Client) -> None:
    import base64

    known = ids(client)["Piece 3"]
    numbers = told(client.get(f"/api/tracks/{known}/spectrogram"), schemas.SpectrogramJson)
    levels = np.frombuffer(base64.b64decode(numbers["levels"]), np.uint8).reshape(128, numbers["columns"])
    with Image.open(io.BytesIO(client.get(f"/api/tracks/{known}/spectrogram.png").content)) as picture:
        assert np.array_equal(np.asarray(picture), levels[::-1])
    assert levels.max() == 255


def test_a_picture_among_the_tags_comes_as_it_is_or_smaller(client: httpx.Client) -> None:
    known = ids(client)
    whole = client.get(f"/api/tracks/{known['Piece 0']}/cover")
    assert (whole.status_code, whole.headers["content-type"]) == (200, "image/png")
    small = client.get(f"/api/tracks/{known['Piece 0']}/cover?size=60")
    with Image.open(io.BytesIO(small.content)) as picture:
        assert picture.size == (60, 40)
    assert client.get(f"/api/tracks/{known['Piece 1']}/cover").status_code == 404


def test_similar_tracks_come_with_the_seconds_that_are_alike(client: httpx.Client, song: Path) -> None:
    known = ids(client)["Piece 3"]
    found = told(client.get(f"/api/similar?id={known}&count=3&per_artist=0"), schemas.SimilarJson)
    assert [match["rank"] for match in found["matches"]] == [1, 2, 3]
    assert known not in [match["item"]["id"] for match in found["matches"]]
    pair = found["matches"][0]["reason"]["segments"]
    assert pair["here"]["end_s"] > pair["here"]["start_s"]
    part = told(client.get(f"/api/similar?id={known}&segment=2-14"), schemas.SimilarJson)
    assert part["segment"] == [2.0, 14.0]
    upload = client.post("/api/listen", files={"file": ("x.flac", song.read_bytes())}).json()["id"]
    like = told(client.get(f"/api/similar?id={upload}&count=1&versions=true"), schemas.SimilarJson)
    assert like["matches"][0]["item"]["title"] == "Piece 3"


def test_words_find_complete_and_calculate(client: httpx.Client) -> None:
    found = told(client.get("/api/find?q=loud&least=0"), schemas.FindingJson)
    assert found["found"]
    assert found["lines"][0].startswith("loud -> ")
    begun = told(client.get("/api/complete?q=%23{0} %2B lou".replace("{0}", "1")), schemas.CompletionsJson)
    assert begun["completions"][0] == {"text": "loud", "kind": "tag", "insert": "loud", "from": 5}
    song = told(client.get("/api/complete?q=piece"), schemas.CompletionsJson)["completions"][0]
    assert song["kind"] == "song"
    named = song["insert"].removeprefix("#")
    solved = told(client.get("/api/arithmetic", params={"q": f"#{named} + loud - soft"}), schemas.ArithmeticJson)
    assert named not in [each["item"]["id"] for each in solved["tracks"]]
    scores = [each["score"] for each in solved["tracks"]]
    assert scores == sorted(scores, reverse=True)


def test_a_path_begins_and_ends_where_it_was_asked_to(client: httpx.Client) -> None:
    known = ids(client)
    way = told(client.get(f"/api/path?from={known['Piece 1']}&to=Piece 6&count=4"), schemas.PlaylistJson)
    titles = [each["item"]["title"] for each in way["tracks"]]
    assert (titles[0], titles[-1], len(titles)) == ("Piece 1", "Piece 6", 4)


def test_a_playlist_is_made_from_wishes_or_of_chosen_tracks_and_downloaded(
    client: httpx.Client, music_served: Music
) -> None:
    known = ids(client)
    made = told(client.post("/api/playlist", json={"like": ["loud"], "count": 3, "seed": 1}), schemas.PlaylistJson)
    again = client.post("/api/playlist", json={"like": ["loud"], "count": 3, "seed": 1}).json()
    assert made == again
    assert len(made["tracks"]) == 3
    chosen = [known["Piece 5"], known["Piece 2"], known["Piece 7"]]
    given = told(client.post("/api/playlist", json={"ids": chosen, "order": "as given"}), schemas.PlaylistJson)
    assert [each["item"]["id"] for each in given["tracks"]] == chosen
    smooth = client.post("/api/playlist", json={"ids": chosen}).json()
    assert sorted(each["item"]["id"] for each in smooth["tracks"]) == sorted(chosen)
    asked = {"ids": chosen, "order": "as given"}
    file = client.post("/api/playlist?format=m3u8&name=../my list", json=asked)
    assert file.headers["content-disposition"] == 'attachment; filename="_my list.m3u8"'
    places = [line for line in file.text.splitlines() if not line.startswith("#")]
    assert places == [str(music_served.folder / f"piece {number}.flac") for number in (5, 2, 7)]


def test_a_rule_keeps_tracks_out_and_is_never_taken_for_a_file(client: httpx.Client, tmp_path: Path) -> None:
    asked = {"like": ["loud"], "count": 8, "seed": 1}
    kept = client.post("/api/playlist", json={**asked, "never": ["artist ~ Artist 1"]}).json()
    assert not [each for each in kept["tracks"] if each["item"]["artist"] == "Artist 1"]
    rules = tmp_path / "rules"
    rules.write_text("artist ~ Artist 1\n")
    refused = client.post("/api/playlist", json={**asked, "never": [str(rules)]})
    assert refused.status_code == 422


def test_the_map_has_a_place_for_every_track_and_values_to_colour_it_by(client: httpx.Client) -> None:
    chart = told(client.get("/api/map"), schemas.MapJson)
    count = chart["count"]
    assert chart["kind"] == "collection"
    assert sorted(chart["ids"]) == sorted(ids(client).values())
    assert len(chart["planes"]["flat"]["xy"]) == 2 * count
    assert len(chart["solid"]["xyz"]) == 3 * count
    assert max(map(abs, chart["solid"]["xyz"])) == 1.0
    colour = chart["colours"][0]
    values = told(client.get("/api/map/colour", params=colour), schemas.ColourJson)
    assert len(values["values"]) == count
    plain = client.get("/api/map", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == chart


def test_a_word_is_taught_told_and_forgotten(client: httpx.Client) -> None:
    known = ids(client)
    examples = [known[f"Piece {seed}"] for seed in range(3)]
    counter = [known[f"Piece {seed}"] for seed in range(3, 8)]
    asked = {"word": "mine", "examples": examples, "counter": counter}
    try:
        learned = told(client.post("/api/teach", json=asked), schemas.LearnedJson)
        assert learned["figures"]["n"] == 3
        assert not {"examples", "counter"} & learned["figures"].keys(), "paths are nobody's business"
        assert client.post("/api/teach", json=asked).status_code == 422, "there is such a word"
        assert [word["word"] for word in told(client.get("/api/teach"), schemas.WordsJson)["words"]] == ["mine"]
        yours = client.get(f"/api/tracks/{examples[0]}").json()["yours"]
        assert yours["mine"] > client.get(f"/api/tracks/{counter[0]}").json()["yours"]["mine"]
        assert client.get("/api/state").json()["words"] == ["mine"]
        assert "mine" in {colour["name"] for colour in client.get("/api/map").json()["colours"]}
    finally:
        assert client.delete("/api/teach/mine").status_code == 204
    assert client.get("/api/teach").json() == {"words": []}
    assert "mine" not in {colour["name"] for colour in client.get("/api/map").json()["colours"]}


def test_a_piece_is_made_of_the_collection_and_played(client: httpx.Client) -> None:
    asked = {"like": "Piece 3", "seconds": 6, "seed": 1}
    made = told(client.post("/api/generate", json=asked), PieceJson)
    assert made["seconds"] == pytest.approx(6, abs=1.5)
    assert {source["id"] for source in made["sources"]} <= set(ids(client).values())
    assert client.get(made["audio"], headers={"Range": "bytes=0-3"}).content == b"RIFF"


def test_what_there_is_and_what_is_known_of_the_network_are_told(client: httpx.Client) -> None:
    state = told(client.get("/api/state"), StateJson)
    assert (state["collection"]["count"], state["players"]) == (8, True)
    assert state["limits"]["upload_bytes"] == LIMITS.upload_bytes
    model = told(client.get("/api/model"), ModelJson)
    assert model["confusion"] is model["reliability"] is None, "what was measured of another bundle is not told"


def test_a_job_that_is_broken_off_ends_and_an_unknown_one_is_not_there(client: httpx.Client, song: Path) -> None:
    files = {"file": ("song.flac", song.read_bytes())}
    jobs = [client.post("/api/listen?wait=false&explain=true", files=files).json() for _ in range(2)]
    assert client.delete(jobs[1]["state"]).status_code == 204
    assert read_events(client, jobs[1]["events"])[-1][1:2] == ("failed",)
    assert client.get(jobs[1]["state"]).json()["problem"]["status"] == 410
    assert read_events(client, jobs[0]["events"])[-1][1] == "done"
    assert client.get("/api/jobs/none").status_code == 404


def test_who_comes_when_too_many_wait_is_told_when_to_try_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.service.crew, "_most_waiting", 0)
    refused = server.client.post("/api/listen", content=b"not even looked at")
    assert (refused.status_code, refused.json()["status"]) == (429, 429)
    assert int(refused.headers["Retry-After"]) >= 1
    monkeypatch.undo()
    assert server.client.post("/api/listen", content=b"looked at").status_code == 422


def test_counts_and_the_description_are_there(client: httpx.Client) -> None:
    client.get("/api/tracks/4711")
    counted = client.get("/metrics").text
    assert 'earmark_http_requests_total{method="GET",route="/api/tracks/{track}",status="404"}' in counted
    assert "4711" not in counted, "names of clients are no labels"
    page = client.get("/docs")
    assert "POST /api/listen" in page.text
    assert "<script" not in page.text
