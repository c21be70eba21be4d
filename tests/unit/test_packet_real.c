/*
 * Every frame of real captures, decoded here and by tshark: addresses, DNS
 * question names, TLS server names and HTTP hosts must be the same sets. What
 * may differ is told by rules on the packet (packet_rules.h), never by a list
 * of frames; tests/cases/40_packets_against_tshark/README.md says why.
 *
 * A fixed sample by default; ALL=1 for every capture; arguments: these files
 * alone. Skips without the captures or without tshark.
 */
#include "tap.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decode/decode.h"
#include "unit/test_packet_rules.h"
#include "unit/test_packet_tshark.h"

#define DATA      "../shared/data/"
#define FILES_MAX 4096
#define SAMPLE    (TAP_SANITIZED ? 40 : 150)
#define SHOWN_MAX 40

static const char *const kind_name[KINDS] = {"address", "dns", "sni", "host"};

static const char *const rule_text[RULE_COUNT] = {
#define X(id, text) text,
	RULES(X)
#undef X
};

static char *files[FILES_MAX];
static int file_count;
static struct decoder decoder;
static struct event event;
static uint64_t frames, foreign, bad, equal, tail, unread;
static uint64_t compared[KINDS], explained[RULE_COUNT][KINDS];
static int shown;

static void ours(struct set sets[KINDS])
{
	for (uint32_t i = 0; i < event.fields; i++) {
		const struct span *v = &event.field[i].value;
		switch (event.field[i].id) {
		case FIELD_SOURCE_IP:
		case FIELD_DESTINATION_IP:
			put_address(&sets[ADDRESS], v->p, v->len, false, 0);
			break;
		case FIELD_DNS_QUESTION_NAME:
			put(&sets[DNS], v->p, v->len, false, 0);
			break;
		case FIELD_TLS_SERVER_NAME:
			put(&sets[SNI], v->p, v->len, false, 0);
			break;
		case FIELD_URL_DOMAIN:
			put(&sets[HOST], v->p, v->len, false, 0);
			break;
		default:
			break;
		}
	}
}

static void differ(const char *file, uint64_t frame, enum kind k, enum rule r, const char *side,
		   const char *value, const struct facts *f)
{
	explained[r][k]++;
	if (getenv("SHOW") ? atoi(getenv("SHOW")) == (int)r
			   : r == RULE_UNEXPLAINED && shown++ < SHOWN_MAX)
		printf("# %s\t%s\t%s\t%s\t%llu\t%s\n", side, kind_name[k], f->protocols, value,
		       (unsigned long long)frame, file);
}

static bool compare(const char *file, uint64_t frame, const struct set t[KINDS],
		    const struct set o[KINDS], const struct facts *f)
{
	bool same = true;

	for (enum kind k = 0; k < KINDS; k++) {
		compared[k] += (uint64_t)t[k].count;
		for (int i = 0; i < t[k].count; i++) {
			const struct value *v = &t[k].value[i];
			if (has(&o[k], v->p))
				continue;
			same = false;
			differ(file, frame, k, rules_missing(f, k, v->v6, v->nth), "missing", v->p,
			       f);
		}
		for (int i = 0; i < o[k].count; i++) {
			if (has(&t[k], o[k].value[i].p))
				continue;
			same = false;
			differ(file, frame, k, rules_extra(f, k), "extra", o[k].value[i].p, f);
		}
	}
	return same;
}

static void file_frames(const char *path, pcap_t *pc, FILE *out)
{
	static struct set t[KINDS], o[KINDS];
	struct pcap_pkthdr *h;
	const u_char *p;
	char *line = NULL;
	size_t cap = 0;
	uint64_t frame = 0;

	while (pcap_next_ex(pc, &h, &p) == 1) {
		struct facts f = {.protocols = "", .cut = h->caplen < h->len, .ev = &event};
		frame++;
		text_used = 0;
		for (int k = 0; k < KINDS; k++)
			t[k].count = o[k].count = 0;
		if (!theirs(out, &line, &cap, t, &f)) {
			if (unread++ < SHOWN_MAX && getenv("SHOW"))
				printf("# only libpcap\t%llu\t%s\n", (unsigned long long)frame,
				       path);
			continue;
		}
		frames++;
		f.reason =
			decode_packet(&decoder, pcap_datalink(pc), p, h->caplen, h->len, 1, &event);
		if (f.reason == REASON_LINK_TYPE) {
			foreign++;
			continue;
		}
		bad += f.reason == REASON_BAD_PACKET;
		if (f.reason == REASON_OK)
			ours(o);
		equal += compare(path, frame, t, o, &f);
	}
	for (uint64_t n = tail; getline(&line, &cap, out) > 0; tail++)
		if (getenv("SHOW") && tail == n)
			printf("# only tshark\t%s\t%s\n", path, pcap_geterr(pc));
	free(line);
}

