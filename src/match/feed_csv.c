/*
 * CSV with a header row, columns found by name. A row with an id is one indicator whose
 * values are alternatives; without one each value is an indicator of its own.
 */
#include "match/feed_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/timestamp.h"
#include "match/feed_mark.h"

static const char delimiters[] = ",;\t|";

/* Does a row follow at once, and has it as many columns? */
static bool fits(struct csv_reader r, const struct csv_header *h)
{
	struct csv_row row = {0};
	bool good =
		r.p < r.end && *r.p != '#' && feed_csv_next(&r, &row) && row.columns == h->count;

	text_fini(&row.text);
	return good;
}

/* One line as a header: as it stands, or behind the '#' of a comment. A comment may be
 * prose with a comma in it, so the rows must look alike; and one column alone is a header
 * only when it stands bare. */
static bool is_header(struct span line, const struct csv_reader *after, struct csv_row *row,
		      struct csv_header *h)
{
	bool comment = *line.p == '#';
	size_t skip = 0;

	while (comment && skip < line.len && strchr("# ", line.p[skip]))
		skip++;
	struct csv_reader one = {line.p + skip, line.p + line.len, 1, after->delimiter};

	if (skip >= line.len || line.len > FEED_LINE_MAX || !feed_csv_next(&one, row) ||
	    !feed_csv_header(row, h))
		return false;
	return !comment || (h->count > 1 && fits(*after, h));
}

/* The header is the first row, or the last comment before it ("# id,ioc_value,..."). */
static bool header_at(const char *p, const char *end, char delimiter, struct csv_reader *r,
		      struct csv_header *h)
{
	struct csv_row row = {0};
	struct span line;
	bool found = false, data = false;

	*r = (struct csv_reader){p, end, 1, delimiter};
	while (!found && !data && feed_next_line(&r->p, end, &line)) {
		r->line++;
		if (line.len == 0)
			continue;
		found = is_header(line, r, &row, h);
		data = *line.p != '#';
	}
	text_fini(&row.text);
	return found;
}

static bool find_header(const char *p, size_t len, struct csv_reader *r, struct csv_header *h)
{
	for (const char *d = delimiters; *d; d++)
		if (header_at(p, p + len, *d, r, h))
			return true;
	return false;
}

bool feed_csv_is(const char *p, size_t len)
{
	struct csv_reader r;
	struct csv_header h;

	return find_header(p, len, &r, &h);
}

static bool same(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

static bool is_absent(struct span s)
{
	return s.len == 0 || same(s, "-") || same(s, "none") || same(s, "null") || same(s, "n/a") ||
	       same(s, "unknown");
}

/* The cell of the first column with this meaning. */
static struct span cell_of(const struct csv_header *h, const struct csv_row *row, enum csv_column m)
{
	for (int i = 0; i < h->count; i++)
		if (h->meaning[i] == m)
			return feed_csv_cell(row, i);
	return (struct span){"", 0};
}

static const char *confidence(struct draft *d, struct span s)
{
	char buf[16], *end;

	if (is_absent(s))
		return NULL;
	if (s.len >= sizeof(buf))
		return "confidence is not 0 to 100";
	memcpy(buf, s.p, s.len);
	buf[s.len] = '\0';
	double c = strtod(buf, &end);
	if (end == buf || (*end && strcmp(end, "%") != 0))
		c = same(s, "high") ? 85 : same(s, "medium") ? 60 : same(s, "low") ? 30 : -1;
	if (!(c >= 0 && c <= 100))
		return "confidence is not 0 to 100";
	d->confidence = (int8_t)c;
	return NULL;
}

static const char *time_of(struct span s, int64_t *us, const char *why)
{
	if (is_absent(s) || timestamp_parse(s.p, s.len, us) ||
	    timestamp_parse_epoch(s.p, s.len, us))
		return NULL;
	return why;
}

static const char *validity(struct draft *d, const struct csv_header *h, const struct csv_row *row)
{
	const char *why = time_of(cell_of(h, row, CSV_VALID_FROM), &d->valid_from,
				  "valid_from is no timestamp");

	if (!why)
		why = time_of(cell_of(h, row, CSV_VALID_UNTIL), &d->valid_until,
			      "valid_until is no timestamp");
	if (!why && d->valid_until <= d->valid_from)
		why = "valid_until is not after valid_from";
	return why;
}

/* Everything but the values; NULL, or why not. */
static const char *context(struct draft *d, const struct csv_header *h, const struct csv_row *row)
{
	struct span tlp = cell_of(h, row, CSV_TLP), severity = cell_of(h, row, CSV_SEVERITY);

	if (!is_absent(tlp)) {
		int v = vocab_tlp_parse(tlp.p, tlp.len);
		if (v < 0)
			return "unknown TLP";
		feed_mark(d, v, -1);
	}
	if (!is_absent(severity)) {
		int v = vocab_severity_parse(severity.p, severity.len);
		if (v < 0)
			return "severity is not low, medium, high or critical";
		d->severity = (uint8_t)v;
	}
	for (int m = CSV_CAMPAIGN; m <= CSV_MALWARE && d->campaign.len == 0; m++) {
		struct span c = cell_of(h, row, (enum csv_column)m);
		if (!is_absent(c))
			d->campaign = d->campaign_name = c;
	}
	d->name = cell_of(h, row, CSV_NAME);
	const char *why = confidence(d, cell_of(h, row, CSV_CONFIDENCE));
	return why ? why : validity(d, h, row);
}

/* The words of type columns are those of columns of one kind; the rest is told by content. */
static int column_of_type(struct span s)
{
	enum csv_column column = feed_csv_meaning(s);

	if (column >= CSV_IP && column <= CSV_EMAIL)
		return (int)column;
	return is_absent(s) ? CSV_VALUE : -1;
}

static const struct {
	const char *word;
	enum observable_type type;
} texts[] = {
	{"user-agent", OBSERVABLE_USER_AGENT},
	{"user_agent", OBSERVABLE_USER_AGENT},
	{"ja3", OBSERVABLE_JA3},
	{"filename", OBSERVABLE_FILE_NAME},
	{"file_name", OBSERVABLE_FILE_NAME},
	{"regkey", OBSERVABLE_REGISTRY},
};

static int text_type(struct span s)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (same(s, texts[i].word))
			return (int)texts[i].type;
	return -1;
}

