# Everything a person does here has one verb. Each does its own set-up: `make run` on a fresh machine is enough.

PY := .venv/bin/python
export PYTHONPATH := $(CURDIR)/plugins:$(CURDIR)
# Where it is set, Python compiles every module anew at every start: seconds for each of Airflow's processes.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help setup run stop reset status test lint bench faults replay lock

help: ## Show this
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo
	@echo "  make run ONCE=1   one cycle without a terminal, then stop; figures in var/run-summary.json"
	@echo "  make run NOW=T    the first cycle's business clock, as in NOW=2026-11-22T10:30:00+08:00"
	@echo "  make test T=PATH  some tests alone; K=... as in pytest -k"

setup: ## Make .venv from requirements.txt (PYTHON=... names the interpreter)
	@sh plugins/touchpoint/local/setup.sh

run: setup ## Start everything: PostgreSQL, sandbox, Airflow; run the DAGs once; stay up until Ctrl-C
	@$(PY) -m touchpoint.local up $(if $(ONCE),--once) $(if $(NOW),--now "$(NOW)")

stop: setup ## Stop what make run started
	@$(PY) -m touchpoint.local down

reset: setup ## Delete the databases and var/, after asking (YES=1 does not ask)
	@$(PY) -m touchpoint.local reset $(if $(YES),--yes)

status: setup ## What runs, and where
	@$(PY) -m touchpoint.local status

test: setup ## Run the tests; all of them by two processes
	@sh plugins/touchpoint/local/browser.sh
	@$(PY) -m pytest $(if $(T)$(K),,-n 2 --dist loadfile) $(T) $(if $(K),-k "$(K)")

lint: setup ## Check style, types, SQL, YAML and the import contract
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@MYPYPATH=plugins $(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) -m sqlfluff lint -q include/sql
	@.venv/bin/yamllint -s config docker-compose.yml

bench: setup ## Measure against baselines (ARGS=... sizes, see --help)
	@$(PY) -m bench $(ARGS)

faults: setup ## Kill the dispatcher at random moments and count what went out (ARGS=...)
	@$(PY) -m tests.faults.table $(ARGS)

replay: setup ## Replay the recorded Tmall orders of TOUCHPOINT_DATA through the DAGs
	@$(PY) -m touchpoint.local replay $(ARGS)

lock: setup ## Compile requirements.in into requirements.txt, one universal lock
	@$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
		requirements.in -o requirements.txt
