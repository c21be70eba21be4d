/* Feeds that contradict each other, for tests of what stands in the end. */
#ifndef TOCSIN_TESTS_FEED_VERSIONS_H
#define TOCSIN_TESTS_FEED_VERSIONS_H

#include "match/indicator.h"
#include "test_feed_dump.h"

/* Files that speak of the same things: versions, the same atoms, relationships apart from
 * their indicators, the same id in two feeds. */
static const char *const files[] = {
	"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":\"2024-01-01T00:00:00Z\","
	"\"pattern\":"
	"\"[ipv4-addr:value = '192.0.2.1']\",\"name\":\"old\"}",
	"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":\"2024-01-02T00:00:00Z\","
	"\"pattern\":"
	"\"[ipv4-addr:value = '192.0.2.2'] OR [domain-name:value = "
	"'evil.example']\",\"name\":\"new\"}",
	"{\"type\":\"indicator\",\"id\":\"indicator--1\",\"modified\":\"2024-01-02T00:00:00Z\","
	"\"pattern\":"
	"\"[ipv4-addr:value = '192.0.2.3']\",\"name\":\"same time\",\"confidence\":20}",
	"{\"type\":\"indicator\",\"id\":\"indicator--2\",\"modified\":\"2024-01-01T00:00:00Z\","
	"\"pattern\":"
	"\"[ipv4-addr:value = '192.0.2.1']\",\"object_marking_refs\":[\"marking-definition--m\"]}",
	"{\"type\":\"indicator\",\"id\":\"indicator--2\",\"modified\":\"2024-01-03T00:00:00Z\","
	"\"revoked\":true,"
	"\"pattern\":\"[ipv4-addr:value = '192.0.2.1']\"}",
	"{\"type\":\"indicator\",\"id\":\"indicator--3\",\"pattern\":\"[domain-name:value = "
	"'a.example']\","
	"\"object_marking_refs\":[\"marking-definition--m\"]}",
	"{\"type\":\"marking-definition\",\"id\":\"marking-definition--m\",\"name\":\"TLP:RED\"}",
	"[{\"type\":\"relationship\",\"id\":\"relationship--1\",\"relationship_type\":"
	"\"indicates\",\"source_ref\":"
	"\"indicator--1\",\"target_ref\":\"malware--1\"},{\"type\":\"malware\",\"id\":\"malware--"
	"1\",\"name\":\"Mal\"}]",
	"{\"type\":\"relationship\",\"id\":\"relationship--2\",\"relationship_type\":\"indicates\","
	"\"source_ref\":"
	"\"indicator--1\",\"target_ref\":\"campaign--1\",\"modified\":\"2024-01-01T00:00:00Z\"}",
	"{\"type\":\"relationship\",\"id\":\"relationship--2\",\"relationship_type\":\"indicates\","
	"\"source_ref\":"
	"\"indicator--1\",\"target_ref\":\"campaign--1\",\"modified\":\"2024-01-02T00:00:00Z\","
	"\"revoked\":true}",
	"{\"type\":\"malware\",\"id\":\"malware--1\",\"name\":\"A newer "
	"name\",\"modified\":\"2024-01-01T00:00:00Z\"}",
	"192.0.2.1\na.example\nb.example\n192.0.2.4:80\n",
	"b.example # twice\n192.0.2.1\n",
	"id,value,severity\n9,a.example,high\n9,a.example,low\n",
	"{\"Event\":{\"info\":\"E1\",\"Tag\":[{\"name\":\"misp-galaxy:tool=\\\"T\\\"\"}],"
	"\"Attribute\":[{\"uuid\":\"u1\","
	"\"type\":\"domain\",\"value\":\"b.example\",\"to_ids\":true,\"timestamp\":\"100\"}]}}",
	"{\"Event\":{\"info\":\"E2\",\"Attribute\":[{\"uuid\":\"u1\",\"type\":\"domain\",\"value\":"
	"\"c.example\","
	"\"to_ids\":true,\"timestamp\":\"100\"}]}}",
};

#define FILES ((int)(sizeof(files) / sizeof(files[0])))

static int load(struct indicator_set *s, int number)
{
	char name[32];

	snprintf(name, sizeof(name), "feed-%d", number);
	struct feed f = dump_feed(name, name);
	return feed_load_bytes(s, &f, files[number], strlen(files[number]), NULL);
}

#endif
