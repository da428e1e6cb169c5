# Lychgate. On a machine with Go, Node and make these install what they need.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# What a step leaves behind that failed half-way would pass for done.
.DELETE_ON_ERROR:

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOLANGCI_LINT := .bin/golangci-lint-v2.15.0
AIR := .bin/air-v1.67.4
NODE_MODULES := node_modules/.package-lock.json
SOURCES := $(shell git ls-files --cached --others --exclude-standard 2>/dev/null | while read -r file; do [ ! -e "$$file" ] || echo "$$file"; done)
EXPORT := frontend/out/index.html
EXPORT_SOURCES := $(filter-out frontend/e2e/%,$(filter frontend/% package.json,$(SOURCES)))

# What has passed is checked again when a file, the list of files, or a tool
# has changed; without git, every time. (go test remembers by itself.)
PASSED := .bin/passed
CHECKED := $(PASSED)/state $(or $(SOURCES),FORCE)
begin = @touch $@.begun
passed = @mv $@.begun $@

# Everything but the race detector shares one way to compile, so that SQLite,
# which takes a minute, is compiled once.
STATIC := CGO_ENABLED=0 GOFLAGS=-trimpath

# go test uses the race detector wherever a C compiler is found. bcrypt only
# calculates, and takes ten times as long when each step is watched. Nothing else
# may be left out: code that synchronises has to be watched, and so has each copy
# of a generic function, or the detector sees races where there are none.
RACE := $(shell if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null; then echo -race; fi)
WATCHED := $(if $(RACE),-race -gcflags=golang.org/x/crypto/blowfish=-race=false)

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help
help:
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Use it

.PHONY: run
run: lychgate ## Build the binary and serve at http://localhost:8080
	@exec ./lychgate

.PHONY: build
build: lychgate ## Build the one static binary, ./lychgate

.PHONY: lychgate
lychgate:
	$(call say,Building ./lychgate (seconds; the first time one to two minutes))
	@$(MAKE) --no-print-directory -j2 $(EXPORT) packages
	$(STATIC) go build -ldflags '-s -w -X lychgate/server/cli.version=$(VERSION)' -o lychgate .

# Compiled while the frontend is built, which the binary itself waits for.
.PHONY: packages
packages:
	$(STATIC) go build ./server/...

$(NODE_MODULES): package.json package-lock.json
	$(call say,Installing the frontend's packages (half a minute))
	npm ci --no-audit --no-fund || { echo 'npm ci failed: Node 20.19 or newer and a reachable npm registry are needed.' >&2; exit 1; }
	@touch $@

$(EXPORT): $(NODE_MODULES) $(EXPORT_SOURCES)
	$(call say,Building the frontend (half a minute))
	npm run --silent build
	@touch $@

##@ Work on it

.PHONY: dev
dev: $(NODE_MODULES) $(AIR) ## Develop at http://localhost:8080: edits on both sides show at once
	$(call say,Starting (seconds; the first time a minute))
	@exec env $(STATIC) node frontend/scripts/dev.mjs

.PHONY: test
test: ## Run every check and every test, and list what failed
	@MAKE='$(MAKE)' ./.ci/stages

.PHONY: lint
lint: $(PASSED)/lint ## Check format, vet, lint, types and generated files

$(PASSED)/lint: $(CHECKED) | $(NODE_MODULES) $(GOLANGCI_LINT)
	$(begin)
	$(call say,Checking the Go code (one to four minutes the first time))
	@unformatted="$$(gofmt -l main.go embed.go server)"; if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w): $$unformatted" >&2; exit 1; fi
	go mod tidy -diff || { echo 'go.mod is not tidy: run go mod tidy' >&2; exit 1; }
	$(STATIC) $(GOLANGCI_LINT) run
	@# The benchmark is a module of its own, so ./... does not reach it.
	cd server/bench && go mod tidy -diff && $(STATIC) $(CURDIR)/$(GOLANGCI_LINT) run
	$(call say,Checking the frontend (half a minute))
	npm run --silent format:check || { echo 'run npm run format' >&2; exit 1; }
	npm run --silent lint
	npm run --silent typecheck
	$(call say,Checking that generated files are up to date)
	@./.ci/generated-is-current
	$(passed)

.PHONY: test-go
test-go: $(EXPORT) ## Test the server
	$(call say,Testing the server (minutes; packages report when they are done$(if $(RACE),,; without the race detector: no C compiler was found)))
	go test $(WATCHED) -vet=off -timeout 20m ./...
	@# The benchmark is a module of its own; it is built without the race detector.
	$(STATIC) go test -C server/bench -vet=off ./...

.PHONY: test-frontend
test-frontend: $(PASSED)/frontend ## Test the frontend's functions and forms

$(PASSED)/frontend: $(CHECKED) | $(NODE_MODULES)
	$(begin)
	$(call say,Testing the frontend (half a minute))
	npm run --silent test:unit
	$(passed)

.PHONY: test-browser
test-browser: $(PASSED)/browser ## Test the binary in a browser

