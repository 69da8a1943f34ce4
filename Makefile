# purple-coi: `make help` lists the targets.
VERSION := 0.1.0
PLUGIN := libcoi.so
BUILD ?= build
# Where things go; PLUGINDIR is where libpurple looks for plugins, whatever PREFIX says.
PREFIX ?= /usr
DATADIR ?= $(PREFIX)/share
LOCALEDIR ?= $(DATADIR)/locale
PLUGINDIR ?= $(call once,PLUGINDIR,--variable=plugindir purple)

PKGS_BASE := glib-2.0 gio-2.0 gio-unix-2.0 gmime-3.0 sqlite3
PKG_CONFIG ?= pkg-config
CC ?= cc

CFLAGS ?= -O2 -g
HARDENING := -D_FORTIFY_SOURCE=2 -fstack-protector-strong
WARNINGS := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wpointer-arith -Wvla
BASE_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -pthread -MMD -MP -Isrc \
	-DG_LOG_DOMAIN='"purple-coi"' -DGETTEXT_PACKAGE='"purple-coi"' -DCOI_VERSION='"$(VERSION)"' \
	-DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_66
# An empty SANITIZE builds the product; `address,undefined` and `thread` build into directories of their own.
SANITIZE ?=
ifneq ($(SANITIZE),)
SANFLAGS := -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined
HARDENING :=
endif

V ?= 0
ifeq ($(V),0)
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
else
Q :=
say = @:
endif

