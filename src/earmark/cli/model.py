"""`earmark model`: the short model card of a bundle, and what is made for a bundle once it is trained."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from earmark.listen.bundle import BundleInfo
    from earmark.listen.heads import OutsideInfo, TagInfo
    from earmark.listen.linear import LinearHead


# Needed to repeat the training, too long for a card.
_ONLY_IN_JSON = ("recipe", "ids_sha256", "card", "words")
_HELP = ("-h", "--help")


class _CardByDefault(TyperGroup):
    """`earmark model BUNDLE` is short for `earmark model card BUNDLE`; a bundle in a folder "atlas" is "./atlas"."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # click's context; typer may bring a click of its own
        named = args[:1] and (args[0] in self.commands or args[0] in _HELP)
        return super().parse_args(ctx, args if named else ["card", *args])


app = typer.Typer(cls=_CardByDefault)


@app.callback()
def model() -> None:
    """Say what a bundle was trained on, how good it is, and under which licence it comes.

    The verb "card" may be left out.

    \b
    Example: earmark model
    """


@app.command()
def card(
    bundle: Annotated[Path | None, typer.Argument(help="A bundle's folder.", show_default="the shipped one")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of bundle.json.")] = False,
) -> None:
    """Print the model card of a bundle.

    \b
    Example: earmark model card
    """
    from earmark.listen.bundle import load_bundle

    loaded = load_bundle(bundle)
    card = "\n".join(_card(loaded.info, loaded.heads)) if not as_json else json.dumps(loaded.info.to_dict(), indent=2)
    typer.echo(card)


@app.command()
def atlas(
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    model: Annotated[
        Path | None, typer.Option(help="The bundle that it is for.", show_default="the shipped one")
    ] = None,
) -> None:
    """Make the atlas of a bundle: labelled clips by which a track is placed and its nearest ones are named.

    What makes the bundle's vectors comparable (`hear_with_vector` in Python) is fitted to them too.

    \b
    Example: earmark model atlas --data gtzan --data 4q
    """
    from earmark.cli._bar import progress_bar
    from earmark.data.atlas import make_atlas
    from earmark.data.dataset import Dataset
    from earmark.files import guard_folder
    from earmark.listen.atlas import FOLDER
    from earmark.listen.bundle import load_bundle
    from earmark.plots.text import percent

    bundle = load_bundle(model)
    guard_folder(bundle.folder, FOLDER)
    datasets = [Dataset.load(folder) for folder in data]
    with progress_bar("clips") as show:
        made = make_atlas(bundle, datasets, progress=show)
    path = made.write(bundle.folder)
    share = percent(float(made.explained[:2].sum()))
    typer.echo(f"{path}: {len(made.names)} clips; two axes show {share} of the variance between them")


@app.command()
def calibrate(
    crossval: Annotated[Path, typer.Argument(help="Folder of `earmark crossval` with the bundle's recipe.")],
    model: Annotated[Path | None, typer.Option(help="The bundle to calibrate.", show_default="the shipped one")] = None,
) -> None:
    """Calibrate a bundle again, from what networks of its recipe said of clips they never heard; its network stays.

    \b
    Example: earmark model calibrate results/earmark --model bundle
    """
    from earmark.evaluate.bundling import recalibrate_files

    info = recalibrate_files(model, crossval)
    typer.echo("\n".join(_calibration(info)).rstrip())


def _card(info: "BundleInfo", heads: "Sequence[LinearHead]") -> Iterator[str]:
    front_end = info.front_end
    window_s = front_end.window_tokens * front_end.token_frames * front_end.hop_samples / front_end.sample_rate_hz
    yield f"{info.name} {info.version}, {info.created}, licence {info.licence}, made by earmark {info.code_version}"
    yield ""
    yield from _section("Hears", {
        "genres": ", ".join(info.labels),
        "windows": f"{window_s:.1f} s of {front_end.window_tokens} tokens, {front_end.sample_rate_hz} Hz mono",
    })  # fmt: skip
    card = info.lineage.get("card", {})
    lineage = {name: value for name, value in info.lineage.items() if name not in _ONLY_IN_JSON}
    yield from _section("Trained on", lineage)
    yield from _section("Figures", info.metrics)
    yield from _section("Limits", {name.replace("_", " "): text for name, text in card.items()})
    if info.tags is not None:
        yield from _section("Tags", _tags(info.tags))
    for title, found in (("Mood", [head for head in heads if head.role]), ("Heads", [h for h in heads if not h.role])):
        yield from _section(title, {name: text for head in found for name, text in _head(head).items()})
    yield from _calibration(info)


def _calibration(info: "BundleInfo") -> Iterator[str]:
    calibration = info.calibration
    yield from _section("Calibration", {
        "temperature": calibration.temperature,
        "set": f"holds the true answer with {100 * calibration.level:.0f} % confidence",
        "cannot tell": f"where the set has more than {calibration.max_set} answers",
    })  # fmt: skip
    if info.outside is not None:
        yield from _section("None of these", _outside(info.outside))


def _tags(tags: "TagInfo") -> dict[str, str]:
    by_auc = sorted(tags.each, key=lambda tag: -tag.auc)
    few = min(3, len(by_auc) // 2)
    truth = "the tenth of clips where that network hears the tag most"
    told = {
        "tags": f"{len(tags.names)}, as {tags.teacher} would say them; its licence: {tags.teacher_licence}",
        "heard": f"from a probability of {_said(tags.threshold)} on",
    }
    if tags.grouped:
        truth = "the clips that people or else the teachers say them of, within each set"
        thresholds = [tags.threshold_of(tag) for tag in tags.each]
        told = {
            "tags": f"{len(tags.names)}, learned from people and {tags.teacher}; licences: {tags.teacher_licence}",
            **_groups(tags),
            **_in_time(tags),
            "heard": f"from a probability of {_said(min(thresholds))} to {_said(max(thresholds))} on",
        }
    return told | {
        "ROC AUC": f"{tags.auc:.3f} ({tags.auc_low:.3f} to {tags.auc_high:.3f}), mean over tags, against {truth}",
        "best": ", ".join(f"{tag.name} {tag.auc:.2f}" for tag in by_auc[:few]),
        "weakest": ", ".join(f"{tag.name} {tag.auc:.2f}" for tag in by_auc[len(by_auc) - few :]),
        "correlation": f"{tags.correlation:.2f}, mean over tags",
        "calibration error": f"{tags.calibration_error:.3f}, mean over tags",
        "measured": f"{tags.protocol}; {tags.n} clips of {tags.n_artists} artists",
    }


def _head(head: "LinearHead") -> dict[str, str]:
    """What a head tells, on what it was trained, and how good it is; no more than its kind where nothing is known."""
    from earmark.listen.linear import MULTI, NUMBER, SHARES, SINGLE
    from earmark.teach.heads import in_words

    kind = {SINGLE: "one of", MULTI: "any of", SHARES: "shares of listeners for", NUMBER: "numbers, -1 to 1, for"}
    told, figures = {head.name: f"{kind[head.kind]} {', '.join(head.labels)}"}, head.figures
    if "trained_on" in figures:
        told[f"{head.name}, from"] = ", ".join(figures["trained_on"])
    if "n" in figures:
        told[f"{head.name}, measured"] = in_words(head).removeprefix(f"{head.name}: ")
    return told


def _in_time(tags: "TagInfo") -> dict[str, str]:
    """How right the seconds of tags are, where that is known."""
    known = [tag.in_time for tag in tags.each if tag.in_time is not None]
    if not known:
        return {}
    mean = f"{_tenths(sum(known) / len(known))}, mean over {len(known)} tags"
    return {"in time": f"of two windows of a clip, the right one has more of the tag in {mean}"}


def _groups(tags: "TagInfo") -> dict[str, str]:
    """Who judges how many tags, and the tags of each group with their ROC AUC."""
    from earmark.listen.heads import GROUPS, PEOPLE

    people = sum(tag.judged_by == PEOPLE for tag in tags.each)
    judges = f"{people} by labels that people gave clips of {tags.people}" if people else "0 by labels of people"
    names = {group: [tag for tag in tags.each if tag.group == group] for group in ("", *GROUPS)}
    return {
        "judged": f"{judges}, {len(tags.each) - people} by the teachers (*)",
        **{
            group or "other": ", ".join(
                f"{tag.name}{'' if tag.judged_by == PEOPLE else '*'} {tag.auc:.2f}" for tag in found
            )
            for group, found in names.items()
            if found
        },
    }


def _outside(outside: "OutsideInfo") -> dict[str, str]:
    from earmark.plots.text import percent

    told = {
        "said": "where it is the most probable answer of all",
        "ROC AUC": f"{outside.auc:.3f} ({outside.auc_low:.3f} to {outside.auc_high:.3f})",
        "right": f"said of {percent(outside.detected)} of the clips that are none of the genres",
        "wrong": f"said of {percent(outside.false_alarms)} of the clips of the genres",
        "calibration error": f"{outside.calibration_error:.3f}",
        "measured": f"{outside.protocol}; {outside.n} clips of {outside.n_artists} artists, "
        f"{outside.n_outside} of them outside",
    }
    if outside.whole is None or outside.share is None:
        return told
    whole = outside.whole
    return told | {
        "mix": f"calibrated for {percent(outside.share)} of the tracks outside",
        "whole answer, ECE": f"{whole.ece:.3f} ({whole.ece_low:.3f} to {whole.ece_high:.3f})",
        "whole answer, sets": f"hold the true answer for {_tenths(whole.coverage)} ({_tenths(whole.coverage_low)} to "
        f"{_tenths(whole.coverage_high)}), with {whole.mean_set_size:.2f} answers",
        "whole answer, of": f"{whole.n} clips of {whole.n_artists} artists, {whole.n_outside} of them outside",
    }


def _tenths(share: float) -> str:
    return f"{100 * share:.1f} %"


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    lines = list(_lines(values))
    if lines:
        width = max(len(name) for name, _ in lines)
        yield title
        yield from (f"  {name:<{width}}  {value}" for name, value in lines)
        yield ""


def _lines(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _said(value)


def _said(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(_said(entry) for entry in value)
    return str(value)
