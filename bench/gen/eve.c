/* eve - Suricata 7's eve.json: keys in the order in which Suricata writes them. */
#include "shot.h"

static void timestamp(struct out *o, int64_t time_us)
{
	out_second(o, time_us / 1000000);
	out_lit(o, ".");
	out_digits(o, (uint64_t)(time_us % 1000000), 6);
	out_lit(o, "+0000");
}

static void head(struct out *o, struct shot *s, const char *type, const char *source,
		 uint64_t sport, const char *destination, uint64_t dport, const char *proto)
{
	out_lit(o, "{\"timestamp\":\"");
	timestamp(o, s->time_us);
	out_lit(o, "\",\"flow_id\":");
	out_u64(o, 100000000000000 + random_below(&s->bits, 2000000000000000));
	out_lit(o, ",\"in_iface\":\"ens1f0\",\"event_type\":\"");
	out_str(o, type);
	out_lit(o, "\",\"src_ip\":\"");
	out_str(o, source);
	out_lit(o, "\",\"src_port\":");
	out_u64(o, sport);
	out_lit(o, ",\"dest_ip\":\"");
	out_str(o, destination);
	out_lit(o, "\",\"dest_port\":");
	out_u64(o, dport);
	out_lit(o, ",\"proto\":\"");
	out_str(o, proto);
	out_lit(o, "\"");
}

static uint64_t ephemeral(struct shot *s)
{
	return 32768 + random_below(&s->bits, 28232);
}

static void dns(struct out *o, struct shot *s)
{
	bool answer = random_next(&s->bits) & 1;

	head(o, s, "dns", s->inside, ephemeral(s), s->resolver, 53, "UDP");
	out_lit(o, ",\"pkt_src\":\"wire/pcap\",\"dns\":{");
	if (answer)
		out_lit(o, "\"version\":2,\"type\":\"answer\",\"id\":");
	else
		out_lit(o, "\"type\":\"query\",\"id\":");
	out_u64(o, random_below(&s->bits, 65536));
	if (answer)
		out_lit(o, ",\"flags\":\"8180\",\"qr\":true,\"rd\":true,\"ra\":true,\"opcode\":0");
	out_lit(o, ",\"rrname\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"rrtype\":\"A\"");
	if (!answer) {
		out_lit(o, ",\"tx_id\":0,\"opcode\":0}}");
		return;
	}
	out_lit(o, ",\"rcode\":\"NOERROR\",\"answers\":[{\"rrname\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"rrtype\":\"A\",\"ttl\":300,\"rdata\":\"");
	out_str(o, s->outside);
	out_lit(o, "\"}],\"grouped\":{\"A\":[\"");
	out_str(o, s->outside);
	out_lit(o, "\"]}}}");
}

static void tls(struct out *o, struct shot *s)
{
	head(o, s, "tls", s->inside, ephemeral(s), s->outside, 443, "TCP");
	out_lit(o, ",\"pkt_src\":\"wire/pcap\",\"tls\":{");
	if (random_next(&s->bits) & 1) {
		out_lit(o, "\"subject\":\"CN=");
		out_str(o, s->name);
		out_lit(o, "\",\"issuerdn\":\"C=EU, O=Example Trust Services, CN=Example CA "
			   "2\",\"serial\":\"");
		for (int i = 0; i < 8; i++) {
			out_bytes(o, ":", i > 0);
			out_hex(o, random_next(&s->bits), 2);
		}
		out_lit(o, "\",\"fingerprint\":\"");
		for (int i = 0; i < 20; i++) {
			out_bytes(o, ":", i > 0);
			out_hex(o, random_next(&s->bits), 2);
		}
		out_lit(o, "\",\"sni\":\"");
		out_str(o, s->name);
		out_lit(o, "\",\"version\":\"TLS 1.2\",\"notbefore\":\"2025-07-01T00:00:00\","
			   "\"notafter\":\"2026-07-01T00:00:00\"");
	} else {
		out_lit(o, "\"sni\":\"");
		out_str(o, s->name);
		out_lit(o, "\",\"version\":\"TLS 1.3\"");
	}
	out_lit(o, ",\"ja3\":{\"hash\":\"");
	out_hex(o, random_below(&s->bits, 64) * 0x9e3779b97f4a7c15u, 16);
	out_hex(o, random_below(&s->bits, 64) * 0xbf58476d1ce4e5b9u, 16);
	out_lit(o, "\",\"string\":\"771,4865-4866-4867-49195-49199,0-23-65281-10-11-35-16-5-13,"
		   "29-23-24,0\"},\"ja3s\":{\"hash\":\"");
	out_hex(o, random_below(&s->bits, 16) * 0x94d049bb133111ebu, 16);
	out_hex(o, random_below(&s->bits, 16) * 0x9e3779b97f4a7c15u, 16);
	out_lit(o, "\",\"string\":\"771,4865,51-43\"}}}");
}

static void http_object(struct out *o, struct shot *s, uint64_t length)
{
	out_lit(o, "\"http\":{\"hostname\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"url\":\"");
	out_str(o, s->path);
	out_lit(o, "\",\"http_user_agent\":\"");
	out_str(o, s->user_agent);
	out_lit(o, "\",\"http_content_type\":\"text/html\",\"http_method\":\"GET\","
		   "\"protocol\":\"HTTP/1.1\",\"status\":200,\"length\":");
	out_u64(o, length);
	out_lit(o, "}");
}

