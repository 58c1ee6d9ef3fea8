"""What is told of the shipped network: what the files of the project say, of it and of no other."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from earmark import load_bundle
from earmark.serve.facts import FACTS, facts_of, gathered
from fences import ROOT


def test_the_facts_are_those_of_the_files_that_they_were_made_of() -> None:
    assert json.loads(FACTS.read_text()) == json.loads(json.dumps(gathered(ROOT))), "python -m earmark.serve.facts"


def test_the_shipped_bundle_has_them_and_their_figures_are_its_own() -> None:
    info = load_bundle().info
    told = facts_of(info)
    counts = told["confusion"]["counts"]
    right = sum(row[place] for place, row in enumerate(counts))
    assert right / sum(map(sum, counts)) == pytest.approx(info.metrics["accuracy"], abs=1e-9)
    assert told["reliability"]["ece"] == pytest.approx(info.metrics["ece"], abs=1e-5)
    assert {row["verdict"] for row in told["claims"]["rows"]} <= {"holds", "does not hold", "cannot be told"}


def test_another_bundle_has_none_of_them(tiny_folder: Path) -> None:
    assert set(facts_of(load_bundle(tiny_folder).info).values()) == {None}
    info = load_bundle().info
    assert facts_of(replace(info, metrics={**info.metrics, "accuracy": 0.78}))["confusion"] is None
