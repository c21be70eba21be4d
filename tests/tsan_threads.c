/*
 * tsan_threads - C11's threads on top of POSIX's, for the tsan flavour only.
 *
 * librdkafka uses thrd_create() and its relatives. ThreadSanitizer knows the
 * pthread_ functions only: a thread that it has not seen begin crashes it, and a
 * lock that it has not seen taken orders nothing. Programs of that flavour link
 * this file, so that the library's calls arrive where they are seen.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

/* What glibc's C11 types are made of. */
_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "once_flag");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thrd_t");

static pthread_mutex_t *mutex(mtx_t *m)
{
	return (pthread_mutex_t *)(void *)m;
}

static pthread_cond_t *condition(cnd_t *c)
{
	return (pthread_cond_t *)(void *)c;
}

static int result(int err)
{
	return err == 0		  ? thrd_success
	       : err == EBUSY	  ? thrd_busy
	       : err == ETIMEDOUT ? thrd_timedout
	       : err == ENOMEM	  ? thrd_nomem
				  : thrd_error;
}

struct start {
	thrd_start_t run;
	void *arg;
};

static void *begin(void *p)
{
	struct start s = *(struct start *)p;

	free(p);
	return (void *)(intptr_t)s.run(s.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *arg)
{
	struct start *s = malloc(sizeof(*s));

	if (!s)
		return thrd_nomem;
	*s = (struct start){run, arg};
	int err = pthread_create((pthread_t *)thread, NULL, begin, s);
	if (err)
		free(s);
	return result(err);
}

int thrd_join(thrd_t thread, int *code)
{
	void *value;
	int err = pthread_join((pthread_t)thread, &value);

	if (!err && code)
		*code = (int)(intptr_t)value;
	return result(err);
}

int thrd_detach(thrd_t thread)
{
	return result(pthread_detach((pthread_t)thread));
}

void thrd_exit(int code)
{
	pthread_exit((void *)(intptr_t)code);
}

int mtx_init(mtx_t *m, int type)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	if (type & mtx_recursive)
		pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	int err = pthread_mutex_init(mutex(m), &attr);
	pthread_mutexattr_destroy(&attr);
	return result(err);
}

void mtx_destroy(mtx_t *m)
{
	pthread_mutex_destroy(mutex(m));
}

int mtx_lock(mtx_t *m)
{
	return result(pthread_mutex_lock(mutex(m)));
}

int mtx_trylock(mtx_t *m)
{
	return result(pthread_mutex_trylock(mutex(m)));
}

int mtx_timedlock(mtx_t *restrict m, const struct timespec *restrict until)
{
	return result(pthread_mutex_timedlock(mutex(m), until));
}

int mtx_unlock(mtx_t *m)
{
	return result(pthread_mutex_unlock(mutex(m)));
}

int cnd_init(cnd_t *c)
{
	return result(pthread_cond_init(condition(c), NULL));
}

void cnd_destroy(cnd_t *c)
{
	pthread_cond_destroy(condition(c));
}

int cnd_signal(cnd_t *c)
{
	return result(pthread_cond_signal(condition(c)));
}

int cnd_broadcast(cnd_t *c)
{
	return result(pthread_cond_broadcast(condition(c)));
}

int cnd_wait(cnd_t *c, mtx_t *m)
{
	return result(pthread_cond_wait(condition(c), mutex(m)));
}

int cnd_timedwait(cnd_t *restrict c, mtx_t *restrict m, const struct timespec *restrict until)
{
	return result(pthread_cond_timedwait(condition(c), mutex(m), until));
}

void call_once(once_flag *flag, void (*run)(void))
{
	pthread_once((pthread_once_t *)(void *)flag, run);
}
