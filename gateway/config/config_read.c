/* config/config_read.c - from values as written to a checked config. */
#include "gateway/config/config_read.h"

#include "gateway/config/config_field.h"
#include "gateway/config/config_value.h"
#include "keys/messages/seal.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define SECOND_MS ((int64_t)1000)
#define DAY_MS    ((int64_t)24 * 3600 * SECOND_MS)

static struct config_place
inside(const struct config_place *p, const char *section, size_t i)
{
	struct config_place inner = *p;

	inner.node = config_tree_section(&p->node, section, i);
	return inner;
}

/* A new zeroed element at the end of an array. */
static void *
grow(void *array, size_t count, size_t size)
{
	char *grown = reallocarray(array, count + 1, size);

	if (grown == NULL)
		gw_fatal("out of memory");
	memset(grown + count * size, 0, size);
	return grown;
}

static char *
read_user(const struct config_place *p, const char *keyword)
{
	char *name = config_field_text(p, keyword);

	if (name != NULL && getpwnam(name) == NULL)
		config_field_wrong(p, keyword,
		    "there is no user \"%s\"; make it with useradd --system",
		    name);
	return name;
}

static void
read_users(struct config *cfg, const struct config_place *p)
{
	static const struct {
		enum role role;
		const char *keyword;
	} roles[] = { { ROLE_SPOOLER, "spooler" },
		{ ROLE_KEYHOLDER, "keyholder" }, { ROLE_SEALER, "sealer" },
		{ ROLE_UNSEALER, "unsealer" }, { ROLE_VERIFIER, "verifier" },
		{ ROLE_INSPECTOR, "inspector" }, { ROLE_COURIER, "courier" } };
	char *all = read_user(p, "user");
	bool own = config_tree_count(&p->node, "users") > 0;
	struct config_place users = own ? inside(p, "users", 0) : *p;

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		char *name = own ? read_user(&users, roles[i].keyword) : NULL;

		if (name == NULL && all != NULL)
			name = config_dup(all);
		cfg->user[roles[i].role] = name;
	}
	free(all);
}

static void
read_signing_key(struct config *cfg, const struct config_place *p)
{
	char fingerprint[DOC_FINGERPRINT_SIZE];
	char *text = config_field_text(p, "signing-key");

	if (text != NULL && config_value_fingerprint(text, fingerprint))
		cfg->signing_key = config_dup(fingerprint);
	else if (text != NULL)
		config_field_wrong(p, "signing-key",
		    "\"%s\" is no fingerprint of 40 (or 64) hex digits; "
		    "`waybill key list` shows them",
		    text);
	free(text);
}

static void
read_gateway_id(struct config *cfg, const struct config_place *p)
{
	cfg->gateway_id = config_field_text(p, "gateway-id");
	if (cfg->gateway_id != NULL &&
	    !config_value_gateway_id(cfg->gateway_id))
		config_field_wrong(p, "gateway-id",
		    "\"%s\" has other characters than letters, digits, '.', "
		    "'-', '_', or more than 100",
		    cfg->gateway_id);
}

static void
read_control(struct config *cfg, const struct config_place *p)
{
	struct sockaddr_un address;
	char *group = config_field_text(p, "admin-group");

	if (config_field_given(p, "control"))
		cfg->control = config_field_path(p, "control");
	else if (cfg->state != NULL)
		cfg->control = config_value_path(cfg->state, "control");
	if (cfg->control != NULL &&
	    strlen(cfg->control) >= sizeof(address.sun_path))
		config_field_wrong(p, "control",
		    "the path %s is too long for a socket; give a shorter one",
		    cfg->control);
	if (group != NULL && getgrnam(group) == NULL)
		config_field_wrong(
		    p, "admin-group", "there is no group \"%s\"", group);
	cfg->admin_group = group;
}

/* What lies in the spool belongs to the applications, so nothing that
 * decides or is private may stand there, and no folder serves two ends. */
