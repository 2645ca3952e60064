/* base/log.c - one line per step that somebody could ask about. */
#include "gateway/base/log.h"

#include "gateway/base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_role = "waybill";
static enum log_level log_max = LOG_LEVEL_INFO;

void
log_set_role(const char *role)
{
	log_role = role;
}

void
log_set_level(enum log_level level)
{
	log_max = level;
}

void
log_line(enum log_level level, const char *docid, const char *module,
    const char *event, const char *fmt, ...)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char line[2048], now[CLOCK_TEXT_MAX];
	va_list ap;
	int n, m;

	if (level > log_max)
		return;
	n = snprintf(line, sizeof(line), "%s %s %s %s %s %s ",
	    clock_text(clock_wall_ms(), now), names[level], log_role, docid,
	    module, event);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return;
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, fmt, ap);
	va_end(ap);
	if (m < 0)
		return;
	n = (int)strlen(line);
	while (n > 0 && line[n - 1] == ' ')
		n--;
	for (int i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	line[n++] = '\n';
	/* A log that cannot be written must not stop the traffic. */
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}

const char *
log_quote(const char *text, char *out, size_t size)
{
	size_t n = 0;

	if (size < 8) {
		if (size > 0)
			out[0] = '\0';
		return out;
	}
	out[n++] = '"';
	for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
		if (n + 6 > size)
			break;
		if (*s < 0x20 || *s == 0x7f || *s == '"' || *s == '\\')
			n += (size_t)snprintf(out + n, size - n, "\\x%02X", *s);
		else
			out[n++] = (char)*s;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
