/* gateway/commands/key_rotate.c - waybill key rotate: fresh subkeys beside the
 * old ones, to be used from a day on. */
#include "gateway/base/clock.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND  "key rotate"
#define KEYS_MAX 65

static const char help[] =
    "usage: waybill key rotate [OPTIONS] [FINGERPRINT]\n"
    "\n"
    "Give a key of ours (by default the signing key) fresh subkeys beside the\n"
    "old ones. Until the day in --from we and the partners use the old ones,\n"
    "from then on the new ones, without anybody doing anything. The old ones\n"
    "go on opening what was encrypted to them.\n"
    "\n"
    "      --from WHEN        14d (default), now, 2030-12-31 or @SECONDS: by\n"
    "                         then every partner should have the certificate\n"
    "      --expires WHEN     of the new subkeys: 2y (default) from their\n"
    "                         first day, 90d, 2030-12-31 or never\n"
    "      --type TYPE        another kind than the old ones; see generate\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n"
    "      --json             print an object for programs\n";

struct request {
	struct key_options common;
	const char *fingerprint, *type, *from_text, *expires_text;
	time_t now, from, expires;
};

/* What was not there before. */
static bool
is_new(const struct cert_key_facts *f, const struct secret *old, time_t now)
{
	struct cert_key_facts had[KEYS_MAX];
	size_t n = cert_facts(secret_cert(old), now, had, KEYS_MAX);

	for (size_t i = 0; i < n; i++)
		if (strcmp(had[i].fingerprint, f->fingerprint) == 0)
			return false;
	return true;
}

static void
tell_json(const struct request *r, const struct key_own *own,
    const struct secret *now)
{
	struct cert_key_facts f[KEYS_MAX];
	size_t n = cert_facts(secret_cert(now), r->now, f, KEYS_MAX);
	json_t *fresh = json_array(), *o;
	char from[KEY_DATE_SIZE];
	char *text;

	for (size_t i = 0; i < n; i++)
		if (is_new(&f[i], own->secret, r->now))
			(void)json_array_append_new(fresh,
			    json_pack("{s:s,s:s,s:s}", "fingerprint",
				f[i].fingerprint, "algorithm", f[i].algorithm,
				"use", f[i].signs ? "sign" : "encrypt"));
	o = json_pack("{s:s,s:s,s:o,s:s,s:s}", "fingerprint",
	    cert_fingerprint(secret_cert(now)), "from",
	    key_moment(r->from, from), "subkeys", fresh, "secret_file",
	    own->path, "certificate_file", own->certificate);
	if (o == NULL || (text = json_dumps(o, JSON_COMPACT)) == NULL)
		gw_fatal("out of memory");
	puts(text);
	free(text);
	json_decref(o);
}

static void
print_subkeys(const struct request *r, const struct key_own *own,
    const struct secret *now, bool fresh)
{
	struct cert_key_facts f[KEYS_MAX];
	size_t n = cert_facts(secret_cert(now), r->now, f, KEYS_MAX);

	for (size_t i = 1; i < n; i++)
		if (is_new(&f[i], own->secret, r->now) == fresh &&
		    (fresh || f[i].life == CERT_LIFE_GOOD))
			printf("  %-8s %s %s\n",
			    f[i].signs ? "sign" : "encrypt", f[i].algorithm,
			    f[i].fingerprint);
}

/* Who has to do what, and when. */
static void
tell(const struct request *r, const struct key_own *own,
    const struct secret *now)
{
	char from[KEY_DATE_SIZE], until[KEY_DATE_SIZE];
	bool at_once = r->from <= r->now;

	key_moment(r->from, from);
	printf("The key %s has new subkeys, valid from %s, expires: %s\n",
	    cert_fingerprint(secret_cert(now)), from,
	    key_date(r->expires, until));
	print_subkeys(r, own, now, true);
	printf("1. Send the certificate to every partner%s%s, to replace the "
	       "old one:\n     %s\n",
	    at_once ? " at once" : ", early enough before ",
	    at_once ? "" : from, own->certificate);
	printf("2. Tell a running gateway, by SIGHUP or systemctl reload "
	       "waybill%s.\n",
	    at_once ? "" : ", before then");
	if (at_once)
		printf("We sign with the new subkeys as soon as it knows them. "
		       "A partner without the\nnew certificate cannot verify "
		       "that.\n");
	else
		printf("Until %s everybody goes on with the old subkeys, and "
		       "from then on\nwith the new ones by itself. What a "
		       "partner without the new certificate\nencrypts is still "
		       "opened, but what we sign then he cannot verify.\n",
		    from);
	printf("3. When all partners use the new ones, the old ones can go "
	       "(`waybill key revoke\n   --reason superseded --subkey ...`); "
	       "they open what is late until then:\n");
	print_subkeys(r, own, now, false);
	key_own_tell(own);
}

static enum gw_status
rotate(const struct request *r, const struct key_place *place,
    struct key_own *own, struct why *why)
{
	struct secret_params params = { .created = r->now,
		.expires = r->expires };
	struct secret *changed = NULL;
	enum gw_status st = key_own_open(place, r->fingerprint, own, why);

	if (st != GW_OK)
		return st;
	/* An audit key stays one. */
	params.sign_only = key_only_signs(secret_cert(own->secret));
	(void)key_kind(
	    r->type != NULL ? r->type : key_kind_of(secret_cert(own->secret)),
	    &params.kind); /* checked */
	st = secret_rotate(own->secret, &params, r->from, &changed, why);
	if (st == GW_OK)
		st = key_own_write(place, own, changed, NULL, why);
	if (st == GW_OK && r->common.json)
		tell_json(r, own, changed);
	else if (st == GW_OK)
		tell(r, own, changed);
	secret_free(changed);
	return st;
}

/* A span of the expiry counts from the first day. */
static int
check_request(struct request *r)
{
	enum secret_kind kind;

	if (r->type != NULL && !key_kind(r->type, &kind))
		return key_usage(
		    COMMAND, "--type is %s, not \"%s\"", key_kinds, r->type);
	if (!key_when(r->from_text, r->now, &r->from) || r->from == 0)
		return key_usage(
		    COMMAND, "--from \"%s\" is no time to come", r->from_text);
	if (!key_when(r->expires_text, r->from, &r->expires) ||
	    r->expires == r->from)
		return key_usage(COMMAND,
		    "--expires \"%s\" is no time after --from",
		    r->expires_text);
	return COMMAND_OK;
}

static int
run(const struct request *r)
{
	struct key_place place;
	struct key_own own = { .lock = -1 };
	struct why why;
	enum gw_status st = key_place_open(&r->common, &place, &why);

	if (st == GW_OK)
		st = rotate(r, &place, &own, &why);
	key_own_free(&own);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
}

int
key_rotate(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "from", required_argument, NULL, 'F' },
		{ "expires", required_argument, NULL, 'e' },
		{ "type", required_argument, NULL, 't' }, { 0 } };
	struct request r = { .from_text = "14d",
		.expires_text = "2y",
		.now = (time_t)(clock_wall_ms() / 1000) };
	int c, rc;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		if (c == 'F') {
			r.from_text = optarg;
		} else if (c == 'e') {
			r.expires_text = optarg;
		} else if (c == 't') {
			r.type = optarg;
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
	if ((rc = check_request(&r)) != COMMAND_OK)
		return rc;
	return run(&r);
}
