/* json - RFC 8259 to the letter: JSONTestSuite, Jansson as a second opinion, values, bounds. */
#include <dirent.h>
#include <jansson.h>

#include "base/hash.h"
#include "decode/decode.h"
#include "decode/json.h"
#include "tap.h"

#define SUITE "../shared/data/suites/JSONTestSuite/test_parsing"

static struct arena arena;

/* All scalars as lines "path=value\n"; what two readings must agree on. */
static char seen[1 << 20];
static size_t seen_len;

static void note(const char *path, size_t path_len, const char *value, size_t len)
{
	if (seen_len + path_len + len + 3 > sizeof(seen))
		return;
	memcpy(seen + seen_len, path, path_len);
	seen_len += path_len;
	seen[seen_len++] = '=';
	memcpy(seen + seen_len, value, len);
	seen_len += len;
	seen[seen_len++] = '\n';
	seen[seen_len] = '\0';
}

static void visit(void *ctx, const struct json_scalar *s)
{
	(void)ctx;
	note(s->path.p, s->path.len, s->value.p, s->value.len);
}

/* From an exact-size copy, so that a sanitizer sees one byte too many. */
static enum reason walk(const char *p, size_t len)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, p, len);
	arena_reset(&arena);
	seen_len = 0;
	seen[0] = '\0';
	enum reason why = json_walk(&arena, copy, len, visit, NULL);
	free(copy);
	return why;
}

static enum reason walk_text(const char *text)
{
	return walk(text, strlen(text));
}

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	*len = f ? fread(text, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	return text;
}

static void suite(void)
{
	DIR *d = opendir(SUITE);
	int files[128] = {0}, wrong = 0;

	if (!d) {
		tap_skip(1, "JSONTestSuite: %s is not there", SUITE);
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		char path[512];
		size_t len;
		if (e->d_name[1] != '_')
			continue;
		snprintf(path, sizeof(path), "%s/%s", SUITE, e->d_name);
		char *text = read_file(path, &len);
		enum reason why = walk(text, len);
		free(text);
		files[(int)e->d_name[0] & 127]++;
		if (e->d_name[0] == 'i') {
			printf("# %s: %s\n", e->d_name, why ? reason_name(why) : "accepted");
		} else if ((why == REASON_OK) != (e->d_name[0] == 'y')) {
			printf("# %s: %s\n", e->d_name, why ? reason_name(why) : "accepted");
			wrong++;
		}
	}
	closedir(d);
	tap_ok(files['y'] > 0 && files['n'] > 0 && wrong == 0,
	       "JSONTestSuite: %d accepted, %d refused, %d either way, %d wrong", files['y'],
	       files['n'], files['i'], wrong);
}

static void paths(void)
{
	walk_text("{\"a\":{\"b\":1,\"c.d\":[2,{\"e\":\"x\"},[3,{\"f\":null}],4]},\"g\":true}");
	tap_str(seen, "a.b=1\na.c.d=2\na.c.d.e=x\na.c.d=3\na.c.d.f=null\na.c.d=4\ng=true\n",
		"paths: nested, dotted, arrays");
	walk_text("{\"\":{\"a\":1},\"b\":{\"\":2}}");
	tap_str(seen, "a=1\nb=2\n", "an empty key adds nothing");
	walk_text("{\"i\\u0064.orig\\u005fh\":\"\\ud83d\\ude00\\/\\\"\\\\\\n\"}");
	tap_str(seen, "id.orig_h=\xf0\x9f\x98\x80/\"\\\n\n", "escapes in keys and values");
	walk_text("[\"\\ud800\",\"\\udc00x\",\"\\ud800\\ud800\\udc00\",\"\\u0000\"]");
	static const char want[] =
		"=\xef\xbf\xbd\n=\xef\xbf\xbdx\n=\xef\xbf\xbd\xf0\x90\x80\x80\n=\0\n";
	tap_ok(seen_len == sizeof(want) - 1 && memcmp(seen, want, seen_len) == 0,
	       "half a surrogate pair becomes U+FFFD; NUL is a byte like others");
}

