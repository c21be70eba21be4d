/* Frames and their numbers, through every container; broken captures end, and say so. */
#include "test_ingest_common.h"

#include <pcap/pcap.h>

#include "base/log.h"

#define DATA "../shared/data"

static char folder[64] = "/tmp/test_ingest_pcap.XXXXXX";
static char path[128];

/* A capture built by hand: pcap of this magic, one frame of each length. */
struct made {
	uint8_t p[1 << 16];
	size_t len;
	bool swap;
};

static void put32(struct made *m, uint32_t v)
{
	v = m->swap ? __builtin_bswap32(v) : v;
	memcpy(m->p + m->len, &v, 4);
	m->len += 4;
}

static void make_pcap(struct made *m, uint32_t magic, bool swap, int frames)
{
	m->len = 0;
	m->swap = swap;
	put32(m, magic);
	put32(m, swap ? 0x00020004 : 0x00040002);
	put32(m, 0);
	put32(m, 0);
	put32(m, 262144);
	put32(m, DLT_EN10MB);
	for (int i = 0; i < frames; i++) {
		uint32_t len = 14 + (uint32_t)i;
		put32(m, 1700000000u + (uint32_t)i);
		put32(m, magic == 0xa1b23c4d ? 123456789 : 123456);
		put32(m, len);
		put32(m, len + 100);
		memset(m->p + m->len, i, len);
		m->len += len;
	}
}

/* As expected_frames() prints them: "number time captured wire link first-byte". */
static void take_frames(struct text *t, const struct batch *b)
{
	for (uint32_t i = 0; i < b->items; i++) {
		const struct batch_item *it = &b->item[i];
		text_printf(t, "%llu %lld %u %u %u %u\n", (unsigned long long)it->offset,
			    (long long)it->time_us, it->len, it->wire_len, it->link_type,
			    it->len ? b->bytes[it->start] : 0);
	}
}

static void expected_frames(struct text *t, int frames)
{
	for (int i = 0; i < frames; i++)
		text_printf(t, "%d %lld %d %d %d %d\n", i + 1,
			    (1700000000ll + i) * 1000000 + 123456, 14 + i, 114 + i, DLT_EN10MB, i);
}

static void read_frames(struct run *r, const char *spec)
{
	struct input *in;

	memset(r, 0, sizeof(*r));
	r->result = ingest_pcap.open(&in, &cx, spec, NULL, r->why);
	if (r->result)
		return;
	for (;;) {
		struct batch *b = batch_get(&pool);
		char why[256];
		r->result = ingest_pcap.fill(in, b, why);
		if (why[0])
			snprintf(r->why, sizeof(r->why), "%s", why);
		for (int i = 0; i < REASON_COUNT; i++)
			r->refused[i] += b->refused[i];
		if (r->result > 0)
			take_frames(&r->lines, b);
		r->records += b->items;
		batch_put(&pool, b);
		if (r->result <= 0)
			break;
	}
	ingest_pcap.close(in);
}

static void check_made(uint32_t magic, bool swap, const char *name)
{
	static struct made m;
	struct text want = {0};
	struct run got;

	make_pcap(&m, magic, swap, 50);
	expected_frames(&want, 50);
	write_file(path, m.p, m.len);
	read_frames(&got, path);
	tap_str(got.lines.p, want.p, name);
	run_free(&got);
	for (int gzip = 0; gzip < 2; gzip++) {
		size_t n;
		uint8_t *packed = pack(gzip, m.p, m.len, &n);
		write_file(path, packed, n);
		read_frames(&got, path);
		tap_str(got.lines.p, want.p, gzip ? "through gzip" : "through zstd");
		run_free(&got);
		/* the packed capture cut short */
		write_file(path, packed, n / 2);
		read_frames(&got, path);
		tap_ok(got.result == -EINVAL || got.refused[REASON_BAD_COMPRESSION] == 1,
		       "half of it: %llu frames, %s", (unsigned long long)got.records, got.why);
		run_free(&got);
		free(packed);
	}
	text_fini(&want);
}

static void check_broken(void)
{
	static struct made m;
	struct run got;

	make_pcap(&m, 0xa1b2c3d4, false, 10);
	write_file(path, m.p, m.len - 5);
	read_frames(&got, path);
	tap_int((long long)got.records, 9, "a capture cut short: the whole frames come");
	tap_ok(got.result == 0 && got.refused[REASON_BAD_CAPTURE] == 1, "and it is counted: %s",
	       got.why);
	run_free(&got);
	write_file(path, "", 0);
	read_frames(&got, path);
	tap_ok(got.result == -EINVAL && strstr(got.why, path), "an empty file: %s", got.why);
	write_file(path, "neither one nor the other", 25);
	read_frames(&got, path);
	tap_ok(got.result == -EINVAL && strstr(got.why, path), "garbage: %s", got.why);
	read_frames(&got, "/nonexistent/x");
	tap_ok(got.result == -ENOENT, "no such file: %s", got.why);
	read_frames(&got, folder);
	tap_int(got.result, -EISDIR, "a folder");
	make_pcap(&m, 0xa1b2c3d4, false, 0);
	write_file(path, m.p, m.len);
	read_frames(&got, path);
	tap_ok(got.result == 0 && got.records == 0, "a capture of nothing");
	run_free(&got);
}

