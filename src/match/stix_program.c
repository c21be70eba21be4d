#include "match/stix_program_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define MATCH_LIMIT 200000 /* of PCRE2, for one value */

static struct span string_of(const struct stix_tree *t, uint32_t at, uint32_t len)
{
	return (struct span){t->strings.p + at, len};
}

static char *copy(struct span s)
{
	char *p = malloc((size_t)s.len + 1);

	if (p) {
		memcpy(p, s.p, s.len);
		p[s.len] = '\0';
	}
	return p;
}

struct span stix_nfc(struct span s, int32_t *buf, size_t room)
{
	uint32_t i = 0;

	while (i < s.len && !(s.p[i] & 0x80))
		i++;
	if (i == s.len)
		return s;
	utf8proc_ssize_t n =
		utf8proc_decompose((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.len, buf,
				   (utf8proc_ssize_t)room, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0 || (size_t)n >= room)
		return s;
	n = utf8proc_reencode(buf, n, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	return n < 0 ? s : (struct span){(const char *)buf, (uint32_t)n};
}

bool stix_latin(struct span s, char *out, struct span *bytes)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c >= 0xc2 && c <= 0xc3 && i + 1 < s.len)
			c = (uint8_t)(c << 6 | (s.p[++i] & 0x3f));
		else if (c >= 0x80)
			return false;
		out[n++] = (char)c;
	}
	*bytes = (struct span){out, n};
	return true;
}

bool stix_canonical(uint8_t about, struct span s, char out[ATOM_URL_MAX], struct span *to)
{
	size_t n = 0;

	if (about == STIX_ABOUT_URL)
		n = atom_url_normalise(s.p, s.len, out, ATOM_URL_MAX);
	else if (about == STIX_ABOUT_EMAIL)
		n = atom_email_normalise(s.p, s.len, out, ATOM_URL_MAX);
	else if (about == STIX_ABOUT_HASH)
		n = atom_hash_normalise(s.p, s.len, out, ATOM_URL_MAX);
	else if (about == STIX_ABOUT_DOMAIN || about == STIX_ABOUT_HOST)
		n = atom_domain_normalise(s.p, s.len, out, ATOM_URL_MAX);
	*to = (struct span){out, (uint32_t)n};
	return n > 0;
}

/* Of records only: values that have one right spelling. */
static bool make_canonical(const struct stix_leaf *l, struct stix_ready *r)
{
	char plain[ATOM_URL_MAX], out[ATOM_URL_MAX];
	struct span to, from = r->text;
	size_t n = atom_refang(from.p, from.len, plain, sizeof(plain));

	if (n)
		from = (struct span){plain, (uint32_t)n};
	r->is_network = network_parse(from.p, from.len, &r->network);
	if (!stix_canonical(l->target.about, from, out, &to))
		return true;
	r->text = (struct span){copy(to), to.len};
	return r->text.p != NULL;
}

static pcre2_code *compile(struct span s, uint32_t options, const struct stix_leaf *l,
			   char why[STIX_PATTERN_WHY_MAX])
{
	PCRE2_SIZE at = 0;
	int code = 0;
	char said[128];
	pcre2_code *re =
		pcre2_compile((PCRE2_SPTR)s.p, s.len, options | PCRE2_DOTALL, &code, &at, NULL);

	if (!re) {
		pcre2_get_error_message(code, (PCRE2_UCHAR *)said, sizeof(said));
		snprintf(why, STIX_PATTERN_WHY_MAX, "column %u: the regular expression: %s at %zu",
			 l->column, said, (size_t)at);
		return NULL;
	}
	pcre2_jit_compile(re, PCRE2_JIT_COMPLETE); /* where there is none, it is only slower */
	return re;
}

/* The pattern of LIKE or MATCHES in NFC, which may be longer. */
static bool make_pattern(const struct stix_leaf *l, struct stix_ready *r,
			 char why[STIX_PATTERN_WHY_MAX])
{
	size_t room = (size_t)r->text.len * 4 + 16;
	int32_t *wide = malloc(room * sizeof(*wide));
	struct span text = wide ? stix_nfc(r->text, wide, room) : r->text;
	bool good = wide != NULL;

	if (good && l->op == STIX_OP_LIKE && text.p != r->text.p) {
		r->text = (struct span){copy(text), text.len};
		good = r->text.p != NULL;
	}
	if (good && l->op == STIX_OP_MATCHES) {
		r->regex = compile(text, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, l, why);
		good = r->regex != NULL;
		/* a byte pattern that does not compile matches no bytes */
		if (good && r->is_bytes)
			r->byte_regex = compile(r->bytes, 0, l, why);
	}
	free(wide);
	return good;
}

