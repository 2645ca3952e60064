/* keys/messages/outlet.c - where the document goes: to a file, and through hashes. */
#include "keys/messages/outlet.h"

#include "gateway/base/fdio.h"
#include "keys/packets/sink.h"
#include "keys/packets/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What is larger is written where it stands; copying would cost more. */
#define CRUMB ((size_t)16 * 1024)

void
outlet_open(struct outlet *o, int fd, const struct unseal_request *q,
    uint64_t hint, struct digests *digests)
{
	memset(o, 0, sizeof(*o));
	o->fd = fd;
	o->max = q->max_plain;
	o->push = q->will_sync;
	o->digests = digests;
	o->cap = source_cap(hint, SOURCE_CHUNK);
}

static enum gw_status
write_out(struct outlet *o, const uint8_t *p, size_t n, struct why *why)
{
	enum gw_status st = fd_write_all(o->fd, p, n, why);

	o->written += n;
	if (o->push)
		sink_push_back(o->fd, o->written, &o->pushed);
	return st;
}

/* Hand the half on.  Hashing it may go on until the next one is handed on,
 * which is when it is filled again. */
static enum gw_status
turn(struct outlet *o, struct why *why)
{
	uint8_t *half;
	size_t n = o->fill;

	if (n == 0)
		return GW_OK; /* perhaps there is no buffer at all */
	half = o->halves + (o->second ? o->cap : 0);
	o->fill = 0;
	o->second = !o->second;
	if (o->digests != NULL)
		digests_write(o->digests, half, n);
	return write_out(o, half, n, why);
}

static enum gw_status
put_copied(struct outlet *o, const uint8_t *p, size_t n, struct why *why)
{
	enum gw_status st = GW_OK;

	if (o->halves == NULL && (o->halves = malloc(2 * o->cap)) == NULL) {
		why_set(why, REASON_INTERNAL, "no memory for the document");
		return GW_AGAIN;
	}
	while (n > 0 && st == GW_OK) {
		size_t part = o->cap - o->fill < n ? o->cap - o->fill : n;

		memcpy(o->halves + (o->second ? o->cap : 0) + o->fill, p, part);
		o->fill += part;
		p += part;
		n -= part;
		if (o->fill == o->cap)
			st = turn(o, why);
	}
	return st;
}

enum gw_status
outlet_put(struct outlet *o, const void *p, size_t n, struct why *why)
{
	o->size += n;
	if (o->max != 0 && o->size > o->max) {
		why_set(why, REASON_TOO_LARGE,
		    "the document is larger than the %" PRIu64 " bytes allowed",
		    o->max);
		return GW_REFUSED;
	}
	if (n == 0)
		return GW_OK;
	if (o->digests == NULL && o->fill == 0 && n > CRUMB)
		return write_out(o, p, n, why);
	return put_copied(o, p, n, why);
}

enum gw_status
outlet_end(struct outlet *o, struct why *why)
{
	enum gw_status st = turn(o, why);

	if (o->digests != NULL)
		digests_settle(o->digests);
	return st;
}

void
outlet_close(struct outlet *o)
{
	/* Something may still be reading in there. */
	if (o->digests != NULL)
		digests_settle(o->digests);
	free(o->halves);
	memset(o, 0, sizeof(*o));
}