/* Frames of 2 MB are possible on D-Bus links; ours are at most a batch. */
static void check_long_frame(void)
{
	static struct made m;
	struct run got;
	const uint32_t big = 2 << 20;
	uint8_t *zero = calloc(1, big);

	make_pcap(&m, 0xa1b2c3d4, false, 1);
	m.p[20] = 231;  /* DLT_DBUS */
	m.p[18] = 0x40; /* snapshot length 4 MiB */
	size_t one = m.len - 24;
	FILE *f = fopen(path, "wb");
	uint32_t head[4] = {1, 2, big, big};
	fwrite(m.p, 1, m.len, f);
	fwrite(head, 1, sizeof(head), f);
	fwrite(zero, 1, big, f);
	fwrite(m.p + 24, 1, one, f);
	fclose(f);
	free(zero);
	read_frames(&got, path);
	tap_str(got.lines.p, "1 1700000000123456 14 114 231 0\n3 1700000000123456 14 114 231 0\n",
		"around a frame larger than a batch");
	tap_int((long long)got.refused[REASON_TOO_LONG], 1, "which is counted");
	run_free(&got);
}

static void put_block(struct made *m, uint32_t type, const void *body, uint32_t len)
{
	put32(m, type);
	put32(m, len + 12);
	memcpy(m->p + m->len, body, len);
	m->len += len;
	put32(m, len + 12);
}

/* Two interfaces of different link types and snapshot lengths, which libpcap alone refuses,
 * and a second section with its own. */
static void check_interfaces(void)
{
	static struct made m;
	static const uint32_t section[] = {0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX};
	static const uint32_t ethernet[] = {1, 262144}, raw[] = {101, 65535}, sll[] = {113, 96};
	struct run got;

	m.len = 0;
	m.swap = false;
	for (uint32_t s = 0; s < 2; s++) {
		put_block(&m, 0x0a0d0d0a, section, sizeof(section));
		put_block(&m, 1, s ? sll : ethernet, 8);
		put_block(&m, 1, raw, 8);
		for (uint32_t i = 0; i < 4; i++) {
			uint32_t packet[] = {i % 2, 0, i, 4, 60, 7 + i};
			put_block(&m, 6, packet, sizeof(packet));
		}
	}
	write_file(path, m.p, m.len);
	read_frames(&got, path);
	tap_str(got.lines.p,
		"1 0 4 60 1 7\n2 1 4 60 12 8\n3 2 4 60 1 9\n4 3 4 60 12 10\n"
		"5 0 4 60 113 7\n6 1 4 60 12 8\n7 2 4 60 113 9\n8 3 4 60 12 10\n",
		"pcapng of several interfaces: each frame with its own link type");
	tap_int(got.result, 0, "to its end");
	run_free(&got);
}

/* A capture on standard input that pauses: what came is not held back. */
static void check_pause(void)
{
	static struct made m;
	int ends[2];
	char why[256];
	struct input *in;
	struct batch *b = batch_get(&pool);

	make_pcap(&m, 0xa1b2c3d4, false, 3);
	if (pipe(ends) != 0 || write(ends[1], m.p, m.len) != (ssize_t)m.len)
		return;
	dup2(ends[0], 0);
	close(ends[0]);
	int err = ingest_pcap.open(&in, &cx, "-", NULL, why);
	tap_ok(err == 0 && ingest_pcap.fill(in, b, why) == 1 && b->items == 3,
	       "three frames, then silence: they are here");
	atomic_store(&stop, true);
	batch_reset(b);
	tap_ok(ingest_pcap.fill(in, b, why) == 0 && b->refused[REASON_BAD_CAPTURE] == 0,
	       "stopped: the end, and nothing is broken");
	atomic_store(&stop, false);
	ingest_pcap.close(in);
	close(ends[1]);
	batch_put(&pool, b);
}