static void
check_apart(const struct config *cfg, const struct config_place *p)
{
	static const char advice[] = "lies within the spool, which the "
				     "applications can write to";

	if (cfg->spool == NULL)
		return;
	if (cfg->state != NULL &&
	    config_value_path_within(cfg->state, cfg->spool))
		config_field_wrong(p, "state", "%s %s", cfg->state, advice);
	else if (cfg->state != NULL &&
		 config_value_path_within(cfg->spool, cfg->state))
		config_field_wrong(
		    p, "spool", "%s lies within the state", cfg->spool);
	if (cfg->keys != NULL &&
	    config_value_path_within(cfg->keys, cfg->spool))
		config_field_wrong(p, "keys", "%s %s", cfg->keys, advice);
	if (config_value_path_within(p->file, cfg->spool))
		config_field_wrong(p, "spool", "this file %s", advice);
}

static void
read_globals(struct config *cfg, const struct config_place *p, char **partners)
{
	read_gateway_id(cfg, p);
	cfg->spool = config_field_path(p, "spool");
	cfg->state = config_field_path(p, "state");
	cfg->keys = config_field_path(p, "keys");
	check_apart(cfg, p);
	read_signing_key(cfg, p);
	cfg->passphrase_file =
	    config_field_file(p, "passphrase-file", CONFIG_SAFE_SECRET);
	read_control(cfg, p);
	read_users(cfg, p);
	cfg->require_confinement = (enum config_confinement)config_field_choice(
	    p, "require-confinement", 0);
	cfg->log_level = (enum log_level)config_field_choice(p, "log-level", 0);
	cfg->min_free = config_field_size(p, "min-free");
	cfg->clock_skew =
	    (unsigned)(config_field_time(p, "clock-skew", 0, DAY_MS) /
		       SECOND_MS);
	cfg->workers = config_field_number(p, "workers", 1, 64);
	*partners = config_field_path(p, "partners");
}

static enum gw_status
check_host_key(const char *text, struct why *why)
{
	if (config_value_host_key(text))
		return GW_OK;
	why_set(why, REASON_CONFIG,
	    "\"%s\" is not SHA256: and 43 characters, as ssh-keygen -lf shows "
	    "it",
	    text);
	return GW_REFUSED;
}

static enum gw_status
check_pattern(const char *text, struct why *why)
{
	if (strchr(text, '/') == NULL)
		return GW_OK;
	why_set(why, REASON_CONFIG,
	    "\"%s\" holds a /, which no document's name does", text);
	return GW_REFUSED;
}

static struct config_server *
read_server(const struct config_place *p)
{
	struct config_server *s = grow(NULL, 0, sizeof(*s));
	struct config_setting set;

	s->host = config_field_text(p, "host");
	if (s->host != NULL && !config_value_host(s->host))
		config_field_wrong(p, "host",
		    "\"%s\" is no host name or address; the port stands in "
		    "port, without brackets",
		    s->host);
	s->port = config_field_number(p, "port", 1, 65535);
	s->user = config_field_text(p, "user");
	config_field_list(p, "host-keys", check_host_key, &s->host_keys);
	s->identity = config_field_file(p, "identity", CONFIG_SAFE_SECRET);
	/* Empty is a value here: the folder of the login. */
	s->remote = config_dup(
	    config_tree_setting(&p->node, "remote", &set) ? set.text : "");
	return s;
}

static struct config_server *
read_collect(const struct config_place *p)
{
	struct config_server *s = read_server(p);

	s->every_ms = config_field_time(p, "every", SECOND_MS, 30 * DAY_MS);
	s->move_to = config_field_text(p, "move-to");
	config_field_list(p, "match", check_pattern, &s->match);
	return s;
}

static enum gw_status
find_owner(const char *name, uid_t *uid, struct why *why)
{
	const struct passwd *pw = getpwnam(name);
	uint64_t n;

	if (pw != NULL) {
		*uid = pw->pw_uid;
		return GW_OK;
	}
	if (config_value_number(name, 0, UINT32_MAX - 1, &n)) {
		*uid = (uid_t)n;
		return GW_OK;
	}
	why_set(why, REASON_CONFIG, "there is no user \"%s\"", name);
	return GW_REFUSED;
}

