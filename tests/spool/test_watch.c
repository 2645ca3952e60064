/* Goal: every finished file is found, however many come at once, and none
 * that is still written, foreign to the rules, or no file at all. */
#include "tests/spool/desk.h"

#include "spool/claim.h"
#include "spool/lease.h"
#include "spool/watch_names.h"
#include "tests/spool/small_disk.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ORDERS "spool/out/acme/orders"
#define FINDS  64

static struct watch *watch;
static struct watch_find finds[FINDS];
static int number;

static struct watch_folder
orders(enum watch_rule rule)
{
	struct watch_folder f = { .tree = TREE_OUT,
		.partner = "acme",
		.flow = "orders",
		.rule = rule };

	return f;
}

static void
look_after(const struct watch_folder *f)
{
	MUST(watch_add(watch, f, &number, &place_why));
}

static void
setup(void)
{
	desk_make();
	MUST(watch_new(desk, &watch, &place_why));
}

static void
teardown(void)
{
	watch_free(watch);
	desk_remove();
}

/* What the next ms bring, waiting as the gateway does. */
static size_t
wait_finds(int ms)
{
	int64_t end = clock_mono_ms() + ms;

	for (;;) {
		struct pollfd p = { .fd = watch_fd(watch), .events = POLLIN };
		int64_t left = end - clock_mono_ms();
		bool more;
		size_t n;

		watch_hint(watch);
		n = watch_next(watch, finds, FINDS, &more);
		if (n > 0 || left <= 0)
			return n;
		if (watch_timeout(watch) < left)
			left = watch_timeout(watch);
		if (!more)
			(void)poll(&p, 1, (int)left);
	}
}

static void
expect(const char *name)
{
	size_t n = wait_finds(3000);

	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(finds[0].name, name);
	ck_assert_msg(!finds[0].refused, "%s", finds[0].why.text);
}

static void
expect_refused(const char *name, enum gw_reason reason)
{
	size_t n = wait_finds(3000);

	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(finds[0].name, name);
	ck_assert(finds[0].refused);
	ck_assert_int_eq(finds[0].why.reason, reason);
	ck_assert_str_ne(finds[0].why.text, "");
}

/* All that is settled by now is nothing: the first scan is over. */
static void
expect_nothing(int ms)
{
	size_t n = wait_finds(ms);

	ck_assert_msg(n == 0, "found %s", finds[0].name);
}

static void
take(const struct watch_find *f)
{
	uint64_t size;
	int fd;

	MUST(claim_take(desk, f, docid_new(), &fd, &size, &place_why));
	close(fd);
}

START_TEST(test_found_by_scan_and_by_event)
{
	struct watch_folder f = orders(WATCH_RENAME);

	put(ORDERS, "before", "12345");
	look_after(&f);
	expect("before");
	ck_assert_uint_eq(finds[0].size, 5);
	ck_assert_str_eq(finds[0].folder->flow, "orders");
	take(&finds[0]);
	put(ORDERS, "written", "x");
	expect("written");
	take(&finds[0]);
	put(".", "elsewhere", "x");
	ck_assert_int_eq(rename(place_path("elsewhere", NULL, NULL),
			     place_path(ORDERS, "moved in", NULL)),
	    0);
	expect("moved in");
	take(&finds[0]);
	/* The same name again is another document. */
	put(ORDERS, "written", "y");
	expect("written");
	take(&finds[0]);
	expect_nothing(150);
	ck_assert_ptr_null(watch_degraded(watch, number));
}
END_TEST

/* Published by link(): no close event ever comes. */
START_TEST(test_tmpfile_and_link)
{
	struct watch_folder f = orders(WATCH_RENAME);
	char fd_path[64];
	int fd;

	look_after(&f);
	expect_nothing(0);
	fd = open(place_path(ORDERS, NULL, NULL), O_TMPFILE | O_WRONLY, 0600);
	if (fd < 0)
		return;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	ck_assert_int_eq(
	    linkat(AT_FDCWD, fd_path, AT_FDCWD,
		place_path(ORDERS, "linked", NULL), AT_SYMLINK_FOLLOW),
	    0);
	close(fd);
	expect("linked");
}
END_TEST