static void bounds(void)
{
	char text[4096];
	size_t n = 0;

	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		text[n++] = '[';
	for (int i = 0; i < DECODE_DEPTH_MAX; i++)
		text[n++] = ']';
	tap_int(walk(text, n), REASON_OK, "as deep as allowed");
	memmove(text + 1, text, n);
	text[n + 1] = ']';
	tap_int(walk(text, n + 2), REASON_TOO_COMPLEX, "one deeper");
	n = (size_t)snprintf(text, sizeof(text), "{\"%0700d\":{\"%0700d\":1},\"a\":{\"%0600d\":2}}",
			     1, 2, 3);
	tap_int(walk(text, n), REASON_OK, "keys longer than a path");
	tap_ok(seen_len == 2 * (JSON_PATH_MAX + 3), "paths are cut");
	tap_int(walk("", 0), REASON_NOT_JSON, "nothing");
	tap_int(walk("\"\\ud83d\\ude", 11), REASON_NOT_JSON, "cut in an escape");
	tap_int(walk("1\0", 2), REASON_NOT_JSON, "a NUL behind the value");
	tap_int(walk("\"a\xc3\"", 4), REASON_NOT_UTF8, "half a character");
}

/* Jansson's reading in the same notation; false when a value cannot be compared byte by byte. */
static bool oracle(const json_t *v, char *path, size_t len)
{
	const char *key;
	json_t *child;
	size_t i;
	bool same = true;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		json_object_foreach((json_t *)(uintptr_t)v, key, child)
		{
			size_t n = len, k = strlen(key);
			if (n + k + 2 > JSON_PATH_MAX)
				return false;
			if (n && k)
				path[n++] = '.';
			memcpy(path + n, key, k);
			same = oracle(child, path, n + k) && same;
		}
		return same;
	case JSON_ARRAY:
		json_array_foreach((json_t *)(uintptr_t)v, i, child) same =
			oracle(child, path, len) && same;
		return same;
	case JSON_STRING:
		note(path, len, json_string_value(v), json_string_length(v));
		return true;
	case JSON_INTEGER:
	case JSON_REAL:
		note(path, len, "#", 1);
		return true;
	default:
		note(path, len,
		     json_is_true(v)    ? "true"
		     : json_is_false(v) ? "false"
					: "null",
		     json_is_true(v) || json_is_null(v) ? 4 : 5);
		return true;
	}
}

static void visit_numberless(void *ctx, const struct json_scalar *s)
{
	(void)ctx;
	if (s->kind == JSON_KIND_NUMBER)
		note(s->path.p, s->path.len, "#", 1);
	else
		note(s->path.p, s->path.len, s->value.p, s->value.len);
}

static uint64_t random_state = 20261122;

static uint32_t random_below(uint32_t n)
{
	random_state = hash_word(random_state + 0x9e3779b97f4a7c15u);
	return (uint32_t)(random_state >> 32) % n;
}

/* Jansson refuses what the grammar allows: lone surrogates, huge numbers, NUL in keys, duplicates.
 */
static bool beyond_oracle(const json_error_t *e)
{
	return strstr(e->text, "surrogate") || strstr(e->text, "\\uD") ||
	       strstr(e->text, "too big") || strstr(e->text, "duplicate") ||
	       strstr(e->text, "NUL") || strstr(e->text, "overflow");
}

/* 0: agree; 1: disagree; 2: not comparable. */
static int compare(const char *p, size_t len)
{
	static char ours[sizeof(seen)];
	char path[JSON_PATH_MAX + 1];
	json_error_t error;

	arena_reset(&arena);
	seen_len = 0;
	enum reason why = json_walk(&arena, p, len, visit_numberless, NULL);
	size_t ours_len = seen_len;
	memcpy(ours, seen, ours_len);
	json_t *v = json_loadb(p, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
			       &error);
	if (!v)
		return why != REASON_OK ? 0 : beyond_oracle(&error) ? 2 : 1;
	seen_len = 0;
	bool comparable = oracle(v, path, 0);
	json_decref(v);
	if (why != REASON_OK)
		return 1;
	return !comparable ? 2 : seen_len != ours_len || memcmp(ours, seen, ours_len) != 0;
}

static void mutations(void)
{
	static const char *const records[] = {
		("{\"timestamp\":\"2026-11-20T10:15:30.123456+0000\",\"flow_id\":12345,\"dns\":{"
		 "\"queries\":"
		 "[{\"rrname\":\"a.example\",\"n\":[1,2.5e-3,-0,true,false,null]}]},\"x\":"
		 "\"\\u00e9\\n\\/\"}"),
		("{\"id.orig_h\":\"192.0.2.1\",\"t\":{\"u\":{}},\"v\":[],\"w\":[[],{}],"
		 "\"k\\u0065y\":\"\xc3\xa9\"}"),
		" [ 1 , \"\\ud83d\\ude00\" , { \"a\" : { \"b\" : [ \"\xf0\x9f\x98\x80\" ] } } ] ",
	};
	static const char bytes[] = "\"\\{}[],:0123456789.eE+-tfnu \n/\x01\x7f\x80\xc3\xed\xff";
	int agree[3] = {0};
	char text[512];

	for (int i = 0; i < 300000; i++) {
		const char *from = records[i % 3];
		size_t len = strlen(from);
		memcpy(text, from, len);
		for (uint32_t k = random_below(3) + 1; k > 0; k--) {
			size_t at = random_below((uint32_t)len);
			switch (random_below(3)) {
			case 0:
				text[at] = bytes[random_below(sizeof(bytes) - 1)];
				break;
			case 1:
				memmove(text + at, text + at + 1, --len - at);
				break;
			default:
				memmove(text + at + 1, text + at, len++ - at);
			}
		}
		int c = compare(text, len);
		if (c == 1 && agree[1] < 5)
			printf("# disagree: %.*s\n", (int)len, text);
		agree[c]++;
	}
	tap_ok(agree[1] == 0 && agree[0] > 290000,
	       "Jansson agrees on %d mutations, cannot say on %d, disagrees on %d", agree[0],
	       agree[2], agree[1]);
}

