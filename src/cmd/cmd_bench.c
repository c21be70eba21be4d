/* tocsin bench: what this machine does with your indicators, as JSON lines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd_engine.h"
#include "engine/engine.h"

/* A DNS record as Suricata writes it, for a bench without a file of the user's. */
#define SAMPLE                                                                                     \
	"lines:2000000:{\"timestamp\":\"2026-01-01T00:00:00.000000+0000\",\"flow_id\":1,"          \
	"\"event_type\":\"dns\",\"src_ip\":\"10.0.0.1\",\"src_port\":40000,"                       \
	"\"dest_ip\":\"192.0.2.53\",\"dest_port\":53,\"proto\":\"UDP\",\"dns\":{\"type\":"         \
	"\"query\",\"id\":1,\"rrname\":\"www.harmless.example\",\"rrtype\":\"A\",\"tx_id\":0}}"

struct measured {
	double seconds;
	uint64_t bytes, records, hits;
};

/* Reading alone: batches are filled and given back. */
static int read_only(const struct input_path *in, struct object_registry *objects,
		     const struct config *c, struct measured *m)
{
	_Atomic bool stop = false;
	struct ingest_context cx = {.record_bytes_max = (uint32_t)c->record_bytes_max,
				    .io_uring = c->io_uring,
				    .stop = &stop,
				    .objects = objects,
				    .sources = &c->sources};
	struct batch_pool pool;
	struct input *input;
	char why[256] = "";
	uint64_t from = clock_monotonic_ns();
	int n = batch_pool_init(&pool, 1);

	if (n)
		return n;
	n = in->ops->open(&input, &cx, in->path, in->source, why);
	while (n >= 0) {
		struct batch *b = batch_get(&pool);
		n = in->ops->fill(input, b, why);
		m->bytes += b->used;
		batch_put(&pool, b);
		if (n <= 0) {
			in->ops->close(input);
			break;
		}
	}
	batch_pool_fini(&pool);
	m->seconds += (double)(clock_monotonic_ns() - from) / 1e9;
	if (n < 0)
		log_error("%s: %s", in->path, why[0] ? why : strerror(-n));
	return n;
}

/* The whole chain with so many workers. */
static int whole_chain(struct cli *cli, const struct input_list *inputs, uint64_t threads,
		       struct measured *m)
{
	struct problems ps;
	struct engine *e = NULL;
	struct ledger l;

	problems_init(&ps);
	cli->config.threads = threads;
	int code = cli_engine(cli, &e, &ps);
	uint64_t from = clock_monotonic_ns();
	if (code == EXIT_OK && (engine_offer(e, inputs) || engine_start(e, false)))
		code = EXIT_IO;
	if (code == EXIT_OK) {
		engine_wait(e, -1);
		engine_stop(e);
		m->seconds = (double)(clock_monotonic_ns() - from) / 1e9;
		engine_ledger(e, &l);
		m->bytes = counter_get(&l.bytes);
		m->records = counter_get(&l.records);
		m->hits = counter_get(&l.hits);
	}
	engine_destroy(e);
	problems_fini(&ps);
	return code;
}

static void print(const char *what, uint64_t threads, const struct measured *m)
{
	printf("{\"bench\":\"%s\",\"threads\":%llu,\"bytes\":%llu,\"seconds\":%.4f,\"mbps\":%.0f",
	       what, (unsigned long long)threads, (unsigned long long)m->bytes, m->seconds,
	       m->seconds > 0 ? (double)m->bytes / m->seconds / 1e6 : 0);
	if (m->records)
		printf(",\"records\":%llu,\"records_s\":%.0f,\"hits\":%llu",
		       (unsigned long long)m->records, (double)m->records / m->seconds,
		       (unsigned long long)m->hits);
	puts("}");
	fflush(stdout);
}

static int gather(struct cli *cli, struct input_list *inputs, struct input_path *sample)
{
	char why[256];

	for (uint32_t i = 0; i < cli->paths.count; i++)
		if (input_list_add(inputs, cli->paths.items[i], cli->path_sources[i], why)) {
			log_error("%s: %s", cli->paths.items[i], why);
			return EXIT_IO;
		}
	if (inputs->count)
		return EXIT_OK;
	sample->path = SAMPLE;
	sample->ops = &ingest_null;
	sample->source = source_from_spec(&cli->config.sources, "DE/energy/bench", why);
	inputs->items = sample;
	inputs->count = 1;
	return EXIT_OK;
}

static int bench_run(struct cli *cli)
{
	struct input_list inputs = {0};
	struct input_path sample = {0};
	struct object_registry *objects;
	struct measured reading = {0};
	uint64_t cores = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	int code = gather(cli, &inputs, &sample);

	if (code == EXIT_OK && object_registry_init(&objects) == 0) {
		for (uint32_t i = 0; i < inputs.count && code == EXIT_OK; i++)
			code = read_only(&inputs.items[i], objects, &cli->config, &reading)
				       ? EXIT_IO
				       : EXIT_OK;
		object_registry_fini(objects);
		if (code == EXIT_OK)
			print("read", 1, &reading);
	}
	for (uint64_t threads = 1; code == EXIT_OK && threads <= cores; threads *= 2) {
		struct measured m = {0};
		code = whole_chain(cli, &inputs, threads, &m);
		if (code == EXIT_OK)
			print("chain", threads, &m);
	}
	if (inputs.items != &sample)
		input_list_fini(&inputs);
	return code;
}

const struct command command_bench = {
	.name = "bench",
	.arguments = "[--as CC[/SECTOR[/NAME]] PATH...]...",
	.summary = "what this machine does with your indicators and telemetry, as JSON lines",
	.text = "Reading alone, then the whole chain with 1, 2, 4, ... workers. Without a PATH, two million\n"
		"DNS records from memory. The first reading of a file also warms the page cache.\n\n"
		"  tocsin bench -I feeds/ --as DE/energy eve.json\n",
	.run = bench_run,
};
