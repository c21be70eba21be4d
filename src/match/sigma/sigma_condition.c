/* Conditions: or, and, not, "1 of", "all of", parentheses over search identifiers. */
#include <string.h>
#include <strings.h>

#include "match/sigma/sigma_read.h"

typedef const struct sigma_node node_t;

#define OPERANDS_MAX 1024 /* of one chain of "or" or "and" */
#define WORDS_MAX    8192

struct parse {
	struct sigma_reader *rd;
	const struct sigma_identifiers *ids;
	const char *p, *end;
	struct span word; /* at hand; len 0: the end */
	uint32_t line, depth, words;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void advance(struct parse *c)
{
	while (c->p < c->end && is_space(*c->p))
		c->p++;
	const char *from = c->p;
	if (c->p < c->end && (*c->p == '(' || *c->p == ')' || *c->p == '|'))
		c->p++;
	else
		while (c->p < c->end && !is_space(*c->p) && *c->p != '(' && *c->p != ')' &&
		       *c->p != '|')
			c->p++;
	c->word = (struct span){from, (uint32_t)(c->p - from)};
	if (++c->words > WORDS_MAX)
		sigma_refuse(c->rd, c->line, "a condition of too many words; accepted: up to 8,192");
}

static bool at(const struct parse *c, const char *word)
{
	return c->word.len == strlen(word) && strncasecmp(c->word.p, word, c->word.len) == 0;
}

static bool take(struct parse *c, const char *word)
{
	if (!at(c, word))
		return false;
	advance(c);
	return true;
}

static node_t *refuse_word(struct parse *c, const char *expected)
{
	if (c->word.len)
		sigma_refuse(c->rd, c->line, "condition: \"%.*s\" where %s is expected",
			     (int)(c->word.len < 80 ? c->word.len : 80), c->word.p, expected);
	else
		sigma_refuse(c->rd, c->line, "condition: ends where %s is expected", expected);
	return NULL;
}

/* '*' stands for any characters; both may hold NULs, so no fnmatch(). */
static bool fits(struct span pattern, struct span name)
{
	uint32_t p = 0, n = 0, star = UINT32_MAX, retry = 0;

	while (n < name.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			retry = n;
		} else if (p < pattern.len && pattern.p[p] == name.p[n]) {
			p++;
			n++;
		} else if (star != UINT32_MAX) {
			p = star + 1;
			n = ++retry;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

/* "them", or a pattern; names with an underscore in front only when the pattern has one. */
static bool selects(struct span pattern, struct span name)
{
	const bool hidden = name.len && name.p[0] == '_';

	if (sigma_span_is(pattern, "them"))
		return !hidden;
	return (!hidden || pattern.p[0] == '_') && fits(pattern, name);
}

static node_t *selector(struct parse *c, enum sigma_node_kind kind)
{
	struct span pattern = c->word;
	uint32_t n = 0;

	if (c->word.len == 0 || at(c, "(") || at(c, ")"))
		return refuse_word(c, "\"them\" or a search identifier");
	node_t **children = sigma_alloc(c->rd, c->ids->count + 1, sizeof(*children));
	for (uint32_t i = 0; children && i < c->ids->count; i++)
		if (selects(pattern, c->ids->id[i].name))
			children[n++] = c->ids->id[i].node;
	if (n == 0) {
		sigma_refuse(c->rd, c->line, "condition: no search identifier fits \"%.*s\"",
			     (int)(pattern.len < 80 ? pattern.len : 80), pattern.p);
		return NULL;
	}
	advance(c);
	return sigma_detection_join(c->rd, kind, children, n);
}

static node_t *identifier(struct parse *c)
{
	for (uint32_t i = 0; i < c->ids->count; i++)
		if (sigma_span_equal(c->ids->id[i].name, c->word)) {
			advance(c);
			return c->ids->id[i].node;
		}
	sigma_refuse(c->rd, c->line, "condition: there is no search identifier \"%.*s\"",
		     (int)(c->word.len < 80 ? c->word.len : 80), c->word.p);
	return NULL;
}

/* Whether the word behind this one is "of". */
static bool before_of(const struct parse *c)
{
	struct parse ahead = *c;

	advance(&ahead);
	return at(&ahead, "of");
}

static node_t *any(struct parse *c);

static node_t *operand(struct parse *c)
{
	if (c->rd->bad)
		return NULL;
	if (take(c, "(")) {
		node_t *inner = any(c);
		if (!c->rd->bad && !take(c, ")"))
			return refuse_word(c, "\")\"");
		return inner;
	}
	if (c->word.len == 0 || at(c, ")") || at(c, "|") || at(c, "and") || at(c, "or"))
		return refuse_word(c, "a search identifier");
	if (before_of(c)) {
		enum sigma_node_kind kind = at(c, "all") ? SIGMA_AND : SIGMA_OR;
		if (!at(c, "1") && !at(c, "any") && !at(c, "all"))
			return refuse_word(c, "\"1 of\" or \"all of\"");
		advance(c);
		advance(c);
		return selector(c, kind);
	}
	return identifier(c);
}

static node_t *negation(struct parse *c)
{
	if (++c->depth > SIGMA_DEPTH_MAX) {
		sigma_refuse(c->rd, c->line, "condition: nested too deep; accepted: up to 32 levels");
		return NULL;
	}
	node_t *n;
	if (take(c, "not")) {
		n = negation(c);
		n = sigma_detection_join(c->rd, SIGMA_NOT, &n, 1);
	} else {
		n = operand(c);
	}
	c->depth--;
	return n;
}

/* What follows the first operand; apart, so that nesting alone takes little of the stack. */
static node_t *chain_from(struct parse *c, node_t *first, const char *word,
			  enum sigma_node_kind kind, node_t *(*part)(struct parse *c))
{
	node_t *list[OPERANDS_MAX];
	uint32_t n = 1;

	list[0] = first;
	while (!c->rd->bad && take(c, word)) {
		if (n == OPERANDS_MAX)
			sigma_refuse(c->rd, c->line,
				     "condition: too many operands; accepted: up to 1,024");
		else
			list[n++] = part(c);
	}
	return sigma_detection_join(c->rd, kind, list, n);
}

static node_t *chain(struct parse *c, const char *word, enum sigma_node_kind kind,
		     node_t *(*part)(struct parse *c))
{
	node_t *first = part(c);

	return c->rd->bad || !at(c, word) ? first : chain_from(c, first, word, kind, part);
}

static node_t *all(struct parse *c)
{
	return chain(c, "and", SIGMA_AND, negation);
}

static node_t *any(struct parse *c)
{
	return chain(c, "or", SIGMA_OR, all);
}

static node_t *one_condition(struct sigma_reader *rd, const struct sigma_yaml *text,
			     const struct sigma_identifiers *ids)
{
	struct parse c = {.rd = rd, .ids = ids, .line = text->line};

	if (text->kind != SIGMA_YAML_TEXT) {
		sigma_refuse(rd, text->line, "condition is a text, or a list of texts, not %s",
			     sigma_yaml_kind_name(text));
		return NULL;
	}
	c.p = text->text.p;
	c.end = c.p + text->text.len;
	advance(&c);
	node_t *n = any(&c);
	if (!rd->bad && at(&c, "|"))
		sigma_refuse(rd, text->line, "condition: an aggregation, which version 2 of Sigma "
					     "does not have; accepted: a correlation rule");
	else if (!rd->bad && c.word.len)
		return refuse_word(&c, "\"and\", \"or\" or the end");
	return n;
}

const struct sigma_node *sigma_condition_read(struct sigma_reader *rd,
					      const struct sigma_yaml *condition,
					      const struct sigma_identifiers *ids)
{
	if (condition->kind != SIGMA_YAML_LIST)
		return one_condition(rd, condition, ids);
	if (condition->count == 0) {
		sigma_refuse(rd, condition->line, "condition is an empty list");
		return NULL;
	}
	node_t **list = sigma_alloc(rd, condition->count, sizeof(*list));
	for (uint32_t i = 0; list && i < condition->count && !rd->bad; i++)
		list[i] = one_condition(rd, condition->items[i], ids);
	return list ? sigma_detection_join(rd, SIGMA_OR, list, condition->count) : NULL;
}
