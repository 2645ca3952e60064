/* spool/ledger.c - records what became of every document. */
#include "spool/ledger_db.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* "WAYB": what file(1) and a puzzled administrator see in the header. */
#define APPLICATION_ID 0x57415942

/*
 * Pages in the write-ahead log (16 MiB) after which a commit copies them to
 * the database.  The same few pages are written again and again, so a longer
 * log means less copying; it is overwritten in place, which also makes its
 * syncs cheap, since the file does not grow.
 */
#define CHECKPOINT_PAGES 4000

/* 16 MiB of pages: the newest documents and all open ones of a normal day. */
#define CACHE_KIB 16384

static const char *const statements[STMT_COUNT] = {
#define X(symbol, text) [STMT_##symbol] = text,
	LEDGER_STATEMENTS(X)
#undef X
};

static const int state_codes[DOC_STATE_COUNT] = {
	[DOC_CLAIMED] = SQL_CLAIMED,
	[DOC_SEALED] = SQL_SEALED,
	[DOC_SENDING] = SQL_SENDING,
	[DOC_SENT] = SQL_SENT,
	[DOC_CLOSED] = SQL_CLOSED,
	[DOC_RETURNED] = SQL_RETURNED,
	[DOC_HELD] = SQL_HELD,
	[DOC_LANDED] = SQL_LANDED,
	[DOC_UNSEALED] = SQL_UNSEALED,
	[DOC_PASSED] = SQL_PASSED,
	[DOC_DELIVERED] = SQL_DELIVERED,
	[DOC_DUPLICATE] = SQL_DUPLICATE,
	[DOC_QUARANTINED] = SQL_QUARANTINED,
};

int
ledger_db_state(enum doc_state state)
{
	if ((unsigned)state >= DOC_STATE_COUNT)
		gw_fatal("ledger: no such state: %d", (int)state);
	return state_codes[state];
}

enum doc_state
ledger_db_state_of(int code)
{
	for (unsigned i = 0; i < DOC_STATE_COUNT; i++) {
		if (state_codes[i] == code)
			return (enum doc_state)i;
	}
	return DOC_STATE_COUNT;
}

enum gw_status
ledger_db_error(struct ledger *l, const char *doing, struct why *why)
{
	int code = sqlite3_extended_errcode(l->db);
	const char *text = sqlite3_errmsg(l->db);

	if (code == SQLITE_IOERR_NOMEM)
		code = SQLITE_NOMEM;
	switch (code & 0xff) {
	case SQLITE_FULL:
		why_set(why, REASON_NO_SPACE, "%s the ledger: the disk is full",
		    doing);
		return GW_AGAIN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_NOMEM:
		why_set(why, REASON_INTERNAL, "%s the ledger: %s", doing, text);
		return GW_AGAIN;
	case SQLITE_IOERR:
		why_set(why, REASON_IO_ERROR, "%s the ledger: %s: %s", doing,
		    text, strerror(sqlite3_system_errno(l->db)));
		return GW_INTERNAL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		why_set(why, REASON_IO_ERROR,
		    "%s the ledger: ledger.db is damaged: %s", doing, text);
		return GW_INTERNAL;
	case SQLITE_CONSTRAINT:
		why_set(why, REASON_INTERNAL, "%s the ledger: %s", doing, text);
		return GW_EXISTS;
	default:
		why_set(why, REASON_INTERNAL, "%s the ledger: %s (%d)", doing,
		    text, code);
		return GW_INTERNAL;
	}
}

sqlite3_stmt *
ledger_db_stmt(struct ledger *l, enum ledger_statement s, struct why *why)
{
	if (l->stmt[s] == NULL &&
	    sqlite3_prepare_v3(l->db, statements[s], -1,
		SQLITE_PREPARE_PERSISTENT, &l->stmt[s], NULL) != SQLITE_OK)
		(void)ledger_db_error(l, "preparing", why); /* NULL says it */
	return l->stmt[s];
}

