/* cmd_engine - an engine for a command: created, loaded, its problems told. */
#ifndef TOCSIN_CMD_ENGINE_H
#define TOCSIN_CMD_ENGINE_H

#include "cmd/cmd.h"
#include "engine/engine.h"

/* EXIT_OK and *e, or the exit code, everything printed. */
int cli_engine(const struct cli *cli, struct engine **e, struct problems *ps);
/* The second half alone, for a caller that does something in between. */
int cli_engine_create(const struct cli *cli, struct engine **e, struct problems *ps);
int cli_engine_load(const struct cli *cli, struct engine *e, struct problems *ps);

#endif
