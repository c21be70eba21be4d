/*
 * entity_key - the 16 bytes under which a Member State hashes its entities.
 *
 * setting: 32 hex digits; "file:PATH" with 16 raw bytes or 32 hex digits; ""
 * is a fixed key, for replay and tests: hashes are then no secret. 0 or -errno with why.
 */
#ifndef TOCSIN_ENGINE_ENTITY_KEY_H
#define TOCSIN_ENGINE_ENTITY_KEY_H

#include <stdint.h>

int entity_key_load(const char *setting, uint8_t key[16], char why[256]);

#endif
