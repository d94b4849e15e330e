# Two commands do everything on a fresh Debian 12: `make run` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help run test setup check lint types format clean bench

PYTHON ?= python3
BIN := .venv/bin
STAMPS := var/.setup

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup ## install what is missing, fill a small sample city, start everything
	@$(BIN)/dutycenter run development.ini

test: setup $(STAMPS)/test-packages ## everything that proves the product
	@$(BIN)/python -m tests.run

setup: $(STAMPS)/packages $(STAMPS)/python $(STAMPS)/assets $(STAMPS)/kernel ## install what is missing, nothing else

check: lint types ## style, types and import contracts, without the tests

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

format: setup ## let the formatter have its way
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## measure: speed and quality of the broadcast scheduler
	$(BIN)/dutycenter broadcast bench

clean: ## remove what was installed here; the store in var/ stays
	rm -rf .venv node_modules dutycenter/static/vendor $(STAMPS)

$(STAMPS)/packages: deploy/packages.txt deploy/need-packages
	@deploy/need-packages deploy/packages.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test-packages: deploy/packages-test.txt deploy/need-packages
	@deploy/need-packages deploy/packages-test.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/python: requirements.lock pyproject.toml $(STAMPS)/packages
	@echo "Installing the Python libraries …"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/kernel: $(wildcard broadcast/kernel/*.py) $(STAMPS)/python
	@echo "Compiling the broadcast scheduler …"
	@$(BIN)/python -W "ignore:pkg_resources is deprecated" -c "from broadcast.kernel import warm; warm()"
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/assets: package-lock.json dutycenter/frame/vendor.py $(STAMPS)/python
	@echo "Installing the front-end libraries …"
	@npm ci --no-audit --no-fund --silent
	@$(BIN)/python -m dutycenter.frame.vendor
	@mkdir -p $(STAMPS) && touch $@
