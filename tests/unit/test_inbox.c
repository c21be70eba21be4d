#include "engine/inbox.h"

#include <string.h>

#include "tap.h"

#define MESSAGES 20000

static void *fill(void *arg)
{
	for (int i = 0; i < MESSAGES; i++)
		inbox_add(arg, "a\nb", 3);
	return NULL;
}

int main(void)
{
	struct inbox b;
	struct text t;
	pthread_t threads[3];
	size_t lines = 0, wrong = 0;

	inbox_init(&b);
	inbox_take(&b, &t);
	tap_int((long long)t.len, 0, "nothing");
	text_fini(&t);
	inbox_add(&b, "one", 3);
	inbox_add(&b, "{\n \"two\": 2\n}\n", 13);
	inbox_add(&b, "", 0);
	inbox_add(&b, "three\n", 6);
	inbox_take(&b, &t);
	tap_str(t.p, "one\n{  \"two\": 2 }\nthree \n", "a message is a line");
	text_fini(&t);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, fill, &b);
	while (lines < 3 * MESSAGES) {
		inbox_take(&b, &t);
		for (char *p = t.p; p && p < t.p + t.len; p += 4, lines++)
			wrong += memcmp(p, "a b\n", 4) != 0;
		text_fini(&t);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	inbox_take(&b, &t);
	tap_ok(wrong == 0 && t.len == 0, "of many threads none is lost or torn");
	text_fini(&t);
	inbox_fini(&b);
	return tap_done();
}