static enum gw_status
check_owner(const char *name, struct why *why)
{
	uid_t uid;

	return find_owner(name, &uid, why);
}

static void
read_owners(struct config_flow *flow, const struct config_place *p)
{
	struct config_list names = { NULL, 0 };
	struct why why;

	config_field_list(p, "owners", check_owner, &names);
	if (names.count > CONFIG_OWNERS_MAX)
		config_field_wrong(
		    p, "owners", "more than %d users", CONFIG_OWNERS_MAX);
	for (size_t i = 0; i < names.count && i < CONFIG_OWNERS_MAX; i++) {
		if (find_owner(names.item[i], &flow->owners[flow->owner_count],
			&why) == GW_OK)
			flow->owner_count++;
	}
	config_list_free(&names);
}

/* A keyword without effect is a misunderstanding; say so. */
static void
check_direction_only(
    const struct config_flow *flow, const struct config_place *p)
{
	static const struct {
		const char *keyword;
		enum doc_direction direction;
	} only[] = { { "match", DOC_IN }, { "complete", DOC_OUT },
		{ "quiet", DOC_OUT }, { "owners", DOC_OUT },
		{ "remote-name", DOC_OUT } };

	for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
		if (only[i].direction != flow->direction &&
		    config_field_given(p, only[i].keyword))
			config_field_wrong(p, only[i].keyword,
			    "has a meaning only where direction = %s",
			    only[i].direction == DOC_OUT ? "out" : "in");
	}
}

/* Labels become folders: what cannot be one is told and left empty. */
static void
read_label(const struct config_place *p, char label[DOC_LABEL_SIZE])
{
	if (name_is_label(p->node.title))
		memcpy(label, p->node.title, strlen(p->node.title) + 1);
	else
		config_report_add(p->report, p->file, p->node.line,
		    "\"%s\" cannot name a %s: only a-z, 0-9, '-' and '_', "
		    "first a letter or digit, at most %d",
		    p->node.title, p->node.section, LABEL_MAX_BYTES);
}

static void
read_flow(struct config_flow *flow, const struct config_place *p)
{
	struct why why;

	read_label(p, flow->name);
	flow->direction =
	    (enum doc_direction)config_field_choice(p, "direction", DOC_IN);
	flow->content =
	    (enum config_content)config_field_choice(p, "content", 0);
	flow->max_size = config_field_size(p, "max-size");
	config_field_list(p, "match", check_pattern, &flow->match);
	flow->complete =
	    (enum config_complete)config_field_choice(p, "complete", 0);
	flow->quiet_ms = config_field_time(p, "quiet", 1, DAY_MS);
	read_owners(flow, p);
	flow->remote_name = config_field_text(p, "remote-name");
	if (flow->remote_name != NULL &&
	    !config_value_template(flow->remote_name, &why))
		config_field_wrong(p, "remote-name", "%s", why.text);
	if (config_field_given(p, "direction"))
		check_direction_only(flow, p);
}

static void
read_flows(struct config_partner *partner, const struct config_place *p)
{
	size_t count = config_tree_count(&p->node, "flow");

	for (size_t i = 0; i < count; i++) {
		struct config_place at = inside(p, "flow", i);
		struct config_flow *flow;

		partner->flow = grow(
		    partner->flow, partner->flow_count, sizeof(*partner->flow));
		flow = &partner->flow[partner->flow_count];
		read_flow(flow, &at);
		if (flow->name[0] != '\0' &&
		    config_flow(partner, flow->direction, flow->name) != NULL)
			config_report_add(p->report, p->file, at.node.line,
			    "partner \"%s\" has two flows \"%s\" of the same "
			    "direction",
			    p->node.title, flow->name);
		partner->flow_count++;
	}
}