/* A character in one of the spellings that a string may use for it. */
static size_t spell(char *out, uint32_t cp, bool escape)
{
	static const char shorts[] = "\"\\/\b\f\n\r\t", letters[] = "\"\\/bfnrt";
	const char *s = cp && cp < 0x80 ? strchr(shorts, (int)cp) : NULL;
	static const char *const forms[] = {"\\u%04x", "\\u%04X"};

	if (s && random_below(2)) {
		out[0] = '\\';
		out[1] = letters[s - shorts];
		return 2;
	}
	if (!escape && cp >= 0x20 && cp != '"' && cp != '\\') {
		uint8_t u[4];
		size_t n = 0;
		if (cp < 0x80)
			u[n++] = (uint8_t)cp;
		else if (cp < 0x800) {
			u[n++] = (uint8_t)(0xc0 | cp >> 6);
			u[n++] = (uint8_t)(0x80 | (cp & 0x3f));
		} else if (cp < 0x10000) {
			u[n++] = (uint8_t)(0xe0 | cp >> 12);
			u[n++] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
			u[n++] = (uint8_t)(0x80 | (cp & 0x3f));
		} else {
			u[n++] = (uint8_t)(0xf0 | cp >> 18);
			u[n++] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
			u[n++] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
			u[n++] = (uint8_t)(0x80 | (cp & 0x3f));
		}
		memcpy(out, u, n);
		return n;
	}
	const char *form = forms[random_below(2)];
	if (cp < 0x10000)
		return (size_t)sprintf(out, form, cp);
	size_t n = (size_t)sprintf(out, form, 0xd800 + ((cp - 0x10000) >> 10));
	return n + (size_t)sprintf(out + n, form, 0xdc00 + ((cp - 0x10000) & 0x3ff));
}

static uint32_t random_char(void)
{
	switch (random_below(8)) {
	case 0:
		return random_below(0x20);
	case 1:
		return 0x80 + random_below(0xd800 - 0x80);
	case 2:
		return 0x10000 + random_below(0x100000);
	default:
		return 0x20 + random_below(0x60);
	}
}

/* A random object twice: as plain as allowed, and with random spellings and white space. */
static void escapes(void)
{
	static char plain[1 << 16], fancy[1 << 17], first[1 << 17];
	static const char *const spaces[] = {"", " ", "\t", " \r\n "};
	int wrong = 0;

	for (int round = 0; round < 20000; round++) {
		size_t a = 0, b = 0;
		int members = (int)random_below(8) + 1;
		plain[a++] = fancy[b++] = '{';
		for (int m = 0; m < members; m++) {
			if (m)
				plain[a++] = fancy[b++] = ',';
			for (int half = 0; half < 2; half++) {
				plain[a++] = fancy[b++] = '"';
				for (uint32_t k = random_below(40); k > 0; k--) {
					uint32_t cp = random_char();
					a += spell(plain + a, cp, false);
					b += spell(fancy + b, cp, random_below(2));
				}
				plain[a++] = fancy[b++] = '"';
				b += (size_t)sprintf(fancy + b, "%s", spaces[random_below(4)]);
				if (half == 0)
					plain[a++] = fancy[b++] = ':';
			}
		}
		plain[a++] = fancy[b++] = '}';
		enum reason one = walk(plain, a);
		size_t len = seen_len;
		memcpy(first, seen, len);
		enum reason two = walk(fancy, b);
		wrong += one || two || len != seen_len || memcmp(first, seen, len) != 0;
	}
	tap_int(wrong, 0, "20000 random objects read the same however they are spelt");
}

int main(void)
{
	arena_init(&arena, 2 << 20);
	suite();
	paths();
	bounds();
	mutations();
	escapes();
	arena_fini(&arena);
	return tap_done();
}
