/* Zeek Intelligence files. */
#include "tap.h"
#include "test_feed_dump.h"

static void check(const char *in, const char *want, const char *name)
{
	char *got = dump_bytes(in, strlen(in));

	tap_str(got, want, name);
	free(got);
}

#define FIELDS "#separator \\x09\n#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"

int main(void)
{
	check(FIELDS "192.0.2.1\tIntel::ADDR\tisac\tscanner\n",
	      "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(scanner) medium amber clear\n",
	      "ADDR");
	check(FIELDS "198.51.100.0/24\tIntel::SUBNET\tisac\t-\n",
	      "network:198.51.100.0/24 0:net=198.51.100.0/24 "
	      "indicator:network:198.51.100.0/24(198.51.100.0/24) "
	      "medium amber clear\n",
	      "SUBNET, description unset");
	check(FIELDS "Evil.example/A\tIntel::URL\tisac\t-\n",
	      "url:evil.example/A 0:url=evil.example/A "
	      "indicator:url:evil.example/A(evil.example/A) medium amber "
	      "clear\n",
	      "URL");
	check(FIELDS
	      "evil.example\tIntel::DOMAIN\tisac\t-\nbad@evil.example\tIntel::EMAIL\tisac\t-\n",
	      "domain:evil.example 0:domain=evil.example "
	      "indicator:domain:evil.example(evil.example) medium amber "
	      "clear\nemail:bad@evil.example 0:email=bad@evil.example "
	      "indicator:email:bad@evil.example(bad@evil.example) medium amber clear\n",
	      "DOMAIN and EMAIL");
	check(FIELDS "d41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tisac\t-\n",
	      "hash:d41d8cd98f00b204e9800998ecf8427e 0:hash=d41d8cd98f00b204e9800998ecf8427e "
	      "indicator:hash:d41d8cd98f00b204e9800998ecf8427e(d41d8cd98f00b204e9800998ecf8427e) "
	      "medium amber "
	      "clear\n",
	      "FILE_HASH");
	check(FIELDS "Evil/1.0\tIntel::SOFTWARE\tisac\t-\nevil.exe\tIntel::FILE_NAME\tisac\t-\n",
	      "file:evil.exe 0:value/file=evil.exe indicator:file:evil.exe(evil.exe) medium amber "
	      "clear\n"
	      "user-agent:Evil/1.0 0:value/ua=Evil/1.0 indicator:user-agent:Evil/1.0(Evil/1.0) "
	      "medium amber "
	      "clear\n",
	      "SOFTWARE and FILE_NAME");
	check("#fields\tindicator_type\tindicator\nIntel::ADDR\t192.0.2.1\n",
	      "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1) medium amber clear\n",
	      "columns by name");
	check("192.0.2.1\tIntel::ADDR\tisac\n",
	      "ip:192.0.2.1 0:ip=192.0.2.1 indicator:ip:192.0.2.1(192.0.2.1) medium amber clear\n",
	      "without a #fields line");
	check(FIELDS "-\tIntel::ADDR\tisac\t-\n\tIntel::DOMAIN\tisac\t-\nroot\tIntel::USER_"
		     "NAME\tisac\t-\n192.0.2.1\n"
		     "nonsense\tIntel::ADDR\tisac\t-\n",
	      "! 3: no value\n! 4: no value\n! 5: indicator type \"Intel::USER_NAME\" is not "
	      "supported\n"
	      "! 6: 1 columns where the #fields line names 4\n! 7: \"nonsense\": no address or "
	      "CIDR\n",
	      "refusals with their lines");
	check("#fields\tindicator\tindicator_type\n", "", "a header alone");
	return tap_done();
}
