/* Lists of values that must not raise: MISP warninglists and plain lists. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "match/benign_load.h"
#include "match/feed_load.h"
#include "match/indicator_index.h"

#define DEPTH_MAX    16
#define SEARCHES_MAX 100 /* lines of refused entries that are looked for in one file */

static void refuse(struct benign_load *b, uint32_t line, struct span v, const char *why)
{
	char value[100];

	snprintf(value, sizeof(value), "%.*s", (int)(v.len < 90 ? v.len : 90), v.p);
	for (char *c = value; *c; c++)
		if ((uint8_t)*c < ' ' || *c == 0x7f)
			*c = '?';
	problem_refuse(b->ps, "benign", b->path, line, "\"%s\": %s", value, why);
}

static void new_list(struct benign_load *b, struct span name)
{
	struct indicator_set *s = b->s;

	if (s->benign_list_count > BENIGN_LISTS_MAX)
		b->error = -EOVERFLOW;
	else
		b->error = index_grow((void **)&s->benign_lists, s->benign_list_count,
				      &s->benign_list_capacity, sizeof(*s->benign_lists));
	if (b->error)
		return;
	struct benign_list *list = &s->benign_lists[s->benign_list_count];
	snprintf(list->name, sizeof(list->name), "%.*s", (int)name.len, name.p);
	snprintf(list->path, sizeof(list->path), "%s", b->path);
	b->list = (uint16_t)s->benign_list_count++;
}

/* The line on which a JSON string stands; 0 when it is escaped there, or after many. */
static uint32_t line_of(struct benign_load *b, struct span v)
{
	uint32_t line = 1;

	if (v.len == 0 || b->searches++ >= SEARCHES_MAX)
		return 0;
	const char *at = b->p, *end = b->p + b->len;
	while ((at = memmem(at, (size_t)(end - at), v.p, v.len))) {
		if (at > b->p && at[-1] == '"' && at + v.len < end && at[v.len] == '"')
			break;
		at += v.len;
	}
	for (const char *q = b->p; at && q < at; q++)
		line += *q == '\n';
	return at ? line : 0;
}

static int kind_of(struct span type)
{
	static const char *const kinds[] = {"string", "substring", "hostname", "cidr", "regex"};

	for (int i = 0; i < 5; i++)
		if (type.len == strlen(kinds[i]) && strncasecmp(type.p, kinds[i], type.len) == 0)
			return i;
	return type.len == 0 ? BENIGN_STRING : -1;
}

static void entry(struct benign_load *b, int kind, struct feed_value v)
{
	struct span s = feed_text(v);
	const char *why;

	if (!feed_is_string(v))
		refuse(b, 0, (struct span){"", 0}, "an entry that is no string");
	else if (!b->error && (why = benign_entry(b, (enum benign_kind)kind, feed_trim(s))))
		refuse(b, line_of(b, s), s, why);
}

/* "list" is an array of values, or an object with the values as keys. */
static void warninglist(struct benign_load *b, struct feed_value root)
{
	struct feed_value list = feed_get(root, "list");
	struct span type = feed_json_string(root, "type"), name = feed_json_string(root, "name");
	int kind = kind_of(type);

	if (!feed_is_array(list) && !feed_is_object(list))
		return problem_refuse(b->ps, "benign", b->path, 0,
				      "no warninglist: it has no \"list\"");
	if (kind < 0)
		return problem_refuse(b->ps, "benign", b->path, 0, "unknown type \"%.*s\"",
				      (int)(type.len < 60 ? type.len : 60), type.p);
	new_list(b, name.len ? name : (struct span){b->path, (uint32_t)strlen(b->path)});
	feed_each(v, list)
		entry(b, kind, v);
	feed_each_key(key, v, list)
		entry(b, kind, key);
}

static void read_json(struct benign_load *b)
{
	struct feed_tree tree;
	const char *end;

	if ((b->error = feed_tree_init(&tree, b->len)))
		return;
	const char *why = feed_tree_read(&tree, b->p, b->len, &end);
	while (!why && end < b->p + b->len && *end && strchr(" \t\r\n", *end))
		end++;
	if (!why && end < b->p + b->len)
		why = "more behind the end of the object";
	uint32_t line = 1;
	for (const char *p = b->p; why && p < end; p++)
		line += *p == '\n';
	if (why)
		problem_refuse(b->ps, "benign", b->path, line, "no valid JSON: %s", why);
	else
		warninglist(b, feed_root(&tree));
	feed_tree_fini(&tree);
}

static void read_plain(struct benign_load *b)
{
	const char *p = b->p, *end = b->p + b->len, *why;
	const char *slash = strrchr(b->path, '/');
	struct span line;

	slash = slash ? slash + 1 : b->path;
	new_list(b, (struct span){slash, (uint32_t)strlen(slash)});
	for (uint32_t n = 1; !b->error && feed_next_line(&p, end, &line); n++) {
		struct span v = feed_trim(line);
		uint32_t k = 0;
		while (k < v.len && v.p[k] != ' ' && v.p[k] != '\t')
			k++;
		struct span rest = feed_trim((struct span){v.p + k, v.len - k});
		if (v.len == 0 || *v.p == '#' || *v.p == ';')
			continue;
		if (rest.len && (*rest.p == '#' || *rest.p == ';'))
			v.len = k;
		if ((why = memchr(v.p, '\0', v.len) ? "a NUL in the value" : benign_plain(b, v)))
			refuse(b, n, v, why);
	}
}

static int load_file(struct indicator_set *s, const char *path, struct problems *ps)
{
	struct benign_load b = {.s = s, .ps = ps, .path = path};
	struct feed_bytes bytes;
	int rc = feed_read(path, &bytes);

	if (rc) {
		problem_refuse(ps, "benign", path, 0, "cannot read the file: %s", strerror(-rc));
		return rc;
	}
	b.p = bytes.p;
	b.len = bytes.len;
	if (b.len >= 3 && memcmp(b.p, "\xef\xbb\xbf", 3) == 0) {
		b.p += 3;
		b.len -= 3;
	}
	if (b.p[strspn(b.p, " \t\r\n")] == '{')
		read_json(&b);
	else
		read_plain(&b);
	feed_bytes_fini(&bytes);
	return b.error;
}

static int load(struct indicator_set *s, const char *path, struct problems *ps, int depth);

/* In a folder only what is named like a list: such folders hold tools and licences, too. */
static int is_list(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	if (e->d_name[0] == '.')
		return 0;
	if (e->d_type == DT_DIR || e->d_type == DT_UNKNOWN || e->d_type == DT_LNK)
		return 1;
	return dot &&
	       (strcmp(dot, ".json") == 0 || strcmp(dot, ".txt") == 0 || strcmp(dot, ".list") == 0);
}

static int load_folder(struct indicator_set *s, const char *path, struct problems *ps, int depth)
{
	struct dirent **names;
	int n = scandir(path, &names, is_list, alphasort), rc = 0;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++) {
		char *full = NULL;
		if (asprintf(&full, "%s/%s", path, names[i]->d_name) < 0)
			rc = -ENOMEM;
		else if (!rc)
			rc = load(s, full, ps, depth + 1);
		if (full)
			free(full);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int load(struct indicator_set *s, const char *path, struct problems *ps, int depth)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return load_folder(s, path, ps, depth);
	return load_file(s, path, ps);
}

int benign_load(struct indicator_set *s, const char *path, struct problems *ps)
{
	return load(s, path, ps, 0);
}
