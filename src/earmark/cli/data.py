"""`earmark data prepare`, `check` and `labels`: music into the layout, what is wrong with it, what it can teach."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.data.check import Ceiling, Report
    from earmark.data.prepare import Preparation
    from earmark.data.sources import Trouble

app = typer.Typer(help="Prepare and check labelled music.", no_args_is_help=True)

CLIPS_SHOWN = 4


@app.command("prepare")
def prepare_verb(
    source: Annotated[Path, typer.Argument(help="The folder with the music.")],
    out: Annotated[Path, typer.Argument(help="The data set's folder, made where it is missing.")],
    kind: Annotated[str | None, typer.Option("--source", help="The kind of source.", show_default="recognised")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
) -> None:
    """Turn labelled music into a data set: pictures and a clips.csv. Run again, it does what is missing or changed.

    Exit code 1 if a file could not be heard; the others are prepared all the same.

    \b
    Example: earmark data prepare ~/genres ~/sets/mine
    """
    from earmark.cli._bar import progress_bar
    from earmark.data.prepare import prepare

    with progress_bar("Preparing") as on_progress:
        done = prepare(source, out, kind=kind, jobs=jobs, on_progress=on_progress)
    typer.echo(json.dumps(done.to_dict(), ensure_ascii=False) if as_json else "\n".join(_preparation(done)))
    if done.failed:
        raise typer.Exit(1)


@app.command("check")
def check_verb(
    folder: Annotated[Path, typer.Argument(help="The data set's folder.")],
    split: Annotated[
        list[str] | None,
        typer.Option(help="A column whose values part the clips; may be repeated.", show_default="all named *_split"),
    ] = None,
    label: Annotated[str, typer.Option(help="The column that labels are read from.")] = "genre",
    suspects: Annotated[
        list[Path] | None,
        typer.Option(help="Find doubtful labels by out-of-fold predictions: a CSV or folder of `crossval`."),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="Hold the suspects against known faults: a CSV with a column `id`.")
    ] = None,
    ranking: Annotated[
        Path | None, typer.Option(help="Write all labels to this CSV, the most doubtful first.", show_default="no")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write --ranking even over a file that is no ranking of earmark's.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Look through a data set for what is missing, broken, silent, clipped, short, doubled or on both sides of a split.

    Findings are for a person to judge; exit code 1 only where the set cannot be used at all.

    \b
    Example: earmark data check ~/sets/mine --split fault_filtered_split
    """
    from earmark.data.ceiling import RANKING
    from earmark.data.check import check
    from earmark.data.layout import CLIPS_FILE
    from earmark.files import guard_file
    from earmark.sound.search import AUDIO_SUFFIXES

    if ranking is not None:
        read = [folder / CLIPS_FILE, *(suspects or ()), *([known] if known else ())]
        guard_file(ranking, RANKING, option="--ranking", inputs=read, sound_suffixes=AUDIO_SUFFIXES, force=force)
    report = check(
        folder,
        splits=split or (),
        suspects=suspects or (),
        known_faults=known,
        ranking=ranking,
        label_column=label,
        jobs=jobs,
    )
    typer.echo(json.dumps(report.to_dict(), ensure_ascii=False) if as_json else "\n".join(_report(report)))


@app.command("labels")
def labels_verb(
    recipe: Annotated[Path, typer.Argument(help="The recipe, a TOML file.")],
    data: Annotated[list[Path], typer.Option(help="A folder in earmark's layout; repeat for several.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")] = False,
) -> None:
    """Count what a recipe makes of the labels: clips of each genre by set, surely and perhaps, and its artists.

    \b
    Example: earmark data labels recipes/ears.toml --data ~/sets/mine
    """
    from earmark.data.dataset import Dataset
    from earmark.train.labels import count_labels
    from earmark.train.recipe import Recipe

    rows = count_labels(Recipe.load(recipe), [Dataset.load(folder) for folder in data])
    if as_json:
        typer.echo(json.dumps([row.to_dict() for row in rows], ensure_ascii=False))
        return
    sure = [
        (
            row.genre,
            f"{sum(row.sure.values())} clips, {row.artists} artist{'s' * (row.artists != 1)}",
            _by_set(row.sure),
        )
        for row in rows
    ]
    typer.echo("\n".join(_table(sure)))
    perhaps = [
        (row.genre, f"{sum(row.maybe.values())} clips", _by_set(row.maybe)) for row in rows if any(row.maybe.values())
    ]
    if perhaps:
        typer.echo("one of several genres:\n" + "\n".join(_table(perhaps)))


def _by_set(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def _preparation(done: "Preparation") -> Iterator[str]:
    yield from (f"note: {note}" for note in done.notes)
    yield from _troubles("skipped", done.skipped)
    yield from _troubles("heard in part", done.in_part)
    yield from _troubles("failed", done.failed)
    counts = [f"{done.prepared} prepared", f"{done.kept} kept from before", f"{len(done.failed)} failed"]
    if done.in_part:
        counts.insert(1, f"{len(done.in_part)} of them in part")
    if done.skipped:
        counts.append(f"{len(done.skipped)} skipped")
    if done.dropped:
        counts.append(f"{len(done.dropped)} no longer in the source")
    yield f"{done.folder} ({done.importer}): {', '.join(counts)}."


def _troubles(what: str, troubles: "Sequence[Trouble]") -> Iterator[str]:
    """A line a file; what the decoder says names the file already."""
    from earmark.files import shown

    for trouble in troubles:
        named = shown(trouble.name) in trouble.reason
        yield f"{what}: {trouble.reason}" if named else f"{what}: {trouble.name}: {trouble.reason}"


def _report(report: "Report") -> Iterator[str]:
    labels = ", ".join(f"{label} {count}" for label, count in report.labels.items())
    yield f"{report.folder}: {report.clips} clips"
    yield f"labels: {labels or 'none'}" + (f"; {report.unlabelled} without" if report.unlabelled else "")
    yield f"artists: {report.artists}; {report.clips_without_artist} clips without a known one"
    yield from (f"note: {note}" for note in report.notes)
    yield ""
    yield from _table([(each.kind, _some(each.clips), each.detail) for each in report.findings])
    yield f"findings: {len(report.findings)}"
    if report.ceiling is not None:
        yield from _ceiling(report.ceiling)


def _ceiling(ceiling: "Ceiling") -> Iterator[str]:
    yield ""
    yield "right about the labels, all and without the doubtful ones (the second is a bound, not a result):"
    yield from _table(
        [(each.system, f"{each.accuracy:.1%}", f"{each.without_suspects:.1%}") for each in ceiling.bounds]
    )
    if (found := ceiling.agreement) is not None:
        yield f"known faults: {found.faults} of {found.clips} clips, {found.both} among the {found.suspects} doubtful"
        yield f"by chance: p = {found.p:.2g}; ROC AUC of the ranking {found.auc:.2f}"


def _some(clips: Sequence[str]) -> str:
    more = len(clips) - CLIPS_SHOWN
    return ", ".join(clips[:CLIPS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Rows in columns, as wide as they need to be."""
    if rows:
        kind_width, clips_width = (max(len(row[column]) for row in rows) for column in (0, 1))
        yield from (f"{kind:<{kind_width}}  {clips:<{clips_width}}  {seen}" for kind, clips, seen in rows)
        yield ""
