"""The files of a cross-validation, and the networks among them."""

from collections.abc import Iterator
from pathlib import Path

from earmark.errors import DataError
from earmark.evaluate.predictions import Predictions

PLAN = "crossval.json"  # recipe, protocol and data of the cross-validation
RUNS = "runs"  # the predictions of each run, and its cost
CHECKPOINTS = "checkpoints"  # of each run; large, and not kept for ever


def kept_networks(folder: Path, set_name: str) -> Iterator[tuple[Path, frozenset[str]]]:
    """The networks of a cross-validation whose checkpoints are still there, each with the clips it was not trained on.

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
