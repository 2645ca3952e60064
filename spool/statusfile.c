/* spool/statusfile.c - tells internal systems how their document fares. */
#include "spool/statusfile.h"

#include "spool/durable.h"
#include "spool/folder.h"

#include <stdio.h>

enum gw_status
statusfile_write(struct spool *sp, const char *partner, struct docid id,
    const char *json, struct why *why)
{
	char name[DOCID_LEN + sizeof(".json")];
	enum gw_status st;
	int dir;

	st = folder_borrow(sp, TREE_STATUS, partner, NULL, &dir, why);
	if (st != GW_OK)
		return st;
	snprintf(name, sizeof(name), "%s.json", id.text);
	return durable_text(sp, dir, id, name, json, TEXT_PASSING, why);
}
