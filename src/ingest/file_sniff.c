#include "ingest/file_input.h"

#include <string.h>

/* The '#' lines at the top, whole ones only; 0 when the first other line is not in sight. */
static size_t header_length(const uint8_t *p, size_t len, bool all)
{
	size_t at = 0;

	while (at < len && p[at] == '#') {
		const uint8_t *nl = memchr(p + at, '\n', len - at);
		if (!nl)
			return all ? at : 0;
		at = (size_t)(nl - p) + 1;
	}
	return at < len || all ? at : 0;
}

static bool may_be_zeek(const struct input *in)
{
	return !in->source || in->source->format == FORMAT_AUTO ||
	       in->source->format == FORMAT_ZEEK || in->source->format == FORMAT_ZEEK_TSV;
}

/* True when p starts with word, or is too short to tell. */
static bool may_start(const uint8_t *p, size_t len, const char *word, size_t word_len)
{
	return memcmp(p, word, len < word_len ? len : word_len) == 0;
}

bool file_sniff(struct input *in, const uint8_t *p, size_t len, bool all, size_t *skip)
{
	static const char bom[3] = "\xef\xbb\xbf", zeek[10] = "#separator";

	*skip = 0;
	if (may_start(p, len, bom, sizeof(bom))) {
		if (len < sizeof(bom))
			return all;
		*skip = sizeof(bom);
	}
	p += *skip;
	len -= *skip;
	if (!may_be_zeek(in) || !may_start(p, len, zeek, sizeof(zeek)))
		return true;
	all = all || len + *skip >= FILE_WINDOW;
	size_t n = header_length(p, len, all);
	if (n < sizeof(zeek))
		return all;
	if (!in->object->header) { /* one that is set is being read by workers */
		in->object->header = strndup((const char *)p, n);
		in->object->format = FORMAT_ZEEK_TSV;
	}
	return true;
}
