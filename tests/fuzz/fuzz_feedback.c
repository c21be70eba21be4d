/* Whatever the bytes, a record is heard or refused, and what is heard can be printed and read
 * again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "raise/feedback.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feedback *f, *again;
	struct text t, u;

	text_init(&t);
	text_init(&u);
	if (feedback_init(&f, "s", "desk", 2) || feedback_init(&again, "s", "desk", 2))
		abort();
	if (feedback_read(f, (const char *)data, size, INT64_C(4000000000000000)))
		abort();
	feedback_print(f, &t);
	if (feedback_read(again, t.p ? t.p : "", t.len, INT64_MAX))
		abort();
	feedback_print(again, &u);
	if (t.len != u.len || (t.len && memcmp(t.p, u.p, t.len) != 0))
		abort();
	text_fini(&u);
	text_fini(&t);
	feedback_fini(again);
	feedback_fini(f);
	return 0;
}
