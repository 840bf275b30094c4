# `make run` is all it takes. What each target does is written beside it; `make help` prints that.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
DATA ?= data
PORT ?= 8080
BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -name '*.pyc')
PARTS := pyproject.toml constraints.txt hatch_build.py tools/setup.py $(WEB)
PYTEST := $(BIN)/python -m pytest

.PHONY: help run dev setup test test-all check format bench migration clean

help:  ## print this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 14

run: .venv/.run  ## install what is missing, then start the desk with its demo company
	@$(BIN)/nightdesk serve --demo --data $(DATA) --port $(PORT)

dev: .venv/.all  ## the same, but start again whenever a file changes, and log in words
	@$(BIN)/python -m tools.dev --data $(DATA) --port $(PORT)

setup: .venv/.all  ## install the desk with its test and check tools, nothing else

.venv/.run: $(PARTS)
	@$(PYTHON) tools/setup.py run

.venv/.all: $(PARTS)
	@$(PYTHON) tools/setup.py all

test: .venv/.all  ## the fast tests, on two processors at once
	$(PYTEST) -n 2 --dist loadfile -m "not slow and not postgres and not browser and not node and not mail" $(ARGS)

test-all: .venv/.all  ## every test: PostgreSQL, browser, Node, mail servers, crashes, load
	$(PYTEST) $(ARGS)

check: .venv/.all  ## style, types, layers and house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.rules
	$(BIN)/python -m tools.openapi --check
	$(BIN)/lint-imports
	$(BIN)/mypy

format: .venv/.all  ## put the code in shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.all  ## speed and answer quality, as tables
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python -m bench.$$(basename $$file .py) || exit 1; done

migration: .venv/.all  ## write a schema revision: make migration m='cases get a colour'
	$(BIN)/python -m tools.migration "$(m)"

clean:  ## remove what was installed and built; the data stays
	rm -rf .venv web/dist web/node_modules .mypy_cache .ruff_cache .pytest_cache
