# make demo | training | demo-reset | test | test-all | guide | bench | lint | run | run-demo | venv | lock
.PHONY: demo training demo-reset test suite test-all guide bench lint run run-demo venv lock locale bandit audit db-stop
.DEFAULT_GOAL := demo

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# A machine may ask for no bytecode: each of the many processes of a demo or a test would compile the house anew.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
TESTS := TRAMYTE_VAR="$(CURDIR)/var/test"
DEMO := TRAMYTE_DEMO=1 TRAMYTE_VAR="$(CURDIR)/var/demo"

demo: ## a whole invented commune on this machine; Ctrl-C stops everything
	@scripts/environment base
	@$(DEMO) $(BIN)/python manage.py demo

training: ## a course: its own database, invented people, nothing is sent; TẬP HUẤN on every page
	@scripts/environment base
	@$(BIN)/python manage.py training --port $(or $(PORT),8090)

demo-reset: ## throw the demo's data away; the next 'make demo' begins anew
	@scripts/environment base
	@$(DEMO) $(BIN)/python manage.py demo --reset

test: venv ## what must be green before anything is merged (at most 10 minutes)
	@$(MAKE) --no-print-directory -j 2 lint suite

# In a fresh clone one process reads the tests first, beside the lint: three at once would each compile them all.
suite: venv
	@[ -d tests/__pycache__ ] || $(BIN)/pytest -q -n 0 --collect-only >/dev/null
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder --no-pictures --axe-once

test-all: venv lint bandit audit ## adds chaos, full depth, axe on every page, known weaknesses (at most 45 minutes)
	$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder --hypothesis-profile full -m "slow or not slow"

lint: venv
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/lint-imports | tail -n 4
	TRAMYTE_TESTING=1 $(TESTS) $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/mypy

guide: venv ## take the handbook's pictures anew, out of the browser tests
	$(BIN)/pytest -q -n 2 --dist loadfile -m browser
	$(BIN)/python -m scripts.guide_pictures

bench: venv ## 100,000 people, 1 and 8 clients: p50, p95, queries, bytes
	$(BIN)/python -m tests.benchmarks

run: venv ## the development server with readable errors
	TRAMYTE_DEBUG=1 $(BIN)/python manage.py migrate -v 0
	TRAMYTE_DEBUG=1 $(BIN)/python manage.py runserver

run-demo: venv ## the development server over the demo's people, where 'make demo' has made them
	$(DEMO) TRAMYTE_DEBUG=1 $(BIN)/python manage.py runserver $(PORT)

venv:
	@scripts/environment dev

lock: venv ## compile requirements/*.in into *.txt with hashes
	for name in uv base dev; do $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header \
		-o requirements/$$name.txt requirements/$$name.in || exit 1; done
	@scripts/environment dev

locale: ## compile the Vietnamese of what Django and its packages say (needs gettext)
	cd locale/vi/LC_MESSAGES && for name in django djangojs; do msgfmt --check -o $$name.mo $$name.po || exit 1; done

bandit: venv ## dangerous calls in our own code
	$(BIN)/bandit -q -c pyproject.toml -r apps config scripts manage.py

audit: venv ## known weaknesses of the pinned packages (asks the network; says so where there is none)
	$(BIN)/python -m scripts.known_weaknesses requirements/base.txt

db-stop: ## stop the embedded PostgreSQL of this folder
	$(BIN)/python manage.py db stop
	$(TESTS) $(BIN)/python manage.py db stop
	$(DEMO) $(BIN)/python manage.py db stop
