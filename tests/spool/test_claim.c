/* Goal: a claim takes the file that was meant, whole and without a writer, or
 * says why not and leaves it where somebody finds it. */
#include "tests/spool/desk.h"

#include "spool/claim.h"
#include "spool/durable.h"
#include "spool/land.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ORDERS "spool/out/acme/orders"
#define TO_US  "spool/mailbox/acme/to-us"

static struct watch_folder folder;
static struct watch_find find;
static struct docid id;
static uint64_t size;
static int fd;

static void
setup(void)
{
	desk_make();
	memset(&folder, 0, sizeof(folder));
	folder.tree = TREE_OUT;
	snprintf(folder.partner, sizeof(folder.partner), "acme");
	snprintf(folder.flow, sizeof(folder.flow), "orders");
	id = docid_new();
	fd = -1;
}

static enum gw_status
take(const char *name)
{
	memset(&find, 0, sizeof(find));
	find.folder = &folder;
	snprintf(find.name, sizeof(find.name), "%s", name);
	return claim_take(desk, &find, id, &fd, &size, &place_why);
}

static void
refused(const char *name, enum gw_reason reason)
{
	ck_assert_int_eq(take(name), GW_REFUSED);
	ck_assert_int_eq(place_why.reason, reason);
	ck_assert_int_eq(fd, -1);
	ck_assert(spool_has(desk, DIR_WORK, id));
	ck_assert(!there(ORDERS, name));
	id = docid_new();
}

START_TEST(test_take)
{
	char text[8] = "";

	put(ORDERS, "\xe5\x8f\x91 'x'.xml", "12345");
	MUST(take("\xe5\x8f\x91 'x'.xml"));
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "12345");
	close(fd);
	ck_assert(spool_has(desk, DIR_WORK, id));
	ck_assert_uint_eq(entries(ORDERS), 0);
	MUST(durable_settle(desk, &place_why));
	/* Empty is a document too. */
	id = docid_new();
	put(ORDERS, "empty", "");
	MUST(take("empty"));
	ck_assert_uint_eq(size, 0);
	close(fd);
}
END_TEST

START_TEST(test_vanished)
{
	ck_assert_int_eq(take("nothing"), GW_NONE);
	ck_assert_int_eq(place_why.reason, REASON_VANISHED);
	/* With its folder, which is made again. */
	ck_assert_int_eq(rmdir(place_path(ORDERS, NULL, NULL)), 0);
	ck_assert_int_eq(take("nothing"), GW_NONE);
	ck_assert(!spool_has(desk, DIR_WORK, id));
	ck_assert_uint_eq(entries(ORDERS), 0);
}
END_TEST

START_TEST(test_id_in_use)
{
	put("state/work", id.text, "other");
	put(ORDERS, "a", "x");
	ck_assert_int_eq(take("a"), GW_AGAIN);
	ck_assert_str_eq(content("state/work", id.text), "other");
	ck_assert(there(ORDERS, "a"));
}
END_TEST

START_TEST(test_writer_came_back)
{
	int writer;

	put(ORDERS, "a", "x");
	writer = open(place_path(ORDERS, "a", NULL), O_WRONLY | O_APPEND);
	ck_assert_int_eq(take("a"), GW_AGAIN);
	ck_assert_int_eq(place_why.reason, REASON_STILL_WRITTEN);
	ck_assert_int_eq(fd, -1);
	ck_assert_str_eq(content(ORDERS, "a"), "x");
	ck_assert(!spool_has(desk, DIR_WORK, id));
	ck_assert_int_eq(write(writer, "y", 1), 1);
	close(writer);
	MUST(take("a"));
	ck_assert_uint_eq(size, 2);
	close(fd);
}
END_TEST

/* Looks once more at the claimed file before it is put back: by then another
 * process has dropped a new one under that name. */
