"""Damaged sound files without end, given to the decoders: none may do more harm than an error in words.

`mutate` damages the small files of `corpus/` by seed and number, `python -m fuzz` (`make fuzz`) runs through numbers in
processes that may die, `findings` keeps and shortens what did harm, `seeds` wrote the corpus. `found/` holds what was
found and mended; the tests replay it.
"""
