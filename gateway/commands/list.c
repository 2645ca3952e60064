/* gateway/commands/list.c - documents, newest first, one line each. */
#include "gateway/commands/client.h"
#include "gateway/commands/commands.h"

#include "gateway/base/docid.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	const char *config;
	bool json;
	json_t *request;     /* asked again, from where it was cut off */
	unsigned long limit; /* 0: all */
	unsigned long shown;
	char last[DOCID_LEN + 1];
};

static void
usage(FILE *f)
{
	fputs("usage: waybill list [-f FILE] [--json] [--partner NAME] "
	      "[--state STATE]\n"
	      "           [--in | --out] [--limit N] [--after ID] "
	      "[--oldest-first] [TEXT]\n",
	    f);
}

static void
print_row(const json_t *o)
{
	char created[21];

	/* without the milliseconds, which trace shows */
	snprintf(created, sizeof(created), "%.19sZ", client_text(o, "created"));
	printf("%-26s %-3s %-11s %-16s %-12s %10llu %-20s ",
	    client_text(o, "id"), client_text(o, "direction"),
	    client_text(o, "state"), client_text(o, "partner"),
	    client_text(o, "flow"),
	    (unsigned long long)client_number(o, "plain_size"), created);
	client_put(stdout, client_text(o, "name"));
	if (client_text(o, "reason")[0] != '\0')
		printf(" (%s)", client_text(o, "reason"));
	putchar('\n');
}

static void
on_object(void *ctx, json_t *o, const char *text)
{
	struct listing *l = ctx;

	if (strcmp(client_text(o, "type"), "document") != 0)
		return;
	if (l->json)
		puts(text);
	else if (l->shown == 0)
		printf("%-26s %-3s %-11s %-16s %-12s %10s %-20s %s\n", "ID",
		    "WAY", "STATE", "PARTNER", "FLOW", "SIZE", "CREATED",
		    "NAME");
	if (!l->json)
		print_row(o);
	l->shown++;
	snprintf(l->last, sizeof(l->last), "%s", client_text(o, "id"));
}

static bool
set_text(struct listing *l, const char *key, const char *text)
{
	if (json_object_set_new(l->request, key, json_string(text)) == 0)
		return true;
	fprintf(stderr, "waybill list: %s is not valid UTF-8\n", key);
	return false;
}

static bool
set_number(struct listing *l, const char *text)
{
	char *end;

	l->limit = strtoul(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' &&
	    l->limit <= 1000000000)
		return true;
	fputs("waybill list: --limit wants a number\n", stderr);
	return false;
}

/* COMMAND_OK, or the exit code. */
static int
parse(struct listing *l, int argc, char **argv)
{
	static const struct option options[] = { { "file", 1, NULL, 'f' },
		{ "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' },
		{ "partner", 1, NULL, 'p' }, { "state", 1, NULL, 's' },
		{ "in", 0, NULL, 'i' }, { "out", 0, NULL, 'o' },
		{ "limit", 1, NULL, 'n' }, { "after", 1, NULL, 'a' },
		{ "oldest-first", 0, NULL, 'O' }, { NULL, 0, NULL, 0 } };
	bool ok = true, newest = true;
	int c;

	while (
	    ok && (c = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		if (c == 'f')
			l->config = optarg;
		else if (c == 'j')
			l->json = true;
		else if (c == 'p')
			ok = set_text(l, "partner", optarg);
		else if (c == 's')
			ok = set_text(l, "state", optarg);
		else if (c == 'i' || c == 'o')
			ok = set_text(l, "direction", c == 'i' ? "in" : "out");
		else if (c == 'n')
			ok = set_number(l, optarg);
		else if (c == 'a')
			ok = set_text(l, "after", optarg);
		else if (c == 'O')
			newest = false;
		else {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? -1 : COMMAND_USAGE;
		}
	}
	if (ok && optind < argc)
		ok = set_text(l, "text", argv[optind++]);
	if (optind < argc)
		ok = false;
	(void)json_object_set_new(l->request, "newest", json_boolean(newest));
	if (!ok)
		usage(stderr);
	return ok ? COMMAND_OK : COMMAND_USAGE;
}

/*
 * A pager that is not read makes us read nothing either, and the gateway cuts
 * off who stops reading.  So ask again from the last document that we got.
 */
static enum client_end
ask(struct listing *l, const struct config *config)
{
	enum client_end end;
	unsigned long before;
	bool running;

	do {
		before = l->shown;
		if (l->limit != 0)
			(void)json_object_set_new(l->request, "limit",
			    json_integer((json_int_t)(l->limit - l->shown)));
		if (before > 0)
			(void)set_text(l, "after", l->last);
		end = client_ask(
		    config, json_incref(l->request), on_object, l, &running);
	} while (end == CLIENT_CUT && l->shown > before &&
		 (l->limit == 0 || l->shown < l->limit));
	if (end == CLIENT_CUT && (l->limit == 0 || l->shown < l->limit))
		fputs("waybill: the gateway broke off its answer\n", stderr);
	return end;
}

int
command_list(int argc, char **argv)
{
	struct listing l = { .config = COMMAND_CONFIG };
	struct config *config = NULL;
	int code;

	l.request = json_pack("{s:s}", "command", "list");
	if ((code = parse(&l, argc, argv)) != COMMAND_OK)
		goto done;
	code = COMMAND_FAILED;
	if ((config = client_config(l.config)) == NULL)
		goto done;
	if (ask(&l, config) == CLIENT_DONE)
		code = COMMAND_OK;
	config_free(config);
done:
	json_decref(l.request);
	return code < 0 ? COMMAND_OK : code;
}
