# tocsin - GNU make; `make help` prints the targets.
#
# help    this text
# deps    install what building and testing need (apt, as root or with sudo)
# demo    build, then the main job on the embedded data; DATA=DIR for a folder of yours,
#         BROKERS=host:port for a real Kafka
# test    every test; asan and tsan run the same tests in those flavours
# fuzz    libFuzzer over every parser, FUZZ_SECONDS each (clang)
# bench   one JSON line a bench, ratios taken in the same run
# docs    regenerate config/REFERENCE.md from the binary
# bless   rewrite the expected outputs under tests/cases; the diff is the review
# fmt     clang-format over the sources; lint: check it, and compile headers as C and C++
# install into PREFIX (/usr/local), honouring DESTDIR
# clean   remove build/
#
# Variables: CC, HS=hyperscan|vectorscan, V=1 (show commands), FLAVOUR=release|asan|tsan|fuzz

FLAVOUR ?= release
HS	?= hyperscan
PREFIX	?= /usr/local
V	?= 0
FUZZ_SECONDS ?= 60
VERSION := 0.1.0

B	:= build/$(FLAVOUR)
ifneq ($(HS),hyperscan)
B	:= build/$(FLAVOUR)-$(HS)
endif
Q	:= $(if $(filter 1,$(V)),,@)

PKGS	:= libhs libpcap rdkafka liburing yaml-0.1 libxxhash jansson libsodium zlib libzstd uuid
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

CPPFLAGS := -D_GNU_SOURCE -DTOCSIN_VERSION='"$(VERSION)"' -Isrc -Iinclude $(PKG_CFLAGS)
CFLAGS	:= -std=c17 -O2 -g -mcx16 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	   -Wmissing-prototypes -Wvla -fno-strict-aliasing -fPIC -pthread
LDLIBS	:= $(PKG_LIBS) -lck -lm -ldl -pthread

ifeq ($(FLAVOUR),release)
LDLIBS	+= -ljemalloc
CPPFLAGS += -DTOCSIN_JEMALLOC
else ifeq ($(FLAVOUR),asan)
CFLAGS	+= -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else ifeq ($(FLAVOUR),tsan)
CFLAGS	+= -O1 -fsanitize=thread
CPPFLAGS += -DCK_USE_CC_BUILTINS=1
else ifeq ($(FLAVOUR),fuzz)
CC	:= clang
CFLAGS	+= -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
endif
SANFLAGS := $(filter -fsanitize%,$(CFLAGS))

SRC	:= $(filter-out src/main.c,$(wildcard src/*/*.c))
OBJ	:= $(SRC:src/%.c=$(B)/%.o)
TESTSRC := $(wildcard tests/unit/*.c tests/concurrent/*.c tests/kafka/*.c)
TESTS	:= $(TESTSRC:tests/%.c=$(B)/tests/%)
FUZZSRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZERS := $(FUZZSRC:tests/fuzz/%.c=$(B)/fuzz/%)
REPLAYS := $(FUZZSRC:tests/fuzz/%.c=$(B)/tests/replay/%)
BENCHSRC := $(wildcard bench/micro/*.c bench/pipeline/*.c)
BENCHES := $(BENCHSRC:bench/%.c=$(B)/bench/%)

.PHONY: all help deps demo test asan tsan fuzz bench docs bless fmt lint install clean testbins
.DELETE_ON_ERROR:

all: build/tocsin

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

build/tocsin: $(B)/tocsin
	$(Q)ln -sf $(notdir $(B))/tocsin build/tocsin.new && mv -f build/tocsin.new build/tocsin

$(B)/%.o: src/%.c
	$(Q)mkdir -p $(@D)
	@[ $(V) = 1 ] || echo "  CC $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libtocsin.a: $(OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/libtocsin.so: $(OBJ)
	@[ $(V) = 1 ] || echo "  LD $@"
	$(Q)$(CC) -shared $(SANFLAGS) -Wl,-soname,libtocsin.so.0 -o $@ $^ $(LDLIBS)

$(B)/tocsin: $(B)/main.o $(B)/libtocsin.a
	@[ $(V) = 1 ] || echo "  LD $@"
	$(Q)$(CC) $(SANFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/%: tests/%.c tests/tap.h $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	@[ $(V) = 1 ] || echo "  CC $<"
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(B)/libtocsin.a $(LDLIBS)

# A fuzz harness with a plain main that replays its corpus: any compiler, any flavour.
$(B)/tests/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -o $@ $< tests/fuzz/replay.c $(B)/libtocsin.a $(LDLIBS)

$(B)/fuzz/%: tests/fuzz/%.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -fsanitize=fuzzer -o $@ $< $(B)/libtocsin.a $(LDLIBS)

$(B)/bench/%: bench/%.c $(B)/libtocsin.a
	$(Q)mkdir -p $(@D)
	@[ $(V) = 1 ] || echo "  CC $<"
	$(Q)$(CC) $(CPPFLAGS) -Ibench $(CFLAGS) -MMD -MP -o $@ $< $(B)/libtocsin.a $(LDLIBS)

testbins: $(B)/tocsin $(B)/libtocsin.so $(TESTS) $(REPLAYS)

-include $(OBJ:.o=.d) $(B)/main.d $(TESTS:%=%.d) $(BENCHES:%=%.d)
