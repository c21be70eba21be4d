/* Reading a set: what is packed is unpacked, the rest stands as it was loaded. */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "match/indicator_atom.h"

/* A sticky cursor over one packed atom. */
struct cursor {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t number(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (c->p == c->end)
			break;
		uint8_t b = *c->p++;
		v |= (uint64_t)(b & 127) << shift;
		if (b < 128)
			return v;
	}
	c->bad = true;
	return 0;
}

static int64_t distance(struct cursor *c, int64_t from, uint32_t unit)
{
	uint64_t v = number(c);
	uint64_t steps = v >> 1 ^ -(v & 1);

	/* modulo 2^64, as it was taken */
	return (int64_t)((uint64_t)from + steps * unit);
}

static struct ref piece(struct cursor *c, const struct indicator_set *s)
{
	uint64_t len = number(c);

	if (len > (uint64_t)(c->end - c->p)) {
		c->bad = true;
		return (struct ref){0};
	}
	struct ref r = {(uint32_t)((const char *)c->p - s->text), (uint32_t)len};
	c->p += len;
	return r;
}

static struct ref tail(struct ref r, uint32_t prefix, bool *bad)
{
	*bad |= prefix > r.len;
	return *bad ? r : (struct ref){r.at + prefix, r.len - prefix};
}

static bool unpack(const struct indicator_set *s, uint32_t atom, struct atom_view *v)
{
	const struct indicator_atoms *a = &s->atoms;
	struct cursor c = {.p = (const uint8_t *)s->text + a->at[atom],
			   .end = (const uint8_t *)s->text + s->text_len};
	uint64_t n = number(&c);

	if (c.bad || n >= a->meta_count)
		return false;
	const struct atom_meta *m = v->meta = &a->metas[n];
	int64_t from = a->base_us;
	v->modified = v->from = INT64_MIN;
	v->until = INT64_MAX;
	if (m->flags & ATOM_MODIFIED)
		from = v->modified = distance(&c, from, m->unit);
	if (m->flags & ATOM_FROM)
		from = v->from = distance(&c, from, m->unit);
	if (m->flags & ATOM_UNTIL)
		v->until = distance(&c, from, m->unit);
	struct ref longer = piece(&c, s);
	v->value = m->form == ATOM_ID_APART ? longer : tail(longer, m->prefix, &c.bad);
	v->name = m->flags & ATOM_NAMED ? piece(&c, s) : m->name;
	v->id = m->form == ATOM_ID_ENDS ? longer : piece(&c, s);
	v->threat_id = m->form == ATOM_THREAT_ENDS ? longer : v->id;
	return !c.bad;
}

void atom_view(const struct indicator_set *s, uint32_t atom, struct atom_view *v)
{
	bool ok = unpack(s, atom, v);

	assert(ok);
}

bool atom_check(const struct indicator_set *s)
{
	struct atom_view v;

	for (uint32_t i = 0; i < s->atoms.count; i++)
		if (s->atoms.at[i] >= s->text_len || !unpack(s, i, &v))
			return false;
	return true;
}

uint32_t atom_meta_threat(const struct indicator_set *s, uint32_t meta, uint32_t *feed)
{
	assert(meta < s->atoms.meta_count);
	*feed = s->atoms.metas[meta].feed;
	return s->atoms.metas[meta].threat;
}

uint32_t atom_leader(const struct indicator_set *s, uint32_t atom, const struct atom_meta *m)
{
	const struct atom_follower *f = s->atoms.followers;
	uint32_t low = 0, high = s->atoms.follower_count;

	if (!(m->flags & ATOM_FOLLOWS))
		return atom;
	while (high - low > 1) { /* the last that is not behind it */
		uint32_t mid = low + (high - low) / 2;
		if (f[mid].atom <= atom)
			low = mid;
		else
			high = mid;
	}
	assert(high > 0 && f[low].atom == atom);
	return f[low].leader;
}

static uint32_t threat_of(const struct indicator_set *s, uint32_t atom, const struct atom_meta *m)
{
	return m->threat != ATOM_OWN_THREAT ? m->threat
					    : threats_whole(s) + atom_leader(s, atom, m);
}

struct indicator indicator_at(const struct indicator_set *s, uint32_t indicator)
{
	struct atom_view v;

