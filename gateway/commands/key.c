/* gateway/commands/key.c - waybill key: which one, and what they share. */
#include "gateway/commands/key.h"

#include "gateway/commands/commands.h"
#include "gateway/config/config_field.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"
#include "keys/keys.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024

static const char help[] =
    "usage: waybill key generate [OPTIONS]     make an OpenPGP or SSH key\n"
    "       waybill key import FILE            take in a secret OpenPGP key\n"
    "       waybill key export [FINGERPRINT]   print a certificate or key\n"
    "       waybill key list                   our keys and the partners'\n"
    "       waybill key expire [FINGERPRINT]   let a key live longer\n"
    "       waybill key rotate [FINGERPRINT]   new subkeys beside the old\n"
    "       waybill key revoke FINGERPRINT     end a key, or a subkey\n"
    "       waybill key passwd                 another passphrase for all\n"
    "\n"
    "Options of all of them:\n"
    "  -f, --config FILE         the configuration (" COMMAND_CONFIG ")\n"
    "      --keys FOLDER         where the keys are, without asking the\n"
    "                            configuration\n"
    "      --passphrase-file F   its first line protects the secret keys\n"
    "      --json                for programs\n"
    "      --help                also after each command\n";

int
command_key(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int, char **);
	} commands[] = { { "generate", key_generate }, { "import", key_import },
		{ "export", key_export }, { "list", key_list },
		{ "expire", key_expire }, { "rotate", key_rotate },
		{ "revoke", key_revoke }, { "passwd", key_passwd } };

	if (argc < 2)
		return key_usage("key",
		    "say what to do: generate, import, export, list, expire, "
		    "rotate, revoke or passwd");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);
		return COMMAND_OK;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	return key_usage("key", "there is no command \"%s\"", argv[1]);
}

bool
key_option(struct key_options *o, int c, const char *value)
{
	switch (c) {
	case 'f':
		o->config = value;
		return true;
	case 'k':
		o->keys = value;
		return true;
	case 'p':
		o->passphrase_file = value;
		return true;
	case 'j':
		o->json = true;
		return true;
	default:
		return false;
	}
}

enum gw_status
key_start(struct why *why)
{
	struct rlimit none = { 0, 0 };
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	(void)setrlimit(RLIMIT_CORE, &none); /* lowering is always allowed */
	/* No page of this short process goes to swap; but only where there
	 * is no limit, which would make some later malloc() fail. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	return keys_init(0, why);
}

enum gw_status
key_read_passphrase(const char *path, struct buf *out, struct why *why)
{
	enum gw_status st;

	st = config_safe_read(
	    path, CONFIG_SAFE_SECRET, PASSPHRASE_MAX, out, why);
	if (st != GW_OK)
		return st;
	out->max++;
	if (!buf_put_u8(out, 0))
		return GW_INTERNAL;
	out->len = strcspn((char *)out->data, "\r\n");
	out->data[out->len] = '\0';
	if (out->len > 0)
		return GW_OK;
	why_set(why, REASON_CONFIG, "%s holds no passphrase", path);
	return GW_REFUSED;
}

static char *
absolute(const char *path)
{
	char here[PATH_MAX];

	if (getcwd(here, sizeof(here)) == NULL)
		gw_fatal("the current folder has no name");
	return config_value_path(here, path);
}

enum gw_status
key_place_open(
    const struct key_options *o, struct key_place *place, struct why *why)
{
	enum gw_status st;
	const char *file = o->passphrase_file;

	memset(place, 0, sizeof(*place));
	buf_init_secret(&place->passphrase, PASSPHRASE_MAX);
	buf_init_secret(&place->next, PASSPHRASE_MAX);
	if ((st = key_start(why)) != GW_OK)
		return st;
	/* Someone who names a folder may have no configuration yet. */
	if (o->keys == NULL || o->config != NULL)
		place->cfg = config_load_draft(
		    o->config != NULL ? o->config : COMMAND_CONFIG);
	place->folder =
	    o->keys != NULL ? absolute(o->keys) : config_dup(place->cfg->keys);
	if (file == NULL && place->cfg != NULL)
		file = place->cfg->passphrase_file;
	return file != NULL ? key_read_passphrase(file, &place->passphrase, why)
			    : GW_OK;
}

void
key_place_free(struct key_place *place)
{
	config_free(place->cfg);
	free(place->folder);
	buf_free(&place->passphrase);
	buf_free(&place->next);
}

const char *
key_passphrase(const struct key_place *place)
{
	return place->passphrase.len > 0 ? (char *)place->passphrase.data
					 : NULL;
}

const char *
key_next_passphrase(const struct key_place *place)
{
	return place->next.len > 0 ? (char *)place->next.data : NULL;
}

int
key_failed(const char *command, const struct why *why)
{
	fprintf(stderr, "waybill %s: %s\n", command, why->text);
	return COMMAND_FAILED;
}

int
key_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "waybill %s: ", command);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "; `waybill %s --help` says more\n", command);
	va_end(ap);
	return COMMAND_USAGE;
}
