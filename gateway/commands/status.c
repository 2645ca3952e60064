/* gateway/commands/status.c - how every partner is doing, and who must act. */
#include "gateway/commands/client.h"
#include "gateway/commands/commands.h"

#include "gateway/base/clock.h"
#include "spool/state.h"

#include <dirent.h>
#include <string.h>

#define STATUS_NEEDS_A_PERSON 1
#define STATUS_NOT_RUNNING    3

struct watching {
	const struct config *config;
	bool json;
	bool rows; /* the table has begun */
	bool needs_a_person;
	int64_t now_ms;
	json_t *all; /* the line about the whole */
};

/* ---- what needs a person ------------------------------------------------ */

/* These do not heal by waiting (gateway/base/status.h). */
static bool
is_lasting(const char *reason)
{
	static const enum gw_reason lasting[] = { REASON_HOST_KEY, REASON_LOGIN,
		REASON_REMOTE_FOLDER, REASON_REMOTE_DENIED, REASON_CONFIG,
		REASON_KEY_UNUSABLE, REASON_INTERNAL };
	enum gw_reason r;

	if (!reason_parse(reason, &r))
		return false;
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++) {
		if (r == lasting[i])
			return true;
	}
	return false;
}

/* Is a file in this folder, or in one below it? */
static bool
has_file(const char *path, unsigned depth)
{
	const struct dirent *e;
	char below[4096];
	bool found = false;
	DIR *d = opendir(path);

	/* Whoever may not look is told the counts all the same. */
	if (d == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if (e->d_type != DT_DIR)
			found = true;
		else if (depth > 0 &&
			 (size_t)snprintf(below, sizeof(below), "%s/%s", path,
			     e->d_name) < sizeof(below))
			found = has_file(below, depth - 1);
	}
	closedir(d);
	return found;
}

/*
 * Documents that were returned or quarantined stay in the ledger for ever, so
 * their number says nothing about today.  But the files lie in their folder
 * until somebody takes care of them.
 */
static void
print_left(
    struct watching *w, const char *folder, const char *partner, unsigned depth)
{
	char path[4096];

	if (w->config->spool == NULL ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s/%s", w->config->spool,
		folder, partner) >= sizeof(path) ||
	    !has_file(path, depth))
		return;
	w->needs_a_person = true;
	if (w->json)
		return;
	printf("    documents wait for somebody in ");
	client_put(stdout, path);
	putchar('\n');
}

/* ---- the table ---------------------------------------------------------- */

static uint64_t
count_of(const json_t *o, enum doc_state state)
{
	return client_number(json_object_get(o, "counts"), state_name(state));
}

static uint64_t
count_open(const json_t *o)
{
	uint64_t n = 0;

	for (int i = 0; i < DOC_STATE_COUNT; i++) {
		if (!state_is_final((enum doc_state)i))
			n += count_of(o, (enum doc_state)i);
	}
	return n;
}

/* Since when the oldest open document is with us; 0: there is none. */
static int64_t
oldest_open(const json_t *o)
{
	int64_t oldest = 0;

	for (int i = 0; i < DOC_STATE_COUNT; i++) {
		int64_t ms;

		if (state_is_final((enum doc_state)i))
			continue;
		ms = client_time(json_object_get(o, "oldest"),
		    state_name((enum doc_state)i));
		if (ms != 0 && (oldest == 0 || ms < oldest))
			oldest = ms;
	}
	return oldest;
}

static void
print_row(const struct watching *w, const char *name, const json_t *o)
{
	char span[CLIENT_SPAN_MAX] = "-";
	int64_t oldest = oldest_open(o);

	if (oldest != 0)
		client_span(w->now_ms - oldest, span);
	printf("%-20s %8llu %8llu %6llu %9llu %11llu %10s\n", name,
	    (unsigned long long)count_open(o),
	    (unsigned long long)(count_of(o, DOC_SEALED) +
				 count_of(o, DOC_SENDING)),
	    (unsigned long long)count_of(o, DOC_HELD),
	    (unsigned long long)count_of(o, DOC_RETURNED),
	    (unsigned long long)count_of(o, DOC_QUARANTINED), span);
}

