# Every target brings what it needs: a Python >= 3.11 and make are enough.

.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
# Two installations into one environment take turns.
.NOTPARALLEL:

# Whatever environment is active outside is of no concern here.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

VENV := .venv
BIN := $(VENV)/bin
APP := .venv-app
# One stamp for each set of requirements that is installed.
READY := $(VENV)/ready
INSTALL := $(BIN)/python -m pip install --editable .
PYTEST := $(BIN)/python -m pytest
# Each process takes the next file of tests; `make test WORKERS=0` runs them in one.
WORKERS := 2
PARALLEL := -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

# The first that is new enough and can make an environment; `make PYTHON=...` decides.
USABLE := import sys, importlib.util as u; \
	sys.exit(sys.version_info < (3, 11) or not (u.find_spec("ensurepip") or u.find_spec("pip")))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c '$(USABLE)' >/dev/null 2>&1 && { echo $$python; break; }; done)

.PHONY: help
help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: $(READY)-demo ## Stream a joke, call a tool, get a structured answer, count tokens
	@$(BIN)/python examples/demo.py

.PHONY: serve
serve: $(READY)-demo ## Serve the demo's local model on a free port, or PORT=…
	@cd examples && ../$(BIN)/python -m local_model --port $(or $(PORT),0)

.PHONY: app
app: $(APP)/ready-page ## Serve a chat page on port 8000 or PORT=…; on Clarifai if CLARIFAI_PAT is set
	@cd examples && CHAINLIT_APP_ROOT="$(CURDIR)/examples/chat_app" \
		../$(APP)/bin/python -m chainlit run chat_app/app.py --headless --port $(or $(PORT),8000)

.PHONY: test
test: $(READY)-test weights peers ## Run all tests: unit, wire, integration on a local model, standard suites
	@$(PYTEST) $(PARALLEL) $(ARGS)

.PHONY: test-live
test-live: ## Test on Clarifai itself; needs CLARIFAI_PAT, and CLARIFAI_MODEL chooses
	@if [ -z "$$CLARIFAI_PAT" ]; then \
		echo "make test-live asks Clarifai itself: set CLARIFAI_PAT to a token (https://clarifai.com/settings/security)." >&2; \
		exit 2; fi
	@$(MAKE) --no-print-directory $(READY)-test
	@LANGCHAIN_CLARIFAI_LIVE=1 $(PYTEST) --timeout 600 tests/live $(ARGS)

.PHONY: install
install: $(READY)-test $(READY)-lint $(READY)-docs $(READY)-build ## Install what tests and checks need, ahead of time

# Four processes, each with files of its own: half of the tests' time is waiting. One more
# that hands out the tests, as xdist has, would cost a third of the time.
define QUICK
tests/unit --ignore-glob=*/connections --ignore-glob=*/check
tests/unit/connections tests/unit/check
tests/wire --ignore-glob=*/test_[a-o]*
tests/wire --ignore-glob=*/test_[p-z]*
endef
export QUICK
.PHONY: unit
unit: $(READY)-test ## Run the quick tests: no local model, nothing that takes its time
	@# Status 5: ARGS chose no test of this process.
	@echo "$$QUICK" | xargs -P 4 -L 1 sh -c '"$$0" "$$@" || test $$? -eq 5' \
		$(PYTEST) --quiet -o console_output_style=classic \
		-m "not local_model and not slow" --hypothesis-profile=few $(ARGS)

.PHONY: fuzz
fuzz: $(READY)-test ## Run the tests on random examples, with 1,000 of each in place of 25
	@$(PYTEST) $(PARALLEL) --hypothesis-profile=fuzz --timeout 1200 -m hypothesis tests/unit $(ARGS)

.PHONY: load
load: $(READY)-test ## Send 30,000 requests at once and in batches; count what is lost
	@$(BIN)/python -m tests.load load $(ARGS)

.PHONY: chaos
chaos: $(READY)-test ## Send 10,000 requests through random faults; count what goes wrong
	@$(BIN)/python -m tests.load chaos $(ARGS)

.PHONY: test-ray
test-ray: $(READY)-test $(READY)-ray ## Kill a Ray worker in a batch of 2,000, and interrupt a run
	@$(PYTEST) tests/integration/test_ray_batch.py $(ARGS)

.PHONY: test-app
test-app: $(APP)/ready-browser ## Type, watch, stop and break the chat page in Debian's chromium
	@LANGCHAIN_CLARIFAI_REQUIRE_BROWSER=1 \
		$(APP)/bin/python -m pytest tests/integration/test_chat_app.py $(ARGS)

.PHONY: coverage
coverage: $(READY)-test weights peers ## Run all tests and show which branches none of them takes
	@$(PYTEST) $(PARALLEL) --cov --cov-report=term-missing $(ARGS)

.PHONY: bench
bench: ## Compare the speed with the SDK, ChatOpenAI and LiteLLM
	@$(PYTHON) benchmarks/run.py $(ARGS)

.PHONY: bench-instructions
bench-instructions: ## Count instructions (needs valgrind); ARGS=--save keeps them
	@$(PYTHON) benchmarks/instructions.py $(ARGS)

