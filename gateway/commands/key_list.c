/* gateway/commands/key_list.c - waybill key list. */
#include "gateway/commands/key.h"

#include "gateway/base/clock.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/keyfolder.h"
#include "gateway/config/config_safe.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND "key list"

#define KEYS_MAX 65 /* a primary key and what may hang on it */

static const char help[] =
    "usage: waybill key list [OPTIONS]\n"
    "\n"
    "List our OpenPGP keys and the certificates of the partners, with the\n"
    "subkeys of each: what for, from when, until when.\n"
    "\n"
    "      --json             one object a line, for programs\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where our keys are; without -f only these\n"
    "      --passphrase-file  its first line unlocks our keys\n";

struct row {
	const char *whose; /* "ours", "signing-key" or the partner */
	bool ours;
	const char *file;
	const struct cert *cert; /* NULL: see problem */
	const char *problem;
};

/* "ok", or why it cannot be used for this now. */
static const char *
usable(const struct cert *cert, enum cert_use use, struct why *why)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);

	return cert_usable(cert, use, now, why) == GW_OK ? "ok" : why->text;
}

/* A user id is foreign text and may be no UTF-8, which JSON cannot hold. */
static json_t *
user_id(const struct cert *cert)
{
	json_t *j = json_string(cert_user_id(cert));

	return j != NULL ? j : json_string("(not UTF-8)");
}

static const char *
state(const struct cert_key_facts *f)
{
	switch (f->life) {
	case CERT_LIFE_GOOD:
		return "valid";
	case CERT_LIFE_NOT_YET:
		return "not yet valid";
	case CERT_LIFE_EXPIRED:
		return "expired";
	case CERT_LIFE_REVOKED:
		return "revoked";
	case CERT_LIFE_UNFIT:
		break;
	}
	return "cannot be used";
}

static const char *
use(const struct cert_key_facts *f)
{
	if (f->signs && f->encrypts)
		return "sign, encrypt";
	return f->signs       ? "sign"
	       : f->encrypts  ? "encrypt"
	       : f->certifies ? "certify"
			      : "nothing of ours";
}

static size_t
facts(const struct cert *cert, struct cert_key_facts out[KEYS_MAX])
{
	return cert_facts(
	    cert, (time_t)(clock_wall_ms() / 1000), out, KEYS_MAX);
}

static json_t *
json_keys(const struct cert *cert)
{
	struct cert_key_facts f[KEYS_MAX];
	size_t n = facts(cert, f);
	json_t *keys = json_array();
	char from[KEY_DATE_SIZE], until[KEY_DATE_SIZE], revoked[KEY_DATE_SIZE];

	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(keys,
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s*}",
			    "fingerprint", f[i].fingerprint, "algorithm",
			    f[i].algorithm, "use", use(&f[i]), "from",
			    key_moment(f[i].from, from), "until",
			    f[i].until != 0 ? key_moment(f[i].until, until)
					    : "never",
			    "state", state(&f[i]), "revoked",
			    f[i].revoked != 0
				? key_moment(f[i].revoked, revoked)
				: NULL)) != 0)
			gw_fatal("out of memory");
	return keys;
}

static void
print_json(const struct row *row)
{
	struct why sign, encrypt;
	char created[KEY_DATE_SIZE], signs[KEY_DATE_SIZE],
	    encrypts[KEY_DATE_SIZE];
	json_t *o =
	    json_pack("{s:s,s:s*,s:s}", "owner", row->ours ? "us" : "partner",
		"partner", row->ours ? NULL : row->whose, "file", row->file);
	json_t *more;
	char *text;

	if (row->cert == NULL)
		more = json_pack("{s:s}", "problem", row->problem);
	else
		more = json_pack(
		    "{s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o}",
		    "fingerprint", cert_fingerprint(row->cert), "user_id",
		    user_id(row->cert), "created",
		    key_date(cert_created(row->cert), created),
		    "sign_algorithm", cert_algorithm(row->cert, CERT_SIGN),
		    "sign_expires",
		    key_date(cert_expires(row->cert, CERT_SIGN), signs), "sign",
		    usable(row->cert, CERT_SIGN, &sign), "encrypt_algorithm",
		    cert_algorithm(row->cert, CERT_ENCRYPT), "encrypt_expires",
		    key_date(cert_expires(row->cert, CERT_ENCRYPT), encrypts),
		    "encrypt", usable(row->cert, CERT_ENCRYPT, &encrypt),
		    "signing_key",
		    row->ours && strcmp(row->whose, "signing-key") == 0, "keys",
		    json_keys(row->cert));
	if (o == NULL || more == NULL || json_object_update(o, more) != 0 ||
	    (text = json_dumps(o, JSON_COMPACT)) == NULL)
		gw_fatal("out of memory");
	puts(text);
	free(text);
	json_decref(more);
	json_decref(o);
}

