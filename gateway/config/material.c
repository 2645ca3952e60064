/* config/material.c - the keys that the configuration names, in memory. */
#include "gateway/config/material.h"

#include "gateway/base/clock.h"
#include "gateway/config/config_field.h"
#include "gateway/config/config_report.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"
#include "keys/secrets/secret.h"
#include "keys/certs/trust.h"
#include "transports/ssh_key.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FILE_MAX   ((size_t)1024 * 1024)
#define PASSPHRASE_MAX 1024
#define IDENTITY_MAX   ((size_t)64 * 1024)
#define SECRETS_MAX    64
#define SUFFIX         ".key"

struct loader {
	const struct config *cfg;
	struct material *m;
	struct config_report *report;
	struct trust *trust;
	time_t now;
	/* Fingerprint and file of each secret key, as found. */
	char fingerprint[SECRETS_MAX][DOC_FINGERPRINT_SIZE];
	char *path[SECRETS_MAX];
	size_t spoilt; /* of the report: only time is to blame */
};

static void *
zeroed(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size);

	if (p == NULL)
		gw_fatal("out of memory");
	return p;
}

/* A NUL behind the text, not counted, for those who want a string. */
static void
terminate(struct buf *text)
{
	text->max++;
	if (buf_put_u8(text, 0))
		text->len--;
}

/* Read a whole secret; true when it is there and safe. */
static bool
read_secret(struct loader *l, const char *path, size_t max, struct buf *out)
{
	struct why why;

	buf_init_secret(out, max);
	if (config_safe_read(path, CONFIG_SAFE_SECRET, max, out, &why) !=
	    GW_OK) {
		config_report_add(l->report, l->cfg->file, 0, "%s", why.text);
		buf_free(out);
		return false;
	}
	terminate(out);
	return true;
}

static void
load_passphrase(struct loader *l)
{
	struct buf *pass = &l->m->passphrase;

	buf_init_secret(pass, PASSPHRASE_MAX);
	if (l->cfg->passphrase_file == NULL ||
	    !read_secret(l, l->cfg->passphrase_file, PASSPHRASE_MAX, pass))
		return;
	/* The first line; editors end it with a newline. */
	pass->len = strcspn((char *)pass->data, "\r\n");
	pass->data[pass->len] = '\0';
	if (pass->len == 0)
		config_report_add(l->report, l->cfg->passphrase_file, 0,
		    "the passphrase is empty; without one leave "
		    "passphrase-file out");
}

static int
is_key_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name), suffix = strlen(SUFFIX);

	return e->d_name[0] != '.' && n > suffix &&
	       strcmp(e->d_name + n - suffix, SUFFIX) == 0;
}

/* Note the key's fingerprint; false when it was loaded from another file. */
static bool
note_fingerprint(struct loader *l, const struct cert *cert, const char *path)
{
	const char *fingerprint = cert_fingerprint(cert);
	size_t n = l->m->secret_count;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(l->fingerprint[i], fingerprint) == 0) {
			config_report_add(l->report, path, 0,
			    "the same key as in %s; remove one", l->path[i]);
			return false;
		}
	}
	memcpy(l->fingerprint[n], fingerprint, strlen(fingerprint) + 1);
	return true;
}

static enum gw_status
keep_public(struct loader *l, const struct cert *cert, struct why *why)
{
	struct buf *public = &l->m->public[l->m->secret_count];
	enum gw_status st;

	buf_init(public, KEY_FILE_MAX);
	if ((st = cert_export(cert, false, public, why)) != GW_OK)
		return st;
	if (l->cfg->signing_key == NULL ||
	    strcmp(cert_fingerprint(cert), l->cfg->signing_key) != 0)
		return GW_OK;
	if (cert_usable(cert, CERT_SIGN, l->now, why) != GW_OK) {
		config_report_add(l->report, l->cfg->file, 0,
		    "signing-key %s cannot sign: %s", l->cfg->signing_key,
		    why->text);
		l->spoilt++;
	}
	buf_init(&l->m->own_certificate, KEY_FILE_MAX);
	return buf_put(&l->m->own_certificate, public->data, public->len)
		   ? GW_OK
		   : GW_INTERNAL;
}

/* A certificate beside the key may say more than the key's own file: that it
 * was revoked without the passphrase.  GW_OK, or GW_NONE: there is none. */
