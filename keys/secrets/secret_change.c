/* keys/secrets/secret_change.c - a key's life after its birth: new expiry, new
 * subkeys, its end. */
#include "keys/packets/armor.h"
#include "keys/secrets/secret_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REASON_TEXT_MAX 500

/* One part of a certificate: a key or user id, and the signatures behind it. */
struct part {
	struct packet packet;
	struct buf raw;        /* the packet, header included */
	struct buf signatures; /* packets */
};

/* A certificate that is written anew, part by part. */
struct edit {
	const struct secret *old;
	const struct secret_key *primary;
	time_t when;
	struct buf from, out;
	struct secret_half *halves; /* of the new one */
	size_t count;
};

/* What the owner last said about one part. */
struct finding {
	bool any;
	struct sig sig; /* the newest */
	bool revoked;
};

/* What is to be done to a certificate. */
struct order {
	bool expire; /* the primary key */
	bool only_later;
	bool expire_subkeys;
	time_t expires;
	bool expired; /* done, or there was no need */

	bool revoke;
	const char *subkey; /* which one; NULL: the primary key */
	enum secret_reason reason;
	const char *text;
	bool revoked; /* done */
};

static enum gw_status
failed(struct why *why, const char *what)
{
	why_set(why, REASON_INTERNAL, "changing a key: %s", what);
	return GW_INTERNAL;
}

static enum gw_status
nonsense(struct why *why, const char *what)
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
static enum gw_status
next_part(struct edit *e, struct part *p, struct why *why)
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
	return type == (s->subkey != NULL   ? PACKET_SIG_REVOKE_SUBKEY
			   : s->uid != NULL ? PACKET_SIG_REVOKE_CERT
					    : PACKET_SIG_REVOKE_KEY);
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

static void
look_at(
    struct finding *f, const struct packet *p, const struct secret_subject *s)
{
	struct sig sig;
	struct why why;

	if (p->tag == PACKET_SIGNATURE &&
	    sig_parse(&sig, p->body.data, p->body.len, &why) == GW_OK) {
		if (is_revocation(sig.type, s)) {
			f->revoked =
			    f->revoked || verifies(&sig, s, SIG_FOR_REVOCATION);
		} else if (is_claim(sig.type, s) &&
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
}

static void
find(struct finding *f, const struct part *p, const struct secret_subject *s)
{
	struct buf b = p->signatures;
	struct packet packet;
	struct why why;

	memset(f, 0, sizeof(*f));
	while (packet_next(&b, &packet, &why) == GW_OK)
		look_at(f, &packet, s);
}

static void
find_close(struct finding *f)
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
			return failed(why, "its old signature is cut");
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
	sig_build_sub(b, PACKET_SUB_EMBEDDED, false, f->sig.embedded.at,
	    f->sig.embedded.len);
	return GW_OK;
}

/* The newest word once more, with another expiry, and newer than itself. */
static enum gw_status
renew(struct edit *e, const struct finding *f, const struct secret_subject *s,
    time_t expires, struct why *why)
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

static struct secret_subject
subject_of(const struct edit *e, const struct part *p, const struct pk *subkey)
{
	struct secret_subject s = { e->primary->pk, subkey, NULL, 0 };

	if (p->packet.tag == PACKET_USER_ID) {
		s.uid = p->packet.body.data;
		s.uid_len = p->packet.body.len;
	}
	return s;
}

/*
 * The primary key's own expiry stands on the key or on its user ids; whichever
 * of these there are say the new one.  In version 6 it is on the key alone
 * (RFC 9580, 5.2.3.10), and what a user id said of it is left.
 */
static enum gw_status
expire_primary_part(
    struct edit *e, const struct part *p, struct order *o, struct why *why)
{
	struct secret_subject s = subject_of(e, p, NULL);
	struct finding f;
	enum gw_status st = GW_OK;
	time_t now;

	find(&f, p, &s);
	if (f.any &&
	    (s.uid == NULL || (!f.revoked && s.primary->version != 6))) {
		now = f.sig.key_lifetime == 0
			  ? 0
			  : s.primary->created + f.sig.key_lifetime;
		o->expired = true;
		if (!o->only_later ||
		    (now != 0 && (o->expires == 0 || o->expires > now)))
			st = renew(e, &f, &s, o->expires, why);
	}
	find_close(&f);
	return st;
}

/* Subkeys that ended already stay as they are. */
static enum gw_status
expire_subkey(
    struct edit *e, const struct part *p, time_t expires, struct why *why)
{
	struct buf body = p->packet.body;
	struct secret_subject s;
	struct finding f = { 0 };
	struct pk pk;
	enum gw_status st = GW_OK;

