/* gateway/answer.c - what the ledger says, in lines of JSON and in pieces. */
#include "gateway/answer.h"

#include "gateway/base/clock.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * Rows looked at, or lines written, before the event loop is given back.
 *
 * The ledger's indexes serve the gateway's own questions.  What only people
 * ask, for a name or for what was returned, would be a search through years
 * of rows in one call, and nothing would move meanwhile.  So pages are asked
 * for in the order of ids, and compared here.
 */
#define PIECE 256

enum kind { ANSWER_STATUS, ANSWER_LIST, ANSWER_TRACE };

struct answer {
	enum kind kind;
	struct ledger *ledger;
	admin_status_fn status;
	void *status_ctx;
	/* list and trace */
	bool with_state, with_direction, newest;
	enum doc_state state;
	enum doc_direction direction;
	char partner[DOC_LABEL_SIZE];
	char text[DOC_FILE_SIZE];
	char after[DOCID_LEN + 1]; /* the last row that was looked at */
	bool begun;
	unsigned limit, found;
	/* status: the partners that are still to be told */
	json_t *partners;
	size_t next_partner;
	/* of the present piece */
	answer_line_fn line;
	void *to;
	unsigned rows, lines;
	bool stopped;
	enum gw_status st;
	struct why *why;
};

/* ---- JSON --------------------------------------------------------------- */

/* Foreign text may be no UTF-8; then its odd bytes become '?'. */
static json_t *
text_json(const char *text)
{
	json_t *j = json_string(text);
	char *copy;

	if (j != NULL || (copy = strdup(text)) == NULL)
		return j;
	for (char *p = copy; *p != '\0'; p++) {
		if ((*p & 0x80) != 0)
			*p = '?';
	}
	j = json_string(copy);
	free(copy);
	return j;
}

/* An answer that misses a field for lack of memory would be a wrong answer,
 * so these do not ignore it: the object is emptied and emit() refuses it. */
static void
put(json_t *o, const char *key, json_t *value)
{
	if (json_object_set_new(o, key, value) != 0) {
		(void)json_object_clear(o);
		(void)json_object_set_new(o, "broken", json_true());
	}
}

static void
put_text(json_t *o, const char *key, const char *text)
{
	if (text[0] != '\0')
		put(o, key, text_json(text));
}

static void
put_time(json_t *o, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	if (ms != 0)
		put(o, key, json_string(clock_text(ms, text)));
}

static void
put_why(json_t *o, const struct why *why)
{
	if (why == NULL || why->reason == REASON_NONE)
		return;
	put(o, "reason", json_string(reason_code(why->reason)));
	put_text(o, "why", why->text);
	put(o, "advice", json_string(reason_advice(why->reason)));
}

static json_t *
object_of(const char *type)
{
	json_t *o = json_object();

	if (o != NULL)
		put(o, "type", json_string(type));
	return o;
}

/* One line; takes the object. */
static void
emit(struct answer *a, json_t *o)
{
	char *text = NULL;

	if (o != NULL && json_object_get(o, "broken") == NULL)
		text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL) {
		why_set(a->why, REASON_INTERNAL, "out of memory");
		a->st = GW_INTERNAL;
		return;
	}
	a->lines++;
	if (!a->line(a->to, text))
		a->stopped = true;
	free(text);
}

/* ---- documents ---------------------------------------------------------- */

static json_t *
doc_json(const struct doc *d)
{
	json_t *o = object_of("document");

	if (o == NULL)
		return NULL;
	put(o, "id", json_string(d->id.text));
	put(o, "direction", json_string(d->direction == DOC_IN ? "in" : "out"));
	put(o, "state", json_string(state_name(d->state)));
	put_text(o, "partner", d->partner);
	put_text(o, "flow", d->flow);
	put_text(o, "name", d->name);
	put_text(o, "file", d->file);
	put_text(o, "message_id", d->message_id);
	put_text(o, "signer", d->signer);
	put_text(o, "plain_sha256", d->plain_sha256);
	put_text(o, "sealed_sha256", d->sealed_sha256);
	put(o, "plain_size", json_integer((json_int_t)d->plain_size));
	put(o, "sealed_size", json_integer((json_int_t)d->sealed_size));
	put(o, "attempts", json_integer((json_int_t)d->attempts));
	put_time(o, "created", d->created_ms);
	put_time(o, "changed", d->changed_ms);
	put_time(o, "next_try", d->next_try_ms);
	put_why(o, &d->why);
	return o;
}

struct telling {
	struct answer *answer;
	const char *id;
};

static bool
on_event(void *ctx, const struct ledger_event *e)
{
	const struct telling *t = ctx;
	json_t *o = object_of("event");

	if (o != NULL) {
		put(o, "id", json_string(t->id));
		put_time(o, "time", e->time_ms);
		put_text(o, "step", e->step);
		put_text(o, "detail", e->detail);
	}
	emit(t->answer, o);
	return !t->answer->stopped && t->answer->st == GW_OK;
}

