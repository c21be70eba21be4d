/* fieldmap - what is taken, what is refused and why; the shipped maps against real Windows events.
 */
#include <dirent.h>

#include "decode/fieldmap.h"
#include "decoded.h"

#define OTRF "../shared/data/logs/OTRF/datasets/atomic/windows"

static struct problems ps;

static struct fieldmap *parse(const char *text)
{
	problems_fini(&ps);
	problems_init(&ps);
	return fieldmap_parse(text, strlen(text), "my.yaml", &ps);
}

static void refused(const char *text, uint32_t line, const char *says, const char *name)
{
	struct fieldmap *m = parse(text);
	bool told = ps.count > 0 && ps.items[0].line == line && strstr(ps.items[0].reason, says) &&
		    strcmp(ps.items[0].file, "my.yaml") == 0;

	if (!tap_ok(!m && told, "refused: %s", name) && ps.count)
		printf("# line %u: %s\n", ps.items[0].line, ps.items[0].reason);
	fieldmap_free(m);
}

static void refusals(void)
{
	refused("fields:\n  a: source.ipp\n", 2, "source.ip,",
		"an unknown field, with the known ones");
	refused("name: x\nfoo: bar\nfields:\n  a: source.ip\n", 2, "name, timestamp, fields",
		"an unknown key");
	refused("fields:\n  a: source.ip\n  a: destination.ip\n", 3, "twice",
		"a path mapped twice");
	refused("fields:\n  a: [source.ip]\n", 2, "json.path: ecs.name", "a list for a name");
	refused("fields: 3\n", 1, "no mapping", "fields that are none");
	refused("- a\n", 1, "not a mapping", "a list");
	refused("", 0, "not a mapping", "nothing");
	refused("name: x\n", 1, "maps nothing", "a map of nothing");
	refused("a: 'b\n", 2, "no YAML", "broken YAML");
	problems_fini(&ps);
	problems_init(&ps);
	tap_ok(!fieldmap_load("/nonexistent.yaml", &ps) && ps.refused == 1,
	       "a file that is not there");
}

static void mapped(void)
{
	static const char record[] =
		"{\"meta\":{\"seen\":\"2026-11-20T10:15:30Z\",\"late\":1},"
		"\"net.src\":\"10.0.0.1\",\"net\":{\"dst\":\"192.0.2.1\",\"dport\":53},"
		"\"q\":[\"a.example\",\"b\\u002eexample\"],\"source\":{\"ip\":\"192.0.2.9\"}}";
	struct fieldmap *m =
		parse("name: mine\nfields:\n  meta.late: '@timestamp'\n  net.src: source.ip\n"
		      "  net.dst: destination.ip\n  net.dport: destination.port\n"
		      "  q: dns.question.name\ntimestamp: meta.seen\n");

	if (!tap_ok(m != NULL, "a map is taken"))
		return;
	tap_str(fieldmap_name(m), "mine", "name");
	tap_int(decode_text(&decoder, FORMAT_MAP, m, NULL, record, strlen(record), &ev), REASON_OK,
		"a record through it");
	tap_int(ev.format, FORMAT_MAP, "format");
	tap_str(when(), "2026-11-20T10:15:30.000000Z", "timestamp goes before other times");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.0.0.1");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "a.example");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "b.example");
	tap_int(find(OBSERVABLE_IP, "192.0.2.1")->port, 53, "port");
	tap_ok(!find(OBSERVABLE_IP, "192.0.2.9"), "what is not mapped is not taken");
	fieldmap_free(m);
}

static struct {
	long records, refused, timed, named, as_windows, differ, observables,
		by_type[OBSERVABLE_TYPES];
} otrf;

static int count_type(enum observable_type type)
{
	int n = 0;

	for (uint32_t i = 0; i < ev.observables; i++)
		n += ev.observable[i].type == type;
	return n;
}

/* Through the built-in table and through the shipped map: the same observables. */
static void windows_event(const struct fieldmap *map, const char *line, size_t len)
{
	int by[OBSERVABLE_TYPES];
	int64_t time_us;

	otrf.records++;
	if (decode_text(&decoder, FORMAT_AUTO, NULL, NULL, line, len, &ev) != REASON_OK) {
		otrf.refused++;
		return;
	}
	otrf.as_windows += ev.format == FORMAT_MAP;
	otrf.timed += ev.has_time;
	otrf.named += ev.host.len > 0;
	otrf.observables += ev.observables;
	time_us = ev.time_us;
	for (int t = 0; t < OBSERVABLE_TYPES; t++) {
		by[t] = count_type((enum observable_type)t);
		otrf.by_type[t] += by[t];
	}
	if (decode_text(&decoder, FORMAT_MAP, map, NULL, line, len, &ev) != REASON_OK) {
		otrf.refused++;
		return;
	}
	bool same = ev.time_us == time_us;
	/* the map has no ranks: of two addresses for one side it takes both */
	for (int t = OBSERVABLE_IP + 1; t < OBSERVABLE_TYPES; t++)
		same = same && count_type((enum observable_type)t) == by[t];
	otrf.differ += !same;
}

