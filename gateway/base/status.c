/* base/status.c - how a step ended, and why. */
#include "gateway/base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *code;
	const char *advice;
} reasons[REASON_COUNT] = {
#define X(sym, code, text) [REASON_##sym] = { code, text },
	GW_REASONS(X)
#undef X
};

/* By way of a copy: the old text may be among the arguments. */
void
why_set(struct why *why, enum gw_reason reason, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	why->reason = reason;
	memcpy(why->text, text, sizeof(text));
}

/* Put ": " and more behind the text, as far as there is room. */
static void
append(char text[WHY_TEXT_MAX], const char *more)
{
	size_t at = strlen(text);
	size_t n = strlen(more);

	if (at + 3 > WHY_TEXT_MAX)
		return;
	text[at++] = ':';
	text[at++] = ' ';
	if (n > WHY_TEXT_MAX - 1 - at)
		n = WHY_TEXT_MAX - 1 - at;
	memcpy(text + at, more, n);
	text[at + n] = '\0';
}

void
why_errno(struct why *why, enum gw_reason reason, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX] = "";
	int err = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	append(text, strerror(err));
	why->reason = reason;
	memcpy(why->text, text, sizeof(text));
	errno = err;
}

void
why_prefix(struct why *why, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	append(text, why->text);
	memcpy(why->text, text, sizeof(text));
}

const char *
reason_code(enum gw_reason reason)
{
	if ((unsigned)reason >= REASON_COUNT)
		reason = REASON_INTERNAL;
	return reasons[reason].code;
}

const char *
reason_advice(enum gw_reason reason)
{
	if ((unsigned)reason >= REASON_COUNT)
		reason = REASON_INTERNAL;
	return reasons[reason].advice;
}

bool
reason_parse(const char *code, enum gw_reason *out)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		if (strcmp(code, reasons[i].code) == 0) {
			*out = (enum gw_reason)i;
			return true;
		}
	}
	*out = REASON_NONE;
	return false;
}

const char *
gw_status_name(enum gw_status st)
{
	static const char *const names[] = { "ok", "again", "refused", "none",
		"exists", "internal" };

	return (unsigned)st <= GW_INTERNAL ? names[st] : "unknown";
}

enum gw_status
gw_status_errno(int err)
{
	switch (err) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EINTR:
	case EAGAIN:
		return GW_AGAIN;
	case ENOENT:
		return GW_NONE;
	case EEXIST:
		return GW_EXISTS;
	default:
		return GW_INTERNAL;
	}
}

_Noreturn void
gw_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("waybill: fatal: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	abort();
}
