/* Bytes as a file and as a capture: unpacked, cut and read to the end. The first byte picks
 * the longest record, so that cuts happen in small inputs too. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "ingest/ingest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct object_registry *objects;
static struct batch_pool pool;

/* Items in order, inside the batch, none longer than allowed. */
static void check(const struct batch *b, uint64_t *last)
{
	for (uint32_t i = 0; i < b->items; i++) {
		const struct batch_item *it = &b->item[i];
		if ((uint64_t)it->start + it->len > b->used || b->used > BATCH_BYTES ||
		    it->offset < *last)
			abort();
		*last = it->offset + (b->kind == BATCH_LINES ? it->len : 1);
	}
}

static void read_as(const struct source_ops *ops, const char *path, uint32_t record_bytes_max)
{
	struct ingest_context cx = {.record_bytes_max = record_bytes_max, .objects = objects};
	struct input *in;
	char why[256];
	uint64_t last = 0;
	int ret;

	if (ops->open(&in, &cx, path, NULL, why) != 0)
		return;
	do {
		struct batch *b = batch_get(&pool);
		ret = ops->fill(in, b, why);
		check(b, &last);
		batch_put(&pool, b);
	} while (ret > 0);
	ops->close(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct input_list l = {0};
	char why[256];

	if (size < 1)
		return 0;
	if (!objects) {
		log_set_level(LOG_ERROR);
		if (object_registry_init(&objects) || batch_pool_init(&pool, 1))
			abort();
	}
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	/* the same number each time, so that there is one object and not a million */
	if (dup3(fd, 200, O_CLOEXEC) < 0)
		abort();
	close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/200");
	input_list_add(&l, path, NULL, why);
	input_list_fini(&l);
	read_as(&ingest_file, path, 1u + data[0]);
	read_as(&ingest_pcap, path, BATCH_BYTES);
	close(200);
	return 0;
}
