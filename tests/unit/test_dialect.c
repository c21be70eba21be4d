/* dialect - every row of every format fills its field, nested, dotted or half of each. */
#include "decode/dialect_rows.h"
#include "decoded.h"

static const char *sample(const struct dialect_row *row)
{
	if (row->field == FIELD_TIMESTAMP || row->slot == SLOT_TIME)
		return "2026-11-20T10:15:30Z";
	if (row->slot == SLOT_CLAIM)
		return "true";
	if (row->slot == SLOT_SOURCE || row->slot == SLOT_DESTINATION || row->slot == SLOT_CLIENT)
		return "192.0.2.1";
	switch (row->field == FIELD_NONE ? OBSERVABLE_TEXT : event_field_type(row->field)) {
	case OBSERVABLE_IP:
		return "192.0.2.1";
	case OBSERVABLE_DOMAIN:
		return "x.example";
	case OBSERVABLE_URL:
		return "http://x.example/y";
	case OBSERVABLE_HASH:
		return "00112233445566778899aabbccddeeff";
	case OBSERVABLE_EMAIL:
		return "a@x.example";
	default:
		return "443";
	}
}

/* {"a":{"b.c":"value"}}: bit i of mask opens an object at dot i instead of writing it. */
static void record(char *out, const char *path, const char *value, unsigned mask)
{
	char *o = out;
	int depth = 1;

	o += sprintf(o, "{\"");
	for (unsigned dot = 0; *path; path++) {
		if (*path == '.' && (mask >> dot++ & 1)) {
			o += sprintf(o, "\":{\"");
			depth++;
		} else {
			*o++ = *path;
		}
	}
	o += sprintf(o, "\":\"%s\"", value);
	while (depth--)
		*o++ = '}';
	*o = '\0';
}

static bool same_event(const struct event *a, const struct event *b)
{
	if (a->fields != b->fields || a->observables != b->observables || a->time_us != b->time_us)
		return false;
	for (uint32_t i = 0; i < a->fields; i++)
		if (a->field[i].id != b->field[i].id ||
		    a->field[i].value.len != b->field[i].value.len)
			return false;
	if (a->claims != b->claims || memcmp(a->measure, b->measure, sizeof(a->measure)) != 0)
		return false;
	for (uint32_t i = 0; i < a->observables; i++)
		if (a->observable[i].type != b->observable[i].type ||
		    a->observable[i].role != b->observable[i].role)
			return false;
	return true;
}

static int check_row(enum format format, const struct dialect_row *row)
{
	static struct event dotted;
	static char text[1024];
	const char *value = sample(row);
	bool filled = false;

	record(text, row->path, value, 0);
	if (decode(format, text) != REASON_OK)
		return 1;
	dotted = ev;
	for (uint32_t i = 0; i < ev.fields; i++)
		filled |= row->field == FIELD_NONE || ev.field[i].id == row->field;
	/* these slots only bear on others */
	filled |= row->slot == SLOT_DIRECTION || row->slot == SLOT_CLIENT ||
		  row->slot == SLOT_WEB_QUERY || row->slot == SLOT_CEASED;
	filled |= row->slot >= SLOTS && ev.reports;
	if (row->field != FIELD_NONE && event_field_type(row->field) != OBSERVABLE_NONE)
		filled &= ev.observables > 0;
	for (unsigned mask = 1; mask < 16; mask++) {
		record(text, row->path, value, mask);
		if (decode(format, text) != REASON_OK || !same_event(&dotted, &ev))
			filled = false;
	}
	if (!filled)
		printf("# %s %s\n", vocab_format_name(format), row->path);
	return !filled;
}

static void check_table(enum dialect d, enum format format)
{
	const struct dialect_table *t = &dialect_tables[d];
	int wrong = 0;

	for (size_t i = 0; i < t->count; i++)
		wrong += check_row(format, &t->rows[i]);
	for (size_t i = 0; i < dialect_common.count; i++)
		wrong += check_row(format, &dialect_common.rows[i]);
	tap_ok(wrong == 0 && t->count > 0, "%s: %zu rows fill their fields in every spelling",
	       vocab_format_name(format), t->count);
}

static void no_path_twice(enum dialect d)
{
	const struct dialect_table *t = &dialect_tables[d];
	int twice = 0;

	for (size_t i = 0; i < t->count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(t->rows[i].path, t->rows[j].path) == 0) {
				printf("# twice: %s\n", t->rows[i].path);
				twice++;
			}
	tap_int(twice, 0, "no path stands twice in a table");
}

static void telling(void)
{
	static const struct {
		const char *text;
		enum format want;
	} cases[] = {
		{"{\"event_type\":\"flow\",\"flow_id\":1}", FORMAT_EVE},
		{"{\"@timestamp\":\"x\",\"event_type\":\"flow\",\"src_ip\":\"192.0.2.1\"}",
		 FORMAT_EVE},
		{"{\"event_type\":\"login\"}", FORMAT_ECS},
		{"{\"id\":{\"orig_h\":\"192.0.2.1\"},\"@timestamp\":1}", FORMAT_ZEEK},
		{"{\"ts\":1,\"uid\":\"C\"}", FORMAT_ZEEK},
		{"{\"ts\":1}", FORMAT_ECS},
		{"{\"reporter\":{\"_path\":\"reporter\",\"ts\":1}}", FORMAT_ZEEK},
		{"{\"Format\":\"IDEA0\"}", FORMAT_IDEA},
		{"{\"notification\":{\"schema\":\"urn:tocsin:schema:notification:1\","
		 "\"type\":\"final-report\"}}",
		 FORMAT_NOTIFICATION},
		{"{\"notification\":{\"schema\":\"urn:other\",\"type\":\"final-report\"}}",
		 FORMAT_ECS},
		{"{\"Format\":\"PDF\",\"ecs\":{\"version\":\"8\"}}", FORMAT_ECS},
		{"{\"classification\":{\"taxonomy\":\"test\"}}", FORMAT_INTELMQ},
		{"{\"category\":\"bots\",\"source\":\"a.b\",\"id\":\"1\"}", FORMAT_N6},
		{"{\"category\":\"bots\",\"source\":\"app\",\"id\":\"1\"}", FORMAT_ECS},
		{"{\"EventID\":1,\"Channel\":\"x\",\"@timestamp\":\"x\"}", FORMAT_MAP},
		{"{}", FORMAT_ECS},
		{"a line", FORMAT_LINES},
		{"[1]", FORMAT_LINES},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum reason why = decode(FORMAT_AUTO, cases[i].text);
		tap_ok(why == REASON_OK && ev.format == cases[i].want, "%s is %s", cases[i].text,
		       vocab_format_name(cases[i].want));
	}
}

int main(void)
{
	decoded_init();
	check_table(DIALECT_EVE, FORMAT_EVE);
	check_table(DIALECT_ZEEK, FORMAT_ZEEK);
	check_table(DIALECT_ECS, FORMAT_ECS);
	check_table(DIALECT_IDEA, FORMAT_IDEA);
	check_table(DIALECT_INTELMQ, FORMAT_INTELMQ);
	check_table(DIALECT_N6, FORMAT_N6);
	for (int d = 0; d < DIALECT_MAP; d++)
		no_path_twice((enum dialect)d);
	telling();
	decoder_fini(&decoder);
	return tap_done();
}
