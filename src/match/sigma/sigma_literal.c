/* The rarest piece of a text, as JSON writes it. */
#include "match/sigma/sigma_literal.h"

#include <hs.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define WINDOW    20   /* bytes of a literal; more are not rarer, and Hyperscan confirms each */
#define ENCODED   4096 /* of a run that is looked at */
#define GRAM      4
#define GRAM_MAX  13 /* bits: how rare a piece of four unknown bytes is */
#define KNOWN_MAX 6  /* of one that telemetry is known for */
#define ENOUGH    18

/* What stands in most records, in many, in some: pieces of it tell as much. Folded. */
static const char *const known[] = {
	/* in about every second record */
	"c:\\\\windows\\\\system32\\\\ c:\\\\windows\\\\ \"@timestamp\":\"202 .exe\" .dll+ .dll\" "
	".exe .dll "
	"\\\\svchost.exe\" \"microsoft-windows-sysmon/operational\" nt authority\\\\system\" "
	"kernelbase.dll+ ntdll.dll+ \"eventid\": \"channel\":\"security\" \"processid\":\" "
	"\"sourceimage\":\" \"targetimage\":\" \"calltrace\":\" \"grantedaccess\":\"0x1 "
	"\"message\":\" \"hostname\":\" \"severity\":\"info\" 0x1000 0x00 \"eventtype\":\" "
	"\\r\\n\\t \"image\":\" \"user\":\" \"keywords\":\" \"task\":\" \"-\" \"0x0 \"true \"false "
	"\"null "
	".local\" .com\" 0000 1111 ffff 2019- 2020- 2021- 2022- 2023- 2024- 2025- 2026- ",
	/* one in thirty */
	"hklm\\\\system\\\\currentcontrolset\\\\services\\\\ "
	"\\\\software\\\\microsoft\\\\windows\\\\currentversion\\\\ "
	"\\\\registry\\\\machine\\\\ \\\\registry\\\\user\\\\ hku\\\\s-1-5-21- s-1-5-18 hkcu hkcr "
	"setvalue createkey deletevalue "
	"c:\\\\program files (x86)\\\\ c:\\\\program files\\\\ common files "
	"\\\\appdata\\\\local\\\\temp\\\\ c:\\\\programdata\\\\microsoft\\\\windows defender\\\\ "
	"c:\\\\users\\\\ users\\\\public\\\\ administrator\" \\\\appdata\\\\roaming\\\\ "
	"\\\\windowspowershell\\\\v1.0\\\\powershell.exe \\\\lsass.exe\" \\\\explorer.exe\" "
	"\\\\services.exe\" \\\\wbem\\\\wmiprvse.exe\" "
	"\\\\winlogon.exe\" \\\\csrss.exe\" \\\\taskhostw.exe\" \\\\rundll32.exe\" \\\\cmd.exe\" "
	"\\\\conhost.exe\" \\\\dllhost.exe\" \\\\mmc.exe\" \\\\msmpeng.exe\" "
	"\\\\syswow64\\\\ \\\\winsxs\\\\ \\\\device\\\\harddiskvolume hkey_local_machine explorer "
	"shell folders policies "
	"microsoft corporation\" microsoft windows operating system\" signaturestatus signed valid "
	"\\\\downloads\\\\ \"dword (0x0000000 \"0x1fffff\" "
	"logon logoff object access token elevated process create thread start type file name key "
	"set "
	"get- new- set- add- remove- invoke- import-module system. object -command -enc -nop -noni "
	"-hidden "
	"write read delete query update install service host net.exe user domain admin password "
	"account "
	"http:// https:// www. .org .net index.html .php .asp .xml .json .txt .log .ps1 .bat .vbs "
	".tmp .sys .dat "
	"local server client remote desktop network connection tcp udp port source destination "
	"version value ",
	NULL};

static const uint8_t tier_bits[] = {2, 6};

static uint8_t gram_bits[1 << 16]; /* by hash; filled once */

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static uint16_t gram_hash(const char *p)
{
	uint32_t w = 0;

	for (int i = 0; i < GRAM; i++)
		w = w << 8 | (uint8_t)fold(p[i]);
	return (uint16_t)(w * 2654435761u >> 16);
}

