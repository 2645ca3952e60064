/* Goal: what was committed is there whatever happened, what was not is not;
 * one writer; every question gets the right documents, in order. */
#include "spool/ledger.h"

#include "tests/spool/place.h"

#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct ledger *l;

static void
setup(void)
{
	place_make();
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
}

static void
teardown(void)
{
	ledger_close(l);
	l = NULL;
	clock_fake(0);
	place_remove();
}

static void
reopen(void)
{
	ledger_close(l);
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
}

static struct doc
put(enum doc_direction direction, const char *name)
{
	struct doc d = place_doc(direction, name);

	MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
	return d;
}

static void
go(struct doc *d, enum doc_state state)
{
	d->state = state;
	MUST(ledger_change(l, d, state_name(state), NULL, &place_why));
}

static bool
is_there(struct docid id)
{
	struct doc d;

	return ledger_get(l, id, &d, &place_why) == GW_OK;
}

START_TEST(test_every_field)
{
	struct doc d = put(DOC_IN, "Größe \"1\" 中文.xml"), back;

	ck_assert_int_gt(d.created_ms, 0);
	ck_assert_int_eq(d.created_ms, d.changed_ms);
	clock_fake(d.created_ms + 5000);
	d.state = DOC_LANDED;
	snprintf(d.flow, sizeof(d.flow), "orders");
	snprintf(d.file, sizeof(d.file), "other name");
	snprintf(d.message_id, sizeof(d.message_id), "m-1");
	snprintf(d.signer, sizeof(d.signer),
	    "0123456789ABCDEF0123456789ABCDEF01234567");
	place_digest(d.plain_sha256, 'a');
	place_digest(d.sealed_sha256, '7');
	d.plain_size = 1ull << 40;
	d.sealed_size = 5;
	d.attempts = 3;
	d.next_try_ms = 1234567890123;
	why_set(&d.why, REASON_UNREACHABLE, "no route to %s", "host");
	MUST(ledger_change(l, &d, "landed", "size=5", &place_why));
	MUST(ledger_commit(l, &place_why));
	reopen();
	MUST(ledger_get(l, d.id, &back, &place_why));
	ck_assert_int_eq(back.changed_ms, d.created_ms + 5000);
	ck_assert_mem_eq(back.id.text, d.id.text, sizeof(d.id.text));
	ck_assert_int_eq(back.direction, DOC_IN);
	ck_assert_int_eq(back.state, DOC_LANDED);
	ck_assert_str_eq(back.partner, d.partner);
	ck_assert_str_eq(back.flow, d.flow);
	ck_assert_str_eq(back.name, d.name);
	ck_assert_str_eq(back.file, d.file);
	ck_assert_str_eq(back.message_id, d.message_id);
	ck_assert_str_eq(back.signer, d.signer);
	ck_assert_str_eq(back.plain_sha256, d.plain_sha256);
	ck_assert_str_eq(back.sealed_sha256, d.sealed_sha256);
	ck_assert_uint_eq(back.plain_size, d.plain_size);
	ck_assert_uint_eq(back.sealed_size, d.sealed_size);
	ck_assert_uint_eq(back.attempts, 3);
	ck_assert_int_eq(back.created_ms, d.created_ms);
	ck_assert_int_eq(back.next_try_ms, d.next_try_ms);
	ck_assert_int_eq(back.why.reason, REASON_UNREACHABLE);
	ck_assert_str_eq(back.why.text, "no route to host");
}
END_TEST

START_TEST(test_longest_fields)
{
	struct doc d = place_doc(DOC_OUT, "x"), back;

	memset(d.name, 'n', sizeof(d.name) - 1);
	memset(d.file, 'f', sizeof(d.file) - 1);
	memset(d.partner, 'p', sizeof(d.partner) - 1);
	memset(d.flow, 'l', sizeof(d.flow) - 1);
	memset(d.message_id, 'm', sizeof(d.message_id) - 1);
	memset(d.signer, 'A', sizeof(d.signer) - 1);
	memset(d.why.text, 'w', sizeof(d.why.text) - 1);
	d.file[3] = '\xff'; /* as on disk, not even UTF-8 */
	MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
	MUST(ledger_get(l, d.id, &back, &place_why));
	ck_assert_mem_eq(back.name, d.name, sizeof(d.name));
	ck_assert_mem_eq(back.file, d.file, sizeof(d.file));
	ck_assert_mem_eq(back.partner, d.partner, sizeof(d.partner));
	ck_assert_mem_eq(back.flow, d.flow, sizeof(d.flow));
	ck_assert_mem_eq(back.message_id, d.message_id, sizeof(d.message_id));
	ck_assert_mem_eq(back.signer, d.signer, sizeof(d.signer));
	ck_assert_mem_eq(back.why.text, d.why.text, sizeof(d.why.text));
}
END_TEST

