/* What paths stand for, what objects are, and the two inputs that need no file. */
#include "test_ingest_common.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <arpa/inet.h>

static char folder[64] = "/tmp/test_ingest_list.XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[8][160];
	static int turn;
	char *p = path[turn++ % 8];

	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void put(const char *name, const void *p, size_t len)
{
	write_file(in_folder(name), p, len);
}

static void put_packed(const char *name, bool gzip, const void *p, size_t len)
{
	size_t n;
	uint8_t *packed = pack(gzip, p, len, &n);

	put(name, packed, n);
	free(packed);
}

/* "name ops bytes" of each, names relative to the folder. */
static void show(const struct input_list *l, struct text *t)
{
	text_reset(t);
	text_str(t, "");
	for (uint32_t i = 0; i < l->count; i++)
		text_printf(t, "%s %s %llu\n", l->items[i].path + strlen(folder) + 1,
			    l->items[i].ops->name, (unsigned long long)l->items[i].bytes);
}

static void make_tree(void)
{
	static const uint8_t pcap[24] = {0xd4, 0xc3, 0xb2, 0xa1}, ng[28] = {0x0a, 0x0d, 0x0d, 0x0a};
	static const uint8_t nano[24] = {0xa1, 0xb2, 0x3c, 0x4d},
			     kuz[24] = {0x34, 0xcd, 0xb2, 0xa1};

	mkdir(in_folder("b"), 0700);
	mkdir(in_folder("b/c"), 0700);
	mkdir(in_folder("a.d"), 0700);
	put("b/two.json", "{}\n", 3);
	put("b/c/deep", "x", 1);
	put("b.log", "", 0);
	put("a.d/cap", pcap, sizeof(pcap));
	put("a.d/cap.log", ng, sizeof(ng));
	put("a.d/nano", nano, sizeof(nano));
	put("a.d/kuz", kuz, sizeof(kuz));
	put(".hidden", "x", 1);
	put_packed("z.gz", true, pcap, sizeof(pcap));
	put_packed("z.zst", false, ng, sizeof(ng));
	put_packed("z2.zst", false, "{}\n", 3);
	mkfifo(in_folder("fifo"), 0600);
	(void)!symlink("b/two.json", in_folder("link"));
	(void)!symlink("..", in_folder("b/up"));
	(void)!symlink("nothing", in_folder("dangling"));
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", in_folder("socket"));
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)!bind(s, (struct sockaddr *)&sun, sizeof(sun));
	close(s);
}

static void check_list(void)
{
	struct input_list l = {0};
	struct text t = {0};
	/* objects keep their source: it outlives the registry */
	static struct source a = {.id = 0, .name = "a"}, b = {.id = 1, .name = "b"};
	struct stat st;
	char why[256], want[600];

	make_tree();
	tap_int(input_list_add(&l, folder, &a, why), 0, "a folder");
	show(&l, &t);
	char *gz = t.p ? strstr(t.p, "z.gz") : NULL;
	if (gz)
		*gz = '\0';
	tap_str(t.p,
		"a.d/cap pcap 24\na.d/cap.log pcap 28\na.d/kuz pcap 24\na.d/nano pcap 24\n"
		"b/c/deep file 1\nb/two.json file 3\nb.log file 0\n",
		"walked in byte order, captures told by content, odd things left out");
	uint32_t count = l.count;
	tap_int(count, 10, "with the packed ones");
	tap_ok(count == 10 && l.items[7].ops == &ingest_pcap && l.items[8].ops == &ingest_pcap &&
		       l.items[9].ops == &ingest_file,
	       "which are told by what is in them");
	stat(in_folder("z.gz"), &st);
	tap_int((long long)l.items[7].bytes, (long long)st.st_size, "and counted as on disk");
	input_list_add(&l, in_folder("b/two.json"), &a, why);
	input_list_add(&l, in_folder("link"), &a, why);
	tap_int(l.count, count, "the same file again is taken once");
	input_list_add(&l, in_folder("b/two.json"), &b, why);
	tap_int(l.count, count + 1, "for another source it is another input");
	int err = input_list_add(&l, in_folder("missing"), &a, why);
	snprintf(want, sizeof(want), "%s: No such file or directory", in_folder("missing"));
	tap_int(err, -ENOENT, "a missing path");
	tap_str(why, want, "is named");
	input_list_fini(&l);

	input_list_add(&l, in_folder("z2.zst"), &b, why);
	input_list_add(&l, in_folder("b.log"), &b, why);
	input_list_add(&l, in_folder("z.gz"), &a, why);
	input_list_sort(&l);
	show(&l, &t);
	tap_ok(t.p && strstr(t.p, "z.gz") == t.p && strstr(t.p, "b.log") < strstr(t.p, "z2.zst"),
	       "sorted by source, then path");
	tap_int(input_list_register(&l, objects), 0, "objects in that order");
	snprintf(want, sizeof(want), "file:%s", in_folder("b.log"));
	tap_int(object_get(objects, want, &b)->id, object_get(objects, want, &b)->id, "one each");
	snprintf(want, sizeof(want), "pcap:%s", in_folder("z.gz"));
	tap_str(object_by_id(objects, 0)->position, want, "the first has id 0");
	input_list_fini(&l);
	text_fini(&t);
}

