/* gateway/commands/key_generate.c - waybill key generate. */
#include "gateway/commands/key.h"

#include "gateway/base/clock.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/keyfolder.h"
#include "keys/secrets/secret.h"
#include "transports/ssh_key.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND      "key generate"
#define KEY_TEXT_MAX ((size_t)64 * 1024)
#define USER_ID_MAX  255
#define USER_IDS_MAX 16

static const char help[] =
    "usage: waybill key generate [OPTIONS]\n"
    "\n"
    "Make an OpenPGP key that signs our documents and that partners encrypt\n"
    "to, or with --ssh a key that logs in at a partner's server.\n"
    "\n"
    "      --type TYPE        ed25519 (default), ed448, rsa3072, rsa4096,\n"
    "                         nistp256, nistp384, nistp521, brainpoolp256,\n"
    "                         brainpoolp384, brainpoolp512, mlkem768 or\n"
    "                         mldsa65\n"
    "      --v6               of version 6 (RFC 9580), which older software\n"
    "                         does not read; mldsa65 always is\n"
    "      --user-id TEXT     who we are, \"Example Ltd <edi@example.com>\";\n"
    "                         default is the configuration's gateway-id;\n"
    "                         may be given several times\n"
    "      --expires WHEN     2y (default), 90d, 2030-12-31 or never\n"
    "      --no-aead          do not announce AEAD: partners with software\n"
    "                         that misreads the announcement\n"
    "      --audit            a key that signs and is not encrypted to\n"
    "      --argon2           lock it with Argon2, which older software does\n"
    "                         not read, instead of iterated hashing\n"
    "      --ssh NAME         make NAME.ssh and NAME.ssh.pub instead\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where to put it, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line protects the secret key\n"
    "      --json             print an object for programs\n";

struct request {
	struct key_options common;
	const char *type, *expires, *ssh;
	const char *user_ids[USER_IDS_MAX];
	size_t user_id_count;
	char own_name[USER_ID_MAX + 1];
	bool no_aead, v6, audit, argon2;
};

/* UTF-8 (RFC 9580, 5.11), shown by foreign software on terminals and in
 * mails. */
static bool
good_user_id(const char *text)
{
	size_t len = strlen(text);
	json_t *utf8 = json_string(text); /* takes nothing else */
	bool valid = utf8 != NULL;

	json_decref(utf8);
	if (len == 0 || len > USER_ID_MAX || !valid)
		return false;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	}
	return true;
}

static void
print_json(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (object == NULL || text == NULL)
		gw_fatal("out of memory");
	puts(text);
	free(text);
	json_decref(object);
}

static void
tell_openpgp(const struct request *r, const struct key_place *place,
    const struct cert *cert)
{
	const char *fpr = cert_fingerprint(cert);
	time_t expires = cert_expires(cert, CERT_SIGN);
	char created[KEY_DATE_SIZE], until[KEY_DATE_SIZE];

	key_date(cert_created(cert), created);
	key_date(expires, until);
	if (r->common.json) {
		print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o}",
		    "fingerprint", fpr, "type", r->type, "user_id",
		    cert_user_id(cert), "created", created, "expires", until,
		    "secret_file",
		    json_sprintf("%s/%s.key", place->folder, fpr),
		    "certificate_file",
		    json_sprintf("%s/%s.asc", place->folder, fpr),
		    "revocation_file",
		    json_sprintf("%s/%s.revocation.asc", place->folder, fpr)));
		return;
	}
	printf("Made an OpenPGP key (%s) for %s, expires: %s\n"
	       "  secret key   %s/%s.key\n"
	       "  certificate  %s/%s.asc\n"
	       "  revocation   %s/%s.revocation.asc\n"
	       "Move the last one to a place of its own, for the day on which "
	       "the key is lost.\n"
	       "The certificate is for the partners; they compare its "
	       "fingerprint with you:\n"
	       "  %s\n"
	       "To sign with this key, waybill.conf says\n"
	       "  signing-key = \"%s\"\n",
	    r->type, cert_user_id(cert), until, place->folder, fpr,
	    place->folder, fpr, place->folder, fpr, fpr, fpr);
}

static int
make_openpgp(const struct request *r, const struct key_place *place)
{
	struct secret_params params = { .version = r->v6 ? 6 : 4,
		.created = (time_t)(clock_wall_ms() / 1000),
		.user_ids = r->user_ids,
		.user_id_count = r->user_id_count,
		.announce_seipd2 = !r->no_aead,
		.sign_only = r->audit,
		.passphrase = key_passphrase(place),
		.lock = r->argon2 ? SECRET_LOCK_ARGON2 : SECRET_LOCK_ITERATED };
	struct buf text;
	struct secret *secret = NULL;
	enum gw_status st;
	struct why why;

	buf_init_secret(&text, KEY_TEXT_MAX);
	(void)key_kind(r->type, &params.kind); /* checked, as the next */
	if (params.kind == SECRET_MLDSA)
		params.version = 6; /* RFC 9980, 3.5: there is no other */
	(void)key_when(r->expires, params.created, &params.expires);
	st = secret_generate(&params, &text, &secret, &why);
	if (st == GW_OK)
		st = key_save(place->folder, secret, &text, &why);
	if (st == GW_OK)
		tell_openpgp(r, place, secret_cert(secret));
	secret_free(secret);
	buf_free(&text);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
}

