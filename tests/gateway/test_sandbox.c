/* Goal: what a role must not be able to do dies or fails; its work works. */
#include "keys/packets/second_thread.h"
#include "tests/gateway/acts.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY "nobody"

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
	/* a link that somebody dropped must be moved aside; making one is
	 * what the list of calls forbids, see below */
	ck_assert_int_eq(symlink("/etc/passwd", path(spool, "link")), 0);
	ck_assert_int_eq(after_files(ours, 2, 0, move_link), 0);
	ck_assert_int_eq(unlink(path(state, "link")), 0);
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

/* ---- the second thread -------------------------------------------------- */

#define NOT_YET 250

static act_fn elsewhere_act;
static atomic_int elsewhere_end;

static void
act_elsewhere(void *unused)
{
	(void)unused;
	/* the first thread would have the process's own number */
	elsewhere_end = syscall(SYS_gettid) == getpid() ? 251 : elsewhere_act();
}

/* Confined in the order of opening_seclude_two(); then the act, elsewhere. */
static int
on_second_thread(const enum role *calls_of, act_fn act)
{
	pid_t child = fork();

	if (child == 0) {
		struct second_job job = { .run = act_elsewhere };
		struct sandbox_level level = { 0 };
		struct why why;

		elsewhere_act = act;
		elsewhere_end = NOT_YET;
		if (sandbox_drop(NULL, false, &level, &why) != GW_OK ||
		    sandbox_files(NULL, 0, 0, &level, &why) != GW_OK ||
		    !second_thread_start() ||
		    (calls_of != NULL &&
			sandbox_calls(*calls_of, &level, &why) != GW_OK))
			_exit(253);
		second_thread_give(&job);
		/* waiting for the job, we would do it ourselves */
		while (elsewhere_end == NOT_YET)
			usleep(1000);
		_exit(elsewhere_end);
	}
	return wait_end(child);
}

static bool
two_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 &&
	       CPU_COUNT(&set) > 1;
}

static int
privileges_elsewhere(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2] = { { 0 } };

	/* neither call is on any list, so it is asked before */
	if (syscall(SYS_capget, &head, caps) != 0)
		return errno;
	return caps[0].effective != 0 || caps[0].permitted != 0;
}

START_TEST(the_second_thread_is_as_confined)
{
	static const enum role roles[] = { ROLE_SEALER, ROLE_UNSEALER,
		ROLE_VERIFIER };

	if (!two_processors() ||
	    after_calls(ROLE_SEALER, ordinary_work) == NO_SANDBOX) {
		puts("skipped: no seccomp here, or one processor");
		return;
	}
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		const enum role *r = &roles[i];

		ck_assert_int_eq(on_second_thread(r, read_data), 0);
		ck_assert_int_eq(on_second_thread(r, open_spool), EACCES);
		ck_assert_int_eq(on_second_thread(r, make_process), KILLED);
		ck_assert_int_eq(on_second_thread(r, run_program), KILLED);
		ck_assert_int_eq(on_second_thread(r, connect_shared), KILLED);
		ck_assert_int_eq(
		    on_second_thread(r, executable_memory), KILLED);
	}
	/* what it inherits, before there is a list of calls */
	ck_assert_int_eq(on_second_thread(NULL, privileges_elsewhere), 0);
	if (has_landlock(1))
		ck_assert_int_eq(on_second_thread(NULL, open_spool), EACCES);
}
END_TEST

START_TEST(the_inspector_can_inspect)
{
	static const char latin[] =
	    "<?xml version='1.0' encoding='ISO-8859-15'?><a>\xa4</a>";

	if (after_calls(ROLE_INSPECTOR, ordinary_work) == NO_SANDBOX)
		return;
	ck_assert_int_eq(after_calls(ROLE_INSPECTOR, check_xml), 0);
	/* another character set, loaded before the sandbox closed */
	ck_assert_int_eq(
	    pwrite(data, latin, strlen(latin), 0), (ssize_t)strlen(latin));
	xml_start();
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
	tcase_add_test(t, the_second_thread_is_as_confined);
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
