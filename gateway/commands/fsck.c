/* gateway/commands/fsck.c - do the ledger and the folders agree? */
#include "gateway/commands/client.h"
#include "gateway/commands/commands.h"

#include "spool/recover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void
print_json(const char *docid, const char *finding)
{
	json_t *o = json_pack("{s:s, s:s, s:s?}", "type", "finding", "id",
	    docid, "finding", finding);

	/* A finding that is no UTF-8 still counts. */
	if (o == NULL)
		o = json_pack("{s:s, s:s}", "type", "finding", "id", docid);
	if (o != NULL)
		json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static void
on_finding(void *ctx, const char *docid, const char *finding)
{
	const bool *json = ctx;

	if (*json) {
		print_json(docid, finding);
		return;
	}
	printf("%s ", docid);
	client_put(stdout, finding);
	putchar('\n');
}

/* Opening makes what is missing; a check must not, least of all as root. */
static bool
is_there(const struct config *config)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/ledger.db", config->state);
	if (access(path, F_OK) == 0)
		return true;
	fprintf(stderr, "waybill: %s: %s\n", path, strerror(errno));
	return false;
}

static int
check(const struct config *config, bool json)
{
	struct ledger *ledger = NULL;
	struct spool *spool = NULL;
	unsigned long findings = 0;
	enum gw_status st;
	struct why why;

	/* The lock of the writer: refused while the gateway runs. */
	st = ledger_open(config->state, LEDGER_WRITE, &ledger, &why);
	if (st == GW_OK)
		st = spool_open(config->spool, config->state, &spool, &why);
	if (st == GW_OK)
		st =
		    fsck_run(spool, ledger, on_finding, &json, &findings, &why);
	spool_close(spool);
	ledger_close(ledger);
	if (st != GW_OK) {
		fputs("waybill: ", stderr);
		client_put(stderr, why.text);
		fputc('\n', stderr);
		return COMMAND_FAILED;
	}
	if (!json && findings == 0)
		puts("the ledger and the folders agree");
	else if (!json)
		printf("%lu findings\n", findings);
	return findings == 0 ? COMMAND_OK : COMMAND_FAILED;
}

static int
fsck(const char *file, bool json)
{
	struct config *config = client_config(file);
	int code = COMMAND_FAILED;

	if (config == NULL)
		return COMMAND_FAILED;
	if (config->spool == NULL)
		fputs("waybill: the configuration names no spool\n", stderr);
	else if (is_there(config))
		code = check(config, json);
	config_free(config);
	return code;
}

int
command_fsck(int argc, char **argv)
{
	struct client_options o;
	int code;

	if (!client_options(
		argc, argv, "fsck [-f FILE] [--json]", false, &o, &code))
		return code;
	return fsck(o.file, o.json);
}
