"""The report of a benchmark: its figures by hand, what is said of leaks and of missing runs, and the three papers."""

import json
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.evaluate.predictions import Predictions
from earmark.experiments.comparison.figures import clip_of
from earmark.experiments.comparison.report import Cell, ProtocolWords, write_benchmark_report
from earmark.measure.comparison import holm

GENRES = ("blues", "jazz", "metal")
CLIPS = 120
HONEST = ProtocolWords("artist_grouped", leaky=False, description="Artists stand on one side.")
LEAKY = ProtocolWords("leaky_random_clip", leaky=True, description="Clips are drawn.")
SEGMENTS = ProtocolWords("segments", leaky=True, description="Segments are drawn.")
PROTOCOLS = (HONEST, LEAKY, SEGMENTS)
RIGHT = {"earmark": 0.8, "twin": 0.8, "weak": 0.4}
FACT = {
    "parameters": 2500,
    "train_seconds": 30.0,
    "epochs": 10,
    "examples": 100,
    "threads": 1,
    "hear_seconds_per_clip": 0.03,
    "processor": "Processor A",
}


def answers(
    right: float, *, seed: int = 0, seeds: int = 2, folds: int = 4, segments: int = 0, runs: int | None = None
) -> Predictions:
    """Answers right so often, by artists of 3 clips; of the first `runs` (seed, fold) alone where given."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for number in range(seeds):
        for clip in range(CLIPS):
            for segment in range(max(segments, 1)):
                label, fold = clip % 3, clip // 3 % folds
                hit = rng.random() < right
                said = label if hit else (label + 1) % 3
                shares = np.full(3, 0.15)
                shares[said] = 0.7
                name = f"{GENRES[label]}.{clip:05d}" + (f"@{segment}" if segments else "")
                if runs is None or number * folds + fold < runs:
                    rows.append((name, f"artist {clip // 3}", GENRES[label], shares, number, fold))
    ids, artists, labels, shares, numbers, places = zip(*rows, strict=True)
    return Predictions(
        GENRES, ids, ("set",) * len(ids), artists, labels, np.array(shares), np.array(numbers), np.array(places)
    )


def cell(system: str, protocol: ProtocolWords, predictions: Predictions | None, *, done: int = 8) -> Cell:
    return Cell(system, protocol.name, predictions, done, 8, (FACT,) * done)


def all_cells() -> list[Cell]:
    """Three systems under three protocols: `weak` is cut off under one, and has not begun another."""
    twin = answers(RIGHT["twin"], seed=5)
    return [
        cell("earmark", HONEST, answers(0.8, seed=1)),
        cell("earmark", LEAKY, answers(0.95, seed=2)),
        cell("earmark", SEGMENTS, answers(0.98, seed=3, segments=4)),
        cell("twin", HONEST, twin),
        cell("twin", LEAKY, answers(0.9, seed=6)),
        cell("twin", SEGMENTS, answers(0.9, seed=7, segments=4)),
        cell("weak", HONEST, answers(0.4, seed=8, runs=3), done=3),
        cell("weak", LEAKY, answers(0.6, seed=9)),
        cell("weak", SEGMENTS, None, done=0),
    ]


def write(out: Path, cells: list[Cell], protocols: tuple[ProtocolWords, ...] = PROTOCOLS) -> dict[str, Any]:
    return write_benchmark_report(
        out,
        title="Systems <side> by side",
        command="earmark benchmark plan.toml",
        cells=cells,
        protocols=protocols,
        reference="earmark",
        recipes={"earmark": "the one that ships", "weak": "A | B & <C>"},
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("report")
    return out, write(out, all_cells())


def found(figures: dict[str, Any], system: str, protocol: ProtocolWords) -> dict[str, Any]:
    return next(c for c in figures["cells"] if (c["system"], c["protocol"]) == (system, protocol.name))


def part(out: Path, heading: str) -> str:
    """The section of the Markdown whose heading begins so."""
    return next(text for text in (out / "report.md").read_text().split("\n## ") if text.startswith(heading))


def test_the_file_holds_what_is_returned(report: tuple[Path, dict[str, Any]]) -> None:
    out, figures = report
    assert sorted(path.name for path in out.iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads((out / "report.json").read_text()) == figures


def test_a_cells_figures_are_those_of_its_answers(report: tuple[Path, dict[str, Any]]) -> None:
    predictions = answers(0.8, seed=1)
    right = predictions.predicted == predictions.truth
    own = found(report[1], "earmark", HONEST)
    assert own["accuracy"] == pytest.approx(right.mean())
    assert own["accuracy_low"] < own["accuracy"] < own["accuracy_high"]
    assert own["accuracy_by_seed"] == {str(s): pytest.approx(right[predictions.seeds == s].mean()) for s in (0, 1)}
    assert (own["n"], own["n_predictions"], own["n_artists"], own["seeds"], own["unit"]) == (120, 240, 40, 2, "clips")
    assert own["calibration"] == "cross-fitted"
    assert own["ece"] < own["ece_uncalibrated"]
    assert 0.8 < own["coverage"] <= 1


def test_segments_are_counted_as_segments(report: tuple[Path, dict[str, Any]]) -> None:
    own = found(report[1], "earmark", SEGMENTS)
    assert (own["unit"], own["n"], own["n_clips"]) == ("segments", 480, 120)
    assert "| system | seeds | segments |" in part(report[0], "Under segments")


@pytest.mark.parametrize(
    ("row_id", "clip"), [("blues.00001@3", "blues.00001"), ("a@b", "a@b"), ("a@b@12", "a@b"), ("@3", "@3"), ("x", "x")]
)
def test_a_segments_clip_is_what_stands_before_its_number(row_id: str, clip: str) -> None:
    assert clip_of(row_id) == clip


def test_the_reference_is_told_from_a_weak_system_and_not_from_its_twin(report: tuple[Path, dict[str, Any]]) -> None:
    pairs = {(row["a"], row["b"]): row for row in report[1]["comparisons"][HONEST.name]}
    assert set(pairs) == {("twin", "earmark"), ("weak", "earmark"), ("twin", "weak")}
    assert pairs["weak", "earmark"]["a_is"].startswith("worse (p = 0.0")
    assert pairs["twin", "earmark"]["a_is"].startswith("cannot be told (p = ")
    assert pairs["twin", "weak"]["a_is"].startswith("better")
    for row in pairs.values():
        assert row["low"] <= row["difference"] <= row["high"]
        assert 0 < row["p"] <= row["p_holm_all"] <= 1
    # Two questions are asked of the reference, and three can be asked in all.
    ours = [pairs["twin", "earmark"], pairs["weak", "earmark"]]
    assert pairs["twin", "weak"]["p_holm"] is None
    assert [row["p_holm"] for row in ours] == pytest.approx(holm([row["p"] for row in ours]))
    assert pairs["weak", "earmark"]["p_holm"] == pytest.approx(2 * pairs["weak", "earmark"]["p"])
    assert pairs["weak", "earmark"]["p_holm_all"] >= pairs["weak", "earmark"]["p_holm"]


def test_a_system_with_runs_missing_is_compared_on_the_common_clips(report: tuple[Path, dict[str, Any]]) -> None:
    out, figures = report
    row = next(row for row in figures["comparisons"][HONEST.name] if (row["a"], row["b"]) == ("weak", "earmark"))
    assert (row["n"], row["n_artists"], row["incomplete"]) == (90, 30, ["weak"])
    weak, full = answers(0.4, seed=8, runs=3), answers(0.8, seed=1)
    common = np.isin(full.ids, weak.ids)
    gap = (weak.predicted == weak.truth).mean() - (full.predicted == full.truth)[common].mean()
    assert row["difference"] == pytest.approx(gap)
    assert "90 in common (incomplete)" in part(out, "Against earmark, under artist_grouped")


def test_missing_runs_are_said_wherever_figures_stand(report: tuple[Path, dict[str, Any]]) -> None:
    out, _ = report
    lines = part(out, "Under artist_grouped").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| system", "| ---"))]
    assert "incomplete: 3 of 8 runs" in rows[-1]
    assert [row.split(" | ")[0].strip("| ") for row in rows][-1] == "weak"
    assert "| weak | – |" in part(out, "Under segments")
    assert "incomplete: 0 of 8 runs" in part(out, "Under segments")
    assert "weak (incomplete)" in part(out, "Genre by genre")
    assert "weak (incomplete)" in part(out, "Costs")


def test_the_price_of_the_leak_is_paired_by_clip(report: tuple[Path, dict[str, Any]]) -> None:
    _, figures = report
    prices = {(row["system"], row["protocol"]): row for row in figures["price_of_the_leak"]}
    assert ("weak", SEGMENTS.name) not in prices
    row = prices["earmark", SEGMENTS.name]
    cut, whole = answers(0.98, seed=3, segments=4), answers(0.8, seed=1)
    expected = (cut.predicted == cut.truth).mean() - (whole.predicted == whole.truth).mean()
    assert row["difference"] == pytest.approx(expected)
    assert row["low"] < row["difference"] < row["high"]
    assert (row["n"], row["unit"], row["n_clips"]) == (480, "segments", 120)
    assert (prices["weak", LEAKY.name]["n_clips"], prices["weak", LEAKY.name]["incomplete"]) == (90, True)


def test_what_leaks_is_called_leaky_in_headings_and_tables(report: tuple[Path, dict[str, Any]]) -> None:
    out, figures = report
    assert [words["label"] for words in figures["protocols"]] == [
        "artist_grouped",
        "leaky_random_clip",
        "segments (leaky)",
    ]
    text = (out / "report.md").read_text()
    assert all("leaky" in line for line in text.splitlines() if LEAKY.name in line or line.startswith("## Under seg"))
    assert "| segments (leaky) |" in part(out, "The price of the leak")
    assert "This protocol is leaky" in part(out, "Under segments (leaky)")
    assert set(figures["comparisons"]) == {HONEST.name}  # nobody is ranked by a leak


def test_genre_differences_weigh_up_to_the_whole(report: tuple[Path, dict[str, Any]]) -> None:
    gaps = report[1]["genre_differences"]
    assert set(gaps) == {"twin", "weak"}
    assert gaps["twin"]["all"] == pytest.approx(np.mean([gaps["twin"][genre] for genre in GENRES]))


def test_costs_are_medians_over_runs_and_name_the_processor(tmp_path: Path) -> None:
    slow = {**FACT, "train_seconds": 90.0, "processor": "Processor B"}
    fast = {**FACT, "train_seconds": 20.0}
    cells = [replace(cell("earmark", HONEST, answers(0.8)), facts=(FACT, slow, fast))]
    costs = write(tmp_path, cells)["cells"][0]["costs"]
    assert (costs["train_seconds"], costs["ms_per_clip_epoch"], costs["parameters"]) == (30.0, 30.0, 2500)
    assert costs["by_processor"]["Processor B"]["ms_per_clip_epoch"] == pytest.approx(90.0)
    assert costs["by_processor"]["Processor A"]["train_seconds"] == 25.0
    assert "Processor A (2), Processor B (1)" in part(tmp_path, "Costs")


def test_facts_that_a_system_has_not_are_dashes(tmp_path: Path) -> None:
    facts = {"parameters": None, "train_seconds": 3.0, "epochs": None, "examples": 100, "processor": "Processor A"}
    cells = [replace(cell("earmark", HONEST, answers(0.8)), facts=(facts,))]
    costs = write(tmp_path, cells)["cells"][0]["costs"]
    assert (costs["parameters"], costs["ms_per_clip_epoch"], costs["hear_seconds_per_clip"]) == (None, None, None)
    assert "| – | 3 s | – | – | – | Processor A |" in part(tmp_path, "Costs")


def test_with_one_fold_a_seed_the_ece_is_marked_uncalibrated(tmp_path: Path) -> None:
    own = write(tmp_path, [cell("earmark", HONEST, answers(0.8, folds=1))])["cells"][0]
    assert (own["calibration"], own["coverage"], own["mean_set_size"]) == ("none", None, None)
    assert own["ece"] == own["ece_uncalibrated"]
    assert f"{own['ece']:.3f} uncalibrated | – | – |" in part(tmp_path, "Under artist_grouped")


def test_without_the_reference_nothing_is_compared_with_it(tmp_path: Path) -> None:
    cells = [
        cell("earmark", HONEST, None, done=0),
        cell("twin", HONEST, answers(0.8)),
        cell("weak", HONEST, answers(0.4)),
    ]
    figures = write(tmp_path, cells)
    assert [(row["a"], row["b"]) for row in figures["comparisons"][HONEST.name]] == [("twin", "weak")]
    text = (tmp_path / "report.md").read_text()
    assert "earmark has no answers under artist_grouped." in text
    assert "## Against earmark" not in text


def test_before_the_first_run_there_is_a_report_too(tmp_path: Path) -> None:
    figures = write(tmp_path, [cell("earmark", words, None, done=0) for words in PROTOCOLS])
    assert figures["comparisons"] == {HONEST.name: []}
    assert (tmp_path / "report.html").exists()


def test_leaky_protocols_alone_have_no_price_and_no_comparison(tmp_path: Path) -> None:
    figures = write(tmp_path, [cell("earmark", LEAKY, answers(0.9))], (LEAKY,))
    assert (figures["price_of_the_leak"], figures["comparisons"], figures["main_protocol"]) == ([], {}, LEAKY.name)


class _Page(HTMLParser):
    """What a page has: its tags with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_but_itself(report: tuple[Path, dict[str, Any]]) -> None:
    text = (report[0] / "report.html").read_text()
    page = _Page(text)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
    sources = [attributes["src"] or "" for tag, attributes in page.tags if tag == "img"]
    assert len(sources) == 7
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert all(attributes["alt"] for tag, attributes in page.tags if tag == "img")
    assert not re.search(r"(?:src|href)=['\"]?(?:https?:|//)|@import|url\(", text)
    assert "Systems <side> by side" in page.words
    assert "A | B & <C>" in page.words


