/* Goal: after every crash point recovery gives what the table in state.c says,
 * a second run changes nothing, and fsck sees each disagreement. */
#include "spool/recover.h"

#include "spool/aside.h"
#include "spool/deliver.h"
#include "spool/durable.h"
#include "tests/spool/place.h"

#include <dirent.h>

#define W  (1u << DIR_WORK)
#define S  (1u << DIR_SEALED)
#define L  (1u << DIR_LANDED)
#define P  (1u << DIR_PLAIN)
#define A  (1u << DIR_ARCHIVE)
#define GO DOC_STATE_COUNT /* end of a path; as a result: forgotten */

static struct spool *sp;
static struct ledger *l;

static void
setup(void)
{
	place_make();
	ck_assert_int_eq(mkdir(place_path("spool", NULL, NULL), 0700), 0);
	ck_assert_int_eq(mkdir(place_path("state", NULL, NULL), 0700), 0);
	MUST(spool_open(place_path("spool", NULL, NULL),
	    place_path("state", NULL, NULL), &sp, &place_why));
	MUST(ledger_open(
	    place_path("state", NULL, NULL), LEDGER_WRITE, &l, &place_why));
	MUST(spool_make_partner(sp, "acme", &place_why));
	MUST(spool_make_flow(sp, "acme", "invoices", DOC_OUT, &place_why));
	MUST(spool_make_flow(sp, "acme", "invoices", DOC_IN, &place_why));
}

static void
teardown(void)
{
	ledger_close(l);
	spool_close(sp);
	place_remove();
}

static void
write_at(int dirfd, const char *name, const char *text)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_msg(fd >= 0, "making %s", name);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
make_files(const struct doc *d, unsigned dirs)
{
	for (unsigned dir = 0; dir < DIR_COUNT; dir++) {
		if ((dirs & 1u << dir) != 0)
			write_at(spool_dir(sp, dir), d->id.text, "content");
	}
}

static unsigned
files_of(const struct doc *d)
{
	unsigned have = 0;

	for (unsigned dir = 0; dir < DIR_COUNT; dir++) {
		if (spool_has(sp, dir, d->id))
			have |= 1u << dir;
	}
	return have;
}

/* A committed document that went along this path; GO ends it. */
static struct doc
make_doc(enum doc_direction direction, const enum doc_state *path)
{
	struct doc d = place_doc(direction, "invoice 1.xml");

	MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
	for (; *path != GO; path++) {
		d.state = *path;
		if (d.state == DOC_SEALED || d.state == DOC_PASSED) {
			place_digest(d.sealed_sha256, '1');
			d.sealed_size = d.plain_size = strlen("content");
		}
		if (d.state == DOC_SENDING)
			d.attempts++;
		MUST(ledger_change(
		    l, &d, state_name(d.state), NULL, &place_why));
	}
	MUST(ledger_commit(l, &place_why));
	return d;
}

static enum doc_state
state_of(const struct doc *d)
{
	struct doc now;
	enum gw_status st = ledger_get(l, d->id, &now, &place_why);

	ck_assert(st == GW_OK || st == GW_NONE);
	return st == GW_OK ? now.state : GO;
}

static struct recover_report
recover(void)
{
	struct recover_report r;

	MUST(recover_run(sp, l, &r, &place_why));
	ck_assert_uint_eq(ledger_pending(l), 0);
	return r;
}

static char findings[4096];

static void
note(void *ctx, const char *docid, const char *finding)
{
	size_t n = strlen(findings);

	(void)ctx;
	snprintf(findings + n, sizeof(findings) - n, "%s %s\n", docid, finding);
}

static unsigned long
fsck(void)
{
	unsigned long n;

	findings[0] = '\0';
	MUST(fsck_run(sp, l, note, NULL, &n, &place_why));
	return n;
}

/* The second run finds its work done. */
static void
again(const struct doc *d)
{
	enum doc_state state = state_of(d);
	unsigned files = files_of(d);
	struct doc before, after;
	struct recover_report r;

	(void)ledger_get(l, d->id, &before, &place_why);
	r = recover();
	ck_assert_uint_eq(r.finished, 0);
	ck_assert_uint_eq(r.dropped, 0);
	ck_assert_uint_eq(r.removed, 0);
	ck_assert_uint_eq(r.lost, 0);
	ck_assert_int_eq(state_of(d), state);
	ck_assert_uint_eq(files_of(d), files);
	if (state != GO) {
		MUST(ledger_get(l, d->id, &after, &place_why));
		ck_assert_int_eq(after.changed_ms, before.changed_ms);
	}
}

