/* What the tests of ingest share: data with a known answer, and a reader that checks it. */
#ifndef TOCSIN_TESTS_TEST_INGEST_COMMON_H
#define TOCSIN_TESTS_TEST_INGEST_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/text.h"
#include "ingest/ingest.h"
#include "tap.h"

/* The answer and what was read are texts of one line a record: "offset:bytes". */
struct run {
	struct text lines;
	uint64_t refused[REASON_COUNT];
	uint64_t bytes, records, batches;
	int result; /* of the last fill, or of open */
	char why[256], header[512], position[512];
	uint8_t format;
};

static struct object_registry *objects;
static struct batch_pool pool;
static _Atomic bool stop;
static struct ingest_context cx;

__attribute__((unused)) static void common_init(void)
{
	object_registry_init(&objects);
	batch_pool_init(&pool, 2);
	cx = (struct ingest_context){.record_bytes_max = BATCH_BYTES,
				     .io_uring = true,
				     .stop = &stop,
				     .objects = objects};
}

__attribute__((unused)) static void common_fini(void)
{
	object_registry_fini(objects);
	batch_pool_fini(&pool);
}

__attribute__((unused)) static void run_free(struct run *r)
{
	text_fini(&r->lines);
}

/* The obvious oracle: a loop over bytes. Lines longer than max are left out. */
__attribute__((unused)) static void expect_lines(struct run *want, const uint8_t *p, size_t len,
						 size_t max)
{
	size_t from = 0;

	memset(want, 0, sizeof(*want));
	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] != '\n')
			continue;
		if (i - from > max) {
			want->refused[REASON_TOO_LONG]++;
		} else if (i < len || i > from) {
			text_printf(&want->lines, "%zu:", from);
			text_bytes(&want->lines, p + from, i - from);
			text_char(&want->lines, '\n');
			want->records++;
		}
		from = i + 1;
	}
}

__attribute__((unused)) static void take_lines(struct run *r, const struct batch *b)
{
	for (uint32_t k = 0; k < b->items; k++) {
		const struct batch_item *it = &b->item[k];
		const uint8_t *p = b->bytes + it->start;
		for (size_t at = 0; at < it->len;) {
			const uint8_t *nl = memchr(p + at, '\n', it->len - at);
			size_t end = nl ? (size_t)(nl - p) : it->len;
			text_printf(&r->lines, "%llu:", (unsigned long long)(it->offset + at));
			text_bytes(&r->lines, p + at, end - at);
			text_char(&r->lines, '\n');
			r->records++;
			at = end + 1;
		}
		r->bytes += it->len;
	}
}

/* Reads in to its end; keep: remember the lines, not only count. */
__attribute__((unused)) static void drain(struct run *r, const struct source_ops *ops,
					  struct input *in, bool keep)
{
	for (;;) {
		struct batch *b = batch_get(&pool);
		r->result = ops->fill(in, b, r->why);
		if (r->result > 0 && b->object && b->object->header)
			snprintf(r->header, sizeof(r->header), "%s", b->object->header);
		for (int i = 0; i < REASON_COUNT; i++)
			r->refused[i] += b->refused[i];
		if (r->result > 0) {
			snprintf(r->position, sizeof(r->position), "%s", b->object->position);
			r->format = b->object->format;
			r->batches++;
			if (keep)
				take_lines(r, b);
			else
				r->records += b->items;
		}
		batch_put(&pool, b);
		if (r->result <= 0)
			return;
	}
}

__attribute__((unused)) static void read_all(struct run *r, const struct source_ops *ops,
					     const char *spec, const struct source *s, bool keep)
{
	struct input *in;

	memset(r, 0, sizeof(*r));
	r->result = ops->open(&in, &cx, spec, s, r->why);
	if (r->result)
		return;
	drain(r, ops, in, keep);
	ops->close(in);
}

__attribute__((unused)) static bool same_run(const struct run *got, const struct run *want,
					     const char *name)
{
	bool same = got->lines.len == want->lines.len && got->records == want->records &&
		    (got->lines.len == 0 ||
		     memcmp(got->lines.p, want->lines.p, want->lines.len) == 0) &&
		    memcmp(got->refused, want->refused, sizeof(got->refused)) == 0;

	if (!tap_ok(same && got->result == 0, "%s", name))
		printf("#  got: %llu records, %zu bytes, %llu too long, result %d %s\n"
		       "# want: %llu records, %zu bytes, %llu too long\n",
		       (unsigned long long)got->records, got->lines.len,
		       (unsigned long long)got->refused[REASON_TOO_LONG], got->result, got->why,
		       (unsigned long long)want->records, want->lines.len,
		       (unsigned long long)want->refused[REASON_TOO_LONG]);
	return same;
}

__attribute__((unused)) static void write_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
}

/* One gzip member, or one Zstandard frame; malloc'd. */
__attribute__((unused)) static uint8_t *pack(bool gzip, const void *p, size_t len, size_t *out)
{
	size_t cap = ZSTD_compressBound(len) + 1024;
	uint8_t *packed = malloc(cap);

	if (gzip) {
		z_stream z = {.next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)len};
		z.next_out = packed;
		z.avail_out = (uInt)cap;
		deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
		deflate(&z, Z_FINISH);
		*out = cap - z.avail_out;
		deflateEnd(&z);
	} else {
		*out = ZSTD_compress(packed, cap, p, len, 1);
	}
	return packed;
}

/* A small generator of our own: the same data on every machine. */
__attribute__((unused)) static uint64_t roll(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	uint64_t z = *seed;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Lines of 0..line_max bytes, some ended by CR LF, empty ones among them. */
__attribute__((unused)) static uint8_t *make_lines(size_t len, size_t line_max, uint64_t seed)
{
	uint8_t *p = malloc(len ? len : 1);
	size_t left = 0;

	for (size_t i = 0; i < len; i++) {
		if (left == 0) {
			p[i] = '\n';
			if (i > 0 && roll(&seed) % 8 == 0)
				p[i - 1] = '\r';
			uint64_t x = roll(&seed);
			left = x % 5 == 0 ? 1 : 1 + x / 5 % (line_max + 1);
		} else {
			p[i] = (uint8_t)('!' + i % 90);
		}
		left--;
	}
	return p;
}

#endif