static void
check_ways(const struct config_partner *partner, const struct config_place *p)
{
	if (config_has_flow(partner, DOC_OUT) && partner->send == NULL)
		config_report_add(p->report, p->file, p->node.line,
		    "partner \"%s\" has a flow with direction = out, but no "
		    "send { ... } that says where to",
		    p->node.title);
	if (!config_has_flow(partner, DOC_IN) && partner->collect != NULL)
		config_report_add(p->report, p->file, p->node.line,
		    "partner \"%s\" has collect { ... }, but no flow with "
		    "direction = in that takes what is collected",
		    p->node.title);
	if (partner->retry_first_ms > partner->retry_max_ms &&
	    partner->retry_max_ms > 0)
		config_field_wrong(p, "retry-first",
		    "longer than retry-max; the waits grow from the one to "
		    "the other");
	if (partner->lifetime_ms < partner->retry_first_ms &&
	    partner->lifetime_ms > 0)
		config_field_wrong(p, "lifetime",
		    "shorter than retry-first; nothing would be tried twice");
}

/* What is asked for by name must be possible; auto takes what there is. */
static enum config_post_quantum
read_post_quantum(const struct config_place *p)
{
	enum config_post_quantum want =
	    (enum config_post_quantum)config_field_choice(
		p, "post-quantum", POST_QUANTUM_OFF);
	struct why why;

	if (want >= POST_QUANTUM_PREFER && seal_can_post_quantum(&why) != GW_OK)
		config_field_wrong(p, "post-quantum",
		    "%s; auto and off are possible", why.text);
	return want;
}

static void
read_partner(struct config_partner *partner, const struct config_place *p)
{
	struct config_place at;

	partner->file = p->file;
	config_field_files(p, "certificates", &partner->certificates);
	partner->aead = (enum config_aead)config_field_choice(p, "aead", 0);
	partner->post_quantum = read_post_quantum(p);
	partner->retry_first_ms =
	    config_field_time(p, "retry-first", 1, 7 * DAY_MS);
	partner->retry_max_ms =
	    config_field_time(p, "retry-max", 1, 30 * DAY_MS);
	partner->lifetime_ms =
	    config_field_time(p, "lifetime", 1, 366 * DAY_MS);
	if (config_tree_count(&p->node, "send") > 0) {
		at = inside(p, "send", 0);
		partner->send = read_server(&at);
	}
	if (config_tree_count(&p->node, "collect") > 0) {
		at = inside(p, "collect", 0);
		partner->collect = read_collect(&at);
	}
	read_flows(partner, p);
	check_ways(partner, p);
}

static void
read_partners(struct config *cfg, const struct config_place *p)
{
	size_t count = config_tree_count(&p->node, "partner");

	for (size_t i = 0; i < count; i++) {
		struct config_place at = inside(p, "partner", i);
		struct config_partner *partner;
		const struct config_partner *other =
		    config_partner(cfg, at.node.title);

		if (other != NULL && name_is_label(at.node.title))
			config_report_add(p->report, p->file, at.node.line,
			    "there is a partner \"%s\" already, in %s",
			    at.node.title, other->file);
		cfg->partner = grow(
		    cfg->partner, cfg->partner_count, sizeof(*cfg->partner));
		partner = &cfg->partner[cfg->partner_count++];
		read_label(&at, partner->name);
		read_partner(partner, &at);
	}
}

void
config_read_file(struct config *cfg, const char *file, enum config_file kind,
    struct config_report *report, char **partners)
{
	struct config_place p = { .file = file, .report = report };
	struct config_tree *tree;
	struct buf text;
	struct why why;
	char *folder = config_dup(file);

	buf_init(&text, CONFIG_TEXT_MAX);
	*strrchr(folder, '/') = '\0';
	p.folder = folder[0] != '\0' ? folder : "/";
	if (config_safe_read(file, CONFIG_SAFE_PUBLIC, CONFIG_TEXT_MAX - 1,
		&text, &why) != GW_OK) {
		config_report_add(report, file, 0, "%s", why.text);
		goto free_text;
	}
	/* Room for the NUL that the scanner wants behind the text. */
	text.max = CONFIG_TEXT_MAX;
	tree = config_tree_parse(&text, file, kind, report);
	if (tree != NULL) {
		p.node = config_tree_root(tree);
		if (kind == CONFIG_FILE_MAIN)
			read_globals(cfg, &p, partners);
		read_partners(cfg, &p);
	}
	config_tree_free(tree);
free_text:
	buf_free(&text);
	free(folder);
}
