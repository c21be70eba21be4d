/* build_info - -V: version, compiler, libraries as linked, CPU. */
#ifndef TOCSIN_CMD_BUILD_INFO_H
#define TOCSIN_CMD_BUILD_INFO_H

#include <stdio.h>

void build_info(FILE *out);

#endif