static void http(struct out *o, struct shot *s)
{
	head(o, s, "http", s->inside, ephemeral(s), s->outside, 80, "TCP");
	out_lit(o, ",\"pkt_src\":\"wire/pcap\",\"tx_id\":0,");
	http_object(o, s, random_below(&s->bits, 90000));
	out_lit(o, "}");
}

/* A download is logged in the direction of the file: from the server. */
static void file(struct out *o, struct shot *s)
{
	uint64_t size = 1000 + random_below(&s->bits, 3000000);

	head(o, s, "fileinfo", s->outside, 80, s->inside, ephemeral(s), "TCP");
	out_lit(o, ",\"pkt_src\":\"wire/pcap\",");
	http_object(o, s, size);
	out_lit(o, ",\"app_proto\":\"http\",\"fileinfo\":{\"filename\":\"");
	out_str(o, s->path);
	out_lit(o, "\",\"gaps\":false,\"state\":\"CLOSED\",\"sha256\":\"");
	out_str(o, s->sha256);
	out_lit(o, "\",\"stored\":false,\"size\":");
	out_u64(o, size);
	out_lit(o, ",\"tx_id\":0}}");
}

static void flow_counts(struct out *o, struct shot *s, bool refused)
{
	uint64_t up = refused ? 1 : 4 + random_below(&s->bits, 60);
	uint64_t down = refused ? random_below(&s->bits, 2) : 3 + random_below(&s->bits, 90);

	out_lit(o, "\"flow\":{\"pkts_toserver\":");
	out_u64(o, up);
	out_lit(o, ",\"pkts_toclient\":");
	out_u64(o, down);
	out_lit(o, ",\"bytes_toserver\":");
	out_u64(o, up * (60 + random_below(&s->bits, 400)));
	out_lit(o, ",\"bytes_toclient\":");
	out_u64(o, down * (60 + random_below(&s->bits, 1300)));
	out_lit(o, ",\"start\":\"");
}

static void flow(struct out *o, struct shot *s, bool inbound)
{
	uint64_t age = inbound ? 0 : random_below(&s->bits, 120);

	if (inbound)
		head(o, s, "flow", s->outside, ephemeral(s), s->inside, 22, "TCP");
	else
		head(o, s, "flow", s->inside, ephemeral(s), s->outside, 443, "TCP");
	if (!inbound)
		out_lit(o, ",\"app_proto\":\"tls\"");
	out_lit(o, ",");
	flow_counts(o, s, inbound);
	timestamp(o, s->time_us - (int64_t)age * 1000000);
	out_lit(o, "\",\"end\":\"");
	timestamp(o, s->time_us);
	out_lit(o, "\",\"age\":");
	out_u64(o, age);
	if (inbound)
		out_lit(o, ",\"state\":\"new\",\"reason\":\"timeout\",\"alerted\":false},\"tcp\":{"
			   "\"tcp_flags\":\"02\",\"tcp_flags_ts\":\"02\",\"tcp_flags_tc\":\"00\","
			   "\"syn\":true,\"state\":\"syn_sent\",\"ts_max_regions\":1,"
			   "\"tc_max_regions\":1}}");
	else
		out_lit(o,
			",\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false},\"tcp\":{"
			"\"tcp_flags\":\"1b\",\"tcp_flags_ts\":\"1b\",\"tcp_flags_tc\":\"1b\","
			"\"syn\":true,\"fin\":true,\"psh\":true,\"ack\":true,\"state\":\"closed\","
			"\"ts_max_regions\":1,\"tc_max_regions\":1}}");
}

static void alert(struct out *o, struct shot *s)
{
	head(o, s, "alert", s->outside, ephemeral(s), s->inside, 22, "TCP");
	out_lit(o, ",\"pkt_src\":\"wire/pcap\",\"alert\":{\"action\":\"allowed\",\"gid\":1,"
		   "\"signature_id\":1000001,\"rev\":2,\"signature\":\"SCAN inbound SSH connection "
		   "rate\",\"category\":\"Attempted Information Leak\",\"severity\":2},"
		   "\"direction\":\"to_server\",");
	flow_counts(o, s, true);
	timestamp(o, s->time_us);
	out_lit(o, "\",\"src_ip\":\"");
	out_str(o, s->outside);
	out_lit(o, "\",\"dest_ip\":\"");
	out_str(o, s->inside);
	out_lit(o, "\",\"src_port\":");
	out_u64(o, ephemeral(s));
	out_lit(o, ",\"dest_port\":22}}");
}

static void write_shot(struct out *o, struct shot *s)
{
	switch (s->kind) {
	case SHOT_DNS:
		dns(o, s);
		break;
	case SHOT_TLS:
		tls(o, s);
		break;
	case SHOT_HTTP:
		http(o, s);
		break;
	case SHOT_FILE:
		file(o, s);
		break;
	case SHOT_KNOCK:
		if (random_next(&s->bits) & 1)
			alert(o, s);
		else
			flow(o, s, true);
		break;
	default:
		flow(o, s, false);
	}
}

const struct format format_eve = {"eve", write_shot};
