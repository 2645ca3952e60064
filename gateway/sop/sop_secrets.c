/* gateway/sop/sop_secrets.c - KEYS arguments. */
#include "gateway/sop/sop_secrets.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "keys/keys.h"
#include "keys/packets/armor.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Enough for SOP_SECRETS_MAX keys and the arithmetic with one of them. */
#define SECURE_BYTES     ((rlim_t)1024 * 1024)
#define SECURE_BYTES_MIN ((rlim_t)32 * 1024)

/*
 * What may be locked, up to what we like to have.  Where nothing may be
 * locked we go on without, as gpg does: a user who runs this in a container
 * decides himself where his pages go, but he is told.
 */
int
sop_secrets_start(void)
{
	struct rlimit none = { 0, 0 }, lock;
	rlim_t want = SECURE_BYTES;
	struct why why;

	(void)setrlimit(RLIMIT_CORE, &none); /* lowering is always allowed */
	if (geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &lock) == 0 &&
	    lock.rlim_cur < want)
		want = lock.rlim_cur & ~(rlim_t)4095;
	if (want >= SECURE_BYTES_MIN && keys_init((size_t)want, &why) == GW_OK)
		return SOP_OK;
	sop_warn("memory cannot be locked (ulimit -l): a private key may "
		 "reach the swap space");
	if (keys_init(0, &why) == GW_OK)
		return SOP_OK;
	return sop_fail(SOP_FAILED, "%s", why.text);
}

static int
parse(const struct buf *text, const char *name,
    const struct sop_passwords *passwords, struct sop_secrets *to)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_KEY_UNUSABLE, SOP_KEY_IS_PROTECTED },
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};
	enum gw_status st;
	struct why why;
	size_t n = 0;

	st = secret_parse_all(text->data, text->len,
	    (const char *const *)passwords->at, passwords->count,
	    to->at + to->count, SOP_SECRETS_MAX - to->count, &n, &why);
	if (st == GW_OK && n == 0)
		return sop_fail(
		    SOP_BAD_DATA, "%s: there is no secret key in it", name);
	to->count += n;
	if (st == GW_OK)
		return SOP_OK;
	why_prefix(&why, "%s", name);
	return sop_fail_why(st, &why, meanings, SOP_BAD_DATA);
}

int
sop_secrets_read(const struct sop_list *list,
    const struct sop_passwords *passwords, struct sop_secrets *to)
{
	int rc = SOP_OK;

	for (size_t i = 0; i < list->count && rc == SOP_OK; i++) {
		struct buf text;

		buf_init_secret(&text, SOP_INDIRECT_MAX);
		rc = sop_indirect_read(list->at[i], &text);
		if (rc == SOP_OK)
			rc = parse(&text, list->at[i], passwords, to);
		buf_free(&text);
	}
	return rc;
}

int
sop_secrets_stdin(const struct sop_passwords *passwords, struct sop_secrets *to)
{
	struct buf text;
	int rc;

	buf_init_secret(&text, SOP_INDIRECT_MAX);
	rc = sop_indirect_stdin("secret keys", &text);
	if (rc == SOP_OK)
		rc = parse(&text, "standard input", passwords, to);
	buf_free(&text);
	return rc;
}

void
sop_secrets_free(struct sop_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		secret_free(secrets->at[i]);
	memset(secrets, 0, sizeof(*secrets));
}

int
sop_secrets_print(
    const struct sop_secrets *secrets, const char *password, bool armored)
{
	enum gw_status st = GW_OK;
	struct buf packets, text;
	const struct buf *out = &packets;
	struct why why;

	buf_init_secret(&packets, SOP_INDIRECT_MAX);
	buf_init_secret(&text, 2 * SOP_INDIRECT_MAX);
	for (size_t i = 0; i < secrets->count && st == GW_OK; i++) {
		const struct secret *s = secrets->at[i];

		/* A version 6 key has the longer fingerprint. */
		st = secret_export(s, password,
		    strlen(cert_fingerprint(secret_cert(s))) == 64
			? SECRET_LOCK_ARGON2
			: SECRET_LOCK_ITERATED,
		    false, &packets, &why);
	}
	if (st == GW_OK && armored) {
		st = armor_write(
		    ARMOR_PRIVATE_KEY, packets.data, packets.len, &text, &why);
		out = &text;
	}
	if (st == GW_OK)
		st = fd_write_all(STDOUT_FILENO, out->data, out->len, &why);
	buf_free(&text);
	buf_free(&packets);
	return st == GW_OK ? SOP_OK : sop_fail(SOP_FAILED, "%s", why.text);
}
