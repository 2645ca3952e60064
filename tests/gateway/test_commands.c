/* Goal: status, list, trace and fsck say what is so, and exit accordingly. */
#include "gateway/commands/client.h"
#include "gateway/commands/commands.h"

#include "gateway/admin.h"
#include "spool/layout.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64], config[100], state[100], spool[100], control[120];
static char said[65536], complained[65536];
static struct why why;

/* ---- a small gateway on disk -------------------------------------------- */

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* Not complete, on purpose: whoever edits it can still ask. */
static void
write_config(void)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "gateway-id = \"gw.example\"\nspool = \"%s\"\nstate = \"%s\"\n",
	    spool, state);
	write_file(config, text);
}

static struct doc
make_doc(unsigned i, enum doc_state st)
{
	struct doc d = { .direction = DOC_OUT, .state = st };

	snprintf(d.id.text, sizeof(d.id.text), "01HF7YAT00%016u", i);
	snprintf(d.partner, sizeof(d.partner), "acme");
	snprintf(d.flow, sizeof(d.flow), "invoices");
	snprintf(d.name, sizeof(d.name), "invoice %u.xml", i);
	d.created_ms = INT64_C(1700000000000) + i;
	return d;
}

static void
fill_ledger(unsigned closed, unsigned sealed)
{
	struct ledger *l;
	struct doc d;

	ck_assert_msg(ledger_open(state, LEDGER_WRITE, &l, &why) == GW_OK, "%s",
	    why.text);
	for (unsigned i = 0; i < closed + sealed; i++) {
		d = make_doc(i, i < closed ? DOC_CLOSED : DOC_SEALED);
		ck_assert_int_eq(
		    ledger_insert(l, &d, "claimed", "a\x1b[2Jb", &why), GW_OK);
	}
	ck_assert_int_eq(ledger_commit(l, &why), GW_OK);
	ledger_close(l);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");
	struct spool *sp;

	snprintf(root, sizeof(root), "%.40s/waybill-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(config, sizeof(config), "%s/waybill.conf", root);
	snprintf(state, sizeof(state), "%s/state", root);
	snprintf(spool, sizeof(spool), "%s/spool", root);
	snprintf(control, sizeof(control), "%s/control", state);
	ck_assert_msg(
	    spool_open(spool, state, &sp, &why) == GW_OK, "%s", why.text);
	spool_close(sp);
	write_config();
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	ck_assert_int_eq(system(command), 0);
}

/* ---- running a command -------------------------------------------------- */

static void
read_back(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	out[fread(out, 1, size - 1, f)] = '\0';
	fclose(f);
	unlink(path);
}

/* Exit code; what it printed is in said[] and complained[]. */
static int
run(int (*command)(int, char **), const char *arguments)
{
	char out[128], err[128], line[512], *argv[16];
	int argc = 0, status;
	pid_t child;

	snprintf(out, sizeof(out), "%s/stdout", root);
	snprintf(err, sizeof(err), "%s/stderr", root);
	if ((child = fork()) == 0) {
		snprintf(line, sizeof(line), "command|-f|%s%s%s", config,
		    arguments[0] != '\0' ? "|" : "", arguments);
		for (char *p = strtok(line, "|"); p != NULL;
		     p = strtok(NULL, "|"))
			argv[argc++] = p;
		argv[argc] = NULL;
		if (freopen(out, "w", stdout) == NULL ||
		    freopen(err, "w", stderr) == NULL)
			_exit(99);
		exit(command(argc, argv));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	read_back(out, said, sizeof(said));
	read_back(err, complained, sizeof(complained));
	ck_assert_msg(WIFEXITED(status), "%s", complained);
	return WEXITSTATUS(status);
}

static unsigned
count_lines(const char *text)
{
	unsigned n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

#define HAS(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)

/* ---- at rest ------------------------------------------------------------ */

START_TEST(the_ledger_answers_when_no_gateway_runs)
{
	fill_ledger(20, 3);
	ck_assert_int_eq(run(command_status, ""), 3);
	HAS(complained, "not running");
	HAS(said, "all");
	ck_assert_int_eq(run(command_status, "--json"), 3);
	HAS(said, "\"running\":false");
	HAS(said, "\"sealed\":3");
	ck_assert_int_eq(run(command_list, ""), COMMAND_OK);
	ck_assert_uint_eq(count_lines(said), 24);
	HAS(said, "invoice 0.xml");
	ck_assert_int_eq(
	    run(command_list, "--json|--state|sealed"), COMMAND_OK);
	ck_assert_uint_eq(count_lines(said), 3);
	ck_assert_int_eq(run(command_list, "--json|invoice 7.xml"), COMMAND_OK);
	ck_assert_uint_eq(count_lines(said), 1);
	ck_assert_int_eq(run(command_list, "--in"), COMMAND_OK);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(newest_first_or_oldest_first)
{
	const char *first, *second;

	fill_ledger(20, 0);
	ck_assert_int_eq(run(command_list, ""), COMMAND_OK);
	first = strstr(said, "invoice 19.xml");
	second = strstr(said, "invoice 18.xml");
	ck_assert(first != NULL && second != NULL && first < second);
	ck_assert_int_eq(
	    run(command_list, "--oldest-first|--limit|2"), COMMAND_OK);
	first = strstr(said, "invoice 0.xml");
	second = strstr(said, "invoice 1.xml");
	ck_assert(first != NULL && second != NULL && first < second);
	ck_assert_uint_eq(count_lines(said), 3);
}
END_TEST

START_TEST(a_trace_shows_steps_and_no_escapes)
{
	fill_ledger(20, 0);
	ck_assert_int_eq(run(command_trace, "invoice 7.xml"), COMMAND_OK);
	HAS(said, "01HF7YAT000000000000000007 out closed acme/invoices");
	HAS(said, "claimed");
	HAS(said, "a\\x1B[2Jb");
	ck_assert_ptr_null(strchr(said, '\x1b'));
	ck_assert_int_eq(
	    run(command_trace, "01HF7YAT000000000000000007"), COMMAND_OK);
	ck_assert_int_eq(run(command_trace, "never\x1b"), COMMAND_FAILED);
	HAS(complained, "nothing is known of never\\x1B");
}
END_TEST

START_TEST(wrong_use_is_told)
{
	fill_ledger(1, 0);
	ck_assert_int_eq(run(command_status, "x"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_list, "--colour"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_list, "a|b"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_list, "--limit|x"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_list, "--limit|-1"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_list, "a\xff"), COMMAND_USAGE);
	ck_assert_int_eq(run(command_trace, ""), COMMAND_USAGE);
	ck_assert_int_eq(run(command_fsck, "x"), COMMAND_USAGE);
	HAS(complained, "usage: waybill fsck");
	ck_assert_int_eq(run(command_list, "--state|lost"), COMMAND_FAILED);
	HAS(complained, "state");
	ck_assert_int_eq(run(command_list, "--help"), COMMAND_OK);
	HAS(said, "usage: waybill list");
}
END_TEST

START_TEST(without_a_ledger_there_is_no_answer)
{
	struct stat sb;
	char path[128];

	ck_assert_int_eq(run(command_list, ""), COMMAND_FAILED);
	ck_assert_int_eq(run(command_fsck, ""), COMMAND_FAILED);
	snprintf(path, sizeof(path), "%s/ledger.db", state);
	/* and asking does not make one */
	ck_assert_int_ne(stat(path, &sb), 0);
	ck_assert_int_eq(unlink(config), 0);
	ck_assert_int_eq(run(command_list, ""), COMMAND_FAILED);
	HAS(complained, "waybill.conf");
}
END_TEST

START_TEST(what_lies_in_quarantine_needs_a_person)
{
	char folder[160], file[200];

	fill_ledger(1, 0);
	snprintf(folder, sizeof(folder), "%s/quarantine", spool);
	mkdir(folder, 0755); /* may be there */
	snprintf(folder, sizeof(folder), "%s/quarantine/acme", spool);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	ck_assert_int_eq(run(command_status, ""), 3);
	ck_assert_ptr_null(strstr(said, "needs a person"));
	snprintf(file, sizeof(file), "%s/x.pgp", folder);
	write_file(file, "x");
	/* The draft knows acme only when its file can be read. */
	snprintf(file, sizeof(file), "%s/partners.d", root);
	mkdir(file, 0700);
	snprintf(file, sizeof(file), "%s/partners.d/acme.conf", root);
	write_file(file, "partner \"acme\" {\n}\n");
	ck_assert_int_eq(run(command_status, ""), 3);
	HAS(said, "quarantine/acme");
	HAS(said, "needs a person");
}
END_TEST

/* ---- fsck --------------------------------------------------------------- */

START_TEST(fsck_agrees_or_finds)
{
	struct ledger *l;

	ck_assert_int_eq(ledger_open(state, LEDGER_WRITE, &l, &why), GW_OK);
	/* the writer's lock is what a running gateway holds */
	ck_assert_int_eq(run(command_fsck, ""), COMMAND_FAILED);
	ck_assert_str_eq(said, "");
	ledger_close(l);
	ck_assert_int_eq(run(command_fsck, ""), COMMAND_OK);
	HAS(said, "agree");
	fill_ledger(0, 1); /* sealed, without a sealed file */
	ck_assert_int_eq(run(command_fsck, ""), COMMAND_FAILED);
	HAS(said, "01HF7YAT000000000000000000");
	ck_assert_int_eq(run(command_fsck, "--json"), COMMAND_FAILED);
	HAS(said, "\"type\":\"finding\"");
}
END_TEST

/* ---- beside a gateway --------------------------------------------------- */

struct cutting {
	int fd;
	int left;
};

static bool
send_line(void *to, const char *json)
{
	struct cutting *c = to;

	dprintf(c->fd, "%s\n", json);
	return --c->left > 0;
}

/* A gateway that hangs up after so many lines, in the middle of the next. */
static _Noreturn void
serve(int listener, int lines)
{
	struct ledger *l;

	if (ledger_open(state, LEDGER_WRITE, &l, &why) != GW_OK)
		_exit(1);
	for (;;) {
		struct cutting c = { accept(listener, NULL, NULL), lines };
		char request[4096];
		ssize_t n = recv(c.fd, request, sizeof(request), 0);
		json_t *o = json_loadb(request, n > 0 ? (size_t)n : 0, 0, NULL);

		if (admin_answer(l, o, NULL, NULL, send_line, &c, &why) !=
		    GW_OK)
			dprintf(c.fd, "{\"error\":\"no\"}\n");
		else if (c.left > 0)
			dprintf(c.fd, "{\"end\":true}\n");
		else
			dprintf(c.fd, "{\"type\":\"docu");
		json_decref(o);
		close(c.fd);
	}
}

static pid_t
start_server(int lines)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child;

	snprintf(un.sun_path, sizeof(un.sun_path), "%.100s", control);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	if ((child = fork()) == 0)
		serve(fd, lines);
	close(fd);
	return child;
}

START_TEST(a_listing_that_is_cut_off_goes_on)
{
	pid_t server;

	fill_ledger(100, 0);
	server = start_server(30);
	ck_assert_int_eq(run(command_list, "--json"), COMMAND_OK);
	ck_assert_uint_eq(count_lines(said), 100);
	ck_assert_int_eq(run(command_list, "--json|--limit|50"), COMMAND_OK);
	ck_assert_uint_eq(count_lines(said), 50);
	/* what is shorter than a cut is not disturbed */
	ck_assert_int_eq(run(command_trace, "invoice 1.xml"), COMMAND_OK);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	/* what it left behind is no gateway */
	ck_assert_int_eq(run(command_list, "--json"), COMMAND_OK);
	HAS(complained, "not running");
}
END_TEST

START_TEST(an_answer_that_says_nothing_is_a_failure)
{
	pid_t server;

	fill_ledger(10, 0);
	server = start_server(0);
	ck_assert_int_eq(run(command_status, ""), COMMAND_FAILED);
	HAS(complained, "broke off");
	ck_assert_int_eq(run(command_trace, "invoice 1.xml"), COMMAND_FAILED);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}
END_TEST

/* ---- text --------------------------------------------------------------- */

static const struct {
	const char *raw, *shown;
} texts[] = {
	{ "", "" },
	{ "plain text-1.xml /a.b", "plain text-1.xml /a.b" },
	{ "M\xc3\xbcller \xe6\x96\x87", "M\xc3\xbcller \xe6\x96\x87" },
	{ "a\nb\tc\x1b[0m\x7f", "a\\x0Ab\\x09c\\x1B[0m\\x7F" },
	{ "\\x41", "\\x5Cx41" },
	{ "a\xff"
	  "b\x80",
	    "a\\xFFb\\x80" },
	{ "\xc2\x9b", "\\xC2\\x9B" },          /* CSI as UTF-8 */
	{ "\xe2\x80\xae", "\\xE2\\x80\\xAE" }, /* right to left */
	{ "\xed\xa0\x80", "\\xED\\xA0\\x80" }, /* a surrogate */
	{ "\xc0\xaf", "\\xC0\\xAF" },          /* overlong */
	{ "\xf0\x9f\x93\xa8", "\xf0\x9f\x93\xa8" },
};

START_TEST(foreign_text_is_harmless)
{
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	client_put(f, texts[_i].raw);
	fclose(f);
	ck_assert_str_eq(out, texts[_i].shown);
	free(out);
}
END_TEST

START_TEST(spans)
{
	char out[CLIENT_SPAN_MAX];

	ck_assert_str_eq(client_span(-5, out), "0.000 s");
	ck_assert_str_eq(client_span(412, out), "0.412 s");
	ck_assert_str_eq(client_span(59999, out), "59.999 s");
	ck_assert_str_eq(client_span(725000, out), "12m05s");
	ck_assert_str_eq(client_span(18120000, out), "5h02m");
	ck_assert_str_eq(client_span(INT64_C(273600000), out), "3d04h");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("commands");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_ledger_answers_when_no_gateway_runs);
	tcase_add_test(t, newest_first_or_oldest_first);
	tcase_add_test(t, a_trace_shows_steps_and_no_escapes);
	tcase_add_test(t, wrong_use_is_told);
	tcase_add_test(t, without_a_ledger_there_is_no_answer);
	tcase_add_test(t, what_lies_in_quarantine_needs_a_person);
	tcase_add_test(t, fsck_agrees_or_finds);
	tcase_add_test(t, a_listing_that_is_cut_off_goes_on);
	tcase_add_test(t, an_answer_that_says_nothing_is_a_failure);
	tcase_add_loop_test(t, foreign_text_is_harmless, 0,
	    (int)(sizeof(texts) / sizeof(texts[0])));
	tcase_add_test(t, spans);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