/* --- every state, with every set of files that a crash can leave --- */

#define SEALED  DOC_SEALED
#define SENDING DOC_SENDING, DOC_SENDING
#define SENT    SENDING, DOC_SENT
#define LANDED  DOC_LANDED
#define PASSED  DOC_LANDED, DOC_UNSEALED, DOC_PASSED

static const struct crash {
	enum doc_direction direction;
	enum doc_state path[8];
	unsigned before;
	enum doc_state state;
	unsigned after;
	bool damaged; /* no crash of ours: files are missing */
} crashes[] = {
	/* claimed: before the move, after it, in the middle of sealing */
	{ DOC_OUT, { GO }, 0, GO, 0, false },
	{ DOC_OUT, { GO }, W, DOC_CLAIMED, W, false },
	{ DOC_OUT, { GO }, W | S, DOC_CLAIMED, W, false },
	{ DOC_OUT, { GO }, S, DOC_HELD, S, true },
	{ DOC_OUT, { SEALED, GO }, W | S, DOC_SEALED, S, false },
	{ DOC_OUT, { SEALED, GO }, S, DOC_SEALED, S, false },
	{ DOC_OUT, { SEALED, GO }, W, DOC_HELD, W, true },
	{ DOC_OUT, { SEALED, GO }, 0, DOC_HELD, 0, true },
	{ DOC_OUT, { SEALED, SENDING, GO }, S, DOC_SEALED, S, false },
	{ DOC_OUT, { SEALED, SENDING, GO }, W | S, DOC_SEALED, S, false },
	{ DOC_OUT, { SEALED, SENDING, GO }, 0, DOC_HELD, 0, true },
	{ DOC_OUT, { SEALED, SENT, GO }, S, DOC_SENT, S, false },
	{ DOC_OUT, { SEALED, SENT, GO }, W | S, DOC_SENT, S, false },
	{ DOC_OUT, { SEALED, SENT, GO }, A, DOC_SENT, A, false },
	{ DOC_OUT, { SEALED, SENT, GO }, 0, DOC_CLOSED, 0, true },
	{ DOC_OUT, { SEALED, SENT, DOC_CLOSED, GO }, A, DOC_CLOSED, A, false },
	{ DOC_OUT, { SEALED, SENT, DOC_CLOSED, GO }, S, DOC_CLOSED, A, false },
	{ DOC_OUT, { SEALED, SENT, DOC_CLOSED, GO }, W | A, DOC_CLOSED, A,
	    false },
	{ DOC_OUT, { DOC_HELD, GO }, W, DOC_HELD, W, false },
	{ DOC_OUT, { DOC_HELD, GO }, W | S, DOC_HELD, W, false },
	{ DOC_OUT, { SEALED, DOC_HELD, GO }, S, DOC_HELD, S, false },
	{ DOC_OUT, { SEALED, DOC_HELD, GO }, W | S, DOC_HELD, S, false },
	{ DOC_OUT, { SEALED, DOC_HELD, GO }, 0, DOC_HELD, 0, true },
	{ DOC_OUT, { DOC_RETURNED, GO }, 0, DOC_RETURNED, 0, false },

	{ DOC_IN, { GO }, 0, GO, 0, false },
	{ DOC_IN, { GO }, L, DOC_CLAIMED, L, false },
	{ DOC_IN, { GO }, L | P, DOC_CLAIMED, L, false },
	{ DOC_IN, { GO }, P, GO, 0, false },
	{ DOC_IN, { LANDED, GO }, L, DOC_LANDED, L, false },
	{ DOC_IN, { LANDED, GO }, L | P, DOC_LANDED, L, false },
	{ DOC_IN, { LANDED, GO }, 0, DOC_QUARANTINED, 0, true },
	{ DOC_IN, { DOC_UNSEALED, GO }, L, DOC_LANDED, L, false },
	{ DOC_IN, { DOC_UNSEALED, GO }, L | P, DOC_LANDED, L, false },
	{ DOC_IN, { DOC_UNSEALED, GO }, P, DOC_QUARANTINED, 0, true },
	{ DOC_IN, { PASSED, GO }, L | P, DOC_PASSED, L | P, false },
	{ DOC_IN, { PASSED, GO }, L, DOC_DELIVERED, 0, false },
	{ DOC_IN, { DOC_PASSED, GO }, L, DOC_DELIVERED, 0, false },
	{ DOC_IN, { PASSED, DOC_DELIVERED, GO }, L, DOC_DELIVERED, 0, false },
	{ DOC_IN, { PASSED, DOC_DELIVERED, GO }, 0, DOC_DELIVERED, 0, false },
	{ DOC_IN, { DOC_DUPLICATE, GO }, L | P, DOC_DUPLICATE, 0, false },
	{ DOC_IN, { DOC_QUARANTINED, GO }, P, DOC_QUARANTINED, 0, false },
	{ DOC_IN, { DOC_QUARANTINED, GO }, 0, DOC_QUARANTINED, 0, false },
};

