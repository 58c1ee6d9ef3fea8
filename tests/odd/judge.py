"""Whether what came of an odd file is what was promised, in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from odd.kind import Kind, Outcome

# Encoders pad, resamplers ring: so much may be more or less where all is heard.
_EDGE_S = 0.35
# What is missing is an estimate: so much of the whole, and seconds, may the sum with what was heard be off.
_ESTIMATE_SHARE, _ESTIMATE_S = 0.1, 1.5

# Genres whose probabilities differ by less may change places where a codec or a cut changes the sound a little.
_NEAR = 0.08


@dataclass(frozen=True)
class Hearing:
    """What came of a file.

    Attributes
    ----------
    heard_s:
        Seconds heard; None where the file was refused.
    unread_s:
        Seconds said to be missing.
    said:
        Notes, or the sentence of a refusal.
    heard_as:
        The most probable answer, then those nearly as probable; empty where nobody looked.
    fault:
        What no promise allows: a traceback, a crash, more time than there was. Empty where there was none.
    """

    heard_s: float | None = None
    unread_s: float = 0.0
    said: str = ""
    heard_as: Sequence[str] = ()
    fault: str = ""


def complaint(kind: Kind, hearing: Hearing, *, music_s: float, with_av: bool, clean: str = "") -> str:
    """What is wrong, in a few words; empty where all is as promised. `clean` is the clean copy's genre."""
    promised = kind.outcome if with_av or kind.without_av is None else kind.without_av
    says = kind.says if with_av or kind.says_without_av is None else kind.says_without_av
    if hearing.fault:
        return hearing.fault
    if hearing.heard_s is None:
        return _refused(promised, hearing, says)
    if promised == "refused":
        return f"heard {hearing.heard_s:.1f} s of what should be refused"
    wrong = _told(promised, kind, hearing, kind.lasts_s(music_s))
    if wrong:
        return wrong
    if kind.same and clean and clean not in hearing.heard_as:
        return f"heard as {hearing.heard_as[0]}, the clean copy as {clean}"
    if kind.says and not re.search(kind.says, hearing.said):
        return f"nothing said that holds '{kind.says}'"
    return ""


def heard_as(probabilities: Mapping[str, float]) -> tuple[str, ...]:
    """Names for `Hearing.heard_as` from the probabilities of all answers, "none of these" among them."""
    names = sorted(probabilities, key=probabilities.__getitem__, reverse=True)
    return tuple(name for name in names if probabilities[name] >= probabilities[names[0]] - _NEAR)


def _refused(promised: Outcome, hearing: Hearing, says: str) -> str:
    if promised in ("whole", "part"):
        return "refused"
    return "" if re.search(says, hearing.said) else f"refused, but not with '{says}'"


def _told(promised: Outcome, kind: Kind, hearing: Hearing, lasts_s: float) -> str:
    heard_s = hearing.heard_s or 0.0
    whole = abs(heard_s - lasts_s) <= _EDGE_S and hearing.unread_s <= _EDGE_S
    off_s = abs(heard_s + hearing.unread_s - lasts_s)
    part = (
        hearing.unread_s > 0
        and off_s <= _ESTIMATE_SHARE * lasts_s + _ESTIMATE_S
        and (promised == "told" or heard_s >= kind.least * lasts_s)
    )
    nearly_whole = promised == "whole" and kind.least > 0.5 and heard_s >= kind.least * lasts_s and off_s <= _EDGE_S
    if whole or nearly_whole or (promised in ("part", "told") and part):
        return ""
    return f"{heard_s:.1f} s heard and {hearing.unread_s:.1f} s said to be missing of {lasts_s:.1f} s"
