/* gateway/commands/key_own.c - keys of ours on disk: a new one, and one that
 * is changed. */
#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/key.h"
#include "gateway/config/config_field.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REVOCATION_MAX ((size_t)64 * 1024)
#define PARTS_MAX      65 /* a primary key and what may hang on it */

static const char revocation_words[] =
    "This is a revocation certificate. Whoever gets it ends the key\n"
    "%s\n"
    "for good, so keep it apart from the key, and show it to nobody. It is\n"
    "for the day on which the key or its passphrase is lost or stolen: send\n"
    "it to the partners then, who import it like a certificate.\n"
    "While the key is at hand, `waybill key revoke` does the same and says\n"
    "why.\n"
    "\n";

static enum gw_status
save_revocation(
    const char *folder, const struct secret *secret, struct why *why)
{
	const char *fingerprint = cert_fingerprint(secret_cert(secret));
	char name[DOC_FINGERPRINT_SIZE + 20];
	enum gw_status st;
	struct buf text;

	buf_init(&text, REVOCATION_MAX);
	(void)buf_printf(&text, revocation_words, fingerprint);
	st = secret_revocation(secret, SECRET_NO_REASON,
	    "made together with the key", (time_t)(clock_wall_ms() / 1000),
	    &text, why);
	snprintf(name, sizeof(name), "%s.revocation.asc", fingerprint);
	if (st == GW_OK)
		st = keyfolder_write(
		    folder, name, 0600, text.data, text.len, why);
	buf_free(&text);
	/* One that lies there is as good; and a key without its primary one
	 * cannot make any. */
	return st == GW_EXISTS ||
		       (st == GW_REFUSED && why->reason == REASON_KEY_UNUSABLE)
		   ? GW_OK
		   : st;
}

enum gw_status
key_save(const char *folder, const struct secret *secret,
    const struct buf *text, struct why *why)
{
	const char *fingerprint = cert_fingerprint(secret_cert(secret));
	char name[DOC_FINGERPRINT_SIZE + 8];
	struct buf certificate;
	enum gw_status st;

	snprintf(name, sizeof(name), "%s.key", fingerprint);
	st = keyfolder_write(folder, name, 0600, text->data, text->len, why);
	if (st != GW_OK)
		return st;
	buf_init(&certificate, KEYFOLDER_FILE_MAX);
	st = cert_export(secret_cert(secret), true, &certificate, why);
	snprintf(name, sizeof(name), "%s.asc", fingerprint);
	if (st == GW_OK)
		st = keyfolder_write(
		    folder, name, 0644, certificate.data, certificate.len, why);
	/* One that lies there says less: key_join() took in what it says. */
	if (st == GW_EXISTS) {
		struct keyfolder_change all = { name, 0644, &certificate, "" };

		st = keyfolder_replace(folder, &all, 1, why);
	}
	buf_free(&certificate);
	return st == GW_OK ? save_revocation(folder, secret, why) : st;
}

const struct keyfolder_key *
key_choose(const struct key_place *place, const struct keyfolder *folder,
    const char *fingerprint, struct why *why)
{
	char plain[DOC_FINGERPRINT_SIZE];
	const char *wanted = fingerprint;
	const struct keyfolder_key *key;

	if (wanted == NULL && place->cfg != NULL)
		wanted = place->cfg->signing_key;
	if (wanted == NULL && folder->count == 1 && folder->key[0].cert != NULL)
		return &folder->key[0];
	if (wanted == NULL) {
		why_set(why, REASON_CONFIG,
		    "%zu keys are in %s; name the fingerprint of one",
		    folder->count, folder->path);
		return NULL;
	}
	if (config_value_fingerprint(wanted, plain))
		wanted = plain;
	if ((key = keyfolder_find(folder, wanted)) == NULL)
		why_set(why, REASON_CONFIG,
		    "no key %s (or more than one) in %s; `waybill key list` "
		    "shows what is there",
		    wanted, folder->path);
	return key;
}

static enum gw_status
unlock(const struct key_place *place, const char *path, struct secret **out,
    struct why *why)
{
	const char *words[2];
	enum gw_status st;
	struct buf text;
	size_t count = 0, found;

