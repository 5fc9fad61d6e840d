# 常用命令: make run 运行演示环境, make test 安装所需并运行全部检查和测试。
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
FLASK := $(PY) -m flask --app wsgi
PORT ?= 8000
WORKERS ?= 2

.PHONY: run test lint soak bench frontend clean
.DELETE_ON_ERROR:

run: .build/installed
	$(FLASK) db upgrade
	APP_REHEARSAL=on $(FLASK) bootstrap
	$(FLASK) demo $(if $(STAGE),--stage $(STAGE))
	@echo "打开 http://127.0.0.1:$(PORT)/ (按 Ctrl-C 停止)"
	PORT=$(PORT) $(PY) -m gunicorn -c gunicorn.conf.py wsgi:app

test: .build/installed-dev .build/system-packages lint
	$(PY) -m pytest tests -n $(WORKERS) --dist worksteal

lint: .build/installed-dev
	$(PY) -m ruff check .
	$(PY) -m mypy --strict app/engine app/content app/operations
	$(PY) -m mypy app

soak: .build/installed-dev .build/system-packages
	SOAK=1 $(PY) -m pytest tests -m soak -n $(WORKERS) --timeout 3600

# 重新生成 app/static/vendor（已随代码提交，运行不需要 Node）: 两次生成逐字节相同。
frontend:
	cd frontend && npm ci --no-audit --no-fund && npm run build

bench: .build/installed-dev
	$(PY) -m bench

clean:
	rm -rf .venv .build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find app tests -name __pycache__ -prune -exec rm -rf {} +

# Stamps: a second run finds them newer than what they depend on and goes straight on.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "需要 Python 3.11 或更高版本; 可用 make PYTHON=/路径/python3.12 指定。"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	       then apt-get update -q && apt-get install -yq --no-install-recommends python3-venv; \
	       else echo "缺少 Python 的 venv 模块, 请先安装: sudo apt-get install python3-venv"; exit 1; fi; }
	$(PYTHON) -m venv .venv

.build/installed: requirements.txt | .venv/bin/python
	$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	@mkdir -p .build && touch $@

.build/installed-dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(PY) -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@mkdir -p .build && touch $@ .build/installed

# The browser tests drive Debian's Chromium; the printed documents need a Chinese font.
.build/system-packages:
	@missing=""; \
	 command -v chromium >/dev/null || missing="$$missing chromium"; \
	 fc-list :lang=zh 2>/dev/null | grep -q . || missing="$$missing fonts-noto-cjk fontconfig"; \
	 if [ -n "$$missing" ]; then \
	   if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	   then apt-get update -q && apt-get install -yq --no-install-recommends $$missing; \
	   else echo "缺少系统软件, 请先安装: sudo apt-get install$$missing"; exit 1; fi; fi
	@mkdir -p .build && touch $@
