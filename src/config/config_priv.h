/* config_priv - what config.c, config_load.c and config_print.c share. */
#ifndef TOCSIN_CONFIG_PRIV_H
#define TOCSIN_CONFIG_PRIV_H

#include "config/config.h"

struct config_option {
	const char *name;
	enum config_type type;
	size_t offset; /* in struct config */
	const char *def;
	uint64_t min, max; /* COUNT: range; DURATION: max in days; TEXT: least length */
	const char *doc;
};

const struct config_option *config_option_at(size_t i); /* NULL past the last */
const struct config_option *config_option_find(const char *name);
/* base: the file that holds the value; why says what is accepted. */
bool config_option_set(struct config *c, const struct config_option *o, const char *value,
		       const char *base, char why[256]);
bool config_parse_count(const char *value, uint64_t *out);
bool config_parse_flag(const char *value, bool *out);
/* False, and out cut, when the whole is longer than a text may be. */
bool config_resolve(char out[CONFIG_TEXT_MAX], const char *base, const char *path);

#endif