START_TEST(test_temporary_names_are_passed_over)
{
	static const char *const names[] = { ".hidden", "a.tmp", "b.PART",
		"c.filepart", ".x.part" };
	struct watch_folder f = orders(WATCH_RENAME);

	put(ORDERS, ".early", "x");
	mkdir(place_path(ORDERS, "folder", NULL), 0755);
	look_after(&f);
	expect_nothing(0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put(ORDERS, names[i], "x");
	mkdir(place_path(ORDERS, "later", NULL), 0755);
	expect_nothing(200);
	ck_assert_int_eq(rename(place_path(ORDERS, ".x.part", NULL),
			     place_path(ORDERS, "x", NULL)),
	    0);
	expect("x");
}
END_TEST

START_TEST(test_growing_file_waits_for_its_writer)
{
	struct watch_folder f = orders(WATCH_RENAME);
	int fd, second;

	look_after(&f);
	expect_nothing(0);
	fd =
	    open(place_path(ORDERS, "growing", NULL), O_WRONLY | O_CREAT, 0600);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(write(fd, "more", 4), 4);
		expect_nothing(80);
	}
	/* A second writer closes, the first one is still there. */
	second = open(place_path(ORDERS, "growing", NULL), O_WRONLY);
	close(second);
	expect_nothing(150);
	ck_assert_int_gt(watch_timeout(watch), 0);
	close(fd);
	expect("growing");
	ck_assert_uint_eq(finds[0].size, 16);
}
END_TEST

/* The writer was there before us, and its close tells nothing new to a scan. */
START_TEST(test_writer_found_by_the_scan)
{
	struct watch_folder f = orders(WATCH_RENAME);
	int fd =
	    open(place_path(ORDERS, "slow", NULL), O_WRONLY | O_CREAT, 0600);

	look_after(&f);
	expect_nothing(50);
	/* It is renamed meanwhile: only the new name counts. */
	ck_assert_int_eq(rename(place_path(ORDERS, "slow", NULL),
			     place_path(ORDERS, "renamed", NULL)),
	    0);
	expect_nothing(50);
	close(fd);
	expect("renamed");
}
END_TEST

START_TEST(test_a_writer_that_meets_our_lease)
{
	int fd, status;
	pid_t child;

	put(ORDERS, "a", "x");
	fd = open(place_path(ORDERS, "a", NULL), O_RDONLY);
	ck_assert_int_eq(fcntl(fd, F_SETLEASE, F_RDLCK), 0);
	if ((child = fork()) == 0)
		_exit(open(place_path(ORDERS, "a", NULL),
			  O_WRONLY | O_NONBLOCK) < 0 &&
		      errno == EAGAIN);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	/* SIGIO came and did not end us. */
	ck_assert_int_eq(fcntl(fd, F_SETLEASE, F_UNLCK), 0);
	ck_assert_int_eq(lease_ask(fd), LEASE_FREE);
	close(fd);
}
END_TEST

START_TEST(test_quiet_rule)
{
	struct watch_folder f = orders(WATCH_QUIET);
	int64_t written;
	int fd;

	f.quiet_ms = 400;
	look_after(&f);
	expect_nothing(0);
	fd = open(place_path(ORDERS, "a", NULL), O_WRONLY | O_CREAT, 0600);
	close(fd);
	expect_nothing(200);
	/* Written to again in between: it has to be quiet anew. */
	fd = open(place_path(ORDERS, "a", NULL), O_WRONLY);
	written = clock_mono_ms();
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	expect("a");
	ck_assert_int_ge(clock_mono_ms() - written, 390);
	/* A modification time of long ago convinces nobody. */
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	put(ORDERS, "b", "x");
	written = clock_mono_ms();
	ck_assert_int_eq(
	    utimensat(AT_FDCWD, place_path(ORDERS, "b", NULL), old, 0), 0);
	expect("b");
	ck_assert_int_ge(clock_mono_ms() - written, 390);
}
END_TEST

START_TEST(test_marker_rule)
{
	struct watch_folder f = orders(WATCH_MARKER);

	put(ORDERS, "early", "x");
	put(ORDERS, "early.done", "");
	put(ORDERS, "alone.done", "");
	look_after(&f);
	expect("early");
	take(&finds[0]);
	ck_assert(!there(ORDERS, "early.done"));
	put(ORDERS, "late", "x");
	mkdir(place_path(ORDERS, "fake", NULL), 0755);
	put(ORDERS, "b", "x");
	mkdir(place_path(ORDERS, "b.done", NULL), 0755);
	expect_nothing(200);
	put(ORDERS, "late.done", "");
	expect("late");
	take(&finds[0]);
	put(ORDERS, "late", "x");
	expect_nothing(150);
	ck_assert(there(ORDERS, "alone.done"));
}
END_TEST

