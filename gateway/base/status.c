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

void
why_set(struct why *why, enum gw_reason reason, const char *fmt, ...)
{
	va_list ap;

	why->reason = reason;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
}

void
why_errno(struct why *why, enum gw_reason reason, const char *fmt, ...)
{
	int err = errno;
	va_list ap;
	size_t len;

	why->reason = reason;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	len = strlen(why->text);
	snprintf(why->text + len, sizeof(why->text) - len, ": %s",
	    strerror(err));
	errno = err;
}

void
why_prefix(struct why *why, const char *fmt, ...)
{
	char old[WHY_TEXT_MAX];
	va_list ap;
	size_t len;

	memcpy(old, why->text, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	len = strlen(why->text);
	snprintf(why->text + len, sizeof(why->text) - len, ": %s", old);
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