/* One of its servers; NULL: it has none of that kind. */
static void
print_link(struct watching *w, const char *server, const json_t *link)
{
	const char *reason = client_text(link, "reason");
	unsigned long long failures = client_number(link, "failures");
	unsigned long long next = client_number(link, "next_try_s");
	char span[CLIENT_SPAN_MAX];

	if (is_lasting(reason))
		w->needs_a_person = true;
	if (w->json || link == NULL)
		return;
	printf("    %s: %s", server, client_text(link, "state"));
	if (failures > 0)
		printf(", failed %llu times in a row", failures);
	if (next > 0)
		printf(", next try in %s",
		    client_span((int64_t)next * 1000, span));
	putchar('\n');
	if (reason[0] == '\0')
		return;
	printf("      %s: ", reason);
	client_put(stdout, client_text(link, "text"));
	printf("\n      %s\n", client_text(link, "advice"));
}

static void
tell_partner(struct watching *w, const json_t *o)
{
	const char *name = client_text(o, "partner");

	if (!w->json && !w->rows)
		printf("%-20s %8s %8s %6s %9s %11s %10s\n", "PARTNER", "OPEN",
		    "WAITING", "HELD", "RETURNED", "QUARANTINED", "OLDEST");
	w->rows = true;
	if (!w->json)
		print_row(w, name, o);
	print_link(w, "send", json_object_get(o, "send"));
	print_link(w, "collect", json_object_get(o, "collect"));
	print_left(w, "returned", name, 1);
	print_left(w, "quarantine", name, 0);
}

static void
print_problem(struct watching *w, const char *text)
{
	w->needs_a_person = true;
	if (w->json || text == NULL)
		return;
	client_put(stdout, text);
	putchar('\n');
}

static void
tell_problems(struct watching *w)
{
	const json_t *problems = json_object_get(w->all, "problems");

	if (count_of(w->all, DOC_HELD) > 0)
		print_problem(w, "held documents wait for a decision");
	if (json_is_true(json_object_get(w->all, "disk_full")))
		print_problem(
		    w, "the disk is nearly full; no document is taken");
	for (size_t i = 0; i < json_array_size(problems); i++)
		print_problem(
		    w, json_string_value(json_array_get(problems, i)));
}

static void
tell_whole(struct watching *w)
{
	if (!w->json)
		print_row(w, "all", w->all);
	tell_problems(w);
	if (w->json)
		return;
	if (!json_is_true(json_object_get(w->all, "running"))) {
		puts("not running");
	} else {
		client_put(stdout, client_text(w->all, "gateway"));
		printf(": running since %s, confined by %s\n",
		    client_text(w->all, "started"),
		    client_text(w->all, "confinement"));
	}
	if (w->needs_a_person)
		puts("something needs a person");
}

static void
on_object(void *ctx, json_t *o, const char *text)
{
	struct watching *w = ctx;

	if (w->json)
		puts(text);
	if (strcmp(client_text(o, "type"), "status") == 0) {
		json_decref(w->all);
		w->all = json_incref(o);
		w->now_ms = client_time(o, "time");
	} else if (strcmp(client_text(o, "type"), "partner") == 0) {
		tell_partner(w, o);
	}
}

static int
status(const char *file, bool json)
{
	struct config *config = client_config(file);
	struct watching w = { .config = config, .json = json };
	enum client_end end;
	bool running;

	if (config == NULL)
		return COMMAND_FAILED;
	end = client_ask(config, json_pack("{s:s}", "command", "status"),
	    on_object, &w, &running);
	if (end == CLIENT_DONE && w.all != NULL)
		tell_whole(&w);
	if (end == CLIENT_CUT)
		fputs("waybill: the gateway broke off its answer\n", stderr);
	json_decref(w.all);
	config_free(config);
	if (!running)
		return STATUS_NOT_RUNNING;
	if (end != CLIENT_DONE)
		return COMMAND_FAILED;
	return w.needs_a_person ? STATUS_NEEDS_A_PERSON : COMMAND_OK;
}

int
command_status(int argc, char **argv)
{
	struct client_options o;
	int code;

	if (!client_options(
		argc, argv, "status [-f FILE] [--json]", false, &o, &code))
		return code;
	return status(o.file, o.json);
}
