/* gateway/commands/check.c - waybill check: is the configuration good? */
#include "gateway/commands/commands.h"

#include "gateway/base/clock.h"
#include "gateway/commands/key.h"
#include "gateway/config/config.h"
#include "gateway/config/material.h"
#include "keys/certs/cert.h"

#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WARN_DAYS 60
#define DAY       ((time_t)24 * 3600)

static const char help[] =
    "usage: waybill check [OPTIONS]\n"
    "\n"
    "Read the configuration and all keys that it names, tell everything that\n"
    "is wrong as FILE:LINE: TEXT, and change nothing.  Exit code 0: good,\n"
    "1: something is wrong, 2: wrong usage.\n"
    "\n"
    "  -f, --config FILE    the configuration (" COMMAND_CONFIG ")\n"
    "      --json           print one object for programs\n"
    "      --keywords       print the table of keywords: section, keyword,\n"
    "                       kind, default, and whether it is required\n"
    "  -h, --help           this text\n";

/* What was found, as a text while it is found or for --json at the end. */
struct findings {
	bool json;
	json_t *problems, *warnings, *keys;
	time_t now;
};

static json_t *
must(json_t *j)
{
	if (j == NULL)
		gw_fatal("out of memory");
	return j;
}

/* Foreign text may be no UTF-8, which JSON cannot hold. */
static json_t *
json_text(const char *text)
{
	json_t *j = json_string(text);

	return must(j != NULL ? j : json_string("(not UTF-8)"));
}

static void
problem(void *ctx, const char *file, unsigned line, const char *text)
{
	struct findings *f = ctx;

	(void)json_array_append_new(f->problems,
	    must(json_pack("{s:o,s:i,s:o}", "file", json_text(file), "line",
		(int)line, "text", json_text(text))));
	if (f->json)
		return;
	if (line > 0)
		printf("%s:%u: %s\n", file, line, text);
	else
		printf("%s: %s\n", file, text);
}

static void __attribute__((format(printf, 2, 3)))
warning(struct findings *f, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX + 200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)json_array_append_new(f->warnings, json_text(text));
	if (!f->json)
		printf("warning: %s\n", text);
}

/* Warn of what ends soon; the dates go into the list of keys. */
static void
check_use(struct findings *f, const struct cert *cert, const char *owner,
    enum cert_use use)
{
	const char *what = use == CERT_SIGN ? "sign" : "be encrypted to";
	time_t expires = cert_expires(cert, use);
	char date[KEY_DATE_SIZE];
	struct why why;

	if (cert_usable(cert, use, f->now, &why) != GW_OK)
		warning(f, "%s: key %s cannot %s: %s", owner,
		    cert_fingerprint(cert), what, why.text);
	else if (expires != 0 && expires - f->now < WARN_DAYS * DAY)
		warning(f, "%s: key %s expires on %s, in %ld days", owner,
		    cert_fingerprint(cert), key_date(expires, date),
		    (long)((expires - f->now) / DAY));
}

static void
check_key(struct findings *f, const struct buf *binary, const char *owner,
    bool sign, bool encrypt)
{
	char signs[KEY_DATE_SIZE], encrypts[KEY_DATE_SIZE];
	struct cert *cert;
	struct why why;

	if (cert_parse(binary->data, binary->len, &cert, &why) != GW_OK)
		gw_fatal("a key that was loaded is gone: %s", why.text);
	if (sign)
		check_use(f, cert, owner, CERT_SIGN);
	if (encrypt)
		check_use(f, cert, owner, CERT_ENCRYPT);
	(void)json_array_append_new(f->keys,
	    must(json_pack("{s:s,s:s,s:s,s:s}", "owner", owner, "fingerprint",
		cert_fingerprint(cert), "sign_expires",
		key_date(cert_expires(cert, CERT_SIGN), signs),
		"encrypt_expires",
		key_date(cert_expires(cert, CERT_ENCRYPT), encrypts))));
	cert_free(cert);
}

static void
check_keys(
    struct findings *f, const struct config *cfg, const struct material *m)
{
	bool out = false, in = false;