.PHONY: feature-table
feature-table: $(READY)-test weights ## Rewrite the README's table of what works, from the tests
	@$(BIN)/python scripts/feature_table.py

.PHONY: versions
versions: $(READY)-uv ## Run the quick tests on the floors and the newest versions; PYTHONS=… names several
	@for python in $(or $(PYTHONS),$(PYTHON)); do \
		for versions in floors newest; do \
			scripts/test_versions.sh $(BIN)/uv $$python $$versions || exit 1; \
		done; \
	done

.PHONY: lint
lint: $(READY)-lint ## Check style, formatting and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@if grep -q '^\[tool.importlinter' pyproject.toml; then $(BIN)/lint-imports; fi

.PHONY: typecheck
typecheck: $(READY)-lint $(READY)-test $(READY)-docs ## Check types with mypy and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python

.PHONY: typecheck-users
typecheck-users: $(READY)-lint $(READY)-test ## Check a small user project, strictly, against the installed package
	@$(BIN)/python scripts/check_user_types.py

.PHONY: audit
audit: $(READY)-pip ## Look up known vulnerabilities of what the package needs
	@$(BIN)/python -m pip install --quiet --group audit
	@$(BIN)/pip-audit --strict --progress-spinner off .

.PHONY: docs
docs: $(READY)-docs ## Build the site in site/; a broken link or a page left out is an error
	@# With --quiet MkDocs would count no warnings. The notice that is turned off tells of
	@# a successor to the theme, which is supported until 2027.
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "The site is in site/: open site/index.html, or make docs-serve."

.PHONY: docs-serve
docs-serve: $(READY)-docs ## Serve the site on this machine while you write
	@$(BIN)/python -m mkdocs serve

.PHONY: wheel
wheel: $(READY)-build $(READY)-lint ## Build the wheel in dist/, check it, and install it on each Python found
	@$(BIN)/python scripts/check_wheel.py $(ARGS)

.PHONY: format
format: $(READY)-lint ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

.PHONY: clean
clean: ## Remove environments, caches and what was built
	rm -rf $(VENV) .venv-* .cache build dist htmlcov .coverage* .hypothesis .*_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Environments of servers whose pins differ from ours. Made once.
.PHONY: peers
peers: $(READY)-test
	@if [ -z "$$LANGCHAIN_CLARIFAI_NO_LITELLM" ]; then \
		$(BIN)/python -m tests.servers.environment litellm tests/integration/litellm/requirements.txt >/dev/null; fi
	@if [ -z "$$LANGCHAIN_CLARIFAI_NO_RUNNER" ]; then \
		$(BIN)/python -m tests.servers.environment runner tests/integration/runner/requirements.txt >/dev/null; fi

.PHONY: weights
weights: $(READY)-test
	@if [ -z "$$LANGCHAIN_CLARIFAI_NO_LOCAL_MODEL" ]; then cd examples && ../$(BIN)/python -m local_model --download; fi

$(READY)-pip:
	@$(or $(PYTHON),false) -c '$(USABLE)' >/dev/null 2>&1 || { \
		echo "No usable Python >= 3.11 was found$(if $(PYTHON),: $(PYTHON) is none) (it needs ensurepip or pip)." >&2; \
		echo "Install one, or name yours: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
		exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV) 2>/dev/null || { \
		$(PYTHON) -m venv --clear --without-pip $(VENV) && \
		$(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@# --group came with pip 25.1.
	@$(BIN)/python -m pip install --quiet 'pip>=25.1'
	@touch $@

$(READY)-demo: $(READY)-pip pyproject.toml
	@echo "Installing the package and what the demo needs"
	@$(INSTALL) --group local-model 'langchain>=1.4,<2'
	@touch $@

$(READY)-test: $(READY)-pip pyproject.toml
	@echo "Installing the package and what its tests need"
	@$(INSTALL) --group local-model --group test --group ecosystem
	@touch $@

$(READY)-ray: $(READY)-pip pyproject.toml
	@echo "Installing the package and Ray"
	@$(INSTALL) --group ray
	@touch $@

# Chainlit would take OpenTelemetry in `.venv` back to older versions.
$(APP)/ready-page: pyproject.toml
	@$(MAKE) --no-print-directory VENV=$(APP) $(APP)/ready-pip
	@echo "Installing the package and Chainlit"
	@$(APP)/bin/python -m pip install --editable . --group app --group local-model
	@touch $@

$(APP)/ready-browser: $(APP)/ready-page
	@echo "Installing what the tests of the chat app need"
	@$(APP)/bin/python -m pip install --group test --group browser
	@touch $@

$(READY)-uv: $(READY)-pip
	@$(BIN)/python -m pip install --quiet uv
	@touch $@

$(READY)-docs: $(READY)-pip pyproject.toml
	@echo "Installing the package and what builds the site"
	@$(INSTALL) --group docs
	@touch $@

$(READY)-build: $(READY)-pip pyproject.toml
	@echo "Installing what builds and checks the wheel"
	@$(INSTALL) --group build
	@touch $@

$(READY)-lint: $(READY)-pip pyproject.toml
	@echo "Installing linters and type checkers"
	@$(INSTALL) --group lint
	@touch $@
