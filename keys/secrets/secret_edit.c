/* keys/secrets/secret_edit.c - a certificate written anew, part by part. */
#include "keys/secrets/secret_edit.h"

#include <stdlib.h>
#include <string.h>

enum gw_status
edit_failed(struct why *why, const char *what)
{
	why_set(why, REASON_INTERNAL, "changing a key: %s", what);
	return GW_INTERNAL;
}

enum gw_status
edit_nonsense(struct why *why, const char *what)
{
	why_set(why, REASON_CONFIG, "%s", what);
	return GW_REFUSED;
}

static void
span(struct buf *view, const struct buf *from, size_t start, size_t end)
{
	buf_view(view, from->data + start, end - start);
}

/* GW_NONE: that was the last. */
enum gw_status
edit_next(struct edit *e, struct part *p, struct why *why)
{
	size_t start = e->from.pos, middle;
	struct packet next;
	struct buf ahead;
	enum gw_status st = packet_next(&e->from, &p->packet, why);

	if (st != GW_OK)
		return st;
	middle = e->from.pos;
	span(&p->raw, &e->from, start, middle);
	ahead = e->from;
	while ((st = packet_next(&ahead, &next, why)) == GW_OK &&
	       next.tag != PACKET_PUBLIC_KEY &&
	       next.tag != PACKET_PUBLIC_SUBKEY && next.tag != PACKET_USER_ID &&
	       next.tag != PACKET_USER_ATTRIBUTE)
		e->from = ahead;
	span(&p->signatures, &e->from, middle, e->from.pos);
	return st == GW_NONE ? GW_OK : st;
}

static bool
is_claim(int type, const struct secret_subject *s)
{
	if (s->subkey != NULL)
		return type == PACKET_SIG_SUBKEY;
	if (s->uid != NULL)
		return type >= PACKET_SIG_CERT_GENERIC &&
		       type <= PACKET_SIG_CERT_POSITIVE;
	return type == PACKET_SIG_DIRECT;
}

static bool
is_revocation(int type, const struct secret_subject *s)
{
	if (s->subkey != NULL)
		return type == PACKET_SIG_REVOKE_SUBKEY;
	return type == PACKET_SIG_REVOKE_CERT ||
	       (s->uid == NULL && type == PACKET_SIG_REVOKE_KEY);
}

/* Is it by the primary key, and about this? */
static bool
verifies(const struct sig *sig, const struct secret_subject *s,
    enum sig_purpose purpose)
{
	gcry_md_hd_t md;
	struct why why;
	bool ok;

	if (!sig_hint_fits(sig, s->primary) ||
	    sig_md_open(sig, &md, &why) != GW_OK)
		return false;
	secret_subject_hash(s, md);
	ok = sig_verify(sig, s->primary, purpose, md, &why) == GW_OK;
	gcry_md_close(md);
	return ok;
}

/* Could it be in force? One that is dated ahead will be. */
static bool
in_force(const struct sig *sig, const struct secret_subject *s, time_t when)
{
	time_t then = sig->created > when ? sig->created : when;

	return sig->created >= s->primary->created &&
	       (s->subkey == NULL || sig->created >= s->subkey->created) &&
	       (sig->expires == 0 || sig->expires > then);
}

/* RFC 9580, 5.2.1.13: takes back claims of the primary key, on itself or on a
 * user id, that are not newer. */
static void
note_revocation(
    struct finding *f, const struct sig *sig, const struct secret_subject *s)
{
	if (!verifies(sig, s, SIG_FOR_REVOCATION))
		return;
	if (sig->type != PACKET_SIG_REVOKE_CERT)
		f->revoked = true;
	else if (!f->any_taken || sig->created > f->taken_back)
		f->taken_back = sig->created;
	f->any_taken = f->any_taken || sig->type == PACKET_SIG_REVOKE_CERT;
}

