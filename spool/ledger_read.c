/* spool/ledger_read.c - answers what became of documents. */
#include "spool/ledger_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
take_text(sqlite3_stmt *s, int at, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(s, at);

	snprintf(out, size, "%s", text != NULL ? (const char *)text : "");
}

static void
take_sha256(sqlite3_stmt *s, int at, char out[SHA256_HEX_MAX])
{
	const void *raw = sqlite3_column_blob(s, at);

	out[0] = '\0';
	if (raw != NULL && sqlite3_column_bytes(s, at) == SHA256_LEN)
		hex_lower(raw, SHA256_LEN, out);
}

void
ledger_db_doc(sqlite3_stmt *s, struct doc *d)
{
	char code[64];

	memset(d, 0, sizeof(*d));
	d->direction = sqlite3_column_int(s, 0) == DOC_IN ? DOC_IN : DOC_OUT;
	d->state = ledger_db_state_of(sqlite3_column_int(s, 1));
	if (d->state == DOC_STATE_COUNT)
		gw_fatal("ledger: a row has the unknown state %d",
		    sqlite3_column_int(s, 1));
	d->next_try_ms = sqlite3_column_int64(s, 2);
	take_text(s, 3, d->partner, sizeof(d->partner));
	take_text(s, 4, d->flow, sizeof(d->flow));
	take_text(s, 5, d->name, sizeof(d->name));
	take_text(s, 6, d->file, sizeof(d->file));
	take_text(s, 7, d->message_id, sizeof(d->message_id));
	take_text(s, 8, d->signer, sizeof(d->signer));
	take_sha256(s, 9, d->plain_sha256);
	take_sha256(s, 10, d->sealed_sha256);
	d->plain_size = (uint64_t)sqlite3_column_int64(s, 11);
	d->sealed_size = (uint64_t)sqlite3_column_int64(s, 12);
	d->attempts = (unsigned)sqlite3_column_int64(s, 13);
	d->created_ms = sqlite3_column_int64(s, 14);
	d->changed_ms = sqlite3_column_int64(s, 15);
	take_text(s, 16, code, sizeof(code));
	if (code[0] != '\0' && !reason_parse(code, &d->why.reason))
		d->why.reason = REASON_INTERNAL; /* of another version */
	take_text(s, 17, d->why.text, sizeof(d->why.text));
	take_text(s, SQL_ID_COLUMN, d->id.text, sizeof(d->id.text));
}

/* The one document that a bound statement finds. */
static enum gw_status
one_doc(struct ledger *l, sqlite3_stmt *s, struct doc *d, struct why *why)
{
	enum gw_status st;

	switch (sqlite3_step(s)) {
	case SQLITE_ROW:
		ledger_db_doc(s, d);
		st = GW_OK;
		break;
	case SQLITE_DONE:
		why_set(why, REASON_NONE, "the ledger has no such document");
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
ledger_get(struct ledger *l, struct docid id, struct doc *d, struct why *why)
{
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_GET, why);

	if (s == NULL)
		return GW_INTERNAL;
	(void)sqlite3_bind_text(s, 1, id.text, -1, SQLITE_STATIC);
	return one_doc(l, s, d, why);
}

enum gw_status
ledger_find_message(struct ledger *l, const char *partner,
    const char *message_id, struct doc *d, struct why *why)
{
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_MESSAGE, why);

	if (s == NULL)
		return GW_INTERNAL;
	(void)sqlite3_bind_text(s, 1, partner, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 2, message_id, -1, SQLITE_STATIC);
	return one_doc(l, s, d, why);
}

enum gw_status
ledger_find_content(struct ledger *l, const char *partner,
    const char *plain_sha256, struct doc *d, struct why *why)
{
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_CONTENT, why);
	uint8_t raw[SHA256_LEN];

	if (s == NULL)
		return GW_INTERNAL;
	if (!hex_parse(plain_sha256, raw, sizeof(raw))) {
		why_set(why, REASON_INTERNAL, "this is not a SHA-256: %s",
		    plain_sha256);
		return GW_INTERNAL;
	}
	(void)sqlite3_bind_text(s, 1, partner, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(s, 2, raw, sizeof(raw), SQLITE_STATIC);
	return one_doc(l, s, d, why);
}

/* --- listing --- */

/* Row numbers of a listing: gathered first, so that no statement and no
 * sorter full of documents stays open while the callback works. */
struct rows {
	int64_t *n;
	size_t count;
	size_t room;
};

