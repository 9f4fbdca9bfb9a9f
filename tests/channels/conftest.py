"""One sandbox a session for tests over real sockets: faults lifted and the clock back at the anchor after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox_process import ANCHOR, Sandbox, running_sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The simulated shop, SMS gateway and mailbox. Its logs are shared by all tests."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), seed=7, anchor=ANCHOR) as running:
        yield running


@pytest.fixture(autouse=True)
def _sandbox_calmed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sandbox" in request.fixturenames:
        running: Sandbox = request.getfixturevalue("sandbox")
        running.control("DELETE", "/control/faults")
        running.control("POST", "/control/clock", {"at": ANCHOR.isoformat()})
