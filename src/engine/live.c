#include "engine/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_priv.h"

enum reader_kind { READER_FILE, READER_STREAM, READER_KAFKA };

struct reader {
	struct live *l;
	pthread_t thread;
	enum reader_kind kind;
	const struct source_ops *ops;
	char *spec;
	const struct source *source;
	struct file_mark resume;
	bool has_resume;
	struct input *in;	   /* files and interfaces, while open */
	struct kafka_input *kafka; /* topics */
	struct file_mark ended_at; /* files: where it stood when it was closed */
	bool ended;
};

struct live {
	struct engine *e;
	struct live_options o;
	pthread_mutex_t lock; /* readers' in, ended, running */
	struct reader *readers;
	uint32_t count, running;
	struct kafka_topic *topics;
	uint32_t topic_count;
	bool told; /* that a folder could not be looked through again */
};

#define TAKE_IN_MS 1000

/* Records that follow an indicator are judged with it: they wait until it is in force. */
static void after_indicators(struct engine *e)
{
	if (intel_pending(e->intel))
		intel_wait(e->intel, TAKE_IN_MS);
}

/* Fills until the end, passing the gate before each. Returns the last fill's result. */
static int pump(struct reader *rd, char why[256])
{
	struct engine *e = rd->l->e;
	int n;

	gate_enter(&e->gate);
	do {
		gate_pass(&e->gate);
		struct batch *b = batch_get(&e->pool);
		n = rd->kind == READER_KAFKA ? kafka_fill(rd->kafka, b, why)
					     : rd->ops->fill(rd->in, b, why);
		if (rd->kind == READER_KAFKA && b->items)
			after_indicators(e);
		engine_push(e, b);
	} while (n > 0);
	return n;
}

static int open_reader(struct reader *rd, char why[256])
{
	struct input *in;

	if (rd->kind == READER_KAFKA)
		return 0;
	int err = rd->ops->open(&in, &rd->l->e->ingest, rd->spec, rd->source, why);
	if (!err && rd->has_resume && rd->ops == &ingest_file &&
	    ingest_file_seek(in, &rd->resume) == -ESTALE)
		log_warning("%s is not the file it was: read from its start", rd->spec);
	pthread_mutex_lock(&rd->l->lock);
	rd->in = err ? NULL : in;
	pthread_mutex_unlock(&rd->l->lock);
	return err;
}

static void *reader_thread(void *arg)
{
	struct reader *rd = arg;
	char why[256] = "";

	pthread_setname_np(pthread_self(), "tocsin-reader");
	int err = open_reader(rd, why);
	if (err) {
		engine_refuse_input(rd->l->e, REASON_READ_FAILED);
	} else {
		err = pump(rd, why);
		pthread_mutex_lock(&rd->l->lock);
		if (rd->ops == &ingest_file && rd->in)
			ingest_file_mark(rd->in, &rd->ended_at);
		struct input *in = rd->in;
		rd->in = NULL;
		rd->ended = true;
		pthread_mutex_unlock(&rd->l->lock);
		if (in)
			rd->ops->close(in);
		gate_leave(&rd->l->e->gate);
	}
	if (err)
		log_error("%s: %s", rd->spec ? rd->spec : "kafka", why[0] ? why : strerror(-err));
	pthread_mutex_lock(&rd->l->lock);
	rd->l->running--;
	pthread_mutex_unlock(&rd->l->lock);
	return NULL;
}

static struct reader *new_reader(struct live *l, enum reader_kind kind, const char *spec,
				 const struct source *source)
{
	if (l->count == LIVE_READERS_MAX)
		return NULL;
	struct reader *rd = &l->readers[l->count];
	memset(rd, 0, sizeof(*rd));
	rd->l = l;
	rd->kind = kind;
	rd->source = source;
	rd->spec = spec ? strdup(spec) : NULL;
	if (spec && !rd->spec)
		return NULL;
	l->count++;
	return rd;
}

static bool has_reader(const struct live *l, const char *path, const struct source *source)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (l->readers[i].spec && l->readers[i].source == source &&
		    strcmp(l->readers[i].spec, path) == 0)
			return true;
	return false;
}

static void resume_from(struct reader *rd, const struct checkpoint_marks *marks)
{
	for (uint32_t k = 0; k < marks->file_count; k++)
		if (strcmp(marks->files[k].path, rd->spec) == 0) {
			rd->resume = marks->files[k].mark;
			rd->has_resume = true;
		}
}

/* Readers for the files of a path that have none yet. */
static int add_files(struct live *l, const struct config_input *in,
		     const struct checkpoint_marks *marks, char why[256])
{
	struct input_list list = {0};
	int err = input_list_add(&list, in->path, in->source, why);

	for (uint32_t i = 0; i < list.count && !err; i++) {
		if (has_reader(l, list.items[i].path, in->source))
			continue;
		struct reader *rd = new_reader(l, READER_FILE, list.items[i].path, in->source);
		if (!rd) {
			snprintf(why, 256, "more than %d files and interfaces; ship them through Kafka, "
					   "or replay them", LIVE_READERS_MAX);
			err = -E2BIG;
			break;
		}
		rd->ops = list.items[i].ops;
		resume_from(rd, marks);
	}
	input_list_fini(&list);
	return err;
}

