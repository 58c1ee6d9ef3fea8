"""The tests of explanations in words: parts of the report of an analysis, with tables as text."""

from collections.abc import Mapping
from typing import Any

from earmark.analyze.numerals import interval, number, points, share
from earmark.plots.report import Section, Table
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

Figures = Mapping[str, Any]
TOKEN_S = TOKEN_FRAMES * FRAME_S
OVERLAP = (
    "The second table holds what `listen` would show by each method, the fewest tokens with a fifth of its evidence, "
    "against all tokens that are known, and these are more: an overlap cannot be whole where less is shown."
)


def faithfulness(figures: Figures) -> list[Section]:
    """The parts about explanations: known seconds, curves, the fewest seconds, another system, random weights."""
    made = []
    heads = {
        "splices": (
            "Do they find it? Spliced genres",
            "5.9 s of a clip of genre B by another artist, as loud as what was there, in a clip of genre A: where is "
            "B?",
        ),
        "planted": (
            "Do they find it? Planted motifs",
            "Synthetic pieces whose style shows itself in a known span alone, there as loud as elsewhere, heard by "
            "networks trained on such pieces.",
        ),
    }
    for test, (heading, what) in heads.items():
        found = figures[test]
        if found:
            count = f"{found['n']} windows, {found['artists']} artists; a guess is right in {found['chance']:.0%}."
            overlap = [OVERLAP] if all("f1" in row for row in found["methods"]) else []
            text = (f"{what} {count}", *overlap)
            made.append(Section(heading, text, tuple(_located(found)), (test,)))
    if figures["curves"]["methods"]:
        made.append(_curves(figures["curves"]))
    if figures.get("enough"):  # figures that were stored before these were asked for have none
        made.append(_enough(figures["enough"]))
    if figures.get("judged"):
        made.append(_judged(figures["judged"]))
    if figures["randomised"]:
        made.append(_randomised(figures["randomised"]))
    return made


def _located(found: Figures) -> list[Table]:
    rows = tuple(
        (
            row["method"],
            share(row["hit_rate"]),
            interval(row["auc"]),
            points(row["hit_rate_over_energy"]),
            points(row["hit_rate_over_random"]),
        )
        for row in found["methods"]
    )
    head = ("method", "hit rate (95 %)", "ROC AUC (95 %)", "hits over energy, points", "over random, points")
    overlaps = tuple(
        (
            row["method"],
            number(row["shown"]["mean"] * TOKEN_S),
            interval(row["iou"]),
            interval(row["f1"]),
            points(row["f1_over_energy"]),
            points(row["f1_over_random"]),
        )
        for row in found["methods"]
        if "f1" in row
    )
    head_of_overlaps = (
        *("method", "seconds shown", "intersection over union (95 %)", "F1 of tokens (95 %)"),
        *("F1 over energy, points", "over random, points"),
    )
    return [Table(head, rows), *([Table(head_of_overlaps, overlaps)] if overlaps else [])]


def _enough(found: Figures) -> Section:
    few = f"{found['few_s']:.0f} s"
    text = (
        f"{found['n']} clips by {found['artists']} artists, tokens in the order in which a method names them. Enough "
        "are the fewest seconds that give the answer of the whole window when they are cut out and heard alone; "
        "needed are the fewest whose removal gives another. A good explanation makes both few.",
    )
    head = (
        *("method", "enough, median s", "mean s (95 %)", f"enough within {few}", "fewer than random, s"),
        *("needed, median s", "mean s (95 %)", "fewer than random, s"),
    )
    rows = tuple(
        (
            row["method"],
            number(row["enough_s"]["median"]),
            interval(row["enough_s"]),
            share(row["enough_few"]),
            interval(row["enough_s_below_random"]),
            number(row["needed_s"]["median"]),
            interval(row["needed_s"]),
            interval(row["needed_s_below_random"]),
        )
        for row in found["methods"]
    )
    return Section("How many seconds are enough", text, (Table(head, rows),), ("enough", "needed"))


def _judged(found: Figures) -> Section:
    never = "Of every clip that judge is asked that never heard it."
    perhaps = "The judge may have been trained on these clips, and then knows them whatever it is shown."
    text = (
        f"Another system ({', '.join(found['judges'])}) hears the seconds that are shown of each of {found['n']} "
        f"clips, {number(found['shown_s'])} s on the mean, side by side and repeated to fill a window, or all but "
        "those seconds. How often does it say what our network hears? Every method shows as many tokens of a "
        "clip, random runs as long elsewhere. "
        f"{never if found['out_of_fold'] else perhaps} Of whole clips it says the same as our network of "
        f"{share(found['whole'])}.",
    )
    head = ("method", "by these alone", "over random, points", "by all but these", "under random, points")
    rows = tuple(
        (
            row["method"],
            share(row["alone"]),
            points(row["alone_over_random"]),
            share(row["without"]),
            points(row["without_below_random"]),
        )
        for row in found["methods"]
    )
    return Section("Do they convince another system?", text, (Table(head, rows),), ("judged",))


def _curves(found: Figures) -> Section:
    text = (
        f"{found['n']} clips, the genre that the network hears: its probability is {found['whole']:.2f} on the mean, "
        f"and {found['empty']:.2f} when all is filled with the mean spectrum. Deletion fills the tokens that a method "
        "names first, insertion shows them alone; areas are means over "
        f"{', '.join(f'{share:.0%}' for share in found['shares'])} of the tokens.",
    )
    rows = tuple(
        (
            row["method"],
            interval(row["deletion_area"]),
            interval(row["insertion_area"]),
            interval(row["deletion_below_random"]),
            interval(row["insertion_over_random"]),
        )
        for row in found["methods"]
    )
    head = ("method", "deletion (lower is better)", "insertion (higher)", "below random", "over random")
    return Section("What goes when it is taken away", text, (Table(head, rows),), ("deletion", "insertion"))


def _randomised(found: Figures) -> Section:
    text = (
        f"{found['n']} clips, the network's weights made random from the answer down to the CNN, each stage on top of "
        "those before: rank correlation over tokens of what a method says before and after. What stays alike (blue) "
        "does not speak of what the network has learned.",
    )
    rows = tuple((row["method"], *(number(cell["mean"]) for cell in row["stages"])) for row in found["methods"])
    return Section("With random weights", text, (Table(("method", *found["stages"]), rows),), ("randomised",))
