# Foyer: "make run" builds everything and starts a demo desk, "make test" is what CI runs.
#
# Building needs Go, Node.js with npm, and make; nothing else. Testing needs a few Debian packages more, which
# scripts/install-test-tools.sh installs where they are missing.

GO          ?= go
NPM         ?= npm
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GO_DIRS     := cmd internal e2e
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

export CGO_ENABLED := 0

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name '.*')

.DEFAULT_GOAL := help
.PHONY: help run build web test check fmt fuzz generate clean \
	tools format vet static web-check go-test go-test-short e2e race measure

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build everything and start a demo desk with sample data and a mail sandbox
	./bin/foyer demo

build: web ## Build the web app and bin/foyer, which contains it
	$(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/foyer ./cmd/foyer

test: tools format vet static web-check go-test e2e ## Run everything CI runs; installs what it needs

check: format vet web-check go-test-short ## The quick loop: format, vet, lint, unit tests, SQLite only

fmt: ## Format the Go code
	gofmt -s -w $(GO_DIRS)

race: tools ## Run the Go tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 scripts/with-postgres.sh $(GO) test -race ./...

FUZZTIME ?= 30s

fuzz: ## Look for input that breaks a parser: every fuzz test for FUZZTIME (30s), those of FUZZ (a pattern) only
	scripts/fuzz.sh "$(FUZZTIME)" "$(FUZZ)"

generate: web/node_modules/.installed ## Write the API's description and the TypeScript types made from it
	$(GO) run -pgo=off ./cmd/foyer openapi > web/ui/api/openapi.json.new
	@mv web/ui/api/openapi.json.new web/ui/api/openapi.json
	cd web && $(NPM) run generate

clean: ## Remove what was built, but no data
	rm -rf bin web/desk/dist/assets web/desk/dist/index.html web/node_modules e2e/node_modules e2e/results

# ---- the parts ------------------------------------------------------------------------------------------------

web: web/desk/dist/index.html

web/desk/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && $(NPM) run build
	@touch $@

# The stamp is newer than the lock file exactly when what is installed is what is locked.
%/node_modules/.installed: %/package-lock.json
	cd $* && $(NPM) ci
	@touch $@

tools:
	scripts/install-test-tools.sh

format:
	@unformatted="$$(find $(GO_DIRS) -name '*.go' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -s -l)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run 'make fmt':"; echo "$$unformatted"; exit 1; fi

# The binary embeds the web app's folder, which git keeps there even when nothing is built.
vet:
	$(GO) vet ./...

static:
	$(GO) run $(STATICCHECK) ./...

web-check: web/node_modules/.installed
	cd web && $(NPM) run typecheck && $(NPM) run lint && $(NPM) test

# Tests wait for the disk less when their files are in memory; what the compiler writes stays on it.
IN_MEMORY = $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 4000000 ] && echo TMPDIR=/dev/shm GOTMPDIR=$${GOTMPDIR:-/tmp})

go-test:
	$(IN_MEMORY) scripts/with-postgres.sh $(GO) test -timeout 30m ./...

go-test-short:
	$(IN_MEMORY) $(GO) test -short ./...

e2e: build e2e/node_modules/.installed
	cd e2e && $(NPM) run typecheck && ../scripts/with-postgres.sh $(NPM) test

# How fast the screens are; with nothing else at work on the machine.
measure: build e2e/node_modules/.installed
	cd e2e && $(NPM) run measure
