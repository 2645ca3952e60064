/* spool/ledger_sql.h - every SQL text of the ledger, and the codes in it. */
#ifndef SPOOL_LEDGER_SQL_H
#define SPOOL_LEDGER_SQL_H

/* Goes up with each change of the tables. */
#define LEDGER_SCHEMA 2

/*
 * States on disk have numbers of their own, so that enum doc_state may be
 * re-ordered.  All that is still open is below SQL_FINAL: that is what keeps
 * the index of open documents small for ever.
 */
#define SQL_CLAIMED     1
#define SQL_SEALED      2
#define SQL_SENDING     3
#define SQL_SENT        4
#define SQL_HELD        5
#define SQL_LANDED      6
#define SQL_UNSEALED    7
#define SQL_PASSED      8
#define SQL_FINAL       20
#define SQL_CLOSED      20
#define SQL_RETURNED    21
#define SQL_DELIVERED   22
#define SQL_DUPLICATE   23
#define SQL_QUARANTINED 24

/* A partial index serves a query only if its condition stands in the query,
 * word for word. */
#define SQL_IS_OPEN      "state < 20"
#define SQL_IS_PROVEN    "state IN (8, 22)"
#define SQL_IS_DELIVERED "state = 22"

/*
 * doc.events is the number of its last event: an event is appended without
 * asking for the highest one.  tally counts the documents that ended, so that
 * a status is cheap after years; open ones are counted in doc_open.
 */
#define SQL_CREATE                                                             \
	"CREATE TABLE doc("                                                    \
	" n INTEGER PRIMARY KEY,"                                              \
	" id TEXT NOT NULL UNIQUE,"                                            \
	" direction INTEGER NOT NULL,"                                         \
	" state INTEGER NOT NULL,"                                             \
	" events INTEGER NOT NULL,"                                            \
	" next_try INTEGER NOT NULL,"                                          \
	" partner TEXT NOT NULL,"                                              \
	" flow TEXT NOT NULL,"                                                 \
	" name TEXT NOT NULL,"                                                 \
	" file TEXT NOT NULL,"                                                 \
	" message_id TEXT NOT NULL,"                                           \
	" signer TEXT NOT NULL,"                                               \
	" plain_sha256 BLOB,"                                                  \
	" sealed_sha256 BLOB,"                                                 \
	" plain_size INTEGER NOT NULL,"                                        \
	" sealed_size INTEGER NOT NULL,"                                       \
	" attempts INTEGER NOT NULL,"                                          \
	" created INTEGER NOT NULL,"                                           \
	" changed INTEGER NOT NULL,"                                           \
	" reason TEXT,"                                                        \
	" why TEXT) STRICT;"                                                   \
	"CREATE INDEX doc_open ON doc(state, partner, id, next_try, created)"  \
	" WHERE " SQL_IS_OPEN ";"                                              \
	"CREATE INDEX doc_message ON doc(partner, message_id)"                 \
	" WHERE " SQL_IS_PROVEN ";"                                            \
	"CREATE INDEX doc_content ON doc(partner, plain_sha256)"               \
	" WHERE " SQL_IS_DELIVERED ";"                                         \
	"CREATE TABLE event("                                                  \
	" doc INTEGER NOT NULL,"                                               \
	" seq INTEGER NOT NULL,"                                               \
	" time INTEGER NOT NULL,"                                              \
	" step TEXT NOT NULL,"                                                 \
	" detail TEXT,"                                                        \
	" PRIMARY KEY(doc, seq)) STRICT, WITHOUT ROWID;"                       \
	"CREATE TABLE tally("                                                  \
	" partner TEXT NOT NULL,"                                              \
	" state INTEGER NOT NULL,"                                             \
	" docs INTEGER NOT NULL,"                                              \
	" oldest INTEGER NOT NULL,"                                            \
	" PRIMARY KEY(partner, state)) STRICT, WITHOUT ROWID;"

/* Since schema 2: which keys each partner has signed with. */
#define SQL_CREATE_2                                                           \
	"CREATE TABLE signing_key("                                            \
	" partner TEXT NOT NULL,"                                              \
	" fingerprint TEXT NOT NULL,"                                          \
	" first INTEGER NOT NULL,"                                             \
	" PRIMARY KEY(partner, fingerprint)) STRICT, WITHOUT ROWID;"

/* The order that doc_of_row() reads and bind_doc() binds (?1 ...). */
#define SQL_COLUMNS                                                            \
	"direction, state, next_try, partner, flow, name, file, message_id,"   \
	" signer, plain_sha256, sealed_sha256, plain_size, sealed_size,"       \
	" attempts, created, changed, reason, why"
#define SQL_PARAMETERS                                                         \
	"?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"    \
	" ?16, ?17, ?18"
