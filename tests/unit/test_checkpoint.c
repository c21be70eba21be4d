/* A checkpoint: all of it comes back, and a damaged one is refused and changes nothing. */
#include "engine/checkpoint.h"

#include <errno.h>

#include "base/hash.h"
#include "raise/digest.h"
#include "test_engine.h"

static struct outbox out;
static uint64_t number;

static void say(void *arg, const struct candidate *c)
{
	struct engine *e = arg;
	struct text t;

	text_init(&t);
	candidate_json(&t, c, engine_context(e));
	outbox_add(&out, c->id, c->version, t.p, t.len);
	text_fini(&t);
}

static void quiet(void *arg, const struct candidate *c)
{
	(void)arg;
	(void)c;
}

static void show(void *arg, const struct candidate *c)
{
	struct text *all = ((void **)arg)[0];
	struct engine *e = ((void **)arg)[1];

	candidate_json(all, c, engine_context(e));
	text_char(all, '\n');
}

/* All that an engine knows, as text. */
static char *knows(struct engine *e)
{
	struct text all;
	void *arg[2] = {&all, e};

	text_init(&all);
	engine_candidates(e, show, arg);
	for (uint32_t i = 1; i <= names_threat_count(e->names); i++) {
		const struct threat_name *t = names_threat_get(e->names, i);
		text_printf(&all, "threat %u %d %s %s\n", i, (int)t->kind, t->id, t->name);
	}
	for (uint32_t i = 1; i <= names_by_count(e->names); i++)
		text_printf(&all, "by %u %s\n", i, names_by_get(e->names, i));
	for (uint32_t i = 0; i < object_count(e->objects); i++) {
		const struct object *o = object_by_id(e->objects, i);
		text_printf(&all, "object %u %s %s\n", i, o->position, o->source ? o->source->name : "-");
	}
	for (int s = CANDIDATE_WATCH; s <= CANDIDATE_RAISED; s++)
		text_printf(&all, "board %d %u\n", s, board_count(e->board, (enum candidate_status)s));
	struct evidence_usage u;
	evidence_usage(e->evidence, &u);
	text_printf(&all, "cells %u entries %u\n", (unsigned)u.cells, (unsigned)u.entries);
	return text_take(&all);
}

static int load(struct test_engine *t, struct outbox *b, struct checkpoint_marks *m, char why[256])
{
	memset(b, 0, sizeof(*b));
	memset(m, 0, sizeof(*m));
	return checkpoint_load(t->e, test_dir, &number, b, m, why);
}

static bool same_outbox(const struct outbox *a, const struct outbox *b)
{
	bool same = a->count == b->count;

	for (uint32_t i = 0; same && i < a->count; i++)
		same = strcmp(a->entries[i].id, b->entries[i].id) == 0 &&
		       a->entries[i].version == b->entries[i].version &&
		       a->entries[i].len == b->entries[i].len &&
		       memcmp(a->entries[i].line, b->entries[i].line, a->entries[i].len) == 0;
	return same;
}

static struct checkpoint_marks marks_of(void)
{
	struct checkpoint_marks m = {.kafka = calloc(2, sizeof(*m.kafka)),
				     .kafka_count = 2,
				     .files = calloc(1, sizeof(*m.files)),
				     .file_count = 1};

	snprintf(m.kafka[0].topic, sizeof(m.kafka[0].topic), "telemetry");
	m.kafka[0].partition = 3;
	m.kafka[0].next_offset = INT64_C(5000000000);
	memset(m.kafka[1].topic, 't', sizeof(m.kafka[1].topic) - 1);
	m.kafka[1].next_offset = -1;
	m.files[0].path = strdup(test_path("de.json"));
	m.files[0].mark = (struct file_mark){1, 2, 3};
	return m;
}

static bool same_marks(const struct checkpoint_marks *a, const struct checkpoint_marks *b)
{
	return a->kafka_count == b->kafka_count && a->file_count == b->file_count &&
	       memcmp(a->kafka, b->kafka, a->kafka_count * sizeof(*a->kafka)) == 0 &&
	       strcmp(a->files[0].path, b->files[0].path) == 0 &&
	       memcmp(&a->files[0].mark, &b->files[0].mark, sizeof(struct file_mark)) == 0;
}