/* A topic that every node reads, from its start, before any telemetry. */
static void add_read_by_all(struct live *l, const char *name)
{
	if (!name[0])
		return;
	struct kafka_topic *t = &l->topics[l->topic_count++];
	snprintf(t->name, sizeof(t->name), "%.255s", name);
	t->indicators = true;
}

static int add_topics(struct live *l, const struct config *c)
{
	l->topics = calloc(c->input_count + c->feed_count + 3, sizeof(*l->topics));
	if (!l->topics)
		return -ENOMEM;
	for (uint32_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].topic[0]) {
			struct kafka_topic *t = &l->topics[l->topic_count++];
			snprintf(t->name, sizeof(t->name), "%.255s", c->inputs[i].topic);
			t->source = c->inputs[i].source;
		}
	for (uint32_t i = 0; i < c->feed_count; i++)
		if (c->feeds[i].topic[0]) {
			struct kafka_topic *t = &l->topics[l->topic_count++];
			snprintf(t->name, sizeof(t->name), "%.255s", c->feeds[i].topic);
			t->indicators = true;
		}
	add_read_by_all(l, c->feedback_topic);
	if (c->output_recall && strcmp(c->output_format, "stix") != 0)
		add_read_by_all(l, c->output_topic);
	return 0;
}

static const struct config_feed *feed_of(const struct config *c, const char *topic)
{
	for (uint32_t i = 0; i < c->feed_count; i++)
		if (strcmp(c->feeds[i].topic, topic) == 0)
			return &c->feeds[i];
	return NULL;
}

/* An indicator message, a tombstone as well. */
static void take_indicator(struct engine *e, const struct kafka_message *m)
{
	const struct config_feed *f = feed_of(e->config, m->topic);
	struct feed feed = {.tlp = TLP_AMBER, .severity = SEVERITY_MEDIUM};
	struct intel_news n = {.kind = INTEL_MESSAGE, .feed = &feed};

	if (!f || (!m->payload && !f->compacted))
		return;
	snprintf(feed.name, sizeof(feed.name), "%s", f->name);
	snprintf(feed.campaign, sizeof(feed.campaign), "%s", f->campaign);
	snprintf(feed.path, sizeof(feed.path), "kafka:%.500s", m->topic);
	feed.tlp = f->tlp;
	feed.pap = f->pap;
	feed.severity = f->severity;
	n.message.payload = (struct span){m->payload, (uint32_t)m->len};
	if (f->compacted) {
		n.message.key = (struct span){m->key ? m->key : "", (uint32_t)m->key_len};
		n.message.version = m->time_us;
	}
	if (!intel_add(e->intel, &n))
		log_error("out of memory: an indicator of %s was not taken", m->topic);
}

/* Of a topic that is read whole: an indicator, feedback, or a candidate for the service. */
static void on_message(void *arg, const struct kafka_message *m)
{
	struct engine *e = ((struct live *)arg)->e;
	struct inbox *box = strcmp(m->topic, e->config->feedback_topic) == 0 ? &e->feedback.arrived
			    : strcmp(m->topic, e->config->output_topic) == 0 ? &e->said
									     : NULL;
	if (!box)
		take_indicator(e, m);
	else if (m->payload && !inbox_add(box, m->payload, m->len))
		log_error("out of memory: a message of %s was not taken", m->topic);
}

static int open_kafka(struct live *l, const struct checkpoint_marks *marks, char why[256])
{
	const struct config *c = l->e->config;
	struct kafka_settings s = {
		.brokers = l->o.brokers ? l->o.brokers : c->kafka_brokers,
		.group = c->kafka_group,
		.topics = l->topics,
		.topic_count = l->topic_count,
		.properties = (const char *const *)c->kafka_properties.items,
		.stop_at_end = l->o.stop_at_end,
		.on_message = on_message,
		.arg = l,
		.marks = marks->kafka,
		.mark_count = marks->kafka_count,
	};

	if (l->topic_count == 0)
		return 0;
	if (!s.brokers[0]) {
		snprintf(why, 256, "topics are configured but no kafka.brokers");
		return -EINVAL;
	}
	struct reader *rd = new_reader(l, READER_KAFKA, NULL, NULL);
	return rd ? kafka_open(&rd->kafka, &l->e->ingest, &s, why) : -E2BIG;
}

static int start_threads(struct live *l)
{
	for (uint32_t i = 0; i < l->count; i++) {
		if (l->readers[i].thread)
			continue;
		pthread_mutex_lock(&l->lock);
		l->running++;
		pthread_mutex_unlock(&l->lock);
		if (pthread_create(&l->readers[i].thread, NULL, reader_thread, &l->readers[i])) {
			pthread_mutex_lock(&l->lock);
			l->running--;
			pthread_mutex_unlock(&l->lock);
			l->readers[i].thread = 0;
			l->count = i;
			return -EAGAIN;
		}
	}
	return 0;
}

