/* gateway/sop/sop_fail.c - how a subcommand ends when it does not end well. */
#include "gateway/sop/sop_fail.h"

#include "gateway/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN (WHY_TEXT_MAX + 256)

static struct {
	const char *program, *command;
} names = { "sop", "" };

void
sop_fail_names(const char *program, const char *command)
{
	names.program = program;
	names.command = command;
}

/* File names, user ids and names in messages are foreign; a terminal shall
 * show them and not obey them. */
static void
make_visible(char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		uint32_t cp;
		size_t n = utf8_next(text, left, &cp);

		if (n == 0 || utf8_is_control(cp)) {
			n = n == 0 ? 1 : n;
			memset(text, '?', n);
		}
		text += n;
		left -= n;
	}
}

static void tell(const char *kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
tell(const char *kind, const char *fmt, va_list ap)
{
	char line[LINE_MAX_LEN];

	vsnprintf(line, sizeof(line), fmt, ap);
	make_visible(line);
	fprintf(stderr, "%s%s%s: %s%s\n", names.program,
	    names.command[0] != '\0' ? " " : "", names.command, kind, line);
}

int
sop_fail(enum sop_exit code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell("", fmt, ap);
	va_end(ap);
	return code;
}

void
sop_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell("warning: ", fmt, ap);
	va_end(ap);
}

int
sop_fail_why(enum gw_status st, const struct why *why,
    const struct sop_meaning *meanings, enum sop_exit otherwise)
{
	if (st == GW_AGAIN || st == GW_INTERNAL)
		otherwise = SOP_FAILED;
	else
		for (; meanings->reason != REASON_NONE; meanings++)
			if (meanings->reason == why->reason)
				otherwise = meanings->code;
	return sop_fail(otherwise, "%s", why->text);
}
