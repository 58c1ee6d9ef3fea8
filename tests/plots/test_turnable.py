"""The map to turn: its fragment is whole, safe and small, its arithmetic is right, and it runs in a browser."""

import html.parser
import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from earmark.plots import palette, turnable
from earmark.plots.palette import GENRE_MARKERS, rgb

LUMA = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
NAN = float("nan")
GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
HOSTILE = "</script><script>alert(1)</script><!-- & \"'"
SCRIPT = files("earmark.plots").joinpath("templates/turnable.js").read_text(encoding="utf-8")
NODE = shutil.which("node")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def fragment(clips: int = 640, **changed: object) -> str:
    """A map of ten genres, with something changed in what it is drawn from."""
    rng = np.random.default_rng(0)
    genres = np.arange(clips) % 10
    means = rng.normal(0, 2, (10, 3))
    given: dict = {
        "points": means[genres] + rng.normal(0, 1, (clips, 3)),
        "genres": genres,
        "names": GENRES,
        "labels": [f"{GENRES[genre]}.{number:05d}, {GENRES[genre]}" for number, genre in enumerate(genres)],
        "details": ["true neighbours: blues, jazz, rock; on the map: jazz, country, rock"] * clips,
        "means": means,
        "explained": (0.231, 0.142, 0.081),
        "identifier": "map",
        **changed,
    }
    return turnable.turnable_map(given.pop("points"), given.pop("genres"), given.pop("names"), **given)


class Parts(html.parser.HTMLParser):
    """All tags with their attributes, and all text by the tag that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("input", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, "each element is closed in its turn"

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open:
            self.text.setdefault(self.open[-1], []).append(data)

    def data(self) -> dict:
        """What the script reads."""
        return json.loads(self.text["script"][0])


def calculated(expression: str) -> object:
    """What the script's own functions make of an expression."""
    if NODE is None:
        pytest.skip("node is not installed: the script's arithmetic cannot be tried")
    code = f"{SCRIPT}\nconsole.log(JSON.stringify({expression}));"
    return json.loads(subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True).stdout)


def test_the_data_come_back_as_they_were_given() -> None:
    points = [[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, -3.0, 0.0]]
    text = fragment(
        points=points, genres=[0, 1, 1, 0], names=["a", "b"], means=[[1.5, 0, 0], [0, 1.5, 0]],
        labels=["p", "q", "r", "s"], details=["1", "2", "3", "4"],
    )  # fmt: skip
    data = Parts(text).data()
    np.testing.assert_allclose(data["points"], np.divide(points, 3))
    np.testing.assert_allclose(data["means"], [[0.5, 0, 0], [0, 0.5, 0]])
    assert (data["genres"], data["names"]) == ([0, 1, 1, 0], ["a", "b"])
    assert (data["labels"], data["details"]) == (["p", "q", "r", "s"], ["1", "2", "3", "4"])
    assert data["axes"] == ["axis 1 (23 %)", "axis 2 (14 %)", "axis 3 (8.1 %)"]


def test_nearly_all_clips_are_in_the_ball_that_is_shown_and_one_far_out_does_not_shrink_them() -> None:
    points = np.random.default_rng(0).normal(size=(640, 3))
    points[0] = 1000
    reach = np.linalg.norm(Parts(fragment(points=points)).data()["points"], axis=1)
    assert 0.97 < (reach <= 1.001).mean() < 1
    assert np.median(reach) > 0.4


def test_640_clips_with_their_words_stay_below_120_kb() -> None:
    assert len(fragment().encode()) < 120_000


def test_the_same_clips_give_the_same_bytes() -> None:
    assert fragment() == fragment()


def test_nothing_is_fetched_from_anywhere() -> None:
    text = fragment()
    assert "//" not in re.sub(r"^\s*//.*$|\s// .*$", "", text, flags=re.MULTILINE)
    assert not re.search(r"\b(src|href|import|fetch|XMLHttpRequest|url)\b\s*[=(]", text)


def test_hostile_names_stay_words() -> None:
    names = (HOSTILE, *GENRES[1:])
    text = fragment(clips=10, names=names, labels=[HOSTILE] * 10, details=["\ud800 <b>"] * 10)
    parts = Parts(text)
    assert [tag for tag, _ in parts.tags].count("script") == 2
    assert parts.data()["names"][0] == parts.data()["labels"][0] == HOSTILE
    assert HOSTILE in "".join(parts.text["label"])
    assert "<b>" not in parts.text["script"][0]
    assert "innerHTML" not in SCRIPT


def test_the_script_cannot_end_its_own_element() -> None:
    assert "</" not in SCRIPT
    assert "<!--" not in SCRIPT


