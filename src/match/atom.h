/*
 * atom - the one spelling in which two values that mean the same compare equal.
 *
 * Used on both sides: on what a feed says and on what telemetry shows. Every
 * *_normalise writes into the caller's buffer and returns the length written;
 * 0 is "no such atom" (not valid, or longer than the buffer). No NUL is added.
 * All are idempotent: the canonical form is its own canonical form.
 *
 * Thread   any; no state.
 * Owns     nothing.
 * Memory   none: no allocation, a few hundred bytes of stack.
 * Limit    input is read once; output never exceeds the buffer. ATOM_*_MAX hold
 *          every accepted value of their kind (a longer URL is refused).
 */
#ifndef TOCSIN_MATCH_ATOM_H
#define TOCSIN_MATCH_ATOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "match/indicator.h"

#define ATOM_DOMAIN_MAX 253
#define ATOM_EMAIL_MAX  320
#define ATOM_HASH_MAX   128
#define ATOM_URL_MAX    4096

/*
 * A host name: ASCII lower case, final dot and leading "*." or "." stripped,
 * labels 1..63 of letters, digits, '-' and '_', 253 in all. Labels beyond ASCII
 * become "xn--" (RFC 3492) after simple lower-casing of the Latin, Greek, Cyrillic
 * and Armenian letters. A name whose last label is all digits is none.
 */
size_t atom_domain_normalise(const char *p, size_t len, char *out, size_t size);

/*
 * "host[:port]/path[?query]": http and https lose their scheme (both compare
 * equal, as does a URL without any) and ports 80 and 443; any other scheme stays,
 * lower-case ("ftp://host/"). Host as atom_domain_normalise() or an address;
 * userinfo and other ports kept; fragment dropped; empty path "/". Percent
 * escapes of unreserved characters are decoded, the others have upper-case
 * digits; bytes outside '!'..'~' are escaped.
 */
size_t atom_url_normalise(const char *p, size_t len, char *out, size_t size);

/* Lower-case hex of 32, 40, 64 or 128 digits. */
size_t atom_hash_normalise(const char *p, size_t len, char *out, size_t size);

/* "local@domain", ASCII lower case. */
size_t atom_email_normalise(const char *p, size_t len, char *out, size_t size);

/* The host within a normalised URL, for rules about hosts: its start and length. */
struct span atom_url_host(const char *url, size_t len);

/*
 * Feeds only: hxxp, [.], (.), [dot], (dot), [:], [://], [/], [@], [at] back to what
 * they stand for. Copies everything else. 0 when it does not fit.
 */
size_t atom_refang(const char *p, size_t len, char *out, size_t size);

/* "host:port" or "[v6]:port" with port 1..65535: splits it. False for anything else. */
bool atom_endpoint_split(const char *p, size_t len, struct span *host, uint16_t *port);

/*
 * The kind of a plain value (enum condition_kind: IP, NETWORK, DOMAIN, URL, HASH,
 * EMAIL), or -1. A domain needs a dot here; a URL needs "://" or a '/' after a host.
 */
int atom_guess(const char *p, size_t len);

#endif
