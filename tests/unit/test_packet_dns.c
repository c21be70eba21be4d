/* test_packet_dns - questions, compression and its traps, escapes, streams. */
#include "unit/test_packet_frames.h"

#define SIDES  "10.0.0.1:40000 > 192.0.2.7:53 udp"
#define HEADER "\0\1\1\0\0\1\0\0\0\0\0\0"

static void query(const char *name, const void *message, size_t len, const char *want)
{
	char full[2048];

	payload(message, len);
	udp(40000, 53);
	ip4(17, "10.0.0.1", "192.0.2.7");
	snprintf(full, sizeof(full), SIDES "%s raw=%zu", want, len);
	check4(name, full);
}

#define QUERY(name, bytes, want) query(name, bytes, sizeof(bytes) - 1, want)

static void names(void)
{
	QUERY("a name, case kept", HEADER "\3wWw\7Example\3org\0\0\1\0\1", " dns=wWw.Example.org");
	QUERY("the root has no name", HEADER "\0\0\2\0\1", "");
	QUERY("three questions",
	      "\0\1\1\0\0\3\0\0\0\0\0\0"
	      "\1a\0\0\1\0\1"
	      "\1b\0\0\1\0\1"
	      "\1c\0\0\1\0\1",
	      " dns=a dns=b dns=c");
	QUERY("pointers to names before",
	      "\0\1\1\0\0\3\0\0\0\0\0\0"
	      "\1a\3org\0\0\1\0\1"
	      "\1b\xc0\x0e\0\1\0\1"
	      "\xc0\x0c\0\1\0\1",
	      " dns=a.org dns=b.org dns=a.org");
	QUERY("bytes that are no text", HEADER "\3a\1\n\2\\\x7f\2\xff \0\0\1\0\1",
	      " dns=a\\001\\n.\\\\177.\\377 ");
	QUERY("UTF-8 stays", HEADER "\5b\xc3\xbcro\5local\0\0\1\0\1", " dns=b\xc3\xbcro.local");
}

static void traps(void)
{
	QUERY("a pointer to itself", HEADER "\xc0\x0c\0\1\0\1", "");
	QUERY("a label and a pointer back to it", HEADER "\1a\xc0\x0c\0\1\0\1", "");
	QUERY("a pointer past the end", HEADER "\xff\xff\0\1\0\1", "");
	QUERY("half a pointer", HEADER "\1a\xc0", "");
	QUERY("a label past the end",
	      HEADER "\x3f"
		     "abc",
	      "");
	QUERY("a label type of neither kind",
	      HEADER "\x41"
		     "a\0\0\1\0\1",
	      "");
	QUERY("no end of name", HEADER "\1a", "");
	QUERY("no type and class", HEADER "\1a\0\0\1", "");
	QUERY("more questions promised than there are", "\0\1\1\0\xff\xff\0\0\0\0\0\0\1a\0\0\1\0\1",
	      " dns=a");
	QUERY("cut in the header", "\0\1\1\0\0\1\0", "");

	/* 4 labels of 63 are 256 bytes with the root: one too many; 255 is the most */
	char message[300] = HEADER;
	size_t at = 12;
	for (int i = 0; i < 4; i++, at += 64) {
		message[at] = 63;
		memset(message + at + 1, 'a' + i, 63);
	}
	query("a name too long", message, at + 5, "");
	message[12 + 3 * 64] = 61;
	message[12 + 3 * 64 + 62] = 0;
	frame_now.len = 0;
	payload(message, at + 3);
	udp(40000, 53);
	ip4(17, "10.0.0.1", "192.0.2.7");
	ethernet(0x0800);
	frame_text(DLT_EN10MB, frame_now.len);
	uint32_t longest = 0;
	for (uint32_t i = 0; i < frame_event.fields; i++)
		if (frame_event.field[i].id == FIELD_DNS_QUESTION_NAME)
			longest = frame_event.field[i].value.len;
	tap_int(longest, 253, "the longest name");
}

static void many(void)
{
	char message[12 + 600 * 7] = "\0\1\1\0\2\x58"; /* 600 questions */

	for (size_t i = 0; i < 600; i++)
		memcpy(message + 12 + i * 7, "\1q\0\0\1\0\1", 7);
	payload(message, sizeof(message));
	udp(40000, 53);
	ip4(17, "10.0.0.1", "192.0.2.7");
	ethernet(0x0800);
	frame_text(DLT_EN10MB, frame_now.len);
	uint32_t names = 0;
	for (uint32_t i = 0; i < frame_event.fields; i++)
		names += frame_event.field[i].id == FIELD_DNS_QUESTION_NAME;
	tap_ok(names > 0 && names + frame_event.overflow == 600 && frame_event.client.bits == 32,
	       "600 questions: %u kept, the rest counted, the addresses there", names);
}

static void elsewhere(void)
{
	static const char two[] = "\0\x13" HEADER "\1a\0\0\1\0\1\0\x13" HEADER "\1b\0\0\1\0\1";
	static const char answer[] =
		"\0\1\x81\x80\0\1\0\1\0\0\0\0\1a\3org\0\0\1\0\1\xc0\x0c\0\1\0\1"
		"\0\0\0\1\0\4\1\2\3\4";

	payload(two, sizeof(two) - 1);
	tcp(40000, 53, ACK);
	ip4(6, "10.0.0.1", "192.0.2.7");
	check4("two messages in a segment", "10.0.0.1:40000 > 192.0.2.7:53 tcp dns=a dns=b raw=42");
	payload(two, sizeof(two) - 3);
	tcp(40000, 53, ACK);
	ip4(6, "10.0.0.1", "192.0.2.7");
	check4("the second cut", "10.0.0.1:40000 > 192.0.2.7:53 tcp dns=a raw=40");
	payload(answer, sizeof(answer) - 1);
	udp(53, 40000);
	ip4(17, "192.0.2.7", "10.0.0.1");
	check4("the question in a response, not its answers",
	       "10.0.0.1:40000 > 192.0.2.7:53 udp dns=a.org raw=39");
	payload(HEADER "\1a\5local\0\0\1\0\1", 25);
	udp(5353, 5353);
	ip4(17, "10.0.0.1", "224.0.0.251");
	check4("mDNS", "10.0.0.1:5353 > 224.0.0.251:5353 udp dns=a.local raw=25");
	payload(HEADER "\1a\0\0\1\0\1", 19);
	udp(50000, 5355);
	ip6(17, "fe80::1", "ff02::1:3");
	check6("LLMNR", "fe80::1:50000 > ff02::1:3:5355 udp dns=a raw=19");
	payload(HEADER "\1a\0\0\1\0\1", 19);
	udp(50000, 5300);
	ip4(17, "10.0.0.1", "192.0.2.7");
	check4("another port is not DNS", "10.0.0.1:50000 ? 192.0.2.7:5300 udp raw=19");
}

int main(void)
{
	names();
	traps();
	many();
	elsewhere();
	return tap_done();
}
