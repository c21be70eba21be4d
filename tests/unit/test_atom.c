/* atom: canonical forms, refanging, and telling a value's kind. */
#include "match/atom.h"

#include "match/atom_punycode.h"
#include "tap.h"

typedef size_t (*normalise_fn)(const char *, size_t, char *, size_t);

struct row {
	const char *in, *want; /* want "" = refused */
};

static void table(const char *name, normalise_fn fn, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char out[ATOM_URL_MAX + 1], twice[ATOM_URL_MAX + 1], label[256];
		size_t n = fn(rows[i].in, strlen(rows[i].in), out, ATOM_URL_MAX);
		out[n] = '\0';
		snprintf(label, sizeof(label), "%s %.150s", name, rows[i].in);
		tap_str(out, rows[i].want, label);
		size_t m = n ? fn(out, n, twice, ATOM_URL_MAX) : 0;
		twice[m] = '\0';
		if (strcmp(out, twice) != 0)
			tap_ok(false, "%s: not idempotent: %s then %s", label, out, twice);
	}
}

#define TABLE(name, fn, rows) table(name, fn, rows, sizeof(rows) / sizeof(rows[0]))

static void domains(void)
{
	static const struct row rows[] = {
		{"WWW.Evil.Example", "www.evil.example"},
		{"evil.example.", "evil.example"},
		{"*.evil.example", "evil.example"},
		{".evil.example", "evil.example"},
		{"_dmarc.evil.example", "_dmarc.evil.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"b\xc3\xbc"
		 "cher.example",
		 "xn--bcher-kva.example"},
		{"B\xc3\x9c"
		 "CHER.EXAMPLE",
		 "xn--bcher-kva.example"},
		{"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80.example",
		 "xn--e1afmkfd.example"},
		{"\xce\xb5\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1.example",
		 "xn--hxakic4aa.example"},
		{"za\xc5\xbb\xc3\xb3\xc5\x81\xc4\x87.example", "xn--za-6ja4f8n1l.example"},
		{"evil\xe3\x80\x82"
		 "example",
		 "evil.example"},
		{"localhost", "localhost"},
		{"", ""},
		{".", ""},
		{"evil..example", ""},
		{"evil example", ""},
		{"evil.example/", ""},
		{"192.0.2.1", ""},
		{"*", ""},
		{"evil.exa\x80mple", ""},
		{"a.b.*.example", ""},
	};
	TABLE("domain", atom_domain_normalise, rows);

	char out[ATOM_DOMAIN_MAX + 10], name[300];
	memset(name, 'a', sizeof(name));
	tap_int(atom_domain_normalise(name, 63, out, sizeof(out)), 63, "a label of 63");
	tap_int(atom_domain_normalise(name, 64, out, sizeof(out)), 0, "none of 64");
	for (int i = 50; i < 300; i += 51)
		name[i] = '.';
	tap_int(atom_domain_normalise(name, 253, out, sizeof(out)), 253, "a name of 253");
	tap_int(atom_domain_normalise(name, 254, out, sizeof(out)), 0, "none of 254");
	tap_int(atom_domain_normalise("evil.example", 12, out, 11), 0, "buffer too small");
	tap_int(atom_domain_normalise("evil.example", 12, out, 12), 12, "buffer just enough");
}

static void urls(void)
{
	static const struct row rows[] = {
		{"http://Evil.Example", "evil.example/"},
		{"https://evil.example/", "evil.example/"},
		{"HTTPS://evil.example:443/a", "evil.example/a"},
		{"http://evil.example:80/a", "evil.example/a"},
		{"http://evil.example:0080/a", "evil.example/a"},
		{"http://evil.example:8080/A/b?Q=1#frag", "evil.example:8080/A/b?Q=1"},
		{"evil.example/a", "evil.example/a"},
		{"evil.example?x=1", "evil.example/?x=1"},
		{"http://evil.example#x", "evil.example/"},
		{"http://User:Pa@evil.example/", "User:Pa@evil.example/"},
		{"ftp://Evil.example:21/x", "ftp://evil.example/x"},
		{"FTP://evil.example:2121/x", "ftp://evil.example:2121/x"},
		{"http://evil.example/%7euser/%2f%zz%4", "evil.example/~user/%2F%zz%4"},
		{"http://evil.example/a b\xc3\xa9", "evil.example/a%20b%C3%A9"},
		{"http://b\xc3\xbc"
		 "cher.example/",
		 "xn--bcher-kva.example/"},
		{"http://192.0.2.7:8080/x", "192.0.2.7:8080/x"},
		{"http://[2001:DB8:0::1]:443/x", "[2001:db8::1]/x"},
		{"http://[::ffff:192.0.2.7]/x", "192.0.2.7/x"},
		{"http://evil.example./x", "evil.example/x"},
		{"http://evil.example/redirect?to=http://other.example/",
		 "evil.example/redirect?to=http://other.example/"},
		{"http://evil.example:/x", "evil.example/x"},
		{"http://", ""},
		{"http:///x", ""},
		{"://evil.example/", ""},
		{"h ttp://evil.example/", ""},
		{"http://evil.example:80x/", ""},
		{"http://ev il.example/", ""},
		{"http://*.evil.example/", ""},
		{"/only/a/path", ""},
	};
	TABLE("url", atom_url_normalise, rows);

	char out[64];
	tap_int(atom_url_normalise("http://evil.example/", 20, out, 12), 0, "no room for a URL");
	tap_int(atom_url_normalise("http://evil.example/", 20, out, 13), 13, "just enough room");
	struct span h = atom_url_host("u@evil.example:81/x", 19);
	tap_ok(h.len == 12 && memcmp(h.p, "evil.example", 12) == 0, "host of a URL");
}