static void round_trip(struct test_engine *first, const struct checkpoint_marks *m)
{
	struct test_engine second;
	struct outbox b;
	struct checkpoint_marks got;
	char why[256] = "", *want = knows(first->e);

	tap_ok(strstr(want, "\"status\":\"raised\"") || strstr(want, "board 1 1"), "there is something to keep");
	tap_int(checkpoint_save(first->e, test_dir, 7, &out, m), 0, "saved");
	tap_ok(access(test_path("checkpoint.new"), F_OK) != 0, "nothing half-done is left");
	test_engine_init(&second, "1");
	tap_int(load(&second, &b, &got, why), 0, "loaded");
	tap_int((long long)number, 7, "with its number");
	/* how many feeds list a threat is the ruleset's to say */
	if (engine_load(second.e, &second.problems))
		abort();
	char *have = knows(second.e);
	tap_str(have, want, "candidates, names, objects, board and evidence are as they were");
	tap_ok(b.count > 0 && same_outbox(&b, &out), "and the lines on their way");
	tap_ok(same_marks(&got, m), "and how far each input was read");
	free(have);
	free(want);
	outbox_fini(&b);
	checkpoint_marks_fini(&got);
	test_engine_fini(&second);
}

static int refused(struct test_engine *t, const char *p, size_t len)
{
	struct outbox b;
	struct checkpoint_marks m;
	char why[256] = "";

	test_write("checkpoint", p, len);
	int err = load(t, &b, &m, why);
	outbox_fini(&b);
	checkpoint_marks_fini(&m);
	return err == -EBADMSG && why[0] ? 0 : 1;
}

/* Truncated everywhere near its borders and at random, and changed in one byte. */
static void damage(void)
{
	const int tries = TAP_SANITIZED ? 150 : 600;
	struct test_engine t;
	FILE *f = fopen(test_path("checkpoint"), "rb");
	char *p = malloc(1 << 24);
	size_t len = fread(p, 1, 1 << 24, f);
	int wrong = 0;

	fclose(f);
	test_engine_init(&t, "1");
	char *want = knows(t.e);
	for (size_t n = 0; n < 64; n++)
		wrong += refused(&t, p, n) + refused(&t, p, len - 1 - n);
	for (int i = 0; i < tries; i++)
		wrong += refused(&t, p, hash_word((uint64_t)i + 1) % len);
	tap_int(wrong, 0, "cut short it is refused");
	for (int i = 0; i < tries; i++) {
		size_t at = hash_word((uint64_t)i * 2 + 1) % len;
		char old = p[at];
		p[at] ^= (char)(1 + hash_word((uint64_t)i * 2) % 255);
		wrong += refused(&t, p, len);
		p[at] = old;
	}
	tap_int(wrong, 0, "with a byte changed it is refused");
	char *have = knows(t.e);
	tap_str(have, want, "and none of it has come in");
	free(have);
	free(want);
	test_engine_fini(&t);

	/* The checksum made right: what it guards is read carefully all the same. */
	int odd = 0;
	for (int i = 0; i < tries / 5; i++) {
		struct outbox b;
		struct checkpoint_marks m;
		char why[256] = "";
		size_t at = hash_word((uint64_t)i * 2 + 77) % (len - 8);
		char old = p[at];
		p[at] ^= (char)(1 + hash_word((uint64_t)i * 3) % 255);
		uint64_t sum = hash_bytes(p, len - 8, 0);
		memcpy(p + len - 8, &sum, 8);
		test_write("checkpoint", p, len);
		p[at] = old;
		test_engine_init(&t, "1");
		int err = load(&t, &b, &m, why);
		odd += err != 0 && err != -EBADMSG && err != -ENOSPC && err != -ENOMEM;
		if (err == 0) {
			engine_judge(t.e, quiet, NULL);
			free(knows(t.e));
		}
		outbox_fini(&b);
		checkpoint_marks_fini(&m);
		test_engine_fini(&t);
	}
	tap_int(odd, 0, "forged it is refused or read, without a crash");
	free(p);
}

int main(void)
{
	struct test_engine t;
	struct outbox b;
	struct checkpoint_marks m, none;
	char why[256] = "";

	test_dir_init(1000);
	if (test_engine_init(&t, "2"))
		return 1;
	tap_int(load(&t, &b, &none, why), -ENOENT, "there is none");
	tap_ok(why[0] == '\0', "which is no problem");
	if (engine_load(t.e, &t.problems) || engine_start(t.e, false))
		return 1;
	test_engine_read(&t, "de.json", 0);
	test_engine_read(&t, "fr.json", 1);
	engine_quiesce(t.e);
	tap_int(engine_judge(t.e, say, t.e), 0, "judged");
	m = marks_of();
	round_trip(&t, &m);
	tap_ok(checkpoint_save(t.e, test_path("no/such"), 8, &out, &m) == -ENOENT &&
		       access(test_path("checkpoint"), R_OK) == 0, "no folder is an error");
	engine_resume(t.e);
	engine_stop(t.e);
	damage();
	outbox_fini(&out);
	checkpoint_marks_fini(&m);
	test_engine_fini(&t);
	test_dir_fini();
	return tap_done();
}
