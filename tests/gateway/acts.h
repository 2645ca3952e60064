/* tests/gateway/acts.h - a small world, and what a role may try in it. */
#ifndef TESTS_GATEWAY_ACTS_H
#define TESTS_GATEWAY_ACTS_H

#include "gateway/sandbox.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/inspect/xml.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char root[64]; /* the test's own folder, with spool/ state/ other/ */
static char spool[80], state[80], other[80];
static int listener = -1; /* a TCP server on loopback */
static unsigned port;
static int shared[2]; /* a channel made before the sandbox */
static int data = -1; /* a file opened before the sandbox */

static inline const char *
path(const char *folder, const char *name)
{
	static char out[4][256];
	static unsigned next;
	char *p = out[next++ % 4];

	snprintf(p, sizeof(out[0]), "%s/%s", folder, name);
	return p;
}

static inline void
put_file(const char *folder, const char *name)
{
	int fd = open(path(folder, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "text\n", 5), 5);
	close(fd);
}

static inline void
setup(void)
{
	const char *tmp = getenv("TMPDIR");
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);

	snprintf(root, sizeof(root), "%.40s/waybill-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(chmod(root, 0755), 0);
	snprintf(spool, sizeof(spool), "%s/spool", root);
	snprintf(state, sizeof(state), "%s/state", root);
	snprintf(other, sizeof(other), "%s/other", root);
	ck_assert_int_eq(mkdir(spool, 0755), 0);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(mkdir(other, 0777), 0);
	put_file(spool, "a");
	put_file(state, "b");
	put_file(other, "c");
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(
	    getsockname(listener, (struct sockaddr *)&in, &len), 0);
	port = ntohs(in.sin_port);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, shared), 0);
	data = open(path(other, "data"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(data, "<a>1</a>", 8), 8);
}

