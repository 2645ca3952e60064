/* Goal: what a role must not be able to do dies or fails; its work works. */
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

#define NOBODY "nobody"

static char root[64]; /* the test's own folder, with spool/ state/ other/ */
static char spool[80], state[80], other[80];
static int listener = -1; /* a TCP server on loopback */
static unsigned port;
static int shared[2]; /* a channel made before the sandbox */
static int data = -1; /* a file opened before the sandbox */

static const char *
path(const char *folder, const char *name)
{
	static char out[4][256];
	static unsigned next;
	char *p = out[next++ % 4];

	snprintf(p, sizeof(out[0]), "%s/%s", folder, name);
	return p;
}

static void
put_file(const char *folder, const char *name)
{
	int fd = open(path(folder, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "text\n", 5), 5);
	close(fd);
}

static void
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

static void
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

static int
wait_end(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status))
		return DIED(WTERMSIG(status));
	return WEXITSTATUS(status) == 255 ? NO_SANDBOX : WEXITSTATUS(status);
}

static int
errno_of(long result)
{
	return result < 0 ? errno : 0;
}

/* ---- acts --------------------------------------------------------------- */

static int
try_open(const char *folder, const char *name, int flags)
{
	int fd = open(path(folder, name), flags | O_CLOEXEC, 0600);

	return errno_of(fd);
}

static int
open_other(void)
{
	return try_open(other, "c", O_RDONLY);
}

