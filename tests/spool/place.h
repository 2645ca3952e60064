/* tests/spool/place.h - a folder of its own for a test, and documents to try
 * things on. */
#ifndef TESTS_SPOOL_PLACE_H
#define TESTS_SPOOL_PLACE_H

#include "gateway/base/clock.h"
#include "spool/ledger.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MUST(call)                                                             \
	ck_assert_msg((call) == GW_OK, "%s: %s", #call, place_why.text)

static struct why place_why;
static char place[128];

static int
place_remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
place_make(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(place, sizeof(place), "%s/waybill-spool.XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(place));
}

static void
place_remove(void)
{
	(void)nftw(place, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Two such paths can be in use at a time. */
static inline const char *
place_path(const char *fmt, const char *a, const char *b)
{
	static char path[2][512];
	static unsigned turn;
	size_t n;

	turn ^= 1;
	n = (size_t)snprintf(
	    path[turn], sizeof(path[turn]), "%s/%s", place, fmt);
	if (a != NULL)
		n += (size_t)snprintf(
		    path[turn] + n, sizeof(path[turn]) - n, "/%s", a);
	if (b != NULL)
		snprintf(path[turn] + n, sizeof(path[turn]) - n, "/%s", b);
	return path[turn];
}

/* A document with every field filled. */
static inline struct doc
place_doc(enum doc_direction direction, const char *name)
{
	struct doc d = { .id = docid_new(),
		.direction = direction,
		.state = DOC_CLAIMED,
		.partner = "acme",
		.flow = "invoices" };

	snprintf(d.name, sizeof(d.name), "%s", name);
	snprintf(d.file, sizeof(d.file), "%s.%s.pgp", name, d.id.text);
	snprintf(d.message_id, sizeof(d.message_id), "%s@gw.example", name);
	return d;
}

/* A digest that is all one digit. */
static inline void
place_digest(char out[SHA256_HEX_MAX], char digit)
{
	memset(out, digit, SHA256_HEX_MAX - 1);
	out[SHA256_HEX_MAX - 1] = '\0';
}

#endif
