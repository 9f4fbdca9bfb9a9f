"""The sandbox as a process, for any test: `from tests.sandbox_process import running_sandbox, ANCHOR`."""

from __future__ import annotations

from datetime import UTC, datetime

from touchpoint.sandbox.process import Sandbox, running_sandbox, start_sandbox

ANCHOR = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
"""10:30 shop time on a Friday: what tests give as anchor unless another instant matters to them."""

__all__ = ["ANCHOR", "Sandbox", "running_sandbox", "start_sandbox"]
