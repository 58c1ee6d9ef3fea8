"""Ask a running `earmark serve` by httpx: hear files as they come, say why, and make a playlist of what is like them.

    python examples/serve/ask.py http://127.0.0.1:8765 song.mp3 other.mp3

A token, where the server asks for one, comes from the environment variable EARMARK_TOKEN.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx


def main() -> None:
    """Hear the files that are named, and write like.m3u8 where there is a collection."""
    address, *files = sys.argv[1:]
    token = os.environ.get("EARMARK_TOKEN", "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address, headers=headers, timeout=300) as server:
        state = checked(server.get("/api/state"))
        for file in map(Path, files):
            heard = hear(server, file)
            print(f"{file.name}: {heard['sentence']}")
            for segment in heard["track"]["decisive"]:
                print(f"  decided between {segment['start_s']:.0f} and {segment['end_s']:.0f} s")
            if state["collection"]:
                write_playlist(server, heard["id"], Path("like.m3u8"))


def hear(server: httpx.Client, file: Path) -> dict[str, Any]:
    """Send a file, and follow what happens to it; waits where the server is busy."""
    while True:
        with file.open("rb") as sound:
            response = server.post("/api/listen", params={"wait": False}, files={"file": (file.name, sound)})
        if response.status_code != 429:
            break
        time.sleep(float(response.headers["Retry-After"]))
    job = checked(response)
    with server.stream("GET", job["events"]) as events:
        for line in events.iter_lines():
            if line.startswith("event: "):
                print(f"  {line.removeprefix('event: ')}", file=sys.stderr)
    told = checked(server.get(job["state"]))
    if told["problem"]:
        raise SystemExit(f"{file}: {told['problem']['detail']} {told['problem']['hint']}")
    result: dict[str, Any] = told["result"]
    return result


def write_playlist(server: httpx.Client, upload: str, target: Path) -> None:
    """The tracks of the collection that are most like an upload, each with its reason, as a playlist."""
    found = checked(server.get("/api/similar", params={"id": upload, "count": 5, "all_kinds": True}))
    for match in found["matches"]:
        print(f"  {match['rank']}. {match['item']['title']}, {match['how_close']}: {match['reason']['words']}")
    ids = [match["item"]["id"] for match in found["matches"]]
    listed = server.post("/api/playlist", params={"format": "m3u8"}, json={"ids": ids})
    listed.raise_for_status()
    target.write_bytes(listed.content)


def checked(response: httpx.Response) -> dict[str, Any]:
    """What was answered; ends with the server's own sentence where that is a problem."""
    told: dict[str, Any] = json.loads(response.content)
    if response.is_error:
        raise SystemExit(f"{told['detail']} {told['hint']}")
    return told


if __name__ == "__main__":
    main()
