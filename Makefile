# Alert Bridge. A bare machine needs make, Python 3.11 or newer with pip, and nothing else.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

export UV_PYTHON_DOWNLOADS = never

# Tests wait for processes and the database as long as they reckon: one more at a time than there are cores.
JOBS ?= $(shell cores=$$(getconf _NPROCESSORS_ONLN); echo $$((cores < 8 ? cores + 1 : 8)))

# uv from PATH, else a copy of its own: pip can install into a folder where venv and ensurepip are missing.
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
OWN_UV := $(filter .uv/bin/uv,$(UV))

.DEFAULT_GOAL := help
.PHONY: help setup lock demo run test test-long check bench clean texts

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## Install everything into .venv (again only when the lock or pyproject.toml changes)

demo: $(READY) ## See it work: a day of a support desk, on this machine alone
	$(BIN)/bridge demo

run: $(READY) ## Run it: database, web, worker and clock
	$(BIN)/bridge run

test: $(READY) ## Run the tests
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not long"

test-long: $(READY) ## Run the scenarios that take minutes, and that `make test` leaves out
	$(BIN)/pytest -m long

check: $(READY) ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict bridge connectors benchmarks
	$(BIN)/pytest tests/test_layers.py

bench: $(READY) ## Measure it; results go to benchmarks/results
	$(BIN)/bridge bench all --json --keep benchmarks/results

TEXTS := bridge/web/translations

texts: $(READY) ## Renew the translations' files from the texts of the pages; translate what is new in them
	$(BIN)/pybabel -q extract -F babel.cfg -k lazy_gettext --no-location --sort-output --omit-header -o $(TEXTS)/messages.pot .
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --omit-header -i $(TEXTS)/messages.pot -d $(TEXTS)
	$(BIN)/pybabel -q compile --use-fuzzy -d $(TEXTS)

lock: $(OWN_UV) ## Renew requirements.lock: the newest versions that pyproject.toml allows, with hashes
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --quiet --output-file requirements.lock

clean: ## Remove what setup and the tools made; data is kept
	rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml | $(OWN_UV) python-is-new-enough
	$(UV) venv --quiet --allow-existing --python "$$(command -v $(PYTHON))" .venv
	$(UV) pip sync --quiet --python .venv --require-hashes requirements.lock
	$(UV) pip install --quiet --python .venv --no-deps --editable .
	@touch $@

.uv/bin/uv: | python-is-new-enough
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { echo "pip is missing: install it (Debian: apt install python3-pip), or uv."; exit 1; }
	$(PYTHON) -m pip install --quiet --target .uv uv

.PHONY: python-is-new-enough
python-is-new-enough:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing)."; \
		echo "Install it, or name yours: make setup PYTHON=python3.12"; exit 1; }