static enum gw_status
read_beside(const char *path, struct cert **out, struct why *why)
{
	char *beside = config_dup(path);
	enum gw_status st;
	struct buf text;

	memcpy(beside + strlen(path) - strlen(SUFFIX), ".asc", strlen(SUFFIX));
	buf_init(&text, KEY_FILE_MAX);
	st = config_safe_read(
	    beside, CONFIG_SAFE_PUBLIC, KEY_FILE_MAX, &text, why);
	if (st == GW_OK)
		st = cert_parse(text.data, text.len, out, why);
	buf_free(&text);
	free(beside);
	return st == GW_OK ? GW_OK : GW_NONE;
}

/* The key's certificate as a copy of its own, with what is said beside it. */
static enum gw_status
whole_certificate(const struct secret *secret, const char *path,
    struct cert **out, struct why *why)
{
	struct cert *beside = NULL;
	struct buf text;
	enum gw_status st;

	buf_init(&text, KEY_FILE_MAX);
	st = cert_export(secret_cert(secret), false, &text, why);
	if (st == GW_OK)
		st = cert_parse(text.data, text.len, out, why);
	buf_free(&text);
	if (st != GW_OK || read_beside(path, &beside, why) != GW_OK)
		return st;
	st = cert_absorb(out, beside, why);
	if (st != GW_OK)
		cert_free(beside);
	return st == GW_NONE ? GW_OK : st;
}

/* Check one secret key and keep it. */
static void
load_secret(struct loader *l, const char *path)
{
	const struct buf *pass = &l->m->passphrase;
	struct secret *secret = NULL;
	struct cert *cert = NULL;
	struct buf text;
	struct why why;
	size_t n = l->m->secret_count;

	if (!read_secret(l, path, KEY_FILE_MAX, &text))
		return;
	if (secret_parse(text.data, text.len,
		pass->len > 0 ? (char *)pass->data : NULL, &secret,
		&why) != GW_OK) {
		config_report_add(l->report, path, 0, "%s", why.text);
		goto free_text;
	}
	if (!note_fingerprint(l, secret_cert(secret), path))
		goto free_secret;
	if (whole_certificate(secret, path, &cert, &why) != GW_OK ||
	    keep_public(l, cert, &why) != GW_OK) {
		config_report_add(l->report, path, 0, "%s", why.text);
		buf_free(&l->m->public[n]);
		goto free_secret;
	}
	l->m->secret[n] = text;
	l->path[n] = config_dup(path);
	l->m->secret_count++;
	cert_free(cert);
	secret_free(secret);
	return;
free_secret:
	cert_free(cert);
	secret_free(secret);
free_text:
	buf_free(&text);
}

static void
check_signing_key(struct loader *l)
{
	if (l->cfg->signing_key == NULL ||
	    config_report_count(l->report) > l->spoilt)
		return;
	for (size_t i = 0; i < l->m->secret_count; i++) {
		if (strcmp(l->fingerprint[i], l->cfg->signing_key) == 0)
			return;
	}
	config_report_add(l->report, l->cfg->file, 0,
	    "signing-key: there is no key %s in %s; `waybill key list` shows "
	    "what is there",
	    l->cfg->signing_key, l->cfg->keys);
}

static void
load_secrets(struct loader *l)
{
	struct dirent **found = NULL;
	struct why why;
	int count;

	l->m->secret = zeroed(SECRETS_MAX, sizeof(*l->m->secret));
	l->m->public = zeroed(SECRETS_MAX, sizeof(*l->m->public));
	if (config_safe_folder(l->cfg->keys, &why) != GW_OK) {
		config_report_add(l->report, l->cfg->file, 0,
		    "keys: %s (`waybill key generate` makes it)", why.text);
		return;
	}
	count = scandir(l->cfg->keys, &found, is_key_file, alphasort);
	if (count < 0)
		config_report_add(l->report, l->cfg->file, 0,
		    "keys: the folder %s cannot be read", l->cfg->keys);
	if (count > SECRETS_MAX)
		config_report_add(l->report, l->cfg->file, 0,
		    "keys: more than %d keys in %s", SECRETS_MAX, l->cfg->keys);
	for (int i = 0; i < count; i++) {
		char *path = config_value_path(l->cfg->keys, found[i]->d_name);

		if (l->m->secret_count < SECRETS_MAX)
			load_secret(l, path);
		free(path);
		free(found[i]);
	}
	free(found);
	check_signing_key(l);
}

