"""Figures as a report writes them: shares, means and differences with their intervals."""

from collections.abc import Mapping
from typing import Any

Figures = Mapping[str, Any]
MINUS = "\N{MINUS SIGN}"


def share(row: Figures) -> str:
    """A mean share with its interval where there is one, as per cent: "62.0% (58.1% to 66.0%)"."""
    if row["mean"] is None:
        return "–"
    interval = "" if row["low"] is None else f" ({row['low']:.1%} to {row['high']:.1%})"
    return f"{row['mean']:.1%}{interval}"


def interval(row: Figures) -> str:
    """A mean with its interval: "0.44 (0.39 to 0.49)"."""
    return f"{number(row['mean'])} ({number(row['low'])} to {number(row['high'])})"


def correlation(row: Figures) -> str:
    """A rank correlation with its interval, as `interval`."""
    return interval({"mean": row["rho"], "low": row["low"], "high": row["high"]})


def points(row: Figures) -> str:
    """A difference of shares with its interval, as percentage points with their sign."""
    one, low, high = (f"{100 * row[key]:+.1f}".replace("-", MINUS) for key in ("mean", "low", "high"))
    return f"{one} ({low} to {high})"


def percent(value: float) -> str:
    """A share as per cent, with one decimal."""
    return f"{value:.1%}".replace("-", MINUS)


def number(value: float) -> str:
    """With two decimals and a true minus."""
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", MINUS)
