#include "ioc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shot.h"

static FILE *open_or_exit(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (!f) {
		fprintf(stderr, "gen: %s: %s\n", path, strerror(errno));
		exit(4);
	}
	return f;
}

static void close_or_exit(FILE *f, const char *path)
{
	if (ferror(f) | fclose(f)) {
		fprintf(stderr, "gen: writing %s failed\n", path);
		exit(4);
	}
}

static const char *const stems[] = {"gate", "panel",  "sync", "load",   "stage", "relay",
				    "drop", "beacon", "task", "inject", "probe", "cargo"};

static const char *stem(uint64_t *bits)
{
	return stems[random_below(bits, sizeof(stems) / sizeof(stems[0]))];
}

void ioc_write_atoms(const char *path, uint32_t count, uint64_t seed)
{
	FILE *f = open_or_exit(path, "w");
	uint64_t bits = seed ^ 0xa70d5;

	fputs("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n", f);
	for (uint32_t i = 0; i < count; i++) {
		unsigned share = i % 10, tag = (unsigned)random_next(&bits);
		const char *type = "DOMAIN";
		if (share < 4) {
			fprintf(f, "%s-%08x%05u.%s", stem(&bits), tag, i,
				share & 1 ? "example" : "test");
		} else if (share < 6) {
			/* RFC 2544's second half: 65,536 addresses, each at most once */
			type = "ADDR";
			uint32_t n = i / 10 * 2 + share - 4;
			n = (n * 40503u + (uint32_t)seed) & 0xffff;
			fprintf(f, "198.19.%u.%u", n >> 8, n & 255);
		} else if (share < 7) {
			type = "ADDR";
			fprintf(f, "2001:db8:%x:%x::%x", tag >> 16, i >> 16, (i & 0xffff) + 1);
		} else if (share < 8) {
			type = "URL";
			fprintf(f, "%s-%08x%05u.test/%s/in.php", stem(&bits), tag, i, stem(&bits));
		} else {
			type = "FILE_HASH";
			fprintf(f, "%08x%08x", i, tag);
			for (int k = 0; k < 3; k++)
				fprintf(f, "%016llx", (unsigned long long)random_next(&bits));
		}
		fprintf(f, "\tIntel::%s\tbench-feed\tgenerated\n", type);
	}
	close_or_exit(f, path);
}

void ioc_write_patterns(const char *path, uint32_t count, uint64_t seed)
{
	FILE *f = open_or_exit(path, "w");
	uint64_t bits = seed ^ 0x9a77e2;

	for (uint32_t i = 0; i < count; i++) {
		unsigned tag = (unsigned)random_next(&bits);
		const char *word = stem(&bits);
		fprintf(f, "%u:/", i + 1);
		switch (i % 10) {
		default:
			fprintf(f, "%s_%08x\\.php/", word, tag);
			break;
		case 5:
		case 6:
			fprintf(f, "%s%07x[0-9]{2,4}\\.exe/", word, tag >> 4);
			break;
		case 7:
		case 8:
			fprintf(f, "id=%08x&k=[a-f0-9]{8}/", tag);
			break;
		case 9:
			fprintf(f, "%s-%08x/i", word, tag);
		}
		fputc('\n', f);
	}
	close_or_exit(f, path);
}

static void *grown(void *p, uint32_t count, size_t size)
{
	if (count & (count - 1)) /* room doubles at each power of two */
		return p;
	p = realloc(p, (count ? 2 * (size_t)count : 1) * size);
	if (!p) {
		fputs("gen: out of memory\n", stderr);
		exit(4);
	}
	return p;
}

void ioc_read_atoms(struct ioc *x, const char *path)
{
	static const struct {
		const char *type;
		enum atom_kind kind;
	} types[] = {{"Intel::DOMAIN", ATOM_DOMAIN},
		     {"Intel::ADDR", ATOM_ADDRESS},
		     {"Intel::URL", ATOM_URL},
		     {"Intel::FILE_HASH", ATOM_HASH}};
	FILE *f = open_or_exit(path, "r");
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		char *save, *value = strtok_r(line, "\t\n", &save),
			    *type = strtok_r(NULL, "\t\n", &save);
		if (line[0] == '#' || !value || !type)
			continue;
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			if (strcmp(type, types[i].type) != 0)
				continue;
			x->atoms = grown(x->atoms, x->atom_count, sizeof(*x->atoms));
			x->atoms[x->atom_count++] = (struct atom){types[i].kind, strdup(value)};
		}
	}
	free(line);
	fclose(f);
}

void ioc_read_patterns(struct ioc *x, const char *path)
{
	FILE *f = open_or_exit(path, "r");
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, f) > 0) {
		char *begin = strstr(line, ":/"), *end = strrchr(line, '/');
		if (line[0] == '#' || !begin || end <= begin + 1)
			continue;
		*end = '\0';
		x->patterns = grown(x->patterns, x->pattern_count, sizeof(*x->patterns));
		x->patterns[x->pattern_count++] = strdup(begin + 2);
	}
	free(line);
	fclose(f);
}

/* One of the characters of the class that begins at p ("[a-f0-9]"); *end is behind it. */
static char of_class(const char *p, const char **end, uint64_t *bits)
{
	char all[256];
	size_t n = 0;

	for (p++; *p && *p != ']'; p++) {
		char last = p[1] == '-' && p[2] && p[2] != ']' ? p[2] : *p;
		for (char c = *p; c <= last && n < sizeof(all); c++)
			all[n++] = c;
		if (last != *p)
			p += 2;
	}
	*end = *p ? p + 1 : p;
	return n ? all[random_below(bits, n)] : 'x';
}

size_t ioc_sample(const char *p, uint64_t *bits, char *text, size_t size)
{
	size_t n = 0;

	while (*p && n + 1 < size) {
		const char *end = p + 1;
		if (*p == '[') {
			const char *class = p;
			of_class(class, &end, bits);
			unsigned times = *end == '{' ? (unsigned)strtoul(end + 1, NULL, 10) : 1;
			while (times-- && n + 1 < size) {
				const char *ignored;
				text[n++] = of_class(class, &ignored, bits);
			}
			if (*end == '{')
				end = strchr(end, '}') ? strchr(end, '}') + 1 : end + 1;
		} else if (*p == '\\' && p[1]) {
			text[n++] = p[1];
			end = p + 2;
		} else {
			text[n++] = *p;
		}
		p = end;
	}
	text[n] = '\0';
	return n;
}
