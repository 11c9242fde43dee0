# mailconvoy: `make demo` shows it working, `make check` proves it. V=1 shows commands.

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
PKG_CONFIG ?= pkg-config
BUILD      ?= build
PYTHON     ?= /usr/bin/python3
CC         ?= cc
CFLAGS     ?= -O2 -g
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)

# What the code needs stands apart from CFLAGS, so that `make CFLAGS=-O0` keeps working.
STANDARD := -std=c17 -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wformat=2 -Wundef -Wvla $(WERROR)
LIBS     := libssl libcrypto sqlite3 libpcre2-8 zlib
NEEDED   := $(STANDARD) $(WARNINGS) -I. -pthread $(SANITIZE) $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LINK     := -pthread $(SANITIZE) $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null) -lcsv

# ROOMS limits a build to some rooms: `make unit ROOMS="base store"`.
ROOMS    ?= base store sync report batch
SRCS     := $(foreach r,$(ROOMS),$(wildcard $(r)/*.c $(r)/*/*.c))
OBJS     := $(SRCS:%.c=$(BUILD)/%.o)
LIB      := $(BUILD)/libmailconvoy.a
UNITS    := $(foreach r,$(ROOMS),$(wildcard tests/unit/$(r)/test_*.c))
UNITBINS := $(UNITS:tests/unit/%.c=$(BUILD)/unit/%)

Q := $(if $(V),,@)

all: mailconvoy

mailconvoy: $(BUILD)/mailconvoy
	$(Q)cp $< $@

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

$(BUILD)/unit/%: tests/unit/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  TEST  $@"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(NEEDED) -Wno-missing-prototypes -MMD -MP -o $@ $< $(LIB) $(LINK) -lcmocka

unit: $(UNITBINS)
	$(Q)scripts/run-units $(UNITBINS)

clean:
	$(Q)rm -rf $(BUILD) mailconvoy

-include $(OBJS:.o=.d) $(BUILD)/mailconvoy.d $(UNITBINS:=.d)

.PHONY: all unit clean
.DELETE_ON_ERROR:
