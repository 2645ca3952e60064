/* gateway/sop/sop_options.c - the words behind a subcommand. */
#include "gateway/sop/sop_options.h"

#include "gateway/sop/sop_fail.h"

#include <stdio.h>
#include <string.h>

static const struct sop_option everywhere[] = {
	{ "debug", SOP_FLAG, offsetof(struct sop_options, debug), NULL,
	    "accepted for scripts; there is nothing more to say" },
	{ "help", SOP_FLAG, offsetof(struct sop_options, help), NULL,
	    "print this" },
	{ 0 }
};

/* The option of that name, of which len octets are given. */
static const struct sop_option *
find(const struct sop_option *table, const char *name, size_t len)
{
	for (; table->name != NULL; table++)
		if (strncmp(table->name, name, len) == 0 &&
		    table->name[len] == '\0')
			return table;
	return NULL;
}

static int
append(struct sop_list *list, const char *word)
{
	if (list->count == SOP_LIST_MAX)
		return sop_fail(SOP_FAILED, "more than %d of a kind at \"%s\"",
		    SOP_LIST_MAX, word);
	list->at[list->count++] = word;
	return SOP_OK;
}

static int
set(struct sop_options *o, const struct sop_option *which, const char *value)
{
	void *field = (char *)o + which->offset;

	switch (which->kind) {
	case SOP_FLAG:
		if (value != NULL)
			return sop_fail(SOP_UNSUPPORTED_OPTION,
			    "--%s takes no value", which->name);
		*(bool *)field = true;
		return SOP_OK;
	case SOP_VALUE:
		if (*(const char **)field != NULL)
			return sop_fail(SOP_INCOMPATIBLE_OPTIONS,
			    "--%s is given twice", which->name);
		*(const char **)field = value;
		return SOP_OK;
	case SOP_LIST:
		return append(field, value);
	}
	return SOP_FAILED;
}

/* --name, --name=value or --name value; *used words are taken. */
static int
read_option(const struct sop_option *table, char **words, int left, int *used,
    struct sop_options *o)
{
	const char *name = words[0] + 2, *value = strchr(name, '=');
	size_t len = value != NULL ? (size_t)(value - name) : strlen(name);
	const struct sop_option *which = find(table, name, len);

	*used = 1;
	if (which == NULL)
		which = find(everywhere, name, len);
	if (which == NULL)
		return sop_fail(SOP_UNSUPPORTED_OPTION,
		    "there is no option --%.*s", (int)len, name);
	if (value != NULL) {
		value++;
	} else if (which->kind != SOP_FLAG) {
		if (left < 2)
			return sop_fail(SOP_MISSING_ARG,
			    "--%s needs a value (%s)", which->name,
			    which->value);
		value = words[1];
		*used = 2;
	}
	return set(o, which, value);
}

int
sop_options_read(const struct sop_option *table, int argc, char **argv,
    struct sop_options *o)
{
	bool only_words = false;
	int rc = SOP_OK, used;

	memset(o, 0, sizeof(*o));
	for (int i = 1; i < argc && rc == SOP_OK; i += used) {
		used = 1;
		if (only_words || argv[i][0] != '-')
			rc = append(&o->words, argv[i]);
		else if (strcmp(argv[i], "--") == 0)
			only_words = true;
		else if (strcmp(argv[i], "-h") == 0)
			o->help = true;
		else if (argv[i][1] == '-')
			rc = read_option(table, argv + i, argc - i, &used, o);
		else
			rc = sop_fail(SOP_UNSUPPORTED_OPTION,
			    "there is no option %s", argv[i]);
	}
	return rc;
}

static void
print_table(const struct sop_option *table)
{
	for (; table->name != NULL; table++) {
		int n = printf("  --%s%s%s", table->name,
		    table->value != NULL ? "=" : "",
		    table->value != NULL ? table->value : "");

		printf("%*s %s\n", n < 33 ? 33 - n : 0, "", table->does);
	}
}

void
sop_options_print(const struct sop_option *table)
{
	print_table(table);
	print_table(everywhere);
}
