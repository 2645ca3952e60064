/* gateway/commands/client.c - ask the gateway; or its ledger, at rest. */
#include "gateway/commands/client.h"

#include "gateway/admin.h"
#include "gateway/base/fdio.h"
#include "gateway/commands/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WAIT_SECONDS 30
/* No line of an answer is longer; a longer one is not our gateway's. */
#define LINE_MAX_BYTES ((size_t)128 * 1024)

/* ---- configuration ------------------------------------------------------ */

static void
on_config_error(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	client_put(stderr, file);
	if (line != 0)
		fprintf(stderr, ":%u", line);
	fputs(": ", stderr);
	client_put(stderr, text);
	fputc('\n', stderr);
}

struct config *
client_config(const char *path)
{
	struct config *c = NULL;

	if (config_load(path, on_config_error, NULL, &c) == GW_OK)
		return c;
	c = config_load_draft(path);
	if (c->control != NULL && c->state != NULL)
		return c;
	fputs("waybill: the configuration does not say where the gateway is\n",
	    stderr);
	config_free(c);
	return NULL;
}

/* ---- the gateway -------------------------------------------------------- */

struct asking {
	const struct config *config;
	client_object_fn fn;
	void *ctx;
	bool ended;  /* the last line came */
	bool failed; /* and it was an error, or nonsense came */
};

static void
complain(const char *what, const char *text)
{
	fprintf(stderr, "waybill: %s", what);
	client_put(stderr, text);
	fputc('\n', stderr);
}

static bool
on_line(void *to, const char *text)
{
	struct asking *a = to;
	json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const char *error = client_text(o, "error");

	if (!json_is_object(o)) {
		complain("not an answer of a gateway: ", text);
		a->failed = true;
	} else if (error[0] != '\0') {
		complain("", error);
		a->failed = true;
	} else if (json_object_get(o, "end") != NULL) {
		a->ended = true;
	} else {
		a->fn(a->ctx, o, text);
	}
	json_decref(o);
	return !a->ended && !a->failed;
}

/* Connected, or -1 and errno. */
static int
dial(const char *path)
{
	const struct timeval wait = { WAIT_SECONDS, 0 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	/* Without them we would wait longer, no more than that. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	err = errno;
	fd_close(&fd);
	errno = err;
	return -1;
}

static bool
send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len = text != NULL ? strlen(text) : 0;
	bool ok = false;

	if (text != NULL) {
		text[len] = '\n'; /* in place of the NUL */
		ok = send(fd, text, len + 1, MSG_NOSIGNAL) == (ssize_t)len + 1;
	}
	free(text);
	return ok;
}

static void
read_answer(int fd, struct asking *a)
{
	char *line = malloc(LINE_MAX_BYTES);
	FILE *f = line != NULL ? fdopen(fd, "r") : NULL;

	if (f == NULL) {
		fd_close(&fd);
		free(line);
		return;
	}
	while (fgets(line, (int)LINE_MAX_BYTES, f) != NULL) {
		size_t len = strlen(line);

		if (len == 0 || line[len - 1] != '\n')
			break; /* cut off, in the middle of a line */
		line[len - 1] = '\0';
		if (!on_line(a, line))
			break;
	}
	fclose(f);
	free(line);
}

static enum client_end
ask_gateway(int fd, const json_t *request, struct asking *a)
{
	if (!send_request(fd, request)) {
		complain("the gateway does not listen: ", strerror(errno));
		fd_close(&fd);
		return CLIENT_FAILED;
	}
	read_answer(fd, a);
	if (a->failed)
		return CLIENT_FAILED;
	return a->ended ? CLIENT_DONE : CLIENT_CUT;
}

/* ---- the ledger --------------------------------------------------------- */

static void
put_configured(void *ctx, json_t *status)
{
	const struct asking *a = ctx;
	json_t *live = json_array();

	(void)json_object_set_new(status, "running", json_false());
	for (size_t i = 0; i < a->config->partner_count; i++)
		(void)json_array_append_new(live,
		    json_pack("{s:s}", "partner", a->config->partner[i].name));
	(void)json_object_set_new(status, "live", live);
}

static enum client_end
ask_ledger(json_t *request, struct asking *a)
{
	struct ledger *ledger = NULL;
	struct why why;
	enum gw_status st;

	st = ledger_open(a->config->state, LEDGER_READ, &ledger, &why);
	if (st == GW_OK)
		st = admin_answer(
		    ledger, request, put_configured, a, on_line, a, &why);
	ledger_close(ledger);
	if (st != GW_OK && !a->failed)
		complain("", why.text);
	return st == GW_OK && !a->failed ? CLIENT_DONE : CLIENT_FAILED;
}