enum gw_status
ledger_db_run(
    struct ledger *l, sqlite3_stmt *stmt, const char *doing, struct why *why)
{
	enum gw_status st = GW_OK;

	if (sqlite3_step(stmt) != SQLITE_DONE)
		st = ledger_db_error(l, doing, why);
	(void)sqlite3_reset(stmt); /* repeats the error of the step */
	return st;
}

static enum gw_status
run(struct ledger *l, enum ledger_statement s, const char *doing,
    struct why *why)
{
	sqlite3_stmt *stmt = ledger_db_stmt(l, s, why);

	return stmt != NULL ? ledger_db_run(l, stmt, doing, why) : GW_INTERNAL;
}

/* --- opening --- */

/* One process writes.  The lock is the kernel's, so it ends with its holder
 * and a stale file means nothing. */
static enum gw_status
take_lock(struct ledger *l, int dir, const char *path, struct why *why)
{
	char holder[24] = "";
	int fd = openat(dir, "ledger.lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		why_errno(why, REASON_IO_ERROR, "opening %s/ledger.lock", path);
		return gw_status_errno(errno);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			why_errno(why, REASON_IO_ERROR,
			    "locking %s/ledger.lock", path);
		else if (pread(fd, holder, sizeof(holder) - 1, 0) > 0)
			why_set(why, REASON_CONFIG,
			    "process %ld has the ledger open: "
			    "%s/ledger.lock is locked",
			    atol(holder), path);
		else
			why_set(why, REASON_CONFIG,
			    "another process has the ledger open: "
			    "%s/ledger.lock is locked",
			    path);
		fd_close(&fd);
		return GW_REFUSED;
	}
	snprintf(holder, sizeof(holder), "%ld\n", (long)getpid());
	/* The number only helps people; without it the lock holds as well. */
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, holder, strlen(holder), 0);
	l->lock_fd = fd;
	return GW_OK;
}

/*
 * Made by us, so that nobody else can read it; SQLite gives -wal and -shm the
 * same mode.  Before SQLite opens it: closing a descriptor of a database that
 * is open in the same process would drop SQLite's own locks.
 */
static enum gw_status
make_file(int dir, struct why *why)
{
	int fd = openat(
	    dir, "ledger.db", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		why_errno(why, REASON_IO_ERROR, "opening ledger.db");
		return gw_status_errno(errno);
	}
	fd_close(&fd);
	return GW_OK;
}

