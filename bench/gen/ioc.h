/*
 * ioc - indicators for benches: atoms as Zeek Intel TSV, patterns in hsbench's
 * "id:/re/flags"; written from a seed, read back to plant what they look for.
 *
 * Owns     its strings, until the program ends.
 */
#ifndef GEN_IOC_H
#define GEN_IOC_H

#include <stddef.h>
#include <stdint.h>

enum atom_kind { ATOM_DOMAIN, ATOM_ADDRESS, ATOM_URL, ATOM_HASH };

struct atom {
	enum atom_kind kind;
	char *value;
};

struct ioc {
	struct atom *atoms;
	char **patterns; /* the expressions, without slashes */
	uint32_t atom_count, pattern_count;
};

/* Domains 40 %, addresses 30 % (IPv4 and IPv6), URLs 10 %, SHA-256 20 %. */
void ioc_write_atoms(const char *path, uint32_t count, uint64_t seed);
/* Half are literals; the rest have a class with a repeat, a tenth ignores case. */
void ioc_write_patterns(const char *path, uint32_t count, uint64_t seed);

void ioc_read_atoms(struct ioc *x, const char *path);
void ioc_read_patterns(struct ioc *x, const char *path);
/* Text that the pattern matches: for what ioc_write_patterns() writes (literals,
 * escapes, [classes] and {m,n}). Returns its length, at most size - 1. */
size_t ioc_sample(const char *pattern, uint64_t *bits, char *text, size_t size);

#endif
