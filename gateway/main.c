/* gateway/main.c - one executable: the commands, and the roles. */
#include "gateway/child.h"
#include "gateway/commands/commands.h"
#include "gateway/sop/sop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *does;
} commands[] = {
	{ "run", command_run, "run the gateway in the foreground" },
	{ "check", command_check, "check the configuration and its keys" },
	{ "status", command_status, "health of the gateway and each partner" },
	{ "list", command_list, "documents by partner, state, name" },
	{ "trace", command_trace, "the whole life of one document" },
	{ "fsck", command_fsck, "do ledger and folders agree?" },
	{ "key", command_key, "generate, import, export, list keys" },
	{ "sop", sop_main, "OpenPGP for scripts: sign, encrypt, decrypt ..." },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int
usage(FILE *to, int code)
{
	fprintf(to, "usage: waybill COMMAND [options]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].does);
	fprintf(to, "\nwaybill COMMAND --help tells a command's options; "
		    "see also waybill(8).\n");
	return code;
}

/* Half a listing that says "done" misleads whoever counts on it. */
static int
finished(int code)
{
	if (code != COMMAND_OK || (fflush(stdout) == 0 && !ferror(stdout)))
		return code;
	fprintf(stderr, "waybill: the answer could not be written: %s\n",
	    strerror(errno));
	return COMMAND_FAILED;
}

static bool
called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

int
main(int argc, char **argv)
{
	if (argc >= 1 && called(argv[0], SOP_PROGRAM))
		return finished(sop_main(argc, argv));
	if (argc < 2)
		return usage(stderr, COMMAND_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return usage(stdout, COMMAND_OK);
	if (strcmp(argv[1], "role") == 0 && argc >= 3)
		child_main(argv[2]);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return finished(commands[i].run(argc - 1, argv + 1));
	}
	fprintf(stderr, "waybill: there is no command %s\n", argv[1]);
	return usage(stderr, COMMAND_USAGE);
}
