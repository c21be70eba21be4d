/* test_packet_tls - the server name, and hellos cut at every byte. */
#include "unit/test_packet_frames.h"

static uint8_t hello[1024];
static size_t hello_len;

static void put(const void *p, size_t n)
{
	memcpy(hello + hello_len, p, n);
	hello_len += n;
}

static void put_number(size_t v, int bytes)
{
	while (bytes-- > 0)
		hello[hello_len++] = (uint8_t)(v >> bytes * 8);
}

/* Where a length goes that is known only later. */
static size_t open_length(int bytes)
{
	put_number(0, bytes);
	return hello_len;
}

static void close_length(size_t from, int bytes)
{
	size_t end = hello_len;

	hello_len = from - (size_t)bytes;
	put_number(end - from, bytes);
	hello_len = end;
}

/* Returns where the name ends. */
static size_t client_hello(const char *name, bool datagram)
{
	static const uint8_t random[32];
	size_t start = hello_len, named = 0;

	put(datagram ? "\x16\xfe\xfd\0\0\0\0\0\0\0\0" : "\x16\x03\x01", datagram ? 11 : 3);
	size_t record = open_length(2);
	put("\1", 1);
	size_t handshake = open_length(3);
	if (datagram)
		put("\0\0\0\0\0\0\0\0", 8);
	put("\x03\x03", 2);
	put(random, 32);
	put("\4abcd", 5);
	if (datagram)
		put("\2xy", 3);
	put("\0\4\x13\1\x13\2\1\0", 8);
	size_t extensions = open_length(2);
	put("\0\x2b\0\3\2\3\4", 7);
	if (name) {
		put("\0\0", 2);
		size_t extension = open_length(2), list = open_length(2);
		put("\0", 1);
		size_t host = open_length(2);
		put(name, strlen(name));
		close_length(host, 2);
		close_length(list, 2);
		close_length(extension, 2);
		named = hello_len - start;
	}
	put("\0\x17\0\0", 4);
	close_length(extensions, 2);
	close_length(handshake, 3);
	close_length(record, 2);
	return named;
}

static const char *segment(size_t len)
{
	payload(hello, len);
	tcp(40000, 4444, ACK);
	ip4(6, "10.0.0.1", "192.0.2.7");
	ethernet(0x0800);
	return frame_text(DLT_EN10MB, frame_now.len);
}

static bool has_name(const char *text, const char *name)
{
	char want[256];

	snprintf(want, sizeof(want), " sni=%s raw=", name);
	return strstr(text, want) != NULL;
}

static void whole(void)
{
	hello_len = 0;
	client_hello("www.example.org", false);
	tap_ok(has_name(segment(hello_len), "www.example.org"), "a name, on any port");
	hello_len = 0;
	client_hello(NULL, false);
	tap_ok(!strstr(segment(hello_len), "sni="), "no name");
	hello_len = 0;
	put("\x14\x03\x03\0\1\1", 6);
	client_hello("retry.example.org", false);
	tap_ok(has_name(segment(hello_len), "retry.example.org"),
	       "the second hello, behind a change of cipher spec");
	hello_len = 0;
	client_hello("d.example.org", true);
	payload(hello, hello_len);
	udp(40000, 4433);
	ip4(17, "10.0.0.1", "192.0.2.7");
	ethernet(0x0800);
	tap_ok(has_name(frame_text(DLT_EN10MB, frame_now.len), "d.example.org"), "in a datagram");
}

static void cut(void)
{
	size_t early = 0, late = 0;

	hello_len = 0;
	size_t named = client_hello("www.example.org", false);
	for (size_t n = 0; n < hello_len; n++) {
		const char *text = segment(n);
		if (n < named)
			early += strstr(text, "sni=") != NULL;
		else
			late += !has_name(text, "www.example.org");
	}
	tap_int((long long)early, 0, "cut before the end of the name: none");
	tap_int((long long)late, 0, "cut behind the name: the name");
}

/* Every byte of the hello set to 255: lengths that lie. */
static void lies(void)
{
	hello_len = 0;
	client_hello("www.example.org", false);
	for (size_t i = 0; i < hello_len; i++) {
		uint8_t kept = hello[i];
		hello[i] = 255;
		segment(hello_len);
		hello[i] = kept;
	}
	tap_ok(true, "lengths that lie are survived");
}

int main(void)
{
	whole();
	cut();
	lies();
	return tap_done();
}
