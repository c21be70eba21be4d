#include <string.h>
#include <strings.h>

#include "match/feed_csv.h"

static void put_cell(struct csv_row *row, size_t at)
{
	if (row->columns == CSV_COLUMNS_MAX)
		return;
	row->at[row->columns] = (uint32_t)at;
	row->len[row->columns] = (uint32_t)(row->text.len - at);
	row->columns++;
}

/* A quoted cell; "" is a quote. A quote that is never closed ends with its line. */
static void quoted(struct csv_reader *r, struct csv_row *row)
{
	const char *close = r->p + 1;

	while ((close = memchr(close, '"', (size_t)(r->end - close))) && close + 1 < r->end &&
	       close[1] == '"')
		close += 2;
	if (!close) {
		const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
		close = nl ? nl : r->end;
		text_bytes(&row->text, r->p + 1, (size_t)(close - r->p - 1));
		r->p = close;
		return;
	}
	for (const char *q = r->p + 1; q < close; q++) {
		text_char(&row->text, *q);
		r->line += *q == '\n';
		q += *q == '"';
	}
	r->p = close + 1;
}

static void cell(struct csv_reader *r, struct csv_row *row)
{
	size_t at = row->text.len;

	while (r->p < r->end && *r->p == ' ' && r->delimiter != ' ')
		r->p++;
	if (r->p < r->end && *r->p == '"')
		quoted(r, row);
	const char *start = r->p;
	while (r->p < r->end && *r->p != r->delimiter && *r->p != '\n')
		r->p++;
	size_t n = (size_t)(r->p - start);
	if (n && start[n - 1] == '\r' && (r->p == r->end || *r->p == '\n'))
		n--;
	text_bytes(&row->text, start, n);
	put_cell(row, at);
}

static bool skip_line(struct csv_reader *r)
{
	if (*r->p != '#' && *r->p != '\n' &&
	    !(*r->p == '\r' && r->end - r->p > 1 && r->p[1] == '\n'))
		return false;
	const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
	r->p = nl ? nl + 1 : r->end;
	r->line++;
	return true;
}

bool feed_csv_next(struct csv_reader *r, struct csv_row *row)
{
	while (r->p < r->end && skip_line(r))
		;
	if (r->p >= r->end)
		return false;
	text_reset(&row->text);
	row->columns = 0;
	row->line = r->line;
	for (;;) {
		cell(r, row);
		if (r->p >= r->end)
			return true;
		if (*r->p++ == '\n') {
			r->line++;
			return true;
		}
	}
}

struct span feed_csv_cell(const struct csv_row *row, int i)
{
	if (i < 0 || i >= row->columns || row->text.error)
		return (struct span){"", 0};
	return feed_trim((struct span){row->text.p + row->at[i], row->len[i]});
}

