# demo: the whole city on this machine · test · lint · e2e · chaos · bench · docs · pictures · build · clean
# Only python3 (3.11 or newer, with venv), node 20 or newer with npm, and git are needed beforehand.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
CORES ?= $(shell nproc 2>/dev/null || echo 2)
# A city, and its tests, are many processes: none of them compiles what another did.
unexport PYTHONDONTWRITEBYTECODE

# The system's first: distributions build it with optimization (a tenth faster), version managers often do not. One that can
# make virtual environments before one that cannot.
PYTHON := $(or $(PYTHON),$(shell for able in 'ensurepip, venv' os; do \
	for p in /usr/bin/python3 python3.11 python3 python3.12 python3.13 python3.14; do \
	"$$p" -c "import sys, $$able; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && { command -v "$$p"; exit; }; done; done))
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python

.PHONY: demo test test-spark test-mysql tables lint bench e2e chaos docs pictures build clean tools

demo:
	@$(MAKE) -j2 .venv/.installed node_modules/.installed
	@exec $(BIN)/yiwang demo --host $(HOST) --port $(PORT) $(if $(PEOPLE),--people $(PEOPLE)) --with-parent

test: .venv/.installed-dev build
	@exec $(BIN)/pytest -m "not e2e" -p randomly -n $(CORES) --dist worksteal $(ARGS)

# comparing in bulk on Spark, too: needs Java 17, and fetches pyspark (some 400 MB) into .venv
test-spark: .venv/.installed-dev build
	@command -v java >/dev/null || { echo "test-spark needs Java 17 (Debian: openjdk-17-jre-headless)" >&2; exit 1; }
	@$(UV) -c requirements-dev.txt --editable '.[spark]'
	@exec $(BIN)/pytest -k spark src/yiwang/config/tests/test_means.py $(ARGS)

# an agency's database, read from a real MariaDB that the tests start themselves
test-mysql: .venv/.installed-dev build
	@PATH="$$PATH:/usr/sbin" command -v mariadbd >/dev/null || { echo "test-mysql needs MariaDB's server (Debian: mariadb-server)" >&2; exit 1; }
	@exec $(BIN)/pytest src/yiwang/platform/sharing/tests/test_mariadb.py $(ARGS)

e2e: .venv/.installed-dev node_modules/.installed-dev build
	@exec $(BIN)/pytest -m e2e $(ARGS)

# the README's pictures, taken anew; look at each before you commit it
pictures: .venv/.installed-dev node_modules/.installed build
	@exec $(BIN)/pytest -m e2e tests/e2e/pictures.py $(ARGS)

# kill -9 of web, worker, database and agencies' systems in the middle of journeys, pushes, pulls and events; `make test` strikes a few times, this one 50 times
chaos: .venv/.installed-dev build
	@YIWANG_CHAOS_PACK=$${YIWANG_CHAOS_PACK:-wenzhou} YIWANG_CHAOS_KILLS=$${YIWANG_CHAOS_KILLS:-50} \
		exec $(BIN)/pytest -s tests/chaos $(ARGS)

bench: .venv/.installed-dev build
	@exec $(BIN)/python -m bench $(ARGS)

# who is answered what at every address, act and operation, written anew; look at the difference before you commit it
tables: .venv/.installed-dev build
	@YIWANG_WRITE_TABLES=1 $(BIN)/pytest tests/guards/test_matrix.py
	@git diff --stat tests/guards

lint: .venv/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $$(git ls-files 'src/yiwang/kernel/*.py' 'src/yiwang/**/rules.py' 'src/yiwang/**/types.py' 'src/yiwang/**/types/*.py' | grep -v -e /tests/ -e /migrations/)
	MYPYPATH=clients/python/src $(BIN)/mypy --strict clients/python/src clients/python/examples
	$(BIN)/lint-imports

build: .venv/.installed node_modules/.installed
	@$(BIN)/yiwang build

docs: | .venv/.uv
	@$(BIN)/uv venv --quiet --clear .yiwang/docs
	@$(BIN)/uv pip install --quiet --python .yiwang/docs/bin/python "$$(sed -n 's/^docs = \["\(.*\)"\]$$/\1/p' pyproject.toml)"
	@NO_MKDOCS_2_WARNING=1 .yiwang/docs/bin/mkdocs build --quiet --strict --site-dir .yiwang/site && echo "The site is in .yiwang/site"

clean:
	rm -rf .venv node_modules .yiwang src/yiwang/ui/static/build .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src -name '*.mo' -delete

tools:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) can't make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || \
		{ echo "Node 20 or newer with npm is missing (found: $$(node --version 2>/dev/null || echo none))" >&2; exit 1; }

# An install that was killed half way is done anew, from nothing; two at once would spoil each other's.
ALONE = @mkdir -p .yiwang; exec 9>.yiwang/$(1).lock; \
	"$(PYTHON)" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>/dev/null || \
	{ echo "Another make installs into $(1) just now: wait until it is done." >&2; exit 1; };

.venv/.uv: | tools
	$(call ALONE,.venv) [ ! -e .venv/.installed ] || { touch $@; exit; }; \
	echo "Making the virtual environment with $(PYTHON) …"; \
	"$(PYTHON)" -m venv --clear .venv; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv; \
	touch $@

.venv/.installed: requirements.txt pyproject.toml | .venv/.uv
	$(call ALONE,.venv) echo "Installing Python packages …"; \
	again=; [ ! -e .venv/.begun ] || again=--reinstall; touch .venv/.begun; \
	$(UV) $$again -r requirements.txt; \
	$(UV) --no-deps -e .; \
	rm .venv/.begun; touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	$(call ALONE,.venv) echo "Installing development packages …"; \
	again=; [ ! -e .venv/.begun ] || again=--reinstall; touch .venv/.begun; \
	$(UV) $$again -r requirements-dev.txt; \
	rm .venv/.begun; touch $@

node_modules/.installed: package.json package-lock.json | tools
	$(call ALONE,node_modules) echo "Installing npm packages …"; \
	npm ci --omit=dev --no-audit --no-fund --loglevel=error; \
	touch $@

node_modules/.installed-dev: package.json package-lock.json | tools
	$(call ALONE,node_modules) echo "Installing npm packages, those of the browser tests too …"; \
	npm ci --no-audit --no-fund --loglevel=error; \
	touch node_modules/.installed $@
