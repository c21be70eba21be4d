/*
 * test_packet_tshark - starts tshark on a capture and reads its fields, a line
 * a frame, as sets of values.
 */
#ifndef TOCSIN_TESTS_PACKET_TSHARK_H
#define TOCSIN_TESTS_PACKET_TSHARK_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/address.h"
#include "unit/test_packet_rules.h"

#define VALUES_MAX 1024

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

struct value {
	const char *p;
	bool v6;
	int nth; /* addresses: of the IP headers of its version in the frame */
};

struct set {
	int count;
	struct value value[VALUES_MAX];
};

static char text[1 << 22]; /* the values of one frame */
static size_t text_used;

static inline const char *keep(const char *p, size_t len)
{
	char *at = text + text_used;

	if (text_used + len + 1 > sizeof(text))
		abort();
	memcpy(at, p, len);
	at[len] = '\0';
	text_used += len + 1;
	return at;
}

static inline bool has(const struct set *s, const char *value)
{
	for (int i = 0; i < s->count; i++)
		if (strcmp(s->value[i].p, value) == 0)
			return true;
	return false;
}

static inline void put(struct set *s, const char *p, size_t len, bool v6, int nth)
{
	const char *value = keep(p, len);

	if (len > 0 && !has(s, value) && s->count < VALUES_MAX)
		s->value[s->count++] = (struct value){value, v6, nth};
}

static inline void put_address(struct set *s, const char *p, size_t len, bool v6, int nth)
{
	struct address a;
	char out[ADDRESS_TEXT_MAX];

	if (address_parse(p, len, &a))
		put(s, out, address_format(&a, out), v6, nth);
}

/* tshark shows the Host header as it stands; the name alone is compared. */
static inline void put_host(struct set *s, const char *p, size_t len)
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

static inline void put_name(struct set *s, const char *p, size_t len)
{
	/* "<Root>", "<Name too long>": tshark's words, not names */
	if (len > 0 && p[0] == '<' && p[len - 1] == '>')
		return;
	put(s, p, len, false, 0);
}

static inline void put_value(struct set sets[KINDS], enum column c, const char *p, size_t len,
			     int nth)
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
static inline bool is_source_route(const char *number)
{
	int n = atoi(number);

	return n == 3 || n == 9;
}

/* One line of tshark's into sets and facts, which point into it; false at the end. */
static inline bool theirs(FILE *f, char **line, size_t *cap, struct set sets[KINDS],
			  struct facts *facts)
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

struct run {
	pid_t pid;
	FILE *out;
};

/* Every option that makes a frame's fields depend on other frames is off. */
static inline struct run start_tshark(const char *path)
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

#endif