static enum gw_status
execute(struct ledger *l, const char *sql, struct why *why)
{
	if (sqlite3_exec(l->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return ledger_db_error(l, "setting up", why);
	return GW_OK;
}

/* The one number or word that a pragma answers. */
static enum gw_status
ask(struct ledger *l, const char *sql, char *out, size_t size, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	sqlite3_stmt *stmt = NULL;

	out[0] = '\0';
	if (sqlite3_prepare_v2(l->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		snprintf(out, size, "%s",
		    (const char *)sqlite3_column_text(stmt, 0));
		st = GW_OK;
	} else {
		st = ledger_db_error(l, "opening", why);
	}
	(void)sqlite3_finalize(stmt);
	return st;
}

static enum gw_status
check_schema(struct ledger *l, int *version, struct why *why)
{
	char text[32];
	enum gw_status st =
	    ask(l, "PRAGMA user_version", text, sizeof(text), why);

	if (st != GW_OK)
		return st;
	*version = atoi(text);
	if (*version <= LEDGER_SCHEMA)
		return GW_OK;
	why_set(why, REASON_CONFIG,
	    "ledger.db was written by a newer Waybill "
	    "(schema %d, this one knows %d)",
	    *version, LEDGER_SCHEMA);
	return GW_REFUSED;
}

/*
 * Make the tables where there are none.  The version is written each time:
 * that first commit makes SQLite create and sync all its files now, so that
 * nothing needs to be opened once the process has locked itself in.
 */
static enum gw_status
make_schema(struct ledger *l, struct why *why)
{
	char sql[80];
	int version;
	enum gw_status st;

	if ((st = execute(l, "BEGIN IMMEDIATE", why)) != GW_OK ||
	    (st = check_schema(l, &version, why)) != GW_OK)
		return st;
	if (version == 0 && (st = execute(l, SQL_CREATE, why)) != GW_OK)
		return st;
	if (version < 2 && (st = execute(l, SQL_CREATE_2, why)) != GW_OK)
		return st;
	snprintf(sql, sizeof(sql),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    APPLICATION_ID, LEDGER_SCHEMA);
	return execute(l, sql, why);
}

static enum gw_status
open_writer(struct ledger *l, int dir, struct why *why)
{
	char mode[16];
	unsigned seed;
	int version;
	enum gw_status st;

	/* Not one byte of a newer ledger is changed. */
	if ((st = check_schema(l, &version, why)) != GW_OK ||
	    (st = ask(l, "PRAGMA journal_mode = WAL", mode, sizeof(mode),
		 why)) != GW_OK)
		return st;
	if (strcmp(mode, "wal") != 0) {
		why_set(why, REASON_CONFIG,
		    "the file system of the state folder cannot hold a "
		    "ledger in WAL mode");
		return GW_REFUSED;
	}
	/* NORMAL would lose acknowledged rows at a power cut. */
	st = execute(l,
	    "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864",
	    why);
	if (st == GW_OK)
		st = make_schema(l, why);
	if (st != GW_OK)
		return st;
	(void)sqlite3_wal_autocheckpoint(l->db, CHECKPOINT_PAGES);
	/* Its generator reads the kernel's once: now, while it may. */
	sqlite3_randomness(sizeof(seed), &seed);
	return fd_sync(dir, why);
}

static enum gw_status
open_reader(struct ledger *l, struct why *why)
{
	int version;
	enum gw_status st = check_schema(l, &version, why);

	/* A reader never copies the log: two who do so can lose rows in
	 * SQLite before 3.51.3. */
	(void)sqlite3_db_config(
	    l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (st == GW_OK && version == 0) {
		why_set(why, REASON_VANISHED, "there is no ledger yet");
		return GW_NONE;
	}
	return st;
}

static enum gw_status
open_database(struct ledger *l, const char *path, struct why *why)
{
	char file[PATH_MAX], sql[160];
	int flags = l->mode == LEDGER_WRITE ? SQLITE_OPEN_READWRITE
					    : SQLITE_OPEN_READONLY;

	if ((size_t)snprintf(file, sizeof(file), "%s/ledger.db", path) >=
	    sizeof(file)) {
		why_set(why, REASON_CONFIG,
		    "the state folder's name is too "
		    "long");
		return GW_REFUSED;
	}
	if (sqlite3_open_v2(file, &l->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return ledger_db_error(l, "opening", why);
	(void)sqlite3_busy_timeout(l->db, 5000);
	(void)sqlite3_extended_result_codes(l->db, 1);
	/* Temporary files would be opened outside the state folder. */
	snprintf(sql, sizeof(sql),
	    "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%d;"
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON",
	    CACHE_KIB);
	return execute(l, sql, why);
}

enum gw_status
ledger_open(const char *state_path, enum ledger_mode mode, struct ledger **out,
    struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	struct ledger *l = calloc(1, sizeof(*l));
	int dir = open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = NULL;
	if (l == NULL)
		gw_fatal("out of memory");
	l->lock_fd = -1;
	l->mode = mode;
	if (dir < 0) {
		why_errno(why, REASON_IO_ERROR, "opening %s", state_path);
		st = gw_status_errno(errno);
		goto fail;
	}
	if (mode == LEDGER_WRITE) {
		if ((st = take_lock(l, dir, state_path, why)) != GW_OK ||
		    (st = make_file(dir, why)) != GW_OK)
			goto fail;
	} else if (faccessat(dir, "ledger.db", R_OK, 0) != 0) {
		why_errno(why, REASON_VANISHED, "%s/ledger.db", state_path);
		st = gw_status_errno(errno);
		goto fail;
	}
	if ((st = open_database(l, state_path, why)) != GW_OK)
		goto fail;
	st = mode == LEDGER_WRITE ? open_writer(l, dir, why)
				  : open_reader(l, why);
	if (st != GW_OK)
		goto fail;
	fd_close(&dir);
	*out = l;
	return GW_OK;
fail:
	fd_close(&dir);
	ledger_close(l);
	return st;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	for (unsigned i = 0; i < STMT_COUNT; i++)
		(void)sqlite3_finalize(l->stmt[i]);
	for (unsigned i = 0; i < SHAPE_COUNT; i++)
		(void)sqlite3_finalize(l->list[i]);
	/* What was not committed is undone by this. */
	if (sqlite3_close(l->db) != SQLITE_OK)
		gw_fatal("ledger: closed while in use");
	fd_close(&l->lock_fd);
	free(l);
}

/* --- changing --- */

/* Remember the first failure: whatever else is in this transaction may not
 * be committed without it, and SQLite may have undone all of it already. */
static enum gw_status
fail(struct ledger *l, enum gw_status st, const struct why *why)
{
	if (l->failed == GW_OK) {
		l->failed = st;
		l->why = *why;
		l->dead = why->reason == REASON_IO_ERROR;
	}
	return st;
}

static enum gw_status
begin(struct ledger *l, struct why *why)
{
	enum gw_status st;

	if (l->mode != LEDGER_WRITE)
		gw_fatal("ledger: changed by a reader");
	if (l->failed != GW_OK) {
		*why = l->why;
		return l->failed;
	}
	if (l->changing)
		return GW_OK;
	if ((st = run(l, STMT_BEGIN, "writing to", why)) == GW_OK)
		l->changing = true;
	return st;
}

static void
bind_text(sqlite3_stmt *s, int at, const char *text)
{
	(void)sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

/* A digest as 32 bytes, half of its text; "" becomes NULL. */
static bool
bind_sha256(sqlite3_stmt *s, int at, const char *hex)
{
	uint8_t raw[SHA256_LEN];

	if (hex[0] == '\0')
		return sqlite3_bind_null(s, at) == SQLITE_OK;
	return hex_parse(hex, raw, sizeof(raw)) &&
	       sqlite3_bind_blob(s, at, raw, sizeof(raw), SQLITE_TRANSIENT) ==
		   SQLITE_OK;
}

/* ?1 to ?18, in the order of SQL_COLUMNS. */
static enum gw_status
bind_doc(sqlite3_stmt *s, const struct doc *d, struct why *why)
{
	bool failed = d->why.reason != REASON_NONE || d->why.text[0] != '\0';

	(void)sqlite3_bind_int(s, 1, d->direction);
	(void)sqlite3_bind_int(s, 2, ledger_db_state(d->state));
	(void)sqlite3_bind_int64(s, 3, d->next_try_ms);
	bind_text(s, 4, d->partner);
	bind_text(s, 5, d->flow);
	bind_text(s, 6, d->name);
	bind_text(s, 7, d->file);
	bind_text(s, 8, d->message_id);
	bind_text(s, 9, d->signer);
	(void)sqlite3_bind_int64(s, 12, (int64_t)d->plain_size);
	(void)sqlite3_bind_int64(s, 13, (int64_t)d->sealed_size);
	(void)sqlite3_bind_int64(s, 14, d->attempts);
	(void)sqlite3_bind_int64(s, 15, d->created_ms);
	(void)sqlite3_bind_int64(s, 16, d->changed_ms);
	bind_text(s, 17, failed ? reason_code(d->why.reason) : NULL);
	bind_text(s, 18, failed ? d->why.text : NULL);
	if (bind_sha256(s, 10, d->plain_sha256) &&
	    bind_sha256(s, 11, d->sealed_sha256))
		return GW_OK;
	why_set(why, REASON_INTERNAL, "a digest of %s is not hexadecimal",
	    d->id.text);
	return GW_INTERNAL;
}

static enum gw_status
add_event(struct ledger *l, int64_t n, int64_t seq, const struct doc *d,
    const char *step, const char *detail, struct why *why)
{
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_EVENT, why);

	if (s == NULL)
		return GW_INTERNAL;
	(void)sqlite3_bind_int64(s, 1, n);
	(void)sqlite3_bind_int64(s, 2, seq);
	(void)sqlite3_bind_int64(s, 3, d->changed_ms);
	bind_text(s, 4, step);
	bind_text(s, 5, detail != NULL && detail[0] != '\0' ? detail : NULL);
	return ledger_db_run(l, s, "writing to", why);
}

static enum gw_status
add_tally(struct ledger *l, const struct doc *d, struct why *why)
{
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_TALLY, why);

	if (s == NULL)
		return GW_INTERNAL;
	bind_text(s, 1, d->partner);
	(void)sqlite3_bind_int(s, 2, ledger_db_state(d->state));
	(void)sqlite3_bind_int64(s, 3, d->created_ms);
	return ledger_db_run(l, s, "writing to", why);
}

enum gw_status
ledger_insert(struct ledger *l, struct doc *d, const char *step,
    const char *detail, struct why *why)
{
	enum gw_status st;
	sqlite3_stmt *s;

	if (!state_may_follow(d->direction, d->state, d->state))
		gw_fatal("ledger: a document of this direction cannot be %s",
		    state_name(d->state));
	if ((st = begin(l, why)) != GW_OK)
		return st;
	if ((s = ledger_db_stmt(l, STMT_INSERT, why)) == NULL)
		return fail(l, GW_INTERNAL, why);
	d->changed_ms = clock_wall_ms();
	if (d->created_ms == 0)
		d->created_ms = d->changed_ms;
	if ((st = bind_doc(s, d, why)) != GW_OK)
		return st;
	bind_text(s, 19, d->id.text);
	st = ledger_db_run(l, s, "writing to", why);
	if (st == GW_EXISTS)
		return st;
	if (st == GW_OK)
		st = add_event(l, sqlite3_last_insert_rowid(l->db), 1, d, step,
		    detail, why);
	if (st == GW_OK && state_is_final(d->state))
		st = add_tally(l, d, why);
	if (st != GW_OK)
		return fail(l, st, why);
	l->pending++;
	return GW_OK;
}

/* The present row of a document, as far as a change needs it. */
struct before {
	int64_t n;
	int64_t events;
	enum doc_direction direction;
	enum doc_state state;
};

static enum gw_status
look_before(
    struct ledger *l, struct docid id, struct before *b, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_BEFORE, why);

	if (s == NULL)
		return st;
	bind_text(s, 1, id.text);
	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		b->n = sqlite3_column_int64(s, 0);
		b->direction =
		    sqlite3_column_int(s, 1) == DOC_IN ? DOC_IN : DOC_OUT;
		b->state = ledger_db_state_of(sqlite3_column_int(s, 2));
		b->events = sqlite3_column_int64(s, 3);
		st = GW_OK;
		break;
	case SQLITE_DONE:
		why_set(why, REASON_INTERNAL, "the ledger has no document %s",
		    id.text);
		st = GW_NONE;
		break;
	default:
		st = ledger_db_error(l, "reading", why);
		break;
	}
	(void)sqlite3_reset(s); /* repeats the error of the step */
	return st;
}

enum gw_status
ledger_change(struct ledger *l, struct doc *d, const char *step,
    const char *detail, struct why *why)
{
	struct before b;
	enum gw_status st;
	sqlite3_stmt *s;

	if ((st = begin(l, why)) != GW_OK)
		return st;
	if ((st = look_before(l, d->id, &b, why)) != GW_OK)
		return st == GW_NONE ? st : fail(l, st, why);
	if (b.direction != d->direction ||
	    !state_may_follow(d->direction, b.state, d->state))
		gw_fatal("ledger: %s cannot become %s from %s", d->id.text,
		    state_name(d->state), state_name(b.state));
	if ((s = ledger_db_stmt(l, STMT_UPDATE, why)) == NULL)
		return fail(l, GW_INTERNAL, why);
	d->changed_ms = clock_wall_ms();
	if ((st = bind_doc(s, d, why)) != GW_OK)
		return st;
	(void)sqlite3_bind_int64(s, 19, b.n);
	(void)sqlite3_bind_int64(s, 20, b.events + 1);
	st = ledger_db_run(l, s, "writing to", why);
	if (st == GW_OK)
		st = add_event(l, b.n, b.events + 1, d, step, detail, why);
	if (st == GW_OK && b.state != d->state && state_is_final(d->state))
		st = add_tally(l, d, why);
	if (st != GW_OK)
		return fail(l, st, why);
	l->pending++;
	return GW_OK;
}

enum gw_status
ledger_forget(struct ledger *l, struct docid id, struct why *why)
{
	static const enum ledger_statement steps[] = { STMT_FORGET,
		STMT_FORGET_EVENTS };
	struct before b;
	enum gw_status st;

	if ((st = begin(l, why)) != GW_OK)
		return st;
	if ((st = look_before(l, id, &b, why)) != GW_OK)
		return st == GW_NONE ? st : fail(l, st, why);
	if (b.state != DOC_CLAIMED)
		gw_fatal("ledger: %s is %s and cannot be forgotten", id.text,
		    state_name(b.state));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		sqlite3_stmt *s = ledger_db_stmt(l, steps[i], why);

		if (s == NULL)
			return fail(l, GW_INTERNAL, why);
		(void)sqlite3_bind_int64(s, 1, b.n);
		st = ledger_db_run(l, s, "writing to", why);
		if (st != GW_OK)
			return fail(l, st, why);
	}
	l->pending++;
	return GW_OK;
}

enum gw_status
ledger_note_key(struct ledger *l, const char *partner, const char *fingerprint,
    bool *first, struct why *why)
{
	sqlite3_stmt *s;
	enum gw_status st;

	*first = false;
	if ((st = begin(l, why)) != GW_OK)
		return st;
	if ((s = ledger_db_stmt(l, STMT_SIGNING_KEY, why)) == NULL)
		return fail(l, GW_INTERNAL, why);
	bind_text(s, 1, partner);
	bind_text(s, 2, fingerprint);
	(void)sqlite3_bind_int64(s, 3, clock_wall_ms());
	if ((st = ledger_db_run(l, s, "writing to", why)) != GW_OK)
		return fail(l, st, why);
	*first = sqlite3_changes(l->db) > 0;
	l->pending++;
	return GW_OK;
}

enum gw_status
ledger_commit(struct ledger *l, struct why *why)
{
	enum gw_status st = l->failed;
	struct why ignored;

	if (st != GW_OK)
		*why = l->why;
	else if (l->changing)
		st = run(l, STMT_COMMIT, "committing to", why);
	if (st != GW_OK) {
		(void)fail(l, st, why);
		/* SQLite has often rolled back by itself already. */
		if (l->changing && !sqlite3_get_autocommit(l->db))
			(void)run(l, STMT_ROLLBACK, "undoing in", &ignored);
	}
	l->changing = false;
	l->pending = 0;
	/* A full disk may heal.  After an I/O error nothing that this
	 * connection believes is certain any more. */
	if (!l->dead)
		l->failed = GW_OK;
	return st;
}

unsigned
ledger_pending(const struct ledger *l)
{
	return l->pending;
}
