/* spool/aside.c - where documents go that do not go on: with their reason. */
#include "spool/aside.h"

#include "spool/beside.h"
#include "spool/claim.h"
#include "spool/durable.h"
#include "spool/folder.h"

#include <stdio.h>
#include <string.h>

#define REASON_SUFFIX ".reason.json"

/* A name that is not fit to be carried is replaced, never repaired. */
static void
safe_name(const char *name, struct docid id, const char *ending,
    char out[DOC_FILE_SIZE])
{
	struct why ignored;

	if (name_check(name, strlen(name), &ignored))
		snprintf(out, DOC_FILE_SIZE, "%s%s", name, ending);
	else
		snprintf(out, DOC_FILE_SIZE, "%s.refused", id.text);
}

enum gw_status
aside_return(
    struct spool *sp, struct doc *doc, const char *reason_json, struct why *why)
{
	struct beside b = {
		.id = doc->id,
		.fromdir = spool_dir(sp, DIR_WORK),
		.from = doc->id.text,
		.suffix = REASON_SUFFIX,
		.text = reason_json,
	};
	char plain[DOC_FILE_SIZE], sealed[DOC_FILE_SIZE], used[DOC_FILE_SIZE];
	enum gw_status st;

	safe_name(doc->name, doc->id, "", plain);
	safe_name(doc->name, doc->id, ".pgp", sealed);
	st = folder_borrow(
	    sp, TREE_RETURNED, doc->partner, doc->flow, &b.todir, why);
	if (st != GW_OK)
		return st;
	if (spool_has(sp, DIR_WORK, doc->id)) {
		b.name = plain;
		st = beside_publish(sp, &b, used, why);
	} else if (spool_has(sp, DIR_SEALED, doc->id)) {
		b.fromdir = spool_dir(sp, DIR_SEALED);
		b.name = sealed;
		st = beside_publish(sp, &b, used, why);
	} else {
		/* An earlier run moved it: as what, the text beside tells. */
		b.name = sealed;
		if (!beside_is_ours(&b))
			b.name = plain;
		st = beside_finish(sp, &b, used, why);
	}
	if (st == GW_OK)
		snprintf(doc->file, sizeof(doc->file), "%s", used);
	return st;
}

enum gw_status
aside_find(struct spool *sp, const struct watch_find *find, struct docid id,
    const char *reason_json, struct why *why)
{
	const struct watch_folder *f = find->folder;
	bool mailbox = f->tree == TREE_MAILBOX;
	struct beside b = {
		.id = id,
		.from = find->name,
		.suffix = REASON_SUFFIX,
		.text = reason_json,
	};
	char name[DOC_FILE_SIZE], used[DOC_FILE_SIZE];
	enum gw_status st;

	safe_name(find->name, id, "", name);
	b.name = mailbox ? id.text : name;
	st = claim_folder(sp, f, &b.fromdir, why);
	if (st == GW_OK && mailbox)
		st = folder_borrow(
		    sp, TREE_QUARANTINE, f->partner, NULL, &b.todir, why);
	else if (st == GW_OK)
		st = folder_borrow(
		    sp, TREE_RETURNED, f->partner, f->flow, &b.todir, why);
	if (st == GW_OK)
		st = beside_publish(sp, &b, used, why);
	if (st == GW_OK)
		claim_drop_marker(sp, b.fromdir, find);
	return st;
}

enum gw_status
aside_quarantine(
    struct spool *sp, struct doc *doc, const char *reason_json, struct why *why)
{
	char name[DOC_FILE_SIZE], side[DOC_FILE_SIZE];
	enum gw_status st;
	int todir;

	snprintf(name, sizeof(name), "%s.pgp", doc->id.text);
	snprintf(side, sizeof(side), "%s" REASON_SUFFIX, doc->id.text);
	st =
	    folder_borrow(sp, TREE_QUARANTINE, doc->partner, NULL, &todir, why);
	if (st == GW_OK)
		st = durable_text(
		    sp, todir, doc->id, side, reason_json, TEXT_OVER, why);
	if (st != GW_OK)
		return st;
	st = durable_move(
	    sp, spool_dir(sp, DIR_LANDED), doc->id.text, todir, name, why);
	if (st != GW_OK && st != GW_NONE) /* NONE: an earlier run did it */
		return st;
	return spool_remove(sp, DIR_PLAIN, doc->id, why);
}
