#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ioc.h"

static const char usage[] =
	"gen - seeded telemetry in the formats of sensors, on standard output\n"
	"\n"
	"  --format F        eve | zeek | zeek-tagged | ecs (eve)\n"
	"  --count N         so many records (1000), or\n"
	"  --bytes N[kMG]    the whole records of so many bytes\n"
	"  --seed N          (1)\n"
	"  --state CC        whose address range the inside hosts have (DE)\n"
	"  --hosts N         inside hosts, 1..60000 (200)\n"
	"  --organisations L names, separated by commas, told in turn by the hosts (ECS)\n"
	"  --start TIME      RFC 3339, UTC (2025-09-16T06:00:00Z)\n"
	"  --span TIME       such as 90m, 6h, 2d: event times are spread over it (6h)\n"
	"  --plant SPEC      VALUE:KIND:ENTITIES:RECORDS[@FROM+SPAN], may be repeated: so many "
	"more\n"
	"                    records that hold VALUE, spread over the first ENTITIES inside hosts "
	"and\n"
	"                    over the time from FROM after the start (default: the whole span). "
	"KIND:\n"
	"                    dns sni http domain (those three in turn) url ip hash: reached out to "
	"or\n"
	"                    found; scan: an address that knocks from outside\n"
	"  --atoms FILE      Zeek Intel TSV and\n"
	"  --patterns FILE   \"id:/re/flags\": what the share of --hit-rate holds, one value a "
	"record\n"
	"  --hit-rate R      0..1 (0)\n"
	"  --out FILE        instead of standard output\n"
	"  --write-atoms N FILE, --write-patterns N FILE   write indicators from the seed, no "
	"telemetry\n";

_Noreturn void options_refuse(const char *what, const char *value)
{
	fprintf(stderr, "gen: %s: %s (gen --help)\n", what, value);
	exit(3);
}

static uint64_t number(const char *text, const char *what)
{
	char *end;

	errno = 0;
	uint64_t n = strtoull(text, &end, 10);
	if (errno || end == text)
		options_refuse(what, text);
	if (*end == 'k')
		n *= 1000;
	else if (*end == 'M')
		n *= 1000000;
	else if (*end == 'G')
		n *= 1000000000;
	else if (*end && *end != ':' && *end != '@' && *end != '+')
		options_refuse(what, text);
	return n;
}

static int64_t duration_us(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);
	uint64_t unit = *end == 's'   ? 1
			: *end == 'm' ? 60
			: *end == 'h' ? 3600
			: *end == 'd' ? 86400
				      : 0;

	if (end == text || !unit || n > 100000)
		options_refuse("not a time such as 90m", text);
	return (int64_t)(n * unit * 1000000);
}

static int64_t instant_us(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		options_refuse("not a time such as 2025-09-16T06:00:00Z", text);
	return (int64_t)timegm(&tm) * 1000000;
}

/* VALUE may hold colons, so the rest is taken from the right. */
static void plant_parse(struct options *op, char *spec)
{
	static const char *const kinds[] = {"dns", "sni", "http", "domain",
					    "url", "ip",  "hash", "scan"};
	struct plant *p = &op->plants[op->plant_count++];
	const char *whole = strdup(spec);
	char *field[3], *last = strrchr(spec, ':'), *at = last ? strchr(last, '@') : NULL;

	*p = (struct plant){.from_us = 0, .span_us = -1};
	if (at) {
		char *plus = strchr(at, '+');
		if (!plus)
			options_refuse("--plant: no @FROM+SPAN", whole);
		p->from_us = duration_us(at + 1);
		p->span_us = duration_us(plus + 1);
		*at = '\0';
	}
	for (int i = 3; i-- > 0;) {
		char *colon = strrchr(spec, ':');
		if (!colon)
			options_refuse("--plant: not VALUE:KIND:ENTITIES:RECORDS", whole);
		*colon = '\0';
		field[i] = colon + 1;
	}
	p->value = spec;
	p->entities = number(field[1], "--plant entities");
	p->records = number(field[2], "--plant records");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i], field[0]) == 0)
			p->kind = kinds[i];
	if (!p->kind)
		options_refuse("--plant: unknown kind", field[0]);
	if (!p->entities || p->records < p->entities)
		options_refuse("--plant: at least one entity, and a record for each", whole);
}

