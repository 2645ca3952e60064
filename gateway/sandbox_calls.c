/*
 * gateway/sandbox_calls.c - the system calls that each role may make.
 *
 * The lists are made of tables, one per need.  What stands in none of a role's
 * tables ends the process: a call that we did not think of is more likely an
 * attacker's than ours.  A few harmless ones that a library may try without
 * being asked get an errno instead, and the library goes another way.
 *
 * No role has execve, ptrace, clone, fork, bind, connect, listen or a way to
 * make memory executable.
 */
#include "gateway/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One permission: the call, and what one argument of it must be like. */
struct call {
	int nr; /* negative where this architecture has no such call */
	uint32_t action;
	enum scmp_compare op; /* 0: whatever the arguments */
	unsigned arg;
	uint64_t mask, value;
};

#define ALLOW(call)                                                            \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ALLOW, 0, 0, 0, 0                     \
	}
/* An int or flag argument: the upper half of the register is not ours. */
#define ALLOW_WITH(call, arg, value)                                           \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ALLOW, SCMP_CMP_MASKED_EQ, arg,       \
		    0xffffffff, value                                          \
	}
#define ALLOW_WITHOUT(call, arg, bits)                                         \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ALLOW, SCMP_CMP_MASKED_EQ, arg, bits, \
		    0                                                          \
	}
#define ALLOW_NULL(call, arg)                                                  \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ALLOW, SCMP_CMP_MASKED_EQ, arg,       \
		    UINT64_MAX, 0                                              \
	}
#define FAIL(call, error)                                                      \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ERRNO(error), 0, 0, 0, 0              \
	}
#define FAIL_UNLESS(call, arg, value, error)                                   \
	{                                                                      \
		SCMP_SYS(call), SCMP_ACT_ERRNO(error), SCMP_CMP_NE, arg,       \
		    value, 0                                                   \
	}
#define END                                                                    \
	{                                                                      \
		0, SCMP_ACT_KILL_PROCESS, 0, 0, 0, 0                           \
	}

/* Every role: memory, time, messages, and an orderly or disorderly end. */
static const struct call base[] = {
	ALLOW(read), /* descriptors that it was given */
	ALLOW(close),
	ALLOW(fstat),
	/* fstat() of some C libraries; with a path see no_paths */
	ALLOW_WITH(newfstatat, 3, AT_EMPTY_PATH),
	ALLOW(recvmsg), /* the channels of msg.c, descriptors with them */
	ALLOW(sendmsg),
	ALLOW(recvfrom),       /* recv() */
	ALLOW_NULL(sendto, 4), /* send(): no address, so no new peer */
	ALLOW(poll),           /* waiting for the next message */
	ALLOW(ppoll),
	ALLOW(restart_syscall), /* poll() after a stop and continue */
	ALLOW(brk),             /* malloc */
	ALLOW_WITHOUT(mmap, 2, PROT_EXEC),
	ALLOW_WITHOUT(mprotect, 2, PROT_EXEC),
	ALLOW(mremap),
	ALLOW(munmap),
	ALLOW(madvise),
	ALLOW(futex), /* locks of stdio and malloc */
	ALLOW(getrandom),
	ALLOW(getrusage),     /* libgcrypt stirs its random numbers with it */
	ALLOW(clock_gettime), /* where there is no vDSO */
	ALLOW(clock_getres),
	ALLOW(gettimeofday),
	ALLOW(time),
	ALLOW(clock_nanosleep), /* usleep() in waiting loops of libraries */
	ALLOW(nanosleep),
	ALLOW_WITH(fcntl, 1, F_GETFL), /* fd_set_nonblock, fd_set_cloexec */
	ALLOW_WITH(fcntl, 1, F_SETFL),
	ALLOW_WITH(fcntl, 1, F_GETFD),
	ALLOW_WITH(fcntl, 1, F_SETFD),
	ALLOW_WITH(fcntl, 1, F_DUPFD_CLOEXEC),
	ALLOW(rt_sigaction), /* abort() resets SIGABRT; tgkill see below */
	ALLOW(rt_sigprocmask),
	ALLOW(rt_sigreturn),
	ALLOW(getpid), /* abort(), and random generators against forks */
	ALLOW(gettid),
	ALLOW(getppid), /* is the supervisor still there? */
	ALLOW(getuid),  /* libraries ask whether they are setuid */
	ALLOW(geteuid),
	ALLOW(getgid),
	ALLOW(getegid),
	ALLOW(getrlimit),         /* sysconf() */
	ALLOW_NULL(prlimit64, 2), /* reading limits, not setting them */
	ALLOW(sysinfo),           /* qsort() asks how much memory there is */
	ALLOW(sched_getaffinity), /* how many processors: OpenSSL, libxml2 */
	ALLOW(sched_yield),       /* spinning locks of libraries */
	FAIL(ioctl, ENOTTY),      /* stdio asks whether it is a terminal */
	FAIL(prctl, EPERM),       /* allocators that name their memory */
	ALLOW(exit),
	ALLOW(exit_group),
	END,
};

