"""How many threads a run computes with."""

import os


def threads_said() -> int:
    """What `OMP_NUM_THREADS` says, of a list for nested levels the first; 0 where it says nothing that is a number."""
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return int(first) if first.isascii() and first.isdigit() else 0
