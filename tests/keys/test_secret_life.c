/* Goal: a key is born of every kind, written down, read by others, changed and
 * ended, and they see what we see. */
#include "gateway/base/clock.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"
#include "tests/keys/forge.h"
#include "tests/keys/shell.h"

#include <ctype.h>

#define DAY  ((time_t)86400)
#define YEAR (365 * DAY)
/* When most of it happens; gpg is told the same. */
#define THEN (FORGE_BORN + 100 * DAY)

static struct buf text;

static void
setup(void)
{
	shell_open();
	buf_init_secret(&text, 1 << 20);
	clock_fake((int64_t)THEN * 1000);
}

static void
teardown(void)
{
	buf_free(&text);
	clock_fake(0);
	shell_close();
}

/* Ed25519, version 4, for ever; tests change what they are about. */
static struct secret_params
params(void)
{
	static const char *const id = FORGE_UID;

	return (struct secret_params){ .kind = SECRET_ED25519,
		.user_ids = &id,
		.user_id_count = 1,
		.created = FORGE_BORN };
}

static struct secret *
make(const struct secret_params *p)
{
	struct secret *s = NULL;
	struct why why;

	buf_reset(&text);
	ck_assert_msg(
	    secret_generate(p, &text, &s, &why) == GW_OK, "%s", why.text);
	return s;
}

/* What `text` holds. */
static struct secret *
parsed(const char *passphrase)
{
	struct secret *s = NULL;
	struct why why;

	ck_assert_msg(
	    secret_parse(text.data, text.len, passphrase, &s, &why) == GW_OK,
	    "%s", why.text);
	return s;
}

static void
exported(const struct secret *s, const char *passphrase)
{
	struct why why;

	buf_reset(&text);
	ck_assert_msg(secret_export(s, passphrase, SECRET_LOCK_ITERATED, true,
			  &text, &why) == GW_OK,
	    "%s", why.text);
}

static void
save_cert(const char *name, const struct secret *s)
{
	struct buf b;
	struct why why;

	buf_init(&b, 1 << 20);
	ck_assert_int_eq(cert_export(secret_cert(s), true, &b, &why), GW_OK);
	save(name, &b);
	buf_free(&b);
}

static const struct pk *
sign_key(const struct secret *s, time_t when)
{
	struct why why;

	return cert_sign_key(secret_cert(s), when, &why);
}

static const struct pk *
encrypt_key(const struct secret *s, time_t when)
{
	struct why why;

	return cert_encrypt_key(secret_cert(s), when, &why);
}

