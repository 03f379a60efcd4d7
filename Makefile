# make demo   sets everything up and digitizes samples/
# make test   sets everything up and runs the tests
# make lint   ruff and mypy
# make bench  speed by stage beside Tesseract, and memory at 100 and 1,000 pages
# make soak   2,000 pages while processes are killed, the disk fills and the clock jumps; SOAK="--pages 200" for fewer

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

export OMP_NUM_THREADS := 1

.PHONY: demo test lint bench soak setup clean

demo: setup
	rm -rf out/demo
	$(BIN)/inkbeam digitize samples --output out/demo
	@echo
	@echo 'Text:   out/demo/lines/collection=default/*.parquet, a row a line; to read it:'
	@echo '        $(BIN)/python -c "import pyarrow.dataset as d; print(*d.dataset(\"out/demo/lines\").to_table().column(\"text\").to_pylist(), sep=chr(10))"'
	@echo 'Pages:  out/demo/pages/collection=default/*.parquet, a row a page'
	@echo 'hOCR:   out/demo/hocr/<document>/<page>.hocr'
	@echo 'Report: $(BIN)/inkbeam report out/demo'
	@echo 'Search: $(BIN)/inkbeam search out/demo letter'

test: setup
	sh deploy/system-packages.sh chromium || echo 'without chromium: the tests that open reports in a browser are skipped'
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m bench

soak: setup
	sh deploy/system-packages.sh faketime
	$(BIN)/python -m bench.soak $(SOAK)

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	sh deploy/system-packages.sh
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt setuptools wheel
	PIP_DISABLE_PIP_VERSION_CHECK=1 sh deploy/install-torch.sh $(BIN)/pip
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[digitize,train,dask,gcp,aws,dev]'
	$(BIN)/python -m recognizer.decode
	touch $@

clean:
	rm -rf .venv out build
