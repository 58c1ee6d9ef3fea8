# Earmark's daily commands. `make help` lists them; all of them work in a fresh clone with Python 3.11 to 3.13.

PYTHON ?= python3
WORKERS ?= 2
MINUTES ?= 10
SEED ?= 0
ROOM ?= sound listen data models train measure evaluate experiments
SAMPLE ?= 100
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# What an installation depends on: when one of these changes, the next command installs again.
HOUSE := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test lint format page odd fuzz mutate clean

help:  ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

run: .venv/.base  ## Install earmark and listen: to SONG=path, or to pieces it makes itself
ifdef SONG
	@$(BIN)/earmark listen "$(SONG)"
else
	@$(BIN)/earmark demo --no-train
endif

# Each test process computes on one thread: two with two threads each would fight for the same cores.
test: lint web/node_modules/.ready  ## Install everything, then lint, types, floors and all tests
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS)

lint: .venv/.dev  ## Lint, format, types and floors, without tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Some files are not formatted: make format"; exit 1; }
	@$(BIN)/mypy
	@PYTHONPATH=src $(BIN)/lint-imports --no-logo

format: .venv/.dev  ## Format the code and repair what ruff can
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

page: web/node_modules/.ready  ## Build the page of `earmark serve` from web/ into the package; needs Node 20.19 or newer
	@npm --prefix web run --silent build

odd: .venv/.dev  ## Hear odd files of every kind by the command line, and print what came of each: MUSIC=folder
	@PYTHONPATH=tests $(BIN)/python benchmarks/odd_files.py $(if $(MUSIC),--music "$(MUSIC)") --jobs $(WORKERS)

fuzz: .venv/.dev  ## Give decoders damaged files for MINUTES=10, from SEED=0 on, on WORKERS=2 processes
	@PYTHONPATH=tests $(BIN)/python -m fuzz --minutes $(MINUTES) --seed $(SEED) --jobs $(WORKERS)

mutate: .venv/.dev  ## Change lines of ROOM=measure one at a time, SAMPLE=100 by SEED=0 (0: all): what do the tests notice?
	@PYTHONPATH=tests $(BIN)/python -m mutate $(ROOM) --sample $(SAMPLE) --seed $(SEED) --jobs $(WORKERS) \
	  $(if $(MUTANT),--only $(MUTANT)) $(if $(TESTS),--tests-at $(TESTS))

# The page is built into the package and committed: Node is needed to change it, and by the tests for axe-core alone,
# which are skipped where there is no npm.
web/node_modules/.ready: web/package-lock.json
	@mkdir -p $(@D)
	@if command -v npm >/dev/null; then npm --prefix web ci --no-audit --no-fund --silent && touch $@ \
	  || echo "What web/ needs could not be installed: the tests for accessibility are skipped."; fi

clean:  ## Remove the environment and what the tools left behind
	rm -rf .venv web/node_modules dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "earmark needs Python 3.11 to 3.13: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.base: .venv/.python $(HOUSE)
	@echo "Installing earmark into .venv ..."
	@$(PIP) --editable .
	@touch $@

.venv/.dev: .venv/.python $(HOUSE)
	@echo "Installing earmark with all extras into .venv ..."
	@$(PIP) --editable ".[all,dev]"
	@touch .venv/.base $@
