# Two commands on a fresh machine with Python 3.11 or newer: `make run` and `make test`.

PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-input

.PHONY: run test test-slow lint format bench bench-quick

run: .venv/run-installed  ## Everything on this machine: pages on http://127.0.0.1:8000/, letters on :8025
	@exec $(BIN)/python manage.py up

test: .venv/dev-installed  ## The tests, on all cores, with servers of their own
	$(BIN)/python -m pytest -n auto -m "not slow"

test-slow: .venv/dev-installed  ## The long fault tests
	$(BIN)/python -m pytest -n auto --dist loadfile -m slow

lint: .venv/dev-installed  ## Form, types, import directions, templates, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djhtml --tabwidth 2 --check templates smtp_gateway/templates
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run

bench: .venv/dev-installed  ## Measure everything, side by side with others; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

bench-quick: .venv/dev-installed  ## The same, small, in two minutes
	$(BIN)/python -m benchmarks --quick

format: .venv/dev-installed  ## Put everything into the form that `make lint` wants
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/djhtml --tabwidth 2 templates smtp_gateway/templates

# A stamp is newer than the lock it was installed from.
.venv/run-installed: requirements.lock | .venv
	@echo "Installing what is needed to run; this happens once."
	@$(PIP) -r requirements.lock
	@touch $@

.venv/dev-installed: requirements.lock requirements-dev.lock | .venv
	@echo "Installing what is needed to test; this happens once."
	@$(PIP) -r requirements.lock -r requirements-dev.lock
	@touch $@ .venv/run-installed

.venv:
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed, and none was found. Install it, then run make again."; exit 1; }
	@"$(PYTHON)" -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv."; exit 1; }