static void
look_at(struct finding *f, const struct packet *p,
    const struct secret_subject *s, time_t when)
{
	struct sig sig;
	struct why why;

	if (p->tag != PACKET_SIGNATURE ||
	    sig_parse(&sig, p->body.data, p->body.len, &why) != GW_OK)
		return;
	if (is_revocation(sig.type, s)) {
		note_revocation(f, &sig, s);
	} else if (is_claim(sig.type, s) && in_force(&sig, s, when) &&
		   (!f->any || sig.created >= f->sig.created) &&
		   verifies(&sig, s, SIG_FOR_SELF)) {
		if (f->any)
			sig_close(&f->sig);
		f->any = true;
		f->sig = sig; /* takes it */
		return;
	}
	sig_close(&sig);
}

/* As a certificate is judged (cert_claim_at()), or what is renewed would not
 * be what holds. */
void
edit_find(struct finding *f, const struct part *p,
    const struct secret_subject *s, time_t when)
{
	struct buf b = p->signatures;
	struct packet packet;
	struct why why;

	memset(f, 0, sizeof(*f));
	while (packet_next(&b, &packet, &why) == GW_OK)
		look_at(f, &packet, s, when);
	if (f->any && f->any_taken && f->taken_back >= f->sig.created) {
		sig_close(&f->sig);
		f->any = false;
	}
}

void
edit_find_close(struct finding *f)
{
	if (f->any)
		sig_close(&f->sig);
}

/* What a renewed signature says by itself, and need not take over. */
static bool
is_renewed(int sub)
{
	return sub == PACKET_SUB_CREATED || sub == PACKET_SUB_EXPIRES ||
	       sub == PACKET_SUB_KEY_EXPIRES || sub == PACKET_SUB_ISSUER ||
	       sub == PACKET_SUB_ISSUER_FPR || sub == PACKET_SUB_EMBEDDED;
}

/* The length before a subpacket (RFC 9580, 5.2.3.7). */
static size_t
sub_length(struct buf *area)
{
	size_t n = buf_get_u8(area);

	if (n < 192)
		return n;
	if (n < 255)
		return ((n - 192) << 8) + buf_get_u8(area) + 192;
	return buf_get_u32(area);
}

/* Everything else that the old signature said under its own protection. */
static enum gw_status
copy_subpackets(struct sig_build *b, const struct sig *old, struct why *why)
{
	size_t head = old->version == 6 ? 8 : 6;
	struct buf area;

	buf_view(&area, old->head.at, old->head.len);
	(void)buf_take(&area, head);
	while (buf_left(&area) > 0) {
		size_t n = sub_length(&area);
		const uint8_t *p = n > 0 ? buf_take(&area, n) : NULL;

		if (p == NULL)
			return edit_failed(why, "its old signature is cut");
		if (!is_renewed(*p & 0x7f))
			sig_build_sub(
			    b, *p & 0x7f, (*p & 0x80) != 0, p + 1, n - 1);
	}
	return GW_OK;
}

/* A subkey that signs must agree once more; when its numbers are elsewhere,
 * what it said before still holds. */
static enum gw_status
renew_back(struct edit *e, struct sig_build *b, const struct finding *f,
    const struct pk *subkey, time_t created, struct why *why)
{
	int i = secret_find(e->old, subkey);

	if ((f->sig.key_flags & PACKET_FLAG_SIGN) == 0)
		return GW_OK;
	if (i >= 0)
		return secret_self_back(
		    b, &e->old->keys[i], e->primary->pk, created, why);
	if (f->sig.embedded.at != NULL)
		sig_build_sub(b, PACKET_SUB_EMBEDDED, false, f->sig.embedded.at,
		    f->sig.embedded.len);
	return GW_OK;
}