START_TEST(test_crashes)
{
	const struct crash *c = &crashes[_i];
	struct doc d = make_doc(c->direction, c->path);
	struct recover_report r;

	make_files(&d, c->before);
	if (!c->damaged)
		ck_assert_msg(fsck() == 0, "%s", findings);
	r = recover();
	ck_assert_msg(state_of(&d) == c->state, "%s", state_name(state_of(&d)));
	ck_assert_uint_eq(files_of(&d), c->after);
	ck_assert_uint_eq(r.missing, c->damaged ? 1 : 0);
	ck_assert_uint_eq(r.lost, 0);
	ck_assert_uint_eq(r.dropped, c->state == GO ? 1 : 0);
	again(&d);
	if (c->damaged && c->state != DOC_QUARANTINED && c->after == 0)
		ck_assert_uint_eq(fsck(), 1);
	else
		ck_assert_msg(fsck() == 0, "%s", findings);
}
END_TEST

/* The attempt was counted when it began, and its time is kept. */
START_TEST(test_sending_keeps_attempts)
{
	struct doc d = make_doc(DOC_OUT,
		       (const enum doc_state[]){ SEALED, SENDING, GO }),
		   now;

	d.next_try_ms = 1234;
	MUST(ledger_change(l, &d, "sending", NULL, &place_why));
	MUST(ledger_commit(l, &place_why));
	make_files(&d, S);
	(void)recover();
	MUST(ledger_get(l, d.id, &now, &place_why));
	ck_assert_int_eq(now.state, DOC_SEALED);
	ck_assert_uint_eq(now.attempts, 2);
	ck_assert_int_eq(now.next_try_ms, 1234);
}
END_TEST

/* --- the step that moves a file is done, its commit is not --- */

static int
public_fd(enum layout_tree tree, const char *leaf)
{
	int fd;

	MUST(spool_tree(sp, tree, "acme", leaf, &fd, &place_why));
	return fd;
}

static void
reason_of(const struct doc *d, char out[128])
{
	snprintf(
	    out, 128, "{\"id\":\"%s\",\"reason\":\"too-large\"}", d->id.text);
}

/* ways: the name is free; it is taken; the power cut emptied the reason; the
 * document was taken away already; both are gone. */
START_TEST(test_returned_without_commit)
{
	struct doc d = make_doc(DOC_OUT, (const enum doc_state[]){ GO }), now;
	char reason[128], side[DOC_FILE_SIZE + 16];
	int fd = public_fd(TREE_RETURNED, "invoices");
	struct stat st;

	make_files(&d, W);
	reason_of(&d, reason);
	if (_i == 1) {
		write_at(fd, d.name, "another");
		snprintf(side, sizeof(side), "%s.reason.json", d.name);
		write_at(fd, side, "of another");
	}
	MUST(aside_return(sp, &d, reason, &place_why));
	snprintf(side, sizeof(side), "%s.reason.json", d.file);
	if (_i == 2) {
		ck_assert_int_eq(unlinkat(fd, side, 0), 0);
		write_at(fd, side, "");
	}
	if (_i >= 3)
		ck_assert_int_eq(unlinkat(fd, d.file, 0), 0);
	if (_i == 4)
		ck_assert_int_eq(unlinkat(fd, side, 0), 0);
	(void)recover();
	if (_i == 4) { /* nothing tells of it any more */
		ck_assert_int_eq(state_of(&d), GO);
	} else {
		MUST(ledger_get(l, d.id, &now, &place_why));
		ck_assert_int_eq(now.state, DOC_RETURNED);
		ck_assert_str_eq(now.file, d.file);
		ck_assert_int_eq(fstatat(fd, side, &st, 0), 0);
		ck_assert_int_gt(st.st_size, 30);
	}
	again(&d);
	close(fd);
}
END_TEST

