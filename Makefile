# `make run` and `make test` need Python 3.11+ and nothing else.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
# Many tests wait: for a voice to finish, for a connection to idle. More workers than cores fill the time.
PYTEST := $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder
# Dozens of processes are started, each of which would compile the product anew.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help

.PHONY: help run cluster test test-sqlite test-postgres test-cluster check format bench

help:
	@echo "make run     serve on http://$(HOST):$(PORT) with the demo tenants"
	@echo "make cluster the same as production runs it: PostgreSQL, Redis, several processes, an edge server in front"
	@echo "make test    the whole suite, on SQLite and on PostgreSQL, with a real Redis"
	@echo "make check   format, lint, types, layers, migrations, docs, known vulnerabilities"
	@echo "make format  rewrite the sources in the house format"
	@echo "make bench   the benchmarks, beside their peers"

.venv/made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CallSphere needs Python 3.11 or later")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@touch $@

.venv/product: .venv/made requirements.lock
	@echo "Installing the packages (once, about a minute) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/all: .venv/product requirements-dev.lock
	@echo "Installing the packages of the suite (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: .venv/product
	@DEBUG=1 $(BIN)/python manage.py start --host $(HOST) --port $(PORT)

cluster: .venv/all
	@DEBUG=1 $(BIN)/python manage.py cluster --host $(HOST) --port $(PORT)

test: test-sqlite test-postgres

test-sqlite: .venv/all
	$(PYTEST)

test-postgres: .venv/all
	$(BIN)/python -m tests.postgres $(PYTEST) -m "not once and not browser"

# The tests of whole stories, with the product as production runs it and through its edge server.
test-cluster: .venv/all
	CALLSPHERE_TESTS_CLUSTER=1 $(BIN)/python -m tests.postgres $(BIN)/python -m pytest tests/e2e -o timeout_func_only=true

check: .venv/all
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy apps callsphere tests bench
	$(BIN)/lint-imports
	@DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	@DEBUG=1 $(BIN)/python manage.py lint_migrations
	$(BIN)/python -m pytest tests/docs -q
	$(BIN)/python -m tests.audit

format: .venv/all
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

bench: .venv/all
	$(BIN)/python bench/chat.py