/* What one partner's certificates can do, gathered while they are read. */
struct abilities {
	bool sign, encrypt;
	/* post-quantum = require, and one of them has no such key. */
	bool lacks_post_quantum;
	/* Of the last that cannot. */
	struct why sign_why, encrypt_why, post_quantum_why;
};

static void
note_abilities(const struct loader *l, const struct config_partner *partner,
    const struct cert *cert, struct abilities *can)
{
	enum cert_use use = partner->post_quantum == POST_QUANTUM_OFF
				? CERT_ENCRYPT_CLASSIC
				: CERT_ENCRYPT;

	if (cert_usable(cert, CERT_SIGN, l->now, &can->sign_why) == GW_OK)
		can->sign = true;
	if (cert_usable(cert, use, l->now, &can->encrypt_why) != GW_OK)
		return;
	can->encrypt = true;
	if (partner->post_quantum == POST_QUANTUM_REQUIRE &&
	    cert_usable(
		cert, CERT_ENCRYPT_PQ, l->now, &can->post_quantum_why) != GW_OK)
		can->lacks_post_quantum = true;
}

/* Nobody else may speak for this partner, and neither may we. */
static enum gw_status
check_identity(struct loader *l, const struct config_partner *partner,
    struct cert **cert, struct why *why)
{
	const char *fingerprint = cert_fingerprint(*cert);
	enum gw_status st;

	for (size_t i = 0; i < l->m->secret_count; i++) {
		if (strcmp(l->fingerprint[i], fingerprint) == 0) {
			why_set(why, REASON_CONFIG,
			    "%s is a key of our own, not partner %s's",
			    fingerprint, partner->name);
			return GW_REFUSED;
		}
	}
	st = trust_add(l->trust, partner->name, *cert, why);
	if (st == GW_OK)
		*cert = NULL;
	return st;
}

/* A certificate of one partner, in memory, and the file that it came in. */
struct known {
	struct cert *cert;
	const char *path;
};

/* Copies of one certificate become one: what one of them revokes must not be
 * good by another, neither here nor for those that get them. */
static enum gw_status
join_copy(struct known *known, size_t count, struct cert *cert, struct why *why)
{
	enum gw_status st = GW_NONE;

	for (size_t i = 0; i < count && st == GW_NONE; i++)
		st = cert_absorb(&known[i].cert, cert, why);
	return st;
}

static void
read_certificate(struct loader *l, const struct config_partner *partner,
    const char *path, struct known *known, size_t *count)
{
	struct cert *cert = NULL;
	enum gw_status st;
	struct buf text;
	struct why why;

	buf_init(&text, KEY_FILE_MAX);
	st = config_safe_read(
	    path, CONFIG_SAFE_PUBLIC, KEY_FILE_MAX, &text, &why);
	if (st == GW_OK)
		st = cert_parse(text.data, text.len, &cert, &why);
	if (st == GW_OK)
		st = join_copy(known, *count, cert, &why);
	if (st == GW_NONE) {
		known[*count].cert = cert;
		known[(*count)++].path = path;
	} else if (st != GW_OK) {
		config_report_add(l->report, path, 0, "partner %s: %s",
		    partner->name, why.text);
		cert_free(cert);
	}
	buf_free(&text);
}

/* Takes the certificate. */
static void
keep_certificate(struct loader *l, const struct config_partner *partner,
    struct known *k, struct abilities *can, struct buf *binary)
{
	struct why why;

	buf_init(binary, KEY_FILE_MAX);
	note_abilities(l, partner, k->cert, can);
	if (cert_export(k->cert, false, binary, &why) != GW_OK ||
	    check_identity(l, partner, &k->cert, &why) != GW_OK)
		config_report_add(l->report, k->path, 0, "partner %s: %s",
		    partner->name, why.text);
	cert_free(k->cert);
}

/* All that the partner's files say, each certificate once. */
static void
read_certificates(struct loader *l, const struct config_partner *partner,
    struct material_partner *m, struct abilities *can)
{
	size_t files = partner->certificates.count, count = 0;
	struct known *known = zeroed(files, sizeof(*known));

