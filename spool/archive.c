/* spool/archive.c - keeps what was sent. */
#include "spool/archive.h"

#include "spool/durable.h"

enum gw_status
archive_keep(struct spool *sp, struct docid id, struct why *why)
{
	enum gw_status st;

	st = durable_move(sp, spool_dir(sp, DIR_SEALED), id.text,
	    spool_dir(sp, DIR_ARCHIVE), id.text, why);
	if (st == GW_NONE && spool_has(sp, DIR_ARCHIVE, id))
		return GW_OK;
	return st;
}
