# The verbs. Each is one file in scripts/ or one line of package.json.
.PHONY: run stop upgrade clean test check fast system format bench-push bench-deploy bench-idle bench-cli bench-router bench-hosts bench-lossless bench-abuse bench-soak bench-neighbour
export PATH := $(wildcard $(CURDIR)/node_modules/node-linux-*/bin):$(CURDIR)/node_modules/.bin:$(PATH)

run: ; @scripts/run
stop: ; @node scripts/platform/main.ts stop
upgrade: ; @node scripts/platform/main.ts upgrade router
clean: ; @node scripts/platform/main.ts clean
test: ; @scripts/test
check: ; @npm run -s format:check && npm run -s lint && npm run -s types && npm run -s dead
fast: ; @npm run -s fast
system: ; @npm run -s system
format: ; @npm run -s format
# Each prints a table for docs/measurements.md; ROUNDS, DEPLOYS and RATE make it longer or shorter.
bench-push bench-deploy bench-idle bench-cli bench-neighbour: ; @scripts/prepare && scripts/stack && . scripts/registries && node scripts/bench/$(@:bench-%=%).ts
bench-hosts bench-lossless bench-soak: ; @scripts/prepare && node scripts/bench/$(@:bench-%=%).ts
bench-router: ; @scripts/prepare && scripts/bench/router/prepare && . scripts/registries && node scripts/bench/router/main.ts
bench-abuse: ; @scripts/prepare && scripts/bench/abuse/prepare && . scripts/registries && node scripts/bench/abuse.ts
