/* keys/certs/cert_ring.c - several certificates in one file. */
#include "keys/certs/cert_parts.h"
#include "keys/packets/armor.h"

#define RING_SIZE_MAX (16 * CERT_SIZE_MAX)

struct ring {
	struct cert **out;
	size_t count, max;
};

static enum gw_status
malformed(struct why *why, const char *what)
{
	why_set(why, REASON_MALFORMED, "bad certificates: %s", what);
	return GW_REFUSED;
}

static enum gw_status
add(struct ring *r, const uint8_t *at, size_t len, struct why *why)
{
	enum gw_status st;

	if (r->count == r->max)
		return malformed(why, "there are too many");
	st = cert_parse(at, len, &r->out[r->count], why);
	if (st == GW_OK)
		r->count++;
	else
		why_prefix(why, "certificate number %zu", r->count + 1);
	return st;
}

/* Each begins with its primary key; what stands before the first is left to
 * cert_parse() to name. */
static enum gw_status
split(struct ring *r, const struct buf *packets, struct why *why)
{
	size_t start = 0, before = 0;
	bool inside = false;
	struct packet p;
	struct buf at;
	enum gw_status st;

	buf_view(&at, packets->data, packets->len);
	for (;; before = at.pos) {
		st = packet_next(&at, &p, why);
		if (st != GW_OK)
			break;
		if (p.tag != PACKET_PUBLIC_KEY && p.tag != PACKET_SECRET_KEY)
			continue;
		if (inside && (st = add(r, packets->data + start,
				   before - start, why)) != GW_OK)
			return st;
		start = inside ? before : 0;
		inside = true;
	}
	if (st != GW_NONE)
		return st;
	return add(r, packets->data + start, packets->len - start, why);
}

static enum gw_status
split_armored(struct ring *r, const void *text, size_t len, struct why *why)
{
	struct buf packets;
	enum gw_status st;

	buf_init(&packets, RING_SIZE_MAX);
	while ((st = armor_next(
		    ARMOR_PUBLIC_KEY, &text, &len, &packets, why)) == GW_OK &&
	       (st = split(r, &packets, why)) == GW_OK)
		buf_reset(&packets);
	buf_free(&packets);
	if (st != GW_NONE)
		return st;
	return r->count > 0 ? GW_OK : malformed(why, "there is none");
}

enum gw_status
cert_parse_all(const void *data, size_t len, struct cert **out, size_t max,
    size_t *count, struct why *why)
{
	struct ring r = { .out = out, .max = max };
	struct buf packets;
	enum gw_status st;

	*count = 0;
	if (len > 2 * RING_SIZE_MAX)
		return malformed(why, "larger than 16 MiB");
	if (armor_looks(data, len)) {
		st = split_armored(&r, data, len, why);
	} else {
		buf_view(&packets, data, len);
		st = split(&r, &packets, why);
	}
	if (st == GW_OK) {
		*count = r.count;
		return GW_OK;
	}
	while (r.count > 0) {
		cert_free(out[--r.count]);
		out[r.count] = NULL;
	}
	return st;
}
