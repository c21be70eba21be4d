/* TLP, PAP and the campaign, from MISP tags and galaxy clusters. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "match/feed_mark.h"
#include "match/feed_misp.h"

/* Galaxies that name who or what is behind an attack, the most specific first; the
 * others (sectors, countries, techniques) say nothing to correlate by. */
static const struct {
	const char *galaxy;
	int rank;
} galaxies[] = {
	{"campaign", 0},
	{"campaigns", 0},
	{"mitre-campaign", 0},
	{"intrusion-set", 1},
	{"mitre-intrusion-set", 1},
	{"mitre-enterprise-attack-intrusion-set", 1},
	{"mitre-mobile-attack-intrusion-set", 1},
	{"threat-actor", 2},
	{"microsoft-activity-group", 2},
	{"360net-threat-actor", 2},
	{"malpedia", 3},
	{"ransomware", 3},
	{"malware", 3},
	{"mitre-malware", 3},
	{"mitre-enterprise-attack-malware", 3},
	{"mitre-mobile-attack-malware", 3},
	{"banker", 3},
	{"botnet", 3},
	{"stealer", 3},
	{"backdoor", 3},
	{"rat", 3},
	{"cryptominers", 3},
	{"android", 3},
	{"exploit-kit", 3},
	{"tds", 3},
	{"tool", 4},
	{"mitre-tool", 4},
	{"mitre-enterprise-attack-tool", 4},
};

static int galaxy_rank(struct span g)
{
	for (size_t i = 0; i < sizeof(galaxies) / sizeof(galaxies[0]); i++)
		if (strlen(galaxies[i].galaxy) == g.len &&
		    strncasecmp(galaxies[i].galaxy, g.p, g.len) == 0)
			return galaxies[i].rank;
	return -1;
}

static uint32_t copy(char out[MISP_CAMPAIGN_MAX], struct span s)
{
	uint32_t n = s.len < MISP_CAMPAIGN_MAX ? s.len : MISP_CAMPAIGN_MAX;

	if (n)
		memcpy(out, s.p, n);
	return n;
}

static bool smaller(struct span a, const char *b, uint32_t b_len)
{
	uint32_t n = a.len < b_len ? a.len : b_len;
	int c = memcmp(a.p, b, n);

	return c ? c < 0 : a.len < b_len;
}

/* The best rank, then the smallest id. */
static void claim(struct misp_marks *m, int rank, struct span id, struct span name)
{
	if (rank < 0 || id.len == 0 || name.len == 0)
		return;
	if (m->rank >= 0 && (rank > m->rank || (rank == m->rank && !smaller(id, m->id, m->id_len))))
		return;
	m->rank = rank;
	m->id_len = copy(m->id, id);
	m->name_len = copy(m->name, name);
}

/* misp-galaxy:threat-actor="X" */
static void galaxy_tag(struct misp_marks *m, struct span tag)
{
	static const char prefix[] = "misp-galaxy:";
	uint32_t n = sizeof(prefix) - 1;

	if (tag.len <= n || strncasecmp(tag.p, prefix, n) != 0)
		return;
	const char *eq = memchr(tag.p, '=', tag.len);
	if (!eq || tag.p + tag.len - eq < 4 || eq[1] != '"' || tag.p[tag.len - 1] != '"')
		return;
	struct span galaxy = {tag.p + n, (uint32_t)(eq - tag.p - n)};
	struct span name = {eq + 2, (uint32_t)(tag.p + tag.len - eq - 3)};
	claim(m, galaxy_rank(galaxy), tag, name);
}

static void tag(struct misp_marks *m, struct feed_value t)
{
	struct span name = feed_json_string(t, "name");
	int tlp, pap;

	if (feed_is_string(t))
		name = feed_text(t);
	feed_mark_tag(name, &tlp, &pap);
	m->tlp = tlp > m->tlp ? tlp : m->tlp;
	m->pap = pap > m->pap ? pap : m->pap;
	galaxy_tag(m, name);
}

/*
 * A cluster's id is its tag, as an export with tags alone would have it: the same
 * campaign must not be two because one MISP sent clusters and another tags.
 */
static void cluster(struct misp_marks *m, struct feed_value c, struct span galaxy)
{
	struct span type = feed_json_string(c, "type"), name = feed_json_string(c, "value");
	struct span id = feed_json_string(c, "tag_name");
	char made[MISP_CAMPAIGN_MAX];

	if (type.len == 0)
		type = galaxy;
	if (id.len == 0 && type.len && type.len < 100 && name.len && name.len < 300) {
		int n = snprintf(made, sizeof(made), "misp-galaxy:%.*s=\"%.*s\"", (int)type.len,
				 type.p, (int)name.len, name.p);
		id = (struct span){made, (uint32_t)n};
	}
	if (id.len == 0)
		id = feed_json_string(c, "uuid");
	claim(m, galaxy_rank(type), id, name);
}

void feed_misp_no_marks(struct misp_marks *m)
{
	m->tlp = m->pap = m->rank = -1;
	m->id_len = m->name_len = 0;
}

void feed_misp_marks(struct misp_marks *m, struct feed_value o)
{
	struct feed_value tags = feed_get(o, "Tag"), galaxies_of = feed_get(o, "Galaxy");
	struct feed_value clusters = feed_get(o, "GalaxyCluster");

	feed_misp_no_marks(m);
	feed_each(t, tags)
		tag(m, t);
	feed_each(g, galaxies_of) {
		struct feed_value inner = feed_get(g, "GalaxyCluster");
		feed_each(c, inner)
			cluster(m, c, feed_json_string(g, "type"));
	}
	feed_each(c, clusters)
		cluster(m, c, (struct span){"", 0});
}
