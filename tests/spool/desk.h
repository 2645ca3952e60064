/* tests/spool/desk.h - a whole spool in a folder of its own, and files to put
 * into it. */
#ifndef TESTS_SPOOL_DESK_H
#define TESTS_SPOOL_DESK_H

#include "spool/layout.h"
#include "spool/watch.h"
#include "tests/spool/place.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>

static struct spool *desk;

static inline void
desk_open(void)
{
	MUST(spool_open(place_path("spool", NULL, NULL),
	    place_path("state", NULL, NULL), &desk, &place_why));
}

/* Partner acme sends and gets orders. */
static void
desk_make(void)
{
	place_make();
	desk_open();
	MUST(spool_make_partner(desk, "acme", &place_why));
	MUST(spool_make_flow(desk, "acme", "orders", DOC_OUT, &place_why));
	MUST(spool_make_flow(desk, "acme", "orders", DOC_IN, &place_why));
}

static void
desk_remove(void)
{
	spool_close(desk);
	desk = NULL;
	place_remove();
}

/* What a crash leaves behind: everything in memory is gone. */
static inline void
desk_crash(void)
{
	spool_close(desk);
	desk_open();
}

static inline void
put(const char *folder, const char *name, const char *content)
{
	int fd = open(place_path(folder, name, NULL),
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_msg(fd >= 0, "%s/%s: %s", folder, name, strerror(errno));
	ck_assert_int_eq(
	    write(fd, content, strlen(content)), (ssize_t)strlen(content));
	ck_assert_int_eq(close(fd), 0);
}

static inline bool
there(const char *folder, const char *name)
{
	struct stat sb;

	return lstat(place_path(folder, name, NULL), &sb) == 0;
}

/* The start of a file's content; "" when it cannot be read. */
static inline const char *
content(const char *folder, const char *name)
{
	static char text[4096];
	int fd = open(place_path(folder, name, NULL), O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[got < 0 ? 0 : got] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* Entries of a folder, without "." and "..". */
static inline unsigned
entries_of(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 2;
}

static inline unsigned
entries(const char *folder)
{
	return entries_of(place_path(folder, NULL, NULL));
}

#endif
