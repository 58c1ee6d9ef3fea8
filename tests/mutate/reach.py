"""A plugin of pytest for mutmut's look at which tests reach which function.

mutmut books a call to the test during which it happens. What a fixture of a whole module calls would so be the first
test's alone, and the others, which look at what the fixture made, would never be run. Here it is booked to them all.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from mutmut.state import state


def pytest_configure(config: pytest.Config) -> None:
    """Take part in a run of pytest."""
    config.pluginmanager.register(SharedFixtures())


class SharedFixtures:
    """What the fixtures that are alive called while they were made, booked to every test that is given one."""

    def __init__(self) -> None:
        self._called: dict[pytest.FixtureDef[Any], set[str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
        """Note what is called while a fixture is made."""
        booked = state()._stats
        before = set(booked)
        booked.clear()
        try:
            return (yield)
        finally:
            self._called[fixturedef] = set(booked)
            booked |= before

    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """Book to a test what its fixtures called."""
        if isinstance(item, pytest.Function):
            for fixtures in item._fixtureinfo.name2fixturedefs.values():
                for fixture in fixtures:
                    state()._stats.update(self._called.get(fixture, ()))
