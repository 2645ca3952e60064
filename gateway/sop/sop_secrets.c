/* gateway/sop/sop_secrets.c - KEYS arguments. */
#include "gateway/sop/sop_secrets.h"

#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"
#include "gateway/sop/sop_packets.h"
#include "gateway/sop/sop_profiles.h"
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

static enum gw_status
parse_with(const struct buf *text, const char *const *passwords, size_t count,
    struct sop_secrets *to, struct why *why)
{
	size_t n = 0;
	enum gw_status st = secret_parse_all(text->data, text->len, passwords,
	    count, to->at + to->count, SOP_SECRETS_MAX - to->count, &n, why);

	to->count += n;
	return st;
}

static int
told(enum gw_status st, struct why *why, const char *name)
{
	static const struct sop_meaning meanings[] = {
		{ REASON_KEY_UNUSABLE, SOP_KEY_IS_PROTECTED },
		{ REASON_UNSUPPORTED, SOP_UNSUPPORTED_ASYMMETRIC_ALGO },
		{ REASON_WEAK, SOP_UNSUPPORTED_ASYMMETRIC_ALGO }, { 0 }
	};

	if (st == GW_OK)
		return SOP_OK;
	why_prefix(why, "%s", name);
	return sop_fail_why(st, why, meanings, SOP_BAD_DATA);
}

static int
parse(const struct buf *text, const char *name,
    const struct sop_passwords *passwords, struct sop_secrets *to)
{
	struct why why;
	enum gw_status st = parse_with(text, (const char *const *)passwords->at,
	    passwords->count, to, &why);

	return told(st, &why, name);
}

/* One password after the other, to know which it is. */
static int
parse_each(const struct buf *text, const char *name,
    const struct sop_passwords *passwords, struct sop_secrets *to,
    const char **which)
{
	struct why why;
	enum gw_status st = parse_with(text, NULL, 0, to, &why);

	*which = NULL;
	for (size_t i = 0; i < passwords->count && st == GW_REFUSED &&
			   why.reason == REASON_KEY_UNUSABLE;
	     i++) {
		*which = passwords->at[i];
		st = parse_with(text, which, 1, to, &why);
	}
	return told(st, &why, name);
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
sop_secrets_stdin(const struct sop_passwords *passwords, struct sop_secrets *to,
    const char **which)
{
	static const char name[] = "standard input";
	struct buf text;
	int rc;

	buf_init_secret(&text, SOP_INDIRECT_MAX);
	rc = sop_indirect_stdin("secret keys", &text);
	if (rc == SOP_OK)
		rc = which != NULL
			 ? parse_each(&text, name, passwords, to, which)
			 : parse(&text, name, passwords, to);
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
	struct buf packets;
	struct why why;
	int rc;

	buf_init_secret(&packets, SOP_INDIRECT_MAX);
	for (size_t i = 0; i < secrets->count && st == GW_OK; i++) {
		const struct secret *s = secrets->at[i];
		size_t digits = strlen(cert_fingerprint(secret_cert(s)));

		/* A version 6 key has the longer fingerprint. */
		st = secret_export(s, password,
		    sop_profiles_lock(digits == 64 ? 6 : 4), false, &packets,
		    &why);
	}
	rc = st == GW_OK
		 ? sop_packets_print(ARMOR_PRIVATE_KEY, &packets, armored)
		 : sop_fail(SOP_FAILED, "%s", why.text);
	buf_free(&packets);
	return rc;
}
