/* ecs - Elastic Agent's events: packetbeat's for the network, winlogbeat's for the host; nested
 * ECS. */
#include "shot.h"

static void timestamp(struct out *o, int64_t time_us)
{
	out_second(o, time_us / 1000000);
	out_lit(o, ".");
	out_digits(o, (uint64_t)(time_us % 1000000) / 1000, 3);
	out_lit(o, "Z");
}

static void head(struct out *o, struct shot *s, const char *beat)
{
	out_lit(o, "{\"@timestamp\":\"");
	timestamp(o, s->time_us);
	out_lit(o, "\",\"agent\":{\"ephemeral_id\":\"5b0c1a9e-6a2f-4f0c-9d57-3f1f0a7f21c4\",\"id\":"
		   "\"c2d7f8a1-0b4e-4d1f-8a53-77d0a1b5e9f2\",\"name\":\"");
	out_str(o, s->inside_name);
	out_lit(o, "\",\"type\":\"");
	out_str(o, beat);
	out_lit(o, "\",\"version\":\"8.15.3\"},\"ecs\":{\"version\":\"8.11.0\"},\"host\":{\"name\":"
		   "\"");
	out_str(o, s->inside_name);
	out_lit(o, "\",\"ip\":[\"");
	out_str(o, s->inside);
	out_lit(o, "\"]},");
	if (s->organisation) {
		out_lit(o, "\"organization\":{\"name\":\"");
		out_str(o, s->organisation);
		out_lit(o, "\"},");
	}
}

static void side(struct out *o, const char *as, const char *ip, uint64_t port, uint64_t bytes)
{
	out_lit(o, "\"");
	out_str(o, as);
	out_lit(o, "\":{\"ip\":\"");
	out_str(o, ip);
	out_lit(o, "\",\"port\":");
	out_u64(o, port);
	out_lit(o, ",\"bytes\":");
	out_u64(o, bytes);
	out_lit(o, "},");
}

/* source, destination, client, server, event, network, related: what packetbeat says of each
 * exchange */
static void exchange(struct out *o, struct shot *s, const char *client, const char *server,
		     uint64_t port, const char *dataset, const char *transport,
		     const char *protocol, const char *direction)
{
	uint64_t from = 32768 + random_below(&s->bits, 28232);
	uint64_t up = 40 + random_below(&s->bits, 4000), down = 60 + random_below(&s->bits, 90000);

	side(o, "source", client, from, up);
	side(o, "destination", server, port, down);
	side(o, "client", client, from, up);
	side(o, "server", server, port, down);
	out_lit(o, "\"event\":{\"kind\":\"event\",\"category\":[\"network\"],\"type\":["
		   "\"connection\"");
	if (*protocol)
		out_lit(o, ",\"protocol\"");
	out_lit(o, "],\"dataset\":\"");
	out_str(o, dataset);
	out_lit(o, "\",\"start\":\"");
	timestamp(o, s->time_us);
	out_lit(o, "\",\"duration\":");
	out_u64(o, 100000 + random_below(&s->bits, 90000000));
	out_lit(o, "},\"network\":{\"type\":\"");
	out_str(o, strchr(client, ':') ? "ipv6" : "ipv4");
	out_lit(o, "\",\"transport\":\"");
	out_str(o, transport);
	if (*protocol) {
		out_lit(o, "\",\"protocol\":\"");
		out_str(o, protocol);
	}
	out_lit(o, "\",\"direction\":\"");
	out_str(o, direction);
	out_lit(o, "\",\"bytes\":");
	out_u64(o, up + down);
	out_lit(o, "},\"related\":{\"ip\":[\"");
	out_str(o, client);
	out_lit(o, "\",\"");
	out_str(o, server);
	out_lit(o, "\"]}");
}

static void dns(struct out *o, struct shot *s)
{
	head(o, s, "packetbeat");
	exchange(o, s, s->inside, s->resolver, 53, "dns", "udp", "dns", "internal");
	out_lit(o, ",\"type\":\"dns\",\"status\":\"OK\",\"method\":\"QUERY\",\"resource\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"query\":\"class IN, type A, ");
	out_str(o, s->name);
	out_lit(o, "\",\"dns\":{\"id\":");
	out_u64(o, random_below(&s->bits, 65536));
	out_lit(o, ",\"op_code\":\"QUERY\",\"type\":\"answer\",\"response_code\":\"NOERROR\","
		   "\"question\":{\"name\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"type\":\"A\",\"class\":\"IN\"},\"answers_count\":1,\"answers\":[{\"name\":"
		   "\"");
	out_str(o, s->name);
	out_lit(o, "\",\"type\":\"A\",\"class\":\"IN\",\"ttl\":\"300\",\"data\":\"");
	out_str(o, s->outside);
	out_lit(o, "\"}],\"resolved_ip\":[\"");
	out_str(o, s->outside);
	out_lit(o, "\"]}}");
}