def test_it_says_how_to_use_it_to_eyes_and_to_screen_readers() -> None:
    parts = Parts(fragment())
    (words,) = parts.text["figcaption"]
    assert all(word in words for word in ("Drag", "arrow keys", "zoom", "wheel", "Point at a mark"))
    (canvas,) = (attributes for tag, attributes in parts.tags if tag == "canvas")
    assert canvas["tabindex"] == "0"
    assert canvas["aria-label"] == "Map of 640 clips of 10 genres on three axes, to be turned"
    assert ("figcaption", {"id": canvas["aria-describedby"]}) in parts.tags
    assert "scripts are switched off" in fragment().split("<noscript>")[1].split("</noscript>")[0]


def test_each_genre_has_a_box_to_tick_with_its_marker_and_name() -> None:
    parts = Parts(fragment())
    boxes = [attributes for tag, attributes in parts.tags if tag == "input"]
    assert [box["value"] for box in boxes] == [str(number) for number in range(10)]
    assert all("checked" in box for box in boxes)
    assert parts.text["label"] == list(GENRES)
    assert len({attributes["points"] for tag, attributes in parts.tags if tag == "polygon"}) == 10


def test_several_maps_in_a_page_do_not_clash() -> None:
    one, other = (set(re.findall(r"\bid=(\S+?)[ >]", fragment(identifier=name))) for name in ("one", "other"))
    assert one
    assert not one & other
    assert 'getElementById("other")' in fragment(identifier="other")
    assert re.search(r"<script>\(\(\) => \{.*\}\)\(\);</script>", fragment(), re.DOTALL)  # names stay within


@pytest.mark.parametrize("colour", palette.GENRE_COLOURS)
def test_a_colour_stands_on_dark_paper_and_keeps_its_hue(colour: str) -> None:
    light, dark = np.array(rgb(colour)), np.array(rgb(turnable.on_dark_paper(colour)))
    assert LUMA @ dark > 100
    assert list(np.argsort(light, kind="stable")) == list(np.argsort(dark, kind="stable"))


