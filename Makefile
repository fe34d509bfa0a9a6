.PHONY: demo fast test prove bench lint bundle screenshots translations demo-models upgrade hooks clean
PY := .venv/bin/python
OUT := out
# What Python compiled once is kept, whatever the environment says: every worker and every child would compile it again.
export PYTHONDONTWRITEBYTECODE :=

demo:  ## the station on the demo line: a window where there is a display, else a batch with screenshot and report
	@bash .ci/prepare run
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname)" = Darwin ]; then \
		$(PY) main.py --demo; \
	else \
		QT_QPA_PLATFORM=offscreen $(PY) main.py --demo --frames 60 --screenshot $(OUT)/demo.png --report $(OUT)/report; \
	fi

fast: lint  ## lint, types and what needs neither window nor bundle: a minute
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n auto --dist loadfile -m "not slow and not prove" tests/unit tests/db

test: lint  ## the suite: ten minutes
	@QT_QPA_PLATFORM=offscreen $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not prove"

prove:  ## kills, soaks, servers, cameras, bundle, going on where it stopped: SHARD=one, SMOKE=1 a part of each, RECORD=1 into docs/results.md
	@bash .ci/prepare test
	@QT_QPA_PLATFORM=offscreen $(PY) -m tests.prove $(if $(SHARD),--shard $(SHARD)) $(if $(SMOKE),--smoke) $(if $(RECORD),--record)

lint:  ## ruff, ceilings, import contracts, mypy --strict
	@bash .ci/prepare test
	@$(PY) -m ruff check . && $(PY) -m ruff format --check -q . && $(PY) -m tests.house.ceilings && .venv/bin/lint-imports && $(PY) -m mypy

bench:  ## ratios measured side by side in one run (minutes)
	@bash .ci/prepare test
	@QT_QPA_PLATFORM=offscreen $(PY) -m tests.benchmarks

bundle:  ## dist/lineside: the station in one folder, no Python and no torch needed
	@bash .ci/prepare test
	@$(PY) -m PyInstaller --noconfirm --log-level WARN build.spec
	@echo "dist/lineside/lineside"

demo-models:  ## train the shipped demo model packages again (some 35 minutes on two cores)
	@bash .ci/prepare test
	$(PY) main.py train "demo:?seed=1001&lines=6&count=4500&defect_rate=0.5" --preset demo-segdec --out resources/models/demo-segdec
	$(PY) main.py train "demo:?seed=1001&lines=6&count=3000&defect_rate=0.5" --preset demo-classifier --out resources/models/demo-classifier
	$(PY) main.py selftest --record

screenshots:  ## the manual's pictures in docs/
	@bash .ci/prepare test
	@QT_QPA_PLATFORM=offscreen $(PY) -m tests.screenshots docs/screenshots

translations:  ## resources/translations brought up to date with the code, and compiled
	@bash .ci/prepare test
	@$(PY) -m tests.translations

upgrade:  ## requirements/: the newest of everything that pyproject.toml lets in, by version and hash; then installed
	@bash .ci/prepare test
	@bash .ci/requirements --upgrade
	@bash .ci/prepare test

hooks:  ## the quick checks before every commit
	@bash .ci/prepare test
	@.venv/bin/pre-commit install

clean:
	rm -rf build dist $(OUT)