/* Roles that hand out nothing but messages: the log, and last words. */
static const struct call log_only[] = {
	ALLOW_WITH(write, 0, STDERR_FILENO),
	ALLOW_WITH(writev, 0, STDERR_FILENO), /* glibc's own, before abort() */
	END,
};

/* Documents to read, by descriptors that were passed. */
static const struct call reading[] = {
	ALLOW(pread64),
	ALLOW(readv),
	ALLOW(lseek),
	ALLOW(fadvise64), /* read ahead; drop what was read */
	END,
};

/* Documents to write, the same way. */
static const struct call writing[] = {
	ALLOW(write),
	ALLOW(writev),
	ALLOW(pwrite64),
	ALLOW(ftruncate),
	ALLOW(fallocate), /* learn of a full disk before the work */
	ALLOW(fsync),
	ALLOW(fdatasync),
	ALLOW(sync_file_range), /* start writing early, so fsync is short */
	END,
};

/*
 * Roles that can open nothing.  Not the end of the process but a failure,
 * since libraries look for optional files whenever they like: character sets
 * and time zones (glibc), openssl.cnf, the user's ssh_config.
 */
static const struct call no_paths[] = {
	FAIL(open, EACCES),
	FAIL(openat, EACCES),
	FAIL(access, EACCES),
	FAIL(faccessat, EACCES),
	FAIL(faccessat2, EACCES),
	FAIL(stat, EACCES),
	FAIL(lstat, EACCES),
	FAIL_UNLESS(newfstatat, 3, AT_EMPTY_PATH, EACCES),
	FAIL(statx, EACCES),
	FAIL(readlink, EACCES),
	FAIL(readlinkat, EACCES),
	FAIL(getcwd, EACCES),
	END,
};

/* keyholder: keys never reach swap space */
static const struct call locked_memory[] = {
	ALLOW(mlock),
	ALLOW(mlock2),
	ALLOW(munlock),
	END,
};

/* libevent, and pipes and clocks to wake it */
static const struct call events[] = {
	ALLOW(epoll_create1),
	ALLOW(epoll_ctl),
	ALLOW(epoll_wait),
	ALLOW(epoll_pwait),
	ALLOW(epoll_pwait2),
	ALLOW(timerfd_create),
	ALLOW(timerfd_settime),
	ALLOW(eventfd2),
	ALLOW(pipe2),
	ALLOW(select), /* libraries that wait for one descriptor */
	ALLOW(pselect6),
	END,
};

/* spooler: the folders that Landlock left, the ledger, the admin socket */
static const struct call keeping[] = {
	ALLOW(openat),
	ALLOW(open),    /* SQLite, by some C libraries */
	ALLOW(openat2), /* beneath a folder, following no link */
	ALLOW(newfstatat),
	ALLOW(stat),
	ALLOW(lstat),
	ALLOW(statx),
	ALLOW(access), /* SQLite looks for a journal */
	ALLOW(faccessat),
	ALLOW(faccessat2),
	ALLOW(readlink), /* SQLite resolves the ledger's path */
	ALLOW(readlinkat),
	ALLOW(getcwd),
	ALLOW(statfs),
	ALLOW(fstatfs), /* network file system?  free space? */
	ALLOW(getdents64),
	ALLOW(renameat), /* published files are never replaced: renameat2 */
	ALLOW(renameat2),
	ALLOW(rename),
	ALLOW(unlink),
	ALLOW(unlinkat),
	ALLOW(mkdir),
	ALLOW(mkdirat),
	ALLOW(rmdir),
	ALLOW(fchmod), /* delivered files for their readers */
	ALLOW(fchmodat),
	ALLOW(fchown), /* SQLite as root gives its files the ledger's owner */
	ALLOW(fchownat),
	ALLOW(utimensat),
	ALLOW(umask),
	ALLOW(inotify_init1),
	ALLOW(inotify_add_watch),
	ALLOW(inotify_rm_watch),
	ALLOW_WITH(fcntl, 1, F_SETLEASE), /* is a writer left? */
	ALLOW_WITH(fcntl, 1, F_GETLEASE),
	ALLOW_WITH(fcntl, 1, F_SETLK), /* SQLite, and the ledger's own lock */
	ALLOW_WITH(fcntl, 1, F_SETLKW),
	ALLOW_WITH(fcntl, 1, F_GETLK),
	ALLOW_WITH(fcntl, 1, F_OFD_SETLK),
	ALLOW_WITH(fcntl, 1, F_OFD_SETLKW),
	ALLOW_WITH(fcntl, 1, F_OFD_GETLK),
	ALLOW(flock),
	ALLOW(copy_file_range), /* claims across file systems */
	ALLOW(msync),
	ALLOW(accept4), /* administrators, on the socket we were given */
	ALLOW(getsockopt),
	ALLOW(getsockname),
	ALLOW(shutdown),
	END,
};

