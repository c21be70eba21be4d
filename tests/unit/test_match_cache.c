/* A compiled set from its file: it says what it said, and no file can do harm. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "match/indicator_draft.h"
#include "match/match_cache.h"
#include "tap.h"
#include "test_feed_dump.h"
#include "test_feed_versions.h"

static const struct cache_key key = {{1, 2}};
static char path[64], other[80];

static void build(struct indicator_set *s, struct matcher **m, struct problems *ps)
{
	struct feed f = dump_feed("more", "more.txt");
	static const char more[] = "198.51.100.0/24\n2001:db8::/32\nhttps://evil.example/a\n"
				   "ffffffffffffffffffffffffffffffff\nx@y.example\nno such thing\n";

	indicator_set_init(s);
	for (int i = 0; i < FILES; i++)
		load(s, i);
	feed_load_bytes(s, &f, more, sizeof(more) - 1, ps);
	feed_load_bytes(s, &f, "198.51.100.0/24\n", 16, ps);
	f = dump_feed("twice", "twice.txt");
	feed_load_bytes(s, &f, more, sizeof(more) - 1, NULL);
	if (indicator_set_finish(s) || indicator_set_seal(s) || matcher_compile(m, s, ps))
		exit(2);
}

static void put(struct text *t, uint32_t condition)
{
	text_printf(t, " %u", condition);
}

static void on_same(void *arg, uint32_t condition)
{
	put(arg, condition);
}

/* What set and tables say. */
static char *says(const struct indicator_set *s, const struct matcher *m)
{
	struct text t;
	char *dump = dump_set(s);

	text_init(&t);
	text_str(&t, dump);
	free(dump);
	for (uint32_t i = 0; i < s->condition_count; i++) {
		struct condition c = condition_at(s, i);
		if (c.kind != CONDITION_PORT && c.kind != CONDITION_PATTERN)
			match_same(m, &c, indicator_text(s, c.text, c.text_len), on_same, &t);
		text_char(&t, '\n');
	}
	return text_take(&t);
}

static void there_and_back(void)
{
	struct indicator_set s, again;
	struct matcher *m, *n;
	struct problems ps, told;

	const struct cache_part more = {"more", 4};
	struct cache_part less = {0};
	problems_init(&ps);
	problems_init(&told);
	build(&s, &m, &ps);
	tap_int(match_cache_save(path, &key, m, &ps, 0, ps.count, &more), 0, "saved");
	tap_int(match_cache_open(path, &key, &again, &n, &told, &less), 0, "and opened");
	char *want = says(&s, m), *got = says(&again, n);
	tap_str(got, want, "it says the same");
	tap_ok(less.bytes == 4 && memcmp(less.p, "more", 4) == 0, "and has what was laid beside it");
	tap_ok(told.count == ps.count && ps.count == 1 && told.refused == ps.refused &&
		       strcmp(told.items[0].reason, ps.items[0].reason) == 0 &&
		       told.items[0].line == ps.items[0].line,
	       "and tells what could not be taken");
	struct span id = {"indicator--1", 12}, gone = {"indicator--2", 12};
	tap_ok(indicator_find(&again, id, NULL) >= 0 && indicator_find(&again, gone, NULL) < 0,
	       "ids are found");
	tap_ok(again.feed_count == s.feed_count && again.threats_named == s.threats_named,
	       "feeds and threats are counted");
	free(want);
	free(got);
	matcher_free(n);
	indicator_set_fini(&again);
	matcher_free(m);
	indicator_set_fini(&s);
	problems_fini(&ps);
	problems_fini(&told);
}

static int open_one(const char *which, const struct cache_key *k)
{
	struct indicator_set s;
	struct matcher *m;
	struct cache_part more;
	int rc = match_cache_open(which, k, &s, &m, NULL, &more);

	if (rc == 0) {
		free(says(&s, m));
		matcher_free(m);
		indicator_set_fini(&s);
	}
	return rc;
}

static void refused(void)
{
	const struct cache_key another = {{1, 3}};

	tap_int(open_one("/nonexistent/cache", &key), -2, "no file");
	tap_int(open_one(path, &another), -2, "another key");
	chmod(path, 0620);
	tap_int(open_one(path, &key), -1, "a file that others may write");
	chmod(path, 0600);
	tap_int(symlink(path, other) | open_one(other, &key), -1, "a link to one");
	unlink(other);
	tap_int(open_one("/tmp", &key), -1, "a folder");
}

static char *bytes;
static size_t length;

static void read_bytes(void)
{
	FILE *f = fopen(path, "r");

	if (!f || fseek(f, 0, SEEK_END))
		exit(2);
	length = (size_t)ftell(f);
	bytes = malloc(length);
	rewind(f);
	if (!bytes || fread(bytes, 1, length, f) != length)
		exit(2);
	fclose(f);
}

#define SIZE_AT	    24
#define CHECKSUM_AT 32

/* As someone who knows the format would write it. */
static int open_changed(char *copy, size_t len)
{
	FILE *f = fopen(other, "w");
	uint64_t sum = 0, size = len;

	memcpy(copy + SIZE_AT, &size, 8);
	memcpy(copy + CHECKSUM_AT, &sum, 8);
	sum = XXH3_64bits(copy, len);
	memcpy(copy + CHECKSUM_AT, &sum, 8);
	if (!f || fwrite(copy, 1, len, f) != len || fclose(f) || chmod(other, 0600))
		exit(2);
	return open_one(other, &key);
}

static uint64_t state = 7;

static uint32_t draw(uint32_t n)
{
	state += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)((hash_word(state) >> 32) * n >> 32);
}

static void hostile(void)
{
	char *copy = malloc(length);
	int damaged = 0, taken = 0, other_answers = 0;

	memcpy(copy, bytes, length);
	copy[length / 2] ^= 1;
	FILE *f = fopen(other, "w");
	fwrite(copy, 1, length, f);
	fclose(f);
	chmod(other, 0600);
	tap_int(open_one(other, &key), -74, "one bit of it changed");
	memcpy(copy, bytes, length);
	tap_int(open_changed(copy, length), 0, "the same with its checksum is itself");
	for (int i = 0; i < 6000; i++) {
		static const uint8_t extreme[] = {0, 1, 127, 128, 255};
		memcpy(copy, bytes, length);
		for (uint32_t k = 1 + draw(3); k > 0; k--) {
			size_t at = draw(2) ? draw((uint32_t)length) : 40 + draw(1600);
			copy[at] = draw(2) ? (char)draw(256) : (char)extreme[draw(5)];
		}
		int rc = open_changed(copy, draw(50) ? length : 1 + draw((uint32_t)length));
		damaged += rc == -74;
		taken += rc == 0;
		other_answers += rc != 0 && rc != -74 && rc != -2;
	}
	tap_ok(damaged > 500 && taken > 100 && other_answers == 0,
	       "6,000 made-up files: %d refused, %d harmless, none does harm", damaged, taken);
	free(copy);
}

int main(void)
{
	snprintf(path, sizeof(path), "/tmp/tocsin-test-cache-%ld", (long)getpid());
	snprintf(other, sizeof(other), "%s.other", path);
	there_and_back();
	refused();
	read_bytes();
	hostile();
	free(bytes);
	unlink(path);
	unlink(other);
	return tap_done();
}
