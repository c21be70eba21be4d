/* The text buffer: growth, JSON strings of any bytes, and the sticky error. */
#include "base/text.h"

#include <errno.h>
#include <jansson.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "tap.h"

static void json(const char *bytes, size_t len, const char *want, const char *name)
{
	struct text t;

	text_init(&t);
	text_json(&t, bytes, len);
	tap_str(t.p, want, name);
	text_fini(&t);
}

/* Any bytes become a JSON string that another parser takes; good UTF-8 comes back as it was. */
static void random_bytes(void)
{
	struct text t;
	int refused = 0, changed = 0, good = 0;

	text_init(&t);
	for (uint64_t i = 0; i < 20000; i++) {
		uint8_t p[12];
		size_t len = hash_word(i) % sizeof(p);
		for (size_t k = 0; k < len; k++) {
			uint64_t h = hash_word(i * 16 + k + 1);
			p[k] = h & 0x300 ? (uint8_t)(h % 0x80) : (uint8_t)h;
		}
		text_reset(&t);
		text_json(&t, p, len);
		json_t *v = json_loadb(t.p, t.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		refused += !v;
		if (v && utf8_valid(p, len)) {
			good++;
			changed += json_string_length(v) != len ||
				   memcmp(json_string_value(v), p, len) != 0;
		}
		json_decref(v);
	}
	text_fini(&t);
	tap_int(refused, 0, "20000 random strings are JSON to another parser");
	tap_ok(changed == 0 && good > 1000, "and %d of good UTF-8 come back byte for byte", good);
}

int main(void)
{
	struct text t;

	json("", 0, "\"\"", "nothing");
	json("a\"b\\c/\n\r\t", 9, "\"a\\\"b\\\\c/\\n\\r\\t\"", "what JSON escapes");
	json("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\\u007f\"", "control characters");
	json("\xc3\xa9\xe2\x82\xac", 5, "\"\xc3\xa9\xe2\x82\xac\"", "UTF-8 is left alone");
	json("a\xff" "b", 3, "\"a\xef\xbf\xbd" "b\"", "a byte that is none");
	json("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"", "a cut sequence, byte by byte");
	json("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "a surrogate");
	random_bytes();

	text_init(&t);
	text_json_time(&t, 0);
	tap_str(t.p, "\"1970-01-01T00:00:00.000000Z\"", "a time");
	text_reset(&t);
	tap_str(t.p, "", "reset empties it");
	for (int i = 0; i < 100000; i++)
		text_printf(&t, "%d,", i % 10);
	tap_ok(t.len == 200000 && t.p[t.len] == '\0' && t.p[199998] == '9' && !t.error, "it grows");
	char *p = text_take(&t);
	tap_ok(p && strlen(p) == 200000 && !t.p && t.len == 0, "what is taken is the caller's");
	free(p);
	p = text_take(&t);
	tap_str(p, "", "an empty text is taken as \"\"");
	free(p);

	text_str(&t, "before");
	text_bytes(&t, "x", SIZE_MAX / 2);
	tap_int(t.error, -ENOMEM, "too much is an error");
	text_str(&t, "after");
	tap_ok(t.len == 6 && t.error == -ENOMEM, "that sticks");
	tap_ok(text_take(&t) == NULL && t.error == 0, "nothing is taken after one, and the next begins anew");
	text_fini(&t);
	return tap_done();
}
