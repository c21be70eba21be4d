/* The option table, printed: what is in force, and the reference page. */
#include <string.h>

#include "base/text.h"
#include "base/timestamp.h"
#include "config/config_priv.h"

/* A JSON string is a YAML string. */
static void print_text(const char *value, FILE *out)
{
	struct text t;

	text_init(&t);
	text_json_str(&t, value);
	fputs(t.p && !t.error ? t.p : "\"\"", out);
	text_fini(&t);
}

static void print_value(const struct config *c, const struct config_option *o, FILE *out)
{
	const char *member = (const char *)c + o->offset;
	char time[TIMESTAMP_TEXT_MAX];

	switch (o->type) {
	case CONFIG_COUNT:
		fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)(const void *)member);
		break;
	case CONFIG_DURATION:
		fprintf(out, "%lldus", (long long)*(const int64_t *)(const void *)member);
		break;
	case CONFIG_TIME:
		timestamp_format(*(const int64_t *)(const void *)member, time);
		fputs(time, out);
		break;
	case CONFIG_FLAG:
		fputs(*(const bool *)(const void *)member ? "true" : "false", out);
		break;
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_NAMED:
		/* a key in the clear is no business of a terminal or a ticket */
		if (strcmp(o->name, "entity_key") == 0 && member[0] && strncmp(member, "file:", 5) != 0)
			fputs("\"(set)\"", out);
		else
			print_text(member, out);
	}
}

void config_dump(const struct config *c, FILE *out)
{
	char group[64] = "";

	for (size_t i = 0; config_option_at(i); i++) {
		const struct config_option *o = config_option_at(i);
		const char *dot = strchr(o->name, '.');
		size_t len = dot ? (size_t)(dot - o->name) : 0;
		if (dot && (strlen(group) != len || strncmp(group, o->name, len) != 0)) {
			snprintf(group, sizeof(group), "%.*s", (int)len, o->name);
			fprintf(out, "%s:\n", group);
		}
		fprintf(out, "%s%s: ", dot ? "  " : "", dot ? dot + 1 : o->name);
		print_value(c, o, out);
		fputc('\n', out);
	}
	if (c->sources.count)
		fputs("sources:\n", out);
	for (uint32_t i = 0; i < c->sources.count; i++) {
		const struct source *s = &c->sources.sources[i];
		fputs("  - {name: ", out);
		print_text(s->name, out);
		fprintf(out, ", state: %s, sector: %s, tlp: %s, format: %s}\n",
			vocab_state_code(s->state), vocab_sector_name(s->sector),
			vocab_tlp_name(s->tlp), vocab_format_name(s->format));
	}
	if (c->feed_count)
		fputs("indicators:\n", out);
	for (uint32_t i = 0; i < c->feed_count; i++) {
		const struct config_feed *f = &c->feeds[i];
		fputs("  - {name: ", out);
		print_text(f->name, out);
		fprintf(out, ", %s: ", f->path[0] ? "path" : "topic");
		print_text(f->path[0] ? f->path : f->topic, out);
		fprintf(out, ", tlp: %s, pap: %s, severity: %s}\n", vocab_tlp_name(f->tlp),
			vocab_pap_name(f->pap), vocab_severity_name(f->severity));
	}
}

static void print_range(const struct config_option *o, FILE *out)
{
	switch (o->type) {
	case CONFIG_COUNT:
		fprintf(out, "%llu..%llu", (unsigned long long)o->min, (unsigned long long)o->max);
		break;
	case CONFIG_DURATION:
		fprintf(out, "duration, at most %llud", (unsigned long long)o->max);
		break;
	case CONFIG_TIME:
		fputs("RFC 3339", out);
		break;
	case CONFIG_FLAG:
		fputs("true, false", out);
		break;
	case CONFIG_TEXT:
		fputs("text", out);
		break;
	case CONFIG_PATH:
		fputs("path, relative to the file", out);
		break;
	case CONFIG_NAMED:
		fputs("id, or a path relative to the file", out);
	}
}

void config_reference(FILE *out)
{
	fputs("# Configuration reference\n\n"
	      "Printed by `tocsin check --reference`; `make docs` writes it and a test keeps it fresh.\n"
	      "A file is YAML; `table.cells` is the key `cells` under `table`. Every option can also be\n"
	      "given as `--set name=value`.\n\n"
	      "| option | default | accepted | what it does |\n|---|---|---|---|\n",
	      out);
	for (size_t i = 0; config_option_at(i); i++) {
		const struct config_option *o = config_option_at(i);
		fprintf(out, "| `%s` | %s%s%s | ", o->name, o->def[0] ? "`" : "", o->def,
			o->def[0] ? "`" : "");
		print_range(o, out);
		fprintf(out, " | %s |\n", o->doc);
	}
	fputs("\n## Lists\n\n"
	      "| list | keys of an entry |\n|---|---|\n"
	      "| `sources` | `name`, `state` (needed); `sector`, `soc`, `tlp`, `format`, `organisation`, "
	      "`address_space`, `exercise`, `aggregates`, `may_assert` (`[capacity]`), `lineage`, `relay`, and one of "
	      "`path`, `topic`, `interface`; "
	      "`fieldmap` with format `map`; `logsource`: `product`, `category`, `service` in Sigma's words |\n"
	      "| `indicators` | `path` or `topic`; `name`, `tlp`, `pap`, `severity`, `campaign`, `lineage`, `derived_from`, `compacted` (the topic's keys are ids, a tombstone withdraws) |\n"
	      "| `rules` | paths of rules: files and folders of Sigma YAML, files of patterns "
	      "(`id:/regex/flags`) |\n"
	      "| `placeholders` | what `%name%` stands for in Sigma rules: name, a value or a list of "
	      "them |\n"
	      "| `benign` | paths of lists of benign values, files or folders |\n"
	      "| `kafka.properties` | librdkafka settings; a value `file:PATH` or `env:NAME` is read "
	      "from there |\n",
	      out);
}