/* courier: the one connection that it opened before */
static const struct call connected[] = {
	ALLOW(getsockopt),
	ALLOW(setsockopt),
	ALLOW(getsockname),
	ALLOW(getpeername),
	ALLOW(shutdown),
	ALLOW(uname),
	/* libssh asks for the home folder, glibc then tries to reach a name
	 * service cache before it tries files */
	FAIL(socket, EACCES),
	END,
};

#if SANDBOX_SANITIZED
/* Only in builds with sanitizers: their reports and their bookkeeping. */
static const struct call sanitizer[] = {
	ALLOW(sigaltstack),
	ALLOW(pipe),
	ALLOW(pipe2), /* is this address readable? */
	END,
};
#endif

#define TABLES_MAX 8

static const struct call *const lists[ROLE_COUNT][TABLES_MAX] = {
	/* supervisor: starts programs and opens the configuration, so a list
	 * would keep nothing out; it parses no byte of a partner's */
	[ROLE_SPOOLER] = { base, reading, writing, events, keeping },
	[ROLE_KEYHOLDER] = { base, log_only, locked_memory, no_paths },
	[ROLE_SEALER] = { base, reading, writing, no_paths },
	[ROLE_UNSEALER] = { base, reading, writing, no_paths },
	[ROLE_VERIFIER] = { base, reading, log_only, no_paths },
	[ROLE_INSPECTOR] = { base, reading, log_only, no_paths },
	[ROLE_COURIER] = { base, reading, writing, events, connected,
	    no_paths },
};

static int
add_call(scmp_filter_ctx filter, const struct call *c)
{
	struct scmp_arg_cmp cmp = {
		.arg = c->arg,
		.op = c->op,
		.datum_a = c->mask, /* the value where nothing is masked */
		.datum_b = c->value,
	};

	/* A call that this architecture does not have is passed over. */
	return seccomp_rule_add_array(filter, c->action, c->nr,
	    c->op != 0 ? 1 : 0, c->op != 0 ? &cmp : NULL);
}

static int
add_table(scmp_filter_ctx filter, const struct call *table)
{
	int err = 0;

	for (; err == 0 && table->action != SCMP_ACT_KILL_PROCESS; table++)
		err = add_call(filter, table);
	return err;
}

/* abort() and raise(): a signal to this process and to no other. */
static int
add_own_signals(scmp_filter_ctx filter)
{
	struct scmp_arg_cmp self = {
		.arg = 0,
		.op = SCMP_CMP_EQ,
		.datum_a = (scmp_datum_t)getpid(),
	};

	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &self);
}

static int
fill(scmp_filter_ctx filter, enum role role)
{
	int err = add_own_signals(filter);

	for (unsigned i = 0; err == 0 && i < TABLES_MAX; i++) {
		if (lists[role][i] != NULL)
			err = add_table(filter, lists[role][i]);
	}
#if SANDBOX_SANITIZED
	if (err == 0)
		err = add_table(filter, sanitizer);
#endif
	/* Other architectures' calls (i386, x32) have other numbers. */
	if (err == 0)
		err = seccomp_attr_set(
		    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* Threads that are there already, too. */
	if (err == 0)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* The kernel's own errno instead of "system failure". */
	if (err == 0)
		err = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* A tree instead of a chain: the same check in six comparisons. */
	if (err == 0)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return err;
}

enum gw_status
sandbox_calls(enum role role, struct sandbox_level *level, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	scmp_filter_ctx filter;
	int err;

	level->seccomp = false;
	if ((unsigned)role >= ROLE_COUNT)
		gw_fatal("sandbox: no such role");
	if (role == ROLE_SUPERVISOR)
		return GW_OK;
	if ((filter = seccomp_init(SCMP_ACT_KILL_PROCESS)) == NULL) {
		why_set(why, REASON_INTERNAL, "sandbox: out of memory");
		return GW_AGAIN;
	}
	if ((err = fill(filter, role)) != 0) {
		why_set(why, REASON_INTERNAL, "sandbox: the list of calls: %s",
		    strerror(-err));
		goto release;
	}
	err = seccomp_load(filter);
	/* A kernel without filters is no error; the level tells. */
	if (err != 0 && err != -EINVAL && err != -ENOSYS &&
	    err != -EOPNOTSUPP) {
		why_set(why, REASON_INTERNAL, "sandbox: seccomp: %s",
		    strerror(-err));
		goto release;
	}
	level->seccomp = err == 0;
	st = GW_OK;
release:
	seccomp_release(filter);
	return st;
}