# Rooms without libpurple, in one archive that unit and engine tests link.
CORE_SRC := $(sort $(wildcard src/base/*.c src/mime/*.c src/coi/*.c src/store/*.c src/net/*.c src/engine/*.c))
PRPL_SRC := $(sort $(wildcard src/plugin.c src/prpl/*.c))
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
PRPL_OBJ := $(PRPL_SRC:%.c=$(BUILD)/%.o)
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
CLIENT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/lab/client*.c)))
LAB_ENGINE := $(BUILD)/tests/lab/engine-client
LAB_BIN := $(BUILD)/tests/lab/client $(LAB_ENGINE)
# Most of a test's time is waiting for real servers.
JOBS ?= $(shell expr $$(nproc) + 1)
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/unit/%)

# Asked on first use only: on a fresh machine pkg-config comes with `make deps`.
once = $(eval $(1) := $$(shell $(PKG_CONFIG) $(2)))$($(1))
BASE_PKG_CFLAGS = $(call once,BASE_PKG_CFLAGS,--cflags $(PKGS_BASE))
BASE_PKG_LIBS = $(call once,BASE_PKG_LIBS,--libs $(PKGS_BASE))
PURPLE_CFLAGS = $(call once,PURPLE_PKG_CFLAGS,--cflags purple)
PURPLE_LIBS = $(call once,PURPLE_LIBS,--libs purple)
JSON_CFLAGS = $(call once,JSON_CFLAGS,--cflags json-glib-1.0)
JSON_LIBS = $(call once,JSON_LIBS,--libs json-glib-1.0)
CORE_CFLAGS = $(BASE_CFLAGS) $(BASE_PKG_CFLAGS)
CORE_LIBS = -letpan $(BASE_PKG_LIBS)

.PHONY: all
all: $(BUILD)/$(PLUGIN) ## build build/libcoi.so

$(BUILD)/$(PLUGIN): $(PRPL_OBJ) $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) -shared $(CFLAGS) $(SANFLAGS) -Wl,-z,defs,-z,nodelete,-z,relro,-z,now,--as-needed $(LDFLAGS) \
		-Wl,--version-script=src/plugin.map -o $@ $^ $(PURPLE_LIBS) $(CORE_LIBS)

$(BUILD)/libcore.a: $(CORE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/src/prpl/%.o $(BUILD)/src/plugin.o: CORE_CFLAGS += $(PURPLE_CFLAGS) -DCOI_LOCALEDIR='"$(LOCALEDIR)"'

# A missing library is named with its package before the compiler stumbles over it.
$(BUILD)/.libraries: tests/deps-check
	$(Q)PKG_CONFIG="$(PKG_CONFIG)" tests/deps-check $(PKGS_BASE) libetpan purple
	@mkdir -p $(@D) && touch $@

.PHONY: deps-check
deps-check: ## say which libraries are missing, and the package of each
	$(Q)PKG_CONFIG="$(PKG_CONFIG)" tests/deps-check $(PKGS_BASE) libetpan purple json-glib-1.0

$(BUILD)/%.o: %.c | $(BUILD)/.libraries
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CORE_CFLAGS) $(HARDENING) $(WARNINGS) $(CFLAGS) $(SANFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -pthread -o $@ $^ $(CORE_LIBS)

# Pure, so it needs no libpurple although it lives beside it.
$(BUILD)/tests/unit/test_markup: $(BUILD)/src/prpl/markup.o $(BUILD)/src/prpl/tag.o
$(BUILD)/tests/unit/test_format: $(BUILD)/src/prpl/format.o $(BUILD)/src/prpl/markup.o $(BUILD)/src/prpl/tag.o

# The engine without libpurple, for ThreadSanitizer.
$(LAB_ENGINE): $(BUILD)/tests/lab/engine_client.o $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -pthread -o $@ $^ $(JSON_LIBS) $(CORE_LIBS)

# The headless client knows nothing of ours: it loads the plugin as any client does.
$(BUILD)/tests/lab/client: $(CLIENT_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) -o $@ $^ $(JSON_LIBS) $(PURPLE_LIBS) $(BASE_PKG_LIBS)

$(BUILD)/tests/lab/%.o: CORE_CFLAGS += $(JSON_CFLAGS)
$(CLIENT_OBJ): CORE_CFLAGS += $(PURPLE_CFLAGS)

# make would delete the tests' object files, which it sees as a mere step.
.SECONDARY: $(UNIT_SRC:%.c=$(BUILD)/%.o)

.PHONY: unit
unit: $(UNIT_BIN) ## build the unit tests

.PHONY: compile
compile: $(CORE_OBJ) $(PRPL_OBJ) ## compile every source without linking

# What the tests run: the product and the programs of tests/lab.
.PHONY: testable
testable: all unit $(LAB_BIN)

# `deps` may install the very tools this Makefile asks when it is read: the work is a make of its own.
.PHONY: check
check: ## install what is needed, build, run every test (TESTS="name …": only some)
	$(Q)$(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory check-built

.PHONY: check-built
check-built:
	$(Q)$(MAKE) -j$(shell nproc) --no-print-directory testable translations
	$(Q)$(MAKE) -j$(shell nproc) --no-print-directory testable BUILD=$(BUILD)-asan SANITIZE=address,undefined
	$(Q)$(MAKE) -j$(shell nproc) --no-print-directory unit $(LAB_ENGINE:$(BUILD)/%=$(BUILD)-tsan/%) BUILD=$(BUILD)-tsan SANITIZE=thread
	$(Q)tests/make-list $(BUILD) $(TESTS)
	$(Q)prove --timer -j $(JOBS) $(BUILD)/t

.PHONY: demo
demo: ## install what is needed, build, open a client with two accounts chatting through real servers
	$(Q)$(MAKE) --no-print-directory deps
	$(Q)$(MAKE) --no-print-directory demo-built

.PHONY: demo-built
demo-built: testable
	$(Q)tests/demo

.PHONY: fuzz
TIME ?= 60
fuzz: ## run every fuzz target for TIME seconds (clang's libFuzzer with sanitizers; corpora from tests/samples)
	$(Q)mkdir -p $(BUILD)/fuzz
	$(Q)set -e; for target in $(basename $(notdir $(wildcard tests/fuzz/*.c))); do \
		clang -O1 -g $(CORE_CFLAGS) -fsanitize=fuzzer,address,undefined -o $(BUILD)/fuzz/$$target tests/fuzz/$$target.c \
			src/base/*.c src/mime/*.c src/coi/*.c $(BASE_PKG_LIBS); \
		mkdir -p $(BUILD)/fuzz/$$target.corpus; \
		$(BUILD)/fuzz/$$target -max_total_time=$(TIME) -max_len=262144 -print_final_stats=1 $(BUILD)/fuzz/$$target.corpus \
			tests/samples/mails tests/samples/deltachat tests/samples/reports; \
	done

.PHONY: bench
bench: testable ## measure: latency against the raw floor, longest stall of the main loop, what a login costs
	$(Q)tests/bench/bench.py
	$(Q)tests/bench/live.py
	$(Q)tests/bench/sync.py
	$(Q)tests/bench/history.py

.PHONY: check-unit
check-unit: unit ## run the unit tests alone; they need neither servers nor network
	$(Q)for test in $(UNIT_BIN); do G_DEBUG=fatal-criticals $$test || exit 1; done

.PHONY: deps
deps: ## install what building, tests and demo need (Debian; asks sudo when something is missing)
	$(Q)tests/install-deps

LINGUAS := $(sort $(patsubst po/%.po,%,$(wildcard po/*.po)))
MO := $(LINGUAS:%=$(BUILD)/locale/%/LC_MESSAGES/purple-coi.mo)
ICON_SIZES := 16 22 48
ICON_DIR = $(DESTDIR)$(DATADIR)/pixmaps/pidgin/protocols
METAINFO := purple-coi.metainfo.xml

.PHONY: translations
translations: $(MO) ## compile the translations

$(BUILD)/locale/%/LC_MESSAGES/purple-coi.mo: po/%.po
	@mkdir -p $(@D)
	$(call say,MSGFMT,$<)
	$(Q)msgfmt -c -o $@ $<

# No date in the template: it changes when a string does.
.PHONY: pot
pot: ## collect the strings to translate into po/purple-coi.pot and every po/*.po
	$(Q)grep -rlE --include='*.c' '\b(N?_|ngettext_)\("' src | LC_ALL=C sort >po/POTFILES.in
	$(Q)xgettext --files-from=po/POTFILES.in --from-code=UTF-8 --keyword=_ --keyword=N_ --keyword=ngettext_:1,2 \
		--add-comments=TRANSLATORS --package-name=purple-coi --no-wrap --output=- | \
		sed '/^"POT-Creation-Date:/d' >po/purple-coi.pot
	$(Q)for lang in $(LINGUAS); do msgmerge --quiet --update --backup=none --no-wrap po/$$lang.po po/purple-coi.pot; done

.PHONY: install
install: all translations ## install for everybody (DESTDIR= PREFIX= PLUGINDIR=)
	$(call say,INST,$(DESTDIR)$(PLUGINDIR)/$(PLUGIN))
	$(Q)install -D -m 644 $(BUILD)/$(PLUGIN) $(DESTDIR)$(PLUGINDIR)/$(PLUGIN)
	$(Q)for size in $(ICON_SIZES); do \
		install -D -m 644 pixmaps/coi-$$size.png $(ICON_DIR)/$$size/coi.png || exit 1; done
	$(Q)install -D -m 644 pixmaps/coi.svg $(ICON_DIR)/scalable/coi.svg
	$(Q)for lang in $(LINGUAS); do \
		install -D -m 644 $(BUILD)/locale/$$lang/LC_MESSAGES/purple-coi.mo \
			$(DESTDIR)$(LOCALEDIR)/$$lang/LC_MESSAGES/purple-coi.mo || exit 1; done
	$(Q)install -D -m 644 $(METAINFO) $(DESTDIR)$(DATADIR)/metainfo/$(METAINFO)

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PLUGINDIR)/$(PLUGIN) $(ICON_SIZES:%=$(ICON_DIR)/%/coi.png) $(ICON_DIR)/scalable/coi.svg \
		$(LINGUAS:%=$(DESTDIR)$(LOCALEDIR)/%/LC_MESSAGES/purple-coi.mo) $(DESTDIR)$(DATADIR)/metainfo/$(METAINFO)

.PHONY: install-user
install-user: all ## install for yourself alone, into ~/.purple/plugins
	$(Q)install -D -m 644 $(BUILD)/$(PLUGIN) "$(HOME)/.purple/plugins/$(PLUGIN)"
	@echo "Installed as $(HOME)/.purple/plugins/$(PLUGIN). Restart your client to load it."
	@echo "The icon and the translations come with 'make install' only."

.PHONY: dist
dist: ## pack the committed source into build/purple-coi-VERSION.tar.gz, the same bytes each time
	@mkdir -p $(BUILD)
	$(Q)git archive --format=tar --prefix=purple-coi-$(VERSION)/ HEAD | gzip -9n >$(BUILD)/purple-coi-$(VERSION).tar.gz
	@echo $(BUILD)/purple-coi-$(VERSION).tar.gz

.PHONY: format
format: ## lay the source out with clang-format
	clang-format -i $$(find src tests -name '*.[ch]')

# Leaks are the address sanitizer's business: cppcheck does not understand who owns what g_… gives.
.PHONY: lint
lint: ## look for mistakes with cppcheck and gcc's analyzer
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability --library=gtk --inline-suppr \
		--suppress=missingInclude --suppress=unknownMacro --suppress=memleak -j $(JOBS) -Isrc src
	$(Q)$(MAKE) --no-print-directory compile BUILD=$(BUILD)-analyzer WARNINGS="-Wall -Wextra -fanalyzer"

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: clean
clean: ## remove what was built
	rm -rf build build-*

-include $(shell test -d $(BUILD) && find $(BUILD) -type f -not -path '$(BUILD)/cyrus/*' -name '*.d')