def test_the_page_and_the_markdown_have_the_same_tables(report: tuple[Path, dict[str, Any]]) -> None:
    out, _ = report
    page = _Page((out / "report.html").read_text())
    lines = [line for line in (out / "report.md").read_text().splitlines() if re.match(r"\| (?!---)", line)]
    cells = [cell.replace("\\|", "|") for line in lines for cell in re.split(r" (?<!\\)\| ", line.strip("| "))]
    assert sum(tag in ("td", "th") for tag, _ in page.tags) == len(cells)
    assert set(cells) <= set(page.words)


def test_the_page_sets_off_the_rows_of_the_reference_with_all_its_runs_or_without(tmp_path: Path) -> None:
    set_off = {}
    for done in (8, 5):
        write(tmp_path, [cell("earmark", HONEST, answers(0.8), done=done), cell("twin", HONEST, answers(0.7))])
        text = (tmp_path / "report.html").read_text()
        set_off[done] = set(re.findall(r"<tr class=reference><th scope=row>(.*?)</th>", text))
    assert set_off == {8: {"earmark"}, 5: {"earmark", "earmark (incomplete)"}}


def test_the_confusions_are_in_the_page_alone(report: tuple[Path, dict[str, Any]]) -> None:
    out, figures = report
    assert "Confusions under artist_grouped" in (out / "report.html").read_text()
    assert "Confusions" not in (out / "report.md").read_text()
    assert np.sum(figures["confusion"]["earmark"]) == 240


