#include "raise/candidate.h"

#include "base/utf8.h"
#include "tap.h"
#include "test_candidate.h"

static char *print(const struct fixture *f, const struct episode *ep, enum candidate_status status,
		   bool colour)
{
	struct candidate c;
	struct text t;

	candidate_make(&c, &f->cx, ep, status, 1);
	text_init(&t);
	candidate_terminal(&t, &c, &f->cx, colour);
	return text_take(&t);
}

/* The longest line in characters. */
static size_t widest(const char *s)
{
	size_t now = 0, most = 0;

	for (; *s; s++) {
		if (*s == '\n')
			now = 0;
		else
			now += ((unsigned char)*s & 0xc0) != 0x80;
		most = now > most ? now : most;
	}
	return most;
}

static void plain(const struct fixture *f)
{
	struct episode ep = fixture_raised(f);
	char *s = print(f, &ep, CANDIDATE_RAISED, false);

	tap_ok(widest(s) <= 100, "100 columns (%zu)", widest(s));
	tap_ok(!strchr(s, '\033'), "no escapes without colour");
	tap_ok(strstr(s, "RAISED") && strstr(s, "Germany") && strstr(s, "Article 23(3)") &&
		       strstr(s, "kafka:soc.de:3@991") && strstr(s, "a human decides"),
	       "who, where, why, which evidence, what next");
	tap_ok(strstr(s, " score     0.80 status (raised) + 0.10 severity (high)") &&
		       strstr(s, "DORA initial notification 2026-11-20 13:15 UTC"),
	       "what the score is the sum of, and what is due when");
	free(s);
	s = print(f, &ep, CANDIDATE_RAISED, true);
	tap_ok(strchr(s, '\033') != NULL, "escapes with colour");
	free(s);
	ep = fixture_watch(f);
	s = print(f, &ep, CANDIDATE_WATCH, false);
	tap_ok(strstr(s, "missing") && strstr(s, "asks for 3"), "a watch says what is missing");
	free(s);
}

static void hostile(struct fixture *f)
{
	char name[600] = "evil \033[2J\r\n\xc2\x9b name \xff\xfe ";
	struct episode ep = fixture_raised(f);

	memset(name + strlen(name), 'x', 500);
	ep.threat = fixture_threat(f, NAME_CAMPAIGN, name, name);
	for (int i = 0; i < 16; i++) {
		ep.evidence[i] = ep.evidence[0];
		ep.evidence[i].item.offset = (uint64_t)i << 50;
	}
	ep.evidence_count = 16;
	for (uint32_t i = 0; i < ep.states; i++) {
		ep.state[i].entities = ep.state[i].records = 99999999;
		ep.state[i].entities_exact = ep.state[i].records_exact = false;
	}
	char *s = print(f, &ep, CANDIDATE_UPDATED, false);
	tap_ok(!strchr(s, '\033') && !strchr(s, '\r') && !strstr(s, "\xc2\x9b"),
	       "no control character of a name reaches the terminal");
	size_t len = strlen(s), i = 0, n = 1;
	for (; i < len && n; i += n)
		n = (unsigned char)s[i] < 0x80 ? 1 : utf8_sequence((const uint8_t *)s + i, len - i);
	tap_ok(n > 0, "what is printed is UTF-8");
	tap_ok(widest(s) <= 100, "a long name fits in 100 columns (%zu)", widest(s));
	tap_ok(strstr(s, "and 14 more") != NULL, "evidence is cut and says so");
	free(s);
}

int main(int argc, char **argv)
{
	struct fixture f;

	(void)argv;
	fixture_init(&f);
	if (argc > 1) {
		/* for a person: what it looks like, with the default profile */
		struct problems ps = {0};
		struct profile *p = profile_load("rules/significance/observed.yaml", NULL, &ps);
		f.cx.profile = p ? p : &f.profile;
		struct episode ep = fixture_raised(&f), watch = fixture_watch(&f);
		char *a = print(&f, &ep, CANDIDATE_RAISED, true);
		char *b = print(&f, &watch, CANDIDATE_WATCH, true);
		printf("%s%s", a, b);
		free(a);
		free(b);
		profile_free(p);
		fixture_fini(&f);
		return 0;
	}
	plain(&f);
	hostile(&f);
	fixture_fini(&f);
	return tap_done();
}
