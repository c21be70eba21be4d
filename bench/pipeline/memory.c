/*
 * memory - peak resident size of a replay of 100 MB and of 1 GB: it must not
 * grow with the length of the input.
 *
 *   memory [SMALL_MB LARGE_MB]
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

#define DIR "build/bench/"

static void die(const char *what)
{
	fprintf(stderr, "memory: %s\n", what);
	exit(1);
}

static void generate(unsigned megabytes, char path[64])
{
	char command[512];

	snprintf(path, 64, DIR "eve-%u.json", megabytes);
	snprintf(command, sizeof(command),
		 "mkdir -p " DIR " && build/gen --write-atoms 10000 " DIR "atoms.tsv"
		 " --write-patterns 1000 " DIR "patterns.txt 2>/dev/null; build/gen --bytes %uM"
		 " --atoms " DIR "atoms.tsv --patterns " DIR "patterns.txt --hit-rate 0.01"
		 " --out %s 2>/dev/null", megabytes, path);
	if (system(command))
		die("build/gen failed");
}

/* Peak resident size of one replay, in kB. */
static long replay(char *path)
{
	char *argv[] = {"build/tocsin", "replay", "-q", "--threads", "2", "-I", DIR "atoms.tsv",
			"-S", DIR "patterns.txt", "--as", "DE/energy/soc-a", path, NULL};
	struct rusage usage;
	int status;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execv(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
		die("the replay failed");
	return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
	unsigned small = argc > 2 ? (unsigned)atoi(argv[1]) : 100;
	unsigned large = argc > 2 ? (unsigned)atoi(argv[2]) : 1024;
	char path[64];

	generate(small, path);
	long a = replay(path);
	generate(large, path);
	long b = replay(path);
	unlink(path);
	printf("{\"bench\":\"memory\",\"small_mb\":%u,\"large_mb\":%u,\"small_peak_kb\":%ld,"
	       "\"large_peak_kb\":%ld,\"ratio\":%.3f,\"ratio_max\":1.05,",
	       small, large, a, b, (double)b / (double)a);
	bench_machine(stdout);
	puts("}");
	return (double)b > 1.05 * (double)a;
}
