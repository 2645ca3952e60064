/* spool/watch_scan.c - read a folder in pieces, oldest files first. */
#include "spool/watch_scan.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Names in one piece: about 10 ms of work, and 2 MiB if all are long. */
#define BATCH_MAX 8192
/* Entries read for one piece, including those left out. */
#define READ_MAX 32768

struct item {
	int64_t mtime_ns;
	char *name;
};

struct watch_batch {
	struct item item[BATCH_MAX];
	size_t count, next;
};

struct watch_batch *
watch_batch_new(void)
{
	return calloc(1, sizeof(struct watch_batch));
}

void
watch_batch_free(struct watch_batch *b)
{
	if (b == NULL)
		return;
	watch_batch_clear(b);
	free(b);
}

void
watch_batch_clear(struct watch_batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		free(b->item[i].name);
	b->count = b->next = 0;
}

bool
watch_batch_empty(const struct watch_batch *b)
{
	return b->next == b->count;
}

const char *
watch_batch_next(struct watch_batch *b)
{
	return watch_batch_empty(b) ? NULL : b->item[b->next++].name;
}

static int
by_time(const void *left, const void *right)
{
	const struct item *a = left, *b = right;

	if (a->mtime_ns != b->mtime_ns)
		return a->mtime_ns < b->mtime_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void
add(struct watch_batch *b, int dirfd, const char *name)
{
	struct item *item = &b->item[b->count];
	struct stat sb;

	if (fstatat(dirfd, name, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
	    S_ISDIR(sb.st_mode))
		return;
	item->mtime_ns =
	    (int64_t)sb.st_mtim.tv_sec * 1000000000 + sb.st_mtim.tv_nsec;
	/* Out of memory: the next scan finds it. */
	if ((item->name = strdup(name)) != NULL)
		b->count++;
}

bool
watch_batch_fill(struct watch_batch *b, DIR *dir, watch_skip_fn skip, void *ctx)
{
	const struct dirent *de = NULL;

	watch_batch_clear(b);
	for (size_t i = 0; i < READ_MAX && b->count < BATCH_MAX; i++) {
		if ((de = readdir(dir)) == NULL)
			break;
		if (de->d_type != DT_DIR && !skip(ctx, de->d_name))
			add(b, dirfd(dir), de->d_name);
	}
	qsort(b->item, b->count, sizeof(b->item[0]), by_time);
	return de == NULL;
}