static inline void
teardown(void)
{
	char command[128];

	close(listener);
	close(shared[0]);
	close(shared[1]);
	close(data);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

/* An act gives 0 when it worked and an errno otherwise. */
typedef int (*act_fn)(void);

/* Ends of a child, beside the errno of its act. */
#define DIED(sig)  (1000 + (sig))
#define NO_SANDBOX 999 /* the kernel does not have it */

static inline int
wait_end(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return DIED(WTERMSIG(status));
	return WEXITSTATUS(status) == 255 ? NO_SANDBOX : WEXITSTATUS(status);
}

static inline int
errno_of(long result)
{
	return result < 0 ? errno : 0;
}

/* ---- acts --------------------------------------------------------------- */

static inline int
try_open(const char *folder, const char *name, int flags)
{
	int fd = open(path(folder, name), flags | O_CLOEXEC, 0600);

	return errno_of(fd);
}

static inline int
open_other(void)
{
	return try_open(other, "c", O_RDONLY);
}

static inline int
open_passwd(void)
{
	return errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static inline int
open_spool(void)
{
	return try_open(spool, "a", O_RDONLY);
}

static inline int
write_spool(void)
{
	return try_open(spool, "a", O_WRONLY);
}

static inline int
truncate_spool(void)
{
	return try_open(spool, "a", O_WRONLY | O_TRUNC);
}

static inline int
make_spool(void)
{
	return try_open(spool, "new", O_WRONLY | O_CREAT | O_EXCL);
}

static inline int
make_other(void)
{
	return try_open(other, "new", O_WRONLY | O_CREAT | O_EXCL);
}

static inline int
list_spool(void)
{
	return errno_of(open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static inline int
list_other(void)
{
	return errno_of(open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static inline int
claim(void)
{
	return errno_of(renameat2(AT_FDCWD, path(spool, "a"), AT_FDCWD,
	    path(state, "a"), RENAME_NOREPLACE));
}

static inline int
rename_out(void)
{
	return errno_of(rename(path(spool, "a"), path(other, "a")));
}

static inline int
rename_in(void)
{
	return errno_of(rename(path(other, "c"), path(spool, "c")));
}

static inline int
link_out(void)
{
	return errno_of(symlink("/etc/passwd", path(spool, "link")));
}

/* Somebody put a symlink into the spool; it goes aside as it is. */
static inline int
move_link(void)
{
	return errno_of(renameat2(AT_FDCWD, path(spool, "link"), AT_FDCWD,
	    path(state, "link"), RENAME_NOREPLACE));
}

static inline int
unlink_other(void)
{
	return errno_of(unlink(path(other, "c")));
}

static inline int
run_program(void)
{
	char *const argv[] = { strdup("true"), NULL };
	char *const envp[] = { NULL };

	return errno_of(execve("/bin/true", argv, envp));
}

static inline int
make_process(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return errno_of(child);
}

static inline int
make_socket(void)
{
	return errno_of(socket(AF_INET, SOCK_STREAM, 0));
}

static inline int
connect_out(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	in.sin_port = htons((uint16_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return errno_of(connect(fd, (struct sockaddr *)&in, sizeof(in)));
}

static inline int
connect_shared(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	return errno_of(connect(shared[0], (struct sockaddr *)&un, sizeof(un)));
}

static inline int
send_elsewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	return errno_of(
	    sendto(shared[0], "x", 1, 0, (struct sockaddr *)&in, sizeof(in)));
}

static inline int
kill_parent(void)
{
	return errno_of(kill(getppid(), 0));
}

static inline int
tgkill_parent(void)
{
	return errno_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static inline int
trace_parent(void)
{
	return errno_of(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static inline int
executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static inline int
memory_made_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return errno_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static inline int
dump_again(void)
{
	return errno_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static inline int
raise_limit(void)
{
	static const unsigned long no_limit[2] = { ~0ul, ~0ul };

	return errno_of(syscall(SYS_prlimit64, 0, 7, no_limit, NULL));
}

static inline int
become_root(void)
{
	return errno_of(syscall(SYS_setuid, 0));
}

static inline int
write_data(void)
{
	return errno_of(write(data, "x", 1));
}

static inline int
sync_data(void)
{
	if (pwrite(data, "x", 1, 0) != 1 || ftruncate(data, 4) != 0)
		return errno;
	return errno_of(fsync(data));
}

static inline int
read_data(void)
{
	char c;

	return errno_of(pread(data, &c, 1, 0));
}

static inline int
watch_spool(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? errno
		      : errno_of(inotify_add_watch(fd, spool, IN_CREATE));
}

static inline int
lease_spool(void)
{
	int fd = open(path(spool, "a"), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : errno_of(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static inline int
abort_me(void)
{
	close(STDERR_FILENO); /* gw_fatal's sentence is not for the reader */
	gw_fatal("as tested");
}

static inline int
pass_descriptor(void)
{
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
	char c = 'x';
	struct iovec iov = { &c, 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *cm;

	memset(control, 0, sizeof(control));
	cm = CMSG_FIRSTHDR(&m);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &data, sizeof(int));
	if (sendmsg(shared[0], &m, MSG_NOSIGNAL) != 1)
		return errno;
	return errno_of(recvmsg(shared[1], &m, MSG_CMSG_CLOEXEC));
}

static inline int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int));
}

/* What library code does anywhere: memory, time, sorting, a log line. */
static inline int
ordinary_work(void)
{
	struct pollfd p = { shared[0], POLLIN, 0 };
	size_t n = 1024 * 1024;
	int *many = malloc(n * sizeof(*many));
	time_t now = time(NULL);
	struct tm tm;
	char text[64];

	if (many == NULL)
		return ENOMEM;
	for (size_t i = 0; i < n; i++)
		many[i] = (int)(i * 2654435761u);
	qsort(many, n, sizeof(*many), compare);
	many = realloc(many, 4 * n * sizeof(*many));
	free(many);
	if (poll(&p, 1, 1) != 0 || localtime_r(&now, &tm) == NULL)
		return EIO;
	strftime(text, sizeof(text), "%H:%M %A", &tm);
	usleep(10);
	fprintf(stderr, "%s", "");
	log_set_level(LOG_LEVEL_DEBUG);
	(void)docid_new();
	return fcntl(shared[0], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

static inline int
check_xml(void)
{
	struct why why;
	struct stat sb;

	if (fstat(data, &sb) != 0)
		return errno;
	return xml_check(data, (uint64_t)sb.st_size, &why) == GW_OK ? 0 : EIO;
}

#endif