/* The newest word once more, with another expiry, and newer than itself. */
enum gw_status
edit_renew(struct edit *e, const struct finding *f,
    const struct secret_subject *s, time_t expires, struct why *why)
{
	const struct pk *pk = s->subkey != NULL ? s->subkey : s->primary;
	time_t created =
	    e->when > f->sig.created ? e->when : f->sig.created + 1;
	struct sig_build b;
	enum gw_status st;

	secret_self_begin(&b, f->sig.type, e->primary, created);
	secret_self_expires(&b, pk, expires);
	st = copy_subpackets(&b, &f->sig, why);
	if (st == GW_OK && s->subkey != NULL)
		st = renew_back(e, &b, f, s->subkey, created, why);
	if (st == GW_OK)
		return secret_self_end(&b, e->primary, s, &e->out, why);
	sig_build_close(&b);
	return st;
}

struct secret_subject
edit_subject(
    const struct edit *e, const struct part *p, const struct pk *subkey)
{
	struct secret_subject s = { e->primary->pk, subkey, NULL, 0 };

	if (p->packet.tag == PACKET_USER_ID) {
		s.uid = p->packet.body.data;
		s.uid_len = p->packet.body.len;
	}
	return s;
}

/* Nobody can make a self-signature without the primary key's numbers. */
static enum gw_status
find_primary(
    const struct secret *s, const struct secret_key **out, struct why *why)
{
	int i = secret_find(s, cert_primary(s->cert));

	if (i >= 0) {
		*out = &s->keys[i];
		return GW_OK;
	}
	why_set(why, REASON_KEY_UNUSABLE,
	    "key %s: the secret part of its primary key is kept elsewhere, and "
	    "nothing can be changed without it",
	    cert_fingerprint(s->cert));
	return GW_REFUSED;
}

enum gw_status
edit_begin(struct edit *e, const struct secret *s, time_t when, struct why *why)
{
	enum gw_status st;

	memset(e, 0, sizeof(*e));
	e->old = s;
	e->when = when;
	buf_init(&e->from, SECRET_SIZE_MAX);
	buf_init(&e->out, SECRET_SIZE_MAX);
	if ((st = find_primary(s, &e->primary, why)) != GW_OK)
		return st;
	if (when < e->primary->pk->created || when > UINT32_MAX)
		return edit_nonsense(why, "a key changes after it was created");
	e->halves = calloc(s->count + SECRET_FRESH_MAX, sizeof(*e->halves));
	if (e->halves == NULL)
		return edit_failed(why, "no memory");
	return cert_export(s->cert, false, &e->from, why);
}

/* The same numbers in the new secret; they never leave secure memory. */
static enum gw_status
copy_halves(struct edit *e, struct why *why)
{
	for (size_t i = 0; i < e->old->count; i++) {
		struct secret_half *half = &e->halves[e->count++];
		const struct secret_numbers *n = &e->old->numbers[i];
		struct buf body;
		enum gw_status st;

		buf_view(&body, e->old->keys[i].pk->body,
		    e->old->keys[i].pk->body_len);
		if ((st = pk_parse(&half->pk, &body, why)) != GW_OK)
			return st;
		if (!secret_numbers_set(&half->numbers, n->at, n->len))
			return edit_failed(why, "not enough memory is locked");
	}
	return GW_OK;
}

enum gw_status
edit_end(struct edit *e, struct secret **out, struct why *why)
{
	enum gw_status st;

	if (e->out.bad)
		return edit_failed(why, "its certificate would be too large");
	if ((st = copy_halves(e, why)) != GW_OK)
		return st;
	st = secret_assemble(&e->out, e->halves, e->count, out, why);
	if (st == GW_OK) {
		(*out)->lock = e->old->lock;
		(*out)->weak_lock = e->old->weak_lock;
		(*out)->lay_open = e->old->lay_open;
	}
	return st;
}

void
edit_close(struct edit *e)
{
	for (size_t i = 0; i < e->count; i++)
		secret_half_close(&e->halves[i]);
	free(e->halves);
	buf_free(&e->from);
	buf_free(&e->out);
}