static void unzip(const struct fieldmap *map, const char *zip)
{
	char command[1024];
	static char line[DECODE_BYTES_MAX];

	snprintf(command, sizeof(command), "unzip -p '%s' '*.json' 2>/dev/null", zip);
	FILE *f = popen(command, "r");
	while (f && fgets(line, sizeof(line), f))
		if (line[0] == '{')
			windows_event(map, line, strlen(line));
	if (f)
		pclose(f);
}

static void walk_folder(const struct fieldmap *map, const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));) {
		char below[768];
		if (e->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		size_t n = strlen(below);
		if (n > 4 && strcmp(below + n - 4, ".zip") == 0)
			unzip(map, below);
		else
			walk_folder(map, below);
	}
	if (d)
		closedir(d);
}

static void real_events(void)
{
	DIR *d = opendir(OTRF);
	struct fieldmap *map = fieldmap_load("rules/fieldmaps/windows.yaml", &ps);

	tap_ok(map != NULL, "windows.yaml is taken");
	if (!d) {
		tap_skip(4, "OTRF: %s is not there", OTRF);
		fieldmap_free(map);
		return;
	}
	closedir(d);
	walk_folder(map, OTRF);
	if (otrf.records == 0) {
		tap_skip(4, "OTRF: no unzip here");
		fieldmap_free(map);
		return;
	}
	printf("# %ld events: %ld observables (%ld addresses, %ld domains, %ld hashes, %ld files, "
	       "%ld "
	       "commands, %ld registry)\n",
	       otrf.records, otrf.observables, otrf.by_type[OBSERVABLE_IP],
	       otrf.by_type[OBSERVABLE_DOMAIN], otrf.by_type[OBSERVABLE_HASH],
	       otrf.by_type[OBSERVABLE_FILE_NAME], otrf.by_type[OBSERVABLE_COMMAND],
	       otrf.by_type[OBSERVABLE_REGISTRY]);
	tap_int(otrf.refused, 0, "every real event decodes");
	tap_int(otrf.timed, otrf.records, "every one has a time");
	tap_ok(otrf.as_windows == otrf.records && otrf.named == otrf.records,
	       "%ld of %ld told as Windows, %ld name their host", otrf.as_windows, otrf.records,
	       otrf.named);
	tap_int(otrf.differ, 0, "the built-in table and windows.yaml say the same");
	fieldmap_free(map);
}

static void winlogbeat(void)
{
	static const char record[] =
		"{\"@timestamp\":\"2026-11-20T10:15:30.000Z\",\"winlog\":{\"channel\":"
		"\"Microsoft-Windows-Sysmon/"
		"Operational\",\"event_id\":\"3\",\"computer_name\":\"PC-1\","
		"\"event_data\":{\"SourceIp\":\"10.0.0.5\",\"SourcePort\":\"50000\","
		"\"DestinationIp\":"
		"\"203.0.113.5\",\"DestinationPort\":\"443\",\"DestinationHostname\":\"c2."
		"example\","
		"\"Image\":\"C:\\\\x\\\\y.exe\",\"Hashes\":\"MD5="
		"9520A99E77D6196D0D09833146424113\"}}}";
	struct fieldmap *map = fieldmap_load("rules/fieldmaps/winlogbeat.yaml", &ps);

	if (!tap_ok(map != NULL, "winlogbeat.yaml is taken"))
		return;
	for (int i = 0; i < 2; i++) {
		decode_text(&decoder, i ? FORMAT_MAP : FORMAT_AUTO, i ? map : NULL, NULL, record,
			    strlen(record), &ev);
		has(OBSERVABLE_IP, ROLE_CLIENT, "10.0.0.5");
		has(OBSERVABLE_DOMAIN, ROLE_ASKED, "c2.example");
		has(OBSERVABLE_HASH, ROLE_FOUND, "9520A99E77D6196D0D09833146424113");
		has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "y.exe");
		tap_int(ev.server_port, 443, "port");
		tap_int(ev.host.len, 4, "host");
	}
	fieldmap_free(map);
}

int main(void)
{
	decoded_init();
	problems_init(&ps);
	refusals();
	mapped();
	winlogbeat();
	real_events();
	problems_fini(&ps);
	decoder_fini(&decoder);
	return tap_done();
}