static const char *typed(struct draft *d, uint32_t clause, enum csv_column column, struct span v)
{
	static const uint8_t kinds[] = {[CSV_DOMAIN] = CONDITION_DOMAIN,
					[CSV_URL] = CONDITION_URL,
					[CSV_HASH] = CONDITION_HASH,
					[CSV_EMAIL] = CONDITION_EMAIL};

	if (column == CSV_VALUE)
		return feed_list_take(d, clause, v);
	if (column == CSV_IP) { /* with a port, perhaps */
		uint32_t at = d->count;
		const char *why = draft_endpoint(d, clause, v.p, v.len);
		bool name = !why && d->conditions[at].kind == CONDITION_DOMAIN;
		return why || name ? "no address" : NULL;
	}
	return draft_atom(d, clause, (enum condition_kind)kinds[column], OBSERVABLE_NONE, v.p,
			  v.len);
}

/* The conditions of one cell, and the port column's beside an address or a name. */
static const char *take(struct draft *d, uint32_t clause, enum csv_column column, struct span type,
			struct span v, struct span port)
{
	if (column == CSV_VALUE) {
		int c = column_of_type(type), t = text_type(type);
		if (c < 0 && t < 0)
			return "the type column says something that is not supported";
		if (c < 0)
			return draft_atom(d, clause, CONDITION_VALUE, (enum observable_type)t, v.p,
					  v.len);
		column = (enum csv_column)c;
	}
	uint32_t before = d->count;
	const char *why = typed(d, clause, column, v);
	bool host = !why && d->count == before + 1 && (column == CSV_IP || column == CSV_DOMAIN);
	if (!host || is_absent(port))
		return why;
	char buf[8], *end;
	snprintf(buf, sizeof(buf), "%.*s", (int)(port.len < 7 ? port.len : 7), port.p);
	unsigned long n = strtoul(buf, &end, 10);
	return *end || port.len > 5 ? "a port is 1 to 65535" : draft_port(d, clause, (uint32_t)n);
}

static bool begin(struct feed_load *l, const struct csv_header *h, const struct csv_row *row)
{
	draft_reset(&l->draft, l->feed);
	l->draft.line = row->line;
	const char *why = context(&l->draft, h, row);
	if (why)
		feed_refuse(l, row->line, "%s", why);
	return !why;
}

static void one_row(struct feed_load *l, const struct csv_header *h, const struct csv_row *row)
{
	struct draft *d = &l->draft;
	struct span id = cell_of(h, row, CSV_ID), type = cell_of(h, row, CSV_TYPE);
	struct span port = cell_of(h, row, CSV_PORT);
	uint32_t clause = 0, values = 0;

	if (!begin(l, h, row))
		return;
	for (int i = 0; i < h->count && !l->error; i++) {
		struct span v = feed_csv_cell(row, i);
		if (h->meaning[i] < CSV_VALUE || h->meaning[i] > CSV_EMAIL || is_absent(v))
			continue;
		values++;
		const char *why = take(d, clause, (enum csv_column)h->meaning[i], type, v, port);
		if (why)
			return feed_refuse_value(l, row->line, v.p, v.len, why);
		if (id.len == 0) {
			feed_add(l);
			begin(l, h, row);
		} else {
			clause++;
		}
	}
	if (values == 0)
		return feed_refuse(l, row->line, "no value");
	if (id.len) {
		d->id = id;
		d->local = true;
		feed_add(l);
	}
}

void feed_csv(struct feed_load *l)
{
	struct csv_row row = {0};
	struct csv_reader r;
	struct csv_header h;

	if (!find_header(l->p, l->len, &r, &h))
		return;
	while (!l->error && feed_csv_next(&r, &row))
		one_row(l, &h, &row);
	text_fini(&row.text);
}
