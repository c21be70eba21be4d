/* config_load: any YAML is refused with its line, or makes a configuration that can be
 * checked, dumped, and read again from its dump. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool load(struct config *c, struct problems *ps, const void *p, size_t len)
{
	char path[64];
	int fd = memfd_create("config", 0);

	if (fd < 0 || write(fd, p, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bool ok = config_load(c, path, ps);
	close(fd);
	return ok;
}

static bool told(const struct problems *ps)
{
	for (size_t i = 0; i < ps->count; i++)
		if (!ps->items[i].reason[0])
			return false;
	return ps->refused > 0 && ps->count + ps->not_kept >= ps->refused;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems ps;
	struct config c, again;
	char *dump = NULL;
	size_t len = 0;

	if (size > 65536)
		return 0;
	problems_init(&ps);
	if (config_init(&c))
		return 0;
	bool ok = load(&c, &ps, data, size);
	assert(ok != told(&ps));
	config_finish(&c, &ps);
	FILE *out = open_memstream(&dump, &len);
	if (out) {
		config_dump(&c, out);
		fclose(out);
	}
	problems_fini(&ps);
	if (out && config_init(&again) == 0) {
		/* a refused file may leave a half-told entry; an accepted one is whole */
		bool back = load(&again, &ps, dump, len);
		for (size_t i = 0; !back && ok && i < ps.count; i++)
			fprintf(stderr, "%u: %s\n", ps.items[i].line, ps.items[i].reason);
		assert(back || !ok);
		config_fini(&again);
	}
	problems_fini(&ps);
	config_fini(&c);
	free(dump);
	return 0;
}
