# The front door: a thin layer over the command line `seesaw`. `make help` lists what it does.

METHOD  ?= all
TRACK   ?=
BUDGET  ?=
BUDGET_KIND ?=
SEEDS   ?= 0
DATA    ?=
WEIGHTS ?=
BACKBONE ?=
TASKS   ?=
TUNED   ?=
PARAMS  ?=
FIGURE  ?=
CLAIM   ?=
RUN     ?=
LIMIT   ?=
THREADS ?=
JOBS    ?=
SITE    ?= site

PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13
OLDEST := torch==2.11.* torchvision==0.26.*
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
MYPY   := .mypy_root

export PYTHONHASHSEED = 0

some = $(if $(strip $(2)),$(1) "$(strip $(2))")

.DEFAULT_GOAL := help
.PHONY: help setup bench tune calibrate claims leaderboard site budgets docs test quick lint matrix

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'
	@echo 'Variables: METHOD (name, list, all or controls), TRACK (default: every embedded one), BUDGET, BUDGET_KIND (total or active), SEEDS, DATA, WEIGHTS, THREADS, JOBS (runs at once), TUNED (1: tune first); for claims CLAIM, RUN (1: do what is missing), LIMIT (hours); for budgets BACKBONE, TASKS, PARAMS, FIGURE; for docs SITE'

setup: $(READY) ## make the environment in .venv from requirements.lock, and the backbones of embedded tracks
	-@$(BIN)/seesaw backbones fetch

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12), (3, 13)) and "seesaw needs Python 3.11, 3.12 or 3.13 (make PYTHON=python3.12 ...)")'
	@command -v uv >/dev/null || $(PYTHON) -m pip install --quiet --user uv || $(PYTHON) -m pip install --quiet uv
	@uv=$$(command -v uv || echo $(PYTHON) -m uv); set -e; \
	$$uv venv --quiet --allow-existing --python $(PYTHON) $(VENV); \
	$$uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock -p $(BIN)/python; \
	$$uv pip install --quiet --no-deps --no-build-isolation -e . -p $(BIN)/python
	@touch $@

bench: $(READY) ## train and score METHOD, store the records, print the table
	@$(BIN)/seesaw bench "$(METHOD)" $(call some,--track,$(TRACK)) $(call some,--budget,$(BUDGET)) \
	  $(call some,--budget-kind,$(BUDGET_KIND)) --seeds "$(SEEDS)" $(call some,--data,$(DATA)) $(call some,--weights,$(WEIGHTS)) \
	  $(call some,--threads,$(THREADS)) $(call some,--jobs,$(JOBS)) $(if $(strip $(TUNED)),--tuned)

tune: $(READY) ## as many trials of every METHOD, scored on dev alone, and the settings that come out best
	@$(BIN)/seesaw tune "$(METHOD)" $(call some,--track,$(TRACK)) $(call some,--budget,$(BUDGET)) \
	  $(call some,--budget-kind,$(BUDGET_KIND)) \
	  $(call some,--data,$(DATA)) $(call some,--weights,$(WEIGHTS)) \
	  $(call some,--threads,$(THREADS)) $(call some,--jobs,$(JOBS))

calibrate: $(READY) ## what TRACK can tell apart: LoRA and SMoRA over seeds, and LoRA where it must lose
	@$(BIN)/seesaw calibrate "$(TRACK)" $(call some,--data,$(DATA)) $(call some,--weights,$(WEIGHTS)) \
	  $(call some,--threads,$(THREADS)) $(call some,--jobs,$(JOBS))

claims: $(READY) ## what our runs say to the papers' claims, and what is missing with its cost; RUN=1 does it
	@$(BIN)/seesaw claims $(CLAIM) $(if $(strip $(RUN)),--run) $(call some,--limit,$(LIMIT)) \
	  $(call some,--data,$(DATA)) $(call some,--weights,$(WEIGHTS)) \
	  $(call some,--threads,$(THREADS)) $(call some,--jobs,$(JOBS))

leaderboard: $(READY) ## rebuild every table and figure from results/
	@$(BIN)/seesaw leaderboard

site: leaderboard ## the same; reports/site/index.html opens from disk

budgets: $(READY) ## what each method gets for a parameter budget, side by side
	@$(BIN)/seesaw budgets "$(METHOD)" $(call some,--track,$(TRACK)) $(call some,--params,$(or $(PARAMS),$(BUDGET))) \
	  $(call some,--backbone,$(BACKBONE)) $(call some,--n-tasks,$(TASKS)) $(call some,--weights,$(WEIGHTS)) \
	  $(call some,--figure,$(FIGURE))

docs: $(READY) $(MYPY) ## build the documentation into SITE, without a network
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir "$(abspath $(SITE))"

test: $(READY) ## run the tests
	@$(BIN)/python -m pytest -n auto --dist worksteal

quick: $(READY) ## what to run before a commit: ruff, and the tests that take no more than seconds
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/python -m pytest -n auto --dist worksteal -m "not slow and not large"

lint: $(READY) $(MYPY) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

matrix: ## the tests of the methods on every Python there is, and on the oldest torch allowed
	@uv=$$(command -v uv || echo $(PYTHON) -m uv); set -e; for version in $(PYTHONS); do \
	  $(MAKE) --no-print-directory setup PYTHON=python$$version VENV=.matrix/$$version; \
	  .matrix/$$version/bin/python -m pytest -n auto tests/methods; done; \
	$$uv pip install --quiet $(OLDEST) -p .matrix/$(firstword $(PYTHONS))/bin/python; \
	.matrix/$(firstword $(PYTHONS))/bin/python -m pytest -n auto tests/methods; \
	rm .matrix/$(firstword $(PYTHONS))/.ready

# the folders under the names they are installed by, which mypy does not learn from pyproject.toml
$(MYPY): $(wildcard seesaw/*)
	@rm -rf $@ && mkdir -p $@/seesaw && cd $@/seesaw && \
	  ln -s ../../suite ../../methods ../../tasks ../../reports ../../seesaw/* .
