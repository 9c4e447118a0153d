# Jonction : « make run » prépare tout et sert le site ; « make test » prépare tout et lance les tests.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test lint bench prove-campaign lock clean

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; \
	done; echo python3)
INSTALL := $(PYTHON) scripts/install.py
VENV := .venv/bin
STARTED := $(shell date +%s)
UV_LOCK := $(VENV)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet

help: ## cette aide
	@echo "make CIBLE :"
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  %-14s %s\n", $$1, $$2 }'

run: ## tout préparer, faire le travail principal, servir http://127.0.0.1:8000 (ONCE=1 : sans servir)
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 ou plus récent est nécessaire."; exit 1; }
	@$(INSTALL) run
	@exec env JONCTION_STARTED=$(STARTED) $(VENV)/python manage.py run_jonction $(if $(filter-out 0,$(ONCE)),--once)

test: ## tout préparer, lancer tous les tests
	@$(INSTALL) dev
	@$(VENV)/python manage.py compile_engine
	@exec $(VENV)/python -m pytest -n 2

lint: ## style, types, gabarits, migrations, dépendances
	@$(INSTALL) dev
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy .
	$(VENV)/djlint templates --lint --quiet
	$(VENV)/djlint templates --check
	$(VENV)/python manage.py check
	$(VENV)/python manage.py makemigrations --check --dry-run
	$(VENV)/python scripts/audit.py

bench: ## les bancs d'essai (NAME=matching SIZE=S pour un seul)
	@$(INSTALL) dev
	@exec $(VENV)/python scripts/bench.py $(NAME) $(SIZE)

prove-campaign: ## tuer au hasard pendant une campagne, puis compter (SEED=1 RECIPIENTS=2000 KILLS=20)
	@$(INSTALL) dev
	@exec $(VENV)/python scripts/prove_campaign.py --seed $(or $(SEED),1) --recipients $(or $(RECIPIENTS),2000) --kills $(or $(KILLS),20)

lock: ## recalculer requirements/*.txt depuis pyproject.toml
	@$(INSTALL) uv
	$(UV_LOCK) pyproject.toml -o requirements/run.txt
	$(UV_LOCK) pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt

clean: ## supprimer les données, l'environnement et les caches
	@$(PYTHON) -m config.embedded clean
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
