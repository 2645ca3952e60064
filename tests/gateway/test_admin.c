/* Goal: the admin socket answers right, in pieces, and nobody can hold it. */
#include "gateway/admin.h"

#include "gateway/base/clock.h"
#include "gateway/base/log.h"
#include "gateway/sandbox.h"

#include <check.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DOCUMENTS 3000
#define BIRTH_MS  INT64_C(1700000000000)
#define SHA       "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char root[64], control[100];
static pid_t server = -1;
static struct why why;

/* ---- a ledger ----------------------------------------------------------- */

/* Document i: every 10th came in, every 100th of those is quarantined; of the
 * others every 50th waits, the rest is closed.  Ids sort by i. */
static struct doc
make_doc(unsigned i)
{
	struct doc d = { .direction = i % 10 == 0 ? DOC_IN : DOC_OUT };

	snprintf(d.id.text, sizeof(d.id.text), "01HF7YAT00%016u", i);
	snprintf(
	    d.partner, sizeof(d.partner), "%s", i % 2 == 0 ? "acme" : "birch");
	snprintf(d.flow, sizeof(d.flow), "invoices");
	snprintf(d.name, sizeof(d.name), "invoice %u.xml", i);
	snprintf(d.message_id, sizeof(d.message_id), "%s@gw", d.id.text);
	d.created_ms = BIRTH_MS + i;
	d.plain_size = i;
	if (d.direction == DOC_OUT)
		d.state = i % 50 == 1 ? DOC_SEALED : DOC_CLOSED;
	else
		d.state = i % 1000 == 0 ? DOC_QUARANTINED : DOC_DELIVERED;
	if (d.state == DOC_QUARANTINED)
		why_set(&d.why, REASON_UNSIGNED, "from \xff\xfe");
	if (i == 77)
		snprintf(d.plain_sha256, sizeof(d.plain_sha256), SHA);
	return d;
}

static void
fill_ledger(unsigned count)
{
	struct ledger *l;

	ck_assert_int_eq(ledger_open(root, LEDGER_WRITE, &l, &why), GW_OK);
	for (unsigned i = 0; i < count; i++) {
		struct doc d = make_doc(i);

		ck_assert_msg(ledger_insert(l, &d, "claimed", "from \"drop\"",
				  &why) == GW_OK,
		    "%s", why.text);
		if (i == 77)
			ck_assert_int_eq(
			    ledger_change(l, &d, "closed", NULL, &why), GW_OK);
	}
	ck_assert_int_eq(ledger_commit(l, &why), GW_OK);
	ledger_close(l);
}

/* ---- the spooler's side, in a process of its own ------------------------ */

static void
live(void *ctx, json_t *status)
{
	(void)ctx;
	json_object_set_new(status, "gateway", json_string("gw.example"));
	json_object_set_new(status, "live",
	    json_pack("[{s:s}, {s:s, s:{s:s, s:i}}]", "partner", "acme",
		"partner", "birch", "send", "state", "down", "failures", 3));
}

static _Noreturn void
serve(int fd)
{
	const struct sandbox_folder ours = { root, true };
	struct sandbox_level level;
	struct event_base *base = event_base_new();
	struct ledger *l;
	struct admin *ad;

	(void)signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	if (ledger_open(root, LEDGER_WRITE, &l, &why) != GW_OK ||
	    admin_new(base, fd, l, live, NULL, &ad, &why) != GW_OK ||
	    sandbox_drop(NULL, true, &level, &why) != GW_OK ||
	    sandbox_files(&ours, 1, 0, &level, &why) != GW_OK ||
	    sandbox_calls(ROLE_SPOOLER, &level, &why) != GW_OK)
		_exit(1);
	event_base_dispatch(base);
	_exit(2);
}

static void
start(unsigned count)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fill_ledger(count);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", control);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	if ((server = fork()) == 0)
		serve(fd);
	close(fd);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%.40s/waybill-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(control, sizeof(control), "%s/control", root);
}