	for (size_t i = 0; i < files; i++)
		read_certificate(
		    l, partner, partner->certificates.item[i], known, &count);
	m->certificate = zeroed(count, sizeof(*m->certificate));
	m->certificate_count = count;
	for (size_t i = 0; i < count; i++)
		keep_certificate(
		    l, partner, &known[i], can, &m->certificate[i]);
	free(known);
}

static void
add_spoilt(struct loader *l, const struct config_partner *partner,
    const char *what, const struct why *why)
{
	config_report_add(l->report, partner->file, 0,
	    "partner %s: no certificate %s: %s", partner->name, what,
	    why->text);
	l->spoilt++;
}

/* Refused one by one, as what has expired. */
static void
add_lacking(struct loader *l, const struct config_partner *partner,
    const struct why *why)
{
	config_report_add(l->report, partner->file, 0,
	    "partner %s: post-quantum = require, but %s", partner->name,
	    why->text);
	l->spoilt++;
}

static void
load_certificates(struct loader *l, const struct config_partner *partner,
    struct material_partner *m)
{
	struct abilities can = { .sign = false };
	size_t before = config_report_count(l->report);

	read_certificates(l, partner, m, &can);
	if (config_report_count(l->report) > before)
		return;
	if (config_has_flow(partner, DOC_OUT) && !can.encrypt)
		add_spoilt(l, partner, "can be encrypted to", &can.encrypt_why);
	if (config_has_flow(partner, DOC_OUT) && can.lacks_post_quantum)
		add_lacking(l, partner, &can.post_quantum_why);
	if (config_has_flow(partner, DOC_IN) && !can.sign)
		add_spoilt(
		    l, partner, "can have signed documents", &can.sign_why);
}

static void
load_identity(
    struct loader *l, const struct config_server *server, struct buf *identity)
{
	struct ssh_key_facts facts;
	struct why why;

	if (server == NULL ||
	    !read_secret(l, server->identity, IDENTITY_MAX, identity))
		return;
	if (ssh_key_describe(identity->data, identity->len, NULL, &facts, NULL,
		&why) != GW_OK)
		config_report_add(
		    l->report, server->identity, 0, "%s", why.text);
}

static void
load_partners(struct loader *l)
{
	const struct config *cfg = l->cfg;

	l->m->partner_count = cfg->partner_count;
	l->m->partner = zeroed(cfg->partner_count, sizeof(*l->m->partner));
	for (size_t i = 0; i < cfg->partner_count; i++) {
		const struct config_partner *partner = &cfg->partner[i];
		struct material_partner *m = &l->m->partner[i];

		load_certificates(l, partner, m);
		load_identity(l, partner->send, &m->send_identity);
		load_identity(l, partner->collect, &m->collect_identity);
	}
}

enum gw_status
material_load(const struct config *cfg, enum material_use use,
    config_error_fn tell, void *ctx, struct material **out)
{
	struct loader *l = zeroed(1, sizeof(*l));
	enum gw_status st = GW_REFUSED;

	*out = NULL;
	l->cfg = cfg;
	l->m = zeroed(1, sizeof(*l->m));
	l->report = config_report_new();
	l->trust = trust_new();
	l->now = (time_t)(clock_wall_ms() / 1000);
	load_passphrase(l);
	load_secrets(l);
	load_partners(l);
	config_report_tell(l->report, tell, ctx);
	if (config_report_count(l->report) ==
	    (use == MATERIAL_RUN ? l->spoilt : 0)) {
		*out = l->m;
		l->m = NULL;
		st = GW_OK;
	}
	material_free(l->m);
	trust_free(l->trust);
	config_report_free(l->report);
	for (size_t i = 0; i < SECRETS_MAX; i++)
		free(l->path[i]);
	free(l);
	return st;
}

static void
free_partner(struct material_partner *p)
{
	for (size_t i = 0; i < p->certificate_count; i++)
		buf_free(&p->certificate[i]);
	free(p->certificate);
	buf_free(&p->send_identity);
	buf_free(&p->collect_identity);
}

void
material_free(struct material *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->secret_count; i++) {
		buf_free(&m->secret[i]);
		buf_free(&m->public[i]);
	}
	free(m->secret);
	free(m->public);
	buf_free(&m->passphrase);
	buf_free(&m->own_certificate);
	for (size_t i = 0; i < m->partner_count; i++)
		free_partner(&m->partner[i]);
	free(m->partner);
	free(m);
}
