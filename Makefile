# `make demo` and `make test` are all that a fresh machine needs: each rests on `make setup`.
PYTHON ?= python3
MINUTES ?= 3
BIN := .venv/bin
MADE := .venv/.made
PANEL := package-lock.json $(shell find labextension/src labextension/style labextension/schema -type f)
# Without Node all but JupyterLab's panel is there.
NPM := $(shell command -v npm)

.DEFAULT_GOAL := help
.PHONY: help setup demo lab test test-long lint bench clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(MADE)  ## Make .venv with everything pinned (instant when nothing changed)

$(MADE): pyproject.toml requirements.lock $(PANEL)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; `make PYTHON=python3.12 …` names one.")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(if $(NPM),,echo "There is no Node here (npm): JupyterLab's panel is not built, all else works.")
	rm -rf rl_widgets/labextension
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.lock \
		-e ".[rllib,tensorboard,video]" --group dev
	@touch $@

demo: setup  ## Train Pong with IMPALA on a local Ray cluster for MINUTES=3 minutes, watched live
	$(BIN)/rl-widgets submit notebooks/files/pong_rllib.py --experiment pong-demo --workers 2 \
		--watch -- --run IMPALA --env PongNoFrameskip-v4 --config '{"num_workers": 2}' \
		--stop "{\"episode_reward_mean\": 18, \"time_total_s\": $$(( $(MINUTES) * 60 ))}"
	@echo "In JupyterLab:    make lab"

lab: setup  ## Open JupyterLab on the example notebook
	$(BIN)/jupyter lab notebooks/pong_impala.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

test: setup lint  ## All checks and tests
	$(if $(NPM),npm test --silent)
	$(BIN)/python -m pytest -m "not long" -n 2 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

test-long: setup  ## The few tests that take a minute or two each: a hang, Pong's learning, evaluations under PPO
	$(BIN)/python -m pytest -m long $(PYTEST_ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(if $(NPM),npm run --silent lint)

bench: setup  ## The benchmarks of speed
	$(BIN)/python -m benchmarks

clean:  ## Remove what `make` made
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache artifacts
	rm -rf node_modules labextension/lib rl_widgets/labextension