/* A document, and for a trace its whole life. */
static void
tell(struct answer *a, const struct doc *d)
{
	struct telling t = { a, d->id.text };

	emit(a, doc_json(d));
	if (a->kind == ANSWER_TRACE && a->st == GW_OK && !a->stopped)
		a->st = ledger_events(a->ledger, d->id, on_event, &t, a->why);
	a->found++;
}

/* Digests and ids are the same in either case, names are not. */
static bool
has_text(const struct doc *d, const char *text)
{
	return strcmp(d->name, text) == 0 || strcmp(d->file, text) == 0 ||
	       strcmp(d->message_id, text) == 0 ||
	       strcasecmp(d->id.text, text) == 0 ||
	       strcasecmp(d->plain_sha256, text) == 0 ||
	       strcasecmp(d->sealed_sha256, text) == 0;
}

static bool
matches(const struct answer *a, const struct doc *d)
{
	if (a->with_state && d->state != a->state)
		return false;
	if (a->with_direction && d->direction != a->direction)
		return false;
	if (a->partner[0] != '\0' && strcmp(d->partner, a->partner) != 0)
		return false;
	return a->text[0] == '\0' || has_text(d, a->text);
}

static bool
enough(const struct answer *a)
{
	return a->limit != 0 && a->found >= a->limit;
}

static bool
on_doc(void *ctx, const struct doc *d)
{
	struct answer *a = ctx;

	a->rows++;
	memcpy(a->after, d->id.text, sizeof(a->after));
	if (matches(a, d))
		tell(a, d);
	return a->st == GW_OK && !a->stopped && !enough(a) && a->lines < PIECE;
}

/* The id of one of ours needs no search. */
static bool
by_id(struct answer *a)
{
	char upper[DOCID_LEN + 1] = "";
	struct why ignored;
	struct docid id;
	struct doc d;

	if (a->begun || strlen(a->text) != DOCID_LEN)
		return false;
	for (size_t i = 0; i < DOCID_LEN; i++)
		upper[i] = (char)toupper((unsigned char)a->text[i]);
	if (!docid_parse(upper, &id) ||
	    ledger_get(a->ledger, id, &d, &ignored) != GW_OK)
		return false;
	if (matches(a, &d))
		tell(a, &d);
	return true;
}

/* Set *last when there is nothing after this page. */
static void
page(struct answer *a, bool *last)
{
	struct ledger_filter f = {
		.limit = PIECE,
		.newest_first = a->newest,
		.after_id = a->after[0] != '\0' ? a->after : NULL,
	};
	enum gw_status st;

	if (by_id(a)) {
		*last = true;
		return;
	}
	a->begun = true;
	/* Open documents are few and have an index, whatever lies behind. */
	if (a->with_state && !state_is_final(a->state)) {
		f.with_state = true;
		f.state = a->state;
		f.partner = a->partner[0] != '\0' ? a->partner : NULL;
	}
	st = ledger_list(a->ledger, &f, on_doc, a, a->why);
	if (st != GW_OK)
		a->st = st;
	*last = enough(a) || (a->rows < PIECE && a->lines < PIECE);
}

/* ---- status ------------------------------------------------------------- */

/* How many in which state, and how old the oldest is; partner NULL: all. */
static void
put_counts(struct answer *a, json_t *o, const char *partner)
{
	json_t *counts = json_object(), *oldest = json_object();
	struct ledger_counts c;

	a->st = ledger_count(a->ledger, partner, &c, a->why);
	if (a->st != GW_OK) {
		json_decref(counts);
		json_decref(oldest);
		return;
	}
	for (int i = 0; i < DOC_STATE_COUNT; i++) {
		const char *name = state_name((enum doc_state)i);

		if (c.count[i] == 0)
			continue;
		put(counts, name, json_integer((json_int_t)c.count[i]));
		put_time(oldest, name, c.oldest_ms[i]);
	}
	put(o, "counts", counts);
	put(o, "oldest", oldest);
}

static void
tell_status(struct answer *a)
{
	json_t *o = object_of("status");

	if (o == NULL) {
		emit(a, NULL);
		return;
	}
	put_time(o, "time", clock_wall_ms());
	put(o, "running", json_true());
	if (a->status != NULL)
		a->status(a->status_ctx, o);
	a->partners = json_incref(json_object_get(o, "live"));
	(void)json_object_del(o, "live");
	put_counts(a, o, NULL);
	if (a->st == GW_OK)
		emit(a, o);
	else
		json_decref(o);
}

static void
tell_partner(struct answer *a, bool *last)
{
	json_t *o = json_array_get(a->partners, a->next_partner++);
	const char *name = json_string_value(json_object_get(o, "partner"));

	if (name == NULL) {
		*last = true;
		return;
	}
	put(o, "type", json_string("partner"));
	put_counts(a, o, name);
	if (a->st == GW_OK)
		emit(a, json_incref(o));
}

/* ---- requests ----------------------------------------------------------- */

static bool
bad(struct why *why, const char *key, const char *what)
{
	why_set(why, REASON_CONFIG, "request: %s %s", key, what);
	return false;
}