static bool
rows_add(struct rows *r, int64_t n)
{
	if (r->count == r->room) {
		size_t room = r->room != 0 ? 2 * r->room : 256;
		int64_t *more = realloc(r->n, room * sizeof(*more));

		if (more == NULL)
			return false;
		r->n = more;
		r->room = room;
	}
	r->n[r->count++] = n;
	return true;
}

static unsigned
shape_of(const struct ledger_filter *f)
{
	unsigned shape = 0;

	if (f->partner != NULL)
		shape |= SHAPE_PARTNER;
	if (f->with_state)
		shape |= SHAPE_STATE;
	if (f->open_only || (f->with_state && !state_is_final(f->state)))
		shape |= SHAPE_OPEN;
	if (f->with_direction)
		shape |= SHAPE_WAY;
	if (f->due_ms != 0)
		shape |= SHAPE_DUE;
	if (f->after_id != NULL && f->after_id[0] != '\0')
		shape |= SHAPE_AFTER;
	if (f->newest_first)
		shape |= SHAPE_NEWEST;
	if (f->text != NULL && f->text[0] != '\0')
		shape |= docid_valid(f->text) ? SHAPE_ID : SHAPE_TEXT;
	return shape;
}

static sqlite3_stmt *
list_stmt(struct ledger *l, unsigned shape, struct why *why)
{
	const unsigned in_order = SHAPE_PARTNER | SHAPE_STATE;
	bool newest = (shape & SHAPE_NEWEST) != 0;
	bool sorted =
	    (shape & SHAPE_OPEN) != 0 && (shape & in_order) != in_order;
	const char *key = sorted ? SQL_LIST_KEY_SORTED : SQL_LIST_KEY;
	char sql[512], from[32] = "";

	if (l->list[shape] != NULL)
		return l->list[shape];
	if ((shape & SHAPE_AFTER) != 0)
		snprintf(from, sizeof(from), SQL_LIST_FROM "%s%s", key,
		    newest ? SQL_LIST_BEFORE : SQL_LIST_AFTER);
	snprintf(sql, sizeof(sql),
	    SQL_LIST "%s%s%s%s%s%s%s%s" SQL_LIST_ORDER "%s%s",
	    shape & SHAPE_PARTNER ? SQL_LIST_PARTNER : "",
	    shape & SHAPE_STATE ? SQL_LIST_STATE : "",
	    shape & SHAPE_OPEN ? SQL_LIST_OPEN : "",
	    shape & SHAPE_WAY ? SQL_LIST_WAY : "",
	    shape & SHAPE_DUE ? SQL_LIST_DUE : "",
	    shape & SHAPE_ID ? SQL_LIST_ID : "",
	    shape & SHAPE_TEXT ? SQL_LIST_TEXT : "", from, key,
	    newest ? SQL_LIST_DOWN : SQL_LIST_UP);
	if (sqlite3_prepare_v3(l->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&l->list[shape], NULL) != SQLITE_OK)
		(void)ledger_db_error(l, "listing", why); /* NULL says it */
	return l->list[shape];
}

static enum gw_status
gather(struct ledger *l, const struct ledger_filter *f, unsigned shape,
    struct rows *rows, struct why *why)
{
	enum gw_status st = GW_OK;
	uint8_t raw[SHA256_LEN];
	sqlite3_stmt *s = list_stmt(l, shape, why);
	int rc;

