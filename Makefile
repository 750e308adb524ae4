# make demo | test | check | bench | soak — see README.md
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
CITY ?= sample
PARCELS ?= 50000
BENCH ?= --keep-city

RUN_PACKAGES := postgresql-15 postgresql-15-postgis-3 fonts-noto-cjk python3-venv
TEST_PACKAGES := chromium gdal-bin python3-qgis

export GISAPP_PORT = $(PORT)
export GISAPP_CITY = $(CITY)
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test check bench soak screenshots environment test-environment
.DEFAULT_GOAL := demo

demo: environment
	@exec $(BIN)/gisapp demo --parcels $(PARCELS)

environment: $(VENV)/.run
$(VENV)/.run: requirements.txt setup.cfg pyproject.toml
	@.ci/packages "database, map labels, Python" $(RUN_PACKAGES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Python の部品を入れます / installing Python parts (requirements.txt)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

test-environment: $(VENV)/.test $(VENV)/.npm
$(VENV)/.test: $(VENV)/.run requirements-test.txt
	@.ci/packages "browser, GDAL and QGIS as real clients of the tests" $(TEST_PACKAGES)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-test.txt
	@touch $@

$(VENV)/.npm: $(VENV)/.run tests/npm/package-lock.json
	@if command -v npm >/dev/null 2>&1; then cd tests/npm && npm ci --silent --no-audit --no-fund --ignore-scripts; \
	else echo "npm がないため、OIDC とスタイルの絞り込みの試験は省かれます / without npm, the tests of OIDC and of style filters are skipped"; fi
	@touch $@

test: test-environment
	@env -u GISAPP_PORT -u GISAPP_CITY $(BIN)/python -m pytest -n 2 --dist loadfile

check: test-environment
	$(BIN)/ruff format --check gisapp tests migrations bench
	$(BIN)/ruff check gisapp tests migrations bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/gisapp layers check
	$(BIN)/python .ci/known-vulnerabilities

bench: test-environment
	@env -u GISAPP_PORT -u GISAPP_CITY $(BIN)/python -m bench $(BENCH)

soak: test-environment
	@env -u GISAPP_PORT -u GISAPP_CITY $(BIN)/python -m pytest -m soak -o addopts=

screenshots: test-environment
	@env -u GISAPP_PORT -u GISAPP_CITY $(BIN)/python -m bench.screenshots
