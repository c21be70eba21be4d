/* One observation has one name, whoever relays it and however often. */
#include "tap.h"

#include "decoded.h"

static uint64_t name_of(enum format format, const char *text)
{
	if (decode(format, text) != REASON_OK)
		return UINT64_MAX;
	return event_identity(&ev);
}

static void same(const char *what, const char *a, const char *b)
{
	uint64_t x = name_of(FORMAT_AUTO, a), y = name_of(FORMAT_AUTO, b);

	tap_ok(x && x == y && x != UINT64_MAX, "%s: one observation", what);
}

static void differ(const char *what, const char *a, const char *b)
{
	uint64_t x = name_of(FORMAT_AUTO, a), y = name_of(FORMAT_AUTO, b);

	tap_ok(x != y && x && y && x != UINT64_MAX && y != UINT64_MAX, "%s: two observations", what);
}

static void nameless(const char *what, const char *a)
{
	tap_ok(name_of(FORMAT_AUTO, a) == 0, "%s: its position is its name", what);
}

#define IDEA(id, more)                                                                             \
	"{\"Format\":\"IDEA0\",\"ID\":\"" id "\",\"DetectTime\":\"2026-11-20T10:00:00Z\","         \
	"\"Category\":[\"Malware\"]" more "}"
#define EVE(time, type, more)                                                                      \
	"{\"timestamp\":\"2026-11-20T10:00:" time "+0000\",\"event_type\":\"" type                 \
	"\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"192.0.2.1\",\"proto\":\"TCP\"" more "}"
#define CID(id)	     ",\"community_id\":\"1:" id "=\""
#define ZEEK(uid, more)                                                                            \
	"{\"_path\":\"conn\",\"ts\":1763632800.5,\"uid\":\"" uid                                   \
	"\",\"id.orig_h\":\"10.0.0.1\",\"id.resp_h\":\"192.0.2.1\",\"proto\":\"tcp\"" more "}"
#define ECS(id, time)                                                                              \
	"{\"@timestamp\":\"2026-11-20T10:00:" time "Z\",\"ecs\":{\"version\":\"8.11\"},"           \
	"\"event\":{\"id\":\"" id "\"},\"source\":{\"ip\":\"10.0.0.1\"}}"
#define UUID	     ",\"uuid\":\"5c0b3a2e-1111-4222-8333-0123456789ab\""

int main(void)
{
	decoded_init();

	same("IDEA by ID, Node aside", IDEA("4390fc3f", ""),
	     IDEA("4390FC3F", ",\"Node\":[{\"Name\":\"cz.hub\"}]"));
	differ("IDEA with other IDs", IDEA("4390fc3f", ""), IDEA("4390fc40", ""));
	same("IDEA that restates one event", IDEA("4390fc3f", ""),
	     IDEA("aaaaaaaa", ",\"AggrID\":[\"4390fc3f\"]"));
	same("IDEA correlated from one event", IDEA("4390fc3f", ""),
	     IDEA("aaaaaaaa", ",\"CorrelID\":[\"4390fc3f\"]"));
	differ("IDEA that aggregates two", IDEA("4390fc3f", ""),
	       IDEA("aaaaaaaa", ",\"AggrID\":[\"4390fc3f\",\"4390fc40\"]"));

	same("EVE by flow, time and type", EVE("01.5", "tls", CID("abc")),
	     EVE("01.5", "tls", CID("abc") ",\"host\":\"sensor-2\",\"flow_id\":7"));
	differ("EVE at another time", EVE("01.5", "tls", CID("abc")), EVE("02.5", "tls", CID("abc")));
	differ("EVE of another type", EVE("01.5", "tls", CID("abc")), EVE("01.5", "flow", CID("abc")));
	differ("EVE, two alerts on one packet",
	       EVE("01.5", "alert", CID("abc") ",\"alert\":{\"signature\":\"a\"}"),
	       EVE("01.5", "alert", CID("abc") ",\"alert\":{\"signature\":\"b\"}"));
	nameless("EVE without a Community ID", EVE("01.5", "tls", ",\"flow_id\":7"));

	same("Zeek by uid", ZEEK("CHhAvVGS1DHFjwGM9", ""), ZEEK("CHhAvVGS1DHFjwGM9", ""));
	differ("Zeek with other uids", ZEEK("CHhAvVGS1DHFjwGM9", ""), ZEEK("CHhAvVGS1DHFjwGM8", ""));
	same("ECS by event.id", ECS("Abc", "01"), ECS("Abc", "01"));
	differ("ECS, a number used again", ECS("17", "01"), ECS("17", "02"));
	same("a top-level uuid wins over all", EVE("01.5", "tls", UUID), ZEEK("C1", UUID));
	nameless("a Windows event's EventID",
		 "{\"Channel\":\"Security\",\"EventID\":4624,\"Hostname\":\"a\","
		 "\"TimeCreated\":\"2026-11-20T10:00:00Z\"}");
	decoder_fini(&decoder);
	return tap_done();
}