START_TEST(test_uncommitted_is_undone)
{
	struct doc kept = put(DOC_OUT, "kept"), gone, back;

	ck_assert_uint_eq(ledger_pending(l), 1);
	MUST(ledger_commit(l, &place_why));
	ck_assert_uint_eq(ledger_pending(l), 0);
	gone = put(DOC_OUT, "gone");
	go(&kept, DOC_SEALED);
	ck_assert_uint_eq(ledger_pending(l), 2);
	reopen();
	ck_assert(!is_there(gone.id));
	MUST(ledger_get(l, kept.id, &back, &place_why));
	ck_assert_int_eq(back.state, DOC_CLAIMED);
	MUST(ledger_commit(l, &place_why)); /* nothing to do is fine */
}
END_TEST

START_TEST(test_same_id_twice)
{
	struct doc d = put(DOC_OUT, "one"), again = d;

	ck_assert_int_eq(
	    ledger_insert(l, &again, "claimed", NULL, &place_why), GW_EXISTS);
	MUST(ledger_commit(l, &place_why)); /* the first is not harmed */
	ck_assert(is_there(d.id));
}
END_TEST

START_TEST(test_unknown_document)
{
	struct doc d = place_doc(DOC_OUT, "unknown");

	ck_assert_int_eq(ledger_get(l, d.id, &d, &place_why), GW_NONE);
	ck_assert_int_eq(
	    ledger_change(l, &d, "claimed", NULL, &place_why), GW_NONE);
	ck_assert_int_eq(ledger_forget(l, d.id, &place_why), GW_NONE);
	ck_assert_uint_eq(ledger_pending(l), 0);
	MUST(ledger_commit(l, &place_why));
}
END_TEST

START_TEST(test_bad_digest)
{
	struct doc d = put(DOC_OUT, "digest");

	memset(d.plain_sha256, 'g', sizeof(d.plain_sha256) - 1);
	ck_assert_int_eq(
	    ledger_change(l, &d, "claimed", NULL, &place_why), GW_INTERNAL);
	MUST(ledger_commit(l, &place_why));
	ck_assert(is_there(d.id));
}
END_TEST