START_TEST(test_no_file_at_all)
{
	struct watch_folder f = orders(WATCH_RENAME);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	put(".", "secret", "x");
	look_after(&f);
	expect_nothing(0);
	ck_assert_int_eq(symlink(place_path("secret", NULL, NULL),
			     place_path(ORDERS, "link", NULL)),
	    0);
	expect_refused("link", REASON_NOT_REGULAR);
	ck_assert_int_eq(
	    symlink("nowhere", place_path(ORDERS, "dangling", NULL)), 0);
	expect_refused("dangling", REASON_NOT_REGULAR);
	ck_assert_int_eq(mkfifo(place_path(ORDERS, "pipe", NULL), 0600), 0);
	expect_refused("pipe", REASON_NOT_REGULAR);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
	    place_path(ORDERS, "socket", NULL));
	ck_assert_int_eq(bind(s, (struct sockaddr *)&addr, sizeof(addr)), 0);
	expect_refused("socket", REASON_NOT_REGULAR);
	close(s);
	if (mknod(place_path(ORDERS, "device", NULL), S_IFCHR | 0600, 0x0103) ==
	    0) /* /dev/null */
		expect_refused("device", REASON_NOT_REGULAR);
}
END_TEST

START_TEST(test_hard_link)
{
	struct watch_folder f = orders(WATCH_RENAME);

	put(".", "secret", "x");
	look_after(&f);
	expect_nothing(0);
	ck_assert_int_eq(link(place_path("secret", NULL, NULL),
			     place_path(ORDERS, "hard", NULL)),
	    0);
	expect_refused("hard", REASON_HARD_LINKED);
}
END_TEST

/* Its good twin: link() and unlink() as a way to publish. */
START_TEST(test_published_by_link)
{
	struct watch_folder f = orders(WATCH_RENAME);

	put(".", "fresh", "x");
	look_after(&f);
	expect_nothing(0);
	ck_assert_int_eq(link(place_path("fresh", NULL, NULL),
			     place_path(ORDERS, "published", NULL)),
	    0);
	expect_nothing(150);
	ck_assert_int_eq(unlink(place_path("fresh", NULL, NULL)), 0);
	expect("published");
}
END_TEST

START_TEST(test_names)
{
	static const char *const good[] = { "with space.xml",
		"M\xc3\xbcller \xc3\xa4\xc3\xb6\xc3\x9f.pdf",
		"\xe5\x8f\x91\xe7\xa5\xa8.xml", "it's \"quoted\".csv",
		"$(rm -rf).txt", "a;b|c&d.edi" };
	static const char *const bad[] = { "-rf", "\xff\xfe", "a\nb", "\xc3(",
		"cut\xe5\x8f", "esc\x1b[31m", "\xe2\x80\xaexyz" };
	struct watch_folder f = orders(WATCH_RENAME);
	char longest[202];

	look_after(&f);
	expect_nothing(0);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		put(ORDERS, good[i], "x");
		expect(good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(ORDERS, bad[i], "x");
		expect_refused(bad[i], REASON_BAD_NAME);
	}
	memset(longest, 'n', 201);
	longest[200] = longest[201] = '\0';
	put(ORDERS, longest, "x");
	expect(longest);
	longest[200] = 'n';
	put(ORDERS, longest, "x");
	expect_refused(longest, REASON_BAD_NAME);
}
END_TEST

START_TEST(test_size_and_owner)
{
	struct watch_folder f = orders(WATCH_RENAME);

	f.max_size = 4;
	f.owner_count = 1;
	f.owners[0] = geteuid();
	look_after(&f);
	put(ORDERS, "fits", "1234");
	expect("fits");
	put(ORDERS, "big", "12345");
	expect_refused("big", REASON_TOO_LARGE);
	if (geteuid() != 0)
		return;
	put(".", "foreign", "x");
	ck_assert_int_eq(
	    chown(place_path("foreign", NULL, NULL), 4711, 4711), 0);
	ck_assert_int_eq(rename(place_path("foreign", NULL, NULL),
			     place_path(ORDERS, "foreign", NULL)),
	    0);
	expect_refused("foreign", REASON_BAD_OWNER);
}
END_TEST

