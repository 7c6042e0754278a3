# A thin front of meson and ninja. `make demo` and `make test` do all the set-up.
BUILD ?= build
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 30
# The folder of the public test suites, where it is not ../shared/testdata.
TESTDATA ?=
export FUZZ_SECONDS JOBS TESTDATA
MESON_FLAGS ?= -Dwerror=true
# Sanitizers lead the compiler's warnings astray: there they are not errors.
SANITIZE = -Doptimization=1 -Db_lundef=false

.PHONY: all build setup setup-dev setup-live test demo sim bench lint format asan tsan fuzz cover docs install clean
all: build

setup:
	@tools/setup.sh
setup-dev:
	@tools/setup.sh dev
setup-live: setup
	@tools/setup-live.sh

build: setup
	@tools/build.sh $(BUILD) $(MESON_FLAGS)

test: build setup-live
	@tools/run-tests.sh $(BUILD)

# COUCHDB=http://USER:PASSWORD@HOST:5984 shows it on a CouchDB, COUCHDB=pouchdb on a server
# from npm.
demo: build $(if $(filter pouchdb,$(COUCHDB)),setup-live)
	@tools/demo.sh $(BUILD) "$(COUCHDB)"

# SEED=n tells all of one run; SEEDS=n plays that many, FROM=n on.
sim: build
	@CHESTERFIELD_SOURCE=$(CURDIR) SEED=$(SEED) SEEDS=$(SEEDS) FROM=$(FROM) $(BUILD)/test/sim/sim

# Histories in which the engine must come to what the model of who wins says.
.PHONY: outcome people twins
outcome: build
	@SEED=$(SEED) SEEDS=$(SEEDS) FROM=$(FROM) $(BUILD)/test/sim/outcome/outcome

# The same histories with people who act in them.
people: build
	@SEED=$(SEED) SEEDS=$(SEEDS) FROM=$(FROM) $(BUILD)/test/sim/outcome/outcome people

# The same histories, each once more with one change that must not matter.
twins: build
	@SEED=$(SEED) SEEDS=$(SEEDS) FROM=$(FROM) $(BUILD)/test/sim/outcome/outcome twins

# The folder may have been configured before the peers were installed.
bench: setup-dev
	@tools/build.sh $(BUILD) $(MESON_FLAGS)
	@[ -x $(BUILD)/bench/bench-lens ] || meson setup --reconfigure $(BUILD) -Dbench=enabled >/dev/null
	@tools/build.sh $(BUILD)
	@bench/run.sh $(BUILD)

lint: setup-dev build
	@tools/lint.sh $(BUILD)

format: setup-dev
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

asan: setup-live
	@tools/build.sh build-asan $(SANITIZE) -Db_sanitize=address,undefined \
		-Dc_args=-fno-sanitize-recover=undefined
	@ASAN_OPTIONS=detect_stack_use_after_return=1:abort_on_error=0 \
		UBSAN_OPTIONS=print_stacktrace=1 tools/run-tests.sh build-asan -t 4 --no-suite models --no-suite planted

# The simulator, the replays of corpora and the rule's own tests have one thread.
tsan: setup-live
	@tools/build.sh build-tsan $(SANITIZE) -Db_sanitize=thread
	@TSAN_OPTIONS=halt_on_error=1 tools/run-tests.sh build-tsan -t 4 --no-suite sim --no-suite models \
		--no-suite fuzz --no-suite model

fuzz: setup-dev
	@CC=clang tools/build.sh build-fuzz $(SANITIZE) -Dfuzz=true \
		-Db_sanitize=address,undefined -Dc_args=-fsanitize=fuzzer-no-link
	@tools/fuzz.sh build-fuzz

cover: setup-live
	@tools/build.sh build-cover $(MESON_FLAGS) -Doptimization=0 -Db_coverage=true
	@find build-cover -name '*.gcda' -delete
	@tools/run-tests.sh build-cover
	@tools/cover.sh build-cover

docs: build
	@tools/docs.sh $(BUILD) docs/reference

install: build
	@meson install -C $(BUILD) --no-rebuild

clean:
	@rm -rf $(BUILD) build-asan build-tsan build-fuzz build-cover
