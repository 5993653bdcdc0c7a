# Each target makes .venv first if it is missing or older than the requirements.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: app test test-slow mutants coverage lint docs docs-serve notebooks bench screenshots checkpoints

app: .venv/app
	$(BIN)/streamlit run app.py

# One process a core, and one thread each: two that share two cores wait for each other.
test: .venv/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4

# Apart from the tests: it doubles the time of those that open pages.
coverage: .venv/dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --maxprocesses 4 --cov --cov-report=term:skip-covered

test-slow: .venv/dev
	$(BIN)/python -m pytest -m slow

# Puts small faults into the code, one at a time, and says which no test catches. It takes hours:
# make mutants GIVEN="--measure" finds out first which tests execute which lines, and
# make mutants GIVEN="--changed main --count 40" tries those files only that were changed.
mutants: .venv/mutants
	$(BIN)/python -m tests.mutants $(GIVEN)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

# The site is in site/; open site/index.html, no server is needed.
docs: .venv/docs
	$(BIN)/python -m mkdocs build

docs-serve: .venv/docs
	$(BIN)/python -m mkdocs serve

# Executes the notebooks and stores their outputs in them.
notebooks: .venv/docs
	$(BIN)/python -m tests.notebooks

bench: .venv/dev
	$(BIN)/python -m benchmarks

checkpoints: .venv/app
	$(BIN)/python -m corelib.reproduce.checkpoints

screenshots: .venv/dev
	$(BIN)/python -m tests.browser.screenshots

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	touch $@

.venv/docs: requirements.txt requirements-docs.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-docs.txt
	touch $@

.venv/dev: requirements.txt requirements-docs.txt requirements-ray.txt requirements-onnx.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

.venv/mutants: requirements-mutants.txt | .venv/dev
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-mutants.txt
	touch $@