enum client_end
client_ask(const struct config *config, json_t *request, client_object_fn fn,
    void *ctx, bool *running)
{
	struct asking a = { .config = config, .fn = fn, .ctx = ctx };
	enum client_end end = CLIENT_FAILED;
	int fd;

	*running = false;
	if (request == NULL) {
		complain("out of memory", "");
		return CLIENT_FAILED;
	}
	if ((fd = dial(config->control)) >= 0) {
		*running = true;
		end = ask_gateway(fd, request, &a);
	} else if (errno == ENOENT || errno == ECONNREFUSED) {
		fputs("waybill: the gateway is not running; "
		      "this is from its ledger\n",
		    stderr);
		end = ask_ledger(request, &a);
	} else {
		/* EACCES: not in the admin group, so not to read either */
		*running = true;
		fprintf(stderr, "waybill: %s: %s\n", config->control,
		    strerror(errno));
	}
	json_decref(request);
	return end;
}

/* ---- fields and text ---------------------------------------------------- */

const char *
client_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

uint64_t
client_number(const json_t *object, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(object, key));

	return n > 0 ? (uint64_t)n : 0;
}

int64_t
client_time(const json_t *object, const char *key)
{
	const char *text = client_text(object, key), *rest;
	struct tm tm = { 0 };

	rest = strptime(text, "%Y-%m-%dT%H:%M:%S.", &tm);
	if (rest == NULL)
		return 0;
	return (int64_t)timegm(&tm) * 1000 + strtol(rest, NULL, 10);
}

/* Length of the valid, harmless UTF-8 sequence at s; 0 when it is none. */
static size_t
harmless(const unsigned char *s)
{
	char one[5];
	struct why why;
	size_t n = 1;

	if (s[0] == '/' || s[0] == '-' || s[0] == '.')
		return 1; /* a name may not begin so, a text may */
	while (s[0] >= 0x80 && n < 4 && (s[n] & 0xc0) == 0x80)
		n++;
	memcpy(one, s, n);
	/* What a document's name may hold is what a terminal may show. */
	return s[0] != '\\' && name_check(one, n, &why) ? n : 0;
}

void
client_put(FILE *f, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s != '\0') {
		size_t n = harmless(s);

		if (n > 0)
			fwrite(s, 1, n, f);
		else
			fprintf(f, "\\x%02X", *s);
		s += n > 0 ? n : 1;
	}
}

const char *
client_span(int64_t ms, char out[CLIENT_SPAN_MAX])
{
	int64_t s = (ms < 0 ? 0 : ms) / 1000;

	if (s < 60)
		snprintf(out, CLIENT_SPAN_MAX, "%d.%03d s", (int)s,
		    ms < 0 ? 0 : (int)(ms % 1000));
	else if (s < 3600)
		snprintf(
		    out, CLIENT_SPAN_MAX, "%dm%02ds", (int)s / 60, (int)s % 60);
	else if (s < 48 * 3600)
		snprintf(out, CLIENT_SPAN_MAX, "%dh%02dm", (int)s / 3600,
		    (int)s / 60 % 60);
	else
		snprintf(out, CLIENT_SPAN_MAX, "%lldd%02dh",
		    (long long)s / 86400, (int)(s / 3600 % 24));
	return out;
}

bool
client_options(int argc, char **argv, const char *usage, bool operand,
    struct client_options *out, int *code)
{
	static const struct option options[] = { { "file", 1, NULL, 'f' },
		{ "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };
	int c;

	*out = (struct client_options){ COMMAND_CONFIG, false, "" };
	*code = COMMAND_USAGE;
	while ((c = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		if (c == 'f') {
			out->file = optarg;
		} else if (c == 'j') {
			out->json = true;
		} else {
			fprintf(c == 'h' ? stdout : stderr,
			    "usage: waybill %s\n", usage);
			*code = c == 'h' ? COMMAND_OK : COMMAND_USAGE;
			return false;
		}
	}
	if (operand && optind < argc)
		out->operand = argv[optind++];
	if (optind == argc && (out->operand[0] != '\0') == operand)
		return true;
	fprintf(stderr, "usage: waybill %s\n", usage);
	return false;
}
