/* gateway/sandbox.c - give up everything that a role does not need. */
#include "gateway/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- user and capabilities ---------------------------------------------- */

static enum gw_status
failed(struct why *why, const char *what)
{
	why_errno(why, REASON_INTERNAL, "sandbox: %s", what);
	return GW_INTERNAL;
}

/*
 * By system call, since libcap would be one more library for two calls.
 * Version 3 of the interface has two words of 32 capabilities each.
 */
static bool
caps_get(struct __user_cap_data_struct caps[2])
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	memset(caps, 0, 2 * sizeof(caps[0]));
	return syscall(SYS_capget, &head, caps) == 0;
}

static bool
caps_set(const struct __user_cap_data_struct caps[2])
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return syscall(SYS_capset, &head, caps) == 0;
}

/* Keep nothing but, when asked and when we have it, CAP_LEASE. */
static bool
caps_drop(bool keep_lease)
{
	struct __user_cap_data_struct have[2], want[2] = { { 0 } };

	if (!caps_get(have))
		return false;
	if (keep_lease)
		want[0].permitted = have[0].permitted & 1u << CAP_LEASE;
	want[0].effective = want[0].permitted;
	return caps_set(want);
}

/*
 * What an exec could ever bring back.  EPERM: not root, and then
 * no_new_privs is the lock.  EINVAL: beyond this kernel's last capability.
 */
static bool
caps_drop_bounding(void)
{
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL || errno == EPERM)
			break;
		return false;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 &&
	    errno != EINVAL)
		return false;
	return true;
}

static enum gw_status
user_find(const char *user, uid_t *uid, gid_t *gid, struct why *why)
{
	struct passwd pw, *found = NULL;
	char room[16384];
	int err = getpwnam_r(user, &pw, room, sizeof(room), &found);

	if (found == NULL) {
		errno = err;
		if (err != 0)
			why_errno(why, REASON_CONFIG, "user %s", user);
		else
			why_set(why, REASON_CONFIG,
			    "there is no user %s on this system", user);
		return GW_REFUSED;
	}
	*uid = pw.pw_uid;
	*gid = pw.pw_gid;
	return GW_OK;
}

/* All three ids of both kinds, and the groups of that user alone. */
static enum gw_status
user_become(
    const char *user, uid_t uid, gid_t gid, bool keep_lease, struct why *why)
{
	/* The change of all user ids empties the permitted set otherwise. */
	if (keep_lease && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return failed(why, "PR_SET_KEEPCAPS");
	if (initgroups(user, gid) != 0)
		return failed(why, "initgroups");
	if (setresgid(gid, gid, gid) != 0)
		return failed(why, "setresgid");
	if (setresuid(uid, uid, uid) != 0)
		return failed(why, "setresuid");
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
		return failed(why, "PR_SET_KEEPCAPS");
	return GW_OK;
}

/* There is no way back, or there is no process. */
static void
user_prove(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) != 0 || r != uid || e != uid || s != uid)
		gw_fatal("sandbox: the user was not changed");
	if (getresgid(&rg, &eg, &sg) != 0 || rg != gid || eg != gid ||
	    sg != gid)
		gw_fatal("sandbox: the group was not changed");
	if (uid != 0 &&
	    (setresuid((uid_t)-1, 0, (uid_t)-1) == 0 || setuid(0) == 0))
		gw_fatal("sandbox: root could be taken back");
	if (gid != 0 &&
	    (setresgid((gid_t)-1, 0, (gid_t)-1) == 0 || setgid(0) == 0))
		gw_fatal("sandbox: root's group could be taken back");
}

static void
caps_prove(bool keep_lease)
{
	struct __user_cap_data_struct caps[2];
	uint32_t allowed = keep_lease ? 1u << CAP_LEASE : 0;

	if (!caps_get(caps) || (caps[0].permitted & ~allowed) != 0 ||
	    (caps[0].effective & ~allowed) != 0 || caps[0].inheritable != 0 ||
	    caps[1].permitted != 0 || caps[1].effective != 0 ||
	    caps[1].inheritable != 0)
		gw_fatal("sandbox: a capability was left");
	/* Asking for one more must fail; so must the old favourite. */
	caps[0].permitted |= 1u << CAP_SETUID;
	if (caps_set(caps))
		gw_fatal("sandbox: a capability could be taken back");
}

