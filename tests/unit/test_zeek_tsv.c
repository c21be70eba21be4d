/* zeek_tsv - header and line; every data line of Zeek's own baseline logs decodes. */
#include <dirent.h>

#include "decoded.h"

#define BASELINE "../shared/data/logs/zeek-baseline/testing/btest/Baseline"

static const char header[] = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n"
			     "#unset_field\t-\n#path\tfiles\n#open\t2026-11-20-10-15-30\n"
			     "#fields\tts\tfuid\ttx_hosts\trx_hosts\tfilename\tsha1\ttotal\n"
			     "#types\ttime\tstring\tset[addr]\tset[addr]\tstring\tstring\tcount\n";

static enum reason tsv(const char *head, const char *line)
{
	return decode_text(&decoder, FORMAT_ZEEK_TSV, NULL, head, line, strlen(line), &ev);
}

static void lines(void)
{
	tap_int(tsv(header,
		    "1763633730.500000\tF1\t198.51.100.7,198.51.100.8\t10.0.0.9\ta\\x09b\\x2c.exe\t"
		    "00112233445566778899aabbccddeeff00112233\t-\n"),
		REASON_OK, "a line");
	tap_int(ev.format, FORMAT_ZEEK_TSV, "format");
	tap_str(when(), "2025-11-20T10:15:30.500000Z", "time");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.7");
	has(OBSERVABLE_IP, ROLE_SERVER, "198.51.100.8");
	has(OBSERVABLE_IP, ROLE_CLIENT, "10.0.0.9");
	has(OBSERVABLE_FILE_NAME, ROLE_FOUND, "a\tb,.exe");
	has(OBSERVABLE_HASH, ROLE_FOUND, "00112233445566778899aabbccddeeff00112233");
	tap_str(field(FIELD_EVENT_DATASET), "files", "the log's name");
	tap_int(tsv(header, "1763633730.5\tF1\t(empty)\t-"), REASON_OK,
		"fewer columns, empty and unset");
	tap_int(ev.observables, 0, "name nothing");
	tap_ok(!ev.comment && ev.has_time, "and is a record all the same");
	tap_int(tsv(header, "#close\t2026-11-20-10-15-30"), REASON_OK, "a '#' line");
	tap_ok(ev.comment && ev.format == FORMAT_ZEEK_TSV && ev.observables == 0, "is no record");
	tap_int(tsv("#separator |\n#unset_field|NA\n#fields|ts|query|id.orig_h\n",
		    "2026-11-20T10:15:30Z|x.example|NA"),
		REASON_OK, "another separator");
	has(OBSERVABLE_DOMAIN, ROLE_ASKED, "x.example");
	tap_int(ev.observables, 1, "another mark for unset");
	tap_int(tsv(NULL, "1763633730.5\tx.example"), REASON_OK, "without a header");
	has(OBSERVABLE_DOMAIN, ROLE_OTHER, "x.example");
	decode_text(&decoder, FORMAT_AUTO, NULL, header, "1763633730.5\tF1\t192.0.2.1", 25, &ev);
	has(OBSERVABLE_IP, ROLE_SERVER, "192.0.2.1");
}

/* One map for both: a TSV line and the JSON of the same record. */
static void same_as_json(void)
{
	static const char head[] =
		"#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\thttp\n"
		"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\thost\turi\n"
		"#types\ttime\tstring\taddr\tport\taddr\tport\tstring\tstring\n";
	static struct event json;

	decode(FORMAT_ZEEK,
	       "{\"_path\":\"http\",\"ts\":1763633730.5,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.1\","
	       "\"id.orig_p\":1,\"id.resp_h\":\"192.0.2.1\",\"id.resp_p\":81,\"host\":\"h."
	       "example\","
	       "\"uri\":\"/x\"}");
	json = ev;
	tsv(head, "1763633730.5\tC1\t10.0.0.1\t1\t192.0.2.1\t81\th.example\t/x");
	bool same = json.fields == ev.fields && json.observables == ev.observables &&
		    json.time_us == ev.time_us && json.server_port == ev.server_port;
	for (uint32_t i = 0; same && i < ev.observables; i++)
		same = json.observable[i].type == ev.observable[i].type &&
		       json.observable[i].value.len == ev.observable[i].value.len;
	tap_ok(same, "TSV and JSON of one record are one event");
	has(OBSERVABLE_URL, ROLE_ASKED, "http://h.example:81/x");
}

static struct {
	long files, records, comments, refused, untimed, observables, flows, directed;
} baseline;

static void log_file(const char *path)
{
	static char text[4 << 20], head[1 << 16];
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(text, 1, sizeof(text) - 1, f) : 0, head_len = 0;

	if (f)
		fclose(f);
	text[len] = '\0';
	while (text[head_len] == '#') {
		const char *nl = strchr(text + head_len, '\n');
		head_len = nl ? (size_t)(nl + 1 - text) : len;
	}
	if (!strstr(text, "#fields") || head_len >= sizeof(head))
		return;
	memcpy(head, text, head_len);
	head[head_len] = '\0';
	baseline.files++;
	bool has_id = strstr(head, "\tid.orig_h\t");
	bool has_ts = strstr(head, "#fields\tts\t");
	for (char *p = text + head_len; *p;) {
		size_t n = strcspn(p, "\n");
		baseline.refused +=
			decode_text(&decoder, FORMAT_ZEEK_TSV, NULL, head, p, n, &ev) != 0;
		baseline.comments += ev.comment;
		baseline.records += !ev.comment;
		baseline.observables += ev.observables;
		if (!ev.comment && has_id)
			baseline.flows++;
		if (!ev.comment && has_id)
			baseline.directed += ev.has_direction;
		/* the baseline has blotted out times that vary */
		if (!ev.comment && has_ts && *p != 'X' && !ev.has_time) {
			baseline.untimed++;
			if (baseline.untimed <= 3)
				printf("# %s: %.*s\n", path, (int)(n < 100 ? n : 100), p);
		}
		p += n + (p[n] == '\n');
	}
}

static void walk_folder(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));) {
		char below[768];
		if (e->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		DIR *sub = opendir(below);
		if (sub) {
			closedir(sub);
			walk_folder(below);
		} else {
			log_file(below);
		}
	}
	if (d)
		closedir(d);
}

static void real_logs(void)
{
	DIR *d = opendir(BASELINE);

	if (!d) {
		tap_skip(2, "Zeek's baseline logs: %s is not there", BASELINE);
		return;
	}
	closedir(d);
	walk_folder(BASELINE);
	printf("# %ld logs, %ld records, %ld comments, %ld observables, %ld with ts but no time\n",
	       baseline.files, baseline.records, baseline.comments, baseline.observables,
	       baseline.untimed);
	tap_ok(baseline.records > 0 && baseline.refused == 0, "every line of %ld logs decodes",
	       baseline.files);
	printf("# %ld records with a connection's columns, %ld of them name both ends\n",
	       baseline.flows, baseline.directed);
	tap_int(baseline.untimed, 0, "every ts is a time");
}

int main(void)
{
	decoded_init();
	lines();
	same_as_json();
	real_logs();
	decoder_fini(&decoder);
	return tap_done();
}