static bool make_ready(struct stix_program *pr, const struct stix_leaf *l, uint32_t k,
		       char why[STIX_PATTERN_WHY_MAX])
{
	const struct stix_constant *c = &pr->tree.constants[k];
	struct stix_ready *r = &pr->ready[k];

	r->text = string_of(&pr->tree, c->at, c->len);
	if (c->kind == STIX_STRING) {
		char *bytes = malloc((size_t)c->len + 1);
		if (!bytes)
			return false;
		r->is_bytes = stix_latin(r->text, bytes, &r->bytes);
		if (!r->is_bytes)
			free(bytes);
	} else if (c->kind == STIX_HEX || c->kind == STIX_BINARY) {
		r->is_bytes = true;
		r->bytes = (struct span){copy(r->text), r->text.len};
		if (!r->bytes.p)
			return false;
	}
	if (l->op == STIX_OP_ISSUBSET || l->op == STIX_OP_ISSUPERSET)
		r->is_network = network_parse(r->text.p, r->text.len, &r->network);
	if (l->op == STIX_OP_LIKE || l->op == STIX_OP_MATCHES)
		return make_pattern(l, r, why);
	return !pr->records || c->kind != STIX_STRING || make_canonical(l, r);
}

/* Which object types the comparison names, in the order in which they are met. */
static bool collect_types(struct stix_program *pr, struct stix_types *ty, uint32_t node)
{
	const struct stix_tree *t = &pr->tree;
	const struct stix_node *n = &t->nodes[node];

	if (n->kind != STIX_NODE_LEAF) {
		for (uint32_t i = n->first; i != STIX_NONE; i = t->nodes[i].next)
			if (!collect_types(pr, ty, i))
				return false;
		return true;
	}
	const struct stix_leaf *l = &t->leaves[n->leaf];
	struct span type = string_of(t, l->type_at, l->type_len);
	for (uint32_t i = 0; i < ty->count; i++)
		if (ty->type[i].len == type.len && memcmp(ty->type[i].p, type.p, type.len) == 0)
			return true;
	if (ty->count == STIX_TYPES_MAX)
		return false;
	ty->type[ty->count++] = type;
	return true;
}

static bool prepare(struct stix_program *pr, char why[STIX_PATTERN_WHY_MAX])
{
	struct stix_tree *t = &pr->tree;

	pr->ready = calloc((size_t)t->constant_count + 1, sizeof(*pr->ready));
	if (!pr->ready) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "out of memory");
		return false;
	}
	for (uint32_t i = 0; i < t->leaf_count; i++)
		for (uint32_t k = 0; k < t->leaves[i].constants; k++)
			if (!make_ready(pr, &t->leaves[i], t->leaves[i].first_constant + k, why)) {
				if (!why[0])
					snprintf(why, STIX_PATTERN_WHY_MAX, "out of memory");
				return false;
			}
	for (uint32_t i = 0; i < t->node_count; i++) {
		if (t->nodes[i].kind != STIX_NODE_OBSERVED)
			continue;
		struct stix_types *ty = &pr->observed[t->nodes[i].leaf];
		ty->root = t->nodes[i].first;
		if (!collect_types(pr, ty, ty->root)) {
			snprintf(why, STIX_PATTERN_WHY_MAX,
				 "more than %d types of objects in one observation",
				 STIX_TYPES_MAX);
			return false;
		}
	}
	pr->multi = stix_tree_least(t, t->root) > 1;
	return true;
}

struct stix_program *stix_program_create(const char *p, size_t len, enum stix_dialect dialect,
					 enum stix_reading reading, char why[STIX_PATTERN_WHY_MAX])
{
	struct stix_program *pr = calloc(1, sizeof(*pr));

	why[0] = '\0';
	if (!pr) {
		snprintf(why, STIX_PATTERN_WHY_MAX, "out of memory");
		return NULL;
	}
	pr->records = reading == STIX_RECORDS;
	if (stix_tree_read(&pr->tree, p, len, dialect, why) != STIX_PATTERN_OK ||
	    !prepare(pr, why)) {
		stix_program_free(pr);
		return NULL;
	}
	return pr;
}

void stix_program_free(struct stix_program *pr)
{
	if (!pr)
		return;
	for (uint32_t i = 0; pr->ready && i < pr->tree.constant_count; i++) {
		struct stix_ready *r = &pr->ready[i];
		const struct stix_constant *c = &pr->tree.constants[i];
		if (r->text.p != pr->tree.strings.p + c->at)
			free((char *)r->text.p);
		free((char *)r->bytes.p);
		pcre2_code_free(r->regex);
		pcre2_code_free(r->byte_regex);
	}
	free(pr->ready);
	stix_tree_fini(&pr->tree);
	free(pr);
}

const struct stix_tree *stix_program_tree(const struct stix_program *pr)
{
	return &pr->tree;
}

bool stix_program_multi(const struct stix_program *pr)
{
	return pr->multi;
}

int stix_scratch_init(struct stix_scratch **out)
{
	struct stix_scratch *sc = calloc(1, sizeof(*sc));

	*out = sc;
	if (!sc)
		return -ENOMEM;
	sc->match = pcre2_match_data_create(1, NULL);
	sc->context = pcre2_match_context_create(NULL);
	if (!sc->match || !sc->context) {
		stix_scratch_free(sc);
		*out = NULL;
		return -ENOMEM;
	}
	pcre2_set_match_limit(sc->context, MATCH_LIMIT);
	return 0;
}

void stix_scratch_free(struct stix_scratch *sc)
{
	if (!sc)
		return;
	pcre2_match_data_free(sc->match);
	pcre2_match_context_free(sc->context);
	free(sc);
}

uint64_t stix_scratch_gave_up(const struct stix_scratch *sc)
{
	return sc->gave_up;
}