static void
print_use(const struct cert *cert, enum cert_use use, const char *word)
{
	char date[KEY_DATE_SIZE];
	struct why why;
	const char *state = usable(cert, use, &why);

	printf("  %-8s %-12s expires %-10s %s\n", word,
	    cert_algorithm(cert, use), key_date(cert_expires(cert, use), date),
	    state);
}

/* One line for the primary key and each subkey. */
static void
print_keys(const struct cert *cert)
{
	struct cert_key_facts f[KEYS_MAX];
	size_t n = facts(cert, f);
	char from[KEY_DATE_SIZE], until[KEY_DATE_SIZE], end[KEY_DATE_SIZE];

	for (size_t i = 0; i < n; i++) {
		bool later = f[i].life == CERT_LIFE_NOT_YET;

		printf("    %s %s, %s, from %s", f[i].algorithm,
		    f[i].fingerprint, use(&f[i]),
		    later ? key_moment(f[i].from, from)
			  : key_date(f[i].from, from));
		if (f[i].until != 0)
			printf(" until %s", key_date(f[i].until, until));
		printf(": %s", state(&f[i]));
		if (f[i].revoked != 0)
			printf(" (%s)", key_date(f[i].revoked, end));
		putchar('\n');
	}
}

static void
print_text(const struct row *row)
{
	char date[KEY_DATE_SIZE], quoted[LOG_QUOTED_MAX];

	if (row->cert == NULL) {
		printf("%s%s\n  %s\n", row->ours ? "" : "partner ", row->whose,
		    row->problem);
		return;
	}
	printf("%s  %s%s  created %s\n", cert_fingerprint(row->cert),
	    row->ours ? "" : "partner ", row->whose,
	    key_date(cert_created(row->cert), date));
	printf("  %s\n",
	    log_quote(cert_user_id(row->cert), quoted, sizeof(quoted)));
	print_use(row->cert, CERT_SIGN, "sign");
	print_use(row->cert, CERT_ENCRYPT, "encrypt");
	print_keys(row->cert);
}

static void
print(const struct row *row, bool json)
{
	if (json)
		print_json(row);
	else
		print_text(row);
}

static enum gw_status
list_ours(const struct key_place *place, bool json, struct why *why)
{
	struct keyfolder *folder;
	enum gw_status st;
	const char *signing =
	    place->cfg != NULL ? place->cfg->signing_key : NULL;

	st = keyfolder_open(place->folder, key_passphrase(place), &folder, why);
	if (st != GW_OK)
		return st;
	for (size_t i = 0; i < folder->count; i++) {
		const struct keyfolder_key *k = &folder->key[i];
		bool signs = k->cert != NULL && signing != NULL &&
			     strcmp(cert_fingerprint(k->cert), signing) == 0;
		struct row row = { signs ? "signing-key" : "ours", true,
			k->path, k->cert, k->problem };

		print(&row, json);
	}
	if (folder->count == 0 && !json)
		printf("no keys of ours in %s; `waybill key generate` makes "
		       "one\n",
		    folder->path);
	keyfolder_close(folder);
	return GW_OK;
}

static void
list_certificate(
    const struct config_partner *partner, const char *path, bool json)
{
	struct row row = { partner->name, false, path, NULL, NULL };
	struct cert *cert = NULL;
	struct buf text;
	struct why why;

	buf_init(&text, KEYFOLDER_FILE_MAX);
	if (config_safe_read(path, CONFIG_SAFE_PUBLIC, KEYFOLDER_FILE_MAX,
		&text, &why) != GW_OK ||
	    cert_parse(text.data, text.len, &cert, &why) != GW_OK)
		row.problem = why.text;
	row.cert = cert;
	print(&row, json);
	cert_free(cert);
	buf_free(&text);
}

static void
list_partners(const struct config *cfg, bool json)
{
	for (size_t i = 0; cfg != NULL && i < cfg->partner_count; i++) {
		const struct config_partner *p = &cfg->partner[i];

		for (size_t j = 0; j < p->certificates.count; j++)
			list_certificate(p, p->certificates.item[j], json);
	}
}

int
key_list(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS, { 0 } };
	struct key_options common = { 0 };
	struct key_place place;
	enum gw_status st;
	struct why why;
	int c;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&common, c, optarg))
			continue;
		if (c != 'h')
			return key_usage(COMMAND, "wrong option");
		fputs(help, stdout);
		return COMMAND_OK;
	}
	if (optind < argc)
		return key_usage(
		    COMMAND, "\"%s\" is one word too many", argv[optind]);
	st = key_place_open(&common, &place, &why);
	if (st == GW_OK)
		st = list_ours(&place, common.json, &why);
	if (st == GW_OK)
		list_partners(place.cfg, common.json);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
}
