/* config/config_tree.h - one configuration file as sections and values. */
#ifndef GATEWAY_CONFIG_TREE_H
#define GATEWAY_CONFIG_TREE_H

#include "gateway/config/config_text.h"

/* A value as it was written, and where. */
struct config_setting {
	const char *text;
	unsigned line;
};

struct config_tree;

/* A section of the tree; plain data, valid as long as the tree. */
struct config_node {
	const struct config_tree *tree;
	void *cfg;           /* libConfuse's */
	const char *section; /* "", "partner" ... */
	const char *title;   /* "" without one */
	unsigned line;       /* where it starts; 0: the whole file */
};

/*
 * Parse the text (it is changed).  NULL after errors of syntax; whatever is
 * wrong was added to the report.  Release with config_tree_free().
 */
struct config_tree *config_tree_parse(struct buf *text, const char *file,
    enum config_file, struct config_report *);
void config_tree_free(struct config_tree *);

struct config_node config_tree_root(const struct config_tree *);
/* How many sections of that keyword stand in this one? */
size_t config_tree_count(const struct config_node *, const char *section);
struct config_node config_tree_section(
    const struct config_node *, const char *section, size_t i);

/* The i-th value as written; false when there is none. */
bool config_tree_value(const struct config_node *, const char *keyword,
    size_t i, struct config_setting *);
/* As written, else the table's default (line of the section); false when
 * there is neither. */
bool config_tree_setting(
    const struct config_node *, const char *keyword, struct config_setting *);

#endif
