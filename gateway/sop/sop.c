/* gateway/sop/sop.c - the Stateless OpenPGP command line on our engine. */
#include "gateway/sop/sop.h"

#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_options.h"
#include "gateway/sop/sop_table.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct sop_command *
find(const char *name)
{
	const struct sop_command *c = sop_table;

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	return c->name != NULL ? c : NULL;
}

static void
print_commands(const char *program, FILE *to)
{
	fprintf(
	    to, "usage: %s SUBCOMMAND [OPTIONS] [--] [ARGUMENTS]\n\n", program);
	for (const struct sop_command *c = sop_table; c->name != NULL; c++)
		fprintf(to, "  %-20s %s\n", c->name, c->does);
	fprintf(to,
	    "\nData comes from standard input and goes to standard output; "
	    "arguments are\nfiles, @ENV:NAME or @FD:n.  `%s help SUBCOMMAND` "
	    "tells its options; see also\nwaybill-sop(1).\n",
	    program);
}

static void
print_command(const char *program, const struct sop_command *c)
{
	printf("usage: %s %s [OPTIONS]%s%s\n\n%c%s.\n\n", program, c->name,
	    c->words[0] != '\0' ? " [--] " : "", c->words,
	    (char)(c->does[0] - 'a' + 'A'), c->does + 1);
	sop_options_print(c->options);
}

static int
unsupported(const char *name)
{
	return sop_fail(SOP_UNSUPPORTED_SUBCOMMAND,
	    "there is no subcommand %s; `help` lists them", name);
}

static int
help(const char *program, int argc, char **argv)
{
	const struct sop_command *c;

	if (argc < 2) {
		print_commands(program, stdout);
		return SOP_OK;
	}
	if ((c = find(argv[1])) == NULL)
		return unsupported(argv[1]);
	print_command(program, c);
	return SOP_OK;
}

static int
run(const char *program, const struct sop_command *c, int argc, char **argv)
{
	struct sop_options options;
	int rc = sop_options_read(c->options, argc, argv, &options);

	if (rc != SOP_OK)
		return rc;
	if (options.help) {
		print_command(program, c);
		return SOP_OK;
	}
	if (options.words.count < c->words_min)
		return sop_fail(SOP_MISSING_ARG, "%s must be named", c->words);
	if (options.words.count > c->words_max)
		return sop_fail(SOP_UNSUPPORTED_OPTION,
		    "\"%s\" is one word too many",
		    options.words.at[c->words_max]);
	return c->run(&options);
}

int
sop_main(int argc, char **argv)
{
	const char *program =
	    strcmp(argv[0], "sop") == 0 ? "waybill sop" : SOP_PROGRAM;
	const struct sop_command *c;

	/* A reader that goes away is an error to tell, not a way to die. */
	(void)signal(SIGPIPE, SIG_IGN);
	sop_fail_names(program, "");
	if (argc < 2) {
		print_commands(program, stderr);
		return SOP_MISSING_ARG;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(program, argc - 1, argv + 1);
	if (strcmp(argv[1], "--version") == 0)
		argv[1] += 2;
	if ((c = find(argv[1])) == NULL)
		return unsupported(argv[1]);
	sop_fail_names(program, c->name);
	return run(program, c, argc - 1, argv + 1);
}
