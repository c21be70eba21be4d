/* packet_text - addresses and numbers as text, without stdio: two of each a frame. */
#include <string.h>

#include "decode/packet.h"

/* "0".."255" ready made: digits of an address are what a branch cannot predict. */
#define DIGIT(n)  (char)('0' + (n) % 10)
#define FIRST(n)  DIGIT((n) >= 100 ? (n) / 100 : (n) >= 10 ? (n) / 10 : (n))
#define SECOND(n) DIGIT((n) >= 100 ? (n) / 10 : (n))
#define LENGTH(n) (1 + ((n) >= 10) + ((n) >= 100))
#define BYTE(n)                                                                                    \
	{                                                                                          \
		FIRST(n), SECOND(n), DIGIT(n), LENGTH(n)                                           \
	}
#define BYTES_4(n)  BYTE(n), BYTE(n + 1), BYTE(n + 2), BYTE(n + 3)
#define BYTES_16(n) BYTES_4(n), BYTES_4(n + 4), BYTES_4(n + 8), BYTES_4(n + 12)
#define BYTES_64(n) BYTES_16(n), BYTES_16(n + 16), BYTES_16(n + 32), BYTES_16(n + 48)

static const char byte_text[256][4] = {BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192)};

/* Writes four bytes, of which the digits count. */
static char *put_byte(char *out, unsigned v)
{
	memcpy(out, byte_text[v], 4);
	return out + byte_text[v][3];
}

static char *put_group(char *out, unsigned v)
{
	static const char digit[] = "0123456789abcdef";
	int shift = v > 0xfff ? 12 : v > 0xff ? 8 : v > 0xf ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*out++ = digit[v >> shift & 15];
	return out;
}

/* RFC 5952: the first longest run of two zero groups or more becomes "::". */
static void longest_zeros(const uint8_t *addr, int *at, int *count)
{
	int run = 0;

	*at = -1;
	*count = 1;
	for (int i = 0; i < 8; i++) {
		run = packet_u16(addr + i * 2) == 0 ? run + 1 : 0;
		if (run > *count) {
			*count = run;
			*at = i - run + 1;
		}
	}
}

size_t packet_text_address(const uint8_t *addr, uint8_t bytes, char *out)
{
	char *p = out;
	int at, count;

	if (bytes == 4) {
		for (int i = 0; i < 4; i++) {
			p = put_byte(p, addr[i]);
			*p++ = '.';
		}
		p--;
		return (size_t)(p - out);
	}
	longest_zeros(addr, &at, &count);
	for (int i = 0; i < 8; i++) {
		if (i == at) {
			*p++ = ':';
			*p++ = ':';
			i += count - 1;
			continue;
		}
		if (i > 0 && p[-1] != ':')
			*p++ = ':';
		p = put_group(p, packet_u16(addr + i * 2));
	}
	return (size_t)(p - out);
}

size_t packet_text_number(uint16_t n, char *out)
{
	size_t len = n >= 10000 ? 5 : n >= 1000 ? 4 : n >= 100 ? 3 : n >= 10 ? 2 : 1;

	for (size_t i = len; i-- > 0; n /= 10)
		out[i] = (char)('0' + n % 10);
	return len;
}