static int
open_passwd(void)
{
	return errno_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int
open_spool(void)
{
	return try_open(spool, "a", O_RDONLY);
}

static int
write_spool(void)
{
	return try_open(spool, "a", O_WRONLY);
}

static int
truncate_spool(void)
{
	return try_open(spool, "a", O_WRONLY | O_TRUNC);
}

static int
make_spool(void)
{
	return try_open(spool, "new", O_WRONLY | O_CREAT | O_EXCL);
}

static int
make_other(void)
{
	return try_open(other, "new", O_WRONLY | O_CREAT | O_EXCL);
}

static int
list_spool(void)
{
	return errno_of(open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
list_other(void)
{
	return errno_of(open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int
claim(void)
{
	return errno_of(renameat2(AT_FDCWD, path(spool, "a"), AT_FDCWD,
	    path(state, "a"), RENAME_NOREPLACE));
}

static int
rename_out(void)
{
	return errno_of(rename(path(spool, "a"), path(other, "a")));
}

static int
rename_in(void)
{
	return errno_of(rename(path(other, "c"), path(spool, "c")));
}

static int
link_out(void)
{
	return errno_of(symlink("/etc/passwd", path(spool, "link")));
}

static int
unlink_other(void)
{
	return errno_of(unlink(path(other, "c")));
}

static int
run_program(void)
{
	char *const argv[] = { strdup("true"), NULL };
	char *const envp[] = { NULL };

	return errno_of(execve("/bin/true", argv, envp));
}

static int
make_process(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0)
		_exit(0);
	return errno_of(child);
}

static int
make_socket(void)
{
	return errno_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int
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

static int
connect_shared(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	return errno_of(connect(shared[0], (struct sockaddr *)&un, sizeof(un)));
}

static int
send_elsewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	return errno_of(
	    sendto(shared[0], "x", 1, 0, (struct sockaddr *)&in, sizeof(in)));
}

static int
kill_parent(void)
{
	return errno_of(kill(getppid(), 0));
}

static int
tgkill_parent(void)
{
	return errno_of(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
trace_parent(void)
{
	return errno_of(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

static int
executable_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
memory_made_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return errno_of(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
dump_again(void)
{
	return errno_of(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
raise_limit(void)
{
	static const unsigned long no_limit[2] = { ~0ul, ~0ul };

	return errno_of(syscall(SYS_prlimit64, 0, 7, no_limit, NULL));
}

static int
become_root(void)
{
	return errno_of(syscall(SYS_setuid, 0));
}

static int
write_data(void)
{
	return errno_of(write(data, "x", 1));
}

static int
sync_data(void)
{
	if (pwrite(data, "x", 1, 0) != 1 || ftruncate(data, 4) != 0)
		return errno;
	return errno_of(fsync(data));
}

static int
read_data(void)
{
	char c;

	return errno_of(pread(data, &c, 1, 0));
}

static int
watch_spool(void)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	return fd < 0 ? errno
		      : errno_of(inotify_add_watch(fd, spool, IN_CREATE));
}

static int
lease_spool(void)
{
	int fd = open(path(spool, "a"), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? errno : errno_of(fcntl(fd, F_SETLEASE, F_RDLCK));
}

static int
abort_me(void)
{
	close(STDERR_FILENO); /* gw_fatal's sentence is not for the reader */
	gw_fatal("as tested");
}

static int
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

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(int));
}

/* What library code does anywhere: memory, time, sorting, a log line. */
static int
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

static int
check_xml(void)
{
	struct why why;

	return xml_check(data, 8, &why) == GW_OK ? 0 : EIO;
}

/* ---- privileges --------------------------------------------------------- */

static void
become_nobody(void)
{
	const struct passwd *pw = getpwnam(NOBODY);

	if (pw == NULL || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
		_exit(254);
}

/* Drop in a child, then act; the level comes through the exit code's test. */
static int
after_drop(const char *user, bool keep_lease, bool want_user, act_fn act)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct sandbox_level level = { 0 };
		struct why why;

		if (sandbox_drop(user, keep_lease, &level, &why) != GW_OK)
			_exit(253);
		if (level.user != want_user)
			_exit(252);
		_exit(act());
	}
	return wait_end(child);
}

static int
lease_of_another(void)
{
	return fcntl(data, F_SETLEASE, F_RDLCK) == 0 ? 0 : errno;
}

static int
is_changed(void)
{
	gid_t groups[8];
	int n = getgroups(8, groups);

	if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
		return 1;
	for (int i = 0; i < n; i++) {
		if (groups[i] == 0)
			return 2;
	}
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 3;
	if (!SANDBOX_SANITIZED && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 4;
	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
		return 5;
	return setuid(0) == 0 ? 6 : 0;
}

static int
has_no_privilege(void)
{
	/* root without CAP_CHOWN */
	if (chown(other, 12345, 12345) == 0)
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
}

START_TEST(drop_to_another_user_is_for_good)
{
	if (geteuid() != 0) {
		puts("skipped: only root can become another user");
		return;
	}
	ck_assert_int_eq(after_drop(NOBODY, false, true, is_changed), 0);
	ck_assert_int_eq(after_drop(NOBODY, true, true, is_changed), 0);
	ck_assert_int_ne(after_drop(NOBODY, false, true, become_root), 0);
	ck_assert_int_eq(
	    after_drop("no-such-user", false, true, is_changed), 253);
}
END_TEST

START_TEST(drop_keeps_only_the_lease)
{
	int ro = open(path(other, "data"), O_RDONLY | O_CLOEXEC);

	if (geteuid() != 0) {
		puts("skipped: only root has a capability to keep");
		close(ro);
		return;
	}
	close(data); /* a writer would refuse the lease */
	data = ro;
	ck_assert_int_eq(after_drop(NOBODY, true, true, lease_of_another), 0);
	ck_assert_int_eq(
	    after_drop(NOBODY, false, true, lease_of_another), EACCES);
	ck_assert_int_eq(after_drop(NULL, true, false, has_no_privilege), 0);
	ck_assert_int_eq(after_drop("root", false, false, has_no_privilege), 0);
}
END_TEST

START_TEST(an_ordinary_user_stays_and_is_told)
{
	pid_t child = fork();

	if (child == 0) {
		struct sandbox_level level = { .user = true };
		struct why why;

		if (geteuid() == 0)
			become_nobody();
		if (sandbox_drop("root", true, &level, &why) != GW_OK)
			_exit(1);
		_exit(level.user ? 2 : 0);
	}
	ck_assert_int_eq(wait_end(child), 0);
}
END_TEST

/* Start a process that dropped (or not) and waits; is it traceable by the
 * same user?  0: yes. */
static int
traced_by_same_user(bool dropped)
{
	pid_t target = fork(), tracer;
	int end;
	char c;

	if (target == 0) {
		struct sandbox_level level;
		struct why why;

		become_nobody();
		/* changing user made it undumpable already */
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		if (dropped && sandbox_drop(NULL, false, &level, &why) != GW_OK)
			_exit(1);
		(void)!write(shared[0], "r", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(shared[1], &c, 1), 1);
	if ((tracer = fork()) == 0) {
		become_nobody();
		_exit(errno_of(ptrace(PTRACE_SEIZE, target, NULL, NULL)));
	}
	end = wait_end(tracer);
	kill(target, SIGKILL);
	wait_end(target);
	return end;
}

START_TEST(nobody_of_the_same_user_can_trace_us)
{
	if (geteuid() != 0 || SANDBOX_SANITIZED) {
		puts("skipped: needs root and a build without sanitizers");
		return;
	}
	if (traced_by_same_user(false) != 0)
		puts("note: this system forbids tracing altogether");
	ck_assert_int_eq(traced_by_same_user(true), EPERM);
}
END_TEST

/* ---- Landlock ----------------------------------------------------------- */

static int abi; /* what the last after_files() put in force */

static int
after_files(const struct sandbox_folder *folder, size_t count,
    unsigned connect_port, act_fn act)
{
	pid_t child;
	int told[2], end;

	ck_assert_int_eq(pipe(told), 0);
	child = fork();
	if (child == 0) {
		struct sandbox_level level;
		struct why why;

		if (sandbox_files(folder, count, connect_port, &level, &why) !=
		    GW_OK)
			_exit(253);
		(void)!write(told[1], &level.landlock, sizeof(int));
		_exit(level.landlock > 0 ? act() : 255);
	}
	close(told[1]);
	end = wait_end(child);
	if (read(told[0], &abi, sizeof(abi)) != sizeof(abi))
		abi = 0;
	close(told[0]);
	return end;
}

static bool
has_landlock(int least)
{
	(void)after_files(NULL, 0, 0, open_spool);
	if (abi >= least)
		return true;
	printf("skipped: Landlock ABI %d here, %d is needed\n", abi, least);
	return false;
}

START_TEST(files_outside_are_out_of_reach)
{
	const struct sandbox_folder ours[] = { { spool, true },
		{ state, true } };

	if (!has_landlock(2))
		return;
	ck_assert_int_eq(after_files(ours, 2, 0, open_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, open_other), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, open_passwd), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, list_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, list_other), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, unlink_other), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, make_other), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, make_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, write_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, truncate_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, run_program), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, link_out), EACCES);
	ck_assert_int_eq(after_files(ours, 2, 0, watch_spool), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, lease_spool), 0);
	/* what was open stays open */
	ck_assert_int_eq(after_files(ours, 2, 0, read_data), 0);
	ck_assert_int_eq(after_files(NULL, 0, 0, open_spool), EACCES);
	ck_assert_int_eq(after_files(NULL, 0, 0, read_data), 0);
}
END_TEST

START_TEST(renames_stay_within_our_folders)
{
	const struct sandbox_folder ours[] = { { spool, true },
		{ state, true } };
	int end;

	if (!has_landlock(2))
		return;
	/* the kernel says EXDEV where a copy could still be allowed */
	end = after_files(ours, 2, 0, rename_out);
	ck_assert_msg(end == EXDEV || end == EACCES, "rename out: %d", end);
	end = after_files(ours, 2, 0, rename_in);
	ck_assert_msg(end == EXDEV || end == EACCES, "rename in: %d", end);
	ck_assert_int_eq(after_files(ours, 2, 0, claim), 0);
	ck_assert_int_eq(access(path(state, "a"), F_OK), 0);
}
END_TEST

START_TEST(a_folder_to_read_is_not_written)
{
	const struct sandbox_folder reading[] = { { spool, false },
		{ "/no/such/folder", false } };
	const struct sandbox_folder missing[] = { { "/no/such/folder", true } };

	if (!has_landlock(3))
		return;
	ck_assert_int_eq(after_files(reading, 2, 0, open_spool), 0);
	ck_assert_int_eq(after_files(reading, 2, 0, write_spool), EACCES);
	ck_assert_int_eq(after_files(reading, 2, 0, truncate_spool), EACCES);
	ck_assert_int_eq(after_files(reading, 2, 0, make_spool), EACCES);
	ck_assert_int_eq(after_files(reading, 2, 0, claim), EACCES);
	ck_assert_int_eq(after_files(missing, 1, 0, open_spool), 253);
}
END_TEST

START_TEST(a_single_file_can_be_allowed)
{
	const struct sandbox_folder one[] = { { path(other, "c"), false } };

	if (!has_landlock(1))
		return;
	ck_assert_int_eq(after_files(one, 1, 0, open_other), 0);
	ck_assert_int_eq(after_files(one, 1, 0, list_other), EACCES);
}
END_TEST

START_TEST(only_the_partners_port_is_connected_to)
{
	if (!has_landlock(4))
		return;
	ck_assert_int_eq(after_files(NULL, 0, port, connect_out), 0);
	ck_assert_int_eq(after_files(NULL, 0, port ^ 1, connect_out), EACCES);
	ck_assert_int_eq(after_files(NULL, 0, 0, connect_out), EACCES);
}
END_TEST

static int
connect_abstract(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "%s", root);
	return errno_of(connect(fd, (struct sockaddr *)&un, sizeof(un)));
}

START_TEST(outsiders_get_no_signal_and_no_abstract_connection)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!has_landlock(6)) {
		close(fd);
		return;
	}
	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "%s", root);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 2), 0);
	ck_assert_int_eq(connect_abstract(), 0); /* the twin: without */
	ck_assert_int_eq(after_files(NULL, 0, 0, connect_abstract), EPERM);
	ck_assert_int_eq(kill_parent(), 0);
	ck_assert_int_eq(after_files(NULL, 0, 0, kill_parent), EPERM);
	ck_assert_int_eq(after_files(NULL, 0, 0, abort_me), DIED(SIGABRT));
	close(fd);
}
END_TEST

