/* spool/ledger_db.h - what ledger.c and ledger_read.c share; nobody else. */
#ifndef SPOOL_LEDGER_DB_H
#define SPOOL_LEDGER_DB_H

#include "spool/ledger.h"
#include "spool/ledger_sql.h"

#include <sqlite3.h>

enum ledger_statement {
#define X(symbol, text) STMT_##symbol,
	LEDGER_STATEMENTS(X)
#undef X
	    STMT_COUNT
};

/* Which terms a listing has: bits of an index into the kept statements. */
enum ledger_shape {
	SHAPE_PARTNER = 1,
	SHAPE_STATE = 2,
	SHAPE_OPEN = 4,
	SHAPE_WAY = 8,
	SHAPE_DUE = 16,
	SHAPE_AFTER = 32,
	SHAPE_NEWEST = 64,
	SHAPE_ID = 128,
	SHAPE_TEXT = 256,
	SHAPE_COUNT = 512
};

struct ledger {
	sqlite3 *db;
	int lock_fd; /* -1 when reading */
	enum ledger_mode mode;
	bool changing; /* inside BEGIN IMMEDIATE */
	unsigned pending;
	/* The first failure since the last commit: the commit reports it
	 * instead of keeping half of what was asked for. */
	enum gw_status failed;
	struct why why;
	bool dead; /* the disk failed: only a new ledger_open() helps */
	sqlite3_stmt *stmt[STMT_COUNT];
	sqlite3_stmt *list[SHAPE_COUNT];
};

/* Say what SQLite's last error on this connection means. */
enum gw_status ledger_db_error(
    struct ledger *, const char *doing, struct why *);
/* A kept statement, ready to be bound; NULL with `why` when it cannot be
 * prepared. */
sqlite3_stmt *ledger_db_stmt(
    struct ledger *, enum ledger_statement, struct why *);
/* Step a statement that gives no rows, and reset it. */
enum gw_status ledger_db_run(
    struct ledger *, sqlite3_stmt *, const char *doing, struct why *);

/* The numbers that states have on disk. */
int ledger_db_state(enum doc_state);
/* The state of that number; DOC_STATE_COUNT when there is none. */
enum doc_state ledger_db_state_of(int code);
/* A document of the present row: SQL_COLUMNS, then id. */
void ledger_db_doc(sqlite3_stmt *, struct doc *);

#endif
