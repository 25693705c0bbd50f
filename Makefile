# Needs make, git and Python 3.11 or newer; everything else is installed by the targets themselves.
.DEFAULT_GOAL := help
.PHONY: help run test check bench sample-data wheel lock clean

BIN := .venv/bin
# Every module that is not an edge or the story belongs to the core, whose docstrings state shape, unit and legal basis.
AROUND_THE_CORE := __init__ __main__ confinement daemon delivery documents envelopes garbage impact sending doubts comparison questions importing past retention rules samples site sweep
CORE := $(filter-out $(AROUND_THE_CORE:%=monitor/%.py),$(wildcard monitor/*.py))

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install what is missing and show the monitor at work on sample dossiers in demo-site/.
	@scripts/system-packages.sh run
	@scripts/venv.sh run
	@$(BIN)/dunghen demo

test: ## Install what is missing and run the whole test suite.
	@scripts/system-packages.sh test
	@scripts/venv.sh test
	$(BIN)/python -m pytest

check: ## Check style, types, import directions and the docstrings of the core.
	@scripts/system-packages.sh run
	@scripts/venv.sh test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/interrogate $(CORE)

bench: ## Run every benchmark in benchmarks/ and fail at the end if one failed.
	@scripts/system-packages.sh test
	@scripts/venv.sh test
	@failed=""; \
	for script in $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)); do \
		echo "== $$script"; $(BIN)/python $$script || failed="$$failed $$script"; \
	done; \
	[ -z "$$failed" ] || { echo "Failed:$$failed" >&2; exit 1; }

sample-data: ## Write data/samples again, as of Monday 2026-11-23.
	@scripts/system-packages.sh run
	@scripts/venv.sh run
	$(BIN)/python -m monitor.samples --as-of 2026-11-23 --out data/samples

wheel: ## Build the wheel into dist/.
	@scripts/system-packages.sh run
	@scripts/venv.sh run
	$(BIN)/python -m pip --disable-pip-version-check wheel --no-deps --no-build-isolation --wheel-dir dist .

lock: ## Write the lock files from pyproject.toml (LOCK_FLAGS=--upgrade takes newer versions).
	scripts/lock.sh $(LOCK_FLAGS)

clean: ## Remove what make has made here, .venv included; real files in data/ stay.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo-site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
