/* helper-child PROGRAM [ARGUMENT...]: runs it with the same stdin and stdout, then writes
 * "seconds peak-KiB" to the file $BENCH_CHILD. Answers its exit code. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *path = getenv("BENCH_CHILD");
	FILE *report = path ? fopen(path, "we") : NULL;
	uint64_t start = env_system.monotonic_ns(NULL);
	struct rusage usage = {0};
	int status = 0;
	pid_t pid;

	if (argc < 2 || !report)
		bench_stop("BENCH_CHILD=FILE helper-child PROGRAM [ARGUMENT...]");
	pid = fork();
	if (pid == 0) {
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		bench_stop("cannot run %s", argv[1]);
	fprintf(report, "%.3f %ld\n", (double)(env_system.monotonic_ns(NULL) - start) / 1e9,
		usage.ru_maxrss);
	fclose(report);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
