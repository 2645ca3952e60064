/*
 * tests/bench/crypto_run.c - run one program and tell what it took.
 *
 *	crypto_run FD PROGRAM ARGUMENTS...
 *
 * Writes wall-clock seconds, CPU seconds and peak memory in KiB to FD; ends as
 * the program did.  A large process, such as an interpreter, cannot measure
 * the last: its own size counts for what it starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	double start;
	int status, fd;
	pid_t pid;

	if (argc < 3)
		return 127;
	fd = atoi(argv[1]);
	start = now();
	if ((pid = fork()) == 0) {
		close(fd);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 127;
	dprintf(fd, "%.6f %.6f %ld\n", now() - start,
	    seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}
