# mailconvoy: `make demo` shows it working, `make check` proves it. V=1 shows commands.

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
DOCDIR     ?= $(PREFIX)/share/doc/mailconvoy
LICENSES   ?= LICENSE
PKG_CONFIG ?= pkg-config
BUILD      ?= build
PYTHON     ?= /usr/bin/python3
CC         ?= cc
CFLAGS     ?= -O2 -g
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)

# Hidden, because libraries would call our functions where theirs have the same name (json_null).
# What the code needs stands apart from CFLAGS, so that `make CFLAGS=-O0` keeps working.
STANDARD := -std=c17 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wformat=2 -Wundef -Wvla $(WERROR)
LIBS     := libssl libcrypto sqlite3 libpcre2-8 zlib jansson inih libgsasl
# Loaded when they are needed: sync/auth/http.c, sync/messages/mime_library.c.
LOADED   := libcurl gmime-3.0
NEEDED   := $(STANDARD) $(WARNINGS) -fvisibility=hidden -I. -pthread $(SANITIZE) $(shell $(PKG_CONFIG) --cflags $(LIBS) $(LOADED) 2>/dev/null)
LINK     := -pthread $(SANITIZE) $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null) -lcsv -lm

# ROOMS limits a build to some rooms: `make unit ROOMS="base store"`.
ROOMS    ?= base store sync report batch
SRCS     := $(foreach r,$(ROOMS),$(wildcard $(r)/*.c $(r)/*/*.c))
ASSETS   := $(sort $(wildcard report/assets/*))
OBJS     := $(SRCS:%.c=$(BUILD)/%.o) $(if $(filter report,$(ROOMS)),$(BUILD)/report/assets.o)
LIB      := $(BUILD)/libmailconvoy.a
# What dies where a test says (base/crash.h): these files once more, and the library for the rest.
CRASHSRC := $(shell grep -l 'base/crash\.h' $(SRCS) /dev/null)
CRASHOBJ := $(CRASHSRC:%.c=$(BUILD)/crash/%.o)
UNITS    := $(foreach r,$(ROOMS),$(wildcard tests/unit/$(r)/test_*.c))
UNITBINS := $(UNITS:tests/unit/%.c=$(BUILD)/unit/%)
FUZZERS  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZBINS := $(FUZZERS:tests/fuzz/%.c=$(BUILD)/fuzz/%)

# Integration tests: the program they run, how many at a time, which of them.
MAILCONVOY ?= $(BUILD)/mailconvoy
JOBS       ?= 4
TESTS      ?= tests/integration

Q := $(if $(V),,@)

all: mailconvoy

mailconvoy: $(BUILD)/mailconvoy
	$(Q)cp -f $< $@

$(BUILD)/mailconvoy: $(BUILD)/mailconvoy.o $(LIB)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LINK)

$(LIB): $(OBJS)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -DMAILCONVOY_VERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<

# What the HTML report carries with it.
$(BUILD)/report/assets.c: scripts/embed $(ASSETS)
	@mkdir -p $(@D)
	@echo "  EMBED $@"
	$(Q)scripts/embed $(ASSETS) > $@

$(BUILD)/report/assets.o: $(BUILD)/report/assets.c
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -MMD -MP -c -o $@ $<

# For tests alone; never installed.
$(BUILD)/mailconvoy-crash: $(BUILD)/mailconvoy.o $(CRASHOBJ) $(LIB)
	@echo "  LINK  $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LINK)

$(BUILD)/crash/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $< (to crash)"
	$(Q)$(CC) $(CPPFLAGS) -DMAILCONVOY_CRASH_HOOKS $(CFLAGS) $(NEEDED) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -Wno-missing-prototypes -MMD -MP -o $@ $(filter %.c,$^) $(LIB) $(LINK) -lcmocka

$(BUILD)/unit/store/test_power_cut $(BUILD)/unit/store/test_store_file: tests/unit/store/forgetful_vfs.c
$(BUILD)/unit/sync/test_copy: tests/unit/sync/copy_servers.c

# What the program writes about itself.
$(BUILD)/docs/%: $(BUILD)/mailconvoy
	@mkdir -p $(@D)
	@echo "  DOCS  $@"
	$(Q)$< docs $* > $@
MANPAGES := mailconvoy sync batch report manifest mailconvoy.conf
docs: $(MANPAGES:%=$(BUILD)/docs/man-%) $(BUILD)/docs/completion-bash $(BUILD)/docs/completion-zsh

# `make install PREFIX=/usr DESTDIR=/tmp/package`
INSTALL      ?= install
INSTALL_DATA ?= $(INSTALL) -m 644
install: docs
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(BASHDIR) $(ZSHDIR) \
	    $(DOCDIR)/docs/images $(DOCDIR)/examples)
	$(INSTALL) -m 755 $(BUILD)/mailconvoy $(DESTDIR)$(BINDIR)/mailconvoy
	$(INSTALL_DATA) $(BUILD)/docs/man-mailconvoy $(DESTDIR)$(MANDIR)/man1/mailconvoy.1
	for page in sync batch report; do \
	    $(INSTALL_DATA) $(BUILD)/docs/man-$$page $(DESTDIR)$(MANDIR)/man1/mailconvoy-$$page.1 || exit; \
	done
	$(INSTALL_DATA) $(BUILD)/docs/man-manifest $(DESTDIR)$(MANDIR)/man5/mailconvoy-manifest.5
	$(INSTALL_DATA) $(BUILD)/docs/man-mailconvoy.conf $(DESTDIR)$(MANDIR)/man5/mailconvoy.conf.5
	$(INSTALL_DATA) $(BUILD)/docs/completion-bash $(DESTDIR)$(BASHDIR)/mailconvoy
	$(INSTALL_DATA) $(BUILD)/docs/completion-zsh $(DESTDIR)$(ZSHDIR)/_mailconvoy
	$(INSTALL_DATA) README.md CHANGELOG.md $(LICENSES) $(DESTDIR)$(DOCDIR)
	$(INSTALL_DATA) docs/*.md $(DESTDIR)$(DOCDIR)/docs
	$(INSTALL_DATA) docs/images/*.png $(DESTDIR)$(DOCDIR)/docs/images
	$(INSTALL_DATA) -D tests/bench/RESULTS.md $(DESTDIR)$(DOCDIR)/tests/bench/RESULTS.md
	$(INSTALL_DATA) $(wildcard examples/*.*) $(DESTDIR)$(DOCDIR)/examples
	for example in crontab mailconvoy.service; do \
	    sed 's,/usr/local/bin,$(BINDIR),' examples/$$example >$(DESTDIR)$(DOCDIR)/examples/$$example && \
	    chmod 644 $(DESTDIR)$(DOCDIR)/examples/$$example || exit; \
	done

uninstall:
	rm -f $(addprefix $(DESTDIR),$(BINDIR)/mailconvoy $(MANDIR)/man1/mailconvoy.1 \
	    $(addprefix $(MANDIR)/man1/mailconvoy-,sync.1 batch.1 report.1) \
	    $(addprefix $(MANDIR)/man5/mailconvoy,-manifest.5 .conf.5) $(BASHDIR)/mailconvoy $(ZSHDIR)/_mailconvoy)
	rm -rf $(DESTDIR)$(DOCDIR)

unit: $(UNITBINS)
	$(Q)scripts/run-units $(UNITBINS)

# What drives Chromium in tests; without npm those tests are skipped.
build/browser/node_modules: tests/browser/package-lock.json
	$(Q)mkdir -p $(@D) && cp tests/browser/package.json $< $(@D)
	$(Q)npm ci --silent --prefix $(@D) && touch $@ || echo "no npm here: no tests in a browser"

integration: $(BUILD)/mailconvoy $(BUILD)/mailconvoy-crash build/browser/node_modules
	$(Q)MAILCONVOY=$(MAILCONVOY) MAILCONVOY_CRASH=$(BUILD)/mailconvoy-crash PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -q -n $(JOBS) \
	    -p no:cacheprovider --junitxml=$(BUILD)/integration.xml $(TESTS)

# The two commands a newcomer needs.
demo: deps-test
	$(Q)$(MAKE) --no-print-directory mailconvoy
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/demo/demo.py
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/demo/tenants.py

# docs/images, as README.md shows them.
screenshots: deps-test
	$(Q)$(MAKE) --no-print-directory mailconvoy
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tests/demo/screenshots.py

check: deps-test
	$(Q)$(MAKE) --no-print-directory unit integration

# The same tests with the address and undefined-behaviour sanitizers, then threads with their own.
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
check-asan: deps-test
	$(Q)MAILCONVOY_TIMEOUT=300 $(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE="$(ASAN)" \
	    CFLAGS="-O1 -g -fno-omit-frame-pointer" TESTS="-m 'not browser and not package' $(TESTS)" unit integration

check-tsan: deps-test
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=-fsanitize=thread \
	    CFLAGS="-O1 -g" UNITS="$(wildcard tests/unit/base/test_*.c tests/unit/store/test_*.c tests/unit/batch/test_*.c)" unit
	$(Q)MAILCONVOY_TIMEOUT=300 TSAN_OPTIONS="halt_on_error=1 suppressions=$(CURDIR)/tests/tsan.supp" $(MAKE) --no-print-directory \
	    BUILD=$(BUILD)/tsan SANITIZE=-fsanitize=thread CFLAGS="-O1 -g" integration \
	    TESTS="-m threads tests/integration"

# A minute over eight mailboxes with tokens that live three seconds.
check-tokens: deps-test
	$(Q)TOKEN_RUN_SECS=60 $(MAKE) --no-print-directory integration \
	    TESTS=tests/integration/test_oauth.py::test_sessions_end_with_their_tokens

lint:
	$(Q)scripts/deps build lint
	$(Q)LINT_FLAGS='$(filter-out $(SANITIZE),$(NEEDED))' scripts/lint

# A few seconds of each fuzzer, so that none rots.
FUZZ_SECS ?= 20
fuzz-smoke:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzzing CC=clang CFLAGS="-O1 -g" \
	    SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all" run-fuzzers

$(BUILD)/fuzz/%: tests/fuzz/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  FUZZ  $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -Wno-missing-prototypes -fsanitize=fuzzer -o $@ $< $(LIB) $(LINK)

run-fuzzers: $(FUZZBINS)
	$(Q)set -e; for fuzzer in $(FUZZBINS); do \
	    mkdir -p $$fuzzer.corpus; \
	    $$fuzzer -max_total_time=$(FUZZ_SECS) -print_final_stats=1 -artifact_prefix=$$fuzzer. \
	        $$fuzzer.corpus $$(ls -d tests/fuzz/corpus/$$(basename $$fuzzer) 2>/dev/null); \
	done

# mailconvoy, mbsync and the least a client can do, over the same servers: BENCH="--case small".
bench:
	$(Q)scripts/deps build test bench
	$(Q)$(MAKE) --no-print-directory mailconvoy $(addprefix $(BUILD)/bench/,floor measure delay)
	$(Q)BUILD=$(BUILD) tests/bench/run $(BENCH)
	$(Q)$(if $(BENCH),,$(MAKE) --no-print-directory bench-nightly)
	$(Q)$(if $(BENCH),,BUILD=$(BUILD) tests/bench/scale)

# Runs after the first: NIGHTLY="--case quiet". One build of the program times its store.
bench-nightly:
	$(Q)scripts/deps build test bench
	$(Q)$(MAKE) --no-print-directory mailconvoy $(BUILD)/bench/measure $(BUILD)/bench/store_time.o
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/timed LDFLAGS=$(abspath $(BUILD))/bench/store_time.o \
	    CFLAGS="$(CFLAGS) $(STORE_TIMED)" $(BUILD)/timed/mailconvoy
	$(Q)BUILD=$(BUILD) tests/bench/nightly $(NIGHTLY)
STORE_TIMED := -finstrument-functions \
    -finstrument-functions-exclude-file-list=base/,sync/,batch/,report/,mailconvoy.c,/usr/

# Against a stand-in that throttles, 5 minutes and a half: THROTTLE="--case delay".
bench-throttle:
	$(Q)scripts/deps build test
	$(Q)$(MAKE) --no-print-directory mailconvoy
	$(Q)tests/bench/throttle $(THROTTLE)

$(BUILD)/bench/%.o: tests/bench/%.c
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -c -o $@ $<

# The last case of `make bench`, up to a million messages: SCALE="--messages 100000".
bench-scale:
	$(Q)scripts/deps build test bench
	$(Q)$(MAKE) --no-print-directory mailconvoy $(addprefix $(BUILD)/bench/,floor measure)
	$(Q)BUILD=$(BUILD) tests/bench/scale $(SCALE)

$(BUILD)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	@echo "  BENCH $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -o $@ $^ $(LINK)

# What the store costs: rows a second, bytes a row, syncs.
bench-store: $(BUILD)/bench/store
	$(Q)$(BUILD)/bench/store
$(BUILD)/bench/store: $(LIB)

# build/deb/mailconvoy_*.deb, on Debian and what descends from it.
deb:
	$(Q)scripts/deps build deb
	$(Q)packaging/deb $(BUILD)/deb

deps:
	$(Q)scripts/deps

deps-test:
	$(Q)scripts/deps build test

clean:
	$(Q)rm -rf $(BUILD) mailconvoy

-include $(OBJS:.o=.d) $(CRASHOBJ:.o=.d) $(BUILD)/mailconvoy.d $(UNITBINS:=.d)

.PHONY: all docs install uninstall unit integration demo screenshots check check-asan check-tsan check-tokens lint fuzz-smoke run-fuzzers bench \
        bench-nightly bench-scale bench-store bench-throttle deb deps deps-test clean
.DELETE_ON_ERROR:
