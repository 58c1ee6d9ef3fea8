"""An analysis in words: the sections of its report, with tables as text; and the tables as CSV."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earmark.analyze.claims import CANNOT_BE_TOLD, DOES_NOT, HOLDS
from earmark.analyze.numerals import MINUS, correlation, interval, number, percent, share
from earmark.analyze.pictures import STEP_S
from earmark.analyze.trust_words import faithfulness
from earmark.plots.report import Section, Table

Figures = Mapping[str, Any]
SHOWN_EQUATIONS = 15


def sections(figures: Figures) -> list[Section]:
    """The report, part by part."""
    return [
        _about(figures),
        _claims(figures),
        _accuracy(figures),
        _map(figures),
        _neighbours(figures),
        _arithmetic(figures),
        _steps(figures),
        _shift(figures),
        _events(figures),
        *faithfulness(figures),
    ]


def _about(figures: Figures) -> Section:
    about = figures["about"]
    fold = (
        "Of every clip the network is asked that never heard its artist."
        if about["out_of_fold"]
        else "The network may have been trained on these clips: what it says of them is then too good."
    )
    return Section(
        "What was read",
        (
            f"{_counted(about['networks'], 'network')} in {_counted(about['readings'], 'reading')} "
            f"({', '.join(about['readings'])}), "
            f"{about['clips']} clips of {about['data']} by {about['artists']} artists, the first {20 * STEP_S:.1f} s "
            f"of each ({about['left_out']} left out, as too short or of other genres). {fold}",
            f"Intervals are 95 %, by drawing artists again; what is said of draws is said of {about['draws']} of them "
            "a reading. The first reading is read closely, the others say what stands a second look.",
        ),
    )


def _counted(things: Sequence[str], name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"


def _claims(figures: Figures) -> Section:
    rows = tuple((row["claim"], row["verdict"], row["figure"]) for row in figures["claims"])
    counts = [sum(row[1] == name for row in rows) for name in (HOLDS, DOES_NOT, CANNOT_BE_TOLD)]
    said = "{} hold, {} do not, and of {} it cannot be told".format(*counts)
    text = (
        f"Of {len(rows)} findings of the course project that this network comes from: {said}. A finding is asked of "
        "every draw of artists in every reading; it holds where it is true in nine of ten, does not where it is true "
        "in one of ten, and between the two it cannot be told."
    )
    tables = (Table(("finding", "verdict", "the figure behind it"), rows),) if rows else ()
    return Section("The proposal's findings", (text,), tables)


def _accuracy(figures: Figures) -> Section:
    found = figures["accuracy"]
    everything = found["all"]
    text = f"{share(everything)} of the clips are heard rightly. Rows are labels, columns what was heard."
    rows = tuple((row["genre"], str(row["n"]), share(row)) for row in found["by_genre"])
    return Section(
        "Right and wrong",
        (text,),
        (Table(("genre", "clips", "accuracy (95 %)"), rows),),
        ("confusion", "accuracy"),
    )


def _map(figures: Figures) -> Section:
    found = figures["map"]
    two, three = (found["errors"][f"{axes} axes"] for axes in (2, 3))
    text = (
        "A clip is where the mean of its tokens' 128 numbers is, weighted by attention; axes are principal components. "
        "Large marks are the means of genres, ellipses hold them with 95 %.",
        f"Two axes hold {two['explained']:.0%} of the variance and three {three['explained']:.0%}. Of the five clips "
        f"that are truly nearest to a clip, {two['kept_neighbours']:.0%} are among its nearest five on the flat map "
        f"and {three['kept_neighbours']:.0%} in three dimensions (trustworthiness {two['trustworthiness']:.2f} and "
        f"{three['trustworthiness']:.2f}): what lies together on the map need not be alike. The map that turns names "
        "the true neighbours of each clip beside those on the map.",
    )
    rows = tuple(
        (f"axis {row['axis']}", row["feature"], correlation(row), str(row["n"]))
        for row in sorted(found["axes"], key=lambda row: (row["axis"], -abs(row["rho"])))
    )
    table = Table(("axis", "goes with", "rank correlation (95 %)", "clips"), rows)
    return Section("The genre map", text, (table,), ("map", "turnable", "axes"))


def _neighbours(figures: Figures) -> Section:
    names, found = figures["genres"], figures["neighbours"]
    text = (
        "The two nearest genres of each by the distance of means, in the full space and on the map; in brackets how "
        "often it is among the two over draws of artists and readings, and over networks on all clips.",
    )

    def pair(space: str, genre: int) -> str:
        shares = found[space]["shares"]
        return ", ".join(f"{names[one]} ({shares[genre][one]:.0%})" for one in found[space]["nearest"][genre])

    rows = tuple(
        (
            name,
            pair("full", genre),
            ", ".join(f"{found['by_network'][genre][one]:.0%}" for one in found["full"]["nearest"][genre]),
            pair("map3", genre),
            pair("map2", genre),
        )
        for genre, name in enumerate(names)
    )
    head = ("genre", "nearest in the full space", "by network", "in three dimensions", "on the flat map")
    return Section("Nearest genres", text, (Table(head, rows),), ("neighbours", "dendrogram"))


def _arithmetic(figures: Figures) -> Section:
    found, names = figures["arithmetic"], figures["genres"]
    if not found["rows"]:
        return Section("Genre arithmetic", ("There are too few genres to calculate with.",))
    text = (
        f"All {found['equations']} equations a {MINUS} b + c of different genres, in the full space, ranked by how "
        "near the answer is as a share of the way to the next one (terms excluded as answers).",
        f"Where a, b and c may answer too, a or c is the answer of {found['term_is_the_answer']:.0%} of them: the "
        "arithmetic hardly leaves its place. With terms excluded, "
        f"{found['answer_is_a_neighbour']:.0%} give what is among the two nearest of a or c anyway; "
        f"{found['steady']:.0%} keep their answer in nine of ten draws of artists; {found['same_on_the_map']:.0%} have "
        f"the same one in three dimensions; and {found['p_below_5_percent']:.0%} are nearer than in 95 % of worlds "
        "with permuted labels, of which 5 % were to be expected by chance alone.",
    )
    rows = tuple(_equation(row, names, len(figures["about"]["readings"])) for row in found["rows"][:SHOWN_EQUATIONS])
    head = (
        "equation",
        "nearness",
        "p",
        "same in draws",
        "same in readings",
        "by chance",
        "on the map",
        "terms allowed",
    )
    return Section("Genre arithmetic", text, (Table(head, rows),))


def equation(row: Figures, names: Sequence[str]) -> str:
    """Its left side."""
    return f"{names[row['a']]} {MINUS} {names[row['b']]} + {names[row['c']]}"


def _equation(row: Figures, names: Sequence[str], readings: int) -> tuple[str, ...]:
    full = row["full"]
    return (
        f"{equation(row, names)} = {names[full['answer']]}",
        f"{full['ratio']:.2f}",
        f"{full['p']:.3f}",
        f"{full['draws']:.0%}",
        f"{full['readings']} of {readings}",
        f"{full['chance']:.0%}",
        names[row["map3"]["answer"]],
        names[full["answer_not_excluding"]],
    )


def _steps(figures: Figures) -> Section:
    found, names = figures["steps"], figures["genres"]
    text = (
        f"On a clip attention amounts to an even look at {found['evenness']:.0%} of the steps. p asks whether the mean "
        "over a genre's clips is more uneven than when each artist's clips are turned round by a random number of "
        f"steps; over all genres together p = {found['p_uniform_all']:.2g}.",
    )
    rows = tuple(
        (
            name,
            ", ".join(f"{step} ({found['means'][genre][step]:.2%})" for step in found["top"][genre]),
            "; ".join(", ".join(map(str, own[genre])) for own in found["top_by_reading"]),
            f"{found['p_uniform'][genre]:.3f}",
            f"{found['p_uniform_adjusted'][genre]:.2g}",
        )
        for genre, name in enumerate(names)
    )
    uniform = f"{found['uniform']:.2%}"
    head = ("genre", f"top three steps (even: {uniform})", "by reading", "p", "adjusted")
    return Section("Attention in time", text, (Table(head, rows),), ("steps",))


def _shift(figures: Figures) -> Section:
    found = figures["shift"]
    music, position, share = (found[key] for key in ("music_correlation", "position_correlation", "position_share"))
    text = (
        f"{found['n']} clips heard in windows of 15 tokens that start {', '.join(map(str, found['offsets']))} tokens "
        "late. GTZAN's excerpts start anywhere in a song: an effect of the music moves with the music, one of the "
        "position stays.",
        f"The same seconds at another position: correlation of log attention {interval(music)}. Other seconds at the "
        f"same position: {interval(position)}. The mean profile of positions explains {percent(share['mean'])} of a "
        f"clip's variance ({percent(share['low'])} to {percent(share['high'])}). When the start is "
        f"{found['offsets'][-1]} tokens late, that profile agrees with the old one at the same positions by "
        f"{number(found['stays'])} and at the same seconds by {number(found['moves'])}.",
    )
    return Section("Music or position", text, pictures=("shift",))


def _events(figures: Figures) -> Section:
    rows = tuple((row["event"], correlation(row), str(row["n"])) for row in figures["events"])
    text = ("Within each clip: do tokens with more of an event have more attention?",)
    table = Table(("event", "rank correlation with attention (95 %)", "clips"), rows)
    return Section("Attention and what happens", text, (table,), ("events",))


def tables(figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """The rows of each CSV, by its name."""
    names = figures["genres"]
    found = figures["neighbours"]
    return {
        "accuracy": list(figures["accuracy"]["by_genre"]),
        "axes": list(figures["map"]["axes"]),
        "neighbours": [
            {
                "genre": names[genre],
                "other": names[other],
                "distance": found["full"]["distances"][genre][other],
                **{
                    f"share_among_two_{space}": found[space]["shares"][genre][other]
                    for space in ("full", "map3", "map2")
                },
                "share_of_networks": found["by_network"][genre][other],
            }
            for genre, other in np.ndindex(len(names), len(names))
            if genre != other
        ],
        "arithmetic": [_arithmetic_row(row, names) for row in figures["arithmetic"]["rows"]],
        "attention": [
            {"genre": name, "step": step, **{key: figures["steps"][part][genre][step] for key, part in _STEP_PARTS}}
            for genre, name in enumerate(names)
            for step in range(len(figures["steps"]["means"][genre]))
        ],
        "events": list(figures["events"]),
        "faithfulness": [
            row
            for test in ("splices", "planted", "curves", "enough", "judged", "randomised")
            for row in _tested(figures, test)
        ],
        "claims": list(figures["claims"]),
    }


_STEP_PARTS = (("attention", "means"), ("low", "low"), ("high", "high"))


def _arithmetic_row(row: Figures, names: Sequence[str]) -> dict[str, Any]:
    said: dict[str, Any] = {term: names[row[term]] for term in ("a", "b", "c")}
    for space in ("full", "map3"):
        for key, value in row[space].items():
            said[f"{key}_{space}"] = names[value] if key.startswith("answer") else value
    return said


def _tested(figures: Figures, test: str) -> list[dict[str, Any]]:
    """Every figure with an interval of one test of faithfulness."""
    found = figures.get(test) or {}
    rows = []
    for row in found.get("methods", ()):
        for key, value in row.items():
            if key == "method":
                continue
            several = value if isinstance(value, list) else [value]
            places = {
                "stages": found.get("stages"),
                **dict.fromkeys(("deletion", "insertion"), found.get("shares")),
                **dict.fromkeys(("enough_within", "needed_within"), found.get("seconds")),
            }
            for place, cell in zip(places.get(key) or [""] * len(several), several, strict=True):
                ends = {end: cell[end] for end in ("mean", "low", "high")}
                rows.append({"test": test, "method": row["method"], "figure": key, "at": place, **ends})
    return rows
