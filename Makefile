# tocsin - GNU make; `make help` prints the targets.
#
# help    this text
# deps    install what building and testing need (apt, as root or with sudo)
# demo    build, then the main job on the embedded data; DATA=DIR for a folder of yours,
#         BROKERS=host:port for a real Kafka
# test    every test; asan and tsan run the same tests in those flavours
# mutants break a copy of the engine on purpose, and tell which test notices
# fuzz    libFuzzer over every parser, FUZZ_SECONDS each (clang)
# bench   one JSON line a bench, ratios taken in the same run
# docs    regenerate config/REFERENCE.md from the binary
# bless   rewrite the expected outputs under tests/cases; the diff is the review
# fmt     clang-format over the sources; lint: show where it differs, and compile the public
#         headers and every other one alone, as C and (public) as C++
# install into PREFIX (/usr/local), honouring DESTDIR
# clean   remove build/
#
# Variables: CC, HS=hyperscan|vectorscan, V=1 (show commands), FLAVOUR=release|asan|tsan|fuzz,
# ONLY=words (test: only programs and cases whose name holds one). Builds on all cores; -jN limits.

FLAVOUR ?= release
HS	?= hyperscan
PREFIX	?= /usr/local
V	?= 0
FUZZ_SECONDS ?= 60
VERSION := 0.1.0

ifeq ($(MAKELEVEL)$(filter -j% --jobs%,$(shell tr '\0' ' ' </proc/$$PPID/cmdline)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory

Q	:= $(if $(filter 1,$(V)),,@)
say	= @[ $(V) = 1 ] || echo "  $(1)"

# One folder a flavour; another compiler or matcher has its own.
B	:= build/$(FLAVOUR)$(if $(filter vectorscan,$(HS)),-vectorscan)
ifneq ($(FLAVOUR),fuzz)
B	:= $(B)$(if $(findstring clang,$(notdir $(firstword $(CC)))),-clang)
endif

PKGS	:= libhs libpcap rdkafka liburing yaml-0.1 libpcre2-8 libutf8proc libxxhash jansson libsodium zlib libzstd uuid
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

CPPFLAGS := -D_GNU_SOURCE -DTOCSIN_VERSION='"$(VERSION)"' -Isrc -Iinclude $(PKG_CFLAGS)
WARN	:= -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS	:= -std=c17 -O2 -g -mcx16 $(WARN) -fno-strict-aliasing -fPIC -pthread
LDLIBS	:= $(PKG_LIBS) -lck -lm -ldl -pthread

ifeq ($(FLAVOUR),release)
LDLIBS	+= -ljemalloc
CPPFLAGS += -DTOCSIN_JEMALLOC
else ifeq ($(FLAVOUR),asan)
CFLAGS	+= -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),tsan)
CFLAGS	+= -O1 -fsanitize=thread
CPPFLAGS += -DCK_USE_CC_BUILTINS=1
EXTRA	:= $(B)/tsan_threads.o
else ifeq ($(FLAVOUR),fuzz)
CC	:= clang
CFLAGS	+= -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
else
$(error FLAVOUR=$(FLAVOUR): not one of release asan tsan fuzz)
endif
ifneq ($(FLAVOUR),release)
# Instrumented, gcc can no longer see what bounds a length and warns of it.
CFLAGS	+= -Wno-format-truncation -Wno-maybe-uninitialized
ifneq ($(findstring clang,$(notdir $(firstword $(CC)))),)
CFLAGS	+= -Wno-unknown-warning-option
endif
endif
SANFLAGS := $(filter -fsanitize%,$(CFLAGS))

# Vectorscan has Hyperscan's names: its private copy, where there is one, comes first.
ifeq ($(HS),vectorscan)
HS_COPY	:= build/vectorscan/ready
CPPFLAGS := -Ibuild/vectorscan/usr/include/hs $(CPPFLAGS)
HS_LIB	:= build/vectorscan/usr/lib/$(shell $(CC) -print-multiarch 2>/dev/null || echo x86_64-linux-gnu)
LDLIBS	:= -L$(HS_LIB) -Wl,-rpath,$(abspath $(HS_LIB)) $(LDLIBS)
else ifneq ($(HS),hyperscan)
$(error HS=$(HS): not one of hyperscan vectorscan)
endif

