/* zeek - Zeek's JSON logs: conn, dns, ssl, http, files, ssh; keys in Zeek's order. */
#include "shot.h"

static void epoch(struct out *o, int64_t time_us)
{
	out_u64(o, (uint64_t)(time_us / 1000000));
	out_lit(o, ".");
	out_digits(o, (uint64_t)(time_us % 1000000), 6);
}

/* "C" and 17 of base 62, as Zeek's connections are called. */
static void uid(struct out *o, struct shot *s, char first)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	uint64_t r = random_next(&s->bits);

	o->p[o->len++] = first;
	for (int i = 0; i < 17; i++, r /= 62) {
		if (i == 9) /* a word is good for ten digits */
			r = random_next(&s->bits);
		o->p[o->len++] = digits[r % 62];
	}
}

static void ids(struct out *o, struct shot *s, const char *originator, const char *responder,
		uint64_t port)
{
	out_lit(o, "\"id.orig_h\":\"");
	out_str(o, originator);
	out_lit(o, "\",\"id.orig_p\":");
	out_u64(o, 32768 + random_below(&s->bits, 28232));
	out_lit(o, ",\"id.resp_h\":\"");
	out_str(o, responder);
	out_lit(o, "\",\"id.resp_p\":");
	out_u64(o, port);
}

static void head(struct out *o, struct shot *s, const char *originator, const char *responder,
		 uint64_t port)
{
	out_lit(o, "{\"ts\":");
	epoch(o, s->time_us);
	out_lit(o, ",\"uid\":\"");
	uid(o, s, 'C');
	out_lit(o, "\",");
	ids(o, s, originator, responder, port);
}

static void dns(struct out *o, struct shot *s)
{
	head(o, s, s->inside, s->resolver, 53);
	out_lit(o, ",\"proto\":\"udp\",\"trans_id\":");
	out_u64(o, random_below(&s->bits, 65536));
	out_lit(o, ",\"rtt\":0.0");
	out_digits(o, random_below(&s->bits, 100000), 5);
	out_lit(o, ",\"query\":\"");
	out_str(o, s->name);
	out_lit(o,
		"\",\"qclass\":1,\"qclass_name\":\"C_INTERNET\",\"qtype\":1,\"qtype_name\":\"A\","
		"\"rcode\":0,\"rcode_name\":\"NOERROR\",\"AA\":false,\"TC\":false,\"RD\":true,"
		"\"RA\":true,\"Z\":0,\"answers\":[\"");
	out_str(o, s->outside);
	out_lit(o, "\"],\"TTLs\":[300.0],\"rejected\":false}");
}

static void ssl(struct out *o, struct shot *s)
{
	head(o, s, s->inside, s->outside, 443);
	out_lit(o, ",\"version\":\"TLSv12\",\"cipher\":\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\","
		   "\"curve\":\"x25519\",\"server_name\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"resumed\":false,\"next_protocol\":\"h2\",\"established\":true,"
		   "\"ssl_history\":\"CsxknGIi\",\"cert_chain_fps\":[\"");
	for (int i = 0; i < 4; i++)
		out_hex(o, random_next(&s->bits), 16);
	out_lit(o, "\"],\"client_cert_chain_fps\":[],\"sni_matches_cert\":true}");
}

static void http(struct out *o, struct shot *s)
{
	head(o, s, s->inside, s->outside, 80);
	out_lit(o, ",\"trans_depth\":1,\"method\":\"GET\",\"host\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"uri\":\"");
	out_str(o, s->path);
	out_lit(o, "\",\"version\":\"1.1\",\"user_agent\":\"");
	out_str(o, s->user_agent);
	out_lit(o, "\",\"request_body_len\":0,\"response_body_len\":");
	out_u64(o, random_below(&s->bits, 90000));
	out_lit(o, ",\"status_code\":200,\"status_msg\":\"OK\",\"tags\":[],\"resp_fuids\":[\"");
	uid(o, s, 'F');
	out_lit(o, "\"],\"resp_mime_types\":[\"text/html\"]}");
}

static void files(struct out *o, struct shot *s)
{
	uint64_t size = 1000 + random_below(&s->bits, 3000000);

	out_lit(o, "{\"ts\":");
	epoch(o, s->time_us);
	out_lit(o, ",\"fuid\":\"");
	uid(o, s, 'F');
	out_lit(o, "\",\"uid\":\"");
	uid(o, s, 'C');
	out_lit(o, "\",");
	ids(o, s, s->inside, s->outside, 80);
	out_lit(o, ",\"source\":\"HTTP\",\"depth\":0,\"analyzers\":[\"SHA256\",\"PE\"],"
		   "\"mime_type\":\"application/x-dosexec\",\"duration\":0.");
	out_digits(o, random_below(&s->bits, 1000000), 6);
	out_lit(o, ",\"local_orig\":false,\"is_orig\":false,\"seen_bytes\":");
	out_u64(o, size);
	out_lit(o, ",\"total_bytes\":");
	out_u64(o, size);
	out_lit(o, ",\"missing_bytes\":0,\"overflow_bytes\":0,\"timedout\":false,\"sha256\":\"");
	out_str(o, s->sha256);
	out_lit(o, "\"}");
}

