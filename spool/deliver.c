/* spool/deliver.c - put a document where internal systems collect it. */
#include "spool/deliver.h"

#include "spool/beside.h"
#include "spool/durable.h"
#include "spool/folder.h"
#include "spool/layout_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Made 0600 in the private state; whoever collects it reads by its group. */
#define DELIVERED_MODE 0640

/* A delivery folder with the set-group-id bit gives new files its group; a
 * rename does not, so it is done by hand. */
static enum gw_status
open_up(int plain, const char *id, int todir, struct why *why)
{
	struct stat sb;

	if (fchmodat(plain, id, DELIVERED_MODE, 0) != 0)
		return layout_failed(why, "setting the mode");
	if (fstat(todir, &sb) != 0)
		return layout_failed(why, "looking at the delivery folder");
	if ((sb.st_mode & S_ISGID) != 0 && sb.st_gid != getegid() &&
	    fchownat(plain, id, (uid_t)-1, sb.st_gid, AT_SYMLINK_NOFOLLOW) != 0)
		return layout_failed(why, "giving it the folder's group");
	return GW_OK;
}

enum gw_status
deliver_document(
    struct spool *sp, struct doc *doc, const char *meta_json, struct why *why)
{
	struct beside b = {
		.id = doc->id,
		.fromdir = spool_dir(sp, DIR_PLAIN),
		.from = doc->id.text,
		.name = doc->name,
		.suffix = ".meta.json",
		.text = meta_json,
	};
	char used[DOC_FILE_SIZE];
	enum gw_status st;

	if (!name_check(doc->name, strlen(doc->name), why))
		return GW_REFUSED;
	st = folder_borrow(sp, TREE_IN, doc->partner, doc->flow, &b.todir, why);
	if (st == GW_OK)
		st = open_up(b.fromdir, b.from, b.todir, why);
	if (st == GW_OK)
		st = beside_publish(sp, &b, used, why);
	else if (st == GW_NONE && b.todir >= 0)
		st = beside_finish(sp, &b, used, why);
	if (st == GW_OK)
		snprintf(doc->file, sizeof(doc->file), "%s", used);
	return st;
}
