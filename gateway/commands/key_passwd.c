/* gateway/commands/key_passwd.c - waybill key passwd: another passphrase for all
 * our keys. */
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"

#include <getopt.h>
#include <stdio.h>

#define COMMAND "key passwd"

static const char help[] =
    "usage: waybill key passwd --new-passphrase-file FILE [OPTIONS]\n"
    "       waybill key passwd --no-passphrase [OPTIONS]\n"
    "\n"
    "Lock all our OpenPGP keys with another passphrase, or with none. There\n"
    "is one for all of them, as there is one passphrase-file in the\n"
    "configuration.\n"
    "\n"
    "      --new-passphrase-file F  its first line locks them from now on\n"
    "      --no-passphrase    they lie open, for whoever reads the files\n"
    "      --argon2           lock them with Argon2, which older software\n"
    "                         does not read, instead of iterated hashing\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys now\n"
    "      --json             print an object for each key\n";

struct request {
	struct key_options common;
	const char *file; /* of the new passphrase */
	bool none, argon2;
};

/* One key, opened with the passphrase of now or, when an earlier attempt came
 * this far, with the next one. */
static enum gw_status
lock_again(const struct request *r, const struct key_place *place,
    const char *fingerprint, bool really, struct why *why)
{
	struct key_lock how = { key_next_passphrase(place),
		r->argon2 ? SECRET_LOCK_ARGON2 : SECRET_LOCK_ITERATED };
	struct key_own own = { .lock = -1 };
	enum gw_status st = key_own_open(place, fingerprint, &own, why);

	if (st == GW_OK && really)
		st = key_own_write(place, &own, own.secret, &how, why);
	if (st == GW_OK && really && r->common.json)
		key_own_print(&own, secret_cert(own.secret));
	else if (st == GW_OK && really)
		printf("%s\n  the old file, locked as it was, is kept as %s\n",
		    own.path, own.kept[0]);
	key_own_free(&own);
	return st;
}

/* All of them must open before the first is written. */
static enum gw_status
lock_all(const struct request *r, const struct key_place *place,
    const struct keyfolder *folder, struct why *why)
{
	enum gw_status st = GW_OK;

	for (int really = 0; really <= 1; really++)
		for (size_t i = 0; st == GW_OK && i < folder->count; i++) {
			const struct keyfolder_key *k = &folder->key[i];

			if (k->cert == NULL) {
				why_set(why, REASON_KEY_UNUSABLE,
				    "%s: %s; nothing was changed", k->path,
				    k->problem);
				return GW_REFUSED;
			}
			st = lock_again(r, place, cert_fingerprint(k->cert),
			    really != 0, why);
		}
	return st;
}

static void
tell(const struct request *r, const struct keyfolder *folder)
{
	if (folder->count == 0)
		printf("There are no keys in %s.\n", folder->path);
	else
		printf("Now passphrase-file in waybill.conf %s, and a running "
		       "gateway is told\nby SIGHUP or systemctl reload "
		       "waybill. When it runs, remove the old files.\n",
		    r->none ? "is to go" : "must hold the new passphrase");
}

static enum gw_status
passwd(const struct request *r, struct key_place *place, struct why *why)
{
	struct keyfolder *folder;
	enum gw_status st = GW_OK;

	if (r->file != NULL)
		st = key_read_passphrase(r->file, &place->next, why);
	if (st == GW_OK)
		st = keyfolder_open(
		    place->folder, key_passphrase(place), &folder, why);
	if (st != GW_OK)
		return st;
	st = lock_all(r, place, folder, why);
	if (st == GW_OK && !r->common.json)
		tell(r, folder);
	keyfolder_close(folder);
	return st;
}

int
key_passwd(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "new-passphrase-file", required_argument, NULL, 'N' },
		{ "no-passphrase", no_argument, NULL, '0' },
		{ "argon2", no_argument, NULL, '2' }, { 0 } };
	struct request r = { .none = false };
	struct key_place place;
	enum gw_status st;
	struct why why;
	int c;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		if (c == 'N') {
			r.file = optarg;
		} else if (c == '0') {
			r.none = true;
		} else if (c == '2') {
			r.argon2 = true;
		} else if (c == 'h') {
			fputs(help, stdout);
			return COMMAND_OK;
		} else {
			return key_usage(COMMAND, "wrong option");
		}
	}
	if (optind < argc)
		return key_usage(
		    COMMAND, "\"%s\" is one word too many", argv[optind]);
	if ((r.file != NULL) == r.none)
		return key_usage(
		    COMMAND, "give --new-passphrase-file or --no-passphrase");
	st = key_place_open(&r.common, &place, &why);
	if (st == GW_OK)
		st = passwd(&r, &place, &why);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
}
