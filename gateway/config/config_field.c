/* config/config_field.c - take one field from a section, checked by kind. */
#include "gateway/config/config_field.h"

#include "gateway/base/fdio.h"
#include "gateway/config/config_value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MAX 1024

char *
config_dup(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		gw_fatal("out of memory");
	return copy;
}

void
config_list_free(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
	memset(list, 0, sizeof(*list));
}

static void
list_add(struct config_list *list, char *text)
{
	char **grown =
	    reallocarray(list->item, list->count + 1, sizeof(*grown));

	if (grown == NULL)
		gw_fatal("out of memory");
	list->item = grown;
	list->item[list->count++] = text;
}

void
config_field_wrong(
    const struct config_place *p, const char *keyword, const char *fmt, ...)
{
	struct config_setting set = { NULL, p->node.line };
	char text[WHY_TEXT_MAX];
	va_list ap;

	(void)config_tree_value(&p->node, keyword, 0, &set);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config_report_add(
	    p->report, p->file, set.line, "%s: %s", keyword, text);
}

bool
config_field_given(const struct config_place *p, const char *keyword)
{
	struct config_setting set;

	return config_tree_value(&p->node, keyword, 0, &set);
}

/* The value as written, if there is one and it is a usable text. */
static bool
get(const struct config_place *p, const char *keyword,
    struct config_setting *set)
{
	if (!config_tree_setting(&p->node, keyword, set))
		return false;
	if (set->text[0] == '\0') {
		config_field_wrong(p, keyword,
		    "the value is empty; leave the keyword out instead");
		return false;
	}
	if (strlen(set->text) > TEXT_BYTES_MAX) {
		config_field_wrong(
		    p, keyword, "longer than %d bytes", TEXT_BYTES_MAX);
		return false;
	}
	return true;
}

char *
config_field_text(const struct config_place *p, const char *keyword)
{
	struct config_setting set;

	return get(p, keyword, &set) ? config_dup(set.text) : NULL;
}

char *
config_field_path(const struct config_place *p, const char *keyword)
{
	struct config_setting set;

	return get(p, keyword, &set) ? config_value_path(p->folder, set.text)
				     : NULL;
}

uint64_t
config_field_size(const struct config_place *p, const char *keyword)
{
	struct config_setting set;
	uint64_t bytes = 0;

	if (get(p, keyword, &set) && !config_value_size(set.text, &bytes))
		config_field_wrong(p, keyword,
		    "\"%s\" is no size; write a number and K, M or G, like 20M",
		    set.text);
	return bytes;
}

/* 90000 as "90s": the largest unit that divides it. */
static const char *
time_text(int64_t ms, char out[32])
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" },
		{ 1000, "s" }, { 1, "ms" } };
	size_t i = 0;

	while (ms % units[i].ms != 0)
		i++;
	snprintf(out, 32, "%" PRId64 "%s", ms / units[i].ms, units[i].unit);
	return out;
}

int64_t
config_field_time(const struct config_place *p, const char *keyword,
    int64_t min_ms, int64_t max_ms)
{
	struct config_setting set;
	char low[32], high[32];
	int64_t ms;

	if (!get(p, keyword, &set))
		return 0;
	if (!config_value_time(set.text, &ms)) {
		config_field_wrong(p, keyword,
		    "\"%s\" is no time; write a number and ms, s, m, h or d, "
		    "like 30m",
		    set.text);
		return 0;
	}
	if (ms < min_ms || ms > max_ms) {
		config_field_wrong(p, keyword, "%s is not between %s and %s",
		    set.text, time_text(min_ms, low), time_text(max_ms, high));
		return 0;
	}
	return ms;
}

unsigned
config_field_number(const struct config_place *p, const char *keyword,
    unsigned min, unsigned max)
{
	struct config_setting set;
	uint64_t n = 0;

	if (!get(p, keyword, &set))
		return 0;
	if (config_value_number(set.text, min, max, &n))
		return (unsigned)n;
	config_field_wrong(p, keyword, "\"%s\" is no number from %u to %u",
	    set.text, min, max);
	return 0;
}

int
config_field_choice(
    const struct config_place *p, const char *keyword, int otherwise)
{
	const struct config_keyword *k =
	    config_keywords_find(p->node.section, keyword);
	struct config_setting set;
	int choice;

	if (!get(p, keyword, &set))
		return otherwise;
	choice = config_keywords_choice(k, set.text);
	if (choice >= 0)
		return choice;
	config_field_wrong(
	    p, keyword, "\"%s\" is none of %s", set.text, k->kind);
	return otherwise;
}

void
config_field_list(const struct config_place *p, const char *keyword,
    config_field_check check, struct config_list *list)
{
	struct config_setting set;
	struct why why;

	for (size_t i = 0; config_tree_value(&p->node, keyword, i, &set); i++) {
		if (set.text[0] == '\0' || strlen(set.text) > TEXT_BYTES_MAX)
			config_report_add(p->report, p->file, set.line,
			    "%s: a value is empty or too long", keyword);
		else if (check != NULL && check(set.text, &why) != GW_OK)
			config_report_add(p->report, p->file, set.line,
			    "%s: %s", keyword, why.text);
		else
			list_add(list, config_dup(set.text));
	}
}

static void
check_file(const struct config_place *p, const char *keyword, unsigned line,
    const char *path, enum config_safety safety)
{
	struct why why;
	int fd;

	if (config_safe_open(path, safety, &fd, &why) == GW_OK)
		fd_close(&fd);
	else
		config_report_add(
		    p->report, p->file, line, "%s: %s", keyword, why.text);
}

void
config_field_files(
    const struct config_place *p, const char *keyword, struct config_list *list)
{
	struct config_setting set;

	for (size_t i = 0; config_tree_value(&p->node, keyword, i, &set); i++) {
		char *path = config_value_path(p->folder, set.text);

		check_file(p, keyword, set.line, path, CONFIG_SAFE_PUBLIC);
		list_add(list, path);
	}
}

char *
config_field_file(const struct config_place *p, const char *keyword,
    enum config_safety safety)
{
	struct config_setting set;
	char *path;

	if (!get(p, keyword, &set))
		return NULL;
	path = config_value_path(p->folder, set.text);
	check_file(p, keyword, set.line, path, safety);
	return path;
}
