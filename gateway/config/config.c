/* config/config.c - what the administrator wrote, checked. */
#include "gateway/config/config.h"

#include "gateway/config/config_field.h"
#include "gateway/config/config_read.h"
#include "gateway/config/config_value.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARTNER_FILES_MAX 10000

static char *
absolute(const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return config_dup(path);
	if (getcwd(here, sizeof(here)) == NULL)
		gw_fatal("the current folder has no name");
	return config_value_path(here, path);
}

/* Keeps the name as long as the config lives. */
static const char *
add_file(struct config *cfg, const char *path)
{
	char **grown =
	    reallocarray(cfg->files.item, cfg->files.count + 1, sizeof(*grown));

	if (grown == NULL)
		gw_fatal("out of memory");
	cfg->files.item = grown;
	grown[cfg->files.count++] = config_dup(path);
	return grown[cfg->files.count - 1];
}

static void
read_partner_files(
    struct config *cfg, const char *pattern, struct config_report *report)
{
	char *unused = NULL; /* only waybill.conf names partners */
	glob_t found;
	int rc = glob(pattern, 0, NULL, &found);
	size_t count = rc == 0 ? found.gl_pathc : 0;

	/* A pattern may find nothing yet, a plain name must be there. */
	if (rc != 0 && (rc != GLOB_NOMATCH || strpbrk(pattern, "*?[") == NULL))
		config_report_add(report, cfg->file, 0, "partners: %s: %s",
		    pattern,
		    rc == GLOB_NOMATCH ? "there is no such file"
				       : "cannot be searched");
	if (count > PARTNER_FILES_MAX) {
		config_report_add(report, cfg->file, 0,
		    "partners: more than %d files", PARTNER_FILES_MAX);
		count = 0;
	}
	for (size_t i = 0; i < count; i++)
		config_read_file(cfg, add_file(cfg, found.gl_pathv[i]),
		    CONFIG_FILE_PARTNER, report, &unused);
	globfree(&found);
}

static struct config *
read_all(const char *path, struct config_report *report)
{
	struct config *cfg = calloc(1, sizeof(*cfg));
	char *partners = NULL;

	if (cfg == NULL)
		gw_fatal("out of memory");
	cfg->file = absolute(path);
	config_read_file(cfg, cfg->file, CONFIG_FILE_MAIN, report, &partners);
	if (partners != NULL)
		read_partner_files(cfg, partners, report);
	free(partners);
	return cfg;
}

enum gw_status
config_load(
    const char *path, config_error_fn tell, void *ctx, struct config **out)
{
	struct config_report *report = config_report_new();
	struct config *cfg = read_all(path, report);
	enum gw_status st = GW_REFUSED;

	*out = NULL;
	config_report_tell(report, tell, ctx);
	if (config_report_count(report) == 0) {
		*out = cfg;
		cfg = NULL;
		st = GW_OK;
	}
	config_report_free(report);
	config_free(cfg);
	return st;
}

struct config *
config_load_draft(const char *path)
{
	struct config_report *report = config_report_new();
	struct config *cfg = read_all(path, report);

	if (cfg->keys == NULL) {
		char *folder = config_dup(cfg->file);

		*strrchr(folder, '/') = '\0';
		cfg->keys = config_value_path(
		    folder, config_keywords_find("", "keys")->preset);
		free(folder);
	}
	config_report_free(report);
	return cfg;
}

static void
free_server(struct config_server *s)
{
	if (s == NULL)
		return;
	free(s->host);
	free(s->user);
	config_list_free(&s->host_keys);
	free(s->identity);
	free(s->remote);
	free(s->move_to);
	config_list_free(&s->match);
	free(s);
}

static void
free_partner(struct config_partner *p)
{
	config_list_free(&p->certificates);
	free_server(p->send);
	free_server(p->collect);
	for (size_t i = 0; i < p->flow_count; i++) {
		config_list_free(&p->flow[i].match);
		free(p->flow[i].remote_name);
	}
	free(p->flow);
}

void
config_free(struct config *cfg)
{
	if (cfg == NULL)
		return;
	for (size_t i = 0; i < cfg->partner_count; i++)
		free_partner(&cfg->partner[i]);
	free(cfg->partner);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		free(cfg->user[i]);
	free(cfg->gateway_id);
	free(cfg->spool);
	free(cfg->state);
	free(cfg->control);
	free(cfg->keys);
	free(cfg->passphrase_file);
	free(cfg->signing_key);
	free(cfg->admin_group);
	config_list_free(&cfg->files);
	free(cfg->file);
	free(cfg);
}

const struct config_partner *
config_partner(const struct config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->partner_count; i++) {
		if (strcmp(cfg->partner[i].name, name) == 0)
			return &cfg->partner[i];
	}
	return NULL;
}

const struct config_flow *
config_flow(const struct config_partner *partner, enum doc_direction direction,
    const char *name)
{
	for (size_t i = 0; i < partner->flow_count; i++) {
		const struct config_flow *flow = &partner->flow[i];

		if (flow->direction == direction &&
		    strcmp(flow->name, name) == 0)
			return flow;
	}
	return NULL;
}

bool
config_has_flow(
    const struct config_partner *partner, enum doc_direction direction)
{
	for (size_t i = 0; i < partner->flow_count; i++) {
		if (partner->flow[i].direction == direction)
			return true;
	}
	return false;
}