/* Somebody else's file of that name proves nothing. */
START_TEST(test_not_returned)
{
	struct doc d =
	    make_doc(DOC_OUT, (const enum doc_state[]){ SEALED, GO });
	int fd = public_fd(TREE_RETURNED, "invoices");

	write_at(fd, d.name, "another");
	write_at(fd, "invoice 1.xml.reason.json", "{\"id\":\"of another\"}");
	(void)recover();
	ck_assert_int_eq(state_of(&d), DOC_HELD);
	close(fd);
}
END_TEST

START_TEST(test_quarantined_without_commit)
{
	struct doc d =
	    make_doc(DOC_IN, (const enum doc_state[]){ DOC_UNSEALED, GO });
	char reason[128];

	make_files(&d, L | P);
	reason_of(&d, reason);
	MUST(aside_quarantine(sp, &d, reason, &place_why));
	MUST(durable_settle(sp, &place_why));
	if (_i == 1) /* killed between the move and the removal */
		make_files(&d, P);
	(void)recover();
	ck_assert_int_eq(state_of(&d), DOC_QUARANTINED);
	ck_assert_uint_eq(files_of(&d), 0);
	again(&d);
	ck_assert_msg(fsck() == 0, "%s", findings);
}
END_TEST

/* The text is there, the document not moved yet: it begins again. */
START_TEST(test_half_quarantined)
{
	struct doc d = make_doc(DOC_IN, (const enum doc_state[]){ LANDED, GO });
	int fd = public_fd(TREE_QUARANTINE, NULL);
	char name[64];

	snprintf(name, sizeof(name), "%s.reason.json", d.id.text);
	write_at(fd, name, "{}");
	make_files(&d, L);
	(void)recover();
	ck_assert_int_eq(state_of(&d), DOC_LANDED);
	ck_assert_uint_eq(files_of(&d), L);
	close(fd);
}
END_TEST

/* ways: free name; taken name; the text is empty; all collected already. */
START_TEST(test_delivered_without_commit)
{
	struct doc d = make_doc(DOC_IN, (const enum doc_state[]){ PASSED, GO }),
		   now;
	int fd = public_fd(TREE_IN, "invoices");
	char meta[128], side[DOC_FILE_SIZE + 16];

	make_files(&d, L | P);
	reason_of(&d, meta);
	if (_i == 1)
		write_at(fd, d.name, "another");
	MUST(deliver_document(sp, &d, meta, &place_why));
	MUST(durable_settle(sp, &place_why));
	snprintf(side, sizeof(side), "%s.meta.json", d.file);
	if (_i >= 2)
		ck_assert_int_eq(unlinkat(fd, side, 0), 0);
	if (_i == 2)
		write_at(fd, side, "");
	if (_i == 3)
		ck_assert_int_eq(unlinkat(fd, d.file, 0), 0);
	(void)recover();
	MUST(ledger_get(l, d.id, &now, &place_why));
	if (_i == 2) { /* deliver_document() writes the text again */
		ck_assert_int_eq(now.state, DOC_PASSED);
		MUST(deliver_document(sp, &now, meta, &place_why));
		ck_assert_msg(fsck() == 0, "%s", findings);
		(void)recover();
		MUST(ledger_get(l, d.id, &now, &place_why));
	}
	ck_assert_int_eq(now.state, DOC_DELIVERED);
	if (_i != 3)
		ck_assert_str_eq(now.file, d.file);
	ck_assert_uint_eq(files_of(&d), 0);
	again(&d);
	close(fd);
}
END_TEST

