/* base/log.h - one line per step that somebody could ask about. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/*
 * "<time> <level> <role> <docid> <module> <event> key=value ...\n" to stderr
 * in one write.  docid is "-" where no document is meant.  Foreign text in
 * the arguments goes through log_quote(); the line itself may not carry
 * control characters (they are replaced, so a line can never be forged).
 */
void log_line(enum log_level, const char *docid, const char *module,
    const char *event, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The role's name in each line; kept by reference. */
void log_set_role(const char *role);
void log_set_level(enum log_level);

/*
 * Foreign text made safe: in double quotes, with backslash, quotes, control
 * characters (also those that turn the direction of text) and invalid UTF-8
 * bytes as \xNN, cut at `size`.  Returns out.
 */
const char *log_quote(const char *text, char *out, size_t size);
#define LOG_QUOTED_MAX 832

#endif
