/* The journal's frames: what is read back is what was written, up to the first byte that is not. */
#include "engine/journal.h"

#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "tap.h"

static char dir[] = "/tmp/tocsin-journal-XXXXXX";

static const char *path_of(int i)
{
	static char path[2][64];

	snprintf(path[i], sizeof(path[i]), "%s/journal.%d", dir, i);
	return path[i];
}

/* Frame i of a number: its bytes follow from both. */
static size_t spell(uint8_t *out, uint64_t number, uint32_t i)
{
	size_t len = hash_word(number * 1000 + i) % 300;

	for (size_t k = 0; k < len; k++)
		out[k] = (uint8_t)hash_word(number * 100000 + i * 1000 + k);
	return len;
}

struct heard {
	uint64_t number;
	uint32_t frames, wrong;
	uint32_t stop_at; /* frame that answers an error; UINT32_MAX none */
};

static int hear(void *arg, const struct journal_frame *f)
{
	struct heard *h = arg;
	uint8_t want[400];
	size_t len = spell(want, h->number, h->frames);

	h->wrong += f->len != len || memcmp(f->p, want, len) != 0 ||
		    f->chained != (h->frames % 2) ||
		    f->kind != (h->frames % 3 ? JOURNAL_SAID : JOURNAL_SENT);
	return h->frames++ == h->stop_at ? -ENOMEM : 0;
}

static int append(struct journal *j, uint64_t number, uint32_t i)
{
	uint8_t bytes[400];
	size_t len = spell(bytes, number, i), cut = len / 3;
	const struct journal_frame f = {i % 3 ? JOURNAL_SAID : JOURNAL_SENT, i % 2, bytes, cut};

	return journal_append(j, &f, bytes + cut, len - cut, i % 4 == 0);
}

static struct heard read_back(uint64_t number, int *err)
{
	struct heard h = {.number = number, .stop_at = UINT32_MAX};
	char why[256] = "";

	*err = journal_read(dir, number, hear, &h, why);
	return h;
}

static void in_turn(void)
{
	struct journal *j;
	char why[256];
	int err;
	bool good = true;

	struct heard h = read_back(1, &err);
	tap_ok(err == 0 && h.frames == 0, "no journal has no frames");
	tap_int(journal_open(&j, dir, why), 0, "one is made");
	h = read_back(1, &err);
	tap_ok(err == 0 && h.frames == 0, "and is empty");
	for (uint64_t number = 1; number <= 9; number++) {
		const uint32_t frames = (uint32_t)(20 - 2 * number); /* what was there is longer */
		journal_begin(j, number);
		h = read_back(number, &err);
		good &= err == 0 && h.frames == 0;
		for (uint32_t i = 0; i < frames; i++) {
			good &= append(j, number, i) == 0;
			h = read_back(number, &err);
			good &= err == 0 && h.frames == i + 1 && h.wrong == 0;
		}
		if (number > 1) {
			h = read_back(number - 1, &err);
			good &= err == 0 && h.frames == frames + 2 && h.wrong == 0;
		}
		h = read_back(number + 1, &err);
		good &= err == 0 && h.frames == 0;
	}
	tap_ok(good, "each number's frames come back, and only they");
	h = (struct heard){.number = 9, .stop_at = 1};
	tap_ok(journal_read(dir, 9, hear, &h, why) == -ENOMEM && h.frames == 2 && why[0],
	       "a reader's error is returned");
	unlink(path_of(1));
	tap_int(append(j, 9, 0), -ENOENT, "a file that has been taken away keeps nothing");
	journal_close(j);
}

static void full(void)
{
	static uint8_t big[1u << 20];
	const struct journal_frame f = {JOURNAL_SAID, true, big, sizeof(big)};
	struct journal *j;
	char why[256];
	int n = 0, err;

	if (journal_open(&j, dir, why))
		abort();
	journal_begin(j, 100);
	while ((err = journal_append(j, &f, NULL, 0, false)) == 0)
		n++;
	tap_ok(err == -ENOSPC && n == 15 && journal_half_full(j), "it is full after %d MiB", n);
	const struct journal_frame rest = {JOURNAL_SAID, true, big, journal_room(j)};
	tap_ok(journal_append(j, &rest, NULL, 0, true) == 0 && journal_room(j) < 8, "to its last byte");
	const struct journal_frame more = {JOURNAL_SAID, true, big, 9};
	tap_int(journal_append(j, &more, NULL, 0, true), -ENOSPC, "and takes no more");
	journal_begin(j, 102);
	tap_ok(append(j, 102, 0) == 0 && !journal_half_full(j), "until it begins anew");
	int e;
	struct heard h = read_back(102, &e);
	tap_ok(e == 0 && h.frames == 1 && h.wrong == 0, "with what comes then");
	journal_close(j);
}

/* A frame is read when all before it are whole: never another, never a changed one. */
static void damage(void)
{
	enum { FRAMES = 30 };
	static uint8_t whole[JOURNAL_BYTES], bytes[20000];
	size_t end[FRAMES + 1] = {0}, filled[FRAMES]; /* with padding, and without */
	int wrong = 0, told = 0, tries = TAP_SANITIZED ? 2000 : 20000;
	struct journal *j;
	char why[256];

	if (journal_open(&j, dir, why))
		abort();
	journal_begin(j, 7);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint8_t one[400];
		append(j, 7, i);
		filled[i] = end[i] + JOURNAL_HEADER + spell(one, 7, i);
		end[i + 1] = (filled[i] + 7) & ~(size_t)7;
	}
	journal_close(j);
	FILE *f = fopen(path_of(1), "r");
	if (!f || fread(whole, 1, sizeof(whole), f) != sizeof(whole) || end[FRAMES] > sizeof(bytes) - 64)
		abort();
	fclose(f);
	for (int t = 0; t < tries; t++) {
		size_t len = sizeof(bytes), at = hash_word((uint64_t)t) % end[FRAMES];
		uint32_t before = 0;
		memcpy(bytes, whole, len);
		if (t % 2)
			bytes[at] ^= (uint8_t)(1 + hash_word((uint64_t)t * 3) % 255);
		else
			len = at;
		while (end[before + 1] <= at)
			before++;
		struct heard h = {.number = 7, .stop_at = UINT32_MAX};
		int err = journal_scan(bytes, len, 7, hear, &h, why);
		/* padding is nobody's: a change there is not seen, and does no harm */
		bool padding = at >= filled[before];
		wrong += h.wrong || h.frames != (!padding ? before : t % 2 ? FRAMES : before + 1);
		/* cut between two frames it looks whole */
		told += err == -EBADMSG || (padding && t % 2) || at == end[before];
	}
	tap_int(wrong, 0, "what lies before the damage is read, and nothing else");
	tap_int(told, tries, "and the damage is told");
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	in_turn();
	full();
	damage();
	for (int i = 0; i < 2; i++)
		unlink(path_of(i));
	rmdir(dir);
	return tap_done();
}
