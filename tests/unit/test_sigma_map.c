/* sigma_map, sigma_line - what maps are refused and why; the shipped ones; lines as names and values. */
#include <string.h>

#include "base/text.h"
#include "match/sigma/sigma_line.h"
#include "match/sigma/sigma_matcher.h"
#include "tap.h"

static void refused(const char *text, uint32_t line, const char *why)
{
	struct sigma_maps *m = sigma_maps_create();
	struct problems ps;

	problems_init(&ps);
	int rc = sigma_maps_load(m, "m.yaml", text, strlen(text), &ps);
	if (!tap_ok(rc != 0 && ps.refused == 1 && ps.items[0].line == line &&
			    strstr(ps.items[0].reason, why) && m->shape_count == 0 &&
			    m->route_count == 0 && m->map_count == 0,
		    "refused: %s", why) &&
	    ps.count)
		printf("# %u: %s\n", ps.items[0].line, ps.items[0].reason);
	problems_fini(&ps);
	sigma_maps_free(m);
}

static void refusals(void)
{
	refused("", 0, "empty; accepted: field maps");
	refused("- a\n", 1, "a field map is a map, not a list");
	refused("nam: x\n", 1, "unknown key \"nam\"; accepted: name, shapes, fields, logsources");
	refused("shapes:\n- {tell: [a]}\n", 2, "unknown key \"tell\"; accepted: name, tells, under, fields");
	refused("shapes:\n- {name: a}\n", 2, "a shape that nothing tells");
	refused("shapes:\n- {tells: [a]}\n- {tells: a}\n", 3, "a list of paths, or a map of their values");
	refused("logsources:\n- {produkt: a}\n", 2, "accepted: product, category, service, when, unless");
	refused("logsources: {product: a}\n", 1, "a list, not a map");
	refused("fields: [a]\n", 1, "fields is a map, not a list");
	refused("fields: {a: {b: c}}\n", 1, "a name is a word");
	refused("shapes:\n- {tells: [a]}\n---\nx: y\n", 4, "unknown key \"x\"");
	refused("shapes: [\n", 2, "no YAML");
}

static void shipped(void)
{
	struct sigma_maps *m = sigma_maps_create();
	struct problems ps;

	problems_init(&ps);
	int rc = sigma_maps_load_dir(m, "rules/fieldmaps/sigma", &ps);
	tap_ok(rc == 0 && ps.count == 0 && m->map_count >= 10,
	       "the shipped field maps load: %u maps, %u shapes, %u log sources", m->map_count,
	       m->shape_count, m->route_count);
	tap_ok(sigma_maps_load_dir(m, "/nonexistent", &ps) == -2, "a folder that is not there");
	problems_fini(&ps);
	sigma_maps_free(m);
}

static void put(void *ctx, struct span name, struct span value)
{
	text_printf(ctx, "%.*s=%.*s;", (int)name.len, name.p, (int)value.len, value.p);
}

static void line(const char *p, const char *want)
{
	struct arena arena;
	struct text t;

	arena_init(&arena, 4096);
	text_init(&t);
	sigma_line_read(&arena, p, strlen(p), put, &t);
	/* without the whole line, which is there as well */
	const char *got = t.p, *message = strstr(t.p, "message=type=");
	if (message)
		got = strstr(message + 8, ";type=") + 1;
	tap_str(got, want, p);
	text_fini(&t);
	arena_fini(&arena);
}

static void lines(void)
{
	line("type=CWD msg=audit(1.2:3): cwd=\"/a b\" x=", "type=CWD;msg=audit(1.2:3):;cwd=/a b;x=;");
	line("type=EXECVE msg=audit(1.2:3): argc=2 a0=\"ls\" a1=2D6C61 a2=2D6",
	     "type=EXECVE;msg=audit(1.2:3):;argc=2;a0=ls;a1=-la;a2=2D6;");
	line("type=SYSCALL msg=audit(1.2:3): a0=41 comm=6C73 key=(null)\x1dSYSCALL=execve",
	     "type=SYSCALL;msg=audit(1.2:3):;a0=41;comm=ls;key=(null);SYSCALL=execve;");
	line("type=PROCTITLE msg=audit(1.2:3): proctitle=617270002D61",
	     "type=PROCTITLE;msg=audit(1.2:3):;proctitle=arp -a;");
	line("type=USER_CMD msg=audit(1.2:3): pid=1 msg='cwd=\"/\" cmd=\"id\" res=ok' x=\"y",
	     "type=USER_CMD;msg=audit(1.2:3):;pid=1;msg=cwd=\"/\" cmd=\"id\" res=ok;cwd=/;cmd=id;res=ok;x=y;");
	line("Nov 22 10:00:01 gw sshd[12]: Accepted key",
	     "@syslog=1;host=gw;program=sshd;pid=12;message=Accepted key;@line=Nov 22 10:00:01 gw "
	     "sshd[12]: Accepted key;");
	line("<34>2026-11-22T10:00:01+01:00 gw su: x",
	     "@syslog=1;host=gw;program=su;message=x;@line=<34>2026-11-22T10:00:01+01:00 gw su: x;");
	line("no log: at all", "message=no log: at all;");
	line("Nov 22 10:00:01 gw no tag", "message=Nov 22 10:00:01 gw no tag;");
}

int main(void)
{
	refusals();
	shipped();
	lines();
	return tap_done();
}
