# `make` alone lists the commands. Everything is set up on demand; only Python >= 3.11 is needed.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The first interpreter that is new enough; `make PYTHON=/path/to/python` overrules it.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$p; break; fi; done)
ARGS ?=
# Most of the integration tests wait for others, so three of them keep two processors busy.
JOBS ?= 3
DATA ?= ../shared/data

.PHONY: help install run test test-long check bench chaos score kafka kafka-stop lock sbom audit clean

help:  ## list the commands
	@echo "Dateline: make COMMAND"
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

install: $(STAMP)  ## set up .venv with the `dateline` command

$(STAMP): pyproject.toml requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "make: no Python >= 3.11 found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "setting up $(VENV) with $$($(PYTHON) --version) (once; a minute or so)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "make: '$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: $(STAMP)  ## the worker on sample feeds with a real local Kafka; ARGS=--once polls once and exits
	@exec $(BIN)/dateline demo $(ARGS)

test: $(STAMP)  ## unit and integration tests, JOBS at a time; ARGS go to pytest
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not long" $(ARGS)

test-long: $(STAMP)  ## the tests that take longest
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m long $(ARGS)

check: $(STAMP)  ## lint, format, types, direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(STAMP)  ## benchmarks, as ratios against a baseline in the same run
	@$(BIN)/python -m tests.benchmarks $(ARGS)

chaos: $(STAMP)  ## the crash gate
	@$(BIN)/python -m tests.chaos $(ARGS)

score: $(STAMP)  ## score the facts against public data; DATA=folder of the data
	@$(BIN)/python -m tests.score --data $(DATA) $(ARGS)

kafka: $(STAMP)  ## start a local Apache Kafka in the background (127.0.0.1:9092)
	@$(BIN)/dateline kafka start $(ARGS)

kafka-stop: $(STAMP)  ## stop it
	@$(BIN)/dateline kafka stop $(ARGS)

lock: $(STAMP)  ## rewrite the locked dependencies from pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		-o requirements.lock pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		--extra otel -o requirements-otel.lock pyproject.toml
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade \
		--extra dev -o requirements-dev.lock pyproject.toml
	@sed -n 's/^\([a-z0-9-]*==[^ ;]*\).*/\1/p' requirements-dev.lock > .constraints
	@sed -n '/^#/p' deploy/build.lock > .build.lock
	@echo hatchling | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate -c .constraints - >> .build.lock
	@mv .build.lock deploy/build.lock && rm .constraints

sbom: $(STAMP)  ## the bill of materials of the image, of requirements.lock: dist/dateline.cdx.json (CycloneDX)
	@mkdir -p dist
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml --output-reproducible \
		--of JSON -o dist/dateline.cdx.json requirements.lock
	@echo dist/dateline.cdx.json

audit: $(STAMP)  ## known vulnerabilities of the locked packages; asks the package index, or ARGS="-s osv"
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r requirements.lock $(ARGS) || { \
		echo "make audit: a package is vulnerable, or nobody could say: a mirror of the index may know of no" \
		"vulnerabilities (\"could not be audited\"), and without a network there is no answer" >&2; exit 1; }

clean:  ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
	find worker tests -name __pycache__ -type d -prune -exec rm -rf {} +