SRC	:= $(wildcard src/*/*.c src/*/*/*.c)
OBJ	:= $(SRC:src/%.c=$(B)/%.o)
TESTSRC := $(wildcard tests/unit/*.c tests/concurrent/*.c tests/kafka/*.c)
TESTS	:= $(TESTSRC:tests/%.c=$(B)/tests/%)
FUZZSRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS := $(FUZZSRC:tests/fuzz/%.c=$(B)/fuzz/%)
REPLAYS := $(FUZZSRC:tests/fuzz/%.c=$(B)/tests/replay/%)
TRUTHSRC := $(wildcard tests/truth/*.c)
BENCHSRC := $(wildcard bench/micro/*.c bench/pipeline/*.c)
BENCHES := $(BENCHSRC:bench/%.c=$(B)/bench/%)
# Started by a script of its own, which starts a broker first.
BROKER_BENCHES := $(B)/bench/kafka/consume
PUBLIC	:= $(wildcard include/tocsin/*.h)
# A header without a guard is a part of some .c, not one to compile alone.
HEADERS := $(PUBLIC) $(shell grep -ls '^#ifndef .*_H$$' src/*/*.h src/*/*/*.h)

.PHONY: all help deps demo test asan tsan mutants fuzz bench docs bless fmt lint install clean testbins FORCE
.DELETE_ON_ERROR:

all: build/tocsin

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

deps:
	@HS=$(HS) config/deps.sh build test fuzz demo

# Always: the link names the flavour that was asked for last.
build/tocsin: $(B)/tocsin FORCE
	$(Q)ln -sf $(notdir $(B))/tocsin build/tocsin.new && mv -f build/tocsin.new build/tocsin

build/vectorscan/ready:
	$(Q)config/deps.sh vectorscan

$(B)/%.o: src/%.c Makefile | $(HS_COPY)
	$(Q)mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tsan_threads.o: tests/tsan_threads.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# Changes when a source comes or goes, so that no archive keeps an object without one.
$(B)/objects: FORCE
	$(Q)mkdir -p $(@D) && echo '$(OBJ)' | cmp -s - $@ || echo '$(OBJ)' >$@

$(B)/libtocsin.a: $(OBJ) $(B)/objects
	$(Q)mkdir -p $(@D) && rm -f $@ && ar rcs $@ $(filter %.o,$^)