	assert(indicator < s->count);
	if (indicator >= s->atoms.count)
		return s->indicators[indicator - s->atoms.count];
	atom_view(s, indicator, &v);
	return (struct indicator){
		.id = v.id.at,
		.id_len = v.id.len,
		.feed = v.meta->feed,
		.severity = v.meta->severity,
		.tlp = v.meta->tlp,
		.pap = v.meta->pap,
		.confidence = v.meta->confidence,
		.local = v.meta->flags & ATOM_LOCAL,
		.valid_from = v.from,
		.valid_until = v.until,
		.modified = v.modified,
		.threat = threat_of(s, indicator, v.meta),
		.first_condition = indicator,
		.conditions = 1,
	};
}

const struct condition *condition_whole(const struct indicator_set *s, uint32_t condition)
{
	assert(condition >= s->atoms.count && condition < s->condition_count);
	return &s->conditions[condition - s->atoms.count];
}

struct condition condition_at(const struct indicator_set *s, uint32_t condition)
{
	struct atom_view v;

	if (condition >= s->atoms.count)
		return *condition_whole(s, condition);
	atom_view(s, condition, &v);
	struct condition c = {
		.kind = v.meta->kind,
		.type = v.meta->type,
		.text = v.value.at,
		.text_len = v.value.len,
	};
	if (c.kind == CONDITION_IP || c.kind == CONDITION_NETWORK)
		network_parse(s->text + c.text, c.text_len, &c.network);
	return c;
}

enum condition_kind condition_kind_at(const struct indicator_set *s, uint32_t condition)
{
	if (condition >= s->atoms.count)
		return (enum condition_kind)condition_whole(s, condition)->kind;
	struct cursor c = {.p = (const uint8_t *)s->text + s->atoms.at[condition],
			   .end = (const uint8_t *)s->text + s->text_len};
	return (enum condition_kind)s->atoms.metas[number(&c)].kind;
}

struct threat threat_at(const struct indicator_set *s, uint32_t threat)
{
	struct atom_view v;

	assert(threat < s->threat_count);
	if (threat < threats_whole(s))
		return s->threats[threat];
	atom_view(s, threat - threats_whole(s), &v);
	if (v.name.len == 0)
		v.name = v.value;
	return (struct threat){THREAT_INDICATOR, v.threat_id.at, v.threat_id.len, v.name.at,
			       v.name.len};
}

uint32_t indicator_scope(const char *feed)
{
	return feed ? (uint32_t)hash_bytes(feed, strlen(feed), 0) | 1 : 0;
}

/* Of an indicator as it stands in the order of hashes. */
static int order(const struct indicator_set *s, uint32_t i, struct span id, const char *feed,
		 uint32_t hash)
{
	struct indicator in = indicator_at(s, i);
	struct span here = {s->text + in.id, in.id_len};
	const char *name = in.local ? s->feeds[in.feed].name : NULL;
	uint32_t h = in.rule ? 0 : indicator_hash(here, indicator_scope(name));

	if (in.rule || h != hash)
		return in.rule || h > hash ? 1 : -1;
	int c = index_compare(here, id);
	return c ? c : strcmp(name ? name : "", feed ? feed : "");
}

static int64_t find(const struct indicator_set *s, uint32_t low, uint32_t high, struct span id,
		    const char *feed)
{
	uint32_t hash = indicator_hash(id, indicator_scope(feed));

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int c = order(s, mid, id, feed, hash);
		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

int64_t indicator_find(const struct indicator_set *s, struct span id, const char *feed)
{
	assert(s->sealed);
	int64_t i = find(s, 0, s->atoms.count, id, feed);

	/* rules stand behind all others */
	return i >= 0 ? i : find(s, s->atoms.count, s->count, id, feed);
}

size_t indicator_set_bytes(const struct indicator_set *s)
{
	const struct indicator_atoms *a = &s->atoms;

	return s->text_len + (size_t)a->count * sizeof(*a->at) +
	       (size_t)a->meta_count * sizeof(*a->metas) +
	       (size_t)a->follower_count * sizeof(*a->followers) +
	       (size_t)(s->count - a->count) * sizeof(*s->indicators) +
	       (size_t)(s->condition_count - a->count) * sizeof(*s->conditions) +
	       (size_t)threats_whole(s) * sizeof(*s->threats) +
	       (size_t)s->benign_count * sizeof(*s->benigns) +
	       (size_t)s->feed_count * sizeof(*s->feeds);
}
