# Two commands matter to a newcomer: `make demo` and `make test`. `make help` lists the rest.
# Nothing is needed but make, Python 3.11 or newer and a package index.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
UV ?= uv
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
DATA ?= .data

# The first of these that is new enough makes the virtual environment; say PYTHON=… to choose.
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

.PHONY: help
help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(READY) ## Make .venv with everything from requirements.lock (instant the second time)

# pip's own settings that break a virtual environment are switched off; index settings are left alone.
$(READY): requirements.lock pyproject.toml
	@chosen=; for python in $(PYTHON); do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then chosen=$$python; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
		echo "error: Python 3.11 or newer is needed; none found as: $(PYTHON)." >&2; \
		echo "       Install one, or say which: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if ! "$$chosen" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "error: $$chosen cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	fi; \
	echo "setting up $(VENV) with $$("$$chosen" --version)"; \
	"$$chosen" -m venv --clear $(VENV); \
	export PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1; \
	$(BIN)/python -m pip install -qq --require-hashes --no-deps --only-binary :all: -r requirements.lock; \
	$(BIN)/python -m pip install -qq --no-build-isolation --no-deps --editable .; \
	touch $@

.PHONY: test
test: lint ## Run every check and every test, as CI does
	$(BIN)/python -m pytest --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --include='sms_service/domain/*' --fail-under=100

.PHONY: test-quick
test-quick: $(READY) ## Run the pure tests only
	$(BIN)/python -m pytest tests/unit $(ARGS)

.PHONY: lint
lint: $(READY) ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(READY) ## Format the code and repair what can be repaired
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: demo
demo: $(READY) ## Run the main job on real parts; ARGS="--headless --json" for one JSON summary
	@exec $(BIN)/sms-service demo $(ARGS)

.PHONY: up
up: $(READY) ## Start every process, with embedded servers unless DATABASE_URL and REDIS_URL are given
	@exec $(BIN)/sms-service up $(ARGS)

.PHONY: chaos
chaos: $(READY) ## Break everything for about an hour and judge from outside; goes on where it stopped (ARGS=--fresh: anew)
	$(BIN)/python -m sms_service.chaos $(ARGS)

.PHONY: chaos-quick
chaos-quick: $(READY) ## The same in a small form, under three minutes
	$(BIN)/python -m sms_service.chaos --quick --fresh --data .data/chaos-quick $(ARGS)

.PHONY: chaos-mutants
chaos-mutants: $(READY) ## Switch one protection off at a time; the judge must notice each
	$(BIN)/python -m sms_service.chaos --mutants $(ARGS)

.PHONY: bench-send
bench-send: $(READY) ## Measure messages per second through tick, worker and a fast stub
	$(BIN)/python benchmarks/send.py $(ARGS)

.PHONY: bench-content
bench-content: $(READY) ## Measure what a text costs to write and to count, beside smsutil and plain gettext
	$(BIN)/python benchmarks/content.py $(ARGS)

.PHONY: bench-leaflet
bench-leaflet: $(READY) ## Measure how long the page behind the link takes at 200 requests a second, beside /healthz
	$(BIN)/python benchmarks/leaflet.py $(ARGS)

.PHONY: check-words
check-words: $(READY) ## Find what is wrong with the words (ARGS="--locale es" for one language)
	@$(BIN)/sms-service content check $(ARGS)

.PHONY: lock
lock: ## Resolve the locks again with uv (ARGS=--upgrade for newer versions)
	@command -v $(UV) >/dev/null || { echo "error: uv is needed to resolve: pip install uv, or make lock UV=/path/to/uv" >&2; exit 1; }
	$(LOCK) $(ARGS) --extra embedded --extra content --group dev --output-file requirements.lock pyproject.toml
	$(LOCK) --constraints requirements.lock --output-file requirements-image.lock pyproject.toml

.PHONY: clean
clean: ## Remove .venv, caches and the data of demo and up
	@if [ -d $(DATA) ] && [ -x $(BIN)/python ]; then $(BIN)/python -c 'import pathlib, sys; \
		from sms_service.runtime import forget; [forget(f) for f in pathlib.Path(sys.argv[1]).iterdir()]' $(DATA); fi
	rm -rf $(VENV) $(DATA) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
