/* The exact table against a plain list; networks against a linear scan. */
#include "base/hash.h"
#include "match/exact.h"
#include "match/exact_hash.h"
#include "match/exact_net.h"
#include "tap.h"
#include "test_matcher_set.h"

#define ATOMS 200000

static void test_table(void)
{
	struct exact e;
	uint64_t missing = 0, strange = 0, foreign = 0, passed = 0;

	tap_int(exact_init(&e, ATOMS + ATOMS / 10), 0, "init");
	for (uint32_t i = 0; i < ATOMS; i++)
		exact_insert(&e, hash_word(i), i);
	/* every tenth is named twice */
	for (uint32_t i = 0; i < ATOMS; i += 10)
		exact_insert(&e, hash_word(i), ATOMS + i);
	exact_insert_once(&e, hash_word(3), EXACT_TRIGGER);
	tap_int(exact_finish(&e), 0, "finish");
	for (uint32_t i = 0; i < ATOMS; i++) {
		struct exact_refs r = exact_find(&e, hash_word(i));
		bool twice = i % 10 == 0;
		/* others of the same tag may lie between */
		uint32_t k = 0;
		while (k < r.count && r.ref[k] != i)
			k++;
		bool here = k < r.count;
		while (twice && k < r.count && r.ref[k] != ATOMS + i)
			k++;
		missing += !here || k >= r.count;
		strange += r.count != 1u + twice;
	}
	for (uint32_t i = ATOMS; i < 5 * ATOMS; i++) {
		passed += exact_maybe(&e, hash_word(i));
		foreign += exact_find(&e, hash_word(i)).count > 0;
	}
	tap_int((long long)missing, 0, "every reference is found, in the order of insertion");
	tap_ok(strange < ATOMS / 1000, "with hardly any other (%llu)", (unsigned long long)strange);
	tap_ok(foreign <= 10, "what was not put in is not found (%llu)",
	       (unsigned long long)foreign);
	tap_ok(passed < 4 * ATOMS / 100, "the filter passes %.2f %% of foreign values",
	       100.0 * (double)passed / (4.0 * ATOMS));
	double each = (double)exact_bytes(&e) / ATOMS;
	tap_ok(each < 11.5, "%.1f bytes an atom", each);
	exact_fini(&e);
	tap_int(exact_init(&e, 0), 0, "an empty table");
	tap_int(exact_finish(&e), 0, "is one");
	tap_int(exact_find(&e, 1).count, 0, "with nothing in it");
	exact_fini(&e);
	tap_int(exact_init(&e, EXACT_REFS_MAX), -22, "too many are refused");
}

static void random_address(uint64_t *s, struct address *a)
{
	memset(a, 0, sizeof(*a));
	a->bits = random_below(s, 2) ? 32 : 128;
	/* few distinct bytes, so that networks nest */
	for (int i = 0; i < a->bits / 8; i++)
		a->b[i] = (uint8_t)(random_below(s, 8) ? random_below(s, 2) : random_below(s, 256));
}

#define NETS 3000

static void test_networks(void)
{
	static struct network nets[NETS];
	struct exact_net n;
	uint64_t s = 5, wrong = 0, found_any = 0;

	exact_net_init(&n, NETS);
	for (uint32_t i = 0; i < NETS; i++) {
		struct address a;
		char text[ADDRESS_TEXT_MAX + 8];
		random_address(&s, &a);
		size_t len = address_format(&a, text);
		uint32_t prefix = random_below(&s, a.bits + 1u);
		len += (size_t)sprintf(text + len, "/%u", prefix);
		if (!network_parse(text, len, &nets[i]))
			abort();
		exact_net_insert(&n, &nets[i], i);
	}
	tap_int(exact_net_finish(&n), 0, "networks are built");
	for (int k = 0; k < 20000; k++) {
		struct address a;
		struct network found;
		uint32_t step = 0;
		int longest = -1, last = 129;
		random_address(&s, &a);
		for (uint32_t i = 0; i < NETS; i++)
			if (network_contains(&nets[i], &a) && nets[i].prefix > longest)
				longest = nets[i].prefix;
		struct exact_refs r = exact_net_next(&n, &a, &step, &found);
		wrong += r.count ? found.prefix != longest : longest >= 0;
		wrong += exact_net_any(&n, &a) != (longest >= 0);
		for (; r.count; r = exact_net_next(&n, &a, &step, &found)) {
			wrong += found.prefix >= last || !network_contains(&found, &a);
			for (uint32_t i = 0; i < r.count; i++)
				wrong += nets[r.ref[i]].prefix != found.prefix ||
					 !network_contains(&nets[r.ref[i]], &a);
			last = found.prefix;
		}
		found_any += longest >= 0;
	}
	tap_int((long long)wrong, 0, "longest first, as a linear scan has it");
	tap_ok(found_any > 1000, "and there were some (%llu)", (unsigned long long)found_any);
	exact_net_fini(&n);
}

static void test_hashes(void)
{
	char a[128], b[128];
	uint64_t s = 9, wrong = 0;

	for (int i = 0; i < 20000; i++) {
		size_t len = random_below(&s, 60);
		memset(a, 0, sizeof(a));
		memset(b, 'x', sizeof(b));
		for (size_t k = 0; k < len; k++) {
			a[k] = "abcxyz0189-_."[random_below(&s, 13)];
			b[k] = (char)(a[k] >= 'a' && random_below(&s, 2) ? a[k] & ~0x20 : a[k]);
		}
		uint64_t seed = random_next(&s);
		wrong += exact_label(seed, a, len) != exact_label_padded(seed, b, len);
		if (len > 0) {
			a[0] = (char)(a[0] == 'q' ? 'r' : 'q');
			wrong += exact_label(seed, a, len) == exact_label_padded(seed, b, len);
		}
	}
	tap_int((long long)wrong, 0, "case and what follows change no hash, a letter does");
	struct address v4;
	address_parse("1.2.3.4", 7, &v4);
	uint32_t word;
	memcpy(&word, v4.b, 4);
	tap_ok(exact_hash_address(&v4) == exact_hash_v4(word), "both ways of hashing IPv4");
}

int main(void)
{
	test_table();
	test_networks();
	test_hashes();
	return tap_done();
}