START_TEST(test_writer_came_back_and_the_name_is_taken)
{
	int writer, stop[2];
	char byte;
	pid_t child;
	bool kept = false;

	ck_assert_int_eq(pipe2(stop, O_NONBLOCK), 0);
	child = fork();
	if (child == 0) { /* drops it anew whenever it is gone */
		while (read(stop[0], &byte, 1) != 1) {
			int n = open(place_path(ORDERS, "a", NULL),
			    O_WRONLY | O_CREAT | O_EXCL, 0600);

			if (n >= 0)
				close(n);
		}
		_exit(0);
	}
	for (int i = 0; i < 20000 && !kept; i++) {
		writer = open(place_path(ORDERS, "a", NULL), O_WRONLY);
		if (writer < 0)
			continue;
		id = docid_new();
		switch (take("a")) {
		case GW_AGAIN:
			ck_assert(!spool_has(desk, DIR_WORK, id));
			break;
		case GW_REFUSED:
			ck_assert_int_eq(
			    place_why.reason, REASON_STILL_WRITTEN);
			ck_assert(spool_has(desk, DIR_WORK, id));
			kept = true;
			break;
		case GW_OK: /* it was the new one already */
			close(fd);
			break;
		default:
			ck_assert_msg(false, "%s", place_why.text);
		}
		close(writer);
	}
	ck_assert_int_eq(write(stop[1], "x", 1), 1);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert(kept);
}
END_TEST

START_TEST(test_no_file_at_all)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	put(".", "secret", "x");
	ck_assert_int_eq(symlink(place_path("secret", NULL, NULL),
			     place_path(ORDERS, "link", NULL)),
	    0);
	refused("link", REASON_NOT_REGULAR);
	ck_assert_int_eq(mkfifo(place_path(ORDERS, "pipe", NULL), 0600), 0);
	refused("pipe", REASON_NOT_REGULAR);
	ck_assert_int_eq(mkdir(place_path(ORDERS, "folder", NULL), 0700), 0);
	refused("folder", REASON_NOT_REGULAR);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
	    place_path(ORDERS, "socket", NULL));
	ck_assert_int_eq(bind(s, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(s);
	refused("socket", REASON_NOT_REGULAR);
	if (mknod(place_path(ORDERS, "device", NULL), S_IFCHR | 0600, 0x0103) ==
	    0)
		refused("device", REASON_NOT_REGULAR);
	ck_assert_str_eq(content(".", "secret"), "x");
}
END_TEST

START_TEST(test_links_size_and_owner)
{
	put(".", "secret", "x");
	ck_assert_int_eq(link(place_path("secret", NULL, NULL),
			     place_path(ORDERS, "hard", NULL)),
	    0);
	refused("hard", REASON_HARD_LINKED);
	folder.max_size = 3;
	put(ORDERS, "fits", "123");
	MUST(take("fits"));
	close(fd);
	id = docid_new();
	put(ORDERS, "big", "1234");
	refused("big", REASON_TOO_LARGE);
	folder.owner_count = 2;
	folder.owners[0] = 4711;
	folder.owners[1] = geteuid();
	put(ORDERS, "mine", "123");
	MUST(take("mine"));
	close(fd);
	id = docid_new();
	folder.owners[1] = 4712;
	put(ORDERS, "theirs", "123");
	refused("theirs", REASON_BAD_OWNER);
}
END_TEST

START_TEST(test_marker_goes_with_the_claim)
{
	folder.rule = WATCH_MARKER;
	put(ORDERS, "a", "x");
	put(ORDERS, "a.done", "");
	put(ORDERS, "b.done", "");
	MUST(take("a"));
	close(fd);
	ck_assert(!there(ORDERS, "a.done"));
	ck_assert(there(ORDERS, "b.done"));
	/* Another rule has no markers: such a file is a document. */
	folder.rule = WATCH_RENAME;
	id = docid_new();
	put(ORDERS, "b", "x");
	MUST(take("b"));
	close(fd);
	ck_assert(there(ORDERS, "b.done"));
}
END_TEST

START_TEST(test_linked_partner_folder)
{
	ck_assert_int_eq(mkdir(place_path("else", NULL, NULL), 0755), 0);
	ck_assert_int_eq(mkdir(place_path("else/orders", NULL, NULL), 0755), 0);
	put("else/orders", "bait", "x");
	ck_assert_int_eq(rename(place_path("spool/out/acme", NULL, NULL),
			     place_path("was", NULL, NULL)),
	    0);
	ck_assert_int_eq(symlink(place_path("else", NULL, NULL),
			     place_path("spool/out/acme", NULL, NULL)),
	    0);
	ck_assert_int_eq(take("bait"), GW_AGAIN);
	ck_assert_int_eq(place_why.reason, REASON_IO_ERROR);
	ck_assert(there("else/orders", "bait"));
}
END_TEST

/* No descriptor is left to open it: it goes back, for a better time. */
START_TEST(test_out_of_descriptors)
{
	int hog[4096], n = 0;

	put(ORDERS, "warm", "x"); /* the folder is open from here on */
	MUST(take("warm"));
	close(fd);
	id = docid_new();
	put(ORDERS, "a", "x");
	while (n < 4096 && (hog[n] = dup(0)) >= 0)
		n++;
	if (n < 4096) {
		ck_assert_int_eq(take("a"), GW_AGAIN);
		ck_assert(faccessat(AT_FDCWD, place_path(ORDERS, "a", NULL),
			      F_OK, 0) == 0);
		ck_assert(!spool_has(desk, DIR_WORK, id));
	}
	while (n > 0)
		close(hog[--n]);
	MUST(take("a"));
	close(fd);
}
END_TEST

/* A drop folder that we may not write to: nothing is taken, nothing breaks. */
START_TEST(test_folder_without_rights)
{
	put(ORDERS, "a", "x");
	ck_assert_int_eq(chmod(place_path(ORDERS, NULL, NULL), 0555), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(place, 0755), 0);
		ck_assert_int_eq(seteuid(4711), 0);
	}
	ck_assert_int_eq(take("a"), GW_AGAIN);
	ck_assert_int_eq(place_why.reason, REASON_IO_ERROR);
	if (geteuid() == 4711)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(place_path(ORDERS, NULL, NULL), 0755), 0);
	MUST(take("a"));
	close(fd);
}
END_TEST

