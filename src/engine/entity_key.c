#include "engine/entity_key.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static int from_hex(const char *hex, size_t len, uint8_t key[16])
{
	size_t n;

	return len == 32 && sodium_hex2bin(key, 16, hex, 32, NULL, &n, NULL) == 0 && n == 16
		       ? 0
		       : -EINVAL;
}

static int from_file(const char *path, uint8_t key[16], char why[256])
{
	char buf[64];
	FILE *f = fopen(path, "rb");

	if (!f) {
		int err = -errno;
		snprintf(why, 256, "entity_key: %.180s: %s", path, strerror(-err));
		return err;
	}
	size_t n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	int err = 0;
	if (n == 16) {
		memcpy(key, buf, 16);
	} else {
		while (n && (buf[n - 1] == '\n' || buf[n - 1] == '\r'))
			n--;
		err = from_hex(buf, n, key);
	}
	sodium_memzero(buf, sizeof(buf));
	if (err)
		snprintf(why, 256, "entity_key: %.180s holds neither 16 bytes nor 32 hex digits", path);
	return err;
}

int entity_key_load(const char *setting, uint8_t key[16], char why[256])
{
	memset(key, 0, 16);
	if (setting[0] == '\0')
		return 0;
	if (strncmp(setting, "file:", 5) == 0)
		return from_file(setting + 5, key, why);
	int err = from_hex(setting, strlen(setting), key);
	if (err)
		snprintf(why, 256, "entity_key: 32 hex digits, or file:PATH");
	return err;
}
