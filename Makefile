# Everything a person types; `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.scuderia-set-up
PORT ?= 8765
PYTEST_ARGS ?=
CORES ?= auto
MUTANTS ?=
# Checks run side by side; a make that can keeps what each of them says together.
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
ON_TABLES := $(addprefix tests/,loop fleet freeze datasets crew config connectors api pages single_sign_on web journeys postgres)

.PHONY: help setup demo test check test-long test-fresh test-browser test-postgres mutants mutants-fixed bench clean

help: ## list what make can do
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install everything, exact versions

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Scuderia needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)."; \
	  echo "  Install one, or name it: make PYTHON=python3.12 setup"; exit 2; }
	@echo "set-up 1/3: the virtual environment .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo "No virtual environment could be made."; \
	  echo "  On Debian and Ubuntu: apt-get install python3-venv"; exit 4; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo ".venv holds a Python older than 3.11: remove the folder and run make again."; exit 2; }
	@echo "set-up 2/3: the packages (about a minute the first time)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on \
	  -c constraints.txt -e '.[dev]' || { \
	  echo "The packages could not be installed; the lines above say why."; exit 4; }
	@echo "set-up 3/3: done"
	@touch $(STAMP)

demo: setup ## set everything up, serve a living 1,024-GPU fleet, print the address and the sign-in
	@$(BIN)/scuderia demo --port $(PORT)

test: check ## set everything up, check the law, run the tests on all cores: minutes
	$(BIN)/python -m pytest -n $(CORES) --dist worksteal -m 'not (browser or long)' --ignore=tests/law $(PYTEST_ARGS)

check: setup ## lint, format, types, import contracts, the law's tests, missing migrations, templates
	@$(MAKE) --no-print-directory -j 2 $(TOGETHER) check-types check-law check-style

.PHONY: check-types check-law check-style
check-types:
	$(BIN)/mypy

check-law:
	$(BIN)/python -m pytest -q tests/law

check-style:
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports --no-cache
	@SCUDERIA_HOME="$$(mktemp -d)" DJANGO_SETTINGS_MODULE=scuderia.config.settings \
	  $(BIN)/django-admin makemigrations --check --dry-run
	@templates=$$(git ls-files '*.html' 2>/dev/null || find src -name '*.html'); \
	  test -z "$$templates" || $(BIN)/djade --target-version 5.2 --check $$templates

test-long: setup ## what takes half a minute each, and every example of each property test
	SCUDERIA_EVERY_EXAMPLE=1 $(BIN)/python -m pytest -n $(CORES) --dist worksteal -m '(long or hypothesis) and not browser' $(PYTEST_ARGS)

test-fresh: setup ## the property tests on examples drawn anew, not on those of every other run
	SCUDERIA_FRESH=1 $(BIN)/python -m pytest -n $(CORES) --dist worksteal -m 'hypothesis and not browser' $(PYTEST_ARGS)

test-browser: setup ## the journeys in a real browser (needs Chromium; skipped with a word without)
	$(BIN)/python -m pytest -n $(CORES) --dist worksteal -m browser tests/browser $(PYTEST_ARGS)

test-postgres: setup ## the tests that touch tables, on a throw-away PostgreSQL (skipped with a word without)
	$(BIN)/python -m tests.postgres.server \
	  $(BIN)/python -m pytest -n $(CORES) --dist loadfile --ds tests.postgres.settings \
	  -m 'postgres or not (slow or browser)' $(wildcard $(ON_TABLES)) $(PYTEST_ARGS)

mutants-fixed: setup ## change fourteen lines, one at a time, and see a test fail for each
	$(BIN)/python -m tests.mutants

mutants: setup ## change rules at random, twenty in each package, and name what no test sees
	$(BIN)/python -m tests.mutants.wide $(MUTANTS)

bench: setup ## measure: policies replayed per second, as one JSON object
	$(BIN)/python -m benchmarks.replay

clean: ## remove caches; keeps .venv and every home folder
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
