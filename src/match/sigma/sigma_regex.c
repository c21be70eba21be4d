#define PCRE2_CODE_UNIT_WIDTH 8

#include "match/sigma/sigma_regex.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES (1u << 20) /* for compiled code; and heap frames of the interpreter */

struct sigma_regex {
	struct span text;
	uint32_t options;
	pcre2_code *code;
};

/* What the interpreter asks for while it matches: two blocks at a time, the old and the larger. */
struct frames {
	max_align_t room[2][STACK_BYTES / sizeof(max_align_t)];
	bool taken[2];
};

struct sigma_regex_scratch {
	pcre2_general_context *general;
	pcre2_match_context *match;
	pcre2_match_data *data;
	pcre2_jit_stack *stack;
	bool started; /* from here on nothing is allocated */
	struct frames frames;
};

void sigma_regexes_fini(struct sigma_regexes *r)
{
	for (uint32_t i = 0; i < r->count; i++) {
		pcre2_code_free(r->list[i].code);
		free((char *)(uintptr_t)r->list[i].text.p);
	}
	free(r->list);
	*r = (struct sigma_regexes){0};
}

static uint32_t options_of(const struct sigma_value *v)
{
	return PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
	       (v->caseless ? PCRE2_CASELESS : 0) | (v->multiline ? PCRE2_MULTILINE : 0) |
	       (v->dotall ? PCRE2_DOTALL : 0);
}

static bool grow(struct sigma_regexes *r)
{
	uint32_t capacity = r->capacity ? r->capacity * 2 : 64;
	struct sigma_regex *list;

	if (r->count < r->capacity)
		return true;
	list = realloc(r->list, capacity * sizeof(*list));
	if (!list)
		return false;
	r->list = list;
	r->capacity = capacity;
	return true;
}

static pcre2_code *compile(struct span text, uint32_t options, char why[256])
{
	PCRE2_UCHAR message[160] = "";
	PCRE2_SIZE at = 0;
	int error;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.p, text.len, options, &error, &at, NULL);

	if (!code) {
		pcre2_get_error_message(error, message, sizeof(message));
		snprintf(why, 256, "no regular expression: %s at character %zu",
			 (const char *)message, at);
		return NULL;
	}
	/* where there is no compiler for this machine, the interpreter does it */
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

static size_t code_bytes(pcre2_code *code)
{
	size_t size = 0, jit = 0;

	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &jit);
	return size + jit;
}

int64_t sigma_regexes_add(struct sigma_regexes *r, const struct sigma_value *v, char why[256])
{
	uint32_t options = options_of(v);

	for (uint32_t i = 0; i < r->count; i++)
		if (r->list[i].options == options && r->list[i].text.len == v->text.len &&
		    memcmp(r->list[i].text.p, v->text.p, v->text.len) == 0)
			return i;
	snprintf(why, 256, "%s", v->text.len > SIGMA_REGEX_BYTES_MAX
					 ? "expression too long; accepted: up to 16 KiB"
					 : "out of memory");
	if (v->text.len > SIGMA_REGEX_BYTES_MAX || !grow(r))
		return -1;
	char *text = malloc((size_t)v->text.len + 1);
	pcre2_code *code = text ? compile(v->text, options, why) : NULL;
	if (!code) {
		free(text);
		return -1;
	}
	memcpy(text, v->text.p, v->text.len + 1);
	r->bytes += code_bytes(code) + v->text.len;
	r->list[r->count] = (struct sigma_regex){{text, v->text.len}, options, code};
	return r->count++;
}

static void *take_frames(PCRE2_SIZE size, void *ctx)
{
	struct sigma_regex_scratch *sc = ctx;

	if (!sc->started)
		return malloc(size);
	for (int i = 0; i < 2; i++)
		if (!sc->frames.taken[i] && size <= sizeof(sc->frames.room[i])) {
			sc->frames.taken[i] = true;
			return sc->frames.room[i];
		}
	return NULL;
}

static void give_frames(void *p, void *ctx)
{
	struct sigma_regex_scratch *sc = ctx;

	for (int i = 0; i < 2; i++)
		if (p == sc->frames.room[i]) {
			sc->frames.taken[i] = false;
			return;
		}
	free(p);
}

struct sigma_regex_scratch *sigma_regex_scratch_create(void)
{
	struct sigma_regex_scratch *sc = calloc(1, sizeof(*sc));

	if (!sc)
		return NULL;
	sc->general = pcre2_general_context_create(take_frames, give_frames, sc);
	if (sc->general) {
		sc->match = pcre2_match_context_create(sc->general);
		sc->data = pcre2_match_data_create(1, sc->general);
		sc->stack = pcre2_jit_stack_create(STACK_BYTES, STACK_BYTES, sc->general);
	}
	if (!sc->match || !sc->data) {
		sigma_regex_scratch_free(sc);
		return NULL;
	}
	pcre2_set_match_limit(sc->match, SIGMA_REGEX_STEPS);
	pcre2_set_heap_limit(sc->match, STACK_BYTES / 1024);
	if (sc->stack)
		pcre2_jit_stack_assign(sc->match, NULL, sc->stack);
	sc->started = true;
	return sc;
}

void sigma_regex_scratch_free(struct sigma_regex_scratch *sc)
{
	if (!sc)
		return;
	pcre2_jit_stack_free(sc->stack);
	pcre2_match_data_free(sc->data);
	pcre2_match_context_free(sc->match);
	pcre2_general_context_free(sc->general);
	free(sc);
}

int sigma_regex_find(const struct sigma_regexes *r, struct sigma_regex_scratch *sc, uint32_t number,
		     const char *p, size_t len)
{
	int rc = pcre2_match(r->list[number].code, (PCRE2_SPTR)p, len, 0, 0, sc->data, sc->match);

	if (rc >= 0)
		return 1;
	/* PCRE2_ERROR_MATCHLIMIT, HEAPLIMIT, JIT_STACKLIMIT, NOMEMORY: whatever keeps it from
	 * deciding; bytes that are no UTF-8 were asked to match nothing */
	return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