void live_rescan(struct live *l)
{
	const struct config *c = l->e->config;
	const struct checkpoint_marks none = {0};
	uint32_t before = l->count;
	char why[256];
	int err = 0;

	if (!l->e->ingest.follow || atomic_load_explicit(&l->e->stop, memory_order_relaxed))
		return;
	for (uint32_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].path[0] && (err = add_files(l, &c->inputs[i], &none, why)) && !l->told)
			log_warning("%s: %s", c->inputs[i].path, why);
	l->told = err != 0;
	if (l->count > before)
		start_threads(l);
}

static int add_inputs(struct live *l, const struct checkpoint_marks *marks, char why[256])
{
	const struct config *c = l->e->config;
	int err = 0;

	for (uint32_t i = 0; i < c->input_count && !err; i++) {
		const struct config_input *in = &c->inputs[i];
		if (in->path[0])
			err = add_files(l, in, marks, why);
		if (!err && in->interface[0]) {
			struct reader *rd = new_reader(l, READER_STREAM, in->interface, in->source);
			if (!rd)
				return -E2BIG;
			rd->ops = &ingest_live;
		}
	}
	return err ? err : add_topics(l, c);
}

/* A folder that is empty now may not be so for long. */
static bool follows_folder(const struct config *c)
{
	for (uint32_t i = 0; i < c->input_count; i++)
		if (c->inputs[i].path[0])
			return c->follow;
	return false;
}

int live_start(struct live **out, struct engine *e, const struct live_options *o,
	       const struct checkpoint_marks *marks, char why[256])
{
	struct live *l = calloc(1, sizeof(*l));
	struct reader *readers = calloc(LIVE_READERS_MAX, sizeof(*readers));

	if (!l || !readers) {
		free(l);
		free(readers);
		return -ENOMEM;
	}
	l->e = e;
	l->o = *o;
	l->readers = readers;
	pthread_mutex_init(&l->lock, NULL);
	e->ingest.follow = e->config->follow && !o->stop_at_end;
	int err = add_inputs(l, marks, why);
	if (!err)
		err = open_kafka(l, marks, why);
	if (!err && l->count == 0 && !follows_folder(e->config)) {
		snprintf(why, 256, "the configuration names no input: sources need a path, topic or interface");
		err = -EINVAL;
	}
	if (!err)
		err = start_threads(l);
	if (err) {
		engine_interrupt(e);
		live_join(l);
		live_free(l);
		return err;
	}
	*out = l;
	return 0;
}

uint32_t live_running(const struct live *l)
{
	struct live *m = (struct live *)l;

	pthread_mutex_lock(&m->lock);
	uint32_t n = l->running;
	pthread_mutex_unlock(&m->lock);
	return n;
}

static int file_marks(struct live *l, struct checkpoint_marks *out)
{
	out->files = calloc(l->count + 1, sizeof(*out->files));
	if (!out->files)
		return -ENOMEM;
	pthread_mutex_lock(&l->lock);
	for (uint32_t i = 0; i < l->count; i++) {
		struct reader *rd = &l->readers[i];
		if (rd->kind != READER_FILE || rd->ops != &ingest_file || (!rd->in && !rd->ended))
			continue;
		struct file_position *fp = &out->files[out->file_count];
		if (rd->in)
			ingest_file_mark(rd->in, &fp->mark);
		else
			fp->mark = rd->ended_at;
		fp->path = strdup(rd->spec);
		out->file_count += fp->path != NULL;
	}
	pthread_mutex_unlock(&l->lock);
	return 0;
}

#define KAFKA_MARKS_MAX 65536u

int live_marks(struct live *l, struct checkpoint_marks *out)
{
	memset(out, 0, sizeof(*out));
	int err = file_marks(l, out);
	for (uint32_t i = 0; i < l->count && !err; i++) {
		if (!l->readers[i].kafka)
			continue;
		out->kafka = malloc(KAFKA_MARKS_MAX * sizeof(*out->kafka));
		if (!out->kafka)
			return -ENOMEM;
		out->kafka_count = kafka_marks(l->readers[i].kafka, out->kafka, KAFKA_MARKS_MAX);
	}
	return err;
}

int live_commit(struct live *l, const struct checkpoint_marks *m)
{
	int err = 0;

	for (uint32_t i = 0; i < l->count && !err; i++)
		if (l->readers[i].kafka && m->kafka_count)
			err = kafka_commit(l->readers[i].kafka, m->kafka, m->kafka_count);
	return err;
}

void live_join(struct live *l)
{
	for (uint32_t i = 0; i < l->count; i++)
		if (l->readers[i].thread)
			pthread_join(l->readers[i].thread, NULL);
	for (uint32_t i = 0; i < l->count; i++)
		l->readers[i].thread = 0;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->count; i++) {
		if (l->readers[i].kafka)
			kafka_close(l->readers[i].kafka);
		free(l->readers[i].spec);
	}
	free(l->topics);
	free(l->readers);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
