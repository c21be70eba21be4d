/* A rule's condition as one line of text, so that a test can say what it wants read. */
#ifndef TOCSIN_TESTS_SIGMA_DUMP_H
#define TOCSIN_TESTS_SIGMA_DUMP_H

#include "base/text.h"
#include "match/sigma/sigma_set.h"

static void dump_parts(struct text *t, const struct sigma_value *v)
{
	static const char *const signs[] = {"", "<?>", "<*>", "<->"};

	for (uint32_t i = 0; i < v->part_count; i++) {
		const struct sigma_part *part = &v->parts[i];
		text_str(t, signs[part->kind]);
		for (uint32_t k = 0; k < part->text.len; k++) {
			unsigned char c = (unsigned char)part->text.p[k];
			if (c < 0x20 || c >= 0x7f)
				text_printf(t, "\\x%02x", c);
			else
				text_char(t, (char)c);
		}
	}
}

static void dump_value(struct text *t, const struct sigma_value *v)
{
	static const char *const signs[] = {"<", "<=", ">", ">="};
	char address[ADDRESS_TEXT_MAX];

	switch (v->kind) {
	case SIGMA_STRING:
		text_char(t, '\'');
		dump_parts(t, v);
		text_char(t, '\'');
		break;
	case SIGMA_NUMBER:
		text_char(t, '#');
		dump_parts(t, v);
		break;
	case SIGMA_NULL:
		text_str(t, "null");
		break;
	case SIGMA_REGEX:
		text_printf(t, "/%.*s/%s%s%s", (int)v->text.len, v->text.p, v->caseless ? "i" : "",
			    v->multiline ? "m" : "", v->dotall ? "s" : "");
		break;
	case SIGMA_CIDR:
		address_format(&v->network.base, address);
		text_printf(t, "net %s/%u", address, v->network.prefix);
		break;
	case SIGMA_COMPARE:
		text_printf(t, "%s%Lg", signs[v->compare], v->number);
		break;
	case SIGMA_EXISTS:
		text_str(t, v->exists ? "there" : "absent");
		break;
	default:
		text_printf(t, "field %.*s%s%s%s", (int)v->text.len, v->text.p,
			    v->contains ? " inside" : "", v->starts ? " first" : "",
			    v->ends ? " last" : "");
	}
}

static void dump_item(struct text *t, const struct sigma_item *item)
{
	static const char *const parts[] = {"", ".minute", ".hour", ".day", ".week", ".month", ".year"};

	text_printf(t, "%.*s%s%s%s%s", (int)item->name.len, item->name.p, parts[item->time_part],
		    item->negated ? "!=" : "=", item->cased ? "cased " : "",
		    item->all ? "all " : "");
	for (uint32_t i = 0; i < item->count; i++) {
		const struct sigma_choice *c = &item->choices[i];
		text_str(t, i ? "," : "");
		text_str(t, c->count == 1 ? "" : "[");
		for (uint32_t k = 0; k < c->count; k++) {
			text_str(t, k ? "|" : "");
			dump_value(t, &c->values[k]);
		}
		text_str(t, c->count == 1 ? "" : "]");
	}
}

static void dump_node(struct text *t, const struct sigma_node *n)
{
	static const char *const words[] = {"and", "or", "not"};

	if (n->kind == SIGMA_ITEM) {
		dump_item(t, n->item);
		return;
	}
	text_printf(t, "%s(", words[n->kind]);
	for (uint32_t i = 0; i < n->count; i++) {
		text_str(t, i ? " " : "");
		dump_node(t, n->children[i]);
	}
	text_char(t, ')');
}

#endif