/* tshark's own count, times and lengths; -1 if it cannot be run. */
static int tshark_frames(const char *file, struct text *t)
{
	char command[600], line[256];

	snprintf(command, sizeof(command),
		 "tshark -r '%s' -n --disable-protocol ip --disable-protocol ipv6 -T fields "
		 "-e frame.number -e frame.time_epoch -e frame.cap_len -e frame.len 2>/dev/null",
		 file);
	FILE *f = popen(command, "r");
	int count = 0;
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long number, nsec = 0;
		long long sec = 0;
		unsigned cap, wire;
		if (sscanf(line, "%llu\t%lld.%9llu\t%u\t%u", &number, &sec, &nsec, &cap, &wire) !=
		    5)
			break;
		text_printf(t, "%llu %lld %u %u\n", number, sec * 1000000 + (long long)nsec / 1000,
			    cap, wire);
		count++;
	}
	return f && pclose(f) == 0 ? count : -1;
}

/* One line of each: the same number, lengths and time; a stamp that is no time differs. */
static bool same_frame(const char *got, const char *want, int *no_time)
{
	unsigned long long n1, n2;
	long long t1, t2;
	unsigned c1, c2, w1, w2;

	if (sscanf(got, "%llu %lld %u %u", &n1, &t1, &c1, &w1) != 4 ||
	    sscanf(want, "%llu %lld %u %u", &n2, &t2, &c2, &w2) != 4)
		return false;
	*no_time += t1 == 0;
	return n1 == n2 && c1 == c2 && w1 == w2 && (t1 == t2 || t1 == 0);
}

static void check_against_tshark(const char *file)
{
	struct text want = {0};
	struct run r;
	int no_time = 0;

	if (access(file, R_OK) != 0) {
		tap_skip(1, "%s is not there", file);
		return;
	}
	int count = tshark_frames(file, &want);
	if (count < 0) {
		tap_skip(1, "tshark does not read %s", file);
		text_fini(&want);
		return;
	}
	read_frames(&r, file);
	const char *g = r.lines.p, *w = want.p;
	bool same = r.records == (uint64_t)count;
	for (int i = 0; i < count && same; i++) {
		same = same_frame(g, w, &no_time);
		g = strchr(g, '\n') + 1;
		w = strchr(w, '\n') + 1;
	}
	tap_ok(same, "%s: %llu frames as tshark's, %d without a time", file,
	       (unsigned long long)r.records, no_time);
	if (!same)
		printf("#  got: %.60s\n# want: %.60s\n", g ? g : "", w ? w : "");
	text_fini(&want);
	run_free(&r);
}

/* Every capture there is: read to its end or refused, and each loss has a name. */
static void check_all(const char *root)
{
	struct input_list l = {0};
	char why[256];
	uint64_t captures = 0, frames = 0, refused = 0, broken = 0;

	if (input_list_add(&l, root, NULL, why) != 0) {
		tap_skip(1, "%s is not there", root);
		return;
	}
	bool balanced = true;
	for (uint32_t i = 0; i < l.count; i++) {
		if (l.items[i].ops != &ingest_pcap)
			continue;
		struct run r;
		captures++;
		read_frames(&r, l.items[i].path);
		refused += r.result < 0;
		broken += r.refused[REASON_BAD_CAPTURE];
		frames += r.records;
		balanced = balanced && (r.result == 0 || (r.why[0] && r.records == 0)) &&
			   r.refused[REASON_BAD_CAPTURE] <= 1;
		run_free(&r);
	}
	tap_ok(balanced && captures > 0,
	       "%s: %llu captures, %llu frames, %llu refused at open, %llu broken on the way", root,
	       (unsigned long long)captures, (unsigned long long)frames,
	       (unsigned long long)refused, (unsigned long long)broken);
	input_list_fini(&l);
}

static const char *const samples[] = {
	DATA "/pcaps/tcpdump/tests/bgp-ovs.pcapng",
	DATA "/pcaps/tcpdump/tests/isis_sr.pcapng",
	DATA "/pcaps/tcpdump/tests/hdlc_slarp.pcapng",
	DATA "/pcaps/tcpdump/tests/dhcp-option-108.pcapng",
	DATA "/pcaps/zeek/testing/btest/Traces/ldap/gap-data-missing.pcapng",
	DATA "/pcaps/zeek/testing/btest/Traces/ldap/modify-request.pcapng",
};

int main(void)
{
	log_set_level(LOG_ERROR);
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/data", folder);
	common_init();
	check_made(0xa1b2c3d4, false, "pcap");
	check_made(0xa1b2c3d4, true, "pcap of the other byte order");
	check_made(0xa1b23c4d, false, "pcap in nanoseconds");
	check_broken();
	check_long_frame();
	check_interfaces();
	check_pause();
	check_against_tshark(DATA "/pcaps/dev-eth.pcap");
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		check_against_tshark(samples[i]);
	check_all(DATA "/pcaps");
	check_all(DATA "/suites");
	common_fini();
	unlink(path);
	rmdir(folder);
	return tap_done();
}
