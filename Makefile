# Each target is a few lines; the logic lives in Python. Every target sets up what it needs.
PYTHON ?= python3
BIN := .venv/bin
BENCH := var/bench/venv
STAMP := .venv/.installed-$(shell cat requirements/dev.txt | cksum | cut -d' ' -f1)
BENCH_SET = $(shell cat requirements/bench.txt | cksum | cut -d' ' -f1)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all test-fast test-sqlite test-postgres lint types format check migrations-check screenshots sandbox bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 18

$(STAMP):
	@echo "Setting up .venv (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@rm -f .venv/.installed-* && touch $(STAMP)

setup: $(STAMP)  ## .venv with the hash-locked dependencies

demo: setup  ## run the whole product against the bundled Button sandbox
	@$(BIN)/python -m rewards_site.demo

test: setup test-sqlite test-postgres  ## the suite on SQLite, then on a PostgreSQL it starts itself

test-sqlite: setup
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 2 -m "not slow"

test-postgres: setup
	@TEST_DATABASE=postgres $(BIN)/python -m pytest -n 2 -m "not slow and not one_database"

test-all: setup  ## everything, also what takes longer than ten minutes
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 2
	@TEST_DATABASE=postgres $(BIN)/python -m pytest -n 2

test-fast: setup  ## SQLite only, without what starts servers
	@TEST_DATABASE=sqlite $(BIN)/python -m pytest -n 2 -m "not slow and not browser" --ignore=tests/journeys

lint: setup  ## ruff and the floors (import-linter)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache

types: setup  ## mypy, strict
	@READ_DOT_ENV=off SECRET_KEY=types $(BIN)/mypy .

format: setup  ## rewrite the code as ruff likes it
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format .

migrations-check: setup
	@READ_DOT_ENV=off SECRET_KEY=check $(BIN)/python manage.py makemigrations --check --dry-run
	@READ_DOT_ENV=off SECRET_KEY=check $(BIN)/python manage.py check --fail-level WARNING

check: lint types migrations-check  ## all that is checked before the tests

screenshots: setup  ## take the README's pictures from a demo (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots

sandbox: setup  ## a local Button on port 9100
	@DEBUG=on $(BIN)/python manage.py button_sandbox --port 9100

bench: setup  ## speed beside other programs: make bench ARGS="webhooks --rounds 3"
	@test -e $(BENCH)/.installed-$(BENCH_SET) || { echo "Setting up $(BENCH) (once, about a minute) ..." && \
	  $(PYTHON) -m venv --clear $(BENCH) && \
	  $(BENCH)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/bench.txt && \
	  touch $(BENCH)/.installed-$(BENCH_SET); }
	@$(BIN)/python -m tests.benchmarks $(ARGS)

lock:  ## compile requirements/*.txt again (needs uv)
	@for set in base dev bench; do uv pip compile -q --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  requirements/$$set.in -o requirements/$$set.txt; done

clean:  ## remove what was made here
	@rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis
