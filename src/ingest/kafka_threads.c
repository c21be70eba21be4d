/*
 * kafka_threads - C11 threads by way of POSIX ones, under ThreadSanitizer alone.
 *
 * Debian's librdkafka starts and locks its threads through <threads.h>, which
 * the sanitizer does not see: it crashes in the first of them. In a program
 * built with it these take the place of libc's functions, so that it sees
 * librdkafka's locks; in every other build this file is empty.
 */
#include "ingest/kafka_conf.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN
#endif
#elif defined(__SANITIZE_THREAD__)
#define UNDER_TSAN
#endif

#ifdef UNDER_TSAN

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

struct start {
	thrd_start_t function;
	void *arg;
};

static void *run(void *arg)
{
	struct start s = *(struct start *)arg;

	free(arg);
	return (void *)(intptr_t)s.function(s.arg);
}

static int result_of(int err)
{
	return err == 0           ? thrd_success
	       : err == ETIMEDOUT ? thrd_timedout
	       : err == EBUSY     ? thrd_busy
				  : thrd_error;
}

int thrd_create(thrd_t *t, thrd_start_t function, void *arg)
{
	struct start *s = malloc(sizeof(*s));

	*s = (struct start){function, arg};
	return result_of(pthread_create(t, NULL, run, s));
}

int thrd_join(thrd_t t, int *result)
{
	void *value;
	int err = pthread_join(t, &value);

	if (!err && result)
		*result = (int)(intptr_t)value;
	return result_of(err);
}

int thrd_detach(thrd_t t)
{
	return result_of(pthread_detach(t));
}

int mtx_init(mtx_t *m, int type)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (type & mtx_recursive)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	return result_of(pthread_mutex_init((pthread_mutex_t *)m, &attr));
}

void mtx_destroy(mtx_t *m)
{
	pthread_mutex_destroy((pthread_mutex_t *)m);
}

int mtx_lock(mtx_t *m)
{
	return result_of(pthread_mutex_lock((pthread_mutex_t *)m));
}

int mtx_trylock(mtx_t *m)
{
	return result_of(pthread_mutex_trylock((pthread_mutex_t *)m));
}

int mtx_unlock(mtx_t *m)
{
	return result_of(pthread_mutex_unlock((pthread_mutex_t *)m));
}

int cnd_init(cnd_t *c)
{
	return result_of(pthread_cond_init((pthread_cond_t *)c, NULL));
}

void cnd_destroy(cnd_t *c)
{
	pthread_cond_destroy((pthread_cond_t *)c);
}

int cnd_signal(cnd_t *c)
{
	return result_of(pthread_cond_signal((pthread_cond_t *)c));
}

int cnd_broadcast(cnd_t *c)
{
	return result_of(pthread_cond_broadcast((pthread_cond_t *)c));
}

int cnd_wait(cnd_t *c, mtx_t *m)
{
	return result_of(pthread_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m));
}

int cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *until)
{
	return result_of(pthread_cond_timedwait((pthread_cond_t *)c, (pthread_mutex_t *)m, until));
}

/* librdkafka's reference counts are atomics that the sanitizer cannot see either. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:librdkafka.so\n";
}

#endif

/* kafka_conf_make() calls it, so that the linker takes this file from the archive. */
void kafka_threads_use(void)
{
}
