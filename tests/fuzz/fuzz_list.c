/* Benign lists and pattern files: whatever the bytes, an entry is taken or refused. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const char *path)
{
	struct indicator_set s;
	struct problems ps;
	struct matcher *m = NULL;

	problems_init(&ps);
	if (indicator_set_init(&s))
		return;
	benign_load(&s, path, &ps);
	rules_load_file(&s, path, &ps);
	if (indicator_set_finish(&s))
		abort();
	for (uint32_t i = 0; i < s.benign_count; i++)
		assert(s.benigns[i].list < s.benign_list_count &&
		       s.benigns[i].text + s.benigns[i].text_len <= s.text_len);
	for (uint32_t i = 0; i < s.count; i++)
		assert(s.indicators[i].rule && s.indicators[i].conditions > 0);
	/* a few patterns are compiled as well; many would only measure Hyperscan */
	if (s.count + s.benign_count < 8)
		matcher_compile(&m, &s, &ps);
	matcher_free(m);
	indicator_set_fini(&s);
	problems_fini(&ps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	int fd = memfd_create("list", 0);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	load(path);
	close(fd);
	return 0;
}