def test_every_marker_of_the_palette_has_an_outline_of_its_own() -> None:
    outlines = [turnable.marker_outline(marker) for marker in GENRE_MARKERS]
    assert len(set(outlines)) == len(GENRE_MARKERS)
    for outline in outlines:
        assert 0.9 < np.linalg.norm(outline, axis=1).max() < 1.1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"points": np.zeros((640, 2))}, "points must be"),
        ({"genres": [10] * 640}, "from 0 to 9"),
        ({"points": np.full((640, 3), NAN)}, "finite"),
        ({"means": np.zeros((10, 2))}, "means must be"),
        ({"labels": ["one"]}, "640 texts"),
        ({"details": []}, "640 texts"),
        ({"explained": (0.5, 0.5)}, r"explained \(3,\)"),
        ({"identifier": ""}, "identifier"),
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": "1"}, "identifier"),
        ({"identifier": 'x"><script>'}, "identifier"),
        ({"identifier": "x\n"}, "identifier"),
    ],
)
def test_bad_input_is_named(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fragment(**changed)


def test_clips_that_are_all_in_one_place_make_a_map_too() -> None:
    text = fragment(points=np.ones((640, 3)), means=np.ones((10, 3)))
    assert np.abs(Parts(text).data()["points"]).max() == 0


def test_turning_keeps_lengths_and_a_quarter_turn_brings_the_third_axis_to_the_right() -> None:
    turned = calculated("[[1,0,0],[0,1,0],[0,0,1]].map((place) => rotate(place, {yaw: 0.7, pitch: -0.4}))")
    np.testing.assert_allclose(np.array(turned) @ np.transpose(turned), np.eye(3), atol=1e-12)
    quarter = calculated("rotate([0, 0, 1], {yaw: Math.PI / 2, pitch: 0})")
    np.testing.assert_allclose(quarter, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(calculated("rotate([1, 2, 3], {yaw: 0, pitch: 0})"), [1, 2, 3])


def test_seen_from_above_what_is_in_front_is_lower_down() -> None:
    front, back = calculated("[1, -1].map((z) => project([0, 0, z], {yaw: 0, pitch: 0.5, zoom: 1}, 400, 300))")
    assert front["y"] > 150 > back["y"]
    assert front["near"] > back["near"]


def test_what_is_nearer_is_farther_from_the_middle_and_the_middle_stays() -> None:
    spots = calculated("[-1, 0, 1].map((z) => project([0.5, 0.5, z], {yaw: 0, pitch: 0, zoom: 1}, 400, 300))")
    assert [spot["near"] for spot in spots] == [0, 0.5, 1]
    assert 200 < spots[0]["x"] < spots[1]["x"] < spots[2]["x"] < 400
    assert 150 > spots[0]["y"] > spots[1]["y"] > spots[2]["y"] > 0
    assert calculated("project([0, 0, 0], START, 400, 300)") == {"x": 200, "y": 150, "near": 0.5}


def test_what_lies_behind_the_eye_does_not_turn_the_picture_over() -> None:
    far = calculated("project([0.5, 0.5, 1000], {yaw: 0, pitch: 0, zoom: 1}, 400, 300)")
    assert far["x"] > 200
    assert far["near"] == 1


def test_a_view_never_turns_over_the_top_and_zooms_within_bounds() -> None:
    assert calculated("turned(START, 0, 99).pitch") == pytest.approx(np.pi / 2)
    assert calculated("turned(START, 0, -99).pitch") == pytest.approx(-np.pi / 2)
    assert calculated("turned(START, 99, 0).yaw") == pytest.approx(99.5)
    assert calculated("[zoomed(START, 1000).zoom, zoomed(START, 0.001).zoom, zoomed(START, 2).zoom]") == [8, 0.5, 2]


def test_the_spot_next_to_the_pointer_is_picked_and_the_nearer_of_two_in_one_place() -> None:
    spots = "[{n: 0, x: 10, y: 10, near: 0.2}, {n: 1, x: 10, y: 10, near: 0.8}, {n: 2, x: 20, y: 10, near: 0.5}]"
    assert calculated(f"[[10, 11], [19, 10]].map(([x, y]) => picked({spots}, x, y).n)") == [1, 2]
    assert calculated(f"picked({spots}, 300, 300)") is None
    assert calculated("picked([], 0, 0)") is None


@pytest.mark.parametrize(("x", "names"), [(200, 4), (395, 3)])
def test_names_at_one_place_do_not_cover_each_other_and_stay_in_the_canvas(x: int, names: int) -> None:
    settled = f"taken.push(settled({{x: {x}, y: 150}}, 60, 17, taken, {{width: 400, height: 300}}))"
    pairs = "taken.flatMap((one, n) => taken.slice(n + 1).map((other) => overlap(one, other)))"
    code = f"(() => {{ const taken = []; for (let n = 0; n < {names}; n++) {settled}; return [taken, {pairs}]; }})()"
    boxes, covered = calculated(code)
    assert all(0 <= box["x"] <= 400 - 60 for box in boxes)
    assert set(covered) == {0}


# Without a screen a browser may draw no frames: here they come by the clock.
PROBE = """
window.requestAnimationFrame = (act) => setTimeout(act, 16);
addEventListener("error", (event) => document.body.dataset.error = event.message);
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
addEventListener("load", async () => {
  await drawn();
  const [canvas, other] = document.querySelectorAll("canvas");
  const before = [canvas.toDataURL(), other.toDataURL()];
  for (const key of ["ArrowLeft", "+"])
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  await drawn();
  const turned = canvas.toDataURL();
  document.querySelector("#one input").click();
  await drawn();
  const { left, top, width, height } = canvas.getBoundingClientRect();
  for (let x = 0; x < width && document.querySelector("#one .told").hidden; x += 5) {
    const place = { clientX: left + x, clientY: top + height / 2, pointerId: 1, bubbles: true };
    canvas.dispatchEvent(new PointerEvent("pointermove", place));
  }
  Object.assign(document.body.dataset, {
    colours: new Set(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data).size,
    turned: turned !== before[0], fewer: canvas.toDataURL() !== turned, apart: other.toDataURL() === before[1],
    told: document.querySelector("#one .told").textContent,
  });
});
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed: the map cannot be tried in a browser")
def test_in_a_browser_it_is_drawn_turns_by_keys_and_tells_what_is_under_the_pointer(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    maps = fragment(identifier="one") + fragment(identifier="two")
    page.write_text(f"<!doctype html><meta charset=utf-8><body><script>{PROBE}</script>{maps}", encoding="utf-8")
    assert CHROMIUM is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    answer = subprocess.run(
        [CHROMIUM, *options, "--virtual-time-budget=5000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    (body,) = (attributes for tag, attributes in Parts(answer.stdout).tags if tag == "body")
    assert body.get("data-error") is None
    assert int(body["data-colours"] or 0) > 20
    assert [body[f"data-{what}"] for what in ("turned", "fewer", "apart")] == ["true"] * 3
    assert re.match(r"\w+\.\d{5}, \w+true neighbours|\w+mean of 64 clips", body["data-told"] or "")