static void conn(struct out *o, struct shot *s, bool inbound)
{
	uint64_t sent = 4 + random_below(&s->bits, 60), got = 3 + random_below(&s->bits, 90);
	uint64_t up = sent * random_below(&s->bits, 400), down = got * random_below(&s->bits, 1300);

	if (inbound) {
		head(o, s, s->outside, s->inside, 22);
		out_lit(o,
			",\"proto\":\"tcp\",\"conn_state\":\"S0\",\"local_orig\":false,"
			"\"local_resp\":true,\"missed_bytes\":0,\"history\":\"S\",\"orig_pkts\":1,"
			"\"orig_ip_bytes\":60,\"resp_pkts\":0,\"resp_ip_bytes\":0}");
		return;
	}
	head(o, s, s->inside, s->outside, 443);
	out_lit(o, ",\"proto\":\"tcp\",\"service\":\"ssl\",\"duration\":");
	out_u64(o, random_below(&s->bits, 120));
	out_lit(o, ".");
	out_digits(o, random_below(&s->bits, 1000000), 6);
	out_lit(o, ",\"orig_bytes\":");
	out_u64(o, up);
	out_lit(o, ",\"resp_bytes\":");
	out_u64(o, down);
	out_lit(o, ",\"conn_state\":\"SF\",\"local_orig\":true,\"local_resp\":false,"
		   "\"missed_bytes\":0,\"history\":\"ShADadFf\",\"orig_pkts\":");
	out_u64(o, sent);
	out_lit(o, ",\"orig_ip_bytes\":");
	out_u64(o, up + 40 * sent);
	out_lit(o, ",\"resp_pkts\":");
	out_u64(o, got);
	out_lit(o, ",\"resp_ip_bytes\":");
	out_u64(o, down + 40 * got);
	out_lit(o, "}");
}

/* A login from outside that failed. */
static void ssh(struct out *o, struct shot *s)
{
	head(o, s, s->outside, s->inside, 22);
	out_lit(o, ",\"version\":2,\"auth_success\":false,\"auth_attempts\":");
	out_u64(o, 1 + random_below(&s->bits, 6));
	out_lit(o,
		",\"direction\":\"INBOUND\",\"client\":\"SSH-2.0-libssh2_1.11.0\",\"server\":"
		"\"SSH-2.0-OpenSSH_9.2p1 Debian-2\",\"cipher_alg\":\"aes128-ctr\",\"mac_alg\":"
		"\"hmac-sha2-256\",\"compression_alg\":\"none\",\"kex_alg\":\"curve25519-sha256\","
		"\"host_key_alg\":\"ssh-ed25519\",\"host_key\":\"");
	for (int i = 0; i < 2; i++)
		out_hex(o, random_next(&s->bits), 16);
	out_lit(o, "\"}");
}

static void write_log(struct out *o, struct shot *s, bool tagged)
{
	static const char *const logs[] = {"dns", "ssl", "http", "conn", "files"};
	bool tried = s->kind == SHOT_KNOCK && random_next(&s->bits) & 1;
	const char *log = s->kind == SHOT_KNOCK ? tried ? "ssh" : "conn" : logs[s->kind];

	if (tagged) {
		out_lit(o, "{\"");
		out_str(o, log);
		out_lit(o, "\":");
	}
	switch (s->kind) {
	case SHOT_DNS:
		dns(o, s);
		break;
	case SHOT_TLS:
		ssl(o, s);
		break;
	case SHOT_HTTP:
		http(o, s);
		break;
	case SHOT_FILE:
		files(o, s);
		break;
	default:
		if (tried)
			ssh(o, s);
		else
			conn(o, s, s->kind == SHOT_KNOCK);
	}
	if (tagged)
		out_lit(o, "}");
}

static void write_plain(struct out *o, struct shot *s)
{
	write_log(o, s, false);
}

static void write_tagged(struct out *o, struct shot *s)
{
	write_log(o, s, true);
}

const struct format format_zeek = {"zeek", write_plain};
const struct format format_zeek_tagged = {"zeek-tagged", write_tagged};
