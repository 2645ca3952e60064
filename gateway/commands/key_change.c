/* gateway/commands/key_change.c - waybill key expire and key revoke. */
#include "gateway/base/clock.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"
#include "gateway/config/config_value.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define EXPIRE "key expire"
#define REVOKE "key revoke"

static const char expire_help[] =
    "usage: waybill key expire [OPTIONS] [FINGERPRINT]\n"
    "\n"
    "Let a key of ours (by default the signing key) and its subkeys live until\n"
    "another time. Subkeys that have expired stay so; see key rotate.\n"
    "\n"
    "      --expires WHEN     2y (default), 90d, 2030-12-31 or never\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n";

static const char revoke_help[] =
    "usage: waybill key revoke --reason REASON [OPTIONS] FINGERPRINT\n"
    "       waybill key revoke --reason REASON --subkey SUBKEY [OPTIONS]\n"
    "                          [FINGERPRINT]\n"
    "\n"
    "End a key of ours, or one subkey of it, for good. What was encrypted to\n"
    "it can still be opened while its file is there.\n"
    "\n"
    "      --reason REASON    compromised: whatever it signs or signed is not\n"
    "                         to be believed any more; superseded: another\n"
    "                         one takes its place; retired: it is not used\n"
    "                         any more; none: like compromised\n"
    "      --text TEXT        a word for people, in the certificate\n"
    "      --subkey SUBKEY    the fingerprint of a subkey, as key list has it\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n";

static const struct {
	const char *name;
	enum secret_reason reason;
} reasons[] = { { "none", SECRET_NO_REASON },
	{ "superseded", SECRET_SUPERSEDED },
	{ "compromised", SECRET_COMPROMISED }, { "retired", SECRET_RETIRED } };

struct request {
	struct key_options common;
	const char *fingerprint;
	time_t now;

	time_t expires;

	enum secret_reason reason;
	const char *text, *subkey;
};

static enum gw_status
change(const struct request *r, const struct secret *old, struct secret **out,
    struct why *why)
{
	if (r->expires != -1)
		return secret_expire(old, r->expires, r->now, out, why);
	if (r->subkey != NULL)
		return secret_revoke_subkey(
		    old, r->subkey, r->reason, r->text, r->now, out, why);
	return secret_revoke(old, r->reason, r->text, r->now, out, why);
}

static void
tell_expire(const struct request *r, const struct cert *cert)
{
	char date[KEY_DATE_SIZE];
	struct why why;

	printf("The key %s now expires: %s\n", cert_fingerprint(cert),
	    key_date(r->expires, date));
	if (cert_usable(cert, CERT_SIGN, r->now, &why) != GW_OK)
		printf("It still cannot sign: %s.\n"
		       "`waybill key rotate` gives it new subkeys.\n",
		    why.text);
	else if (cert_usable(cert, CERT_ENCRYPT, r->now, &why) != GW_OK)
		printf("It still cannot be encrypted to: %s.\n", why.text);
}

static void
tell_revoke(const struct request *r, const struct key_place *place,
    const struct cert *cert)
{
	const char *fingerprint = cert_fingerprint(cert);

	if (r->subkey != NULL) {
		printf("The subkey %s of the key %s is revoked.\n", r->subkey,
		    fingerprint);
		return;
	}
	printf("The key %s is revoked, for good.\n", fingerprint);
	if (place->cfg != NULL && place->cfg->signing_key != NULL &&
	    strcmp(place->cfg->signing_key, fingerprint) == 0)
		printf("waybill.conf names it as signing-key: nothing can be "
		       "sent until another one\nstands there.\n");
}

static enum gw_status
change_one(const struct request *r, const struct key_place *place,
    struct key_own *own, struct why *why)
{
	struct secret *changed = NULL;
	const struct cert *cert;
	enum gw_status st;

	st = key_own_open(place, r->fingerprint, own, why);
	if (st == GW_OK)
		st = change(r, own->secret, &changed, why);
	if (st == GW_OK)
		st = key_own_write(place, own, changed, NULL, why);
	if (st == GW_OK) {
		cert = secret_cert(changed);
		if (r->expires != -1)
			tell_expire(r, cert);
		else
			tell_revoke(r, place, cert);
		printf("The partners have to get its certificate, which says "
		       "so:\n  %s\n"
		       "A running gateway is told by SIGHUP, or systemctl "
		       "reload waybill.\n",
		    own->certificate);
		key_own_tell(own);
	}
	secret_free(changed);
	return st;
}

static int
run_change(const char *command, const struct request *r)
{
	struct key_place place;
	struct key_own own = { .lock = -1 };
	struct why why;
	enum gw_status st = key_place_open(&r->common, &place, &why);

	if (st == GW_OK)
		st = change_one(r, &place, &own, &why);
	key_own_free(&own);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(command, &why);
}

static bool
take_fingerprint(struct request *r, int argc, char **argv)
{
	if (argc - optind > 1)
		return false;
	if (optind < argc)
		r->fingerprint = argv[optind];
	return true;
}

int
key_expire(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "expires", required_argument, NULL, 'e' }, { 0 } };
	struct request r = { .now = (time_t)(clock_wall_ms() / 1000) };
	const char *expires = "2y";
	int c;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		if (c == 'e') {
			expires = optarg;
		} else if (c == 'h') {
			fputs(expire_help, stdout);
			return COMMAND_OK;
		} else {
			return key_usage(EXPIRE, "wrong option");
		}
	}
	if (!take_fingerprint(&r, argc, argv))
		return key_usage(EXPIRE, "name one fingerprint");
	if (!key_when(expires, r.now, &r.expires) || r.expires == r.now)
		return key_usage(
		    EXPIRE, "--expires \"%s\" is no time to come", expires);
	return run_change(EXPIRE, &r);
}

static bool
parse_reason(const char *text, enum secret_reason *out)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i].name, text) == 0) {
			*out = reasons[i].reason;
			return true;
		}
	return false;
}

/* Without asking back: what is ended for good is named in full words. */
static int
check_revoke(struct request *r, const char *reason)
{
	char plain[DOC_FINGERPRINT_SIZE];

	if (reason == NULL || !parse_reason(reason, &r->reason))
		return key_usage(REVOKE, "--reason is compromised, superseded, "
					 "retired or none");
	if (r->subkey == NULL && r->fingerprint == NULL)
		return key_usage(REVOKE, "name the fingerprint of the key");
	if (r->subkey != NULL && !config_value_fingerprint(r->subkey, plain))
		return key_usage(REVOKE, "--subkey takes a whole fingerprint");
	return COMMAND_OK;
}

int
key_revoke(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "reason", required_argument, NULL, 'r' },
		{ "text", required_argument, NULL, 't' },
		{ "subkey", required_argument, NULL, 's' }, { 0 } };
	struct request r = { .now = (time_t)(clock_wall_ms() / 1000),
		.expires = -1 };
	const char *reason = NULL;
	int c, rc;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		if (c == 'r') {
			reason = optarg;
		} else if (c == 't') {
			r.text = optarg;
		} else if (c == 's') {
			r.subkey = optarg;
		} else if (c == 'h') {
			fputs(revoke_help, stdout);
			return COMMAND_OK;
		} else {
			return key_usage(REVOKE, "wrong option");
		}
	}
	if (!take_fingerprint(&r, argc, argv))
		return key_usage(REVOKE, "name one fingerprint");
	if ((rc = check_revoke(&r, reason)) != COMMAND_OK)
		return rc;
	return run_change(REVOKE, &r);
}