enum gw_status
sandbox_drop(const char *user, bool keep_lease, struct sandbox_level *level,
    struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	uid_t uid = getuid();
	gid_t gid = getgid();
	bool change = false;

	/* An ordinary user cannot become another; the level tells, and
	 * require-confinement decides whether that is enough. */
	if (user != NULL && geteuid() == 0) {
		if ((st = user_find(user, &uid, &gid, why)) != GW_OK)
			return st;
		change = uid != getuid();
	}
	if (!caps_drop_bounding())
		return failed(why, "bounding set");
	if (change &&
	    (st = user_become(user, uid, gid, keep_lease, why)) != GW_OK)
		return st;
	if (!caps_drop(keep_lease))
		return failed(why, "capset");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(why, "PR_SET_NO_NEW_PRIVS");
	/*
	 * No core file with somebody's invoice in it, and nobody of the same
	 * user may ptrace us.  It also makes /proc/self belong to root, which
	 * nothing here reads but the sanitizers.
	 */
	if (!SANDBOX_SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(why, "PR_SET_DUMPABLE");
	if (change)
		user_prove(uid, gid);
	caps_prove(keep_lease);
	level->user = change;
	return GW_OK;
}

/* ---- Landlock ----------------------------------------------------------- */

/*
 * The kernel's interface grows by numbers (landlock(7)); the headers of the
 * oldest system that we build on know ABI 2.  So what came later is written
 * down here, and the kernel that runs is asked which of it it has.
 */
#define LANDLOCK_ABI_LAST 7
#ifndef LANDLOCK_ACCESS_FS_REFER /* ABI 2 */
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE /* ABI 3 */
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP /* ABI 4 */
#define LANDLOCK_ACCESS_NET_BIND_TCP    (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV /* ABI 5 */
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET /* ABI 6 */
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL               (1ULL << 1)
#endif
#define RULE_NET_PORT 2 /* an enum in newer headers, so no #ifndef: ABI 4 */

/* As the newest kernel has them; an older one wants the tail zero. */
struct ruleset {
	uint64_t fs, net, scoped;
};
struct net_rule {
	uint64_t allowed, port;
};

#define FS_ABI_1 ((1ULL << 13) - 1) /* EXECUTE up to MAKE_SYM */
#define FS_READ  (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/*
 * REFER, since a claim and a delivery are renames between folders.  Links,
 * pipes, sockets and devices, so that one that somebody put in a drop folder
 * can be moved aside: the calls that would make one are not on the list.
 */
#define FS_WRITE                                                               \
	(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE |                             \
	    LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE |     \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |      \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |        \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK |      \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK |     \
	    LANDLOCK_ACCESS_FS_REFER)
/* What may be asked for a thing that is no folder. */
#define FS_FILE                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	    LANDLOCK_ACCESS_FS_TRUNCATE)

static struct ruleset
ruleset_for(int abi)
{
	struct ruleset r = { .fs = FS_ABI_1 };

	if (abi >= 2)
		r.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r.fs |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (abi >= 4)
		r.net = LANDLOCK_ACCESS_NET_BIND_TCP |
			LANDLOCK_ACCESS_NET_CONNECT_TCP;
	if (abi >= 5)
		r.fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (abi >= 6)
		r.scoped =
		    LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
	/* ABI 7 only adds what the audit log is told; its defaults are ours */
	return r;
}

static size_t
ruleset_size(int abi)
{
	if (abi < 4)
		return sizeof(uint64_t);
	return abi < 6 ? 2 * sizeof(uint64_t) : sizeof(struct ruleset);
}

static enum gw_status
folder_allow(int rules, const struct ruleset *handled,
    const struct sandbox_folder *f, struct why *why)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = f->write ? FS_WRITE : FS_READ,
	};
	enum gw_status st = GW_INTERNAL;
	struct stat sb;

	rule.parent_fd = open(f->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0) {
		/* What is not there needs no permission; but a folder to
		 * write in must not turn up later and stay closed. */
		if (errno == ENOENT && !f->write)
			return GW_OK;
		why_errno(why, REASON_INTERNAL, "sandbox: %s", f->path);
		return GW_INTERNAL;
	}
	rule.allowed_access &= handled->fs;
	if (fstat(rule.parent_fd, &sb) == 0 && !S_ISDIR(sb.st_mode))
		rule.allowed_access &= FS_FILE;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) == 0)
		st = GW_OK;
	else
		why_errno(
		    why, REASON_INTERNAL, "sandbox: allowing %s", f->path);
	close(rule.parent_fd);
	return st;
}