/* Of columns, and of what stands in a type column. */
static const struct {
	const char *name;
	enum csv_column meaning;
} names[] = {
	{"value", CSV_VALUE},
	{"indicator", CSV_VALUE},
	{"ioc", CSV_VALUE},
	{"ioc_value", CSV_VALUE},
	{"observable", CSV_VALUE},
	{"artifact", CSV_VALUE},
	{"indicator_value", CSV_VALUE},
	{"ip", CSV_IP},
	{"ip_address", CSV_IP},
	{"ipaddress", CSV_IP},
	{"ipv4", CSV_IP},
	{"ipv6", CSV_IP},
	{"address", CSV_IP},
	{"src_ip", CSV_IP},
	{"dst_ip", CSV_IP},
	{"dest_ip", CSV_IP},
	{"source_ip", CSV_IP},
	{"destination_ip", CSV_IP},
	{"cidr", CSV_IP},
	{"network", CSV_IP},
	{"subnet", CSV_IP},
	{"netblock", CSV_IP},
	{"ip_src", CSV_IP},
	{"ip_dst", CSV_IP},
	{"ipv4_addr", CSV_IP},
	{"ipv6_addr", CSV_IP},
	{"ip:port", CSV_IP},
	{"ip_port", CSV_IP},
	{"domain", CSV_DOMAIN},
	{"hostname", CSV_DOMAIN},
	{"host", CSV_DOMAIN},
	{"fqdn", CSV_DOMAIN},
	{"domain_name", CSV_DOMAIN},
	{"url", CSV_URL},
	{"uri", CSV_URL},
	{"hash", CSV_HASH},
	{"md5", CSV_HASH},
	{"sha1", CSV_HASH},
	{"sha256", CSV_HASH},
	{"sha512", CSV_HASH},
	{"md5_hash", CSV_HASH},
	{"sha1_hash", CSV_HASH},
	{"sha256_hash", CSV_HASH},
	{"sha512_hash", CSV_HASH},
	{"file_hash", CSV_HASH},
	{"filehash_md5", CSV_HASH},
	{"filehash_sha1", CSV_HASH},
	{"filehash_sha256", CSV_HASH},
	{"sha_1", CSV_HASH},
	{"sha_256", CSV_HASH},
	{"sha_512", CSV_HASH},
	{"email", CSV_EMAIL},
	{"email_address", CSV_EMAIL},
	{"email_addr", CSV_EMAIL},
	{"port", CSV_PORT},
	{"dst_port", CSV_PORT},
	{"dest_port", CSV_PORT},
	{"type", CSV_TYPE},
	{"indicator_type", CSV_TYPE},
	{"ioc_type", CSV_TYPE},
	{"kind", CSV_TYPE},
	{"id", CSV_ID},
	{"uuid", CSV_ID},
	{"ioc_id", CSV_ID},
	{"name", CSV_NAME},
	{"description", CSV_NAME},
	{"comment", CSV_NAME},
	{"confidence", CSV_CONFIDENCE},
	{"confidence_level", CSV_CONFIDENCE},
	{"tlp", CSV_TLP},
	{"severity", CSV_SEVERITY},
	{"campaign", CSV_CAMPAIGN},
	{"threat", CSV_THREAT},
	{"threat_actor", CSV_THREAT},
	{"malware", CSV_MALWARE},
	{"malware_family", CSV_MALWARE},
	{"malware_printable", CSV_MALWARE},
	{"valid_from", CSV_VALID_FROM},
	{"valid_until", CSV_VALID_UNTIL},
	{"valid_to", CSV_VALID_UNTIL},
	{"expires", CSV_VALID_UNTIL},
	{"expiration", CSV_VALID_UNTIL},
};

enum csv_column feed_csv_meaning(struct span s)
{
	while (s.len && *s.p == '#')
		s = feed_trim((struct span){s.p + 1, s.len - 1});
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t k = 0, n = strlen(names[i].name);
		if (n != s.len)
			continue;
		/* blanks and hyphens in names are underscores to us */
		while (k < n &&
		       ((s.p[k] | 0x20) == names[i].name[k] || s.p[k] == names[i].name[k] ||
			(names[i].name[k] == '_' && (s.p[k] == ' ' || s.p[k] == '-'))))
			k++;
		if (k == n)
			return names[i].meaning;
	}
	return CSV_IGNORED;
}

bool feed_csv_header(const struct csv_row *row, struct csv_header *h)
{
	bool values = false, generic = false;

	h->count = row->columns;
	for (int i = 0; i < row->columns; i++) {
		h->meaning[i] = (uint8_t)feed_csv_meaning(feed_csv_cell(row, i));
		values |= h->meaning[i] >= CSV_VALUE && h->meaning[i] <= CSV_EMAIL;
		generic |= h->meaning[i] == CSV_VALUE;
	}
	/* beside a column of values, "url" or "host" only tell where it was seen */
	for (int i = 0; i < row->columns && generic; i++)
		if (h->meaning[i] > CSV_VALUE && h->meaning[i] <= CSV_EMAIL)
			h->meaning[i] = CSV_IGNORED;
	return values;
}
