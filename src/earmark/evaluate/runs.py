"""What the runs of a cross-validation leave in its folder, and the networks among it."""

from collections.abc import Iterator
from pathlib import Path

from earmark.errors import DataError
from earmark.evaluate.predictions import Predictions

PLAN = "crossval.json"  # says which cross-validation it is
RUNS = "runs"  # what a run says of its clips, and what it cost
CHECKPOINTS = "checkpoints"  # what it goes on from; large, and not kept for ever


def kept_networks(folder: Path, set_name: str) -> Iterator[tuple[Path, frozenset[str]]]:
    """The networks of a cross-validation whose checkpoints are still there, each with the clips it never heard.

    Nothing where the folder holds no cross-validation.

    Parameters
    ----------
    folder:
        Where the cross-validation is.
    set_name:
        The data set whose clips are meant.

    Raises
    ------
    DataError
        The cross-validation is there and all its checkpoints are gone.
    """
    if not (folder / PLAN).exists():
        return
    tables = sorted((folder / RUNS).glob("seed*_fold*.csv"))
    kept = [table for table in tables if (folder / CHECKPOINTS / table.stem).exists()]
    if not kept:
        hint = "They are large and not kept for ever: `earmark crossval` makes them again in another folder."
        raise DataError(f"{folder} has no checkpoints of its runs.", hint=hint)
    for table in kept:
        rows = Predictions.read(table)
        held = frozenset(name for name, own in zip(rows.ids, rows.sets, strict=True) if own == set_name)
        yield folder / CHECKPOINTS / table.stem, held
