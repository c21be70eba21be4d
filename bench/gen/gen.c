/*
 * gen - telemetry from a seed, in the sensors' own formats.
 *
 * For the demo (small, with planted indicators) and the benches (large, with a
 * rate of hits). The same options give the same bytes on every machine. What
 * was written is told on standard error as one JSON object.
 */
#include <stdio.h>

#include "traffic.h"

int main(int argc, char **argv)
{
	static struct options op;
	static struct traffic t;
	struct shot s;
	struct out o;

	options_parse(&op, argc, argv);
	traffic_init(&t, &op);
	out_open(&o, op.out);
	while (traffic_next(&t, o.bytes, &s)) {
		op.format->write(&o, &s);
		out_record_end(&o);
	}
	out_close(&o);
	fprintf(stderr, "{\"records\":%llu,\"planted\":%llu,\"hits\":%llu,\"bytes\":%llu}\n",
		(unsigned long long)(t.records + t.scheduled), (unsigned long long)t.scheduled,
		(unsigned long long)(t.hits + t.scheduled), (unsigned long long)o.bytes);
	return 0;
}