/* Left by the caller: offered again, but in no busy loop. */
START_TEST(test_left_finds_come_again_slowly)
{
	struct watch_folder f = orders(WATCH_RENAME);
	int64_t first;
	unsigned offers = 0;

	look_after(&f);
	put(ORDERS, "a", "x");
	expect("a");
	first = clock_mono_ms();
	expect_nothing(700);
	expect("a");
	ck_assert_int_ge(clock_mono_ms() - first, 990);
	/* Each event may make it sooner, yet not every time. */
	for (int i = 0; i < 40; i++) {
		close(open(place_path(ORDERS, "a", NULL), O_WRONLY));
		offers += wait_finds(10) > 0;
	}
	ck_assert_uint_ge(offers, 1);
	ck_assert_uint_le(offers, 4);
	/* Another file of that name need not wait. */
	put(ORDERS, "b", "x");
	expect("b");
	put(".", "b2", "y");
	ck_assert_int_eq(
	    rename(place_path("b2", NULL, NULL), place_path(ORDERS, "b", NULL)),
	    0);
	first = clock_mono_ms();
	expect("b");
	ck_assert_int_le(clock_mono_ms() - first, 500);
}
END_TEST

START_TEST(test_pause)
{
	struct watch_folder f = orders(WATCH_RENAME);

	put(ORDERS, "a", "x");
	f.paused = true;
	look_after(&f);
	expect_nothing(50);
	watch_pause(watch, number, false);
	expect("a");
	take(&finds[0]);
	watch_pause(watch, number, true);
	put(ORDERS, "b", "x");
	expect_nothing(50);
	ck_assert_int_gt(watch_timeout(watch), 1000);
	watch_pause(watch, number, false);
	expect("b");
}
END_TEST

static void
wait_for_folder(void)
{
	for (int i = 0; i < 100 && !there("spool/out/acme", "orders"); i++)
		expect_nothing(20);
	ck_assert(there("spool/out/acme", "orders"));
}

START_TEST(test_folder_removed_and_made_again)
{
	struct watch_folder f = orders(WATCH_RENAME);

	look_after(&f);
	put(ORDERS, "a", "x");
	expect("a");
	take(&finds[0]);
	/* By a clean-up script: we make it again and watch it. */
	ck_assert_int_eq(rmdir(place_path(ORDERS, NULL, NULL)), 0);
	wait_for_folder();
	put(ORDERS, "b", "x");
	expect("b");
	take(&finds[0]);
	/* With the partner's folder. */
	ck_assert_int_eq(rmdir(place_path(ORDERS, NULL, NULL)), 0);
	ck_assert_int_eq(rmdir(place_path("spool/out/acme", NULL, NULL)), 0);
	wait_for_folder();
	put(ORDERS, "c", "x");
	expect("c");
	take(&finds[0]);
	/* Removed and made again by others at once. */
	ck_assert_int_eq(rmdir(place_path(ORDERS, NULL, NULL)), 0);
	ck_assert_int_eq(mkdir(place_path(ORDERS, NULL, NULL), 0777), 0);
	put(ORDERS, "d", "x");
	expect("d");
	take(&finds[0]);
	/* Moved away: what is dropped into the old one is not ours. */
	ck_assert_int_eq(rename(place_path(ORDERS, NULL, NULL),
			     place_path("old", NULL, NULL)),
	    0);
	wait_for_folder();
	put("old", "stray", "x");
	put(ORDERS, "e", "x");
	expect("e");
	ck_assert_int_le(watch_timeout(watch), 61000);
}
END_TEST

START_TEST(test_linked_folder_is_not_followed)
{
	struct watch_folder f = orders(WATCH_RENAME);

	ck_assert_int_eq(mkdir(place_path("else", NULL, NULL), 0755), 0);
	ck_assert_int_eq(mkdir(place_path("else/orders", NULL, NULL), 0755), 0);
	put("else/orders", "bait", "x");
	look_after(&f);
	expect_nothing(0);
	ck_assert_int_eq(rename(place_path("spool/out/acme", NULL, NULL),
			     place_path("was", NULL, NULL)),
	    0);
	ck_assert_int_eq(symlink(place_path("else", NULL, NULL),
			     place_path("spool/out/acme", NULL, NULL)),
	    0);
	put("was/orders", "stray", "x");
	expect_nothing(250);
}
END_TEST

