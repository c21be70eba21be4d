/* find_bytes() beside memmem(), for every length and place around its steps of 16. */
#include "base/find.h"
#include "tap.h"

int main(void)
{
	char text[200], needle[40];
	unsigned wrong = 0, found = 0, tried = 0;

	for (size_t len = 0; len < 100; len++)
		for (size_t n = 0; n <= 36; n++)
			for (size_t at = 0; at <= len; at++) {
				/* much that is nearly the needle, then the needle */
				memset(text, 'a', sizeof(text));
				memset(needle, 'a', sizeof(needle));
				if (n > 2)
					needle[n / 2] = 'b';
				if (at + n <= len)
					memcpy(text + at, needle, n);
				char *exact = malloc(len + 1);
				memcpy(exact, text, len);
				const char *want = memmem(exact, len, needle, n);
				const char *got = find_bytes(exact, len, needle, n);
				wrong += want != got;
				found += got != NULL;
				tried++;
				free(exact);
			}
	tap_int(wrong, 0, "as memmem");
	tap_ok(found > 0 && found < tried, "found %u of %u", found, tried);
	return tap_done();
}
