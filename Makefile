# Everything starts from a machine that has only Python 3.11, and nothing needs root.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export OMP_NUM_THREADS ?= 1
export OSMO_HOME ?= $(CURDIR)/.osmo

.PHONY: help setup servers quickstart test e2e lint bench sample clean

help:                ## What there is to make
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml constraints.txt vrs-requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r vrs-requirements.txt
	touch $@

setup: $(READY)      ## The virtual environment, with everything that is pinned in constraints.txt

servers: $(READY)    ## Label Studio in an environment of its own
	$(BIN)/osmo up --install-only

quickstart: servers  ## From the sample to a verified release, every stage, a real Label Studio included
	$(BIN)/osmo quickstart

test: servers        ## All tests
	$(BIN)/python -m pytest

e2e: servers         ## Only the tests that drive real servers and real corpora
	$(BIN)/python -m pytest -m e2e

lint: $(READY)       ## Linters, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)      ## Performance, each figure beside its peer
	for file in benchmarks/[a-z]*_bench.py; do $(BIN)/python $$file || exit 1; done

sample: $(READY)     ## Render examples/sample anew (needs espeak-ng)
	$(BIN)/python examples/render_sample.py

clean:               ## Remove the environments, the servers' data and the caches
	-$(BIN)/osmo down
	rm -rf $(VENV) .osmo .mypy_cache .ruff_cache .pytest_cache build *.egg-info
