/* tests/keys/shell.h - other people's programs, in a folder of their own. */
#ifndef TESTS_KEYS_SHELL_H
#define TESTS_KEYS_SHELL_H

#include "gateway/base/buf.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder, which is gpg's home as well. */
static char home[64];

/* Run a command with `home` as folder; true when it says that it went well.
 * What it said is in the file "log". */
__attribute__((format(printf, 1, 2))) static inline bool
run(const char *fmt, ...)
{
	char line[8192], command[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line),
	    "cd %s && export GNUPGHOME=%s && { %s; } >log 2>&1", home, home,
	    command);
	return system(line) == 0;
}

static inline void
shell_open(void)
{
	snprintf(home, sizeof(home), "/tmp/waybill-keys-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	/* Its agent would spend a tenth of a second on each passphrase. */
	ck_assert(run("echo s2k-count 65536 > gpg-agent.conf"));
}

static inline void
shell_close(void)
{
	char line[256];

	(void)run("gpgconf --kill all"); /* where there is one */
	snprintf(line, sizeof(line), "rm -rf %s", home);
	ck_assert_int_eq(system(line), 0);
}

#define GPG                                                                    \
	"gpg --batch --yes --no-tty --trust-model always --pinentry-mode "     \
	"loopback --passphrase hunter2 "

static inline bool
have_gpg(void)
{
	return run("gpg --version");
}

static inline void
save(const char *name, const struct buf *b)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", home, name);
	ck_assert_ptr_nonnull(f = fopen(path, "wb"));
	ck_assert_uint_eq(fwrite(b->data, 1, b->len, f), b->len);
	ck_assert_int_eq(fclose(f), 0);
}

static inline void
load(const char *name, struct buf *b)
{
	char path[128];
	FILE *f;
	uint8_t *room;

	buf_reset(b);
	snprintf(path, sizeof(path), "%s/%s", home, name);
	ck_assert_ptr_nonnull(f = fopen(path, "rb"));
	ck_assert_ptr_nonnull(room = buf_room(b, 1 << 19));
	buf_grew(b, fread(room, 1, 1 << 19, f));
	ck_assert_int_eq(fclose(f), 0);
}

#endif