static void others(void)
{
	static const struct row hashes[] = {
		{"D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"},
		{"d41d8cd98f00b204e9800998ecf8427", ""},
		{"g41d8cd98f00b204e9800998ecf8427e", ""},
		{"", ""},
	};
	static const struct row emails[] = {
		{"Bad.Guy@Evil.Example", "bad.guy@evil.example"},
		{"a@b\xc3\xbc"
		 "cher.example",
		 "a@xn--bcher-kva.example"},
		{"@evil.example", ""},
		{"a@", ""},
		{"no at", ""},
		{"<a@evil.example>", ""},
		{"a b@evil.example", ""},
		{"a@*.evil.example", ""},
	};
	static const struct row fangs[] = {
		{"hxxp://evil[.]example/a", "http://evil.example/a"},
		{"hXXps[://]evil(.)example", "https://evil.example"},
		{"hxxp[:]//evil[dot]example", "http://evil.example"},
		{"a[@]evil[.]example", "a@evil.example"},
		{"192[.]0[.]2[.]1", "192.0.2.1"},
		{"http://[2001:db8::1]/", "http://[2001:db8::1]/"},
		{"plain", "plain"},
	};
	TABLE("hash", atom_hash_normalise, hashes);
	TABLE("e-mail", atom_email_normalise, emails);
	TABLE("refang", atom_refang, fangs);
}

static void guesses(void)
{
	static const struct {
		const char *in;
		int want;
	} rows[] = {
		{"192.0.2.1", CONDITION_IP},
		{"2001:db8::1", CONDITION_IP},
		{"198.51.100.0/24", CONDITION_NETWORK},
		{"2001:db8::/32", CONDITION_NETWORK},
		{"evil.example", CONDITION_DOMAIN},
		{"*.evil.example", CONDITION_DOMAIN},
		{"http://evil.example", CONDITION_URL},
		{"evil.example/x", CONDITION_URL},
		{"evil.example:8080/x", CONDITION_URL},
		{"192.0.2.1/x", CONDITION_URL},
		{"d41d8cd98f00b204e9800998ecf8427e", CONDITION_HASH},
		{"a@evil.example", CONDITION_EMAIL},
		{"localhost", -1},
		{"192.0.2.1:80", -1},
		{"192.0.2.300", -1},
		{"two words", -1},
		{"/etc/passwd", -1},
		{"", -1},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tap_int(atom_guess(rows[i].in, strlen(rows[i].in)), rows[i].want, rows[i].in);

	struct span host;
	uint16_t port;
	tap_ok(atom_endpoint_split("192.0.2.1:8080", 14, &host, &port) && host.len == 9 &&
		       port == 8080,
	       "an address and a port");
	tap_ok(atom_endpoint_split("[2001:db8::1]:53", 16, &host, &port) && host.len == 11 &&
		       port == 53,
	       "an IPv6 address and a port");
	tap_ok(!atom_endpoint_split("2001:db8::1", 11, &host, &port), "IPv6 alone has no port");
	tap_ok(!atom_endpoint_split("evil.example:0", 14, &host, &port), "port 0");
	tap_ok(!atom_endpoint_split("evil.example:65536", 18, &host, &port), "port 65536");
}

/* Idempotent on anything, never past the buffer, whatever the bytes. */
static void random_bytes(void)
{
	static const char alphabet[] = "aZ09.:/%@[]?#-_*2f \xc3\xa9\xe3\x80\x82";
	static const normalise_fn fns[] = {atom_domain_normalise, atom_url_normalise,
					   atom_email_normalise, atom_hash_normalise};
	uint32_t seed = 1, wrong = 0;

	for (int round = 0; round < 200000; round++) {
		char in[24], out[96], twice[96];
		size_t len = (seed >> 8) % sizeof(in);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = alphabet[(seed >> 10) % (sizeof(alphabet) - 1)];
		}
		seed = seed * 1664525 + 1013904223;
		normalise_fn fn = fns[round & 3];
		size_t n = fn(in, len, out, sizeof(out));
		size_t m = n ? fn(out, n, twice, sizeof(twice)) : 0;
		wrong += n != m || memcmp(out, twice, n) != 0;
		atom_guess(in, len);
	}
	tap_int(wrong, 0, "200,000 random values: canonical forms are idempotent");
}

int main(void)
{
	domains();
	urls();
	others();
	guesses();
	random_bytes();
	tap_ok(atom_lower(0xc4) == 0xe4 && atom_lower(0xd7) == 0xd7 && atom_lower(0x141) == 0x142,
	       "lower case beyond ASCII");
	return tap_done();
}