/* Our own faults end the process; tried in one of their own. */
static void
dies(void (*fault)(void))
{
	pid_t pid;
	int status;

	ledger_close(l);
	l = NULL;
	if ((pid = fork()) == 0) {
		if (ledger_open(place, LEDGER_WRITE, &l, &place_why) != GW_OK ||
		    freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		fault();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
forbidden_step(void)
{
	struct doc d = put(DOC_IN, "x");

	go(&d, DOC_PASSED);
	d.state = DOC_QUARANTINED;
	(void)ledger_change(l, &d, "quarantined", NULL, &place_why);
}

static void
other_direction(void)
{
	struct doc d = put(DOC_IN, "x");

	d.direction = DOC_OUT;
	(void)ledger_change(l, &d, "claimed", NULL, &place_why);
}

static void
impossible_insert(void)
{
	struct doc d = place_doc(DOC_OUT, "x");

	d.state = DOC_DELIVERED;
	(void)ledger_insert(l, &d, "delivered", NULL, &place_why);
}

static void
forget_accepted(void)
{
	struct doc d = put(DOC_OUT, "x");

	go(&d, DOC_SEALED);
	(void)ledger_forget(l, d.id, &place_why);
}

static void
change_by_reader(void)
{
	struct doc d = put(DOC_OUT, "x");

	MUST(ledger_commit(l, &place_why));
	ledger_close(l);
	MUST(ledger_open(place, LEDGER_READ, &l, &place_why));
	(void)ledger_change(l, &d, "claimed", NULL, &place_why);
}

START_TEST(test_own_faults)
{
	dies(forbidden_step);
	dies(other_direction);
	dies(impossible_insert);
	dies(forget_accepted);
	dies(change_by_reader);
}
END_TEST

/* --- one writer, many readers --- */

START_TEST(test_second_writer)
{
	struct ledger *second;
	char pid[32];

	ck_assert_int_eq(
	    ledger_open(place, LEDGER_WRITE, &second, &place_why), GW_REFUSED);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(place_why.text, "ledger.lock"));
	ck_assert_ptr_nonnull(strstr(place_why.text, place));
	snprintf(pid, sizeof(pid), "process %ld ", (long)getpid());
	ck_assert_ptr_nonnull(strstr(place_why.text, pid));
	/* The first goes on. */
	(void)put(DOC_OUT, "x");
	MUST(ledger_commit(l, &place_why));
}
END_TEST

/* A killed writer leaves no lock behind, and what it committed. */
START_TEST(test_killed_writer)
{
	int pipefd[2], status;
	struct docid ids[2];
	pid_t pid;

	ledger_close(l);
	l = NULL;
	ck_assert_int_eq(pipe(pipefd), 0);
	if ((pid = fork()) == 0) {
		struct doc a, b;

		if (ledger_open(place, LEDGER_WRITE, &l, &place_why) != GW_OK)
			_exit(1);
		a = put(DOC_OUT, "committed");
		if (ledger_commit(l, &place_why) != GW_OK)
			_exit(1);
		b = put(DOC_OUT, "not committed");
		ids[0] = a.id;
		ids[1] = b.id;
		if (write(pipefd[1], ids, sizeof(ids)) != sizeof(ids))
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(read(pipefd[0], ids, sizeof(ids)), sizeof(ids));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
	ck_assert(is_there(ids[0]));
	ck_assert(!is_there(ids[1]));
	close(pipefd[0]);
	close(pipefd[1]);
}
END_TEST

START_TEST(test_reader_beside_writer)
{
	struct doc d = put(DOC_OUT, "x"), back;
	struct ledger *reader;

	MUST(ledger_commit(l, &place_why));
	MUST(ledger_open(place, LEDGER_READ, &reader, &place_why));
	go(&d, DOC_SEALED);
	MUST(ledger_get(reader, d.id, &back, &place_why));
	ck_assert_int_eq(back.state, DOC_CLAIMED);
	MUST(ledger_commit(l, &place_why));
	MUST(ledger_get(reader, d.id, &back, &place_why));
	ck_assert_int_eq(back.state, DOC_SEALED);
	ledger_close(reader);
	/* Its leaving has not touched what the writer relies on. */
	go(&d, DOC_SENDING);
	MUST(ledger_commit(l, &place_why));
}
END_TEST

START_TEST(test_reader_alone)
{
	struct doc d = put(DOC_OUT, "x"), back;
	struct ledger *reader;

	MUST(ledger_commit(l, &place_why));
	ledger_close(l);
	l = NULL;
	MUST(ledger_open(place, LEDGER_READ, &reader, &place_why));
	MUST(ledger_get(reader, d.id, &back, &place_why));
	ledger_close(reader);
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
	ck_assert(is_there(d.id));
}
END_TEST

START_TEST(test_nothing_to_read)
{
	struct ledger *reader;
	const char *empty = place_path("empty", NULL, NULL);
	int fd;

	ck_assert_int_eq(mkdir(empty, 0700), 0);
	ck_assert_int_eq(
	    ledger_open(empty, LEDGER_READ, &reader, &place_why), GW_NONE);
	/* As after a crash in the middle of the first start. */
	fd = open(place_path("empty/ledger.db", NULL, NULL), O_CREAT | O_WRONLY,
	    0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(
	    ledger_open(empty, LEDGER_READ, &reader, &place_why), GW_NONE);
	ck_assert_int_eq(ledger_open(place_path("absent", NULL, NULL),
			     LEDGER_READ, &reader, &place_why),
	    GW_NONE);
}
END_TEST

static void
sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(
	    sqlite3_open(place_path("ledger.db", NULL, NULL), &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK,
	    "%s", sqlite3_errmsg(db));
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

START_TEST(test_newer_schema)
{
	ledger_close(l);
	l = NULL;
	sql("PRAGMA user_version = 99");
	ck_assert_int_eq(
	    ledger_open(place, LEDGER_WRITE, &l, &place_why), GW_REFUSED);
	ck_assert_ptr_nonnull(strstr(place_why.text, "newer"));
	ck_assert_int_eq(
	    ledger_open(place, LEDGER_READ, &l, &place_why), GW_REFUSED);
	sql("PRAGMA user_version = 2");
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
}
END_TEST

/* A ledger of the first schema gets what came since, and loses nothing. */
START_TEST(test_older_schema)
{
	struct doc d = put(DOC_IN, "kept");
	bool first;

	MUST(ledger_commit(l, &place_why));
	ledger_close(l);
	l = NULL;
	sql("DROP TABLE signing_key; PRAGMA user_version = 1");
	MUST(ledger_open(place, LEDGER_WRITE, &l, &place_why));
	ck_assert(is_there(d.id));
	MUST(ledger_note_key(l, "acme", "AB", &first, &place_why));
	ck_assert(first);
}
END_TEST

START_TEST(test_note_key)
{
	bool first;

	MUST(ledger_note_key(l, "acme", "AB", &first, &place_why));
	ck_assert(first);
	MUST(ledger_note_key(l, "acme", "AB", &first, &place_why));
	ck_assert(!first);
	MUST(ledger_note_key(l, "other", "AB", &first, &place_why));
	ck_assert(first);
	MUST(ledger_note_key(l, "acme", "CD", &first, &place_why));
	ck_assert(first);
	MUST(ledger_commit(l, &place_why));
	reopen();
	MUST(ledger_note_key(l, "acme", "CD", &first, &place_why));
	ck_assert(!first);
}
END_TEST

START_TEST(test_damaged_file)
{
	char rubbish[8192];
	int fd;

	ledger_close(l);
	l = NULL;
	memset(rubbish, 'x', sizeof(rubbish));
	fd = open(place_path("ledger.db", NULL, NULL), O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, rubbish, sizeof(rubbish)), sizeof(rubbish));
	close(fd);
	ck_assert_int_eq(
	    ledger_open(place, LEDGER_WRITE, &l, &place_why), GW_INTERNAL);
	ck_assert_int_eq(place_why.reason, REASON_IO_ERROR);
	ck_assert_ptr_nonnull(strstr(place_why.text, "damaged"));
}
END_TEST

START_TEST(test_private_files)
{
	static const char *const names[] = { "ledger.db", "ledger.db-wal",
		"ledger.db-shm", "ledger.lock" };
	struct stat st;

	(void)put(DOC_OUT, "x");
	MUST(ledger_commit(l, &place_why));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(
		    stat(place_path(names[i], NULL, NULL), &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
	}
}
END_TEST

/* --- power, space, confinement --- */

static void
copy_file(const char *name, const char *to_dir)
{
	char command[1200];

	snprintf(command, sizeof(command), "cp %s/%s %s/%s", place, name,
	    to_dir, name);
	ck_assert_int_eq(system(command), 0);
}

/* A power cut is a copy of the files at that moment, without the shared
 * memory: the log that the commit synced must carry it alone. */
START_TEST(test_power_cut)
{
	char cut[256];
	struct doc a = put(DOC_OUT, "promised"), b;

	snprintf(cut, sizeof(cut), "%s", place_path("cut", NULL, NULL));
	ck_assert_int_eq(mkdir(cut, 0700), 0);
	MUST(ledger_commit(l, &place_why));
	b = put(DOC_OUT, "not promised");
	copy_file("ledger.db", cut);
	copy_file("ledger.db-wal", cut);
	ledger_close(l);
	MUST(ledger_open(cut, LEDGER_WRITE, &l, &place_why));
	ck_assert(is_there(a.id));
	ck_assert(!is_there(b.id));
}
END_TEST

/* The log torn at any length: each commit is there as a whole or not at all,
 * and none is there without those before it. */
START_TEST(test_torn_log)
{
	struct doc d[6];
	char cut[256], wal[300];
	struct stat st;
	unsigned last = 0;

	for (int i = 0; i < 6; i += 2) {
		d[i] = put(DOC_OUT, "first of two");
		d[i + 1] = put(DOC_OUT, "second of two");
		MUST(ledger_commit(l, &place_why));
	}
	snprintf(cut, sizeof(cut), "%s", place_path("cut", NULL, NULL));
	snprintf(wal, sizeof(wal), "%s/ledger.db-wal", cut);
	ck_assert_int_eq(mkdir(cut, 0700), 0);
	ck_assert_int_eq(stat(place_path("ledger.db-wal", NULL, NULL), &st), 0);
	for (off_t len = 0; len <= st.st_size; len += 1031) {
		struct ledger *whole = l;
		unsigned seen = 0;

		(void)unlink(wal);
		copy_file("ledger.db", cut);
		copy_file("ledger.db-wal", cut);
		ck_assert_int_eq(truncate(wal, len), 0);
		if (ledger_open(cut, LEDGER_READ, &l, &place_why) != GW_OK) {
			l = whole; /* not even the tables: as before them */
			ck_assert_uint_eq(last, 0);
			continue;
		}
		for (int i = 0; i < 6; i += 2) {
			ck_assert(is_there(d[i].id) == is_there(d[i + 1].id));
			if (is_there(d[i].id)) {
				ck_assert_uint_eq(seen, (unsigned)i / 2);
				seen++;
			}
		}
		ledger_close(l);
		l = whole;
		ck_assert_uint_ge(seen, last);
		last = seen;
	}
	ck_assert_uint_ge(last, 2);
}
END_TEST

/* Change more than fits; the commit fails and everything in it is undone. */
static void
fill_up(struct doc *before, enum gw_status wanted, enum gw_reason reason)
{
	struct docid some[64];
	unsigned n = 0;
	enum gw_status st = GW_OK;
	struct doc back;

	go(before, DOC_SEALED);
	while (st == GW_OK && n < 200000) {
		struct doc d = place_doc(DOC_OUT, "filling the disk");

		st = ledger_insert(l, &d, "claimed", NULL, &place_why);
		if (st == GW_OK && n < 64)
			some[n] = d.id;
		if (st == GW_OK)
			n++;
		/* Half of them come with a commit that must hold. */
		if (n % 1000 == 0 && st == GW_OK && n <= 2000)
			st = ledger_commit(l, &place_why);
	}
	ck_assert_int_eq(st, wanted);
	ck_assert_int_eq(place_why.reason, reason);
	ck_assert_int_eq(ledger_commit(l, &place_why), wanted);
	ck_assert_int_eq(place_why.reason, reason);
	ck_assert_uint_eq(ledger_pending(l), 0);
	if (wanted == GW_AGAIN) {
		MUST(ledger_get(l, before->id, &back, &place_why));
		ck_assert_int_eq(back.state, DOC_SEALED);
		ck_assert(is_there(some[0]));
	}
}

/* A small file system that fills up: temporary, and it heals. */
START_TEST(test_full_disk)
{
	struct doc d, back;
	char small[256];

	snprintf(small, sizeof(small), "%s", place_path("small", NULL, NULL));
	ck_assert_int_eq(mkdir(small, 0700), 0);
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", small, "tmpfs", 0, "size=24m,mode=700") != 0)
		return; /* needs root; test_file_limit does without */
	ledger_close(l);
	MUST(ledger_open(small, LEDGER_WRITE, &l, &place_why));
	d = put(DOC_OUT, "before");
	MUST(ledger_commit(l, &place_why));
	fill_up(&d, GW_AGAIN, REASON_NO_SPACE);
	/* Room again: it goes on without a new start. */
	ck_assert_int_eq(
	    mount("none", small, "tmpfs", MS_REMOUNT, "size=96m"), 0);
	go(&d, DOC_SENDING);
	MUST(ledger_commit(l, &place_why));
	MUST(ledger_get(l, d.id, &back, &place_why));
	ck_assert_int_eq(back.state, DOC_SENDING);
	ledger_close(l);
	l = NULL;
	(void)umount(small);
}
END_TEST

/* A failing write that is not a full disk: final for this connection, and the
 * earlier promise is intact for the next. */
START_TEST(test_file_limit)
{
	struct rlimit limit = { 12 << 20, RLIM_INFINITY };
	struct doc d = put(DOC_OUT, "before"), back;

	MUST(ledger_commit(l, &place_why));
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fill_up(&d, GW_INTERNAL, REASON_IO_ERROR);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(
	    ledger_change(l, &d, "again", NULL, &place_why), GW_INTERNAL);
	ck_assert_int_eq(ledger_commit(l, &place_why), GW_INTERNAL);
	reopen();
	MUST(ledger_get(l, d.id, &back, &place_why));
	ck_assert_int_eq(back.state, DOC_SEALED);
}
END_TEST

static bool
count_docs(void *ctx, const struct doc *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return true;
}

/* Locked in: not one file is opened after ledger_open(), not even by sorting,
 * copying the log or deep transactions. */
START_TEST(test_opens_nothing_later)
{
	struct rlimit usual, none;
	struct ledger_filter all = { .newest_first = true, .open_only = true };
	struct ledger_counts counts;
	unsigned n = 0;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = usual;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (unsigned i = 0; i < 20000; i++) {
		struct doc d = put(DOC_OUT, "many");

		go(&d, DOC_SEALED);
		if (i % 5000 == 0)
			MUST(ledger_commit(l, &place_why));
	}
	MUST(ledger_commit(l, &place_why));
	MUST(ledger_list(l, &all, count_docs, &n, &place_why));
	ck_assert_uint_eq(n, 20000);
	MUST(ledger_count(l, NULL, &counts, &place_why));
	ck_assert_uint_eq(counts.count[DOC_SEALED], 20000);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
}
END_TEST

/* --- questions --- */

struct seen {
	char text[4096];
	unsigned stop_after;
	unsigned n;
};

static bool
see(void *ctx, const struct doc *d)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s%s", n > 0 ? " " : "",
	    d->name);
	return ++s->n != s->stop_after;
}

static const char *
list(const struct ledger_filter *f)
{
	static struct seen s;

	memset(&s, 0, sizeof(s));
	MUST(ledger_list(l, f, see, &s, &place_why));
	return s.text;
}

/* a: out sealed due; b: in passed; c: out sealed, later; d: other partner;
 * e: closed; f: in delivered; g: claimed. */
static struct doc known[7];

static void
make_known(void)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f",
		"g" };
	static const enum doc_state paths[7][5] = {
		{ DOC_SEALED },
		{ DOC_LANDED, DOC_UNSEALED, DOC_PASSED },
		{ DOC_SEALED },
		{ DOC_SEALED },
		{ DOC_SEALED, DOC_SENDING, DOC_SENT, DOC_CLOSED },
		{ DOC_PASSED, DOC_DELIVERED },
		{ DOC_CLAIMED },
	};

	for (int i = 0; i < 7; i++) {
		struct doc *d = &known[i];

		clock_fake(1700000000000 + i);
		*d = place_doc(i == 1 || i == 5 ? DOC_IN : DOC_OUT, names[i]);
		if (i == 3)
			snprintf(d->partner, sizeof(d->partner), "other");
		if (i == 2)
			d->next_try_ms = 1800000000000;
		place_digest(d->plain_sha256, (char)('0' + i));
		place_digest(d->sealed_sha256, (char)('a' + i % 6));
		MUST(ledger_insert(l, d, "claimed", NULL, &place_why));
		for (int s = 0; s < 5 && paths[i][s] != DOC_CLAIMED; s++)
			go(d, paths[i][s]);
	}
	clock_fake(0);
	MUST(ledger_commit(l, &place_why));
}

START_TEST(test_filters)
{
	struct ledger_filter f = { 0 };
	char hex[SHA256_HEX_MAX];

	make_known();
	ck_assert_str_eq(list(&f), "a b c d e f g");
	f.newest_first = true;
	ck_assert_str_eq(list(&f), "g f e d c b a");
	f.limit = 2;
	ck_assert_str_eq(list(&f), "g f");
	f = (struct ledger_filter){ .partner = "acme" };
	ck_assert_str_eq(list(&f), "a b c e f g");
	f.partner = "acm";
	ck_assert_str_eq(list(&f), "");
	f = (struct ledger_filter){ .with_state = true, .state = DOC_SEALED };
	ck_assert_str_eq(list(&f), "a c d");
	f.partner = "acme";
	ck_assert_str_eq(list(&f), "a c");
	f.due_ms = 1750000000000;
	ck_assert_str_eq(list(&f), "a");
	f.due_ms = 1800000000000;
	ck_assert_str_eq(list(&f), "a c");
	f.with_direction = true;
	f.direction = DOC_OUT;
	ck_assert_str_eq(list(&f), "a c");
	f.direction = DOC_IN;
	ck_assert_str_eq(list(&f), "");
	f = (struct ledger_filter){ .with_direction = true,
		.direction = DOC_IN };
	ck_assert_str_eq(list(&f), "b f");
	f = (struct ledger_filter){ .with_state = true, .state = DOC_CLOSED };
	ck_assert_str_eq(list(&f), "e");
	f = (struct ledger_filter){ .open_only = true };
	ck_assert_str_eq(list(&f), "a b c d g");
	f = (struct ledger_filter){ .with_state = true, .state = DOC_CLAIMED };
	ck_assert_str_eq(list(&f), "g");
	f = (struct ledger_filter){ .text = "f" };
	ck_assert_str_eq(list(&f), "f");
	f.text = known[2].id.text;
	ck_assert_str_eq(list(&f), "c");
	f.text = known[2].file;
	ck_assert_str_eq(list(&f), "c");
	place_digest(hex, '4');
	f.text = hex;
	ck_assert_str_eq(list(&f), "e");
	place_digest(hex, 'a');
	ck_assert_str_eq(list(&f), "a g");
	place_digest(hex, 'A');
	ck_assert_str_eq(list(&f), "a g");
	f.text = "' OR 1 --";
	ck_assert_str_eq(list(&f), "");
}
END_TEST

/* Somebody else's id: found as the message id that a partner gave it. */
START_TEST(test_partners_id)
{
	struct ledger_filter f = { 0 };
	struct docid theirs = docid_new();
	struct doc d = place_doc(DOC_IN, "x");

	snprintf(d.message_id, sizeof(d.message_id), "%s", theirs.text);
	MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
	f.text = theirs.text;
	ck_assert_str_eq(list(&f), "x");
	theirs = docid_new();
	f.text = theirs.text;
	ck_assert_str_eq(list(&f), "");
}
END_TEST

START_TEST(test_continue)
{
	struct ledger_filter f = { .limit = 3 };
	struct docid never = docid_new();

	make_known();
	ck_assert_str_eq(list(&f), "a b c");
	f.after_id = known[2].id.text;
	ck_assert_str_eq(list(&f), "d e f");
	f.after_id = known[5].id.text;
	ck_assert_str_eq(list(&f), "g");
	f.after_id = known[6].id.text;
	ck_assert_str_eq(list(&f), "");
	f.after_id = never.text; /* later than all of them */
	f.newest_first = true;
	ck_assert_str_eq(list(&f), "g f e");
	f.after_id = known[4].id.text;
	ck_assert_str_eq(list(&f), "d c b");
	/* Continues also where the last one shown is gone. */
	f = (struct ledger_filter){ .after_id = known[6].id.text,
		.newest_first = true };
	MUST(ledger_forget(l, known[6].id, &place_why));
	ck_assert_str_eq(list(&f), "f e d c b a");
}
END_TEST

static bool
list_inside(void *ctx, const struct doc *d)
{
	struct ledger_filter f = { 0 };
	struct doc again;
	unsigned *n = ctx;

	MUST(ledger_get(l, d->id, &again, &place_why));
	ck_assert_str_eq(list(&f), "a b c d e f g");
	return ++*n < 3;
}

START_TEST(test_list_in_list)
{
	struct ledger_filter f = { 0 };
	unsigned n = 0;

	make_known();
	MUST(ledger_list(l, &f, list_inside, &n, &place_why));
	ck_assert_uint_eq(n, 3);
	MUST(ledger_forget(l, known[6].id, &place_why));
	MUST(ledger_commit(l, &place_why));
}
END_TEST

START_TEST(test_find_message)
{
	struct doc d;

	make_known();
	MUST(ledger_find_message(l, "acme", "b@gw.example", &d, &place_why));
	ck_assert_str_eq(d.id.text, known[1].id.text);
	MUST(ledger_find_message(l, "acme", "f@gw.example", &d, &place_why));
	ck_assert_str_eq(d.id.text, known[5].id.text);
	ck_assert_int_eq(d.state, DOC_DELIVERED);
	/* Another partner's, one of ours, and one that is not proven yet. */
	ck_assert_int_eq(
	    ledger_find_message(l, "other", "b@gw.example", &d, &place_why),
	    GW_NONE);
	ck_assert_int_eq(
	    ledger_find_message(l, "acme", "e@gw.example", &d, &place_why),
	    GW_NONE);
	d = place_doc(DOC_IN, "new");
	MUST(ledger_insert(l, &d, "claimed", NULL, &place_why));
	go(&d, DOC_UNSEALED);
	ck_assert_int_eq(
	    ledger_find_message(l, "acme", "new@gw.example", &d, &place_why),
	    GW_NONE);
}
END_TEST

START_TEST(test_find_content)
{
	struct doc d, second;
	char hex[SHA256_HEX_MAX];

	make_known();
	place_digest(hex, '5');
	MUST(ledger_find_content(l, "acme", hex, &d, &place_why));
	ck_assert_str_eq(d.id.text, known[5].id.text);
	second = place_doc(DOC_IN, "second");
	memcpy(second.plain_sha256, hex, sizeof(hex));
	MUST(ledger_insert(l, &second, "claimed", NULL, &place_why));
	go(&second, DOC_PASSED);
	go(&second, DOC_DELIVERED);
	MUST(ledger_find_content(l, "acme", hex, &d, &place_why));
	ck_assert_str_eq(d.id.text, known[5].id.text); /* the first */
	ck_assert_int_eq(
	    ledger_find_content(l, "other", hex, &d, &place_why), GW_NONE);
	place_digest(hex, '1'); /* passed, not delivered */
	ck_assert_int_eq(
	    ledger_find_content(l, "acme", hex, &d, &place_why), GW_NONE);
	ck_assert_int_eq(
	    ledger_find_content(l, "acme", "12", &d, &place_why), GW_INTERNAL);
}
END_TEST

static bool
tell_event(void *ctx, const struct ledger_event *e)
{
	char *text = ctx;
	size_t n = strlen(text);

	snprintf(text + n, 1024 - n, "%lld:%s:%s ", (long long)e->time_ms,
	    e->step, e->detail);
	return strcmp(e->step, "stop") != 0;
}

START_TEST(test_events)
{
	char text[1024] = "";
	struct doc d;

	clock_fake(1000);
	d = put(DOC_OUT, "x");
	(void)put(DOC_OUT, "another between them");
	clock_fake(900); /* a clock set back does not mix them up */
	d.state = DOC_SEALED;
	MUST(ledger_change(l, &d, "sealed", "bytes=7", &place_why));
	clock_fake(2000);
	MUST(ledger_change(l, &d, "try", "", &place_why));
	MUST(ledger_change(l, &d, "stop", NULL, &place_why));
	MUST(ledger_change(l, &d, "after", NULL, &place_why));
	MUST(ledger_events(l, d.id, tell_event, text, &place_why));
	ck_assert_str_eq(
	    text, "1000:claimed: 900:sealed:bytes=7 2000:try: 2000:stop: ");
	text[0] = '\0';
	d.id = docid_new();
	MUST(ledger_events(l, d.id, tell_event, text, &place_why));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(test_forget)
{
	char text[1024] = "";
	struct doc d = put(DOC_OUT, "x"), after;

	MUST(ledger_forget(l, d.id, &place_why));
	after = put(DOC_OUT, "after");
	MUST(ledger_commit(l, &place_why));
	ck_assert(!is_there(d.id));
	/* Its events are gone, and none of them belong to the next one. */
	MUST(ledger_events(l, d.id, tell_event, text, &place_why));
	ck_assert_str_eq(text, "");
	MUST(ledger_events(l, after.id, tell_event, text, &place_why));
	ck_assert_ptr_nonnull(strstr(text, ":claimed: "));
	ck_assert_ptr_eq(strchr(text, ' '), text + strlen(text) - 1);
}
END_TEST

START_TEST(test_counts)
{
	struct ledger_counts c;
	struct doc d;

	make_known();
	MUST(ledger_count(l, NULL, &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_SEALED], 3);
	ck_assert_int_eq(c.oldest_ms[DOC_SEALED], known[0].created_ms);
	ck_assert_uint_eq(c.count[DOC_CLOSED], 1);
	ck_assert_int_eq(c.oldest_ms[DOC_CLOSED], known[4].created_ms);
	ck_assert_uint_eq(c.count[DOC_HELD], 0);
	ck_assert_int_eq(c.oldest_ms[DOC_HELD], 0);
	MUST(ledger_count(l, "other", &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_SEALED], 1);
	ck_assert_uint_eq(c.count[DOC_CLOSED], 0);
	/* Staying in a final state is not a second end. */
	d = known[4];
	MUST(ledger_change(l, &d, "receipt", NULL, &place_why));
	MUST(ledger_count(l, "acme", &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_CLOSED], 1);
	ck_assert_uint_eq(c.count[DOC_DELIVERED], 1);
	ck_assert_uint_eq(c.count[DOC_CLAIMED], 1);
	ck_assert_uint_eq(c.count[DOC_PASSED], 1);
	/* What is undone is not counted either. */
	go(&known[1], DOC_DELIVERED);
	MUST(ledger_count(l, "acme", &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_DELIVERED], 2);
	reopen();
	MUST(ledger_count(l, "acme", &c, &place_why));
	ck_assert_uint_eq(c.count[DOC_DELIVERED], 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger");
	TCase *t = tcase_create("ledger");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_every_field);
	tcase_add_test(t, test_longest_fields);
	tcase_add_test(t, test_uncommitted_is_undone);
	tcase_add_test(t, test_same_id_twice);
	tcase_add_test(t, test_unknown_document);
	tcase_add_test(t, test_bad_digest);
	tcase_add_test(t, test_own_faults);
	tcase_add_test(t, test_second_writer);
	tcase_add_test(t, test_killed_writer);
	tcase_add_test(t, test_reader_beside_writer);
	tcase_add_test(t, test_reader_alone);
	tcase_add_test(t, test_nothing_to_read);
	tcase_add_test(t, test_newer_schema);
	tcase_add_test(t, test_older_schema);
	tcase_add_test(t, test_note_key);
	tcase_add_test(t, test_damaged_file);
	tcase_add_test(t, test_private_files);
	tcase_add_test(t, test_power_cut);
	tcase_add_test(t, test_torn_log);
	tcase_add_test(t, test_full_disk);
	tcase_add_test(t, test_file_limit);
	tcase_add_test(t, test_opens_nothing_later);
	tcase_add_test(t, test_filters);
	tcase_add_test(t, test_partners_id);
	tcase_add_test(t, test_continue);
	tcase_add_test(t, test_list_in_list);
	tcase_add_test(t, test_find_message);
	tcase_add_test(t, test_find_content);
	tcase_add_test(t, test_events);
	tcase_add_test(t, test_forget);
	tcase_add_test(t, test_counts);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