/* ---- seccomp ------------------------------------------------------------ */

static int
after_calls(enum role role, act_fn act)
{
	pid_t child = fork();

	if (child == 0) {
		struct sandbox_level level;
		struct why why;

		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core files */
		if (sandbox_calls(role, &level, &why) != GW_OK)
			_exit(253);
		_exit(level.seccomp ? act() : 255);
	}
	return wait_end(child);
}

#define KILLED    DIED(SIGSYS)
#define SPOOLER   1u << ROLE_SPOOLER
#define KEYHOLDER 1u << ROLE_KEYHOLDER
#define SEALERS   (1u << ROLE_SEALER | 1u << ROLE_UNSEALER)
#define READERS   (1u << ROLE_VERIFIER | 1u << ROLE_INSPECTOR)
#define COURIER   1u << ROLE_COURIER
#define ALL       (SPOOLER | KEYHOLDER | SEALERS | READERS | COURIER)

/* Each act, the roles that may, and what happens in the others. */
static const struct {
	const char *name;
	act_fn act;
	unsigned may;
	int others;
} acts[] = {
	{ "ordinary work", ordinary_work, ALL, 0 },
	{ "pass a descriptor", pass_descriptor, ALL, 0 },
	{ "open", open_spool, SPOOLER, EACCES },
	{ "create", make_spool, SPOOLER, EACCES },
	{ "list", list_spool, SPOOLER, EACCES },
	{ "rename", claim, SPOOLER, KILLED },
	{ "watch", watch_spool, SPOOLER, KILLED },
	{ "lease", lease_spool, SPOOLER, EACCES },
	{ "unlink", unlink_other, SPOOLER, KILLED },
	{ "symlink", link_out, 0, KILLED },
	{ "read an open file", read_data, ALL & ~(KEYHOLDER), KILLED },
	{ "write an open file", write_data, SPOOLER | SEALERS | COURIER,
	    KILLED },
	{ "sync an open file", sync_data, SPOOLER | SEALERS | COURIER, KILLED },
	{ "execve", run_program, 0, KILLED },
	{ "fork", make_process, 0, KILLED },
	{ "connect", connect_shared, 0, KILLED },
	{ "send to an address", send_elsewhere, 0, KILLED },
	{ "kill", kill_parent, 0, KILLED },
	{ "tgkill", tgkill_parent, 0, KILLED },
	{ "ptrace", trace_parent, 0, KILLED },
	{ "setuid", become_root, 0, KILLED },
	{ "raise a limit", raise_limit, 0, KILLED },
	{ "map executable", executable_memory, 0, KILLED },
	{ "mprotect executable", memory_made_executable, 0, KILLED },
	{ "become dumpable", dump_again, 0, EPERM },
	{ "abort", abort_me, 0, DIED(SIGABRT) },
};

