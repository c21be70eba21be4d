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
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "decode/decode.h"
#include "unit/test_packet_rules.h"

#define DATA       "../shared/data/"
#define FILES_MAX  4096
#define SAMPLE     150
#define VALUES_MAX 1024
#define SHOWN_MAX  40

static const char *const kind_name[KINDS] = {"address", "dns", "sni", "host"};

enum column {
	NUMBER,
	PROTOCOLS,
	IP_SRC,
	IP_DST,
	IP6_SRC,
	IP6_DST,
	DNS_NAME,
	SERVER_NAME,
	HTTP_HOST,
	REQUEST,
	IP_OPTION,
	COLUMNS
};
static const char *const column_field[COLUMNS] = {
	"frame.number",
	"frame.protocols",
	"ip.src",
	"ip.dst",
	"ipv6.src",
	"ipv6.dst",
	"dns.qry.name",
	"tls.handshake.extensions_server_name",
	"http.host",
	"http.request.method",
	"ip.opt.type.number",
};

static const char *const rule_text[RULE_COUNT] = {
#define X(id, text) text,
	RULES(X)
#undef X
};

struct value {
	const char *p;
	bool v6;
	int nth; /* addresses: of the IP headers of its version in the frame */
};

struct set {
	int count;
	struct value value[VALUES_MAX];
};

static char *files[FILES_MAX];
static int file_count;
static struct decoder decoder;
static struct event event;
static char text[1 << 22]; /* the values of one frame */
static size_t text_used;
static uint64_t frames, foreign, bad, equal, tail, unread;
static uint64_t compared[KINDS], explained[RULE_COUNT][KINDS];
static int shown;

static const char *keep(const char *p, size_t len)
{
	char *at = text + text_used;

	if (text_used + len + 1 > sizeof(text))
		abort();
	memcpy(at, p, len);
	at[len] = '\0';
	text_used += len + 1;
	return at;
}

static bool has(const struct set *s, const char *value)
{
	for (int i = 0; i < s->count; i++)
		if (strcmp(s->value[i].p, value) == 0)
			return true;
	return false;
}

static void put(struct set *s, const char *p, size_t len, bool v6, int nth)
{
	const char *value = keep(p, len);

	if (len > 0 && !has(s, value) && s->count < VALUES_MAX)
		s->value[s->count++] = (struct value){value, v6, nth};
}

static void put_address(struct set *s, const char *p, size_t len, bool v6, int nth)
{
	struct address a;
	char out[ADDRESS_TEXT_MAX];

	if (address_parse(p, len, &a))
		put(s, out, address_format(&a, out), v6, nth);
}

/* tshark shows the Host header as it stands; the name alone is compared. */
static void put_host(struct set *s, const char *p, size_t len)
{
	const char *stop = len > 0 && p[0] == '[' ? memchr(p, ']', len) : memchr(p, ':', len);

	if (len > 0 && p[0] == '[' && stop) {
		p++;
		len = (size_t)(stop - p);
	} else if (stop) {
		len = (size_t)(stop - p);
	}
	put(s, p, len, false, 0);
}

static void put_name(struct set *s, const char *p, size_t len)
{
	/* "<Root>", "<Name too long>": tshark's words, not names */
	if (len > 0 && p[0] == '<' && p[len - 1] == '>')
		return;
	put(s, p, len, false, 0);
}

static void put_value(struct set sets[KINDS], enum column c, const char *p, size_t len, int nth)
{
	switch (c) {
	case IP_SRC:
	case IP_DST:
	case IP6_SRC:
	case IP6_DST:
		put_address(&sets[ADDRESS], p, len, c == IP6_SRC || c == IP6_DST, nth);
		break;
	case DNS_NAME:
		put_name(&sets[DNS], p, len);
		break;
	case SERVER_NAME:
		put(&sets[SNI], p, len, false, 0);
		break;
	case HTTP_HOST:
		put_host(&sets[HOST], p, len);
		break;
	default:
		break;
	}
}

/* Loose or strict source route: option numbers 3 and 9. */
static bool is_source_route(const char *number)
{
	int n = atoi(number);

	return n == 3 || n == 9;
}

/* One line of tshark's into sets and facts, which point into it; false at the end. */
static bool theirs(FILE *f, char **line, size_t *cap, struct set sets[KINDS], struct facts *facts)
{
	ssize_t n = getline(line, cap, f);

	if (n <= 0)
		return false;
	char *p = *line;
	if (p[n - 1] == '\n')
		p[n - 1] = '\0';
	for (int c = 0; c < COLUMNS; c++) {
		char *cell = p ? strsep(&p, "\t") : "";
		int nth = 0;
		if (c == PROTOCOLS)
			facts->protocols = cell;
		if (c == REQUEST)
			facts->request = cell[0] != '\0';
		for (char *v = cell; *v; nth++) {
			size_t len = strcspn(v, "\x01");
			put_value(sets, c, v, len, nth);
			if (c == IP_OPTION)
				facts->source_route |= is_source_route(v);
			v += len + (v[len] != '\0');
		}
	}
	return true;
}

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

struct run {
	pid_t pid;
	FILE *out;
};

/* Every option that makes a frame's fields depend on other frames is off. */
static struct run start_tshark(const char *path)
{
	static char *const fixed[] = {
		"tshark",
		"-n",
		"-T",
		"fields",
		"-E",
		"occurrence=a",
		"-E",
		"separator=/t",
		"-E",
		"aggregator=\x01",
		"-o",
		"tcp.desegment_tcp_streams:FALSE",
		"-o",
		"tcp.analyze_sequence_numbers:FALSE",
		"-o",
		"tls.desegment_ssl_records:FALSE",
		"-o",
		"tls.desegment_ssl_application_data:FALSE",
		"-o",
		"http.desegment_headers:FALSE",
		"-o",
		"http.desegment_body:FALSE",
		"-o",
		"dns.desegment_dns_messages:FALSE",
		"-o",
		"ip.defragment:FALSE",
		"-o",
		"ipv6.defragment:FALSE",
		"-o",
		"ipv6.tso_support:TRUE",
		"--disable-protocol",
		"quic",
		"-r",
	};
	enum { FIXED = sizeof(fixed) / sizeof(fixed[0]) };
	char *argv[FIXED + 2 + 2 * COLUMNS];
	struct run r = {.pid = -1};
	int fd[2], n = 0;

	for (; n < FIXED; n++)
		argv[n] = fixed[n];
	argv[n++] = (char *)path;
	for (int c = 0; c < COLUMNS; c++) {
		argv[n++] = "-e";
		argv[n++] = (char *)column_field[c];
	}
	argv[n] = NULL;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return r;
	r.pid = fork();
	if (r.pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(fd[1], 1);
		dup2(null, 2);
		execvp("tshark", argv);
		_exit(127);
	}
	close(fd[1]);
	r.out = fdopen(fd[0], "r");
	return r;
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