	if (s == NULL)
		return GW_INTERNAL;
	/* Terms that the shape left out have no such parameter: an error of
	 * a bind means only that. */
	(void)sqlite3_bind_text(s, 1, f->partner, -1, SQLITE_STATIC);
	if (f->with_state)
		(void)sqlite3_bind_int(s, 2, ledger_db_state(f->state));
	(void)sqlite3_bind_int(s, 3, f->direction);
	(void)sqlite3_bind_int64(s, 4, f->due_ms);
	(void)sqlite3_bind_text(s, 5, f->after_id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(s, 6, f->text, -1, SQLITE_STATIC);
	if (f->text != NULL && hex_parse(f->text, raw, sizeof(raw)))
		(void)sqlite3_bind_blob(s, 7, raw, sizeof(raw), SQLITE_STATIC);
	(void)sqlite3_bind_int64(s, 8, f->limit != 0 ? (int64_t)f->limit : -1);
	while (st == GW_OK && (rc = sqlite3_step(s)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW) {
			st = ledger_db_error(l, "listing", why);
		} else if (!rows_add(rows, sqlite3_column_int64(s, 0))) {
			why_set(why, REASON_INTERNAL, "out of memory");
			st = GW_AGAIN;
		}
	}
	(void)sqlite3_reset(s);          /* repeats the error of the step */
	(void)sqlite3_clear_bindings(s); /* they point to the caller's */
	return st;
}

static enum gw_status
show(struct ledger *l, const struct rows *rows, ledger_doc_fn fn, void *ctx,
    struct why *why)
{
	for (size_t i = 0; i < rows->count; i++) {
		sqlite3_stmt *s = ledger_db_stmt(l, STMT_ROW, why);
		struct doc d;
		enum gw_status st;

		if (s == NULL)
			return GW_INTERNAL;
		(void)sqlite3_bind_int64(s, 1, rows->n[i]);
		st = one_doc(l, s, &d, why);
		if (st == GW_OK && !fn(ctx, &d))
			break;
		if (st != GW_OK && st != GW_NONE)
			return st;
	}
	return GW_OK;
}

/* A reader beside a running writer sees one moment, not two. */
static enum gw_status
snapshot(struct ledger *l, enum ledger_statement which, struct why *why)
{
	sqlite3_stmt *s;

	if (l->mode == LEDGER_WRITE)
		return GW_OK;
	if ((s = ledger_db_stmt(l, which, why)) == NULL)
		return GW_INTERNAL;
	return ledger_db_run(l, s, "reading", why);
}

enum gw_status
ledger_list(struct ledger *l, const struct ledger_filter *f, ledger_doc_fn fn,
    void *ctx, struct why *why)
{
	unsigned shape = shape_of(f);
	struct rows rows = { 0 };
	struct why ignored;
	enum gw_status st;

	if ((st = snapshot(l, STMT_SNAPSHOT, why)) != GW_OK)
		return st;
	st = gather(l, f, shape, &rows, why);
	/* An id that is none of ours may be the partner's. */
	if (st == GW_OK && rows.count == 0 && (shape & SHAPE_ID) != 0)
		st = gather(l, f, (shape & ~(unsigned)SHAPE_ID) | SHAPE_TEXT,
		    &rows, why);
	if (st == GW_OK)
		st = show(l, &rows, fn, ctx, why);
	(void)snapshot(l, STMT_COMMIT, &ignored); /* there is nothing to lose */
	free(rows.n);
	return st;
}

enum gw_status
ledger_events(struct ledger *l, struct docid id, ledger_event_fn fn, void *ctx,
    struct why *why)
{
	enum gw_status st = GW_OK;
	sqlite3_stmt *s = ledger_db_stmt(l, STMT_EVENTS, why);
	int rc;

	if (s == NULL)
		return GW_INTERNAL;
	(void)sqlite3_bind_text(s, 1, id.text, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct ledger_event e = { .time_ms = sqlite3_column_int64(s, 0),
			.step = (const char *)sqlite3_column_text(s, 1),
			.detail = (const char *)sqlite3_column_text(s, 2) };

		if (e.step == NULL || e.detail == NULL) {
			why_set(why, REASON_INTERNAL, "out of memory");
			st = GW_AGAIN;
			break;
		}
		if (!fn(ctx, &e))
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		st = ledger_db_error(l, "reading", why);
	(void)sqlite3_reset(s); /* repeats the error of the step */
	return st;
}

/* --- counting --- */

static enum gw_status
count(struct ledger *l, enum ledger_statement which, const char *partner,
    struct ledger_counts *counts, struct why *why)
{
	enum gw_status st = GW_OK;
	sqlite3_stmt *s = ledger_db_stmt(l, which, why);
	int rc;

	if (s == NULL)
		return GW_INTERNAL;
	if (partner != NULL)
		(void)sqlite3_bind_text(s, 1, partner, -1, SQLITE_STATIC);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		enum doc_state state =
		    ledger_db_state_of(sqlite3_column_int(s, 0));

		if (state == DOC_STATE_COUNT)
			continue;
		counts->count[state] = (uint64_t)sqlite3_column_int64(s, 1);
		counts->oldest_ms[state] = sqlite3_column_int64(s, 2);
	}
	if (rc != SQLITE_DONE)
		st = ledger_db_error(l, "counting in", why);
	(void)sqlite3_reset(s); /* repeats the error of the step */
	return st;
}

enum gw_status
ledger_count(struct ledger *l, const char *partner,
    struct ledger_counts *counts, struct why *why)
{
	enum gw_status st;

	memset(counts, 0, sizeof(*counts));
	st = count(l, partner != NULL ? STMT_COUNT_OPEN_OF : STMT_COUNT_OPEN,
	    partner, counts, why);
	if (st == GW_OK)
		st = count(l,
		    partner != NULL ? STMT_COUNT_FINAL_OF : STMT_COUNT_FINAL,
		    partner, counts, why);
	return st;
}