/* --- what nobody speaks for --- */

static bool
in_lost(const char *dir, const struct doc *d)
{
	char name[64];

	snprintf(name, sizeof(name), "%s.%s", dir, d->id.text);
	return access(place_path("state/lost", name, NULL), F_OK) == 0;
}

START_TEST(test_lost_files)
{
	struct doc d = place_doc(DOC_OUT, "nobody's");
	struct recover_report r;

	make_files(&d, W | S | L | P);
	ck_assert_uint_eq(fsck(), 4);
	r = recover();
	ck_assert_uint_eq(r.lost, 4);
	ck_assert_uint_eq(files_of(&d), 0);
	ck_assert(in_lost("work", &d) && in_lost("sealed", &d));
	ck_assert(in_lost("landed", &d) && in_lost("plain", &d));
	again(&d);
	ck_assert_uint_eq(fsck(), 4);
	ck_assert_ptr_nonnull(strstr(findings, d.id.text));
}
END_TEST

/* A returned or refused document without its copy: the leftover may be the
 * only one, so it is kept; with its copy it is removed. */
START_TEST(test_leftover_of_aside)
{
	static const enum doc_state back[] = { SEALED, DOC_RETURNED, GO };
	static const enum doc_state refused[] = { DOC_QUARANTINED, GO };
	struct doc out = make_doc(DOC_OUT, back);
	struct doc in = make_doc(DOC_IN, refused);
	int fd;

	make_files(&out, S);
	make_files(&in, L);
	if (_i == 0) {
		ck_assert_uint_eq(recover().lost, 2);
		ck_assert(in_lost("sealed", &out) && in_lost("landed", &in));
		return;
	}
	fd = public_fd(TREE_RETURNED, "invoices");
	write_at(fd, out.name, "content");
	write_at(fd, "invoice 1.xml.reason.json", out.id.text);
	close(fd);
	fd = public_fd(TREE_QUARANTINE, NULL);
	close(openat(fd, "x", O_CREAT | O_WRONLY, 0600));
	{
		char name[64];

		snprintf(name, sizeof(name), "%s.pgp", in.id.text);
		write_at(fd, name, "content");
	}
	close(fd);
	ck_assert_uint_eq(recover().lost, 0);
	ck_assert_uint_eq(files_of(&out) | files_of(&in), 0);
}
END_TEST

START_TEST(test_temporary_files)
{
	struct doc d = make_doc(DOC_OUT, (const enum doc_state[]){ GO });
	char name[64];

	make_files(&d, W);
	snprintf(name, sizeof(name), ".%s.tmp", d.id.text);
	write_at(spool_dir(sp, DIR_SEALED), name, "half");
	write_at(spool_dir(sp, DIR_PLAIN), name, "half");
	ck_assert_msg(fsck() == 0, "%s", findings);
	ck_assert_uint_eq(recover().removed, 2);
	ck_assert_int_ne(
	    faccessat(spool_dir(sp, DIR_SEALED), name, F_OK, 0), 0);
	ck_assert_uint_eq(files_of(&d), W);
	again(&d);
}
END_TEST

/* Not named by us: told, never touched. */
START_TEST(test_foreign_files)
{
	static const char *const names[] = { "notes.txt", ".swp",
		"01ARZ3NDEKTSV4RRFFQ69G5FA", "..tmp", ".x.tmp",
		"01arz3ndektsv4rrffq69g5fav",
		".01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp2" };
	const size_t n = sizeof(names) / sizeof(names[0]);

	for (size_t i = 0; i < n; i++)
		write_at(spool_dir(sp, DIR_WORK), names[i], "x");
	(void)recover();
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(
		    faccessat(spool_dir(sp, DIR_WORK), names[i], F_OK, 0), 0);
	ck_assert_uint_eq(fsck(), n);
}
END_TEST

/* --- fsck's own eyes --- */

