/* gateway/round.c - many documents share one commit. */
#include "gateway/round.h"

#include "gateway/spooler.h"
#include "spool/durable.h"

#include <stdlib.h>
#include <string.h>

void
round_then(struct spooler *sp, struct item *item, round_fn then)
{
	struct round *r = &sp->round;

	if (r->count == r->room) {
		size_t room = r->room > 0 ? 2 * r->room : 256;
		struct round_step *step =
		    realloc(r->step, room * sizeof(*step));

		if (step == NULL)
			gw_fatal("out of memory");
		r->step = step;
		r->room = room;
	}
	r->step[r->count++] = (struct round_step){ then, item };
}

bool
round_open(const struct spooler *sp)
{
	return sp->round.count > 0 || ledger_pending(sp->ledger) > 0;
}

void
round_close(struct spooler *sp)
{
	struct round now = sp->round;
	struct why why;

	if (!round_open(sp))
		return;
	/* Folders first: the ledger may never know more than the disk. */
	if (durable_settle(sp->spool, &why) != GW_OK)
		spooler_fail("durable", &why);
	if (ledger_commit(sp->ledger, &why) != GW_OK)
		spooler_fail("ledger", &why);
	memset(&sp->round, 0, sizeof(sp->round));
	for (size_t i = 0; i < now.count; i++)
		now.step[i].then(sp, now.step[i].item);
	round_free(&now);
}

void
round_free(struct round *r)
{
	free(r->step);
	memset(r, 0, sizeof(*r));
}
