/* keys/secrets/secret_change.c - a key's life after its birth: new expiry, new
 * subkeys, its end. */
#include "keys/packets/armor.h"
#include "keys/secrets/secret_edit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REASON_TEXT_MAX 500

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

/*
 * The primary key's own expiry stands on the key or on its user ids; whichever
 * of these there are say the new one.  In version 6 it is on the key alone
 * (RFC 9580, 5.2.3.10), and what a user id said of it is left.
 */
static enum gw_status
expire_primary_part(
    struct edit *e, const struct part *p, struct order *o, struct why *why)
{
	struct secret_subject s = edit_subject(e, p, NULL);
	struct finding f;
	enum gw_status st = GW_OK;
	time_t now;

	edit_find(&f, p, &s, e->when);
	if (f.any && (s.uid == NULL || s.primary->version != 6)) {
		now = f.sig.key_lifetime == 0
			  ? 0
			  : s.primary->created + f.sig.key_lifetime;
		o->expired = true;
		if (!o->only_later ||
		    (now != 0 && (o->expires == 0 || o->expires > now)))
			st = edit_renew(e, &f, &s, o->expires, why);
	}
	edit_find_close(&f);
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
		s = edit_subject(e, p, &pk);
		edit_find(&f, p, &s, e->when);
		if (f.any && !f.revoked &&
		    (f.sig.key_lifetime == 0 ||
			pk.created + f.sig.key_lifetime > e->when) &&
		    (expires == 0 || expires > pk.created))
			st = edit_renew(e, &f, &s, expires, why);
	}
	edit_find_close(&f);
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
		return edit_nonsense(
		    why, "the text of a revocation is too long");
	}
	secret_self_begin(&b,
	    subkey != NULL ? PACKET_SIG_REVOKE_SUBKEY : PACKET_SIG_REVOKE_KEY,
	    e->primary, e->when);
	sig_build_sub(&b, PACKET_SUB_REVOKE_REASON, false, data.data, data.len);
	buf_free(&data);
	return secret_self_end(&b, e->primary, &s, &e->out, why);
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

	while ((st = edit_next(e, &p, why)) == GW_OK)
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
		st = edit_failed(why, "no memory");
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
		return edit_nonsense(why,
		    "a key expires at a time to come; to end "
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
		return edit_nonsense(why, "new keys begin now or later");
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
