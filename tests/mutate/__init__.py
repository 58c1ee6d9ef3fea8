"""Lines of the rooms changed one at a time, and what the tests notice of it.

mutmut makes the mutants, finds which tests reach which function, and runs those; `[tool.mutmut]` in pyproject.toml says
what it needs. `python -m mutate` (`make mutate`) draws a sample of each room's mutants and has it run in a copy
(`room`), `reach` corrects what mutmut takes for reached, `names` lists the mutants that there are.
"""
