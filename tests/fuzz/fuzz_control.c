/* Whatever the bytes on the control socket, the answer is one line of JSON, and what it ordered
 * is in force or refused. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/control.h"
#include "engine/engine_priv.h"

#define LIVES 256 /* inputs an engine sees */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config config;
static struct problems problems;
static struct engine *e;
static struct control *c;

static void ignore(int signal_number)
{
	(void)signal_number;
}

static void start(void)
{
	static const char *const set[] = {"profile=rules/significance/observed.yaml", "table.cells=1k",
					  "table.entries=1k", "table.overflows=1", "threads=1",
					  "batches=1"};
	char why[256];

	problems_init(&problems);
	config_init(&config);
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		config_set(&config, set[i], &problems);
	config_finish(&config, &problems);
	if (engine_create(&e, &config, &problems, why) || engine_load(e, &problems) ||
	    control_open(&c, e, "", why))
		abort();
	control_on_signal(c, ignore);
}

static void stop(void)
{
	control_close(c);
	engine_destroy(e);
	config_fini(&config);
	problems_fini(&problems);
	c = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned lives;
	struct text out;

	if (!c)
		start();
	text_init(&out);
	control_answer(c, (const char *)data, size, &out);
	json_t *o = json_loadb(out.p ? out.p : "", out.len, 0, NULL);
	const char *result = json_string_value(json_object_get(o, "return"));
	if (!result || !json_object_get(o, "message") || memchr(out.p, '\n', out.len))
		abort();
	json_decref(o);
	text_fini(&out);
	log_set_level(LOG_ERROR);
	if (++lives % LIVES == 0)
		stop();
	return 0;
}
