/* gateway/commands/key_expire.c - waybill key expire. */
#include "gateway/base/clock.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"

#include <getopt.h>
#include <stdio.h>

#define COMMAND "key expire"

static const char help[] =
    "usage: waybill key expire [OPTIONS] [FINGERPRINT]\n"
    "\n"
    "Let a key of ours (by default the signing key) and its subkeys live until\n"
    "another time. Subkeys that have expired stay so; see key rotate.\n"
    "\n"
    "      --expires WHEN     2y (default), 90d, 2030-12-31 or never\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n"
    "      --json             print an object for programs\n";

struct request {
	struct key_options common;
	const char *fingerprint;
	time_t now, expires;
};

static enum gw_status
expire(
    void *ctx, const struct secret *old, struct secret **out, struct why *why)
{
	const struct request *r = ctx;

	return secret_expire(old, r->expires, r->now, out, why);
}

static void
tell(void *ctx, const struct key_place *place, const struct cert *cert)
{
	const struct request *r = ctx;
	char date[KEY_DATE_SIZE];
	struct why why;

	(void)place;
	printf("The key %s now expires: %s\n", cert_fingerprint(cert),
	    key_date(r->expires, date));
	if (cert_usable(cert, CERT_SIGN, r->now, &why) != GW_OK)
		printf("It still cannot sign: %s.\n"
		       "`waybill key rotate` gives it new subkeys.\n",
		    why.text);
	else if (!key_only_signs(cert) &&
		 cert_usable(cert, CERT_ENCRYPT, r->now, &why) != GW_OK)
		printf("It still cannot be encrypted to: %s.\n"
		       "`waybill key rotate` gives it new subkeys.\n",
		    why.text);
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
	if (!key_when(expires, r.now, &r.expires) || r.expires == r.now)
		return key_usage(
		    COMMAND, "--expires \"%s\" is no time to come", expires);
	return key_change(COMMAND, &r.common, r.fingerprint, expire, tell, &r);
}