static void tls(struct out *o, struct shot *s)
{
	head(o, s, "packetbeat");
	exchange(o, s, s->inside, s->outside, 443, "tls", "tcp", "tls", "egress");
	out_lit(o, ",\"type\":\"tls\",\"status\":\"OK\",\"tls\":{\"version\":\"1.3\","
		   "\"version_protocol\":\"tls\",\"established\":true,\"resumed\":false,"
		   "\"cipher\":\"TLS_AES_128_GCM_SHA256\",\"client\":{\"server_name\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"ja3\":\"");
	out_hex(o, random_below(&s->bits, 64) * 0x9e3779b97f4a7c15u, 16);
	out_hex(o, random_below(&s->bits, 64) * 0xbf58476d1ce4e5b9u, 16);
	out_lit(o, "\"}}}");
}

static void http(struct out *o, struct shot *s)
{
	head(o, s, "packetbeat");
	exchange(o, s, s->inside, s->outside, 80, "http", "tcp", "http", "egress");
	out_lit(o, ",\"type\":\"http\",\"status\":\"OK\",\"method\":\"GET\",\"url\":{\"scheme\":"
		   "\"http\","
		   "\"domain\":\"");
	out_str(o, s->name);
	out_lit(o, "\",\"path\":\"");
	out_str(o, s->path);
	out_lit(o, "\",\"full\":\"http://");
	out_str(o, s->name);
	out_str(o, s->path);
	out_lit(o,
		"\"},\"http\":{\"version\":\"1.1\",\"request\":{\"method\":\"GET\"},\"response\":{"
		"\"status_code\":200,\"status_phrase\":\"ok\"}},\"user_agent\":{\"original\":\"");
	out_str(o, s->user_agent);
	out_lit(o, "\"}}");
}

static void flow(struct out *o, struct shot *s, bool inbound)
{
	head(o, s, "packetbeat");
	if (inbound)
		exchange(o, s, s->outside, s->inside, 22, "flow", "tcp", "", "ingress");
	else
		exchange(o, s, s->inside, s->outside, 443, "flow", "tcp", "", "egress");
	out_lit(o, ",\"type\":\"flow\",\"flow\":{\"id\":\"EAT");
	out_hex(o, random_next(&s->bits), 16);
	out_lit(o, "\",\"final\":true}}");
}

/* Sysmon's process creation, with the image's hash. */
static void process(struct out *o, struct shot *s)
{
	head(o, s, "winlogbeat");
	out_lit(o,
		"\"event\":{\"kind\":\"event\",\"category\":[\"process\"],\"type\":[\"start\"],"
		"\"code\":\"1\",\"provider\":\"Microsoft-Windows-Sysmon\",\"module\":\"sysmon\"},"
		"\"log\":{\"level\":\"information\"},\"process\":{\"pid\":");
	out_u64(o, 500 + 4 * random_below(&s->bits, 4000));
	out_lit(o, ",\"executable\":\"C:\\\\ProgramData\\\\setup\\\\installer.exe\",\"name\":"
		   "\"installer.exe\",\"command_line\":\"installer.exe "
		   "/quiet\",\"hash\":{\"sha256\":\"");
	out_str(o, s->sha256);
	out_lit(o, "\"},\"parent\":{\"name\":\"explorer.exe\",\"pid\":");
	out_u64(o, 500 + 4 * random_below(&s->bits, 4000));
	out_lit(o, "}},\"user\":{\"name\":\"user");
	out_u64(o, random_below(&s->bits, 400));
	out_lit(o, "\",\"domain\":\"CORP\"},\"winlog\":{\"channel\":\"Microsoft-Windows-Sysmon/"
		   "Operational\",\"event_id\":\"1\",\"record_id\":");
	out_u64(o, random_below(&s->bits, 9000000));
	out_lit(o, ",\"api\":\"wineventlog\",\"opcode\":\"Info\",\"provider_name\":"
		   "\"Microsoft-Windows-Sysmon\"}}");
}

/* A failed login from outside. */
static void failed_login(struct out *o, struct shot *s)
{
	head(o, s, "winlogbeat");
	out_lit(o, "\"event\":{\"kind\":\"event\",\"category\":[\"authentication\"],\"type\":["
		   "\"start\"],"
		   "\"action\":\"logon-failed\",\"outcome\":\"failure\",\"code\":\"4625\","
		   "\"provider\":"
		   "\"Microsoft-Windows-Security-Auditing\",\"module\":\"security\"},\"log\":{"
		   "\"level\":"
		   "\"information\"},\"source\":{\"ip\":\"");
	out_str(o, s->outside);
	out_lit(o, "\",\"port\":");
	out_u64(o, 32768 + random_below(&s->bits, 28232));
	out_lit(o, "},\"user\":{\"name\":\"admin\",\"domain\":\"CORP\"},\"winlog\":{\"channel\":"
		   "\"Security\",\"event_id\":\"4625\",\"record_id\":");
	out_u64(o, random_below(&s->bits, 9000000));
	out_lit(o, ",\"logon\":{\"type\":\"Network\",\"failure\":{\"sub_status\":\"User logon with "
		   "misspelled or bad password\"}},\"provider_name\":"
		   "\"Microsoft-Windows-Security-Auditing\"}}");
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
		process(o, s);
		break;
	case SHOT_KNOCK:
		if (random_next(&s->bits) & 1)
			failed_login(o, s);
		else
			flow(o, s, true);
		break;
	default:
		flow(o, s, false);
	}
}

const struct format format_ecs = {"ecs", write_shot};