$(PASSED)/browser: $(CHECKED) | lychgate $(AIR)
	$(begin)
	$(call say,Testing the binary in a browser (five to ten minutes))
	npm run --silent test:e2e
	$(passed)

# Changes when the list of files or a tool does.
$(PASSED)/state: FORCE
	@mkdir -p $(@D)
	@{ go version; node --version; printf '%s\n' $(SOURCES); } >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:

##@ Make anew

.PHONY: generate
generate: $(NODE_MODULES) ## Write what is generated: API types, list of common passwords, README's settings
	npm run --silent generate
	go generate ./server/...
	node server/password/common-passwords.mjs

.PHONY: screenshots
screenshots: lychgate ## Take the pictures of the README anew
	$(call say,Taking pictures of the pages)
	npm run --silent screenshots

.PHONY: rename
rename: $(NODE_MODULES) ## Give the project another name: make rename NAME=word
	@node frontend/scripts/rename.mjs '$(NAME)'
	@gofmt -w main.go embed.go server
	@npm run --silent format -- --log-level warn
	@touch $(NODE_MODULES) # the packages are the same

##@ Now and then

.PHONY: faults
faults: $(EXPORT) ## Break what it stands on, for an hour: the table of docs/reliability.md
	@command -v strace >/dev/null || echo 'strace is not installed: the faults of the disk are left out (on Debian: apt-get install strace)'
	@[ "$$(ulimit -Hn)" = unlimited ] || [ "$$(ulimit -Hn)" -ge 10200 ] || echo 'Only '"$$(ulimit -Hn)"' files may be open: 10,000 idle connections are left out (raise ulimit -Hn to 10200)'
	$(call say,Breaking what the server stands on)
	go test ./server/faulttest -count 1 -v -timeout 2h -full
	$(call say,Looking for races under mixed load$(if $(RACE),,: left out, no C compiler was found))
	$(if $(RACE),go test $(WATCHED) ./server/faulttest -count 1 -v -timeout 1h -full -run MixedLoad)

# Figures are ratios, so the machine may be any, but it should have little else to
# do. Flags go into ARGS: -only page,profile measures two rows in a minute, -write
# keeps the figures in docs/performance.md and .json. The same for bench-peers.
.PHONY: bench
bench: ## Measure it against bare net/http, a plain Echo server and nginx: docs/performance.md (20 minutes)
	$(call measure,go node wrk,)

.PHONY: bench-peers
bench-peers: ## Measure it against Next.js, better-auth and PocketBase (5 minutes, the first time 10)
	$(call measure,go node npm wrk,-peers)

define measure
@[ "$$(uname)" = Linux ] || { echo 'The benchmark reads /proc, so it needs Linux.' >&2; exit 1; }
@missing=; for tool in $(1); do command -v "$$tool" >/dev/null || missing="$$missing $$tool"; done; \
[ -z "$$missing" ] || { echo "The benchmark needs$$missing (on Debian: apt-get install golang nodejs npm wrk; Go 1.26 and Node 20.19, or newer, from go.dev and nodejs.org)" >&2; exit 1; }
@$(MAKE) --no-print-directory lychgate
$(STATIC) go build -C server/bench -o "$(CURDIR)/.bin/bench/" ./...
$(call say,Measuring)
@.bin/bench/bench $(2) $(ARGS)
endef

# Its name must not be a word of the sources.
.PHONY: test-fork
test-fork: $(NODE_MODULES) $(GOLANGCI_LINT) $(AIR) ## Rename a copy, follow docs/make-it-yours.md, and test all of it
	@copy="$$(mktemp -d)"; trap 'rm -rf "$$copy"' EXIT; \
	git clone --quiet . "$$copy"; cp -a node_modules "$$copy"; mkdir "$$copy/.bin"; cp -a $(GOLANGCI_LINT) $(AIR) "$$copy/.bin"; \
	cd "$$copy"; touch $(NODE_MODULES); \
	$(MAKE) rename NAME=fork$$(date +%s); $(MAKE) test-frontend; \
	node frontend/scripts/guide.mjs; git add --all; $(MAKE) test

.PHONY: audit
audit: $(NODE_MODULES) ## Look for known vulnerabilities (needs the network; no part of test)
	go run golang.org/x/vuln/cmd/govulncheck@latest ./...
	npm audit --omit=dev

.PHONY: clean
clean: ## Remove what was built
	rm -rf lychgate frontend/.next frontend/out frontend/e2e/.results

# Both are built once with the tool's own module file, so that its hundreds of
# dependencies stay out of ours.
$(AIR):
	$(call say,Building the watcher of the Go code (once; a minute))
	GOBIN="$(CURDIR)/.bin" go install github.com/air-verse/air@v1.67.4
	mv .bin/air $@

$(GOLANGCI_LINT):
	$(call say,Building golangci-lint (once; some minutes))
	GOBIN="$(CURDIR)/.bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv .bin/golangci-lint $@
