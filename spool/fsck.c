/* spool/fsck.c - does the ledger agree with the private folders? */
#include "spool/recover.h"

#include "gateway/base/fdio.h"
#include "spool/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BIT(dir) (1u << (dir))

struct fsck {
	struct spool *spool;
	struct ledger *ledger;
	fsck_fn fn;
	void *ctx;
	unsigned long *findings;
	struct why *why;
};

static void found(struct fsck *, const char *docid, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
found(struct fsck *f, const char *docid, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	++*f->findings;
	f->fn(f->ctx, docid, text);
}

/*
 * Does each document have the file that its state needs?  Not looked for:
 * what people and internal systems may take away (delivered, returned and
 * quarantined files), and the file of a claim, which may not have moved yet.
 */
static bool
check_doc(void *ctx, const struct doc *d)
{
	struct fsck *f = ctx;
	unsigned needs = state_needs(d->direction, d->state), have = 0;
	char list[64] = "";

	if (needs == 0 || d->state == DOC_CLAIMED)
		return true;
	for (unsigned dir = 0; dir < DIR_COUNT; dir++) {
		size_t n = strlen(list);

		if ((needs & BIT(dir)) == 0)
			continue;
		if (spool_has(f->spool, (enum layout_dir)dir, d->id))
			have |= BIT(dir);
		snprintf(list + n, sizeof(list) - n, "%s%s/",
		    n > 0 ? " or " : "", private_name(dir));
	}
	if (have == 0)
		found(f, d->id.text, "is %s, but its file is not in %s",
		    state_name(d->state), list);
	return true;
}

/* The size that the ledger knows for this file; 0 where it cannot. */
static uint64_t
known_size(const struct doc *d, enum layout_dir dir)
{
	if (dir == DIR_PLAIN)
		return d->state == DOC_PASSED ? d->plain_size : 0;
	if (dir == DIR_ARCHIVE ||
	    (dir == DIR_SEALED && d->state != DOC_CLAIMED &&
		d->sealed_sha256[0] != '\0'))
		return d->sealed_size;
	return 0;
}

static enum gw_status
check_file(struct fsck *f, enum layout_dir dir, struct docid id)
{
	struct doc d;
	struct stat sb;
	uint64_t size;
	enum gw_status st = ledger_get(f->ledger, id, &d, f->why);

	if (st == GW_NONE) {
		found(f, id.text, "%s/ has a file that the ledger has not",
		    private_name(dir));
		return GW_OK;
	}
	if (st != GW_OK)
		return st;
	if ((state_allows(d.direction, d.state) & BIT(dir)) == 0)
		found(f, id.text, "is %s, but has a file in %s/",
		    state_name(d.state), private_name(dir));
	if (fstatat(spool_dir(f->spool, dir), id.text, &sb,
		AT_SYMLINK_NOFOLLOW) != 0)
		return GW_OK; /* gone meanwhile: check_doc() would know */
	size = known_size(&d, dir);
	if (!S_ISREG(sb.st_mode))
		found(f, id.text, "%s/ has something that is not a file",
		    private_name(dir));
	else if (size != 0 && (uint64_t)sb.st_size != size)
		found(f, id.text,
		    "its file in %s/ has %lld bytes, the ledger says %llu",
		    private_name(dir), (long long)sb.st_size,
		    (unsigned long long)size);
	return GW_OK;
}

static enum gw_status
check_entry(void *ctx, enum layout_dir dir, enum private_kind kind,
    struct docid id, const char *name)
{
	struct fsck *f = ctx;

	switch (kind) {
	case PRIVATE_DOCUMENT:
		return check_file(f, dir, id);
	case PRIVATE_TEMPORARY: /* a crash left it, the next start removes it */
		return GW_OK;
	default:
		found(f, "-", "%s/ has a foreign file: %s", private_name(dir),
		    name);
		return GW_OK;
	}
}

/* What recovery could not explain stays a finding until a person has seen to
 * it. */
static void
check_lost(struct fsck *f)
{
	int fd = openat(spool_state(f->spool), "lost",
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (list == NULL) {
		fd_close(&fd);
		return;
	}
	while ((e = readdir(list)) != NULL) {
		const char *dot = strchr(e->d_name, '.');

		if (e->d_name[0] != '.')
			found(f,
			    dot != NULL && docid_valid(dot + 1) ? dot + 1 : "-",
			    "no document owned this file: lost/%s", e->d_name);
	}
	(void)closedir(list); /* nothing was written */
}

enum gw_status
fsck_run(struct spool *sp, struct ledger *l, fsck_fn fn, void *ctx,
    unsigned long *findings, struct why *why)
{
	struct fsck f = { sp, l, fn, ctx, findings, why };
	struct ledger_filter all = { 0 };
	enum gw_status st;

	*findings = 0;
	st = ledger_list(l, &all, check_doc, &f, why);
	for (unsigned dir = 0; st == GW_OK && dir < DIR_COUNT; dir++)
		st = private_walk(
		    sp, (enum layout_dir)dir, check_entry, &f, why);
	if (st == GW_OK)
		check_lost(&f);
	return st;
}
