/* gateway/commands/key_revoke.c - waybill key revoke. */
#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND        "key revoke"
#define REVOCATION_MAX ((size_t)64 * 1024)

static const char help[] =
    "usage: waybill key revoke --reason REASON [OPTIONS] FINGERPRINT\n"
    "       waybill key revoke --reason REASON --subkey SUBKEY [OPTIONS]\n"
    "                          [FINGERPRINT]\n"
    "       waybill key revoke --revocation FILE [OPTIONS] FINGERPRINT\n"
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
    "      --revocation FILE  the revocation certificate that was made with\n"
    "                         the key; for when that cannot be opened\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n"
    "      --json             print an object for programs\n";

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
	enum secret_reason reason;
	const char *text, *subkey, *revocation;
};

static enum gw_status
revoke(
    void *ctx, const struct secret *old, struct secret **out, struct why *why)
{
	const struct request *r = ctx;

	if (r->subkey != NULL)
		return secret_revoke_subkey(
		    old, r->subkey, r->reason, r->text, r->now, out, why);
	return secret_revoke(old, r->reason, r->text, r->now, out, why);
}

static void
tell(void *ctx, const struct key_place *place, const struct cert *cert)
{
	const struct request *r = ctx;
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
read_revocation(const char *path, struct buf *out, struct why *why)
{
	/* It is no secret to us, but must be what its owner put there. */
	return config_safe_read(
	    path, CONFIG_SAFE_PUBLIC, REVOCATION_MAX, out, why);
}

/* The new certificate takes the place of the one beside the key. */
static enum gw_status
replace_certificate(const struct key_place *place,
    const struct keyfolder_key *key, const struct cert *revoked,
    struct why *why)
{
	const char *name = strrchr(key->path, '/') + 1;
	struct buf text;
	struct keyfolder_change change = { .mode = 0644, .data = &text };
	char *beside = NULL;
	enum gw_status st;

	if (asprintf(&beside, "%.*s.asc", (int)strlen(name) - 4, name) < 0)
		gw_fatal("out of memory");
	change.name = beside;
	buf_init(&text, KEYFOLDER_FILE_MAX);
	st = cert_export(revoked, true, &text, why);
	if (st == GW_OK)
		st = keyfolder_replace(place->folder, &change, 1, why);
	if (st == GW_OK)
		printf("The certificate of the key %s says now that it is "
		       "revoked, for good. The\npartners have to get it:\n"
		       "  %s/%s\n"
		       "The old one is kept beside it:\n  %s\n",
		    cert_fingerprint(revoked), place->folder, beside,
		    change.kept);
	buf_free(&text);
	free(beside);
	return st;
}

/* Only the certificate changes: without its secret part nothing else can. */
static enum gw_status
apply(const struct request *r, const struct key_place *place, struct why *why)
{
	const struct keyfolder_key *key;
	struct keyfolder *folder;
	struct cert *revoked = NULL;
	struct buf text;
	enum gw_status st;
	int lock;

	if ((st = keyfolder_lock(place->folder, &lock, why)) != GW_OK)
		return st;
	buf_init(&text, REVOCATION_MAX);
	st = keyfolder_open(place->folder, key_passphrase(place), &folder, why);
	if (st != GW_OK)
		goto unlock;
	if ((key = key_choose(place, folder, r->fingerprint, why)) == NULL)
		st = GW_NONE;
	if (st == GW_OK)
		st = read_revocation(r->revocation, &text, why);
	if (st == GW_OK)
		st = cert_revoke(key->cert, text.data, text.len, &revoked, why);
	if (st == GW_OK)
		st = replace_certificate(place, key, revoked, why);
	cert_free(revoked);
	keyfolder_close(folder);
unlock:
	buf_free(&text);
	fd_close(&lock);
	return st;
}

static int
apply_revocation(const struct request *r)
{
	struct key_place place;
	struct why why;
	enum gw_status st = key_place_open(&r->common, &place, &why);

	if (st == GW_OK)
		st = apply(r, &place, &why);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
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
check_request(struct request *r, const char *reason)
{
	char plain[DOC_FINGERPRINT_SIZE];

	if (r->revocation != NULL &&
	    (reason != NULL || r->text != NULL || r->subkey != NULL))
		return key_usage(
		    COMMAND, "a --revocation says by itself what and why");
	if (r->revocation == NULL &&
	    (reason == NULL || !parse_reason(reason, &r->reason)))
		return key_usage(COMMAND, "--reason is compromised, "
					  "superseded, retired or none");
	if (r->subkey == NULL && r->fingerprint == NULL)
		return key_usage(COMMAND, "name the fingerprint of the key");
	if (r->subkey != NULL && !config_value_fingerprint(r->subkey, plain))
		return key_usage(COMMAND, "--subkey takes a whole fingerprint");
	return COMMAND_OK;
}

int
key_revoke(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "reason", required_argument, NULL, 'r' },
		{ "text", required_argument, NULL, 't' },
		{ "subkey", required_argument, NULL, 's' },
		{ "revocation", required_argument, NULL, 'R' }, { 0 } };
	struct request r = { .now = (time_t)(clock_wall_ms() / 1000) };
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
		} else if (c == 'R') {
			r.revocation = optarg;
		} else if (c == 'h') {
			fputs(help, stdout);
			return COMMAND_OK;
		} else {
			return key_usage(COMMAND, "wrong option");
		}
	}
	if (argc - optind > 1)
		return key_usage(COMMAND, "name one fingerprint");
	if (optind < argc)
		r.fingerprint = argv[optind];
	if ((rc = check_request(&r, reason)) != COMMAND_OK)
		return rc;
	return r.revocation != NULL ? apply_revocation(&r)
				    : key_change(COMMAND, &r.common,
					  r.fingerprint, revoke, tell, &r);
}
