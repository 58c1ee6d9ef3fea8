"""Odd sound files as people have them, each with what must come of it.

A kind is a way of making a file and what is promised for it (`kind`), judged alike everywhere (`judge`). Kinds that
need nothing but Python and the project's dependencies are tests; `benchmarks/odd_files.py` hears all of them by the
command line, those of ffmpeg, lame, vorbis-tools and others too. `surgery` cuts and forges the bytes.
"""

from odd.kind import Desk, Kind, all_kinds

__all__ = ["Desk", "Kind", "all_kinds"]
