# make demo | demo-reset | test | test-all | bench | lint | run | venv | lock
.PHONY: demo demo-reset test test-all bench lint types run venv lock locale audit db-stop
.DEFAULT_GOAL := demo

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

BIN := .venv/bin
DEMO := TRAMYTE_DEMO=1 TRAMYTE_VAR="$(CURDIR)/var/demo"

demo: ## a whole invented commune on this machine; Ctrl-C stops everything
	@scripts/environment base
	@$(DEMO) $(BIN)/python manage.py demo

demo-reset: ## throw the demo's data away; the next 'make demo' begins anew
	@scripts/environment base
	@$(DEMO) $(BIN)/python manage.py demo --reset

test: venv lint ## what must be green before anything is merged (at most 10 minutes)
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

test-all: venv lint ## adds chaos, full-depth properties, every page x axe x two sizes (at most 45 minutes)
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "slow or not slow"

lint: venv types
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports | tail -n 4
	$(BIN)/python manage.py makemigrations --check --dry-run

types: venv
	$(BIN)/mypy

bench: venv ## 100,000 people, 1 and 8 clients: p50, p95, queries, bytes
	$(BIN)/python -m tests.benchmarks

run: venv ## the development server with readable errors
	TRAMYTE_DEBUG=1 $(BIN)/python manage.py migrate -v 0
	TRAMYTE_DEBUG=1 $(BIN)/python manage.py runserver

venv:
	@scripts/environment dev

lock: venv ## compile requirements/*.in into *.txt with hashes
	for name in uv base dev; do $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		-o requirements/$$name.txt requirements/$$name.in || exit 1; done
	@scripts/environment dev

locale: ## compile the Vietnamese of what Django and its packages say (needs gettext)
	cd locale/vi/LC_MESSAGES && for name in django djangojs; do msgfmt --check -o $$name.mo $$name.po || exit 1; done

audit: venv ## known weaknesses of the pinned packages (asks the network)
	$(BIN)/pip-audit --disable-pip --require-hashes -r requirements/base.txt

db-stop: ## stop the embedded PostgreSQL of this folder
	$(BIN)/python manage.py db stop
