/* bench - what every bench shares: medians, the machine, one JSON line. */
#ifndef TOCSIN_BENCH_H
#define TOCSIN_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BENCH_REPEATS_MAX 31

__attribute__((unused)) static double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int bench_ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Sorts v; its middle. */
__attribute__((unused)) static double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), bench_ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* Half the distance of the quartiles, as a share of the median; v is sorted. */
__attribute__((unused)) static double bench_spread(const double *v, size_t n)
{
	return (v[n * 3 / 4] - v[n / 4]) / 2 / v[n / 2];
}

/* "cpu":"..","cores":N,"commit":"..", for inside a JSON object. */
__attribute__((unused)) static void bench_machine(FILE *out)
{
	char line[256], cpu[128] = "unknown", commit[48] = "unknown";
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %127[^\n]", cpu) == 1)
			break;
	if (f)
		fclose(f);
	f = popen("git describe --always --dirty 2>/dev/null", "r");
	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "%47s", commit);
	if (f)
		pclose(f);
	fprintf(out, "\"cpu\":\"%s\",\"cores\":%ld,\"commit\":\"%s\"", cpu,
		sysconf(_SC_NPROCESSORS_ONLN), commit);
}

#endif
