# Cityloop: everything a newcomer types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv
S := .stamps
WEB_IN := $(shell find frontend -type f -not -name '*.tsbuildinfo') package.json
WORDS_IN := $(shell find cityloop/locale -name '*.po' 2>/dev/null)
export PATH := $(CURDIR)/$(BIN):$(PATH)
export UV_PYTHON := $(CURDIR)/$(BIN)/python
export UV_LINK_MODE ?= copy
# Where a machine keeps Python from writing what it compiled, every process would compile a thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE
# One more than there are cores: a test that waits for a city to start, to be killed, to come back leaves its core to others.
WORKERS ?= 3
PYTEST := $(BIN)/python -m pytest --durations=12 --durations-min=5
# What needs no second database: the pure core, the checks of the house, the pages in a browser.
ONCE := --ignore=tests/ground --ignore=tests/architecture --ignore=tests/browser -m "not once"

.PHONY: help setup demo serve test test-setup check check-types check-pages check-rest pytest-sqlite pytest-browser pytest-postgresql prove bench pictures lint fmt messages lock clean

help:
	@echo "make demo      set everything up and open the demo city on http://127.0.0.1:8311"
	@echo "make test      every check and every test, on SQLite and on PostgreSQL"
	@echo "make prove     the same with full counts, and the benches"
	@echo "make setup     environment, dependencies, pages, messages"
	@echo "make lint fmt  look for faults, put in order"
	@echo "make messages  collect the sentences of the interface for translation"
	@echo "make lock      write the lock files anew (UPGRADE=1 takes newer releases)"

# --- set-up: each step leaves a stamp, and is redone only when what it rests on has changed ---

setup: $(S)/package $(S)/pages $(S)/messages

$(S)/venv: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Cityloop needs Python 3.11 or newer; none was found."; exit 1; }
	@mkdir -p $(S)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(S)/run: $(S)/venv requirements/run.txt
	$(UV) pip install --quiet --require-hashes -r requirements/run.txt
	@touch $@

$(S)/dev: $(S)/run requirements/dev.txt
	$(UV) pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(S)/package: $(S)/run pyproject.toml
	$(UV) pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(S)/npm: $(S)/run package-lock.json .npmrc
	npm ci --no-progress --ignore-scripts --loglevel=error
	@touch $@

$(S)/pages: $(S)/npm $(WEB_IN)
	npm run --silent build -- --logLevel warn
	@touch $@

$(S)/messages: $(S)/package $(WORDS_IN)
	$(BIN)/cityloop messages compile
	@touch $@

# --- run ---

demo: setup
	$(BIN)/cityloop demo

serve: setup
	$(BIN)/cityloop serve

# --- test ---

test-setup: setup $(S)/dev
	@$(BIN)/python tests/parts.py

test: test-setup check pytest-sqlite pytest-browser pytest-postgresql

# Two at a time: each of them keeps one core busy.
check:
	@$(MAKE) --jobs=2 --keep-going --output-sync=target check-types check-pages check-rest

check-types:
	$(BIN)/mypy

check-pages:
	npm run --silent check

check-rest:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/cityloop messages check
	$(BIN)/cityloop reference check

pytest-sqlite:
	env -u DATABASE_URL $(PYTEST) -n $(WORKERS) --dist loadgroup --ignore=tests/browser

# By themselves: a browser keeps an event loop running in its process, which others must not meet.
pytest-browser:
	env -u DATABASE_URL $(PYTEST) -n $(WORKERS) --dist loadfile tests/browser

pytest-postgresql:
	$(BIN)/python tests/pg.py --quick $(PYTEST) -n $(WORKERS) --dist loadgroup $(ONCE)

# Writes docs/proof/<date>.json: what ran, what failed, every figure with its goal.
prove: test-setup
	$(BIN)/python tests/prove.py docs/proof

bench:
	$(BIN)/cityloop bench --json

# A demo city of its own is started for the pictures and stopped afterwards.
pictures: test-setup
	$(BIN)/python -m tests.browser.pictures docs/pictures

lint: $(S)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fmt: $(S)/dev
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

messages: setup
	$(BIN)/cityloop messages update

LOCK := pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 $(if $(UPGRADE),--upgrade)
lock: $(S)/venv
	$(UV) $(LOCK) pyproject.toml --extra build --extra stream --extra dev -o requirements/dev.txt
	$(UV) $(LOCK) pyproject.toml --extra build --extra stream -c requirements/dev.txt -o requirements/run.txt
	npm install --package-lock-only --no-progress

clean:
	rm -rf $(S) node_modules cityloop/doors/web/static/build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