static void learn(void)
{
	memset(gram_bits, GRAM_MAX, sizeof(gram_bits));
	for (size_t t = 0; known[t]; t++)
		for (const char *p = known[t]; p[GRAM - 1]; p++) {
			uint8_t *bits = &gram_bits[gram_hash(p)];
			if (tier_bits[t] < *bits)
				*bits = tier_bits[t];
		}
}

void sigma_literal_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, learn);
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* How rare, in bits. GUIDs and hashes make any few hex digits likely. */
static unsigned rarity_of_gram(const char *p)
{
	unsigned bits = gram_bits[gram_hash(p)], hex = 0;

	for (int i = 0; i < GRAM; i++)
		hex += is_hex(p[i]);
	return hex == GRAM && bits > 7 ? 7 : bits;
}

/*
 * All of a piece is as rare as its rarest part, and a little rarer for each other one that
 * is not known. tail: and Hyperscan finds it by its last bytes, which had better be rare.
 */
static double rarity(const char *p, size_t len, unsigned *tail)
{
	static const double of_short[GRAM] = {0, 0.1, 2, 5};
	unsigned most = 0, sum = 0, last = 0;

	*tail = 0;
	if (len < GRAM)
		return of_short[len];
	for (size_t i = 0; i + GRAM <= len; i++) {
		last = rarity_of_gram(p + i);
		sum += last > KNOWN_MAX ? last - KNOWN_MAX : 0;
		most = last > most ? last : most;
	}
	*tail = last;
	return most + sum / 8.0;
}

/* The text of a value as JSON writes it, cut where it may be written in two ways. */
struct run {
	struct pattern_literal *best;
	double score;
	bool cased; /* bytes beyond ASCII have one form only */
	bool rare;  /* something that only \u can write */
	size_t len;
	char p[ENCODED];
};

/* The piece that ends here; what is rare enough is judged by its tail. */
static void offer(struct run *r, size_t from, size_t to)
{
	unsigned tail;
	double bits = rarity(r->p + from, to - from, &tail);
	double score = (bits < ENOUGH ? bits : ENOUGH) + tail;

	if (score > r->score) {
		r->score = score;
		r->best->len = (uint8_t)(to - from);
		memcpy(r->best->p, r->p + from, to - from);
	}
}

static void end_run(struct run *r)
{
	size_t shortest = r->len < GRAM ? r->len : GRAM;

	for (size_t to = r->len; to > 0 && to >= shortest; to--)
		offer(r, to > WINDOW ? to - WINDOW : 0, to);
	r->len = 0;
}

static void put(struct run *r, char c)
{
	if (r->len == ENCODED)
		end_run(r);
	r->p[r->len++] = c;
}

/* Arrows, signs, shapes, hieroglyphs and emoji; of these blocks only what is enclosed in a circle
 * has case. */
bool sigma_literal_caseless(uint32_t cp)
{
	return (cp >= 0x2190 && cp < 0x24b6) || (cp >= 0x2500 && cp < 0x2c00) || cp == 0xfe0f ||
	       (cp >= 0x13000 && cp < 0x13430) || (cp >= 0x1f000 && cp < 0x1fb00);
}

/* The letter behind the backslash, 0: none but \u. */
static char short_escape(uint8_t c)
{
	static const char of[] = "\0\0\0\0\0\0\0\0btn\0fr";

	return c == '"' || c == '\\' ? (char)c : c < sizeof(of) - 1 ? of[c] : '\0';
}

/* Bytes of a character without case: symbols, and scripts that know none. */
static size_t caseless(const char *p, size_t len)
{
	size_t n = utf8_sequence((const uint8_t *)p, len);
	uint32_t cp = 0;

	if (n < 3)
		return 0;
	for (size_t i = 0; i < n; i++)
		cp = i ? cp << 6 | ((uint8_t)p[i] & 0x3f) : (uint8_t)p[0] & (0xffu >> (n + 1));
	return sigma_literal_caseless(cp) ? n : 0;
}