	for (size_t i = 0; i < cfg->partner_count; i++) {
		out = out || config_has_flow(&cfg->partner[i], DOC_OUT);
		in = in || config_has_flow(&cfg->partner[i], DOC_IN);
	}
	check_key(f, &m->own_certificate, "signing-key", out, in);
	for (size_t i = 0; i < cfg->partner_count; i++) {
		const struct config_partner *p = &cfg->partner[i];
		const struct material_partner *keys = &m->partner[i];

		for (size_t j = 0; j < keys->certificate_count; j++)
			check_key(f, &keys->certificate[j], p->name,
			    config_has_flow(p, DOC_IN),
			    config_has_flow(p, DOC_OUT));
	}
}

static size_t
count_flows(const struct config *cfg, enum doc_direction direction)
{
	size_t count = 0;

	for (size_t i = 0; i < cfg->partner_count; i++) {
		const struct config_partner *p = &cfg->partner[i];

		for (size_t j = 0; j < p->flow_count; j++)
			count += p->flow[j].direction == direction;
	}
	return count;
}

static void
print_json(const struct findings *f, const struct config *cfg)
{
	json_t *all = must(json_pack("{s:b,s:O,s:O}", "ok", cfg != NULL,
	    "problems", f->problems, "warnings", f->warnings));
	json_t *found = NULL;
	char *text;

	if (cfg != NULL)
		found = must(json_pack("{s:I,s:I,s:I,s:O}", "partners",
		    (json_int_t)cfg->partner_count, "flows_out",
		    (json_int_t)count_flows(cfg, DOC_OUT), "flows_in",
		    (json_int_t)count_flows(cfg, DOC_IN), "keys", f->keys));
	(void)json_object_update(all, found); /* nothing to add: no matter */
	json_decref(found);
	if ((text = json_dumps(all, JSON_COMPACT)) == NULL)
		gw_fatal("out of memory");
	puts(text);
	free(text);
	json_decref(all);
}

static void
print_good(const struct findings *f, const struct config *cfg)
{
	const char *owner, *fpr, *sign, *encrypt;
	size_t i;
	json_t *key;

	printf("%s: good; partners: %zu, flows: %zu out, %zu in; keys:",
	    cfg->file, cfg->partner_count, count_flows(cfg, DOC_OUT),
	    count_flows(cfg, DOC_IN));
	json_array_foreach(f->keys, i, key)
	{
		if (json_unpack(key, "{s:s,s:s,s:s,s:s}", "owner", &owner,
			"fingerprint", &fpr, "sign_expires", &sign,
			"encrypt_expires", &encrypt) != 0)
			continue;
		/* The end of a fingerprint is what people compare. */
		printf("%s %s ..%s until %s", i > 0 ? "," : "", owner,
		    fpr + strlen(fpr) - 8,
		    strcmp(sign, encrypt) <= 0 ? sign : encrypt);
	}
	putchar('\n');
}

static int
check(const char *path, bool json)
{
	struct findings f = { json, must(json_array()), must(json_array()),
		must(json_array()), (time_t)(clock_wall_ms() / 1000) };
	struct config *cfg = NULL;
	struct material *m = NULL;
	struct why why;
	bool good = false;

	if (key_start(&why) != GW_OK)
		problem(&f, path, 0, why.text);
	else if (config_load(path, problem, &f, &cfg) == GW_OK &&
		 material_load(cfg, MATERIAL_CHECK, problem, &f, &m) == GW_OK)
		good = true;
	if (good)
		check_keys(&f, cfg, m);
	if (json)
		print_json(&f, good ? cfg : NULL);
	else if (good)
		print_good(&f, cfg);
	material_free(m);
	config_free(cfg);
	json_decref(f.problems);
	json_decref(f.warnings);
	json_decref(f.keys);
	return good ? COMMAND_OK : COMMAND_FAILED;
}

static int
print_keywords(void)
{
	const struct config_keyword *k;

	for (k = config_keywords(); k->name != NULL; k++)
		printf("%s\t%s\t%s\t%s\t%s\n", k->section, k->name, k->kind,
		    k->preset, k->required ? "required" : "");
	return COMMAND_OK;
}

int
command_check(int argc, char **argv)
{
	static const struct option options[] = { { "config", required_argument,
						     NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "keywords", no_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	const char *path = COMMAND_CONFIG;
	bool json = false;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "f:h", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			path = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'k':
			return print_keywords();
		case 'h':
			fputs(help, stdout);
			return COMMAND_OK;
		default:
			return key_usage("check", "wrong option");
		}
	}
	if (optind < argc)
		return key_usage(
		    "check", "\"%s\" is one word too many", argv[optind]);
	return check(path, json);
}