START_TEST(test_mailbox)
{
	struct watch_folder f = { .tree = TREE_MAILBOX, .partner = "acme" };

	look_after(&f);
	put("spool/mailbox/acme/from-us", "ours", "x");
	put("spool/mailbox/acme/to-us", "theirs.pgp", "x");
	expect("theirs.pgp");
	ck_assert_int_eq(finds[0].folder->tree, TREE_MAILBOX);
}
END_TEST

#define MANY 20000

static void
drop_many(const char *folder, unsigned first, unsigned count)
{
	static char four_k[4097];
	int dir = open(place_path(folder, NULL, NULL), O_RDONLY | O_DIRECTORY);

	memset(four_k, 'x', 4096);
	for (unsigned i = first; i < first + count; i++) {
		char name[32];
		int fd;

		snprintf(name, sizeof(name), "doc-%05u.xml", i);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, four_k, 4096), 4096);
		close(fd);
	}
	close(dir);
}

/* Take everything; each name once; bounded work in each call. */
static void
drain(unsigned want, unsigned char *seen, unsigned *out_of_order)
{
	unsigned got = 0, last = 0;
	int64_t longest = 0;

	while (got < want) {
		int64_t start = clock_mono_ms();
		size_t n = wait_finds(2000);

		if (clock_mono_ms() - start > longest)
			longest = clock_mono_ms() - start;
		ck_assert_msg(n > 0, "only %u of %u", got, want);
		for (size_t i = 0; i < n; i++, got++) {
			unsigned k =
			    (unsigned)strtoul(finds[i].name + 4, NULL, 10);

			ck_assert_uint_eq(seen[k]++, 0);
			*out_of_order += k < last;
			last = k;
			take(&finds[i]);
		}
	}
	ck_assert_int_lt(longest, 1500);
}

START_TEST(test_queue_overflows)
{
	static unsigned char seen[MANY + 1];
	struct watch_folder f = orders(WATCH_RENAME), second = f;
	unsigned disorder = 0;

	snprintf(second.flow, sizeof(second.flow), "second");
	look_after(&f);
	look_after(&second);
	expect_nothing(0);
	drop_many(ORDERS, 0, MANY);
	/* Its events are lost: found all the same. */
	drop_many("spool/out/acme/second", MANY, 1);
	drain(MANY + 1, seen, &disorder);
	ck_assert_uint_eq(watch_overflows(watch), 1);
	ck_assert_uint_le(disorder, MANY / 100);
	expect_nothing(0);
	ck_assert_uint_eq(entries(ORDERS), 0);
}
END_TEST

/* More names wait than may be remembered. */
START_TEST(test_crowd_of_unready_files)
{
	struct watch_folder f = orders(WATCH_MARKER), quiet = f;

	snprintf(quiet.flow, sizeof(quiet.flow), "quiet");
	quiet.rule = WATCH_QUIET;
	quiet.quiet_ms = 60000;
	look_after(&f);
	look_after(&quiet);
	expect_nothing(0);
	drop_many("spool/out/acme/quiet", 0, 17000);
	expect_nothing(100);
	/* The other folder works on. */
	put(ORDERS, "a", "x");
	put(ORDERS, "a.done", "");
	expect("a");
	take(&finds[0]);
	/* And it comes to rest, to look again soon. */
	for (int i = 0; i < 100 && watch_timeout(watch) == 0; i++)
		expect_nothing(20);
	ck_assert_int_gt(watch_timeout(watch), 0);
	ck_assert_int_le(watch_timeout(watch), 5000);
}
END_TEST

/* inotify says no: scans do it all, and the reason is told. */
static void
check_degraded(const char *limit)
{
	struct watch_folder f = orders(WATCH_RENAME);
	const char *reason;

	if (!small_disk_namespace() || !small_disk_write(limit, "0"))
		return; /* this kernel lets us lower no limits */
	watch_free(watch);
	MUST(watch_new(desk, &watch, &place_why));
	look_after(&f);
	put(ORDERS, "a", "x");
	expect("a");
	take(&finds[0]);
	reason = watch_degraded(watch, number);
	ck_assert_ptr_nonnull(reason);
	ck_assert_ptr_nonnull(strstr(reason, "inotify"));
	put(ORDERS, "b", "x");
	expect_nothing(0);
	ck_assert_int_gt(watch_timeout(watch), 3000);
	ck_assert_int_le(watch_timeout(watch), 5000);
}

START_TEST(test_no_inotify_watches)
{
	check_degraded("/proc/sys/user/max_inotify_watches");
}
END_TEST

