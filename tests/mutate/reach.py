"""A plugin of pytest for runs under mutmut, which does not see three things.

mutmut forks each mutant's run off a process that has imported the package and run its tests. Here every run imports
what is below the project's root again, so that what happens on import, and what is cached, happens under the mutant.

mutmut books a call to the test during which it happens. What is called on import, or by a fixture of a whole module,
would so be the first test's alone, and tests that look at what came of it would not be run. It is booked to them all.

And while calls are booked, mutmut's functions fail in processes that a test starts in another folder: these are left in
peace. Calls in other processes are booked to nobody.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mutmut.mutation.trampoline import get_mutant_under_test
from mutmut.state import state

OWN = __name__.partition(".")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Forget what is below the root, but where every call shall fail: then what is imported stays."""
    if get_mutant_under_test() == "fail":
        return
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and early_config.rootpath in Path(file).parents and name.partition(".")[0] != OWN:
            del sys.modules[name]


def pytest_configure(config: pytest.Config) -> None:
    """Take part in a run of pytest."""
    if get_mutant_under_test() == "stats":
        os.environ.pop("MUTANT_UNDER_TEST", None)  # mutmut keeps it for this process, and others need not know
    config.pluginmanager.register(Bookings())


class Bookings:
    """What was called on import and while fixtures were made, for every test that builds on it."""

    def __init__(self) -> None:
        self._on_import: set[str] = set()
        self._by_fixtures: dict[pytest.FixtureDef[Any], set[str]] = {}

    def pytest_collection_finish(self) -> None:
        """Note what was called until all tests were imported."""
        self._on_import = set(state()._stats)
        state()._stats.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Note what is called while a fixture is made."""
        booked = state()._stats
        before = set(booked)
        booked.clear()
        try:
            return (yield)
        finally:
            self._by_fixtures[fixturedef] = set(booked)
            booked |= before

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Book to a test what it builds on."""
        state()._stats.update(self._on_import)
        if isinstance(item, pytest.Function):
            for fixtures in item._fixtureinfo.name2fixturedefs.values():
                for fixture in fixtures:
                    state()._stats.update(self._by_fixtures.get(fixture, ()))