	if (key_passphrase(place) != NULL)
		words[count++] = key_passphrase(place);
	if (key_next_passphrase(place) != NULL)
		words[count++] = key_next_passphrase(place);
	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_SECRET, KEYFOLDER_FILE_MAX, &text, why);
	if (st == GW_OK && (st = secret_parse_all(text.data, text.len, words,
				count, out, 1, &found, why)) != GW_OK)
		why_prefix(why, "%s", path);
	buf_free(&text);
	return st;
}

static bool
same(const struct cert *a, const struct cert *b, struct why *why)
{
	struct buf x, y;
	bool equal;

	buf_init(&x, KEYFOLDER_FILE_MAX);
	buf_init(&y, KEYFOLDER_FILE_MAX);
	equal = cert_export(a, false, &x, why) == GW_OK &&
		cert_export(b, false, &y, why) == GW_OK && x.len == y.len &&
		memcmp(x.data, y.data, x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return equal;
}

enum gw_status
key_join(struct secret **secret, const struct cert *cert, struct why *why)
{
	struct secret *joined;
	enum gw_status st;

	if (same(secret_cert(*secret), cert, why))
		return GW_OK;
	st = secret_merge(*secret, cert, &joined, why);
	/* Of another key, or one that nothing can be verified with. */
	if (st != GW_OK)
		return st == GW_REFUSED ? GW_OK : st;
	secret_free(*secret);
	*secret = joined;
	return GW_OK;
}

static void
name_files(struct key_own *own, const char *path)
{
	size_t len = strlen(path);

	own->path = config_dup(path);
	own->certificate = config_dup(path);
	memcpy(own->certificate + len - 4, ".asc", 4); /* behind ".key" */
}

enum gw_status
key_own_open(const struct key_place *place, const char *fingerprint,
    struct key_own *own, struct why *why)
{
	const struct keyfolder_key *key;
	struct keyfolder *folder;
	enum gw_status st;

	memset(own, 0, sizeof(*own));
	if ((st = keyfolder_lock(place->folder, &own->lock, why)) != GW_OK) {
		own->lock = -1;
		return st;
	}
	st = keyfolder_open(place->folder, key_passphrase(place), &folder, why);
	if (st != GW_OK)
		return st;
	if ((key = key_choose(place, folder, fingerprint, why)) == NULL) {
		st = GW_NONE;
	} else {
		name_files(own, key->path);
		st = unlock(place, key->path, &own->secret, why);
		if (st == GW_OK)
			st = key_join(&own->secret, key->cert, why);
	}
	keyfolder_close(folder);
	return st;
}

static enum gw_status
not_the_same(struct why *why)
{
	why_set(why, REASON_INTERNAL,
	    "the changed key does not read back as it should; nothing was "
	    "written");
	return GW_INTERNAL;
}

/* It must open with what opens it tomorrow, and be what it was made to be. */
static enum gw_status
read_back(const struct buf *text, const char *passphrase,
    const struct buf *certificate, struct why *why)
{
	struct secret *again = NULL;
	struct buf public;
	enum gw_status st;

	buf_init(&public, KEYFOLDER_FILE_MAX);
	st = secret_parse(text->data, text->len, passphrase, &again, why);
	if (st == GW_OK)
		st = cert_export(secret_cert(again), true, &public, why);
	if (st == GW_OK &&
	    (public.len != certificate->len ||
		memcmp(public.data, certificate->data, public.len) != 0))
		st = not_the_same(why);
	secret_free(again);
	buf_free(&public);
	return st;
}

static const char *
base(const char *path)
{
	return strrchr(path, '/') + 1;
}

static enum gw_status
replace(const struct key_place *place, struct key_own *own,
    const struct buf *text, const struct buf *certificate, struct why *why)
{
	struct keyfolder_change files[] = {
		{ base(own->path), 0600, text, "" },
		{ base(own->certificate), 0644, certificate, "" },
	};
	enum gw_status st = keyfolder_replace(place->folder, files, 2, why);

	for (int i = 0; i < 2; i++)
		snprintf(
		    own->kept[i], sizeof(own->kept[i]), "%s", files[i].kept);
	return st;
}

enum gw_status
key_own_write(const struct key_place *place, struct key_own *own,
    const struct secret *now, const struct key_lock *how, struct why *why)
{
	bool weak;
	struct key_lock same = { key_passphrase(place),
		secret_locked_as(now, &weak) };
	struct buf text, certificate;
	enum gw_status st;

	if (how == NULL)
		how = &same;
	buf_init_secret(&text, KEYFOLDER_FILE_MAX);
	buf_init(&certificate, KEYFOLDER_FILE_MAX);
	st = secret_export(now, how->passphrase, how->kind, true, &text, why);
	if (st == GW_OK)
		st = cert_export(secret_cert(now), true, &certificate, why);
	if (st == GW_OK)
		st = read_back(&text, how->passphrase, &certificate, why);
	if (st == GW_OK)
		st = replace(place, own, &text, &certificate, why);
	buf_free(&certificate);
	buf_free(&text);
	return st;
}

void
key_own_free(struct key_own *own)
{
	secret_free(own->secret);
	free(own->path);
	free(own->certificate);
	if (own->lock >= 0)
		fd_close(&own->lock);
}

void
key_own_tell(const struct key_own *own)
{
	printf("The old files are kept beside the new ones:\n");
	for (int i = 0; i < 2; i++)
		if (own->kept[i][0] != '\0')
			printf("  %s\n", own->kept[i]);
	if (own->kept[0][0] != '\0')
		printf("The secret one is locked, or lies open, as it did "
		       "before. When a gateway runs\nwith the new ones, remove "
		       "the old files.\n");
}

void
key_own_print(const struct key_own *own, const struct cert *now)
{
	json_t *kept = json_array(), *o;
	char *text;

	for (int i = 0; i < 2; i++)
		if (own->kept[i][0] != '\0')
			(void)json_array_append_new(
			    kept, json_string(own->kept[i]));
	o = json_pack("{s:s,s:s,s:s,s:o}", "fingerprint", cert_fingerprint(now),
	    "secret_file", own->path, "certificate_file", own->certificate,
	    "kept", kept);
	if (o == NULL || (text = json_dumps(o, JSON_COMPACT)) == NULL)
		gw_fatal("out of memory");
	puts(text);
	free(text);
	json_decref(o);
}

bool
key_only_signs(const struct cert *cert)
{
	struct cert_key_facts f[PARTS_MAX];
	size_t n =
	    cert_facts(cert, (time_t)(clock_wall_ms() / 1000), f, PARTS_MAX);

	for (size_t i = 0; i < n; i++)
		if (f[i].encrypts)
			return false;
	return true;
}

int
key_change(const char *command, const struct key_options *options,
    const char *fingerprint,
    enum gw_status (*change)(
	void *, const struct secret *, struct secret **, struct why *),
    void (*tell)(void *, const struct key_place *, const struct cert *),
    void *ctx)
{
	struct key_place place;
	struct key_own own = { .lock = -1 };
	struct secret *changed = NULL;
	struct why why;
	enum gw_status st = key_place_open(options, &place, &why);

	if (st == GW_OK)
		st = key_own_open(&place, fingerprint, &own, &why);
	if (st == GW_OK)
		st = change(ctx, own.secret, &changed, &why);
	if (st == GW_OK)
		st = key_own_write(&place, &own, changed, NULL, &why);
	if (st == GW_OK && options->json) {
		key_own_print(&own, secret_cert(changed));
	} else if (st == GW_OK) {
		tell(ctx, &place, secret_cert(changed));
		printf("The partners have to get its certificate, which says "
		       "so:\n  %s\n"
		       "A running gateway is told by SIGHUP, or systemctl "
		       "reload waybill.\n",
		    own.certificate);
		key_own_tell(&own);
	}
	secret_free(changed);
	key_own_free(&own);
	key_place_free(&place);
	return st == GW_OK ? COMMAND_OK : key_failed(command, &why);
}