# Which allocator a program has is the program's choice: behind its back, Hyperscan would get
# C++'s operators from jemalloc and free() from the C library.
$(B)/libtocsin.so: $(OBJ)
	$(call say,LD $@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared $(SANFLAGS) -Wl,-soname,libtocsin.so.0 -o $@ $^ $(filter-out -ljemalloc,$(LDLIBS))
	$(Q)ln -sf libtocsin.so $@.0

$(B)/tocsin: $(B)/main.o $(EXTRA) $(B)/libtocsin.a
	$(call say,LD $@)
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/%: tests/%.c tests/tap.h $(EXTRA) $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(EXTRA) $(B)/libtocsin.a $(LDLIBS)

# The reference correlator and its worlds, and the engine's public interface: nothing of src/.
$(B)/truth: $(TRUTHSRC) tests/truth/truth.h bench/bench.h $(EXTRA) $(B)/libtocsin.a
	$(call say,CC tests/truth)
	$(Q)$(CC) -D_GNU_SOURCE -Iinclude -Ibench $(CFLAGS) -o $@ $(TRUTHSRC) $(EXTRA) $(B)/libtocsin.a $(LDLIBS)

# A fuzz harness with a plain main that replays its corpus: any compiler, any flavour.
$(B)/tests/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(call say,CC $< (replay))
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -o $@ $< tests/fuzz/replay.c $(B)/libtocsin.a $(LDLIBS)

$(B)/fuzz/%: tests/fuzz/%.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(call say,CC $< (libFuzzer))
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libtocsin.a $(LDLIBS)

$(B)/bench/micro/evidence: LDLIBS += -lurcu-cds -lurcu-qsbr
$(B)/bench/%: bench/%.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CPPFLAGS) -Ibench $(CFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(B)/libtocsin.a $(LDLIBS)

# The generator of telemetry stands alone: libc, and the same bytes in every flavour.
build/gen: $(wildcard bench/gen/*.c bench/gen/*.h)
	$(Q)mkdir -p $(@D)
	$(call say,CC bench/gen)
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE -O2 -g $(WARN) -o $@ $(filter %.c,$^)

testbins: $(B)/tocsin $(B)/libtocsin.so $(TESTS) $(REPLAYS) $(B)/truth build/gen

demo:
	@HS=$(HS) config/deps.sh build demo
	@$(MAKE) build/tocsin build/gen
	@config/demo/run $(if $(DATA),--data '$(DATA)') $(if $(BROKERS),--brokers '$(BROKERS)')

test:
	@HS=$(HS) config/deps.sh build test
	@$(MAKE) testbins
	@CC='$(CC)' ONLY='$(ONLY)' V=$(V) tests/run $(B)

asan tsan:
	@$(MAKE) FLAVOUR=$@ test

mutants:
	@$(MAKE) testbins
	@tests/mutants/run $(ONLY)

fuzz:
	@config/deps.sh build fuzz
	@$(MAKE) FLAVOUR=fuzz fuzzers
	@set -e; for f in $(FUZZSRC:tests/fuzz/fuzz_%.c=%); do \
		mkdir -p build/fuzz/found/$$f tests/fuzz/corpus/fuzz_$$f; \
		echo "  FUZZ $$f for $(FUZZ_SECONDS) s"; \
		build/fuzz/fuzz/fuzz_$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=4096 \
			-print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/found/$$f/crash- \
			build/fuzz/found/$$f $$(ls -d tests/fuzz/corpus/fuzz_$$f tests/fuzz/regressions/fuzz_$$f 2>/dev/null); \
	done

.PHONY: fuzzers benches
fuzzers: $(FUZZERS)
benches: $(BENCHES) $(BROKER_BENCHES) build/tocsin build/gen $(B)/truth

bench:
	@HS=$(HS) config/deps.sh build bench >&2
	@$(MAKE) benches >&2
	@for b in $(BENCHES); do $$b || exit 1; done
	@$(B)/truth seeds 0 10000 $(B)/truth.work --line truth
	@bench/kafka/run
	@bench/accuracy/run --readme
	@bench/sigma/run

docs: build/tocsin
	$(Q)build/tocsin check --reference >config/REFERENCE.md.new && mv config/REFERENCE.md.new config/REFERENCE.md

bless: testbins
	@BLESS=1 CC='$(CC)' ONLY='$(ONLY)' V=$(V) tests/run $(B)
	@git --no-pager diff --stat -- tests/cases

fmt:
	clang-format -i $(shell git ls-files '*.c' '*.h')

lint:
	@for h in $(HEADERS); do \
		$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-unused-function -fsyntax-only -x c $$h || exit 1; \
	done; echo "lint: $(words $(HEADERS)) headers compile alone as C"
	@for h in $(PUBLIC); do \
		$(CXX) -Iinclude -std=c++17 -Wall -Wextra -Werror -fsyntax-only -x c++ $$h || exit 1; \
	done; echo "lint: $(words $(PUBLIC)) public headers compile as C++"
	@if command -v clang-format >/dev/null; then \
		clang-format --dry-run $(shell git ls-files '*.c' '*.h') 2>&1 | grep -c 'clang-format-violations' | \
		sed 's/$$/ lines differ from clang-format (for information)/'; fi

install: all $(B)/libtocsin.so
	install -D -m 755 $(B)/tocsin $(DESTDIR)$(PREFIX)/bin/tocsin
	install -D -m 644 $(B)/libtocsin.a $(DESTDIR)$(PREFIX)/lib/libtocsin.a
	install -D -m 755 $(B)/libtocsin.so $(DESTDIR)$(PREFIX)/lib/libtocsin.so.0
	ln -sf libtocsin.so.0 $(DESTDIR)$(PREFIX)/lib/libtocsin.so
	for h in $(PUBLIC); do install -D -m 644 $$h $(DESTDIR)$(PREFIX)/$$h; done
	for f in $$(cd rules && find . -type f); do \
		install -D -m 644 rules/$$f $(DESTDIR)$(PREFIX)/share/tocsin/rules/$$f; done
	install -D -m 644 LICENSE $(DESTDIR)$(PREFIX)/share/doc/tocsin/LICENSE
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's,/usr/local,$(PREFIX),' config/tocsin.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/tocsin.service

clean:
	rm -rf build

-include $(OBJ:.o=.d) $(B)/main.d $(TESTS:%=%.d) $(BENCHES:%=%.d)
