/* Addresses and networks: strict text in, RFC 5952 text out, bits compared one by one. */
#include "base/address.h"

#include <arpa/inet.h>

#include "base/hash.h"
#include "tap.h"

static const struct {
	const char *in, *out; /* NULL: none */
} texts[] = {
	{"0.0.0.0", "0.0.0.0"},
	{"255.255.255.255", "255.255.255.255"},
	{"::", "::"},
	{"::1", "::1"},
	{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::FFFF:c000:201", "192.0.2.1"},
	{"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
	{"", NULL},
	{"1", NULL},
	{"1.2.3", NULL},
	{"1.2.3.", NULL},
	{".1.2.3", NULL},
	{"1..2.3", NULL},
	{"1.2.3.4.5", NULL},
	{"1.2.3.256", NULL},
	{"01.2.3.4", NULL},
	{"1.2.3.00", NULL},
	{"1.2.3.4 ", NULL},
	{" 1.2.3.4", NULL},
	{"1.2.3.-4", NULL},
	{"0x1.2.3.4", NULL},
	{"1.2.3.1000", NULL},
	{":", NULL},
	{":::", NULL},
	{"1::2::3", NULL},
	{"1:2:3:4:5:6:7", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"12345::", NULL},
	{"fe80::1%eth0", NULL},
	{"[::1]", NULL},
	{"::ffff:1.2.3", NULL},
	{"::g", NULL},
};

static const struct {
	const char *net, *in, *out; /* NULL net: none */
	int prefix;
} nets[] = {
	{"10.0.0.0/8", "10.255.255.255", "11.0.0.0", 8},
	{"10.1.2.3/8", "10.0.0.0", "9.255.255.255", 8},
	{"192.0.2.129/25", "192.0.2.128", "192.0.2.127", 25},
	{"192.0.2.1/31", "192.0.2.0", "192.0.2.2", 31},
	{"192.0.2.1", "192.0.2.1", "192.0.2.0", 32},
	{"192.0.2.1/32", "192.0.2.1", "192.0.2.3", 32},
	{"0.0.0.0/0", "255.255.255.255", "::1", 0},
	{"::/0", "2001:db8::1", "1.2.3.4", 0},
	{"2001:db8::1/32", "2001:db8:ffff::", "2001:db9::", 32},
	{"fe80::/10", "febf::1", "fec0::1", 10},
	{"::1", "::1", "::2", 128},
	{"fc00::/7", "fdff::", "fe00::", 7},
};

static const char *const no_nets[] = {"",	     "/",	   "/8",       "10.0.0.0/",
				      "10.0.0.0/33", "::/129",	   "1.2.3/8",  "10.0.0.0/8 ",
				      "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/1x",
				      "10.0.0.0/4294967296"};

static struct address at(const char *text)
{
	struct address a;

	if (!address_parse(text, strlen(text), &a))
		abort();
	return a;
}

/* Bit for bit, for random addresses and prefixes. */
static void random_nets(void)
{
	int wrong = 0, inside = 0;

	for (uint64_t i = 1; i <= 50000; i++) {
		unsigned bits = hash_word(i) & 1 ? 128 : 32, prefix = (unsigned)(hash_word(i * 3) % (bits + 1));
		struct address a = {.bits = (uint8_t)bits}, b = a;
		char text[ADDRESS_TEXT_MAX + 8];
		struct network n;

		for (unsigned k = 0; k < bits / 8; k++)
			a.b[k] = b.b[k] = (uint8_t)hash_word(i * 64 + k);
		a.b[0] = b.b[0] |= 0x20; /* never IPv4-mapped */
		unsigned flip = (unsigned)(hash_word(i * 7) % bits);
		b.b[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		size_t len = address_format(&a, text);
		snprintf(text + len, sizeof(text) - len, "/%u", prefix);
		if (!network_parse(text, strlen(text), &n) || n.prefix != prefix) {
			wrong++;
			continue;
		}
		for (unsigned k = prefix; k < bits; k++)
			wrong += (n.base.b[k / 8] & (0x80 >> k % 8)) != 0;
		wrong += !network_contains(&n, &a) || network_contains(&n, &b) != (flip >= prefix);
		inside += flip >= prefix;
	}
	tap_ok(wrong == 0 && inside > 10000, "50000 random networks: host bits are clear, and one "
	       "changed bit is inside exactly when it is behind the prefix");
}

static void random_texts(void)
{
	int wrong = 0;

	for (uint64_t i = 1; i <= 50000; i++) {
		static const char alphabet[] = "0123456789.:af/";
		char text[24];
		uint8_t libc[16];
		struct address a;
		size_t len = hash_word(i) % (sizeof(text) - 1);

		for (size_t k = 0; k < len; k++)
			text[k] = alphabet[hash_word(i * 32 + k) % (i % 2 ? 12 : sizeof(alphabet) - 1)];
		text[len] = '\0';
		bool want = inet_pton(AF_INET, text, libc) == 1 || inet_pton(AF_INET6, text, libc) == 1;
		wrong += address_parse(text, len, &a) != want;
	}
	tap_int(wrong, 0, "50000 random texts are addresses exactly when inet_pton takes them");
}

static void home(void)
{
	static const char *const inside[] = {"10.1.2.3", "172.31.0.1", "192.168.1.1", "127.0.0.1",
					     "169.254.1.1", "fd00::1", "fe80::1", "::1"};
	static const char *const outside[] = {"11.0.0.1", "172.32.0.1", "192.169.0.1", "8.8.8.8",
					      "2001:db8::1"};
	struct home_net h;
	char bad[64] = "", many[8192] = "";
	struct address a;

	home_net_default(&h);
	for (size_t i = 0; i < 8; i++) {
		a = at(inside[i]);
		tap_ok(home_net_contains(&h, &a), "%s is inside by default", inside[i]);
	}
	for (size_t i = 0; i < 5; i++) {
		a = at(outside[i]);
		tap_ok(!home_net_contains(&h, &a), "%s is outside", outside[i]);
	}
	a = at("8.8.4.4");
	tap_ok(home_net_parse(&h, "8.8.0.0/16, 2001:db8::/32", bad) && h.count == 2 &&
		       home_net_contains(&h, &a), "a list replaces the default");
	tap_ok(!home_net_parse(&h, "10.0.0.0/8,10.0.0.0/33", bad) && strcmp(bad, "10.0.0.0/33") == 0,
	       "the bad one is named: %s", bad);
	for (int i = 0; i <= HOME_NETS_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%s10.0.%d.0/24", i ? "," : "",
			 i % 256);
	tap_ok(!home_net_parse(&h, many, bad), "one too many is refused");
	memset(many, 'x', 300);
	many[300] = '\0';
	tap_ok(!home_net_parse(&h, many, bad) && strlen(bad) < sizeof(bad), "a long bad one is cut");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char out[ADDRESS_TEXT_MAX];
		struct address a;
		bool ok = address_parse(texts[i].in, strlen(texts[i].in), &a);
		if (!texts[i].out)
			tap_ok(!ok, "\"%s\" is no address", texts[i].in);
		else
			tap_ok(ok && address_format(&a, out) == strlen(texts[i].out) &&
				       strcmp(out, texts[i].out) == 0, "%s is %s", texts[i].in, texts[i].out);
	}
	struct address a = at("::ffff:10.0.0.1"), b = at("10.0.0.1"), c = at("::10.0.0.1");
	tap_ok(address_equal(&a, &b) && !address_equal(&a, &c), "an IPv4-mapped address is the IPv4 one");
	tap_ok(!address_parse("1.2.3.4\0.5", 9, &a) && !address_parse("::1\0", 4, &a), "a NUL is no part of one");
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		struct network n;
		bool ok = network_parse(nets[i].net, strlen(nets[i].net), &n);
		a = at(nets[i].in);
		b = at(nets[i].out);
		tap_ok(ok && n.prefix == nets[i].prefix && network_contains(&n, &a) &&
			       !network_contains(&n, &b), "%s holds %s and not %s", nets[i].net, nets[i].in,
		       nets[i].out);
	}
	for (size_t i = 0; i < sizeof(no_nets) / sizeof(no_nets[0]); i++) {
		struct network n;
		tap_ok(!network_parse(no_nets[i], strlen(no_nets[i]), &n), "\"%s\" is no network", no_nets[i]);
	}
	random_nets();
	random_texts();
	home();
	return tap_done();
}