START_TEST(test_no_inotify_instances)
{
	check_degraded("/proc/sys/user/max_inotify_instances");
}
END_TEST

START_TEST(test_names_table)
{
	struct watch_names *n = watch_names_new(1000);
	struct watch_name *e;
	unsigned seed = 1;
	int64_t last = -1;
	char name[16];

	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		seed = seed * 1103515245 + 12345;
		ck_assert_ptr_nonnull(
		    watch_names_put(n, i % 3, name, seed >> 16 & 63));
	}
	ck_assert_ptr_null(watch_names_put(n, 0, "one more", 0));
	ck_assert_ptr_null(watch_names_find(n, 1, "n0"));
	for (unsigned i = 0; i < 1000; i += 5) {
		snprintf(name, sizeof(name), "n%u", i);
		e = watch_names_find(n, i % 3, name);
		ck_assert_ptr_nonnull(e);
		if (i % 2 == 0)
			watch_names_drop(n, e);
		else
			watch_names_due(n, e, 1000 - i);
	}
	for (unsigned left = 900; left > 0; left--) {
		e = watch_names_first(n);
		ck_assert_ptr_nonnull(e);
		ck_assert_int_ge(e->due_ms, last);
		last = e->due_ms;
		ck_assert_ptr_eq(watch_names_find(n, e->place, e->name), e);
		watch_names_drop(n, e);
	}
	ck_assert_ptr_null(watch_names_first(n));
	watch_names_free(n);
}
END_TEST

/* Another user's file, and we have no CAP_LEASE: it must rest for 5 s; and one
 * that we may not even read is refused after as long. */
START_TEST(test_without_leases)
{
	struct watch_folder f = orders(WATCH_RENAME);
	int64_t start;

	if (geteuid() != 0)
		return; /* cannot make another user's file */
	ck_assert_int_eq(chmod(place, 0755), 0);
	ck_assert_int_eq(chown(place_path(ORDERS, NULL, NULL), 4711, 4711), 0);
	put(ORDERS, "closed", "x");
	ck_assert_int_eq(chmod(place_path(ORDERS, "closed", NULL), 0), 0);
	put(ORDERS, "root's", "x");
	ck_assert_int_eq(seteuid(4711), 0);
	start = clock_mono_ms();
	look_after(&f);
	expect_nothing(1000);
	ck_assert_int_gt(watch_timeout(watch), 3000);
	for (unsigned seen = 0; seen != 3;) {
		size_t n = wait_finds(6000);

		ck_assert_uint_ge(n, 1);
		ck_assert_int_ge(clock_mono_ms() - start, 5000);
		for (size_t i = 0; i < n; i++) {
			bool closed = strcmp(finds[i].name, "closed") == 0;

			ck_assert_int_eq(finds[i].refused, closed);
			ck_assert_int_eq(finds[i].why.reason,
			    closed ? REASON_BAD_OWNER : REASON_NONE);
			seen |= closed ? 1 : 2;
		}
	}
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch");
	TCase *tc = tcase_create("watch");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_found_by_scan_and_by_event);
	tcase_add_test(tc, test_tmpfile_and_link);
	tcase_add_test(tc, test_temporary_names_are_passed_over);
	tcase_add_test(tc, test_growing_file_waits_for_its_writer);
	tcase_add_test(tc, test_writer_found_by_the_scan);
	tcase_add_test(tc, test_a_writer_that_meets_our_lease);
	tcase_add_test(tc, test_quiet_rule);
	tcase_add_test(tc, test_marker_rule);
	tcase_add_test(tc, test_no_file_at_all);
	tcase_add_test(tc, test_hard_link);
	tcase_add_test(tc, test_published_by_link);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_size_and_owner);
	tcase_add_test(tc, test_left_finds_come_again_slowly);
	tcase_add_test(tc, test_pause);
	tcase_add_test(tc, test_folder_removed_and_made_again);
	tcase_add_test(tc, test_linked_folder_is_not_followed);
	tcase_add_test(tc, test_mailbox);
	tcase_add_test(tc, test_queue_overflows);
	tcase_add_test(tc, test_crowd_of_unready_files);
	tcase_add_test(tc, test_no_inotify_watches);
	tcase_add_test(tc, test_no_inotify_instances);
	tcase_add_test(tc, test_names_table);
	tcase_add_test(tc, test_without_leases);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
