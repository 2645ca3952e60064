/* Goal: files appear whole or not at all, never over another one, and a full
 * disk or a left-over of a crash does not get in the way. */
#include "tests/spool/desk.h"

#include "spool/durable.h"
#include "spool/folder.h"
#include "spool/layout_inside.h"
#include "tests/spool/small_disk.h"

#include <sys/syscall.h>

/* Counts, and fails on demand: nothing else makes a disk fail. */
static unsigned syncs, failing_sync;

int
fsync(int fd)
{
	if (++syncs == failing_sync) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static void
publish_many(unsigned count, enum layout_dir dir)
{
	for (unsigned i = 0; i < count; i++) {
		struct docid id = docid_new();
		int fd;

		MUST(durable_begin(desk, dir, id, &fd, &place_why));
		close(fd);
		MUST(durable_publish(desk, dir, id, &place_why));
	}
}

START_TEST(test_one_sync_per_folder)
{
	int fd;

	MUST(folder_borrow(desk, TREE_IN, "acme", "orders", &fd, &place_why));
	MUST(durable_settle(desk, &place_why));
	syncs = 0;
	publish_many(64, DIR_PLAIN);
	publish_many(64, DIR_SEALED);
	ck_assert_uint_eq(syncs, 0);
	MUST(durable_settle(desk, &place_why));
	ck_assert_uint_eq(syncs, 2);
	for (unsigned i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%u", i);
		MUST(durable_text(
		    desk, fd, docid_new(), name, "x", TEXT_NEW, &place_why));
	}
	MUST(durable_settle(desk, &place_why));
	ck_assert_uint_eq(syncs, 2 + 10 + 1);
	MUST(durable_settle(desk, &place_why));
	ck_assert_uint_eq(syncs, 2 + 10 + 1);
}
END_TEST

/* Each of the syncs of one settle fails in turn: of a text, of a folder. */
START_TEST(test_each_failing_sync_is_told)
{
	for (unsigned which = 1; which <= 3; which++) {
		int fd;

		desk_crash();
		MUST(durable_settle(desk, &place_why));
		MUST(folder_borrow(
		    desk, TREE_IN, "acme", "orders", &fd, &place_why));
		publish_many(2, DIR_PLAIN);
		MUST(durable_text(
		    desk, fd, docid_new(), "t", "x", TEXT_OVER, &place_why));
		syncs = 0;
		failing_sync = which;
		ck_assert_int_eq(durable_settle(desk, &place_why), GW_INTERNAL);
		ck_assert_int_eq(place_why.reason, REASON_IO_ERROR);
		ck_assert_uint_eq(syncs, 3);
		/* The kernel may call the lost pages clean: never again OK. */
		failing_sync = 0;
		ck_assert_int_eq(durable_settle(desk, &place_why), GW_INTERNAL);
	}
}
END_TEST

START_TEST(test_publish)
{
	struct docid id = docid_new();
	char temp[64];
	struct stat sb;
	int fd;

	snprintf(temp, sizeof(temp), ".%s.tmp", id.text);
	MUST(durable_begin(desk, DIR_SEALED, id, &fd, &place_why));
	ck_assert_int_eq(write(fd, "abc", 3), 3);
	ck_assert(!spool_has(desk, DIR_SEALED, id));
	ck_assert(there("state/sealed", temp));
	ck_assert_int_eq(fstat(fd, &sb), 0);
	ck_assert_uint_eq(sb.st_mode & 07777, 0600);
	close(fd);
	MUST(durable_publish(desk, DIR_SEALED, id, &place_why));
	MUST(durable_settle(desk, &place_why));
	ck_assert_str_eq(content("state/sealed", id.text), "abc");
	ck_assert(!there("state/sealed", temp));
	/* Nothing to do is fine too. */
	MUST(durable_settle(desk, &place_why));
}
END_TEST

START_TEST(test_publish_never_replaces)
{
	struct docid id = docid_new();
	int fd;

	put("state/plain", id.text, "first");
	MUST(durable_begin(desk, DIR_PLAIN, id, &fd, &place_why));
	close(fd);
	ck_assert_int_eq(
	    durable_publish(desk, DIR_PLAIN, id, &place_why), GW_EXISTS);
	ck_assert_str_eq(content("state/plain", id.text), "first");
	durable_abandon(desk, DIR_PLAIN, id);
	durable_abandon(desk, DIR_PLAIN, id);
	ck_assert_uint_eq(entries("state/plain"), 1);
	/* Nothing was begun: nothing to publish. */
	ck_assert_int_eq(
	    durable_publish(desk, DIR_WORK, id, &place_why), GW_NONE);
}
END_TEST

START_TEST(test_left_over_of_a_crash)
{
	struct docid id = docid_new();
	char temp[64];
	int fd;

	snprintf(temp, sizeof(temp), ".%s.tmp", id.text);
	put("state/plain", temp, "half of an earlier attempt");
	MUST(durable_begin(desk, DIR_PLAIN, id, &fd, &place_why));
	close(fd);
	ck_assert_str_eq(content("state/plain", temp), "");
	/* A link in its place is removed, not written through. */
	put(".", "victim", "untouched");
	ck_assert_int_eq(unlink(place_path("state/plain", temp, NULL)), 0);
	ck_assert_int_eq(symlink(place_path("victim", NULL, NULL),
			     place_path("state/plain", temp, NULL)),
	    0);
	MUST(durable_begin(desk, DIR_PLAIN, id, &fd, &place_why));
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	ck_assert_str_eq(content(".", "victim"), "untouched");
}
END_TEST

START_TEST(test_move)
{
	int work = spool_dir(desk, DIR_WORK), orders;

	MUST(folder_borrow(
	    desk, TREE_OUT, "acme", "orders", &orders, &place_why));
	put("spool/out/acme/orders", "a", "one");
	put("state/work", "b", "two");
	ck_assert_int_eq(
	    durable_move(desk, orders, "a", work, "b", &place_why), GW_EXISTS);
	ck_assert_str_eq(content("state/work", "b"), "two");
	ck_assert_int_eq(
	    durable_move(desk, orders, "c", work, "d", &place_why), GW_NONE);
	ck_assert_int_eq(place_why.reason, REASON_VANISHED);
	MUST(durable_move(desk, orders, "a", work, "c", &place_why));
	ck_assert_str_eq(content("state/work", "c"), "one");
	/* Both folders may vanish before they are synced. */
	ck_assert_int_eq(
	    rmdir(place_path("spool/out/acme/orders", NULL, NULL)), 0);
	MUST(durable_settle(desk, &place_why));
}
END_TEST

START_TEST(test_many_dirty_folders)
{
	for (int i = 0; i < 300; i++) {
		char flow[16];
		int fd;

		snprintf(flow, sizeof(flow), "f%d", i);
		MUST(folder_borrow(
		    desk, TREE_OUT, "acme", flow, &fd, &place_why));
		put("state/work", flow, flow);
		MUST(durable_move(desk, spool_dir(desk, DIR_WORK), flow, fd,
		    flow, &place_why));
	}
	MUST(durable_settle(desk, &place_why));
	ck_assert_uint_eq(entries("state/work"), 0);
}
END_TEST

START_TEST(test_foreign_descriptor)
{
	int fd;

	MUST(spool_tree(desk, TREE_OUT, "acme", "orders", &fd, &place_why));
	put("state/work", "a", "one");
	MUST(durable_move(
	    desk, spool_dir(desk, DIR_WORK), "a", fd, "a", &place_why));
	close(fd); /* before the settle: it was synced at once */
	MUST(durable_settle(desk, &place_why));
}
END_TEST

START_TEST(test_texts)
{
	struct docid id = docid_new();
	int fd;

	MUST(folder_borrow(desk, TREE_STATUS, "acme", NULL, &fd, &place_why));
	MUST(durable_text(desk, fd, id, "a", "one", TEXT_NEW, &place_why));
	ck_assert_int_eq(
	    durable_text(desk, fd, id, "a", "two", TEXT_NEW, &place_why),
	    GW_EXISTS);
	ck_assert_str_eq(content("spool/status/acme", "a"), "one");
	MUST(durable_text(desk, fd, id, "a", "two", TEXT_OVER, &place_why));
	ck_assert_str_eq(content("spool/status/acme", "a"), "two");
	MUST(
	    durable_text(desk, fd, id, "a", "three", TEXT_PASSING, &place_why));
	ck_assert_str_eq(content("spool/status/acme", "a"), "three");
	for (int i = 0; i < 300; i++) { /* more than wait for one settle */
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		MUST(durable_text(
		    desk, fd, id, name, "x", TEXT_NEW, &place_why));
	}
	MUST(durable_settle(desk, &place_why));
	ck_assert_uint_eq(entries("spool/status/acme"), 301);
}
END_TEST

static void
check_full(enum gw_status st)
{
	ck_assert_msg(st == GW_AGAIN, "%d %s", st, place_why.text);
	ck_assert_int_eq(place_why.reason, REASON_NO_SPACE);
}

START_TEST(test_full_disk)
{
	static char big[512 * 1024];
	struct docid id = docid_new();
	struct spool *small;
	struct stat sb;
	char disk[256];
	int fd, status;

	snprintf(disk, sizeof(disk), "%s", place_path("disk", NULL, NULL));
	ck_assert_int_eq(mkdir(disk, 0755), 0);
	if (!small_disk(disk, "size=128k,nr_inodes=24"))
		return;
	MUST(spool_open(place_path("disk/spool", NULL, NULL),
	    place_path("disk/state", NULL, NULL), &small, &place_why));
	MUST(folder_borrow(
	    small, TREE_STATUS, "acme", NULL, &status, &place_why));
	MUST(durable_text(small, status, id, "a", "old", TEXT_NEW, &place_why));
	memset(big, 'x', sizeof(big) - 1);
	check_full(
	    durable_text(small, status, id, "a", big, TEXT_OVER, &place_why));
	ck_assert_str_eq(content("disk/spool/status/acme", "a"), "old");
	ck_assert_uint_eq(entries("disk/spool/status/acme"), 1);
	/* No inode left: nothing can be begun, nor a folder made. */
	for (int i = 0; i < 64; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		(void)mkdir(place_path("disk/state", name, NULL), 0700);
	}
	check_full(durable_begin(small, DIR_PLAIN, id, &fd, &place_why));
	check_full(spool_make_partner(small, "birch", &place_why));
	/* What is renamed needs no space, and it heals. */
	MUST(durable_move(
	    small, status, "a", spool_dir(small, DIR_WORK), "a", &place_why));
	ck_assert_int_eq(rmdir(place_path("disk/state/n0", NULL, NULL)), 0);
	MUST(durable_begin(small, DIR_PLAIN, id, &fd, &place_why));
	ck_assert_int_eq(fstat(fd, &sb), 0);
	close(fd);
	MUST(durable_settle(small, &place_why));
	spool_close(small);
	ck_assert_int_eq(umount2(disk, MNT_DETACH), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("durable");
	TCase *tc = tcase_create("durable");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, desk_make, desk_remove);
	tcase_add_test(tc, test_publish);
	tcase_add_test(tc, test_publish_never_replaces);
	tcase_add_test(tc, test_left_over_of_a_crash);
	tcase_add_test(tc, test_move);
	tcase_add_test(tc, test_many_dirty_folders);
	tcase_add_test(tc, test_foreign_descriptor);
	tcase_add_test(tc, test_one_sync_per_folder);
	tcase_add_test(tc, test_each_failing_sync_is_told);
	tcase_add_test(tc, test_texts);
	tcase_add_test(tc, test_full_disk);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
