/* tests/transports/sshd.h - a real OpenSSH server for one test. */
#ifndef TESTS_TRANSPORTS_SSHD_H
#define TESTS_TRANSPORTS_SSHD_H

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "transports/sftp_client.h"
#include "transports/ssh_connect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Also used outside of Check's own functions, by the benchmark. */
#define NEED(cond)                                                             \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(                                               \
			    stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                               \
		}                                                              \
	} while (0)

struct sshd {
	char dir[256];   /* keys and configuration */
	char files[300]; /* what the partner offers */
	unsigned port;
	pid_t pid;
	int log;           /* what it says */
	char host_key[80]; /* "SHA256:..." */
	char *identity;    /* private key text */
	const char *user;
};

__attribute__((unused, format(printf, 1, 2))) static void
sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	NEED(system(cmd) == 0);
}

__attribute__((unused)) static char *
text_of(const char *path)
{
	struct buf b;
	struct why why;
	char *s;

	buf_init(&b, 1 << 20);
	NEED(fd_read_file(AT_FDCWD, path, 1 << 20, &b, &why) == GW_OK);
	buf_put_u8(&b, 0);
	s = strdup((const char *)b.data);
	buf_free(&b);
	return s;
}

static unsigned
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	NEED(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	NEED(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

/* "SHA256:..." of a key file, as ssh-keygen tells it. */
__attribute__((unused)) static void
fingerprint(const char *file, char out[80])
{
	char cmd[512];
	FILE *p;

	snprintf(cmd, sizeof(cmd), "ssh-keygen -lf %s", file);
	p = popen(cmd, "r");
	NEED(fscanf(p, "%*s %79s", out) == 1);
	pclose(p);
}

/* Wait until it says that it listens. */
static bool
sshd_ready(struct sshd *d)
{
	char said[4096];
	size_t n = 0;

	while (n < sizeof(said) - 1) {
		ssize_t got = read(d->log, said + n, sizeof(said) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		said[n] = '\0';
		if (strstr(said, "Server listening") != NULL)
			return true;
	}
	return false;
}

/* Start with the configuration that is there. */
static void
sshd_exec(struct sshd *d)
{
	char path[300], port[16];
	int log[2];

	snprintf(path, sizeof(path), "%s/sshd_config", d->dir);
	snprintf(port, sizeof(port), "%u", d->port);
	NEED(pipe2(log, O_CLOEXEC) == 0);
	d->pid = fork();
	if (d->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(log[1], 2);
		execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f",
		    path, "-p", port, (char *)NULL);
		_exit(127);
	}
	close(log[1]);
	d->log = log[0];
	NEED(sshd_ready(d));
}

/* Start (again) with more lines of configuration and options for sftp. */
static void
sshd_run(struct sshd *d, const char *config, const char *sftp_options)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sshd_config", d->dir);
	f = fopen(path, "w");
	fprintf(f,
	    "ListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\n"
	    "AuthorizedKeysFile %s/authorized\nPasswordAuthentication no\n"
	    "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
	    "Subsystem sftp internal-sftp %s\n%s\n",
	    d->dir, sftp_options, config);
	if (strstr(config, "HostKey") == NULL)
		fprintf(f, "HostKey %s/host\n", d->dir);
	fclose(f);
	sshd_exec(d);
}

static void
sshd_start(struct sshd *d, const char *config, const char *sftp_options)
{
	const char *tmp = getenv("TMPDIR");
	char path[300];

	memset(d, 0, sizeof(*d));
	snprintf(d->dir, sizeof(d->dir), "%s/waybill-sshd-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	NEED(mkdtemp(d->dir) != NULL);
	snprintf(d->files, sizeof(d->files), "%s/files", d->dir);
	NEED(mkdir(d->files, 0755) == 0);
	if (getuid() == 0)
		(void)mkdir("/run/sshd", 0755);
	sh("ssh-keygen -q -t ed25519 -N '' -f %s/host </dev/null && "
	   "ssh-keygen -q -t ed25519 -N '' -f %s/user </dev/null && "
	   "cp %s/user.pub %s/authorized",
	    d->dir, d->dir, d->dir, d->dir);
	snprintf(path, sizeof(path), "%s/host.pub", d->dir);
	fingerprint(path, d->host_key);
	snprintf(path, sizeof(path), "%s/user", d->dir);
	d->identity = text_of(path);
	d->user = getpwuid(getuid())->pw_name;
	d->port = free_port();
	sshd_run(d, config, sftp_options);
}

/* Every process below pid gets the signal, the deepest first. */
static void
signal_tree(pid_t pid, int sig)
{
	char path[64];
	FILE *f;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "r");
	while (f != NULL && fscanf(f, "%d", &child) == 1)
		signal_tree(child, sig);
	if (f != NULL)
		fclose(f);
	kill(pid, sig);
}

__attribute__((unused)) static void
sshd_halt(struct sshd *d)
{
	if (d->pid > 0) {
		signal_tree(d->pid, SIGKILL);
		waitpid(d->pid, NULL, 0);
		close(d->log);
	}
	d->pid = 0;
}

__attribute__((unused)) static void
sshd_stop(struct sshd *d)
{
	sshd_halt(d);
	sh("rm -rf %s", d->dir);
	free(d->identity);
}

__attribute__((unused)) static enum gw_status
sshd_link(struct sshd *d, struct ssh_link **link, struct ssh_facts *facts,
    struct why *why)
{
	const char *pin = d->host_key;
	struct ssh_target t = { .host = "127.0.0.1",
		.port = d->port,
		.user = d->user,
		.host_keys = &pin,
		.host_key_count = 1,
		.identity = d->identity,
		.timeout_ms = 20000 };
	enum gw_status st;

	*link = NULL;
	if ((st = ssh_dial("127.0.0.1", d->port, 5000, &t.fd, why)) != GW_OK)
		return st;
	return ssh_link_open(&t, link, facts, why);
}

/* Run the loop until nothing is under way, or the connection ends. */
__attribute__((unused)) static enum gw_status
run_until_idle(struct sftp_client *c, struct why *why)
{
	enum gw_status st = GW_OK;

	while (st == GW_OK && sftp_client_busy(c) > 0) {
		struct pollfd p = { sftp_client_fd(c), POLLIN, 0 };

		if (sftp_client_wants_write(c))
			p.events |= POLLOUT;
		(void)poll(&p, 1, sftp_client_timeout(c));
		st = sftp_client_step(c, why);
	}
	return st;
}

#endif