START_TEST(test_land)
{
	folder.tree = TREE_MAILBOX;
	folder.flow[0] = '\0';
	put(TO_US, "theirs.pgp", "sealed");
	memset(&find, 0, sizeof(find));
	find.folder = &folder;
	snprintf(find.name, sizeof(find.name), "theirs.pgp");
	MUST(land_take(desk, &find, id, &fd, &size, &place_why));
	close(fd);
	ck_assert_uint_eq(size, 6);
	ck_assert(spool_has(desk, DIR_LANDED, id));
	ck_assert(!spool_has(desk, DIR_WORK, id));
	ck_assert_uint_eq(entries(TO_US), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("claim");
	TCase *tc = tcase_create("claim");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, desk_remove);
	tcase_add_test(tc, test_take);
	tcase_add_test(tc, test_vanished);
	tcase_add_test(tc, test_id_in_use);
	tcase_add_test(tc, test_writer_came_back);
	tcase_add_test(tc, test_writer_came_back_and_the_name_is_taken);
	tcase_add_test(tc, test_no_file_at_all);
	tcase_add_test(tc, test_links_size_and_owner);
	tcase_add_test(tc, test_marker_goes_with_the_claim);
	tcase_add_test(tc, test_linked_partner_folder);
	tcase_add_test(tc, test_out_of_descriptors);
	tcase_add_test(tc, test_folder_without_rights);
	tcase_add_test(tc, test_land);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