	if (pk_parse(&pk, &body, why) == GW_OK) {
		s = subject_of(e, p, &pk);
		find(&f, p, &s);
		if (f.any && !f.revoked &&
		    (f.sig.key_lifetime == 0 ||
			pk.created + f.sig.key_lifetime > e->when) &&
		    (expires == 0 || expires > pk.created))
			st = renew(e, &f, &s, expires, why);
	}
	find_close(&f);
	pk_close(&pk);
	return st;
}

/* Revoke the primary key, or a subkey. */
static enum gw_status
put_revocation(struct edit *e, const struct pk *subkey,
    enum secret_reason reason, const char *text, struct why *why)
{
	struct secret_subject s = { e->primary->pk, subkey, NULL, 0 };
	struct sig_build b;
	struct buf data;

	buf_init(&data, 1 + REASON_TEXT_MAX);
	buf_put_u8(&data, (uint8_t)reason);
	if (text != NULL)
		buf_put_text(&data, text);
	if (data.bad) {
		buf_free(&data);
		return nonsense(why, "the text of a revocation is too long");
	}
	secret_self_begin(&b,
	    subkey != NULL ? PACKET_SIG_REVOKE_SUBKEY : PACKET_SIG_REVOKE_KEY,
	    e->primary, e->when);
	sig_build_sub(&b, PACKET_SUB_REVOKE_REASON, false, data.data, data.len);
	buf_free(&data);
	return secret_self_end(&b, e->primary, &s, &e->out, why);
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

static enum gw_status
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
		return nonsense(why, "a key changes after it was created");
	e->halves = calloc(s->count + SECRET_FRESH_MAX, sizeof(*e->halves));
	if (e->halves == NULL)
		return failed(why, "no memory");
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
			return failed(why, "not enough memory is locked");
	}
	return GW_OK;
}

static enum gw_status
edit_end(struct edit *e, struct secret **out, struct why *why)
{
	enum gw_status st;

	if (e->out.bad)
		return failed(why, "its certificate would be too large");
	if ((st = copy_halves(e, why)) != GW_OK)
		return st;
	st = secret_assemble(&e->out, e->halves, e->count, out, why);
	if (st == GW_OK) {
		(*out)->lock = e->old->lock;
		(*out)->weak_lock = e->old->weak_lock;
	}
	return st;
}

static void
edit_close(struct edit *e)
{
	for (size_t i = 0; i < e->count; i++)
		secret_half_close(&e->halves[i]);
	free(e->halves);
	buf_free(&e->from);
	buf_free(&e->out);
}

static void
put_raw(struct edit *e, const struct buf *raw)
{
	buf_put(&e->out, raw->data, raw->len);
}

static enum gw_status
change_subkey(
    struct edit *e, const struct part *p, struct order *o, struct why *why)
{
	struct buf body = p->packet.body;
	struct pk pk;
	enum gw_status st = GW_OK;

	if (o->expire_subkeys)
		return expire_subkey(e, p, o->expires, why);
	if (!o->revoke || o->subkey == NULL)
		return GW_OK;
	if (pk_parse(&pk, &body, why) == GW_OK &&
	    strcasecmp(pk.hex, o->subkey) == 0) {
		o->revoked = true;
		st = put_revocation(e, &pk, o->reason, o->text, why);
	}
	pk_close(&pk);
	return st;
}

/* New signatures stand before the old ones: the newest first. */
static enum gw_status
change_part(
    struct edit *e, const struct part *p, struct order *o, struct why *why)
{
	enum gw_status st = GW_OK;

	put_raw(e, &p->raw);
	if (p->packet.tag == PACKET_PUBLIC_SUBKEY) {
		st = change_subkey(e, p, o, why);
	} else if (p->packet.tag == PACKET_PUBLIC_KEY ||
		   p->packet.tag == PACKET_USER_ID) {
		if (o->revoke && o->subkey == NULL &&
		    p->packet.tag == PACKET_PUBLIC_KEY)
			st = put_revocation(e, NULL, o->reason, o->text, why);
		if (st == GW_OK && o->expire)
			st = expire_primary_part(e, p, o, why);
	}
	put_raw(e, &p->signatures);
	return st;
}

static enum gw_status
change_parts(struct edit *e, struct order *o, struct why *why)
{
	struct part p;
	enum gw_status st;

	while ((st = next_part(e, &p, why)) == GW_OK)
		if ((st = change_part(e, &p, o, why)) != GW_OK)
			return st;
	if (st != GW_NONE)
		return st;
	if (o->expire && !o->expired) {
		why_set(why, REASON_KEY_UNUSABLE,
		    "key %s has no valid self-signature", e->primary->pk->hex);
		return GW_REFUSED;
	}
	if (o->revoke && o->subkey != NULL && !o->revoked) {
		why_set(why, REASON_KEY_UNUSABLE, "key %s has no subkey %s",
		    e->primary->pk->hex, o->subkey);
		return GW_REFUSED;
	}
	return GW_OK;
}