def test_the_same_cells_give_the_same_bytes(report: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    write(tmp_path, all_cells())
    for name in ("report.json", "report.md", "report.html"):
        assert (tmp_path / name).read_bytes() == (report[0] / name).read_bytes()


def test_without_matplotlib_the_report_has_no_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in {"matplotlib", *(name for name in sys.modules if name.partition(".")[0] == "matplotlib")}:
        monkeypatch.setitem(sys.modules, module, None)
    write(tmp_path, [cell("earmark", HONEST, answers(0.8)), cell("twin", HONEST, answers(0.7))])
    text = (tmp_path / "report.html").read_text()
    assert "<img" not in text
    assert "Confusions" not in text
    assert "Against earmark, under artist_grouped" in text


@pytest.mark.parametrize(
    ("cells", "protocols", "words"),
    [
        ([], (), "needs protocols"),
        ([], (HONEST, HONEST), "name of its own"),
        ([cell("a", LEAKY, None)], (HONEST,), "a: the protocol leaky_random_clip"),
        ([cell("a", HONEST, None)] * 2, (HONEST,), "one cell a protocol"),
    ],
)
def test_bad_input_is_named(
    cells: list[Cell], protocols: tuple[ProtocolWords, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=words):
        write(tmp_path, cells, protocols)