/* Sign and unwrap with the keys of that time. */
static void
works(struct secret *s, time_t when)
{
	static const uint8_t key[32] = { 9, 8, 7 };
	uint8_t digest[64] = { 1, 2, 3 };
	const struct pk *pk = sign_key(s, when);
	int hash = pk_hash_algorithm(pk), cipher;
	size_t len = packet_hash_find(hash)->len;
	struct buf session, pkesk, out;
	struct why why;

	buf_init(&out, 16384);
	buf_init(&pkesk, 16384);
	ck_assert_msg(
	    secret_sign(&s, 1, pk->hex, hash, digest, len, &out, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_int_eq(
	    pk_verify(pk, hash, digest, len, out.data, out.len, &why), GW_OK);
	buf_reset(&out);
	if ((pk = encrypt_key(s, when)) != NULL) {
		buf_view(&session, key, sizeof(key));
		ck_assert_int_eq(pk_encrypt_session(pk, 3, PACKET_AES256,
				     &session, &pkesk, &why),
		    GW_OK);
		ck_assert_int_eq(secret_unwrap(&s, 1, pkesk.data, pkesk.len, 1,
				     &cipher, &out, &why),
		    GW_OK);
		ck_assert_uint_eq(out.len, sizeof(key));
		ck_assert_mem_eq(out.data, key, sizeof(key));
	}
	buf_free(&pkesk);
	buf_free(&out);
}

/* gpg at that time. */
#define GPG_AT  GPG "--faked-system-time=%lld! "
#define T(when) ((long long)(when))

/* --- birth --- */

static const struct born {
	enum secret_kind kind;
	int version;
	bool gpg; /* knows it */
	const char *sign, *encrypt;
} born[] = {
	{ SECRET_ED25519, 4, true, "Ed25519", "Curve25519" },
	{ SECRET_ED25519, 6, false, "Ed25519", "X25519" },
	{ SECRET_RSA3072, 4, true, "RSA-3072", "RSA-3072" },
	{ SECRET_NISTP256, 4, true, NULL, NULL },
	{ SECRET_NISTP384, 4, true, NULL, NULL },
	{ SECRET_NISTP521, 4, true, NULL, NULL },
	{ SECRET_BRAINPOOLP256, 4, true, NULL, NULL },
	{ SECRET_BRAINPOOLP384, 4, true, NULL, NULL },
	{ SECRET_BRAINPOOLP512, 4, true, NULL, NULL },
	{ SECRET_NISTP384, 6, false, NULL, NULL },
	{ SECRET_ED448, 4, false, NULL, NULL },
	{ SECRET_ED448, 6, false, NULL, NULL },
};
#define BORN ((int)(sizeof(born) / sizeof(born[0])))

START_TEST(every_kind)
{
	const struct born *b = &born[_i];
	struct secret_params p = params();
	struct secret *s, *again;

	p.kind = b->kind;
	p.version = b->version;
	p.passphrase = b->gpg ? "hunter2" : NULL;
	s = make(&p);
	ck_assert_int_eq(cert_primary(secret_cert(s))->version, b->version);
	ck_assert_str_eq(cert_user_id(secret_cert(s)), FORGE_UID);
	ck_assert_ptr_ne(sign_key(s, THEN), cert_primary(secret_cert(s)));
	ck_assert_ptr_nonnull(encrypt_key(s, THEN));
	if (b->sign != NULL) {
		ck_assert_str_eq(
		    cert_algorithm(secret_cert(s), CERT_SIGN), b->sign);
		ck_assert_str_eq(
		    cert_algorithm(secret_cert(s), CERT_ENCRYPT), b->encrypt);
	}
	works(s, THEN);
	/* RFC 9580, 6.1: a check sum is for older software. */
	ck_assert(buf_put_u8(&text, 0));
	ck_assert(
	    (strstr((char *)text.data, "\n=") != NULL) == (b->version == 4));
	text.len--;
	again = parsed("hunter2");
	works(again, THEN);
	ck_assert_str_eq(cert_fingerprint(secret_cert(s)),
	    cert_fingerprint(secret_cert(again)));
	secret_free(again);
	if (b->gpg && have_gpg()) {
		save("key.asc", &text);
		save_cert("cert.asc", s);
		ck_assert(run(GPG_AT "--import cert.asc key.asc", T(THEN)));
		ck_assert(run("echo hello > doc && " GPG_AT
			      "-u %s -r %s -o doc.gpg --sign --encrypt doc",
		    T(THEN), cert_fingerprint(secret_cert(s)),
		    cert_fingerprint(secret_cert(s))));
		ck_assert(run(GPG_AT "-o doc.out -d doc.gpg && cmp doc doc.out",
		    T(THEN)));
		/* And back again, as gpg exports it. */
		ck_assert(
		    run(GPG_AT "-o back.gpg --export-secret-keys", T(THEN)));
		load("back.gpg", &text);
		again = parsed("hunter2");
		works(again, THEN);
		secret_free(again);
	}
	secret_free(s);
}
END_TEST

START_TEST(user_ids)
{
	static const char *const ids[] = { "One <one@example.com>",
		"Zwei \xc3\xa4 <zwei@example.com>", "Three" };
	struct secret_params p = params();
	struct secret *s;

	p.version = _i % 2 == 0 ? 4 : 6;
	p.user_ids = ids;
	p.user_id_count = (size_t)_i / 2;
	p.announce_seipd2 = true;
	p.expires = THEN + YEAR;
	s = make(&p);
	ck_assert_str_eq(
	    cert_user_id(secret_cert(s)), _i / 2 == 0 ? "" : ids[0]);
	ck_assert(cert_reads_seipd2(secret_cert(s), THEN));
	ck_assert_int_eq(cert_expires(secret_cert(s), CERT_SIGN), p.expires);
	ck_assert_ptr_null(sign_key(s, p.expires));
	works(s, THEN);
	if (p.version == 4 && p.user_id_count > 0 && have_gpg()) {
		save_cert("cert.asc", s);
		ck_assert(run(GPG_AT "--import cert.asc && gpg --with-colons "
				     "--list-keys > list && "
				     "[ $(grep -c ^uid list) = %d ]",
		    T(THEN), _i / 2));
	}
	secret_free(s);
}
END_TEST

/* The audit key: it signs and nothing else. */
START_TEST(sign_only)
{
	struct secret_params p = params();
	struct secret *s;

	p.sign_only = true;
	s = make(&p);
	ck_assert_ptr_null(encrypt_key(s, THEN));
	works(s, THEN);
	secret_free(s);
}
END_TEST

START_TEST(impossible)
{
	struct secret_params p = params();
	struct why why;
	enum gw_status st;

	buf_reset(&text);
	st = secret_kind_possible(SECRET_MLKEM, &why);
	if (st != GW_OK) {
		ck_assert_int_eq(st, GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
		p.kind = SECRET_MLKEM;
		ck_assert_int_eq(
		    secret_generate(&p, &text, NULL, &why), GW_REFUSED);
		ck_assert_int_eq(why.reason, REASON_UNSUPPORTED);
	}
	p.kind = SECRET_MLDSA; /* which version 4 has not, whatever the
				* library */
	ck_assert_int_eq(secret_generate(&p, &text, NULL, &why), GW_REFUSED);
	p.kind = SECRET_ED25519;
	p.version = 5;
	ck_assert_int_eq(secret_generate(&p, &text, NULL, &why), GW_REFUSED);
	p.version = 0;
	p.user_id_count = 65;
	ck_assert_int_eq(secret_generate(&p, &text, NULL, &why), GW_REFUSED);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

/* --- written down --- */

START_TEST(export_locks)
{
	struct secret_params p = params();
	struct secret *s, *t;
	struct why why;
	enum secret_lock_kind lock =
	    _i == 0 ? SECRET_LOCK_ITERATED : SECRET_LOCK_ARGON2;

	s = make(&p);
	ck_assert_int_eq(secret_parse(text.data, text.len, NULL, &t, &why),
	    GW_OK); /* it was unprotected */
	secret_free(t);
	buf_reset(&text);
	ck_assert_int_eq(
	    secret_export(s, "hunter2", lock, _i == 0, &text, &why), GW_OK);
	ck_assert_int_eq(
	    secret_parse(text.data, text.len, NULL, &t, &why), GW_REFUSED);
	ck_assert_int_eq(
	    secret_parse(text.data, text.len, "hunter3", &t, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	t = parsed("hunter2");
	works(t, THEN);
	secret_free(t);
	secret_free(s);
}
END_TEST

/* Several in one file, each under its own passphrase. */
START_TEST(several)
{
	static const char *const words[] = { "one", "two" };
	struct secret_params p = params();
	struct secret *s[2], *got[3];
	struct buf all;
	struct why why;
	size_t count;

	buf_init_secret(&all, 1 << 20);
	p.sign_only = true;
	for (int i = 0; i < 2; i++) {
		s[i] = make(&p);
		ck_assert_int_eq(secret_export(s[i], words[i],
				     SECRET_LOCK_ITERATED, _i == 0, &all, &why),
		    GW_OK);
		if (_i == 0)
			buf_put_text(&all, "and another one:\n");
	}
	ck_assert_msg(secret_parse_all(all.data, all.len, words, 2, got, 3,
			  &count, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_uint_eq(count, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(cert_fingerprint(secret_cert(s[i])),
		    cert_fingerprint(secret_cert(got[i])));
		works(got[i], THEN);
		secret_free(got[i]);
	}
	/* One of them stays locked; too many; only one wanted. */
	ck_assert_int_eq(
	    secret_parse_all(all.data, all.len, words, 1, got, 3, &count, &why),
	    GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(
	    secret_parse_all(all.data, all.len, words, 2, got, 1, &count, &why),
	    GW_REFUSED);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(
	    secret_parse(all.data, all.len, "one", &got[0], &why), GW_REFUSED);
	buf_free(&all);
	for (int i = 0; i < 2; i++)
		secret_free(s[i]);
}
END_TEST

/* One key whose parts have passphrases of their own. */
START_TEST(mixed_passphrases)
{
	static const char *const words[] = { "two", "one" };
	struct secret_params p = params();
	struct secret *s = make(&p), *got;
	struct buf one, two, raw, mixed;
	struct packet a, b;
	struct why why;
	size_t count;

	buf_init_secret(&one, 1 << 16);
	buf_init_secret(&two, 1 << 16);
	buf_init_secret(&mixed, 1 << 16);
	ck_assert_int_eq(
	    secret_export(s, "one", SECRET_LOCK_ITERATED, false, &one, &why),
	    GW_OK);
	ck_assert_int_eq(
	    secret_export(s, "two", SECRET_LOCK_ITERATED, false, &two, &why),
	    GW_OK);
	while (packet_next(&one, &a, &why) == GW_OK) {
		ck_assert_int_eq(packet_next(&two, &b, &why), GW_OK);
		raw = a.tag == PACKET_SECRET_SUBKEY ? b.body : a.body;
		packet_put(&mixed, a.tag, raw.data, raw.len);
	}
	ck_assert_int_eq(
	    secret_parse(mixed.data, mixed.len, "one", &got, &why), GW_REFUSED);
	ck_assert_int_eq(secret_parse_all(mixed.data, mixed.len, words, 2, &got,
			     1, &count, &why),
	    GW_OK);
	works(got, THEN);
	secret_free(got);
	buf_free(&one);
	buf_free(&two);
	buf_free(&mixed);
	secret_free(s);
}
END_TEST

/* Numbers are where they are said to be. */
START_TEST(secure_memory)
{
	struct secret_params p = params();
	struct secret *s = make(&p), *later;
	struct why why;

	ck_assert_int_eq(
	    secret_expire(s, THEN + YEAR, THEN, &later, &why), GW_OK);
	for (size_t i = 0; i < s->count; i++) {
		ck_assert(gcry_is_secure(s->numbers[i].at));
		ck_assert(gcry_is_secure(later->numbers[i].at));
	}
	ck_assert_uint_eq(s->count, 3);
	secret_free(later);
	secret_free(s);
}
END_TEST

/* A primary key that stays at home: what is left is written so that gpg and
 * we read it, and nothing can be changed with it. */
START_TEST(offline_primary)
{
	struct secret_params p = params();
	struct secret *s = make(&p), *sub, *out = NULL;
	struct buf packets, public;
	struct packet at;
	struct why why;

	/* Without numbers is how a certificate has them. */
	buf_init_secret(&packets, 1 << 16);
	buf_init(&public, 1 << 16);
	ck_assert_int_eq(
	    secret_export(s, NULL, SECRET_LOCK_ITERATED, false, &public, &why),
	    GW_OK);
	while (packet_next(&public, &at, &why) == GW_OK) {
		static const struct secret_numbers none = { NULL, 0 };
		struct secret_packet home_key = { PACKET_SECRET_KEY,
			cert_primary(secret_cert(s)) };
		struct buf body;

		buf_init(&body, 4096);
		buf_put(&body, home_key.pk->body, home_key.pk->body_len);
		ck_assert_int_eq(secret_lock(&home_key, &none, NULL,
				     SECRET_LOCK_ITERATED, &body, &why),
		    GW_OK);
		if (at.tag == PACKET_SECRET_KEY)
			packet_put(&packets, at.tag, body.data, body.len);
		else
			packet_put(&packets, at.tag, at.body.data, at.body.len);
		buf_free(&body);
	}
	ck_assert_int_eq(
	    secret_parse(packets.data, packets.len, NULL, &sub, &why), GW_OK);
	works(sub, THEN);
	ck_assert_int_eq(secret_expire(sub, 0, THEN, &out, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	ck_assert_int_eq(
	    secret_revoke(sub, SECRET_RETIRED, NULL, THEN, &out, &why),
	    GW_REFUSED);
	p.created = THEN;
	ck_assert_int_eq(secret_rotate(sub, &p, THEN, &out, &why), GW_REFUSED);
	ck_assert_ptr_null(out);
	exported(sub, "hunter2");
	save("sub.asc", &text);
	if (have_gpg()) {
		ck_assert(run(GPG_AT "--import sub.asc && echo hello > doc && "
				     "gpg --with-colons --list-secret-keys | "
				     "grep '^sec.*:#:'",
		    T(THEN)));
		ck_assert(run(GPG_AT "-o doc.sig --detach-sign doc", T(THEN)));
		ck_assert(run(GPG_AT "--verify doc.sig doc && ! " GPG_AT
				     "--quick-add-uid %s other@example.com",
		    T(THEN), T(THEN), cert_fingerprint(secret_cert(s))));
	}
	secret_free(sub);
	sub = parsed("hunter2");
	works(sub, THEN);
	secret_free(sub);
	buf_free(&packets);
	buf_free(&public);
	secret_free(s);
}
END_TEST

/* --- expiry --- */

START_TEST(expire)
{
	struct secret_params p = params();
	struct secret *s, *later = NULL, *forever = NULL, *out = NULL;
	struct why why;

	p.version = _i == 0 ? 4 : 6;
	p.expires = THEN + 10 * DAY;
	s = make(&p);
	ck_assert_ptr_null(sign_key(s, THEN + 11 * DAY));
	ck_assert_msg(
	    secret_expire(s, THEN + YEAR, THEN, &later, &why) == GW_OK, "%s",
	    why.text);
	ck_assert_int_eq(
	    cert_expires(secret_cert(later), CERT_SIGN), THEN + YEAR);
	ck_assert_int_eq(
	    cert_expires(secret_cert(later), CERT_ENCRYPT), THEN + YEAR);
	ck_assert_ptr_nonnull(sign_key(later, THEN + 11 * DAY));
	ck_assert_ptr_nonnull(encrypt_key(later, THEN + 11 * DAY));
	ck_assert_ptr_null(sign_key(later, THEN + YEAR));
	works(later, THEN);
	/* Before the change it was as it was. */
	ck_assert_ptr_nonnull(sign_key(later, THEN - 1));
	/* In the same second once more: the newest counts, still. */
	ck_assert_int_eq(secret_expire(later, 0, THEN, &forever, &why), GW_OK);
	ck_assert_int_eq(cert_expires(secret_cert(forever), CERT_SIGN), 0);
	ck_assert_ptr_nonnull(encrypt_key(forever, THEN + 3 * YEAR));
	/* And nothing but the time was changed. */
	ck_assert(cert_reads_seipd2(secret_cert(later), THEN) ==
		  cert_reads_seipd2(secret_cert(s), THEN));
	ck_assert_int_eq(secret_expire(s, THEN, THEN, &out, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_CONFIG);
	ck_assert_int_eq(
	    secret_expire(s, (time_t)1 << 33, THEN, &out, &why), GW_REFUSED);
	ck_assert_int_eq(
	    secret_expire(s, THEN + YEAR, FORGE_BORN - 1, &out, &why),
	    GW_REFUSED);
	ck_assert_ptr_null(out);
	if (p.version == 4 && have_gpg()) {
		save_cert("old.asc", s);
		save_cert("new.asc", later);
		ck_assert(run("T=%lld; " GPG_AT "--import old.asc new.asc && "
			      "gpg --with-colons --list-keys > list && "
			      "[ $(grep -c \"^[ps]ub.*:$((T))::\" list) = 3 ]",
		    T(THEN + YEAR), T(THEN + 5)));
	}
	secret_free(forever);
	secret_free(later);
	secret_free(s);
}
END_TEST

/* What has ended or was revoked is not brought back by it. */
START_TEST(expire_leaves_the_dead)
{
	struct secret_params p = params();
	struct secret *s, *mixed = NULL, *gone = NULL, *out = NULL;
	const struct pk *old;
	struct why why;

	p.expires = THEN - 10 * DAY;
	s = make(&p);
	old = encrypt_key(s, FORGE_BORN + DAY);
	p.expires = THEN + 10 * DAY;
	p.created = THEN - 20 * DAY;
	ck_assert_msg(secret_rotate(s, &p, p.created, &mixed, &why) == GW_OK,
	    "%s", why.text);
	ck_assert_int_eq(secret_revoke_subkey(mixed, sign_key(mixed, THEN)->hex,
			     SECRET_SUPERSEDED, NULL, THEN, &gone, &why),
	    GW_OK);
	ck_assert_int_eq(
	    secret_expire(gone, THEN + YEAR, THEN, &out, &why), GW_OK);
	ck_assert_ptr_null(sign_key(out, THEN + 11 * DAY));
	ck_assert_ptr_nonnull(encrypt_key(out, THEN + 11 * DAY));
	ck_assert(!pk_same(encrypt_key(out, THEN + 11 * DAY), old));
	secret_free(out);
	secret_free(gone);
	/* Nor is the whole key. */
	ck_assert_int_eq(
	    secret_revoke(mixed, SECRET_RETIRED, "closed", THEN, &gone, &why),
	    GW_OK);
	out = NULL;
	ck_assert_int_eq(
	    secret_expire(gone, THEN + YEAR, THEN, &out, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_KEY_UNUSABLE);
	p.created = THEN;
	p.expires = THEN + YEAR;
	ck_assert_int_eq(secret_rotate(gone, &p, THEN, &out, &why), GW_REFUSED);
	ck_assert_ptr_null(out);
	secret_free(gone);
	secret_free(mixed);
	secret_free(s);
}
END_TEST

/* Signatures on one user id and the key, all made at FORGE_BORN or later. */
static const struct claims {
	bool direct; /* one on the key as well */
	time_t taken_back, again, expired;
	bool direct_taken_back;
	bool dead; /* nothing in force is left to be renewed */
} claims[] = {
	{ .again = 0 },
	/* The newest one expired by itself; the one before holds. */
	{ .expired = 50 * DAY },
	/* Taken back, and said again. */
	{ .taken_back = 40 * DAY, .again = 50 * DAY },
	{ .taken_back = 50 * DAY, .again = 40 * DAY, .dead = true },
	{ .taken_back = 50 * DAY, .dead = true },
	/* The key's own is taken back; what the user id says holds. */
	{ .direct = true, .direct_taken_back = true },
};

static void
claim(const struct forge_key *k, int type, const char *uid, time_t after,
    uint32_t expires)
{
	forge_certify(&text, k,
	    (struct forge_sig){ .type = type,
		.uid = uid,
		.created = FORGE_BORN + after,
		.expires = expires,
		.key_lifetime = type == PACKET_SIG_REVOKE_CERT ? 0 : 200 * DAY,
		.flags = type == PACKET_SIG_REVOKE_CERT ? 0
			 : expires != 0
			     ? PACKET_FLAG_CERTIFY
			     : PACKET_FLAG_CERTIFY | PACKET_FLAG_SIGN });
}

static struct secret *
claimed(const struct claims *c)
{
	struct forge_key k;
	struct secret *s = NULL;
	struct buf body;
	struct why why;

	forge_ed25519(&k, FORGE_BORN);
	buf_init(&body, 4096);
	buf_put(&body, k.pk.body, k.pk.body_len);
	ck_assert_int_eq(
	    secret_lock(&(struct secret_packet){ PACKET_SECRET_KEY, &k.pk },
		&(struct secret_numbers){ k.numbers.data, k.numbers.len }, NULL,
		SECRET_LOCK_ITERATED, &body, &why),
	    GW_OK);
	buf_reset(&text);
	packet_put(&text, PACKET_SECRET_KEY, body.data, body.len);
	if (c->direct)
		claim(&k, PACKET_SIG_DIRECT, NULL, 0, 0);
	if (c->direct_taken_back)
		claim(&k, PACKET_SIG_REVOKE_CERT, NULL, 50 * DAY, 0);
	forge_uid(&text, FORGE_UID);
	claim(&k, PACKET_SIG_CERT_POSITIVE, FORGE_UID, DAY, 0);
	if (c->taken_back != 0)
		claim(&k, PACKET_SIG_REVOKE_CERT, FORGE_UID, c->taken_back, 0);
	if (c->again != 0)
		claim(&k, PACKET_SIG_CERT_POSITIVE, FORGE_UID, c->again, 0);
	if (c->expired != 0)
		claim(&k, PACKET_SIG_CERT_POSITIVE, FORGE_UID, c->expired, DAY);
	buf_free(&body);
	forge_close(&k);
	ck_assert_msg(
	    secret_parse(text.data, text.len, NULL, &s, &why) == GW_OK, "%s",
	    why.text);
	return s;
}

/* Signatures on the key itself alone, by type. */
static size_t
count_direct(const struct secret *s)
{
	struct buf b, at;
	struct packet p;
	struct why why;
	size_t n = 0;

	buf_init(&b, 1 << 16);
	ck_assert_int_eq(cert_export(secret_cert(s), false, &b, &why), GW_OK);
	buf_view(&at, b.data, b.len);
	while (packet_next(&at, &p, &why) == GW_OK)
		n += p.tag == PACKET_SIGNATURE &&
		     p.body.data[1] == PACKET_SIG_DIRECT;
	buf_free(&b);
	return n;
}

/* What is renewed is what holds, not whatever is newest. */
START_TEST(expire_renews_what_holds)
{
	const struct claims *c = &claims[_i];
	struct secret *s = claimed(c), *out = NULL;
	struct why why;

	ck_assert_int_eq(secret_expire(s, THEN + YEAR, THEN, &out, &why),
	    c->dead ? GW_REFUSED : GW_OK);
	if (!c->dead) {
		ck_assert_ptr_nonnull(sign_key(out, THEN + 300 * DAY));
		ck_assert_ptr_null(sign_key(out, THEN + YEAR));
		ck_assert_uint_eq(count_direct(out), count_direct(s));
	}
	secret_free(out);
	secret_free(s);
}
END_TEST

/* --- its end --- */

static const struct end {
	enum secret_reason reason;
	const char *text;
	bool hard;
} ends[] = {
	{ SECRET_NO_REASON, NULL, true },
	{ SECRET_SUPERSEDED, "a new one since May", false },
	{ SECRET_COMPROMISED, "laptop lost", true },
	{ SECRET_RETIRED, "f\xc3\xbcr immer", false },
};

/* The certificate made at birth, used later; against each kind of reader. */
START_TEST(revocation)
{
	const struct end *end = &ends[_i % 4];
	struct secret_params p = params();
	struct secret *s;
	struct cert *revoked, *wrong;
	struct why why;

	p.version = _i < 4 ? 4 : 6;
	s = make(&p);
	buf_reset(&text);
	ck_assert_int_eq(
	    secret_revocation(s, end->reason, end->text, THEN, &text, &why),
	    GW_OK);
	ck_assert(!cert_revoked(secret_cert(s)));
	ck_assert_msg(cert_revoke(secret_cert(s), text.data, text.len, &revoked,
			  &why) == GW_OK,
	    "%s", why.text);
	ck_assert(cert_revoked(revoked));
	ck_assert_int_eq(
	    cert_usable(revoked, CERT_SIGN, THEN, &why), GW_REFUSED);
	ck_assert_int_eq(why.reason, REASON_SIGNER_REVOKED);
	/* A hard one reaches into the past. */
	ck_assert_int_eq(cert_usable(revoked, CERT_SIGN, THEN - DAY, &why),
	    end->hard ? GW_REFUSED : GW_OK);
	cert_free(revoked);
	save("revocation.asc", &text);
	if (p.version == 4 && have_gpg()) {
		save_cert("cert.asc", s);
		ck_assert(run(GPG_AT
		    "--import cert.asc && "
		    "gpg --with-colons --list-keys | grep '^pub:[^r]:' && " GPG_AT
		    "--import revocation.asc && "
		    "gpg --with-colons --list-keys | grep '^pub:r:'",
		    T(THEN + DAY), T(THEN + DAY)));
	}
	/* Somebody else's certificate is not revoked by it. */
	{
		struct secret *other = make(&p);
		struct buf b;

		buf_init(&b, 65536);
		ck_assert_int_eq(secret_revocation(
				     s, end->reason, end->text, THEN, &b, &why),
		    GW_OK);
		ck_assert_int_eq(cert_revoke(secret_cert(other), b.data, b.len,
				     &wrong, &why),
		    GW_REFUSED);
		buf_free(&b);
		secret_free(other);
	}
	secret_free(s);
}
END_TEST

START_TEST(revoke_key)
{
	struct secret_params p = params();
	struct secret *s = make(&p), *gone = NULL;
	char *long_text = calloc(1, 2000);
	struct why why;

	memset(long_text, 'x', 1999);
	ck_assert_int_eq(
	    secret_revoke(s, SECRET_RETIRED, long_text, THEN, &gone, &why),
	    GW_REFUSED);
	ck_assert_ptr_null(gone);
	ck_assert_int_eq(
	    secret_revoke(s, SECRET_RETIRED, "closed", THEN, &gone, &why),
	    GW_OK);
	ck_assert(cert_revoked(secret_cert(gone)));
	ck_assert_ptr_null(sign_key(gone, THEN));
	/* What was encrypted to it can still be read. */
	exported(gone, NULL);
	secret_free(gone);
	gone = parsed(NULL);
	ck_assert(cert_revoked(secret_cert(gone)));
	if (have_gpg()) {
		save_cert("cert.asc", gone);
		ck_assert(run(GPG_AT "--import cert.asc; "
				     "gpg --with-colons --list-keys > list && "
				     "grep '^pub:r:' list",
		    T(THEN + DAY)));
	}
	free(long_text);
	secret_free(gone);
	secret_free(s);
}
END_TEST

START_TEST(revoke_subkey)
{
	struct secret_params p = params();
	struct secret *s, *gone = NULL;
	const struct pk *encrypt;
	struct why why;
	char lower[DOC_FINGERPRINT_SIZE];

	p.version = _i == 0 ? 4 : 6;
	s = make(&p);
	encrypt = encrypt_key(s, THEN);
	snprintf(lower, sizeof(lower), "%s", encrypt->hex);
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	ck_assert_int_eq(secret_revoke_subkey(s, "00", SECRET_SUPERSEDED, NULL,
			     THEN, &gone, &why),
	    GW_REFUSED);
	/* Not the primary key by this way. */
	ck_assert_int_eq(
	    secret_revoke_subkey(s, cert_fingerprint(secret_cert(s)),
		SECRET_SUPERSEDED, NULL, THEN, &gone, &why),
	    GW_REFUSED);
	ck_assert_ptr_null(gone);
	ck_assert_int_eq(secret_revoke_subkey(s, lower, SECRET_SUPERSEDED,
			     "rotated", THEN, &gone, &why),
	    GW_OK);
	ck_assert(!cert_revoked(secret_cert(gone)));
	ck_assert_ptr_null(encrypt_key(gone, THEN));
	ck_assert_ptr_nonnull(encrypt_key(gone, THEN - DAY));
	ck_assert_ptr_nonnull(sign_key(gone, THEN));
	if (p.version == 4 && have_gpg()) {
		save_cert("cert.asc", gone);
		ck_assert(run(GPG_AT
		    "--import cert.asc && gpg --with-colons --list-keys > "
		    "list && grep '^sub:r:.*:e:' list && "
		    "grep '^sub:[^r]:.*:s:' list",
		    T(THEN + DAY)));
	}
	secret_free(gone);
	secret_free(s);
}
END_TEST

/* --- rotation --- */

START_TEST(rotate)
{
	struct secret_params p = params();
	struct secret *s, *both = NULL, *out = NULL;
	time_t from = THEN + 14 * DAY;
	const struct pk *sign, *encrypt;
	struct why why;

	p.version = _i == 0 ? 4 : 6;
	p.expires = THEN + 30 * DAY;
	s = make(&p);
	sign = sign_key(s, THEN);
	encrypt = encrypt_key(s, THEN);
	p.created = THEN;
	p.expires = THEN + 2 * YEAR;
	p.version = 0; /* is the key's own */
	ck_assert_msg(
	    secret_rotate(s, &p, from, &both, &why) == GW_OK, "%s", why.text);
	ck_assert_str_eq(cert_fingerprint(secret_cert(s)),
	    cert_fingerprint(secret_cert(both)));
	/* Until then the old ones, then the new ones, to the second. */
	ck_assert(pk_same(sign_key(both, from - 1), sign));
	ck_assert(pk_same(encrypt_key(both, from - 1), encrypt));
	ck_assert(!pk_same(sign_key(both, from), sign));
	ck_assert(!pk_same(encrypt_key(both, from), encrypt));
	works(both, THEN);
	clock_fake((int64_t)from * 1000);
	works(both, from);
	/* The old ones end when they would have, and the primary key not. */
	ck_assert_ptr_nonnull(sign_key(both, THEN + YEAR));
	ck_assert_int_eq(cert_expires(secret_cert(both), CERT_SIGN), p.expires);
	ck_assert_int_eq(
	    cert_signer_fit(secret_cert(both), sign_key(both, THEN),
		THEN + 31 * DAY, THEN + 31 * DAY, &why),
	    GW_REFUSED);
	ck_assert_int_eq(
	    cert_signer_fit(secret_cert(both), sign_key(both, THEN), from + DAY,
		from + DAY, &why),
	    GW_OK);
	/* What was handed out before stays good, and cannot be used to
	 * verify what the new one signs. */
	ck_assert(pk_same(sign_key(s, from + DAY), sign));
	exported(both, NULL);
	out = parsed(NULL);
	works(out, from);
	secret_free(out);
	out = NULL;
	ck_assert_int_eq(
	    secret_rotate(s, &p, THEN - 1, &out, &why), GW_REFUSED);
	p.expires = from;
	ck_assert_int_eq(secret_rotate(s, &p, from, &out, &why), GW_REFUSED);
	ck_assert_ptr_null(out);
	secret_free(both);
	secret_free(s);
}
END_TEST

/* What people are told of it. */
START_TEST(facts)
{
	struct secret_params p = params();
	struct secret *s = make(&p), *both = NULL, *gone = NULL;
	time_t from = THEN + 14 * DAY;
	struct cert_key_facts f[CERT_KEYS_MAX];
	struct why why;

	p.created = THEN;
	p.expires = THEN + YEAR;
	ck_assert_int_eq(secret_rotate(s, &p, from, &both, &why), GW_OK);
	ck_assert_int_eq(secret_revoke_subkey(both, encrypt_key(s, THEN)->hex,
			     SECRET_SUPERSEDED, NULL, from + DAY, &gone, &why),
	    GW_OK);
	ck_assert_uint_eq(
	    cert_facts(secret_cert(gone), THEN, f, CERT_KEYS_MAX), 5);
	ck_assert(f[0].certifies && !f[0].signs && !f[0].encrypts);
	ck_assert(f[1].signs && !f[1].encrypts && !f[1].certifies);
	ck_assert(f[2].encrypts && !f[2].signs);
	ck_assert_str_eq(f[2].algorithm, "Curve25519");
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(f[i].life, CERT_LIFE_GOOD);
		ck_assert_int_eq(f[i].from, FORGE_BORN);
		ck_assert_int_eq(f[i].until, 0);
		ck_assert_int_eq(f[i].revoked, 0);
	}
	for (int i = 3; i < 5; i++) {
		ck_assert_int_eq(f[i].life, CERT_LIFE_NOT_YET);
		ck_assert_int_eq(f[i].from, from);
		ck_assert_int_eq(f[i].until, THEN + YEAR);
	}
	cert_facts(secret_cert(gone), from + DAY, f, CERT_KEYS_MAX);
	ck_assert_int_eq(f[1].life, CERT_LIFE_GOOD);
	ck_assert_int_eq(f[2].life, CERT_LIFE_REVOKED);
	ck_assert_int_eq(f[2].revoked, from + DAY);
	ck_assert_int_eq(f[4].life, CERT_LIFE_GOOD);
	cert_facts(secret_cert(gone), THEN + YEAR, f, CERT_KEYS_MAX);
	ck_assert_int_eq(f[4].life, CERT_LIFE_EXPIRED);
	ck_assert_uint_eq(cert_facts(secret_cert(gone), THEN, f, 2), 2);
	secret_free(gone);
	secret_free(both);
	secret_free(s);
}
END_TEST

/* gpg and we switch at the same time, with the certificate imported before. */
START_TEST(gpg_rotates_with_us)
{
	struct secret_params p = params();
	struct secret *s, *both = NULL;
	time_t from = THEN + 14 * DAY;
	const struct pk *old, *new;
	char fpr[DOC_FINGERPRINT_SIZE];
	struct why why;

	if (!have_gpg())
		return;
	s = make(&p);
	p.created = THEN;
	p.passphrase = "hunter2";
	ck_assert_int_eq(secret_rotate(s, &p, from, &both, &why), GW_OK);
	old = encrypt_key(both, THEN);
	new = encrypt_key(both, from);
	snprintf(fpr, sizeof(fpr), "%s", cert_fingerprint(secret_cert(s)));
	save_cert("old.asc", s);
	save_cert("new.asc", both);
	ck_assert(run("echo hello > doc && " GPG_AT
		      "--import old.asc && " GPG_AT "--import new.asc",
	    T(THEN), T(THEN)));
	ck_assert(run(GPG_AT "-r %s -o a.gpg --encrypt doc && "
			     "gpg --list-packets a.gpg 2>&1 | grep -i 'keyid "
			     "%s'",
	    T(THEN + DAY), fpr, old->hex + strlen(old->hex) - 16));
	ck_assert(run(GPG_AT "-r %s -o b.gpg --encrypt doc && "
			     "gpg --list-packets b.gpg 2>&1 | grep -i 'keyid "
			     "%s'",
	    T(from + DAY), fpr, new->hex + strlen(new->hex) - 16));
	/* The secret key too, and both messages open with it. */
	exported(both, "hunter2");
	save("key.asc", &text);
	ck_assert(run(GPG_AT "--import key.asc && " GPG_AT
			     "-o a.out -d a.gpg && " GPG_AT
			     "-o b.out -d b.gpg && cmp a.out doc && "
			     "cmp b.out doc",
	    T(from + DAY), T(from + DAY), T(from + DAY)));
	secret_free(both);
	secret_free(s);
}
END_TEST

/* Sequoia, by the clock on the wall. */
START_TEST(sqop_rotates_with_us)
{
	time_t now = time(NULL);
	struct secret_params p = params();
	struct secret *s, *both = NULL;
	struct why why;

	if (!run("sqop version") || !have_gpg())
		return;
	clock_fake(0);
	p.created = now - 100 * DAY;
	s = make(&p);
	p.created = now - DAY;
	ck_assert_int_eq(secret_rotate(s, &p,
			     _i == 0 ? now + 14 * DAY : now - DAY, &both, &why),
	    GW_OK);
	save_cert("new.asc", both);
	ck_assert(run("echo hello > doc && sqop encrypt new.asc < doc > "
		      "doc.asc && gpg --list-packets doc.asc > list 2>&1; "
		      "[ $(grep -c '^:pubkey enc' list) = %d ]",
	    _i == 0 ? 1 : 2));
	exported(both, NULL);
	save("key.asc", &text);
	ck_assert(run("sqop decrypt key.asc < doc.asc | cmp - doc && "
		      "sqop sign key.asc < doc > doc.sig && "
		      "sqop verify doc.sig new.asc < doc"));
	secret_free(both);
	secret_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secret_life");
	TCase *t = tcase_create("secret_life");
	SRunner *r;
	struct why why;
	int failed;

	if (keys_init(256 * 1024, &why) != GW_OK)
		return 1;
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 180);
	tcase_add_loop_test(t, every_kind, 0, BORN);
	tcase_add_loop_test(t, user_ids, 0, 8);
	tcase_add_test(t, sign_only);
	tcase_add_test(t, impossible);
	tcase_add_loop_test(t, export_locks, 0, 2);
	tcase_add_loop_test(t, several, 0, 2);
	tcase_add_test(t, mixed_passphrases);
	tcase_add_test(t, secure_memory);
	tcase_add_test(t, offline_primary);
	tcase_add_loop_test(t, expire, 0, 2);
	tcase_add_test(t, expire_leaves_the_dead);
	tcase_add_loop_test(
	    t, expire_renews_what_holds, 0, sizeof(claims) / sizeof(claims[0]));
	tcase_add_loop_test(t, revocation, 0, 8);
	tcase_add_test(t, revoke_key);
	tcase_add_loop_test(t, revoke_subkey, 0, 2);
	tcase_add_loop_test(t, rotate, 0, 2);
	tcase_add_test(t, facts);
	tcase_add_test(t, gpg_rotates_with_us);
	tcase_add_loop_test(t, sqop_rotates_with_us, 0, 2);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
