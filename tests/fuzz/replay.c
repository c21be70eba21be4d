/* replay - a main for a fuzz harness: runs each file named, or in a folder named, once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replayed;

static void file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return;
	size_t cap = 1 << 16, len = 0, n;
	uint8_t *buf = malloc(cap);
	while (buf && (n = fread(buf + len, 1, cap - len, f)) > 0) {
		len += n;
		if (len == cap)
			buf = realloc(buf, cap *= 2);
	}
	fclose(f);
	/* an exact-size copy, so that a sanitizer sees one byte too many */
	uint8_t *exact = malloc(len ? len : 1);
	if (buf && exact) {
		memcpy(exact, buf, len);
		LLVMFuzzerTestOneInput(exact, len);
		replayed++;
	}
	free(exact);
	free(buf);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);
		if (!d) {
			file(argv[i]);
			continue;
		}
		for (struct dirent *e; (e = readdir(d));) {
			char path[4096];
			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			file(path);
		}
		closedir(d);
	}
	printf("ok 1 - replayed %d inputs\n1..1\n", replayed);
	return replayed > 0 || argc == 1 ? 0 : 1;
}
