/* The control socket: connections, their lines, and the thread that serves them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/control_priv.h"

static void drop_client(struct control *c, uint32_t i)
{
	close(c->clients[i].fd);
	text_fini(&c->clients[i].in);
	text_fini(&c->clients[i].out);
	c->clients[i] = c->clients[--c->client_count];
}

/* Only who could have started this process, and root. */
static bool may_ask(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       (who.uid == geteuid() || who.uid == 0);
}

static void accept_client(struct control *c)
{
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (c->client_count == CONTROL_CLIENTS_MAX || !may_ask(fd)) {
		close(fd);
		return;
	}
	struct client *cl = &c->clients[c->client_count++];
	cl->fd = fd;
	text_init(&cl->in);
	text_init(&cl->out);
}

/* False: the connection is over. */
static bool flush(struct client *cl)
{
	while (cl->out.len) {
		ssize_t n = send(cl->fd, cl->out.p, cl->out.len, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		memmove(cl->out.p, cl->out.p + n, cl->out.len - (size_t)n);
		cl->out.len -= (size_t)n;
	}
	return true;
}

static void answer_lines(struct control *c, struct client *cl)
{
	size_t done = 0;

	for (char *nl; (nl = memchr(cl->in.p + done, '\n', cl->in.len - done));
	     done = (size_t)(nl + 1 - cl->in.p)) {
		size_t len = (size_t)(nl - (cl->in.p + done));
		if (strspn(cl->in.p + done, " \t\r") >= len)
			continue;
		control_answer(c, cl->in.p + done, len, &cl->out);
		text_char(&cl->out, '\n');
	}
	memmove(cl->in.p, cl->in.p + done, cl->in.len - done);
	cl->in.len -= done;
}

static bool read_client(struct control *c, struct client *cl)
{
	char buf[16384];
	ssize_t n = recv(cl->fd, buf, sizeof(buf), 0);

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	text_bytes(&cl->in, buf, (size_t)n);
	if (cl->in.error || cl->out.error)
		return false;
	answer_lines(c, cl);
	/* who sends without an end, or does not read, is not waited for */
	return cl->in.len <= CONTROL_LINE_MAX && cl->out.len <= 4 * CONTROL_LINE_MAX && flush(cl);
}

static void serve(struct control *c, const struct pollfd *p, uint32_t count)
{
	for (uint32_t i = count; i-- > 0;) {
		short events = p[i].revents;
		bool on = !(events & (POLLERR | POLLNVAL));
		if (on && events & POLLOUT)
			on = flush(&c->clients[i]);
		if (on && events & (POLLIN | POLLHUP))
			on = read_client(c, &c->clients[i]);
		if (!on)
			drop_client(c, i);
	}
}

static void *thread(void *arg)
{
	struct control *c = arg;
	struct pollfd p[CONTROL_CLIENTS_MAX + 2];

	pthread_setname_np(pthread_self(), "tocsin-control");
	for (;;) {
		uint32_t n = c->client_count;
		for (uint32_t i = 0; i < n; i++)
			p[i] = (struct pollfd){c->clients[i].fd,
					       (short)(POLLIN | (c->clients[i].out.len ? POLLOUT : 0)), 0};
		p[n] = (struct pollfd){c->wake_fd, POLLIN, 0};
		p[n + 1] = (struct pollfd){n < CONTROL_CLIENTS_MAX ? c->listen_fd : -1, POLLIN, 0};
		if (poll(p, n + 2, -1) < 0 && errno != EINTR)
			return NULL;
		if (p[n].revents)
			return NULL;
		serve(c, p, n);
		if (p[n + 1].revents)
			accept_client(c);
	}
}

/* A socket that nobody listens on is left over from a life that was killed. */
static bool is_left_over(const struct sockaddr_un *at)
{
	struct stat st;
	int fd = lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode)
			 ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
			 : -1;

	if (fd < 0)
		return false;
	bool refused = connect(fd, (const struct sockaddr *)at, sizeof(*at)) && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static int listen_on(struct control *c)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (strlen(c->path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, c->path, strlen(c->path) + 1);
	if (is_left_over(&at))
		unlink(at.sun_path);
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c->listen_fd < 0 || c->wake_fd < 0)
		return -errno;
	/* of the socket itself, so that the file never has another mode */
	fchmod(c->listen_fd, 0600);
	if (bind(c->listen_fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	if (chmod(at.sun_path, 0600) || listen(c->listen_fd, CONTROL_CLIENTS_MAX)) {
		int err = -errno;
		unlink(at.sun_path);
		return err;
	}
	return 0;
}

int control_open(struct control **out, struct engine *e, const char *path, char why[256])
{
	struct control *c = calloc(1, sizeof(*c));

	*out = c;
	if (!c)
		return -ENOMEM;
	c->e = e;
	c->listen_fd = c->wake_fd = c->journal_fd = -1;
	c->started_ns = clock_monotonic_ns();
	control_on_signal(c, NULL);
	int err = control_journal_open(c, why);
	if (!err && path[0]) {
		snprintf(why, 256, "control socket %.180s: ", path);
		if (strlen(path) >= sizeof(c->path))
			err = -ENAMETOOLONG;
		else
			memcpy(c->path, path, strlen(path) + 1);
		err = err ? err : listen_on(c);
		if (!err)
			err = -pthread_create(&c->thread, NULL, thread, c);
		c->started = err == 0;
		if (err) {
			size_t n = strlen(why);
			snprintf(why + n, 256 - n, "%s", strerror(-err));
			if (c->listen_fd < 0 || err == -EADDRINUSE)
				c->path[0] = '\0'; /* it is another's */
		}
	}
	if (err) {
		control_close(c);
		*out = NULL;
	}
	return err;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	if (c->started) {
		eventfd_write(c->wake_fd, 1);
		pthread_join(c->thread, NULL);
	}
	while (c->client_count)
		drop_client(c, c->client_count - 1);
	if (c->path[0])
		unlink(c->path);
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
	if (c->journal_fd >= 0)
		close(c->journal_fd);
	free(c);
}
