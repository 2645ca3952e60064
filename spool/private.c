/* spool/private.c - walks through a private folder. */
#include "spool/private.h"

#include "gateway/base/fdio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *
private_name(enum layout_dir dir)
{
	static const char *const names[DIR_COUNT] = {
		[DIR_WORK] = "work",
		[DIR_SEALED] = "sealed",
		[DIR_LANDED] = "landed",
		[DIR_PLAIN] = "plain",
		[DIR_ARCHIVE] = "archive",
	};

	return names[dir];
}

/* An entry that durable_begin() made: ".<id>.tmp". */
static bool
is_temporary(const char *name, struct docid *id)
{
	char text[DOCID_LEN + 1];

	if (strlen(name) != DOCID_LEN + 5 || name[0] != '.' ||
	    strcmp(name + 1 + DOCID_LEN, ".tmp") != 0)
		return false;
	memcpy(text, name + 1, DOCID_LEN);
	text[DOCID_LEN] = '\0';
	return docid_parse(text, id);
}

static enum gw_status
reading_failed(enum layout_dir dir, struct why *why)
{
	why_errno(why, REASON_IO_ERROR, "reading %s/", private_name(dir));
	return GW_INTERNAL;
}

enum gw_status
private_walk(struct spool *sp, enum layout_dir dir, private_fn fn, void *ctx,
    struct why *why)
{
	enum gw_status st = GW_OK;
	/* A descriptor of its own: the position belongs to the open file. */
	int fd =
	    openat(spool_dir(sp, dir), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (list == NULL) {
		st = reading_failed(dir, why);
		fd_close(&fd);
		return st;
	}
	for (errno = 0; st == GW_OK && (e = readdir(list)) != NULL; errno = 0) {
		enum private_kind kind = PRIVATE_FOREIGN;
		struct docid id;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (docid_parse(e->d_name, &id))
			kind = PRIVATE_DOCUMENT;
		else if (is_temporary(e->d_name, &id))
			kind = PRIVATE_TEMPORARY;
		st = fn(ctx, dir, kind, id, e->d_name);
	}
	if (st == GW_OK && errno != 0)
		st = reading_failed(dir, why);
	(void)closedir(list); /* nothing was written */
	return st;
}