static const struct format *format_find(const char *name)
{
	static const struct format *const formats[] = {&format_eve, &format_zeek,
						       &format_zeek_tagged, &format_ecs};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i];
	options_refuse("unknown format", name);
}

static void organisations_parse(struct options *op, char *list)
{
	char *save;

	for (char *name = strtok_r(list, ",", &save);
	     name && op->organisation_count < ORGANISATIONS_MAX; name = strtok_r(NULL, ",", &save))
		op->organisations[op->organisation_count++] = name;
}

void options_parse(struct options *op, int argc, char **argv)
{
	enum {
		FORMAT = 1,
		COUNT,
		BYTES,
		SEED,
		STATE,
		HOSTS,
		ORGANISATIONS,
		START,
		SPAN,
		PLANT,
		ATOMS,
		PATTERNS,
		HIT_RATE,
		OUT,
		WRITE_ATOMS,
		WRITE_PATTERNS,
		HELP
	};
	static const struct option longs[] = {{"format", 1, NULL, FORMAT},
					      {"count", 1, NULL, COUNT},
					      {"bytes", 1, NULL, BYTES},
					      {"seed", 1, NULL, SEED},
					      {"state", 1, NULL, STATE},
					      {"hosts", 1, NULL, HOSTS},
					      {"organisations", 1, NULL, ORGANISATIONS},
					      {"start", 1, NULL, START},
					      {"span", 1, NULL, SPAN},
					      {"plant", 1, NULL, PLANT},
					      {"atoms", 1, NULL, ATOMS},
					      {"patterns", 1, NULL, PATTERNS},
					      {"hit-rate", 1, NULL, HIT_RATE},
					      {"out", 1, NULL, OUT},
					      {"write-atoms", 1, NULL, WRITE_ATOMS},
					      {"write-patterns", 1, NULL, WRITE_PATTERNS},
					      {"help", 0, NULL, HELP},
					      {0}};
	bool written = false;
	int c;

	*op = (struct options){
		.format = &format_eve, .count = 1000, .seed = 1, .state = "DE", .hosts = 200};
	op->start_us = instant_us("2025-09-16T06:00:00Z");
	op->span_us = duration_us("6h");

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case FORMAT:
			op->format = format_find(optarg);
			break;
		case COUNT:
			op->count = number(optarg, "--count");
			break;
		case BYTES:
			op->bytes = number(optarg, "--bytes");
			break;
		case SEED:
			op->seed = number(optarg, "--seed");
			break;
		case STATE:
			op->state = optarg;
			break;
		case HOSTS:
			op->hosts = (uint32_t)number(optarg, "--hosts");
			break;
		case ORGANISATIONS:
			organisations_parse(op, optarg);
			break;
		case START:
			op->start_us = instant_us(optarg);
			break;
		case SPAN:
			op->span_us = duration_us(optarg);
			break;
		case PLANT:
			if (op->plant_count == PLANTS_MAX)
				options_refuse("too many", "--plant");
			plant_parse(op, optarg);
			break;
		case ATOMS:
			op->atoms = optarg;
			break;
		case PATTERNS:
			op->patterns = optarg;
			break;
		case HIT_RATE:
			op->hit_rate = strtod(optarg, NULL);
			break;
		case OUT:
			op->out = optarg;
			break;
		case WRITE_ATOMS:
		case WRITE_PATTERNS:
			if (!argv[optind])
				options_refuse("needs N and FILE", argv[optind - 2]);
			(c == WRITE_ATOMS ? ioc_write_atoms : ioc_write_patterns)(
				argv[optind], (uint32_t)number(optarg, "N"), op->seed);
			optind++;
			written = true;
			break;
		case HELP:
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			exit(3);
		}
	}
	if (optind < argc)
		options_refuse("not an option", argv[optind]);
	if (written)
		exit(0);
	if (op->hosts < 1 || op->hosts > 60000)
		options_refuse("--hosts", "1..60000");
	if (op->hit_rate < 0 || op->hit_rate > 1 ||
	    (op->hit_rate > 0 && !op->atoms && !op->patterns))
		options_refuse("--hit-rate", "0..1, with --atoms or --patterns");
	for (uint32_t i = 0; i < op->plant_count; i++)
		if (op->plants[i].entities > op->hosts)
			options_refuse("--plant: more entities than --hosts", op->plants[i].value);
}
