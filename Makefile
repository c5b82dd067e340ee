# The verbs. Each is one file in scripts/ or one line of package.json.
.PHONY: run stop clean test check fast system format bench-push bench-deploy bench-idle bench-cli
export PATH := $(wildcard $(CURDIR)/node_modules/node-linux-*/bin):$(CURDIR)/node_modules/.bin:$(PATH)

run: ; @scripts/run
stop: ; @node scripts/platform/main.ts stop
clean: ; @node scripts/platform/main.ts clean
test: ; @scripts/test
check: ; @npm run -s format:check && npm run -s lint && npm run -s types && npm run -s dead
fast: ; @npm run -s fast
system: ; @npm run -s system
format: ; @npm run -s format
# Each prints a table for docs/measurements.md; ROUNDS, DEPLOYS and RATE make it longer or shorter.
bench-push bench-deploy bench-idle bench-cli: ; @scripts/prepare && scripts/stack && . scripts/registries && node scripts/bench/$(@:bench-%=%).ts
