# demo: the whole city on this machine · test · lint · e2e · bench · build · clean
# Only python3 (3.11 or newer, with venv), node 20 or newer with npm, and git are needed beforehand.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

.PHONY: demo test lint bench e2e build clean tools

demo: .venv/.installed node_modules/.installed
	@exec $(BIN)/yiwang demo --host $(HOST) --port $(PORT)

test: .venv/.installed-dev build
	@exec $(BIN)/pytest -m "not e2e" $(ARGS)

e2e: .venv/.installed-dev node_modules/.installed-dev build
	@exec $(BIN)/pytest -m e2e $(ARGS)

bench: .venv/.installed-dev build
	@exec $(BIN)/python -m bench $(ARGS)

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $$(git ls-files 'src/yiwang/kernel/*.py' 'src/yiwang/**/rules.py' 'src/yiwang/**/types.py' | grep -v -e /tests/ -e /migrations/)
	$(BIN)/lint-imports

build: .venv/.installed node_modules/.installed
	@$(BIN)/yiwang build

clean:
	rm -rf .venv node_modules .yiwang src/yiwang/ui/static/build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src -name '*.mo' -delete

tools:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) can't make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
		{ echo "Node 20 or newer with npm is missing (found: $$(node --version 2>/dev/null || echo none))" >&2; exit 1; }

.venv/bin/uv: | tools
	@echo "Making the virtual environment with $(PYTHON) …"
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/.installed: requirements.txt pyproject.toml | .venv/bin/uv
	@echo "Installing Python packages …"
	@$(UV) -r requirements.txt
	@$(UV) --no-deps -e .
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing development packages …"
	@$(UV) -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json | tools
	@echo "Installing npm packages …"
	@npm ci --omit=dev --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/.installed-dev: package.json package-lock.json | tools
	@echo "Installing npm packages, those of the browser tests too …"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules/.installed $@
