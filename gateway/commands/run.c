/* gateway/commands/run.c - `waybill run`: the gateway, in the foreground. */
#include "gateway/commands/commands.h"

#include "gateway/supervisor.h"
#include "keys/certs/cert.h"
#include "keys/keys.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void
tell(void *ctx, const char *file, unsigned line, const char *text)
{
	(void)ctx;
	if (line > 0)
		fprintf(stderr, "%s:%u: %s\n", file, line, text);
	else
		fprintf(stderr, "%s: %s\n", file, text);
}

static enum gw_status
load(void *path, struct config **cfg, struct material **m)
{
	enum gw_status st;

	if ((st = config_load(path, tell, NULL, cfg)) != GW_OK)
		return st;
	if ((st = material_load(*cfg, MATERIAL_RUN, tell, NULL, m)) != GW_OK) {
		config_free(*cfg);
		*cfg = NULL;
	}
	return st;
}

static int
usage(int code)
{
	fprintf(code == COMMAND_OK ? stdout : stderr,
	    "usage: waybill run [-f FILE]\n"
	    "Run the gateway in the foreground until SIGTERM or SIGINT; SIGHUP\n"
	    "reads the configuration again.  -f: configuration file\n"
	    "(" COMMAND_CONFIG ")\n");
	return code;
}

int
command_run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char path[] = COMMAND_CONFIG, *file = path;
	struct config *cfg;
	struct material *m;
	struct why why;
	int c;

	while ((c = getopt_long(argc, argv, "f:h", longs, NULL)) != -1) {
		if (c == 'f')
			file = optarg;
		else
			return usage(c == 'h' ? COMMAND_OK : COMMAND_USAGE);
	}
	if (optind != argc)
		return usage(COMMAND_USAGE);
	if (keys_init((size_t)64 * 1024, &why) != GW_OK) {
		fprintf(stderr, "waybill: %s\n", why.text);
		return COMMAND_FAILED;
	}
	if (load(file, &cfg, &m) != GW_OK) {
		fprintf(stderr,
		    "waybill: not started; correct the configuration "
		    "(waybill check)\n");
		return COMMAND_FAILED;
	}
	if (supervisor_run(cfg, m, load, file, &why) != GW_OK) {
		fprintf(stderr, "waybill: not started: %s\n", why.text);
		return COMMAND_FAILED;
	}
	return COMMAND_OK;
}
