/* config/config_tree.c - one configuration file as sections and values. */
#include "gateway/config/config_tree.h"

#include <confuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config_tree {
	cfg_t *root;
	struct config_sections sections;
};

/* libConfuse's error hook has no context of its own; files are read one
 * after the other by one thread. */
static struct config_report *hook_report;
static const char *hook_file;

static void __attribute__((format(printf, 2, 0)))
report_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	config_report_add(hook_report, hook_file,
	    cfg->line > 0 ? (unsigned)cfg->line : 0, "%s", text);
}

struct kept {
	unsigned line;
	char text[];
};

/* Keeps each value with its line, and accepts it: what it means is judged
 * later, so that one bad value does not hide the next. */
static int
keep_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	size_t len = strlen(value);
	struct kept *kept = malloc(sizeof(*kept) + len + 1);

	(void)opt;
	if (kept == NULL)
		gw_fatal("out of memory");
	kept->line = (unsigned)cfg->line;
	memcpy(kept->text, value, len + 1);
	*(void **)result = kept;
	return 0;
}

/* libConfuse's options of a section and all below it, from the table. */
static cfg_opt_t *
make_options(const char *section)
{
	const struct config_keyword *k;
	cfg_opt_t *options, *o;
	size_t n = 1;

	for (k = config_keywords(); k->name != NULL; k++)
		n += strcmp(k->section, section) == 0;
	if ((options = o = calloc(n, sizeof(*options))) == NULL)
		gw_fatal("out of memory");
	for (k = config_keywords(); k->name != NULL; k++) {
		cfg_flag_t list =
		    config_keywords_is_list(k) ? CFGF_LIST : CFGF_NONE;

		if (strcmp(k->section, section) != 0)
			continue;
		/* Every section may repeat as far as libConfuse is asked:
		 * else it makes an empty one where there is none. */
		if (config_keywords_is_section(k))
			*o++ = (cfg_opt_t)CFG_SEC(k->name,
			    make_options(k->name), CFGF_MULTI | CFGF_NODEFAULT);
		else
			*o++ = (cfg_opt_t)CFG_PTR_CB(k->name, NULL,
			    list | CFGF_NODEFAULT, keep_value, free);
	}
	*o = (cfg_opt_t)CFG_END();
	return options;
}

static void
free_options(cfg_opt_t *options)
{
	for (cfg_opt_t *o = options; o->name != NULL; o++) {
		if (o->type == CFGT_SEC)
			free_options(o->subopts);
	}
	free(options);
}

static bool
parse(struct config_tree *tree, struct buf *text)
{
	cfg_opt_t *options = make_options("");
	FILE *f;
	int rc;

	tree->root = cfg_init(options, CFGF_NONE);
	free_options(options);
	if (tree->root == NULL)
		gw_fatal("out of memory");
	(void)cfg_set_error_function(tree->root, report_error);
	if (text->len == 0)
		return true;
	if ((f = fmemopen(text->data, text->len, "r")) == NULL)
		gw_fatal("out of memory");
	rc = cfg_parse_fp(tree->root, f);
	(void)fclose(f); /* only read */
	return rc == CFG_SUCCESS;
}

struct config_tree *
config_tree_parse(struct buf *text, const char *file, enum config_file kind,
    struct config_report *report)
{
	struct config_tree *tree = calloc(1, sizeof(*tree));
	size_t before = config_report_count(report);

	if (tree == NULL)
		gw_fatal("out of memory");
	hook_report = report;
	hook_file = file;
	if (config_text_prepare(text, file, kind, report, &tree->sections) &&
	    parse(tree, text))
		return tree;
	if (config_report_count(report) == before)
		config_report_add(report, file, 0, "it cannot be understood");
	config_tree_free(tree);
	return NULL;
}

void
config_tree_free(struct config_tree *tree)
{
	if (tree == NULL)
		return;
	/* This also resets the scanner, which stops in mid-string else. */
	if (tree->root != NULL)
		(void)cfg_free(tree->root);
	config_sections_free(&tree->sections);
	free(tree);
}

struct config_node
config_tree_root(const struct config_tree *tree)
{
	return (struct config_node){ tree, tree->root, "", "", 0 };
}

size_t
config_tree_count(const struct config_node *node, const char *section)
{
	return cfg_size(node->cfg, section);
}

/* libConfuse hangs sections below their parents in the order of the file, so
 * the i-th of a parent is preceded by all those of the parents before. */
static size_t
sections_before(cfg_t *at, const cfg_t *node, const char *section, bool *found)
{
	size_t count = 0;

	if (at == node) {
		*found = true;
		return 0;
	}
	for (const cfg_opt_t *o = at->opts; o->name != NULL; o++) {
		for (unsigned i = 0; o->type == CFGT_SEC && i < o->nvalues;
		     i++) {
			count += sections_before(
			    o->values[i]->section, node, section, found);
			if (*found)
				return count;
			count += strcmp(o->name, section) == 0;
		}
	}
	return count;
}

struct config_node
config_tree_section(
    const struct config_node *node, const char *section, size_t i)
{
	const struct config_tree *tree = node->tree;
	struct config_node child = { tree, NULL, section, "", node->line };
	const struct config_section *opened;
	bool found = false;
	size_t before = sections_before(tree->root, node->cfg, section, &found);

	child.cfg = cfg_getnsec(node->cfg, section, (unsigned)i);
	opened = config_sections_nth(&tree->sections,
	    config_keywords_find(node->section, section), before + i);
	if (child.cfg == NULL || opened == NULL)
		gw_fatal("no section %s number %zu", section, i);
	child.line = opened->line;
	child.title = opened->title;
	return child;
}

bool
config_tree_value(const struct config_node *node, const char *keyword, size_t i,
    struct config_setting *out)
{
	cfg_opt_t *o = cfg_getopt(node->cfg, keyword);
	const struct kept *kept;

	if (o == NULL || i >= cfg_opt_size(o))
		return false;
	kept = cfg_opt_getnptr(o, (unsigned)i);
	out->text = kept->text;
	out->line = kept->line;
	return true;
}

bool
config_tree_setting(const struct config_node *node, const char *keyword,
    struct config_setting *out)
{
	const struct config_keyword *k =
	    config_keywords_find(node->section, keyword);

	if (k == NULL)
		gw_fatal("no keyword %s in the table", keyword);
	if (config_tree_value(node, keyword, 0, out))
		return true;
	out->text = k->preset;
	out->line = node->line;
	return k->preset[0] != '\0';
}
