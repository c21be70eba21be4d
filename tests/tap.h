/* tap - the Test Anything Protocol: one line a check, a plan at the end. */
#ifndef TOCSIN_TESTS_TAP_H
#define TOCSIN_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sanitizer's flavour is slow: loops over seeds and samples are shorter there. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define TAP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define TAP_SANITIZED 1
#endif
#endif
#ifndef TAP_SANITIZED
#define TAP_SANITIZED 0
#endif

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool tap_ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failed += !good;
	return good;
}

__attribute__((format(printf, 2, 3), unused)) static void tap_skip(int count, const char *fmt, ...)
{
	for (int i = 0; i < count; i++) {
		va_list ap;
		printf("ok %d # skip ", ++tap_count);
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		putchar('\n');
	}
	fflush(stdout);
}

__attribute__((unused)) static bool tap_str(const char *got, const char *want, const char *name)
{
	bool same = got && strcmp(got, want) == 0;
	if (!tap_ok(same, "%s", name))
		printf("#  got: %s\n# want: %s\n", got ? got : "(null)", want);
	return same;
}

__attribute__((unused)) static bool tap_int(long long got, long long want, const char *name)
{
	if (!tap_ok(got == want, "%s", name))
		printf("#  got: %lld\n# want: %lld\n", got, want);
	return got == want;
}

/* For the end of main: the plan, and the exit code. */
__attribute__((unused)) static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
