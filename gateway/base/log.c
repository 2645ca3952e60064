/* base/log.c - one line per step that somebody could ask about. */
#include "gateway/base/log.h"

#include "gateway/base/clock.h"
#include "gateway/base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
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
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2) /* cut, but never dropped */
		n = (int)sizeof(line) - 2;
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
	size_t n = 0, left = strlen(text);

	if (size < 8) {
		if (size > 0)
			out[0] = '\0';
		return out;
	}
	out[n++] = '"';
	while (left > 0) {
		uint32_t cp;
		size_t took = utf8_next(text, left, &cp);
		bool raw =
		    took > 0 && !utf8_is_control(cp) && cp != '"' && cp != '\\';

		if (took == 0)
			took = 1; /* not UTF-8: this byte as it is */
		/* A character is shown whole or not at all. */
		if (n + (raw ? took : 4 * took) + 2 > size)
			break;
		for (size_t i = 0; i < took; i++) {
			unsigned char c = (unsigned char)text[i];

			if (raw)
				out[n++] = text[i];
			else
				n += (size_t)snprintf(
				    out + n, size - n, "\\x%02X", c);
		}
		text += took;
		left -= took;
	}
	out[n++] = '"';
	out[n] = '\0';
	return out;
}
