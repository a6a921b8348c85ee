# What one does in this repository. `make` alone prints the list. Every target sets up what it needs.
#
#   PYTHON=python3.12   the Python to make .venv with (3.11 to 3.13; found by itself otherwise)
#   ARGS="-k payments"  more arguments for pytest (test, chaos)

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
# A file's tests stay together, since many share a world; each half has a Kafka and a PostgreSQL of its own.
HALVES := --numprocesses 2 --dist loadfile

# pip-compile copies the options of the machine it runs on into its output unless told not to.
LOCK := pip-compile --quiet --generate-hashes --all-extras --allow-unsafe --strip-extras --no-header \
	--no-emit-options --no-emit-find-links --no-emit-index-url --no-emit-trusted-host --annotation-style line

.PHONY: help venv demo up test chaos check fmt bench lock clean

help: ## print this list
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do printf 'make %-7s %s\n' "$$name" "$$text"; done

venv: $(READY) ## make .venv with everything pinned in constraints.txt

# Remade when a pin, a dependency, or the command changes. The stamp is written last, so a set-up cut short is repeated.
$(READY): constraints.txt pyproject.toml .ci/venv
	@PYTHON='$(PYTHON)' .ci/venv .venv
	@touch $@

demo: $(READY) ## publish a working day, kill things, compare QuickBooks' books with Klipboard's to the cent
	@$(BIN)/klipsync demo

up: $(READY) ## run everything in one process tree, with the sandbox in the place of QuickBooks
	@$(BIN)/klipsync up --sandbox

test: $(READY) ## every test but the long chaos runs (under 12 minutes on 2 cores)
	$(BIN)/pytest tests --ignore=tests/chaos -m 'not chaos' $(HALVES) $(ARGS)

chaos: $(READY) ## kill real processes at 100 random moments under load
	$(BIN)/pytest tests/chaos -m chaos --numprocesses 2 $(ARGS)

check: $(READY) ## lint, format, types, import directions, committed schemas
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.generate --check

fmt: $(READY) ## format, and repair what ruff can repair
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(READY) ## events and calls per second, beside a bare loop and a bare server in the same runs
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/end_to_end.py
	$(BIN)/python benchmarks/sandbox.py

lock: $(READY) ## pin again after a change in pyproject.toml (UPGRADE=1: the newest of everything)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "lock with Python 3.11: make clean lock PYTHON=python3.11")'
	@cp constraints.txt .venv/pins.txt
	@$(BIN)/$(LOCK) $(if $(UPGRADE),--upgrade) --output-file .venv/pins.txt pyproject.toml
	@sed -E 's/ \((\.\.\/)?pyproject\.toml\)//g' .venv/pins.txt > constraints.txt
	@if grep -nE '://|^-' constraints.txt; then echo 'constraints.txt names an address: see above'; exit 1; fi
	@echo "constraints.txt: $$(grep -cE '^[A-Za-z0-9]' constraints.txt) packages"

clean: ## remove what was made here: .venv, caches, builds, the state of the embedded parts
	@rm -rf .venv build dist ./*.egg-info .klipsync demo-report.json
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
