#include "engine/engine_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int gate_init(struct gate *g)
{
	memset(g, 0, sizeof(*g));
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
	g->hurry = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return g->hurry < 0 ? -errno : 0;
}

void gate_fini(struct gate *g)
{
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->changed);
	if (g->hurry >= 0)
		close(g->hurry);
}

void gate_enter(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	while (g->closed)
		pthread_cond_wait(&g->changed, &g->lock);
	g->readers++;
	pthread_mutex_unlock(&g->lock);
}

void gate_pass(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	if (g->closed) {
		g->parked++;
		pthread_cond_broadcast(&g->changed);
		while (g->closed)
			pthread_cond_wait(&g->changed, &g->lock);
		g->parked--;
	}
	pthread_mutex_unlock(&g->lock);
}

void gate_leave(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->readers--;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* @locks g->lock held */
static void shut(struct gate *g)
{
	if (!g->closed)
		eventfd_write(g->hurry, 1);
	g->closed = true;
}

void gate_ask(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	shut(g);
	pthread_mutex_unlock(&g->lock);
}

bool gate_is_still(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	bool still = g->closed && g->parked == g->readers;
	pthread_mutex_unlock(&g->lock);
	return still;
}

void gate_close(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	shut(g);
	while (g->parked < g->readers)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->closed = false;
	eventfd_t was;
	eventfd_read(g->hurry, &was);
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

bool gate_is_closed(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	bool closed = g->closed;
	pthread_mutex_unlock(&g->lock);
	return closed;
}