#define SQL_ID_COLUMN 18 /* id follows where a document is read */

/* X(symbol, text): the statements that are prepared once and kept. */
#define LEDGER_STATEMENTS(X)                                                   \
	X(BEGIN, "BEGIN IMMEDIATE")                                            \
	X(COMMIT, "COMMIT")                                                    \
	X(ROLLBACK, "ROLLBACK")                                                \
	X(SNAPSHOT, "BEGIN")                                                   \
	X(INSERT, "INSERT INTO doc(" SQL_COLUMNS ", id, events)"               \
		  " VALUES(" SQL_PARAMETERS ", ?19, 1)")                       \
	X(BEFORE, "SELECT n, direction, state, events FROM doc WHERE id = ?1") \
	X(UPDATE, "UPDATE doc SET (" SQL_COLUMNS ", events) ="                 \
		  " (" SQL_PARAMETERS ", ?20) WHERE n = ?19")                  \
	X(EVENT, "INSERT INTO event VALUES(?1, ?2, ?3, ?4, ?5)")               \
	X(TALLY,                                                               \
	    "INSERT INTO tally VALUES(?1, ?2, 1, ?3) ON CONFLICT DO UPDATE"    \
	    " SET docs = docs + 1, oldest = min(oldest, excluded.oldest)")     \
	X(SIGNING_KEY, "INSERT OR IGNORE INTO signing_key VALUES(?1, ?2, ?3)") \
	X(FORGET, "DELETE FROM doc WHERE n = ?1")                              \
	X(FORGET_EVENTS, "DELETE FROM event WHERE doc = ?1")                   \
	X(GET, "SELECT " SQL_COLUMNS ", id FROM doc WHERE id = ?1")            \
	X(ROW, "SELECT " SQL_COLUMNS ", id FROM doc WHERE n = ?1")             \
	X(MESSAGE, "SELECT " SQL_COLUMNS ", id FROM doc WHERE " SQL_IS_PROVEN  \
		   " AND partner = ?1 AND message_id = ?2 ORDER BY n LIMIT 1") \
	X(CONTENT,                                                             \
	    "SELECT " SQL_COLUMNS ", id FROM doc WHERE " SQL_IS_DELIVERED      \
	    " AND partner = ?1 AND plain_sha256 = ?2 ORDER BY n LIMIT 1")      \
	X(EVENTS,                                                              \
	    "SELECT time, step, coalesce(detail, '') FROM event"               \
	    " WHERE doc = (SELECT n FROM doc WHERE id = ?1) ORDER BY seq")     \
	X(COUNT_OPEN, "SELECT state, count(*), min(created) FROM doc"          \
		      " WHERE " SQL_IS_OPEN " GROUP BY state")                 \
	X(COUNT_OPEN_OF,                                                       \
	    "SELECT state, count(*), min(created) FROM doc"                    \
	    " WHERE " SQL_IS_OPEN " AND state IN (1, 2, 3, 4, 5, 6, 7, 8)"     \
	    " AND partner = ?1 GROUP BY state")                                \
	X(COUNT_FINAL,                                                         \
	    "SELECT state, sum(docs), min(oldest) FROM tally GROUP BY state")  \
	X(COUNT_FINAL_OF,                                                      \
	    "SELECT state, docs, oldest FROM tally WHERE partner = ?1")

/*
 * A listing first gathers row numbers with one of these, made of the terms
 * its filter needs; the parameters have fixed numbers.
 */
#define SQL_LIST         "SELECT n FROM doc WHERE 1"
#define SQL_LIST_PARTNER " AND partner = ?1"
#define SQL_LIST_STATE   " AND state = ?2"
#define SQL_LIST_OPEN    " AND " SQL_IS_OPEN
#define SQL_LIST_WAY     " AND direction = ?3"
#define SQL_LIST_DUE     " AND next_try <= ?4"
#define SQL_LIST_ID      " AND id = ?6"
#define SQL_LIST_TEXT                                                          \
	" AND (name = ?6 OR file = ?6 OR message_id = ?6"                      \
	" OR plain_sha256 = ?7 OR sealed_sha256 = ?7)"
/* Then the place where it continues, and the order; each around the key. */
#define SQL_LIST_FROM   " AND "
#define SQL_LIST_AFTER  " > ?5"
#define SQL_LIST_BEFORE " < ?5"
#define SQL_LIST_ORDER  " ORDER BY "
#define SQL_LIST_UP     " LIMIT ?8"
#define SQL_LIST_DOWN   " DESC LIMIT ?8"
/*
 * Open documents are few among all that ever were: with the plus, SQLite does
 * not walk through all ids to save the sorting.  For one partner and state
 * doc_open is in the order of ids by itself.
 */
#define SQL_LIST_KEY        "id"
#define SQL_LIST_KEY_SORTED "+id"

#endif