START_TEST(each_role_has_its_calls_and_no_other)
{
	enum role role = (enum role)_i;

	if (after_calls(role, ordinary_work) == NO_SANDBOX) {
		puts("skipped: no seccomp here");
		return;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		bool may = (acts[i].may & 1u << role) != 0;
		int end = after_calls(role, acts[i].act);

		ck_assert_msg(end == (may ? 0 : acts[i].others),
		    "%s: %s ended in %d", role_name(role), acts[i].name, end);
		/* what an allowed act changed */
		(void)rename(path(state, "a"), path(spool, "a"));
		(void)unlink(path(spool, "new"));
		put_file(other, "c");
		(void)!ftruncate(data, 0);
		ck_assert_int_eq(pwrite(data, "<a>1</a>", 8, 0), 8);
		fcntl(data, F_SETLEASE, F_UNLCK);
	}
	ck_assert_int_eq(after_calls(role, make_socket),
	    role == ROLE_COURIER ? EACCES : KILLED);
}
END_TEST

START_TEST(the_inspector_can_inspect)
{
	ck_assert_int_eq(xml_check(data, 8, &(struct why){ 0 }), GW_OK);
	if (after_calls(ROLE_INSPECTOR, ordinary_work) != NO_SANDBOX)
		ck_assert_int_eq(after_calls(ROLE_INSPECTOR, check_xml), 0);
}
END_TEST

