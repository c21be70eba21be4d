#include "engine/shipped.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program's path less this many parts, and the folder after it. */
static bool beside_program(char out[4096], int up, const char *between, const char *folder)
{
	ssize_t len = readlink("/proc/self/exe", out, 4096 - 256);

	for (; len > 0 && up > 0; up--) {
		while (len > 0 && out[len - 1] != '/')
			len--;
		len -= len > 0;
	}
	if (len <= 0)
		return false;
	snprintf(out + len, 256, "%s%s", between, folder);
	return true;
}

void shipped_find(struct shipped *s, const char *folder)
{
	static const char *const fixed[] = {"", "/usr/local/share/tocsin/", "/usr/share/tocsin/"};
	int n = 0;

	/* wherever the program is started from: PREFIX of its PREFIX/bin, or the tree that it
	 * was built in, as build/FLAVOUR/tocsin */
	if (beside_program(s->path[n], 2, "/share/tocsin/", folder))
		n++;
	if (beside_program(s->path[n], 3, "/", folder))
		n++;
	for (int i = 0; i < 3; i++)
		snprintf(s->path[n++], sizeof(s->path[0]), "%s%s", fixed[i], folder);
	for (int i = 0; i < n; i++)
		s->dirs[i] = s->path[i];
	s->dirs[n] = NULL;
}
