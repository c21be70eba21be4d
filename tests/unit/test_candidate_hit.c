#include "raise/hit_json.h"

#include <time.h>

#include "base/timestamp.h"
#include "tap.h"

static const struct hit_json whole = {
	.by = "indicator:domain:c2.example",
	.value = "c2.example",
	.value_len = 10,
	.hit_class = CLASS_EFFECT,
	.source = "de-energy-soc",
	.position = "kafka:soc.de:3",
	.offset = 991,
	.sub = 2,
	.time_us = INT64_C(1795161600123456),
	.state = 5,
	.threat = "misp:nightjar",
	.entity = 0xabc,
	.severity = SEVERITY_HIGH,
};

static void line(const struct hit_json *h, const char *want, const char *name)
{
	struct text t;

	text_init(&t);
	hit_json(&t, h);
	tap_str(t.p, want, name);
	text_fini(&t);
}

static void forms(void)
{
	struct hit_json h = whole;

	line(&h,
	     "{\"event_type\":\"hit\",\"by\":\"indicator:domain:c2.example\",\"value\":"
	     "\"c2.example\",\"class\":\"effect\",\"source\":\"de-energy-soc\",\"position\":"
	     "\"kafka:soc.de:3@991+2\",\"time\":\"2026-11-20T08:00:00.123456Z\","
	     "\"member_state\":\"DE\",\"threat\":\"misp:nightjar\",\"entity_hash\":"
	     "\"0000000000000abc\",\"severity\":\"high\"}",
	     "all there is");
	h = (struct hit_json){.by = "rule:a\"b",
			      .value = "\x01\xff\xc3\xa9\\",
			      .value_len = 5,
			      .hit_class = CLASS_ATTEMPT,
			      .source = "s",
			      .position = "file:/a \"b\"\\",
			      .offset = UINT64_MAX,
			      .state = -1,
			      .severity = -1};
	line(&h,
	     "{\"event_type\":\"hit\",\"by\":\"rule:a\\\"b\",\"value\":\"\\u0001\xef\xbf\xbd"
	     "\xc3\xa9\\\\\",\"class\":\"attempt\",\"source\":\"s\",\"position\":"
	     "\"file:/a \\\"b\\\"\\\\@18446744073709551615\",\"time\":"
	     "\"1970-01-01T00:00:00.000000Z\"}",
	     "what is optional left out, what is foreign escaped");
}

/* Times out of order, negative, and beyond the calendar: always what the calendar says. */
static void times(void)
{
	static const int64_t at[] = {0,
				     1,
				     999999,
				     1000000,
				     999999,
				     -1,
				     0,
				     -1000000,
				     INT64_MAX,
				     INT64_MAX - 1,
				     INT64_MIN,
				     INT64_C(1795161600123456),
				     INT64_C(1795161600000007),
				     INT64_C(1795161599999999)};
	struct hit_json h = whole;
	int same = 0, total = sizeof(at) / sizeof(at[0]);

	for (int i = 0; i < total; i++) {
		char want[TIMESTAMP_TEXT_MAX];
		struct text t;
		text_init(&t);
		h.time_us = at[i];
		hit_json(&t, &h);
		timestamp_format(at[i], want);
		same += strstr(t.p, want) != NULL;
		text_fini(&t);
	}
	tap_int(same, total, "every time is the calendar's");
}

static void speed(void)
{
	const int n = 200000;
	struct timespec from, to;
	struct text t;

	text_init(&t);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < n; i++) {
		text_reset(&t);
		hit_json(&t, &whole);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
	printf("# %.0f ns a line of %zu bytes\n", ns / n, t.len);
	text_fini(&t);
}

/* Lines for tests/cases/30_schema. */
static void golden(const char *path)
{
	FILE *out = fopen(path, "w");
	struct hit_json h = whole;
	struct text t;

	text_init(&t);
	for (int i = 0; out && i < 4; i++) {
		h.hit_class = (uint8_t)i;
		h.state = i ? 10 + i : -1;
		h.entity = (uint64_t)i;
		h.threat = i ? h.threat : NULL;
		h.severity = i - 1;
		text_reset(&t);
		hit_json(&t, &h);
		fprintf(out, "%s\n", t.p);
	}
	text_fini(&t);
	if (out)
		fclose(out);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		golden(argv[1]);
		return 0;
	}
	forms();
	times();
	speed();
	return tap_done();
}