START_TEST(the_supervisor_has_no_list)
{
	struct sandbox_level level = { .seccomp = true };
	struct why why;

	ck_assert_int_eq(sandbox_calls(ROLE_SUPERVISOR, &level, &why), GW_OK);
	ck_assert(!level.seccomp);
}
END_TEST

/* ---- the level ---------------------------------------------------------- */

START_TEST(less_than_required_is_refused)
{
	const struct sandbox_level none = { 0 }, calls = { .seccomp = true },
				   no_user = { .seccomp = true, .landlock = 7 },
				   full = { true, 7, true };
	struct why why = { 0 };

	ck_assert_int_eq(sandbox_enough(&none, CONFINE_ANY, &why), GW_OK);
	ck_assert_int_eq(
	    sandbox_enough(&none, CONFINE_SECCOMP, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_CONFIG);
	ck_assert_int_eq(sandbox_enough(&calls, CONFINE_SECCOMP, &why), GW_OK);
	ck_assert_int_eq(
	    sandbox_enough(&calls, CONFINE_FULL, &why), GW_REFUSED);
	ck_assert_int_eq(
	    sandbox_enough(&no_user, CONFINE_FULL, &why), GW_REFUSED);
	ck_assert_int_eq(sandbox_enough(&full, CONFINE_FULL, &why), GW_OK);
	ck_assert_int_eq(
	    sandbox_enough(&full, (enum config_confinement)9, &why),
	    GW_REFUSED);
}
END_TEST

START_TEST(the_level_as_text)
{
	const struct sandbox_level none = { 0 }, full = { true, 7, true },
				   some = { .landlock = 3 };
	char text[64];

	ck_assert_str_eq(sandbox_text(&none, text, sizeof(text)), "none");
	ck_assert_str_eq(
	    sandbox_text(&full, text, sizeof(text)), "user,landlock=7,seccomp");
	ck_assert_str_eq(sandbox_text(&some, text, sizeof(text)), "landlock=3");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, drop_to_another_user_is_for_good);
	tcase_add_test(t, drop_keeps_only_the_lease);
	tcase_add_test(t, an_ordinary_user_stays_and_is_told);
	tcase_add_test(t, nobody_of_the_same_user_can_trace_us);
	tcase_add_test(t, files_outside_are_out_of_reach);
	tcase_add_test(t, renames_stay_within_our_folders);
	tcase_add_test(t, a_folder_to_read_is_not_written);
	tcase_add_test(t, a_single_file_can_be_allowed);
	tcase_add_test(t, only_the_partners_port_is_connected_to);
	tcase_add_test(t, outsiders_get_no_signal_and_no_abstract_connection);
	tcase_add_loop_test(
	    t, each_role_has_its_calls_and_no_other, ROLE_SPOOLER, ROLE_COUNT);
	tcase_add_test(t, the_inspector_can_inspect);
	tcase_add_test(t, the_supervisor_has_no_list);
	tcase_add_test(t, less_than_required_is_refused);
	tcase_add_test(t, the_level_as_text);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