static enum gw_status
port_allow(
    int rules, const struct ruleset *handled, unsigned port, struct why *why)
{
	struct net_rule rule = {
		.allowed = LANDLOCK_ACCESS_NET_CONNECT_TCP,
		.port = port,
	};

	if (port == 0 || handled->net == 0)
		return GW_OK;
	if (syscall(SYS_landlock_add_rule, rules, RULE_NET_PORT, &rule, 0) != 0)
		return failed(why, "allowing the port");
	return GW_OK;
}

static enum gw_status
rules_fill(int rules, const struct ruleset *handled,
    const struct sandbox_folder *folder, size_t count, unsigned connect_port,
    struct why *why)
{
	static const struct sandbox_folder proc = { "/proc", false };
	enum gw_status st = port_allow(rules, handled, connect_port, why);

	for (size_t i = 0; st == GW_OK && i < count; i++)
		st = folder_allow(rules, handled, &folder[i], why);
	/* The address sanitizer reads its own maps when it reports. */
	if (st == GW_OK && SANDBOX_SANITIZED)
		st = folder_allow(rules, handled, &proc, why);
	return st;
}

/* ABI 1 forbids every rename between folders, which is the spooler's work. */
static bool
abi_enough(int abi, const struct sandbox_folder *folder, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (folder[i].write && abi < 2)
			return false;
	}
	return abi >= 1;
}

enum gw_status
sandbox_files(const struct sandbox_folder *folder, size_t count,
    unsigned connect_port, struct sandbox_level *level, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	struct ruleset handled;
	int rules;
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	level->landlock = 0;
	if (abi > LANDLOCK_ABI_LAST)
		abi = LANDLOCK_ABI_LAST;
	if (!abi_enough(abi, folder, count))
		return GW_OK;
	handled = ruleset_for(abi);
	rules = (int)syscall(
	    SYS_landlock_create_ruleset, &handled, ruleset_size(abi), 0);
	if (rules < 0)
		return failed(why, "landlock_create_ruleset");
	st = rules_fill(rules, &handled, folder, count, connect_port, why);
	if (st != GW_OK)
		goto close_rules;
	/* Needed by the kernel from whoever has no CAP_SYS_ADMIN. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_landlock_restrict_self, rules, 0) != 0) {
		st = failed(why, "landlock_restrict_self");
		goto close_rules;
	}
	level->landlock = abi;
close_rules:
	close(rules);
	return st;
}

/* ---- what came of it ---------------------------------------------------- */

enum gw_status
sandbox_enough(const struct sandbox_level *level, enum config_confinement need,
    struct why *why)
{
	char text[64];
	bool enough = false;

	switch (need) {
	case CONFINE_ANY:
		enough = true;
		break;
	case CONFINE_SECCOMP:
		enough = level->seccomp;
		break;
	case CONFINE_FULL:
		enough = level->seccomp && level->landlock > 0 && level->user;
		break;
	}
	if (enough)
		return GW_OK;
	why_set(why, REASON_CONFIG,
	    "require-confinement asks for more than this system gives (%s)",
	    sandbox_text(level, text, sizeof(text)));
	return GW_REFUSED;
}

const char *
sandbox_text(const struct sandbox_level *level, char *out, size_t size)
{
	char landlock[24] = "";

	if (level->landlock > 0)
		snprintf(landlock, sizeof(landlock), ",landlock=%d",
		    level->landlock);
	snprintf(out, size, "%s%s%s", level->user ? ",user" : "", landlock,
	    level->seccomp ? ",seccomp" : "");
	if (out[0] == ',')
		memmove(out, out + 1, strlen(out));
	else
		snprintf(out, size, "none");
	return out;
}
