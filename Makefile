# A thin front of meson and ninja. `make demo` and `make test` do all the set-up.
BUILD ?= build
.PHONY: build test demo
build:
	@test -d $(BUILD) || meson setup $(BUILD) -Dwerror=true >/dev/null
	@ninja -C $(BUILD)
test: build
	@meson test -C $(BUILD) --print-errorlogs