static void
teardown(void)
{
	char command[128];
	int status;

	if (server > 0) {
		ck_assert_int_eq(kill(server, SIGKILL), 0);
		ck_assert_int_eq(waitpid(server, &status, 0), server);
		/* until now it lived */
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		server = -1;
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

/* ---- the client's side -------------------------------------------------- */

static FILE *
dial(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	FILE *f;

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", control);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	f = fdopen(fd, "r+");
	ck_assert_ptr_nonnull(f);
	setvbuf(f, NULL, _IONBF, 0);
	return f;
}

static void
say(FILE *f, const char *text, size_t len)
{
	ck_assert_int_eq(
	    send(fileno(f), text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* A buffered reader of the same descriptor. */
static FILE *
ask(const char *request)
{
	FILE *f = dial();
	char line[1024];

	/* in one piece: the answer may come before a second one is sent */
	say(f, line, (size_t)snprintf(line, sizeof(line), "%s\n", request));
	setvbuf(f, NULL, _IOFBF, 65536);
	return f;
}

/* The next line, or NULL at the end of the connection. */
static json_t *
next(FILE *f)
{
	static char line[65536];
	json_t *o;

	if (fgets(line, sizeof(line), f) == NULL)
		return NULL;
	ck_assert_ptr_nonnull(strchr(line, '\n'));
	o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(o != NULL, "%s", line);
	return o;
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text != NULL ? text : "";
}

static json_int_t
number_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Read to the end; how many lines of that type came before it? */
static unsigned
count_lines(FILE *f, const char *type)
{
	unsigned n = 0;
	bool ended = false;
	json_t *o;

	while ((o = next(f)) != NULL) {
		ck_assert(!ended);
		ck_assert_str_eq(text_of(o, "error"), "");
		ended = json_object_get(o, "end") != NULL;
		if (!ended)
			ck_assert_str_eq(text_of(o, "type"), type);
		n += !ended;
		json_decref(o);
	}
	ck_assert(ended);
	fclose(f);
	return n;
}

/* ---- right answers ------------------------------------------------------ */

START_TEST(a_listing_is_whole_and_in_order)
{
	start(DOCUMENTS);
	for (int newest = 0; newest < 2; newest++) {
		FILE *f = ask(newest ? "{\"command\":\"list\",\"newest\":true}"
				     : "{\"command\":\"list\"}");

		for (unsigned i = 0; i < DOCUMENTS; i++) {
			struct doc d = make_doc(newest ? DOCUMENTS - 1 - i : i);
			json_t *o = next(f);

			ck_assert_str_eq(text_of(o, "type"), "document");
			ck_assert_str_eq(text_of(o, "id"), d.id.text);
			ck_assert_str_eq(text_of(o, "name"), d.name);
			ck_assert_str_eq(
			    text_of(o, "state"), state_name(d.state));
			ck_assert_int_eq(number_of(o, "plain_size"),
			    (json_int_t)d.plain_size);
			json_decref(o);
		}
		ck_assert_uint_eq(count_lines(f, "document"), 0);
	}
}
END_TEST

static const struct {
	const char *request;
	unsigned documents;
} listings[] = {
	{ "{\"command\":\"list\",\"limit\":0}", DOCUMENTS },
	{ "{\"command\":\"list\",\"limit\":1}", 1 },
	{ "{\"command\":\"list\",\"limit\":257}", 257 },
	{ "{\"command\":\"list\",\"partner\":\"acme\"}", DOCUMENTS / 2 },
	{ "{\"command\":\"list\",\"partner\":\"nobody\"}", 0 },
	{ "{\"command\":\"list\",\"direction\":\"in\"}", DOCUMENTS / 10 },
	{ "{\"command\":\"list\",\"direction\":\"out\"}", DOCUMENTS / 10 * 9 },
	{ "{\"command\":\"list\",\"state\":\"quarantined\"}", 3 },
	{ "{\"command\":\"list\",\"state\":\"sealed\"}", DOCUMENTS / 50 },
	{ "{\"command\":\"list\",\"state\":\"sealed\",\"partner\":\"birch\"}",
	    DOCUMENTS / 50 },
	{ "{\"command\":\"list\",\"state\":\"sealed\",\"partner\":\"acme\"}",
	    0 },
	{ "{\"command\":\"list\",\"state\":\"sealed\",\"limit\":7}", 7 },
	{ "{\"command\":\"list\",\"state\":\"held\"}", 0 },
	{ "{\"command\":\"list\",\"text\":\"invoice 77.xml\"}", 1 },
	{ "{\"command\":\"list\",\"text\":\"Invoice 77.xml\"}", 0 },
	{ "{\"command\":\"list\",\"text\":\"invoice 2999.xml\"}", 1 },
	{ "{\"command\":\"list\",\"text\":\"" SHA "\"}", 1 },
	{ "{\"command\":\"list\",\"text\":\"01HF7YAT000000000000000077\"}", 1 },
	{ "{\"command\":\"list\",\"text\":\"01hf7yat000000000000000077\"}", 1 },
	{ "{\"command\":\"list\",\"text\":\"01HF7YAT000000000000009999\"}", 0 },
	{ "{\"command\":\"list\",\"text\":\"01HF7YAT000000000000000077@gw\"}",
	    1 },
	{ "{\"command\":\"list\",\"after\":\"01HF7YAT000000000000002989\"}",
	    10 },
	{ "{\"command\":\"list\",\"after\":\"01HF7YAT000000000000000010\","
	  "\"newest\":true}",
	    10 },
};

START_TEST(filters_find_what_they_say)
{
	start(DOCUMENTS);
	for (size_t i = 0; i < sizeof(listings) / sizeof(listings[0]); i++) {
		unsigned n = count_lines(ask(listings[i].request), "document");

		ck_assert_msg(n == listings[i].documents, "%s: %u",
		    listings[i].request, n);
	}
}
END_TEST

START_TEST(a_trace_tells_the_life)
{
	FILE *f;
	json_t *o;

	start(100);
	f = ask("{\"command\":\"trace\",\"text\":\"invoice 77.xml\"}");
	o = next(f);
	ck_assert_str_eq(text_of(o, "type"), "document");
	ck_assert_str_eq(text_of(o, "plain_sha256"), SHA);
	json_decref(o);
	o = next(f);
	ck_assert_str_eq(text_of(o, "type"), "event");
	ck_assert_str_eq(text_of(o, "step"), "claimed");
	ck_assert_str_eq(text_of(o, "detail"), "from \"drop\"");
	json_decref(o);
	o = next(f);
	ck_assert_str_eq(text_of(o, "step"), "closed");
	ck_assert_ptr_null(json_object_get(o, "detail"));
	json_decref(o);
	ck_assert_uint_eq(count_lines(f, "event"), 0);
	ck_assert_uint_eq(
	    count_lines(
		ask("{\"command\":\"trace\",\"text\":\"none\"}"), "document"),
	    0);
}
END_TEST

START_TEST(status_counts_and_names_partners)
{
	json_t *o, *counts;
	FILE *f;

	start(DOCUMENTS);
	f = ask("{\"command\":\"status\"}");
	o = next(f);
	ck_assert_str_eq(text_of(o, "type"), "status");
	ck_assert_str_eq(text_of(o, "gateway"), "gw.example");
	ck_assert(json_is_true(json_object_get(o, "running")));
	counts = json_object_get(o, "counts");
	ck_assert_int_eq(number_of(counts, "sealed"), DOCUMENTS / 50);
	ck_assert_int_eq(number_of(counts, "quarantined"), 3);
	ck_assert_ptr_null(json_object_get(counts, "held"));
	json_decref(o);
	o = next(f);
	ck_assert_str_eq(text_of(o, "type"), "partner");
	ck_assert_str_eq(text_of(o, "partner"), "acme");
	ck_assert_ptr_null(
	    json_object_get(json_object_get(o, "counts"), "sealed"));
	json_decref(o);
	o = next(f);
	ck_assert_str_eq(text_of(o, "partner"), "birch");
	ck_assert_int_eq(
	    number_of(json_object_get(o, "counts"), "sealed"), DOCUMENTS / 50);
	ck_assert_int_eq(number_of(json_object_get(o, "send"), "failures"), 3);
	json_decref(o);
	ck_assert_uint_eq(count_lines(f, "partner"), 0);
}
END_TEST

START_TEST(text_that_is_no_utf8_still_is_an_answer)
{
	FILE *f;
	json_t *o;

	start(1);
	f = ask("{\"command\":\"list\"}");
	o = next(f);
	ck_assert_str_eq(text_of(o, "reason"), "unsigned");
	ck_assert_str_eq(text_of(o, "why"), "from ??");
	json_decref(o);
	fclose(f);
}
END_TEST

/* ---- wrong requests ----------------------------------------------------- */

static const char *const wrong[] = { "", "x", "{}", "[]", "null", "\"list\"",
	"{\"command\":\"stop\"}", "{\"command\":7}",
	"{\"command\":\"list\"} {}", "{\"command\":\"list\"",
	"{\"command\":\"list\",\"command\":\"list\"}",
	"{\"command\":\"list\",\"colour\":\"red\"}",
	"{\"command\":\"list\",\"partner\":\"../x\"}",
	"{\"command\":\"list\",\"partner\":\"\"}",
	"{\"command\":\"list\",\"partner\":7}",
	"{\"command\":\"list\",\"state\":\"lost\"}",
	"{\"command\":\"list\",\"direction\":\"up\"}",
	"{\"command\":\"list\",\"limit\":-1}",
	"{\"command\":\"list\",\"limit\":1.5}",
	"{\"command\":\"list\",\"limit\":99999999999}",
	"{\"command\":\"list\",\"after\":\"x\"}",
	"{\"command\":\"list\",\"newest\":1}",
	"{\"command\":\"list\",\"text\":\"a\\u0000b\"}",
	"{\"command\":\"trace\"}", "{\"command\":\"trace\",\"text\":\"\"}",
	"{\"command\":\"trace\",\"text\":\"x\",\"state\":\"held\"}",
	"{\"command\":\"status\",\"partner\":\"acme\"}",
	"{\"command\":\"status\"}\n{\"command\":\"status\"}" };

static void
expect_error(FILE *f)
{
	json_t *o = next(f);

	ck_assert_ptr_nonnull(o);
	ck_assert_str_ne(text_of(o, "error"), "");
	json_decref(o);
	ck_assert_ptr_null(next(f));
	fclose(f);
}

START_TEST(wrong_requests_are_answered_with_an_error)
{
	char long_text[5000];
	FILE *f;

	start(10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(ask(wrong[i]));
	/* never ending, and just too long */
	memset(long_text, 'x', sizeof(long_text));
	f = dial();
	say(f, long_text, sizeof(long_text));
	expect_error(f);
	snprintf(long_text, sizeof(long_text),
	    "{\"command\":\"list\",\"text\":\"%0300d\"}", 1);
	expect_error(ask(long_text));
	/* cut in the middle */
	f = dial();
	say(f, "{\"comm", 7);
	ck_assert_int_eq(shutdown(fileno(f), SHUT_WR), 0);
	ck_assert_ptr_null(next(f));
	fclose(f);
	/* and it still serves */
	ck_assert_uint_eq(
	    count_lines(ask("{\"command\":\"list\"}"), "document"), 10);
}
END_TEST

/* ---- nobody can hold it ------------------------------------------------- */

static bool
readable(FILE *f, int ms)
{
	struct pollfd p = { fileno(f), POLLIN, 0 };

	return poll(&p, 1, ms) == 1;
}

START_TEST(sixteen_clients_and_the_next_waits)
{
	FILE *f[17], *extra;

	start(10);
	for (int i = 0; i < 16; i++)
		f[i] = dial();
	/* All sixteen are in when the last one got its answer... */
	say(f[15], "{\"command\":\"list\",\"limit\":1}\n", 29);
	ck_assert(readable(f[15], 5000));
	fclose(f[15]);
	f[15] = dial();
	extra = ask("{\"command\":\"list\"}");
	ck_assert(!readable(extra, 300));
	fclose(f[3]);
	ck_assert_uint_eq(count_lines(extra, "document"), 10);
	for (int i = 0; i < 16; i++) {
		if (i != 3)
			fclose(f[i]);
	}
}
END_TEST

static long
server_kib(void)
{
	char name[64], line[256];
	long kib = -1;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/status", (int)server);
	if ((f = fopen(name, "r")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	}
	fclose(f);
	return kib;
}

START_TEST(who_does_not_read_or_speak_is_cut_off)
{
	FILE *silent, *deaf, *other;
	long before, after;
	int64_t began = clock_mono_ms();
	unsigned got = 0;
	char line[4096];
	struct pollfd hung_up = { .events = 0 };

	start(30000);
	silent = dial();
	deaf = ask("{\"command\":\"list\"}"); /* some 15 MB */
	hung_up.fd = fileno(deaf);
	before = server_kib();
	/* others are served meanwhile */
	for (int i = 0; i < 20; i++) {
		other = ask("{\"command\":\"list\",\"limit\":300}");
		ck_assert_uint_eq(count_lines(other, "document"), 300);
	}
	after = server_kib();
#if !defined(__SANITIZE_ADDRESS__)
	ck_assert_int_lt(after - before, 4096);
#else
	(void)before;
	(void)after;
#endif
	ck_assert_int_lt(clock_mono_ms() - began, 9000);
	ck_assert(!readable(silent, 0));
	ck_assert(readable(silent, 15000)); /* its end */
	ck_assert_ptr_null(next(silent));
	ck_assert_int_eq(poll(&hung_up, 1, 15000), 1);
	ck_assert_int_eq(hung_up.revents & POLLHUP, POLLHUP);
	/* What was on its way comes, then the connection ends, unfinished and
	 * maybe in the middle of a line. */
	while (fgets(line, sizeof(line), deaf) != NULL) {
		ck_assert_ptr_null(strstr(line, "\"end\""));
		got++;
	}
	ck_assert_uint_lt(got, 30000);
	fclose(silent);
	fclose(deaf);
}
END_TEST

/* ---- without a gateway -------------------------------------------------- */

static bool
count_and_stop(void *to, const char *json)
{
	unsigned *left = to;

	ck_assert_ptr_null(strchr(json, '\n'));
	return --*left > 0;
}

START_TEST(the_same_from_the_ledger_alone)
{
	json_t *request = json_pack("{s:s}", "command", "list");
	json_t *nonsense = json_pack("{s:s}", "command", "nonsense");
	struct ledger *l;
	unsigned left = 700;

	fill_ledger(600);
	ck_assert_int_eq(ledger_open(root, LEDGER_READ, &l, &why), GW_OK);
	ck_assert_int_eq(
	    admin_answer(l, request, NULL, NULL, count_and_stop, &left, &why),
	    GW_OK);
	ck_assert_uint_eq(left, 100);
	left = 7;
	ck_assert_int_eq(
	    admin_answer(l, request, NULL, NULL, count_and_stop, &left, &why),
	    GW_OK);
	ck_assert_uint_eq(left, 0);
	ck_assert_int_eq(
	    admin_answer(l, nonsense, NULL, NULL, count_and_stop, &left, &why),
	    GW_REFUSED);
	json_decref(request);
	json_decref(nonsense);
	ledger_close(l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("admin");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_listing_is_whole_and_in_order);
	tcase_add_test(t, filters_find_what_they_say);
	tcase_add_test(t, a_trace_tells_the_life);
	tcase_add_test(t, status_counts_and_names_partners);
	tcase_add_test(t, text_that_is_no_utf8_still_is_an_answer);
	tcase_add_test(t, wrong_requests_are_answered_with_an_error);
	tcase_add_test(t, sixteen_clients_and_the_next_waits);
	tcase_add_test(t, who_does_not_read_or_speak_is_cut_off);
	tcase_add_test(t, the_same_from_the_ledger_alone);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
