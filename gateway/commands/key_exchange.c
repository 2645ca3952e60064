/* gateway/commands/key_exchange.c - waybill key import and key export. */
#include "gateway/commands/key.h"

#include "gateway/base/fdio.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/keyfolder.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"
#include "keys/secrets/secret.h"
#include "transports/ssh_key.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IMPORT "key import"
#define EXPORT "key export"

static const char import_help[] =
    "usage: waybill key import [OPTIONS] FILE\n"
    "\n"
    "Take a secret OpenPGP key (armored or binary, \"-\" for standard input)\n"
    "into the folder of our keys, for instance from\n"
    "  gpg --export-secret-keys --armor FINGERPRINT\n"
    "\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where to put it, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the key, or locks one\n"
    "                         that lies open; the same one must stand in\n"
    "                         the configuration\n"
    "      --json             print an object for programs\n";

static const char export_help[] =
    "usage: waybill key export [OPTIONS] [FINGERPRINT]\n"
    "\n"
    "Print the certificate of a key of ours for the partners, by default of\n"
    "the signing key.\n"
    "\n"
    "      --secret           print the secret key instead; keep it safe\n"
    "      --ssh NAME         print the authorized_keys line of NAME.ssh\n"
    "  -f, --config FILE      the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER      where the keys are, without asking the\n"
    "                         configuration\n"
    "      --passphrase-file  its first line unlocks the keys\n";

static enum gw_status
read_input(const char *path, struct buf *out, struct why *why)
{
	enum gw_status st;
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		why_errno(why, REASON_IO_ERROR, "%s", path);
		return gw_status_errno(errno);
	}
	if ((st = fd_read_buf(fd, out, why)) != GW_OK)
		why_prefix(why, "%s", path);
	if (!standard)
		fd_close(&fd);
	return st;
}

/* A frequent mistake deserves its own words. */
static void
explain_certificate(const struct buf *text, struct why *why)
{
	struct cert *cert;
	struct why unused;

	if (cert_parse(text->data, text->len, &cert, &unused) != GW_OK)
		return;
	why_set(why, REASON_MALFORMED,
	    "this is a certificate without its secret key; a partner's "
	    "certificate stands in its own file, named by certificates");
	cert_free(cert);
}

/* What a certificate that waits in the folder knows of the key. */
static enum gw_status
join_beside(struct secret **secret, const struct key_place *place, bool *joined,
    struct why *why)
{
	const struct secret *before = *secret;
	struct cert *cert = NULL;
	enum gw_status st = GW_OK;
	struct why none;
	char *path;

	if (asprintf(&path, "%s/%s.key", place->folder,
		cert_fingerprint(secret_cert(*secret))) < 0)
		gw_fatal("out of memory");
	if (keyfolder_beside(path, &cert, &none) == GW_OK)
		st = key_join(secret, cert, why);
	*joined = *secret != before;
	cert_free(cert);
	free(path);
	return st;
}

/* A lock that is not to be kept, or none where there is a passphrase: the key
 * is written in a better one. */
static enum gw_status
lock_again(const struct secret *secret, bool joined,
    const struct key_place *place, struct buf *text, struct why *why)
{
	bool weak,
	    open = key_passphrase(place) != NULL && secret_lay_open(secret);
	enum secret_lock_kind kind = secret_locked_as(secret, &weak);

	if (!weak && !open && !joined)
		return GW_OK;
	buf_reset(text);
	return secret_export(
	    secret, key_passphrase(place), kind, true, text, why);
}

static enum gw_status
import(
    const char *path, const struct key_place *place, bool json, struct why *why)
{
	struct secret *secret = NULL;
	struct buf text;
	const char *fpr;
	enum gw_status st;
	bool joined = false, open;

	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	if ((st = read_input(path, &text, why)) != GW_OK)
		goto free_text;
	st = secret_parse(
	    text.data, text.len, key_passphrase(place), &secret, why);
	if (st != GW_OK) {
		explain_certificate(&text, why);
		goto free_text;
	}
	st = join_beside(&secret, place, &joined, why);
	fpr = cert_fingerprint(secret_cert(secret));
	open = secret_lay_open(secret) && key_passphrase(place) == NULL;
	if (st == GW_OK)
		st = lock_again(secret, joined, place, &text, why);
	if (st == GW_OK)
		st = key_save(place->folder, secret, &text, why);
	if (st == GW_OK && json)
		printf("{\"fingerprint\":\"%s\"}\n", fpr);
	else if (st == GW_OK)
		printf("Imported %s\n"
		       "%s"
		       "To sign with this key, waybill.conf says\n"
		       "  signing-key = \"%s\"\n",
		    fpr,
		    open ? "It is not locked: whoever reads its file has it. "
			   "See `waybill key passwd`.\n"
			 : "",
		    fpr);
free_text:
	secret_free(secret);
	buf_free(&text);
	return st;
}