static enum gw_status
change(const struct secret *s, struct order *o, time_t when,
    struct secret **out, struct why *why)
{
	struct edit e;
	enum gw_status st = edit_begin(&e, s, when, why);

	*out = NULL;
	if (st == GW_OK)
		st = change_parts(&e, o, why);
	if (st == GW_OK)
		st = edit_end(&e, out, why);
	edit_close(&e);
	return st;
}

static enum gw_status
not_revoked(const struct secret *s, struct why *why)
{
	if (!cert_revoked(s->cert))
		return GW_OK;
	why_set(why, REASON_KEY_UNUSABLE, "key %s is revoked, for good",
	    cert_fingerprint(s->cert));
	return GW_REFUSED;
}

enum gw_status
secret_merge(const struct secret *s, const struct cert *other,
    struct secret **out, struct why *why)
{
	struct edit e = { .old = s };
	struct cert *merged = NULL;
	enum gw_status st;

	*out = NULL;
	buf_init(&e.out, SECRET_SIZE_MAX);
	if ((e.halves = calloc(s->count, sizeof(*e.halves))) == NULL)
		st = failed(why, "no memory");
	else if ((st = cert_merge(s->cert, other, &merged, why)) == GW_OK &&
		 (st = cert_export(merged, false, &e.out, why)) == GW_OK)
		st = edit_end(&e, out, why);
	cert_free(merged);
	edit_close(&e);
	return st;
}

enum gw_status
secret_expire(const struct secret *s, time_t expires, time_t when,
    struct secret **out, struct why *why)
{
	struct order o = {
		.expire = true, .expire_subkeys = true, .expires = expires
	};
	enum gw_status st;

	*out = NULL;
	if ((st = not_revoked(s, why)) != GW_OK)
		return st;
	if (expires != 0 && (expires <= when || expires > UINT32_MAX))
		return nonsense(why, "a key expires at a time to come; to end "
				     "it now it is revoked");
	return change(s, &o, when, out, why);
}

enum gw_status
secret_revoke(const struct secret *s, enum secret_reason reason,
    const char *text, time_t when, struct secret **out, struct why *why)
{
	struct order o = { .revoke = true, .reason = reason, .text = text };

	return change(s, &o, when, out, why);
}

enum gw_status
secret_revoke_subkey(const struct secret *s, const char *fingerprint,
    enum secret_reason reason, const char *text, time_t when,
    struct secret **out, struct why *why)
{
	struct order o = { .revoke = true,
		.subkey = fingerprint,
		.reason = reason,
		.text = text };

	return change(s, &o, when, out, why);
}

/* Version 4 has the bare signature, which everybody knows; in version 6 the
 * key stands before it, so that it proves itself (RFC 9580, 10.1.2). */
enum gw_status
secret_revocation(const struct secret *s, enum secret_reason reason,
    const char *text, time_t when, struct buf *out, struct why *why)
{
	struct edit e;
	enum gw_status st = edit_begin(&e, s, when, why);

	if (st == GW_OK && e.primary->pk->version == 6)
		packet_put(&e.out, PACKET_PUBLIC_KEY, e.primary->pk->body,
		    e.primary->pk->body_len);
	if (st == GW_OK)
		st = put_revocation(&e, NULL, reason, text, why);
	if (st == GW_OK)
		st = secret_armor(s, ARMOR_PUBLIC_KEY, &e.out, out, why);
	edit_close(&e);
	return st;
}

enum gw_status
secret_rotate(const struct secret *s, const struct secret_params *params,
    time_t from, struct secret **out, struct why *why)
{
	struct secret_params fresh = *params;
	/* When the primary key would end before its new subkeys, it is to end
	 * with them. */
	struct order o = {
		.expire = true, .only_later = true, .expires = params->expires
	};
	struct edit e;
	enum gw_status st;

	*out = NULL;
	if ((st = not_revoked(s, why)) != GW_OK)
		return st;
	fresh.version = cert_primary(s->cert)->version;
	fresh.created = from;
	fresh.user_id_count = 0;
	if (from < params->created)
		return nonsense(why, "new keys begin now or later");
	if ((st = secret_check_params(&fresh, why)) != GW_OK)
		return st;
	st = edit_begin(&e, s, params->created, why);
	if (st == GW_OK)
		st = change_parts(&e, &o, why);
	if (st == GW_OK)
		st = secret_put_subkeys(
		    &fresh, e.primary, &e.out, e.halves, &e.count, why);
	if (st == GW_OK)
		st = edit_end(&e, out, why);
	edit_close(&e);
	return st;
}