static const struct {
	enum doc_direction direction;
	enum doc_state path[6];
	unsigned files;
	const char *finding;
} disagreements[] = {
	{ DOC_OUT, { SEALED, GO }, W, "not in sealed/" },
	{ DOC_OUT, { SEALED, GO }, S | P, "has a file in plain/" },
	{ DOC_OUT, { SEALED, GO }, S | A, "has a file in archive/" },
	{ DOC_OUT, { SEALED, SENT, GO }, 0, "not in sealed/ or archive/" },
	{ DOC_OUT, { SEALED, SENT, DOC_CLOSED, GO }, 0,
	    "is closed, but its file is not in sealed/ or archive/" },
	{ DOC_OUT, { DOC_HELD, GO }, 0, "not in work/ or sealed/" },
	{ DOC_OUT, { GO }, W | L, "has a file in landed/" },
	{ DOC_IN, { LANDED, GO }, P, "not in landed/" },
	{ DOC_IN, { PASSED, GO }, 0, "not in landed/" },
	{ DOC_IN, { PASSED, DOC_DELIVERED, GO }, A, "has a file in archive/" },
};

START_TEST(test_fsck)
{
	struct doc d =
	    make_doc(disagreements[_i].direction, disagreements[_i].path);

	make_files(&d, disagreements[_i].files);
	ck_assert_msg(fsck() == 1, "%s", findings);
	ck_assert_msg(strstr(findings, disagreements[_i].finding) != NULL, "%s",
	    findings);
	ck_assert_ptr_nonnull(strstr(findings, d.id.text));
}
END_TEST

START_TEST(test_fsck_size)
{
	struct doc d =
	    make_doc(DOC_OUT, (const enum doc_state[]){ SEALED, GO });

	make_files(&d, S);
	ck_assert_msg(fsck() == 0, "%s", findings);
	ck_assert_int_eq(
	    truncate(place_path("state/sealed", d.id.text, NULL), 3), 0);
	ck_assert_uint_eq(fsck(), 1);
	ck_assert_ptr_nonnull(strstr(findings, "3 bytes"));
}
END_TEST

/* --- many --- */

static void
make_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct doc d = place_doc(i % 2 == 0 ? DOC_OUT : DOC_IN, "many");

		MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
		if (i % 4 != 0) { /* every fourth was never moved */
			d.state = i % 2 == 0 ? DOC_SEALED : DOC_LANDED;
			MUST(ledger_change(l, &d, "x", NULL, &place_why));
			d.state = i % 2 == 0 ? DOC_SENDING : DOC_UNSEALED;
			MUST(ledger_change(l, &d, "x", NULL, &place_why));
			make_files(&d, i % 2 == 0 ? S : L);
		}
	}
	MUST(ledger_commit(l, &place_why));
}

/* More than one commit holds, and killed after any of them it goes on. */
START_TEST(test_many)
{
	struct recover_report r;
	struct ledger_counts c;

	make_many(4000);
	r = recover();
	ck_assert_uint_eq(r.documents, 4000);
	ck_assert_uint_eq(r.finished, 3000);
	ck_assert_uint_eq(r.dropped, 1000);
	MUST(ledger_count(l, NULL, &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_CLAIMED], 0);
	ck_assert_uint_eq(c.count[DOC_SEALED], 1000);
	ck_assert_uint_eq(c.count[DOC_LANDED], 2000);
	ck_assert_uint_eq(fsck(), 0);
	r = recover();
	ck_assert_uint_eq(r.documents, 3000);
	ck_assert_uint_eq(r.finished + r.dropped + r.removed, 0);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

int
main(void)
{
	Suite *s = suite_create("recover");
	TCase *t = tcase_create("recover");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_crashes, 0, COUNT(crashes));
	tcase_add_test(t, test_sending_keeps_attempts);
	tcase_add_loop_test(t, test_returned_without_commit, 0, 5);
	tcase_add_test(t, test_not_returned);
	tcase_add_loop_test(t, test_quarantined_without_commit, 0, 2);
	tcase_add_test(t, test_half_quarantined);
	tcase_add_loop_test(t, test_delivered_without_commit, 0, 4);
	tcase_add_test(t, test_lost_files);
	tcase_add_loop_test(t, test_leftover_of_aside, 0, 2);
	tcase_add_test(t, test_temporary_files);
	tcase_add_test(t, test_foreign_files);
	tcase_add_loop_test(t, test_fsck, 0, COUNT(disagreements));
	tcase_add_test(t, test_fsck_size);
	tcase_add_test(t, test_many);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
