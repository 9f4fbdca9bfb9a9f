"""Models of four parameters are fitted by one thread: more of them wait for each other, several times as long."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from touchpoint.statements import ROOT

WORD = "OPENBLAS_NUM_THREADS"


def printed(program: str, path: Path, **given: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != WORD}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, **given, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.strip()


@pytest.mark.parametrize(("given", "told"), [({}, "1"), ({WORD: "3"}, "3")])
def test_a_shell_says_it_before_numpy_is_loaded_unless_somebody_says_otherwise(
    given: dict[str, str], told: str
) -> None:
    program = (
        "import os, sys; import touchpoint.pipeline, touchpoint.cli;"
        f"print(os.environ['{WORD}'], sorted({{'numpy', 'scipy', 'pandas'}} & set(sys.modules)))"
    )
    assert printed(program, ROOT / "plugins", **given) == f"{told} []"


def test_the_scheduler_whose_forks_run_tasks_says_it_before_it_loads_great_expectations(tmp_path: Path) -> None:
    stub = f"import os; print(os.environ.get('{WORD}'))"
    (tmp_path / "great_expectations.py").write_text(stub, encoding="utf-8")
    (tmp_path / "pandas.py").touch()
    settings = ROOT / "include" / "airflow" / "airflow_local_settings.py"
    program = f"import runpy, sys; sys.argv[1:] = ['scheduler']; runpy.run_path({str(settings)!r})"
    assert printed(program, tmp_path) == "1"
