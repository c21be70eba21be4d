/* tocsin run: the service, until SIGTERM. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/cmd_engine.h"
#include "cmd/notify.h"
#include "cmd/summary.h"
#include "engine/service.h"

struct run {
	struct cli *cli;
	struct cli *fresh; /* of the last reload, NULL before */
	struct engine *e;
	struct output out;
	struct service s;
	uint64_t started_ns;
	sigset_t signals;
	int signal_fd;
};

/* Before any thread starts, so that all of them inherit it. */
static void block_signals(struct run *r)
{
	sigemptyset(&r->signals);
	sigaddset(&r->signals, SIGTERM);
	sigaddset(&r->signals, SIGINT);
	sigaddset(&r->signals, SIGHUP);
	sigaddset(&r->signals, SIGUSR1);
	sigaddset(&r->signals, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &r->signals, NULL);
	r->signal_fd = signalfd(-1, &r->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
}

static void summarise(struct run *r, FILE *out)
{
	struct ledger sum;
	char digest[DIGEST_TEXT_MAX];

	engine_ledger(r->e, &sum);
	digest_hex(&r->out.digest, digest);
	struct summary s = {&sum, (double)(clock_monotonic_ns() - r->started_ns) / 1e9, r->s.raised,
			    r->s.watch, digest, r->cli->config.input_count, 0};
	if (out)
		summary_print(out, r->e, &s);
	if (r->cli->config.output_stats[0]) {
		int err = summary_write(r->cli->config.output_stats, r->e, &s);
		if (err)
			log_error("%s: %s", r->cli->config.output_stats, strerror(-err));
	}
}

/* The arguments and the file are read again, and indicators, rules and benign
 * lists built anew beside the old ones; any failure keeps the old. Sources and
 * tables need a restart. */
static int rebuild(struct run *r)
{
	struct problems ps;
	struct cli *fresh = calloc(1, sizeof(*fresh));

	if (!fresh)
		return -ENOMEM;
	int err = cli_parse(fresh, &command_run, r->cli->argc, r->cli->argv) ? -EINVAL : 0;
	problems_init(&ps);
	if (!err)
		err = engine_reload(r->e, &fresh->config, &ps);
	cli_problems(r->cli, &ps, 20);
	problems_fini(&ps);
	/* the lists in force must outlive the generation made from them */
	struct cli *old = err ? fresh : r->fresh;
	r->fresh = err ? r->fresh : fresh;
	if (old)
		cli_fini(old);
	free(old);
	return err;
}

static void reload(struct run *r)
{
	uint64_t from = clock_monotonic_ns();

	notify_state("RELOADING=1");
	int err = rebuild(r);
	if (err)
		log_error("reload failed (%s): the old rules and indicators stay", strerror(-err));
	else
		log_warning("reloaded rules and indicators in %.0f ms",
			    (double)(clock_monotonic_ns() - from) / 1e6);
	if ((err = output_reopen(&r->out)))
		log_error("outputs cannot be reopened: %s", strerror(-err));
	notify_state("READY=1");
}

/* The signal that came, or 0 when there is something else to do. */
static int wait_signal(const struct run *r)
{
	struct signalfd_siginfo info;

	service_wait(&r->s, r->signal_fd);
	return read(r->signal_fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* A checkpoint that cannot be written (disk full) is tried again: no offset is committed
 * meanwhile, and nothing is sent that the journal does not hold, so nothing is lost. */
static void serve(struct run *r)
{
	int last = 0;

	for (;;) {
		int signal_number = wait_signal(r);
		if (signal_number == SIGTERM || signal_number == SIGINT)
			return;
		if (signal_number == SIGHUP || signal_number == SIGUSR2)
			reload(r);
		if (signal_number == SIGUSR1)
			summarise(r, stderr);
		int err = service_tick(&r->s);
		if (err && err != last)
			log_error("no checkpoint: %s; offsets wait, and candidates once the journal is full", strerror(-err));
		if (!err && last)
			log_warning("checkpoints are written again");
		last = err;
	}
}

static int start(struct run *r, struct problems *ps)
{
	const struct config *c = &r->cli->config;
	char why[256] = "";
	int err;

	if (c->state_dir[0] && mkdir(c->state_dir, 0700) && errno != EEXIST) {
		log_error("state_dir %s: %s", c->state_dir, strerror(errno));
		return EXIT_IO;
	}
	int code = cli_engine_create(r->cli, &r->e, ps);
	if (code == EXIT_OK && (err = service_restore(&r->s, r->e, why))) {
		log_error("%s", why);
		code = EXIT_IO;
	}
	if (code == EXIT_OK)
		code = cli_engine_load(r->cli, r->e, ps);
	if (code != EXIT_OK)
		return code;
	if ((c->output_hits[0] && (err = engine_open_hits(r->e, c->output_hits)))) {
		log_error("%s: %s", c->output_hits, strerror(-err));
		return EXIT_IO;
	}
	if ((err = output_open(&r->out, c, why)) ||
	    (err = service_start(&r->s, &r->out, &(struct live_options){0}, why))) {
		log_error("%s", why);
		return err == -EINVAL ? EXIT_CONFIG : EXIT_IO;
	}
	return EXIT_OK;
}

/* PATHs on the command line are inputs like those of the file. */
static bool add_paths(struct cli *cli)
{
	for (uint32_t i = 0; i < cli->paths.count; i++) {
		struct config_input *in = config_input_add(&cli->config, cli->path_sources[i]);
		if (!in)
			return false;
		snprintf(in->path, sizeof(in->path), "%s", cli->paths.items[i]);
	}
	return true;
}

static int run_run(struct cli *cli)
{
	struct run r = {.cli = cli, .started_ns = clock_monotonic_ns()};
	struct problems ps;

	problems_init(&ps);
	block_signals(&r);
	int code = add_paths(cli) ? start(&r, &ps) : EXIT_CONFIG;
	if (code == EXIT_OK) {
		notify_state("READY=1");
		log_info("serving");
		serve(&r);
		notify_state("STOPPING=1");
		int err = service_stop(&r.s);
		if (!err)
			err = engine_output_failed(r.e);
		if (err) {
			log_error("stopped, but not everything could be written: %s", strerror(-err));
			code = EXIT_IO;
		}
		summarise(&r, cli->quiet ? NULL : stderr);
	}
	output_close(&r.out);
	engine_destroy(r.e);
	close(r.signal_fd);
	if (r.fresh)
		cli_fini(r.fresh);
	free(r.fresh);
	problems_fini(&ps);
	return code;
}

const struct command command_run = {
	.name = "run",
	.arguments = "-c FILE",
	.summary = "the service: follows files, topics and interfaces until SIGTERM",
	.text = "Reads what the configuration's sources name: files that grow, Kafka topics, interfaces.\n"
		"With state_dir it survives kill -9 without a lost or doubled candidate.\n"
		"SIGHUP or SIGUSR2 reloads rules and indicators and reopens outputs; SIGUSR1 prints the\n"
		"summary; SIGTERM drains, checkpoints and ends.\n\n"
		"  tocsin run -c /etc/tocsin/tocsin.yaml\n"
		"  tocsin run -I iocs/ --as DE/energy/soc-a -i eth0 --set state_dir=/var/lib/tocsin\n",
	.run = run_run,
};