int
key_import(int argc, char **argv)
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
			return key_usage(IMPORT, "wrong option");
		fputs(import_help, stdout);
		return COMMAND_OK;
	}
	if (argc - optind != 1)
		return key_usage(IMPORT, "name one file");
	st = key_place_open(&common, &place, &why);
	if (st == GW_OK)
		st = import(argv[optind], &place, common.json, &why);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(IMPORT, &why);
}

struct request {
	struct key_options common;
	const char *fingerprint, *ssh;
	bool secret;
};

static enum gw_status
print_openpgp(const struct request *r, const struct key_place *place,
    struct buf *out, struct why *why)
{
	const struct keyfolder_key *key;
	struct keyfolder *folder;
	enum gw_status st;

	st = keyfolder_open(place->folder, key_passphrase(place), &folder, why);
	if (st != GW_OK)
		return st;
	if ((key = key_choose(place, folder, r->fingerprint, why)) == NULL)
		st = GW_NONE;
	else if (r->secret)
		st = config_safe_read(key->path, CONFIG_SAFE_SECRET,
		    KEYFOLDER_FILE_MAX, out, why);
	else
		st = cert_export(key->cert, true, out, why);
	keyfolder_close(folder);
	return st;
}

static enum gw_status
print_ssh(const struct request *r, const struct key_place *place,
    struct buf *out, struct why *why)
{
	struct ssh_key_facts facts;
	enum gw_status st;
	struct buf text;
	char *path;

	if (asprintf(&path, "%s/%s.ssh", place->folder, r->ssh) < 0)
		gw_fatal("out of memory");
	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_SECRET, KEYFOLDER_FILE_MAX, &text, why);
	if (st == GW_OK && r->secret)
		st = buf_put(out, text.data, text.len) ? GW_OK : GW_INTERNAL;
	else if (st == GW_OK)
		st = ssh_key_describe(
		    text.data, text.len, r->ssh, &facts, out, why);
	if (st == GW_OK && !r->secret)
		(void)buf_put_u8(out, '\n');
	buf_free(&text);
	free(path);
	return st;
}

static int export(const struct request *r)
{
	struct key_place place;
	enum gw_status st;
	struct buf out;
	struct why why;

	buf_init_secret(&out, 2 * KEYFOLDER_FILE_MAX);
	st = key_place_open(&r->common, &place, &why);
	if (st == GW_OK)
		st = r->ssh != NULL ? print_ssh(r, &place, &out, &why)
				    : print_openpgp(r, &place, &out, &why);
	if (st == GW_OK)
		st = fd_write_all(STDOUT_FILENO, out.data, out.len, &why);
	buf_free(&out);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(EXPORT, &why);
}

int
key_export(int argc, char **argv)
{
	static const struct option options[] = { KEY_LONG_OPTIONS,
		{ "secret", no_argument, NULL, 'S' },
		{ "ssh", required_argument, NULL, 's' }, { 0 } };
	struct request r = { .secret = false };
	int c;

	optind = 0;
	while ((c = getopt_long(
		    argc, argv, KEY_SHORT_OPTIONS, options, NULL)) != -1) {
		if (key_option(&r.common, c, optarg))
			continue;
		if (c == 'S') {
			r.secret = true;
		} else if (c == 's') {
			r.ssh = optarg;
		} else if (c == 'h') {
			fputs(export_help, stdout);
			return COMMAND_OK;
		} else {
			return key_usage(EXPORT, "wrong option");
		}
	}
	if (argc - optind > 1)
		return key_usage(EXPORT, "name one fingerprint");
	if (r.ssh != NULL && (!name_is_label(r.ssh) || optind < argc))
		return key_usage(EXPORT, "--ssh takes one name and nothing "
					 "else");
	if (optind < argc)
		r.fingerprint = argv[optind];
	return export(&r);
}