static bool
take_text(json_t *v, const char *key, char *out, size_t size, struct why *why)
{
	const char *text = json_string_value(v);

	if (text == NULL || text[0] == '\0')
		return bad(why, key, "is no text");
	if (strlen(text) >= size)
		return bad(why, key, "is too long");
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool
take_partner(struct answer *a, json_t *v, struct why *why)
{
	return take_text(v, "partner", a->partner, sizeof(a->partner), why) &&
	       (name_is_label(a->partner) ||
		   bad(why, "partner", "is no partner's name"));
}

static bool
take_search(struct answer *a, json_t *v, struct why *why)
{
	return take_text(v, "text", a->text, sizeof(a->text), why);
}

static bool
take_state(struct answer *a, json_t *v, struct why *why)
{
	char name[32];

	a->with_state = true;
	return take_text(v, "state", name, sizeof(name), why) &&
	       (state_parse(name, &a->state) ||
		   bad(why, "state", "is not the name of a state"));
}

static bool
take_direction(struct answer *a, json_t *v, struct why *why)
{
	char name[8];

	if (!take_text(v, "direction", name, sizeof(name), why))
		return false;
	a->with_direction = true;
	a->direction = strcmp(name, "in") == 0 ? DOC_IN : DOC_OUT;
	return a->direction == DOC_IN || strcmp(name, "out") == 0 ||
	       bad(why, "direction", "is neither in nor out");
}

static bool
take_limit(struct answer *a, json_t *v, struct why *why)
{
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > 1000000000)
		return bad(why, "limit", "is no such number");
	a->limit = (unsigned)n;
	return true;
}

static bool
take_after(struct answer *a, json_t *v, struct why *why)
{
	return take_text(v, "after", a->after, sizeof(a->after), why) &&
	       (docid_valid(a->after) || bad(why, "after", "is no id"));
}

static bool
take_newest(struct answer *a, json_t *v, struct why *why)
{
	a->newest = json_is_true(v);
	return json_is_boolean(v) || bad(why, "newest", "is not true or false");
}

#define FOR_LIST  (1u << ANSWER_LIST)
#define FOR_TRACE (1u << ANSWER_TRACE)

static const struct {
	const char *key;
	unsigned kinds;
	bool (*take)(struct answer *, json_t *, struct why *);
} fields[] = {
	{ "partner", FOR_LIST | FOR_TRACE, take_partner },
	{ "text", FOR_LIST | FOR_TRACE, take_search },
	{ "state", FOR_LIST, take_state },
	{ "direction", FOR_LIST, take_direction },
	{ "limit", FOR_LIST | FOR_TRACE, take_limit },
	{ "after", FOR_LIST | FOR_TRACE, take_after },
	{ "newest", FOR_LIST | FOR_TRACE, take_newest },
};

static bool
take_field(struct answer *a, const char *key, json_t *v, struct why *why)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(fields[i].key, key) == 0 &&
		    (fields[i].kinds & 1u << a->kind) != 0)
			return fields[i].take(a, v, why);
	}
	/* The key is foreign, and whoever shows `why` escapes it. */
	return bad(why, key, "is not known to this command");
}

static bool
take_command(struct answer *a, json_t *request, struct why *why)
{
	static const char *const names[] = { "status", "list", "trace" };
	const char *name =
	    json_string_value(json_object_get(request, "command"));

	for (unsigned i = 0; name != NULL && i < 3; i++) {
		if (strcmp(name, names[i]) == 0) {
			a->kind = (enum kind)i;
			return true;
		}
	}
	return bad(why, "command", "is none of status, list, trace");
}

static bool
take_request(struct answer *a, json_t *request, struct why *why)
{
	const char *key;
	json_t *v;

	if (!json_is_object(request))
		return bad(why, "it", "is no object");
	if (!take_command(a, request, why))
		return false;
	json_object_foreach(request, key, v)
	{
		if (strcmp(key, "command") != 0 && !take_field(a, key, v, why))
			return false;
	}
	if (a->kind == ANSWER_TRACE && a->text[0] == '\0')
		return bad(why, "text", "is needed");
	return true;
}

enum gw_status
answer_new(struct ledger *ledger, json_t *request, admin_status_fn status,
    void *ctx, struct answer **out, struct why *why)
{
	struct answer *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (a == NULL) {
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	a->ledger = ledger;
	a->status = status;
	a->status_ctx = ctx;
	if (!take_request(a, request, why)) {
		answer_free(a);
		return GW_REFUSED;
	}
	*out = a;
	return GW_OK;
}

void
answer_free(struct answer *a)
{
	if (a == NULL)
		return;
	json_decref(a->partners);
	free(a);
}

enum gw_status
answer_step(struct answer *a, answer_line_fn line, void *to, struct why *why)
{
	bool last = false;

	a->line = line;
	a->to = to;
	a->why = why;
	a->rows = a->lines = 0;
	a->stopped = false;
	a->st = GW_OK;
	if (a->kind != ANSWER_STATUS)
		page(a, &last);
	else if (!a->begun)
		tell_status(a);
	else
		tell_partner(a, &last);
	a->begun = true;
	/* The ledger's own "try later" must not read as ours. */
	if (a->st != GW_OK)
		return GW_INTERNAL;
	if (a->stopped)
		return GW_AGAIN;
	return last ? GW_NONE : GW_OK;
}
