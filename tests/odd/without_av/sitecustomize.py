"""With this folder on PYTHONPATH Python and its child processes have no PyAV, as in the base installation."""

import sys

sys.modules["av"] = None  # type: ignore[assignment]