static void put_text(struct run *r, struct span text)
{
	for (uint32_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.p[i];
		char escape = short_escape(c);
		if (escape) {
			put(r, '\\');
			put(r, escape);
		} else if (c < 0x20) {
			r->rare = true;
			end_run(r);
		} else if (c >= 0x80 && !r->cased) {
			size_t n = caseless(text.p + i, text.len - i);
			for (size_t k = 0; k < n; k++)
				put(r, text.p[i + k]);
			if (n)
				i += (uint32_t)n - 1;
			else
				end_run(r);
		} else {
			put(r, (char)c);
		}
	}
}

static enum sigma_literal_found found(const struct run *r)
{
	if (r->rare)
		return SIGMA_LITERAL_RARE;
	return r->score > 0 ? SIGMA_LITERAL_SOME : SIGMA_LITERAL_NONE;
}

static void begin(struct run *r, struct pattern_literal *best, bool cased)
{
	r->best = best;
	r->cased = cased;
	r->score = 0;
	r->rare = false;
	r->len = 0;
	best->len = 0;
}

/* Whether a number, or true or false, may be what matches: they stand without quotes. */
static bool may_be_bare(const struct sigma_value *v)
{
	for (uint32_t i = 0; i < v->part_count; i++) {
		const struct sigma_part *part = &v->parts[i];
		for (uint32_t k = 0; part->kind == SIGMA_TEXT && k < part->text.len; k++)
			if (!part->text.p[k] ||
			    !strchr("0123456789+-.eEtruefalsTRUEFALS", part->text.p[k]))
				return false;
	}
	return true;
}

enum sigma_literal_found sigma_literal_string(const struct sigma_value *v, bool cased, bool quotes,
					      struct pattern_literal *out)
{
	struct run r;

	begin(&r, out, cased);
	quotes = quotes && !may_be_bare(v);
	for (uint32_t i = 0; i < v->part_count; i++) {
		const struct sigma_part *part = &v->parts[i];
		if (part->kind != SIGMA_TEXT) {
			end_run(&r);
			continue;
		}
		if (quotes && i == 0)
			put(&r, '"');
		put_text(&r, part->text);
		if (quotes && i + 1 == v->part_count)
			put(&r, '"');
	}
	end_run(&r);
	return found(&r);
}

double sigma_literal_share(const struct pattern_literal *l)
{
	unsigned tail;

	return exp2(-rarity(l->p, l->len, &tail));
}

static double score_of_text(const char *p, size_t len)
{
	struct pattern_literal best;
	struct run r;

	begin(&r, &best, true);
	put_text(&r, (struct span){p, (uint32_t)len});
	end_run(&r);
	/* what only \u can write is in no record that is searched */
	return r.rare ? 2.0 * ENOUGH : r.score;
}

/* The rarest piece of each branch's text. */
enum sigma_literal_found sigma_literal_regex(const struct sigma_value *v, struct pattern_plan *plan)
{
	/* an option inside may switch case off as well */
	bool caseless = v->caseless || memmem(v->text.p, v->text.len, "(?", 2);
	struct condition c = {
		.pattern_kind = PATTERN_REGEX,
		.text_len = v->text.len,
		.hs_flags = HS_FLAG_UTF8 | (caseless ? HS_FLAG_CASELESS : 0),
	};
	struct pattern_plan texts;

	pattern_plan_by(&c, v->text.p, score_of_text, &texts);
	plan->count = 0;
	bool rare = texts.count > 0;
	for (uint32_t i = 0; i < texts.count; i++) {
		struct span text = {texts.literal[i].p, texts.literal[i].len};
		struct run r;
		begin(&r, &plan->literal[plan->count], true);
		put_text(&r, text);
		end_run(&r);
		if (r.rare)
			continue;
		rare = false;
		if (r.score <= 0)
			return SIGMA_LITERAL_NONE;
		plan->count++;
	}
	if (texts.count == 0)
		return SIGMA_LITERAL_NONE;
	return rare ? SIGMA_LITERAL_RARE : SIGMA_LITERAL_SOME;
}