/* A pipe on standard input is told by its first bytes, and keeps them. */
static void check_standard_input(void)
{
	struct input_list l = {0};
	struct run r;
	char why[256];
	static const uint8_t pcap[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1};

	for (int i = 0; i < 2; i++) {
		int ends[2];
		if (pipe(ends) != 0 ||
		    write(ends[1], i ? "{}\n" : (const char *)pcap, i ? 3 : 24) < 0)
			return;
		dup2(ends[0], 0);
		close(ends[0]);
		close(ends[1]);
		tap_ok(input_list_add(&l, "-", NULL, why) == 0 &&
			       l.items[0].ops == (i ? &ingest_file : &ingest_pcap),
		       "standard input: %s", i ? "lines" : "a capture");
		read_all(&r, l.items[0].ops, "-", NULL, i);
		tap_ok(r.result == 0 && r.records == (uint64_t)i, "which is all still there %s",
		       r.why);
		run_free(&r);
		input_list_fini(&l);
	}
}

static void *get_many(void *arg)
{
	char name[32];
	uint64_t *sum = arg;

	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "x:%d", i);
		const struct object *o = object_get(objects, name, NULL);
		*sum += o->id;
		if (object_by_id(objects, o->id) != o)
			*sum = 0;
	}
	return NULL;
}

static void check_objects(void)
{
	pthread_t thread[4];
	uint64_t sum[4] = {0};
	static struct source s = {.id = 3, .name = "s", .format = FORMAT_ECS};
	uint32_t before = object_count(objects);

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, get_many, &sum[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	tap_ok(sum[0] > 0 && sum[0] == sum[1] && sum[1] == sum[2] && sum[2] == sum[3],
	       "four threads find the same objects");
	tap_int(object_count(objects), before + 5000, "each made once");
	const struct object *o = object_get(objects, "x:1", &s);
	tap_ok(o != object_get(objects, "x:1", NULL) && o->format == FORMAT_ECS,
	       "another source is another object, of the source's format");
	tap_ok(!object_by_id(objects, object_count(objects)), "no object beyond the last");
}

static void check_null(void)
{
	struct run r;

	read_all(&r, &ingest_null, "lines:100000:{\"a\":1}", NULL, true);
	tap_ok(r.result == 0 && r.records == 100000 && r.bytes == 800000, "the null source");
	tap_ok(r.lines.len > 20 && strcmp(r.lines.p + r.lines.len - 15, "799992:{\"a\":1}\n") == 0,
	       "with the last line's offset");
	run_free(&r);
	read_all(&r, &ingest_null, "lines:0:x", NULL, true);
	tap_ok(r.result == 0 && r.records == 0, "no lines");
	static const char *const bad[] = {"lines:x", "lines:-1:x", "rows:1:x",
					  "lines:99999999999999999999:x"};
	for (int i = 0; i < 4; i++) {
		read_all(&r, &ingest_null, bad[i], NULL, true);
		tap_int(r.result, -EINVAL, bad[i]);
	}
}

/* Datagrams over the loopback interface, where the system lets us listen. */
static void check_live(void)
{
	struct input *in;
	char why[256];
	int err = ingest_live.open(&in, &cx, "lo", NULL, why);

	if (err) {
		tap_skip(3, "no capture on lo: %s", why);
	} else {
		struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
		int s = socket(AF_INET, SOCK_DGRAM, 0), found = 0;
		bool numbered = true;
		uint64_t frame = 0;
		inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
		for (int i = 0; i < 20; i++)
			sendto(s, "tocsin-live-test", 16, 0, (struct sockaddr *)&to, sizeof(to));
		for (int i = 0; i < 20 && found < 20; i++) {
			struct batch *b = batch_get(&pool);
			ingest_live.fill(in, b, why);
			for (uint32_t k = 0; k < b->items; k++) {
				found += memmem(b->bytes + b->item[k].start, b->item[k].len,
						"tocsin-live-test", 16) != NULL;
				numbered = numbered && b->item[k].offset == ++frame;
			}
			batch_put(&pool, b);
		}
		close(s);
		tap_ok(found >= 20, "live: datagrams seen on lo");
		tap_ok(numbered && ingest_live_drops(in) == 0, "numbered, none dropped");
		atomic_store(&stop, true);
		struct batch *b = batch_get(&pool);
		tap_int(ingest_live.fill(in, b, why), 0, "stopped: the end");
		batch_put(&pool, b);
		atomic_store(&stop, false);
		ingest_live.close(in);
	}
	err = ingest_live.open(&in, &cx, "no-such-interface", NULL, why);
	tap_ok(err < 0 && strstr(why, "no-such-interface"), "%s", why);
}

int main(void)
{
	char command[128];

	if (!mkdtemp(folder))
		return 1;
	common_init();
	check_list();
	check_standard_input();
	check_objects();
	check_null();
	check_live();
	common_fini();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		return 1;
	return tap_done();
}
