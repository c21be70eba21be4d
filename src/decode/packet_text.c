/* packet_text - addresses and numbers as text, without stdio: two of each a frame. */
#include <string.h>

#include "decode/packet.h"

static char *put_byte(char *out, unsigned v)
{
	if (v >= 100) {
		*out++ = (char)('0' + v / 100);
		v %= 100;
		*out++ = (char)('0' + v / 10);
	} else if (v >= 10) {
		*out++ = (char)('0' + v / 10);
	}
	*out++ = (char)('0' + v % 10);
	return out;
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
			if (i > 0)
				*p++ = '.';
			p = put_byte(p, addr[i]);
		}
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
	char digits[5];
	size_t len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	for (size_t i = 0; i < len; i++)
		out[i] = digits[len - 1 - i];
	return len;
}
