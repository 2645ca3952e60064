/* config/config_report.c - gather what is wrong, tell it in file order. */
#include "gateway/config/config_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody reads more, and a hostile file must not fill our memory. */
#define REPORT_MAX      500
#define REPORT_TEXT_MAX 600

struct problem {
	char *file;
	size_t file_order, order;
	unsigned line;
	char *text;
};

struct config_report {
	struct problem problem[REPORT_MAX];
	size_t kept, count;
};

struct config_report *
config_report_new(void)
{
	struct config_report *r = calloc(1, sizeof(*r));

	if (r == NULL)
		gw_fatal("out of memory");
	return r;
}

void
config_report_free(struct config_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->kept; i++) {
		free(r->problem[i].file);
		free(r->problem[i].text);
	}
	free(r);
}

/* The place of this file among those that were mentioned before. */
static size_t
file_order(const struct config_report *r, const char *file)
{
	for (size_t i = 0; i < r->kept; i++) {
		if (strcmp(r->problem[i].file, file) == 0)
			return r->problem[i].file_order;
	}
	return r->kept;
}

void
config_report_add(struct config_report *r, const char *file, unsigned line,
    const char *fmt, ...)
{
	char text[REPORT_TEXT_MAX];
	size_t named = strlen(file);
	struct problem *p;
	va_list ap;

	r->count++;
	if (r->kept == REPORT_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* Reasons of files start with their name; once is enough. */
	if (strncmp(text, file, named) == 0 &&
	    strncmp(text + named, ": ", 2) == 0)
		memmove(text, text + named + 2, strlen(text + named + 2) + 1);
	/* What the administrator wrote is quoted in the text; it must not
	 * make a line of its own in a log or on a terminal. */
	for (char *s = text; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	}
	p = &r->problem[r->kept];
	p->file_order = file_order(r, file);
	p->order = r->kept++;
	p->line = line;
	if ((p->file = strdup(file)) == NULL ||
	    (p->text = strdup(text)) == NULL)
		gw_fatal("out of memory");
}

size_t
config_report_count(const struct config_report *r)
{
	return r->count;
}

static int
compare(const void *one, const void *other)
{
	const struct problem *a = one, *b = other;

	if (a->file_order != b->file_order)
		return a->file_order < b->file_order ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

void
config_report_tell(struct config_report *r, config_error_fn tell, void *ctx)
{
	char more[64];

	qsort(r->problem, r->kept, sizeof(r->problem[0]), compare);
	for (size_t i = 0; i < r->kept; i++)
		tell(ctx, r->problem[i].file, r->problem[i].line,
		    r->problem[i].text);
	if (r->count > r->kept) {
		snprintf(more, sizeof(more), "%zu more problems, not shown",
		    r->count - r->kept);
		tell(ctx, r->problem[r->kept - 1].file, 0, more);
	}
}