static void file_compare(const char *path, FILE *out)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pc = pcap_open_offline(path, error);

	if (pc) {
		file_frames(path, pc, out);
		pcap_close(pc);
	}
	char rest[4096];
	while (fread(rest, 1, sizeof(rest), out) > 0)
		;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void collect(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	if (!d) {
		size_t n = strlen(path);
		bool capture = (n > 5 && strcmp(path + n - 5, ".pcap") == 0) ||
			       (n > 7 && strcmp(path + n - 7, ".pcapng") == 0) ||
			       (n > 4 && strcmp(path + n - 4, ".cap") == 0);
		if (capture && file_count < FILES_MAX)
			files[file_count++] = strdup(path);
		return;
	}
	while ((e = readdir(d))) {
		char sub[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, e->d_name);
		collect(sub);
	}
	closedir(d);
}

/* Every n-th of the sorted captures, so that the sample is the same everywhere. */
static void take_sample(void)
{
	int step = file_count / SAMPLE + 1, n = 0;

	for (int i = 0; i < file_count; i++) {
		if (i % step == 0 || strstr(files[i], "dev-eth.pcap"))
			files[n++] = files[i];
		else
			free(files[i]);
	}
	file_count = n;
}

static void run_all(void)
{
	struct run next = start_tshark(files[0]);

	/* one tshark ahead: its start-up is most of the time */
	for (int i = 0; i < file_count; i++) {
		struct run r = next;
		uint64_t before = unread;
		int status;
		if (i + 1 < file_count)
			next = start_tshark(files[i + 1]);
		file_compare(files[i], r.out);
		fclose(r.out);
		waitpid(r.pid, &status, 0);
		/* tshark leaves frames out only where it gives the file up, and says so */
		if (unread > before && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			explained[RULE_UNEXPLAINED][ADDRESS] += unread - before;
		free(files[i]);
	}
}

static void report(int captures)
{
	uint64_t unexplained = 0;

	printf("# %d captures, %llu frames: %llu equal, %llu of foreign link types, %llu bad\n"
	       "# %llu frames that only tshark could read, %llu that only libpcap could\n",
	       captures, (unsigned long long)frames, (unsigned long long)equal,
	       (unsigned long long)foreign, (unsigned long long)bad, (unsigned long long)tail,
	       (unsigned long long)unread);
	for (int k = 0; k < KINDS; k++) {
		printf("# %s: %llu values compared\n", kind_name[k],
		       (unsigned long long)compared[k]);
		unexplained += explained[RULE_UNEXPLAINED][k];
	}
	for (int r = 0; r < RULE_COUNT; r++)
		printf("# %6llu address %4llu dns %4llu sni %4llu host: %s\n",
		       (unsigned long long)explained[r][ADDRESS],
		       (unsigned long long)explained[r][DNS], (unsigned long long)explained[r][SNI],
		       (unsigned long long)explained[r][HOST], rule_text[r]);
	tap_ok(frames > 0 && unexplained == 0, "%llu unexplained differences",
	       (unsigned long long)unexplained);
}

int main(int argc, char **argv)
{
	if (access(DATA "pcaps", R_OK) != 0) {
		tap_skip(1, "no captures in " DATA "pcaps");
		return tap_done();
	}
	if (system("tshark --version >/dev/null 2>&1") != 0) {
		tap_skip(1, "no tshark to compare with");
		return tap_done();
	}
	if (decoder_init(&decoder) < 0)
		return 1;
	for (int i = 1; i < argc; i++)
		collect(argv[i]);
	if (argc == 1) {
		collect(DATA "pcaps");
		collect(DATA "suites/suricata-verify");
		qsort(files, (size_t)file_count, sizeof(files[0]), by_name);
		if (!getenv("ALL"))
			take_sample();
	}
	int captures = file_count;
	run_all();
	report(captures);
	decoder_fini(&decoder);
	return tap_done();
}
