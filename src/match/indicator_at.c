/* Reading a set: what is packed is unpacked, the rest stands as it was loaded. */
#include <assert.h>
#include <string.h>

#include "base/lazy.h"
#include "match/indicator_atom.h"
#include "match/indicator_draft.h"

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

/* Ascending, 11 bits a pass; ends in b. */
static void sort_places(uint32_t *a, uint32_t *b, uint32_t n)
{
	for (unsigned shift = 0; shift < 33; shift += 11) {
		uint32_t at[2048] = {0}, sum = 0;
		for (uint32_t i = 0; i < n; i++)
			at[a[i] >> shift & 2047]++;
		for (int k = 0; k < 2048; k++) {
			uint32_t count = at[k];
			at[k] = sum;
			sum += count;
		}
		for (uint32_t i = 0; i < n; i++)
			b[at[a[i] >> shift & 2047]++] = a[i];
		uint32_t *t = a;
		a = b;
		b = t;
	}
}

#define AHEAD 16 /* atoms whose bytes are asked for early */

/* In the order of the text: in that of ids each would be a cache miss or two. */
bool atom_check(const struct indicator_set *s)
{
	uint32_t n = s->atoms.count;
	size_t bytes = 2 * (size_t)n * sizeof(uint32_t);
	uint32_t *place = lazy_alloc_huge(bytes);
	struct indicator_set in_order = *s;
	struct atom_view v;
	bool ok = place != NULL;

	if (ok && n) {
		memcpy(place, s->atoms.at, n * sizeof(*place));
		sort_places(place, place + n, n);
		in_order.atoms.at = place + n;
	}
	for (uint32_t i = 0; i < n && ok; i++) {
		if (i + AHEAD < n)
			__builtin_prefetch(s->text + in_order.atoms.at[i + AHEAD]);
		ok = in_order.atoms.at[i] < s->text_len && unpack(&in_order, i, &v);
	}
	lazy_free(place, bytes);
	return ok;
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
	return high > 0 && f[low].atom == atom ? f[low].leader : atom;
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

static uint32_t scope_of(const struct indicator_set *s, const struct indicator *in)
{
	return in->local ? indicator_feed_scope(s->feeds[in->feed].name) : 0;
}

/* Of an indicator as it stands in the order of hashes; rules stand behind all others. */
static int order(const struct indicator_set *s, uint32_t i, struct span id, uint32_t scope)
{
	const struct indicator in = indicator_at(s, i);
	struct span here = {s->text + in.id, in.id_len};
	uint32_t hash = index_hash(id, scope), own = scope_of(s, &in);
	uint32_t h = in.rule ? 0 : index_hash(here, own);

	if (in.rule || h != hash)
		return in.rule || h > hash ? 1 : -1;
	int c = index_compare(here, id);
	return c ? c : (own > scope) - (own < scope);
}

static int64_t find(const struct indicator_set *s, uint32_t low, uint32_t high, struct span id,
		    uint32_t scope)
{
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		int c = order(s, mid, id, scope);
		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

static int64_t find_scope(const struct indicator_set *s, struct span id, uint32_t scope)
{
	assert(s->sealed);
	int64_t i = find(s, 0, s->atoms.count, id, scope);

	return i >= 0 ? i : find(s, s->atoms.count, s->count, id, scope);
}

int64_t indicator_find(const struct indicator_set *s, struct span id, const char *feed)
{
	return find_scope(s, id, feed ? indicator_feed_scope(feed) : 0);
}

static struct ref ref(uint32_t at, uint32_t len)
{
	return (struct ref){at, len};
}

bool indicator_entry(const struct indicator_set *s, struct span id, uint32_t scope, struct entry *e)
{
	int64_t i = find_scope(s, id, scope);

	if (i >= 0)
		indicator_entry_at(s, (uint32_t)i, e);
	return i >= 0;
}

void indicator_entry_at(const struct indicator_set *s, uint32_t i, struct entry *e)
{
	const struct indicator in = indicator_at(s, i);
	const struct threat t = threat_at(s, in.threat);
	*e = (struct entry){.id = ref(in.id, in.id_len),
			    .modified = in.modified,
			    .indicator = i,
			    .tlp_stated = true,
			    .pap_stated = true};
	if (t.kind == THREAT_CAMPAIGN) {
		e->campaign = ref(t.id, t.id_len);
		e->campaign_name = ref(t.name, t.name_len);
	}
	if (i < s->atoms.count) {
		struct atom_view v;
		atom_view(s, i, &v);
		e->name = v.name;
		e->threat_id = v.meta->form == ATOM_THREAT_ENDS ? v.threat_id : ref(0, 0);
	} else if (t.kind == THREAT_INDICATOR) {
		e->name = ref(t.name, t.name_len);
		e->threat_id = ref(t.id, t.id_len);
	}
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
