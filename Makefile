# Every target works on a machine with Node 20+, npm and make; `control-plane` also needs Go, once.
.DEFAULT_GOAL := help
.PHONY: help install build image demo run test types lint control-plane e2e bench bench-api bench-carbon bench-waiting bench-capacity bench-replicas soak figures certs clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

install: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build: install ## bundle src and what it uses of its dependencies into dist
	@npm run --silent build

IMAGE ?= gridgate:$(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
image: ## build the image with docker or podman (IMAGE=registry.example.com/gridgate:0.2.0)
	@tool=$$(command -v docker || command -v podman) || { echo 'make image needs docker or podman' >&2; exit 1; }; \
	"$$tool" build --tag "$(IMAGE)" . && echo "now: $$tool push $(IMAGE), and name it under images: of your kustomization (manifests/README.md)"

demo: build ## start the real webhook, send real AdmissionReviews through TLS, print the decisions
	@npm run --silent demo

run: build ## the same server, kept running, with a curl line to try
	@npm run --silent demo -- --keep-running

test: install ## everything that needs no control plane
	@npm run --silent test

types: install ## type check
	@npm run --silent types

lint: install ## lint and format check
	@npm run --silent lint

control-plane: ## build (or find) a real Kubernetes control plane
	@test/control-plane/build.sh

e2e: build control-plane ## the webhook against the real control plane (K8S_VERSION=1.34 to 1.37; 1.36)
	@npm run --silent e2e

bench: build ## throughput, latency and memory, as ratios in one run
	@npm run --silent bench-scaling
	@npm run --silent bench

bench-api: build control-plane ## pod creation through the real API server: none, gridgate, CEL
	@npm run --silent bench-api

bench-carbon: install ## what waiting and moving save on series of a year (TRACES=folder of CSVs)
	@npm run --silent bench-carbon

bench-waiting: install control-plane ## what learning 200 regions takes, and how fast what waits is let go
	@npm run --silent bench-memory && npm run --silent bench-releases

bench-capacity: install control-plane ## 500 NodePools and 2,000 NodeOverlays: one loop, writes a minute
	@npm run --silent bench-node-pools && npm run --silent bench-node-overlays

bench-replicas: build control-plane ## how many replicas a rate of pods takes: processor time a pod, and arithmetic
	@npm run --silent bench-replicas

soak: build control-plane ## eight hours of real replicas under load and faults in 20 minutes; nothing may grow (SMOKE=--smoke: 2 minutes)
	@npm run --silent soak -- $(SMOKE)

figures: build control-plane ## outage and kill switch until every pod has them, leader killed, certificate rotated
	@npm run --silent figures

certs: build ## create or show the development certificate
	@npm run --silent gridgate -- certs

clean: ## remove what was built (the control plane stays)
	@rm -rf dist certs/tls.crt certs/tls.key certs/ca.crt
