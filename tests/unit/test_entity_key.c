/* The key that entities are hashed under: hex, a file of bytes or of hex, or none. */
#include "engine/entity_key.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static const uint8_t want[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const char hex[] = "000102030405060708090a0b0c0d0e0f";

static void setting(const char *text, int result, const char *name)
{
	static const uint8_t none[16];
	uint8_t key[16];
	char why[256] = "";

	memset(key, 0xee, sizeof(key));
	int err = entity_key_load(text, key, why);
	const uint8_t *k = *text && !result ? want : none;
	tap_ok(err == result && (result || memcmp(key, k, 16) == 0) && !!why[0] == !!result, "%s: %s", name,
	       why);
	if (strstr(why, "0102"))
		tap_ok(false, "a key is not told");
}

static void file(const char *bytes, size_t len, int result, const char *name)
{
	char path[] = "/tmp/tocsin-key-XXXXXX", text[64];
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	close(fd);
	snprintf(text, sizeof(text), "file:%s", path);
	setting(text, result, name);
	unlink(path);
}

int main(void)
{
	char text[128];

	setting("", 0, "none is all zeros");
	setting(hex, 0, "32 hex digits");
	setting("000102030405060708090A0B0C0D0E0F", 0, "in capitals");
	snprintf(text, sizeof(text), "%.31s", hex);
	setting(text, -EINVAL, "31 digits");
	snprintf(text, sizeof(text), "%s0", hex);
	setting(text, -EINVAL, "33 digits");
	setting("000102030405060708090a0b0c0d0e0g", -EINVAL, "a letter that is none");
	setting("00 0102030405060708090a0b0c0d0e0", -EINVAL, "a blank");
	file((const char *)want, 16, 0, "16 bytes");
	file(hex, 32, 0, "a file of hex");
	snprintf(text, sizeof(text), "%s\n", hex);
	file(text, 33, 0, "with a newline");
	snprintf(text, sizeof(text), "%s\r\n\n", hex);
	file(text, 35, 0, "with several");
	file("", 0, -EINVAL, "an empty file");
	file((const char *)want, 15, -EINVAL, "15 bytes");
	file("\n\n\n", 3, -EINVAL, "newlines");
	memset(text, '0', sizeof(text));
	file(text, sizeof(text), -EINVAL, "too much");
	setting("file:", -ENOENT, "no path");
	setting("file:/no/such/key", -ENOENT, "a missing file");
	setting("file:/tmp", -EINVAL, "a folder");
	return tap_done();
}