static void
tell_ssh(const struct request *r, const struct key_place *place,
    const struct ssh_key_facts *facts, const struct buf *line)
{
	int len = (int)line->len - 1; /* without the newline */
	const char *text = (char *)line->data;

	if (r->common.json) {
		print_json(json_pack("{s:s,s:s,s:o,s:s#}", "fingerprint",
		    facts->fingerprint, "type", facts->type, "identity",
		    json_sprintf("%s/%s.ssh", place->folder, r->ssh),
		    "authorized_key", text, len));
		return;
	}
	printf("Made an SSH key (%s)\n"
	       "  %s\n"
	       "The partner puts this line where it says who may log in "
	       "(authorized_keys):\n"
	       "  %.*s\n"
	       "To log in with this key, the partner's send { } or collect { } "
	       "says\n"
	       "  identity = \"%s/%s.ssh\"\n",
	    facts->type, facts->fingerprint, len, text, place->folder, r->ssh);
}

static int
make_ssh(const struct request *r, const struct key_place *place)
{
	struct ssh_key_facts facts;
	struct buf text, line;
	enum gw_status st;
	struct why why;
	char name[DOC_LABEL_SIZE + 16];

	buf_init_secret(&text, KEY_TEXT_MAX);
	buf_init(&line, KEY_TEXT_MAX);
	st = ssh_key_generate(&text, &why);
	if (st == GW_OK)
		st = ssh_key_describe(
		    text.data, text.len, r->ssh, &facts, &line, &why);
	(void)buf_put_u8(&line, '\n');
	snprintf(name, sizeof(name), "%s.ssh", r->ssh);
	if (st == GW_OK)
		st = keyfolder_write(
		    place->folder, name, 0600, text.data, text.len, &why);
	snprintf(name, sizeof(name), "%s.ssh.pub", r->ssh);
	if (st == GW_OK)
		st = keyfolder_write(
		    place->folder, name, 0644, line.data, line.len, &why);
	if (st == GW_OK)
		tell_ssh(r, place, &facts, &line);
	buf_free(&line);
	buf_free(&text);
	return st == GW_OK ? COMMAND_OK : key_failed(COMMAND, &why);
}

/* What can be told before anything is read or made. */
static int
check_request(const struct request *r)
{
	time_t when, now = (time_t)(clock_wall_ms() / 1000);
	enum secret_kind kind;

	if (!key_kind(r->type, &kind))
		return key_usage(
		    COMMAND, "--type is %s, not \"%s\"", key_kinds, r->type);
	if (!key_when(r->expires, now, &when) || when == now)
		return key_usage(
		    COMMAND, "--expires \"%s\" is no time to come", r->expires);
	for (size_t i = 0; i < r->user_id_count; i++)
		if (!good_user_id(r->user_ids[i]))
			return key_usage(COMMAND,
			    "--user-id has 1 to %d bytes of UTF-8 without "
			    "control characters",
			    USER_ID_MAX);
	if (r->ssh != NULL && !name_is_label(r->ssh))
		return key_usage(
		    COMMAND, "--ssh takes a name of a-z, 0-9, '-' and '_'");
	return COMMAND_OK;
}

/* By the name in the configuration, when none was given. */
static void
name_us(struct request *r, const struct key_place *place)
{
	if (r->user_id_count > 0 || place->cfg == NULL ||
	    place->cfg->gateway_id == NULL)
		return;
	snprintf(r->own_name, sizeof(r->own_name), "%s%s",
	    place->cfg->gateway_id, r->audit ? " (audit)" : "");
	r->user_ids[r->user_id_count++] = r->own_name;
}

static int
generate(struct request *r)
{
	struct key_place place;
	struct why why;
	int rc;

	if (key_place_open(&r->common, &place, &why) != GW_OK) {
		rc = key_failed(COMMAND, &why);
	} else if (r->ssh != NULL) {
		rc = make_ssh(r, &place);
	} else {
		name_us(r, &place);
		rc = r->user_id_count > 0
			 ? make_openpgp(r, &place)
			 : key_usage(COMMAND,
			       "there is no gateway-id to take the name from; "
			       "give --user-id \"Name <mail@example>\"");
	}
	key_place_free(&place);
	return rc;
}

int
key_generate(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "type", required_argument, NULL, 't' },
		{ "user-id", required_argument, NULL, 'u' },
		{ "expires", required_argument, NULL, 'e' },
		{ "no-aead", no_argument, NULL, 'n' },
		{ "v6", no_argument, NULL, '6' },
		{ "audit", no_argument, NULL, 'a' },
		{ "argon2", no_argument, NULL, '2' },
		{ "ssh", required_argument, NULL, 's' }, { 0 } };
	struct request r = { .type = "ed25519", .expires = "2y" };
	int c, rc;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		switch (c) {
		case 't':
			r.type = optarg;
			break;
		case 'u':
			if (r.user_id_count == USER_IDS_MAX)
				return key_usage(COMMAND, "too many --user-id");
			r.user_ids[r.user_id_count++] = optarg;
			break;
		case 'e':
			r.expires = optarg;
			break;
		case 'n':
			r.no_aead = true;
			break;
		case '6':
			r.v6 = true;
			break;
		case 'a':
			r.audit = true;
			break;
		case '2':
			r.argon2 = true;
			break;
		case 's':
			r.ssh = optarg;
			break;
		case 'h':
			fputs(help, stdout);
			return COMMAND_OK;
		default:
			return key_usage(COMMAND, "wrong option");
		}
	}
	if (optind < argc)
		return key_usage(
		    COMMAND, "\"%s\" is one word too many", argv[optind]);
	if ((rc = check_request(&r)) != COMMAND_OK)
		return rc;
	return generate(&r);
}
