/* Goal: a good configuration is read as written; of a bad one every mistake
 * is told, each with its file and line, and unsafe files are refused. */
#include "gateway/config/config.h"
#include "gateway/config/config_keywords.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_value.h"
#include "keys/keys.h"
#include "keys/messages/seal.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIN "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY "0123456789ABCDEF0123456789ABCDEF01234567"

static char dir[64];
static char told[65536];

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
write_file(const char *name, mode_t mode, const char *text, size_t len)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

static void
put(const char *name, const char *text)
{
	write_file(name, 0600, text, strlen(text));
}

static const char *
in_dir(const char *name)
{
	static char path[2][256];
	static unsigned turn; /* two may be used in one call */

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/waybill-config-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(mkdir(in_dir("partners.d"), 0755), 0);
	put("partners.d/acme.asc", "certificate\n");
	put("partners.d/id", "identity\n");
	put("pass", "secret\n");
}

static void
teardown(void)
{
	ck_assert_int_eq(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* "<name>:<line>: <text>\n" for each, the folder left out. */
static void
note(void *ctx, const char *file, unsigned line, const char *text)
{
	size_t n = strlen(told);

	(void)ctx;
	ck_assert_int_eq(strncmp(file, dir, strlen(dir)), 0);
	snprintf(told + n, sizeof(told) - n, "%s:%u: %s\n",
	    file + strlen(dir) + 1, line, text);
}

static struct config *
load(void)
{
	struct config *cfg;
	enum gw_status st;

	told[0] = '\0';
	st = config_load(in_dir("waybill.conf"), note, NULL, &cfg);
	ck_assert_int_eq(st == GW_OK, cfg != NULL);
	ck_assert_int_eq(st == GW_OK, told[0] == '\0');
	return cfg;
}

/* The lines told are these and no others; each starts so. */
static void
expect(const char *const *want)
{
	char *at = told;

	for (size_t i = 0; want[i] != NULL; i++) {
		size_t n = strlen(want[i]);

		ck_assert_msg(strncmp(at, want[i], n) == 0,
		    "wanted %s\ntold:\n%s", want[i], told);
		at = strchr(at, '\n') + 1;
	}
	ck_assert_msg(*at == '\0', "more than wanted:\n%s", at);
}

#define GLOBALS                                                                \
	"gateway-id = \"gw.alder.example\"\n"                                  \
	"spool = spool\n"                                                      \
	"state = \"/var/lib/waybill\"\n"                                       \
	"signing-key = \"" KEY "\"\n"

START_TEST(test_full)
{
	struct config *cfg;
	const struct config_partner *p;
	const struct config_flow *f;

	put("waybill.conf", "# everything\r\n" GLOBALS "keys = 'k'\n"
			    "passphrase-file = pass\n"
			    "require-confinement = full log-level=debug\n"
			    "min-free = 1G /* two\nlines */ clock-skew = 90s\n"
			    "workers = 7 // so many\n"
			    "user = root users { courier = \"root\" }\n");
	put("partners.d/acme.conf",
	    "partner \"acme\" {\n"
	    "  certificates = { \"acme.asc\", acme.asc, }\n"
	    "  aead = never post-quantum = off\n"
	    "  retry-first = 500ms retry-max = 2h lifetime = 1d\n"
	    "  flow \"same\" { direction = out content = xml max-size = 20M\n"
	    "    complete = quiet quiet = 3s owners = { root, \"4711\" }\n"
	    "    remote-name = \"x-{id}-{name}\" }\n"
	    "  send { host = sftp.acme.example port = 2222 user = alder\n"
	    "    host-keys = { \"" PIN "\" } identity = \"id\" remote = \"/in\""
	    " }\n"
	    "  collect { host = \"2001:db8::1\" user = alder\n"
	    "    host-keys = { \"" PIN "\", \"" PIN
	    " ssh-rsa\" } identity = id\n"
	    "    every = 5m move-to = done match = { \"*.pgp\" } }\n"
	    "  flow same { direction = in match = { \"ORDERS_*\", \"b\" } }\n"
	    "}\n");
	put("partners.d/birch.conf", "partner birch { certificates = acme.asc "
				     "flow f { direction = in } }");
	cfg = load();
	ck_assert_msg(cfg != NULL, "%s", told);
	ck_assert_str_eq(cfg->file, in_dir("waybill.conf"));
	ck_assert_str_eq(cfg->gateway_id, "gw.alder.example");
	ck_assert_str_eq(cfg->spool, in_dir("spool"));
	ck_assert_str_eq(cfg->state, "/var/lib/waybill");
	ck_assert_str_eq(cfg->control, "/var/lib/waybill/control");
	ck_assert_str_eq(cfg->keys, in_dir("k"));
	ck_assert_str_eq(cfg->passphrase_file, in_dir("pass"));
	ck_assert_str_eq(cfg->signing_key, KEY);
	ck_assert_int_eq(cfg->require_confinement, CONFINE_FULL);
	ck_assert_int_eq(cfg->log_level, LOG_LEVEL_DEBUG);
	ck_assert_uint_eq(cfg->min_free, 1u << 30);
	ck_assert_uint_eq(cfg->clock_skew, 90);
	ck_assert_uint_eq(cfg->workers, 7);
	ck_assert_ptr_null(cfg->user[ROLE_SUPERVISOR]);
	ck_assert_str_eq(cfg->user[ROLE_SPOOLER], "root");
	ck_assert_str_eq(cfg->user[ROLE_COURIER], "root");
	ck_assert_ptr_null(cfg->admin_group);
	ck_assert_uint_eq(cfg->partner_count, 2);
	ck_assert_uint_eq(cfg->files.count, 2);

	p = config_partner(cfg, "acme");
	ck_assert_ptr_nonnull(p);
	ck_assert_str_eq(p->file, in_dir("partners.d/acme.conf"));
	ck_assert_uint_eq(p->certificates.count, 2);
	ck_assert_str_eq(
	    p->certificates.item[1], in_dir("partners.d/acme.asc"));
	ck_assert_int_eq(p->aead, AEAD_NEVER);
	ck_assert_int_eq(p->post_quantum, POST_QUANTUM_OFF);
	ck_assert_int_eq(p->retry_first_ms, 500);
	ck_assert_int_eq(p->retry_max_ms, 7200000);
	ck_assert_int_eq(p->lifetime_ms, 86400000);
	ck_assert_str_eq(p->send->host, "sftp.acme.example");
	ck_assert_uint_eq(p->send->port, 2222);
	ck_assert_str_eq(p->send->user, "alder");
	ck_assert_str_eq(p->send->host_keys.item[0], PIN);
	ck_assert_str_eq(p->send->identity, in_dir("partners.d/id"));
	ck_assert_str_eq(p->send->remote, "/in");
	ck_assert_uint_eq(p->collect->port, 22);
	ck_assert_str_eq(p->collect->remote, "");
	ck_assert_uint_eq(p->collect->host_keys.count, 2);
	ck_assert_int_eq(p->collect->every_ms, 300000);
	ck_assert_str_eq(p->collect->move_to, "done");
	ck_assert_str_eq(p->collect->match.item[0], "*.pgp");

	ck_assert_uint_eq(p->flow_count, 2);
	f = config_flow(p, DOC_OUT, "same");
	ck_assert_int_eq(f->content, CONTENT_XML);
	ck_assert_uint_eq(f->max_size, 20u << 20);
	ck_assert_int_eq(f->complete, COMPLETE_QUIET);
	ck_assert_int_eq(f->quiet_ms, 3000);
	ck_assert_uint_eq(f->owner_count, 2);
	ck_assert_uint_eq(f->owners[1], 4711);
	ck_assert_str_eq(f->remote_name, "x-{id}-{name}");
	f = config_flow(p, DOC_IN, "same");
	ck_assert_uint_eq(f->match.count, 2);
	ck_assert_str_eq(f->match.item[0], "ORDERS_*");
	ck_assert_ptr_null(config_flow(p, DOC_IN, "other"));

	p = config_partner(cfg, "birch");
	ck_assert_int_eq(p->aead, AEAD_AUTO);
	ck_assert_int_eq(p->post_quantum, POST_QUANTUM_AUTO);
	ck_assert_ptr_null(p->send);
	ck_assert_int_eq(p->retry_max_ms, 1800000);
	ck_assert(config_has_flow(p, DOC_IN));
	ck_assert(!config_has_flow(p, DOC_OUT));
	ck_assert_str_eq(p->flow[0].remote_name, "{name}.{id}.pgp");
	ck_assert_ptr_null(config_partner(cfg, "cedar"));
	config_free(cfg);
	config_free(NULL);
}
END_TEST

/* What stands in waybill.conf and in partners.d/p.conf (NULL: no such file),
 * and what is told. */
static const struct {
	const char *main, *partner;
	const char *want[16];
} wrong[] = {
	{ "", NULL,
	    { "waybill.conf:0: gateway-id is missing",
		"waybill.conf:0: spool is missing",
		"waybill.conf:0: state is missing",
		"waybill.conf:0: signing-key is missing" } },
	/* Everything at once, after comments that libConfuse miscounts. */
	{ "/* a\n b\n c */ /* d */\n"
	  "gateway-id = \"a b\"\nspol = x\nspool = spool\nstate = state\n"
	  "signing-key = 12\nmin-free = 64X\nclock-skew = 5\n"
	  "workers = 65\nlog-level = loud\nspool = again\n"
	  "user = nobody-at-all\n",
	    NULL,
	    { "waybill.conf:4: gateway-id: ",
		"waybill.conf:5: unknown keyword "
		"\"spol\"; did you mean spool?",
		"waybill.conf:8: signing-key: ", "waybill.conf:9: min-free: ",
		"waybill.conf:10: clock-skew: \"5\" is no time",
		"waybill.conf:11: workers: ", "waybill.conf:12: log-level: ",
		"waybill.conf:13: spool is given twice, first in line 6",
		"waybill.conf:14: user: there is no user" } },
	{ GLOBALS "send { host = x }\nnonsense { a = { b, c } d { e = 1 } }\n"
		  "nonsense \"x\" { y = 1 } max-size = 3\nkeys {}\n"
		  "partner = x\npartner { certificates = x }\nusers x { }\n",
	    NULL,
	    { "waybill.conf:5: send does not belong here; it belongs in "
	      "partner { ... }",
		"waybill.conf:6: unknown keyword \"nonsense\"; see",
		"waybill.conf:7: unknown keyword \"nonsense\"",
		"waybill.conf:7: max-size does not belong here; it belongs in "
		"flow",
		"waybill.conf:8: keys is not a section: write keys = ...",
		"waybill.conf:9: partner is a section: write partner \"name\"",
		"waybill.conf:10: partner needs a name",
		"waybill.conf:11: users has no name" } },
	/* Syntax: one file does not hide the other. */
	{ GLOBALS "keys = \"abc\nadmin-group = wheel-of-nobody\n",
	    "partner p {\n certificates = { acme.asc }\n send {\n",
	    { "waybill.conf:5: the string is not closed" } },
	{ GLOBALS, "partner p {\n certificates = { acme.asc }\n send {\n",
	    { "partners.d/p.conf:1: the section that starts here",
		"partners.d/p.conf:3: the section that starts here",
		"partners.d/p.conf:3: host is missing in send",
		"partners.d/p.conf:3: user is missing in send",
		"partners.d/p.conf:3: host-keys is missing in send",
		"partners.d/p.conf:3: identity is missing in send" } },
	{ GLOBALS "}\nkeys k\n= 3\nkeys =\n", NULL,
	    { "waybill.conf:5: } closes nothing",
		"waybill.conf:6: = is missing after keys",
		"waybill.conf:7: a keyword is expected here",
		"waybill.conf:7: unknown keyword \"3\"",
		"waybill.conf:7: = is missing after 3",
		"waybill.conf:8: a keyword is expected here" } },
	{ GLOBALS "keys = ${HOME}\nuser = \"${USER}\"\n", NULL,
	    { "waybill.conf:5: unexpected character '$'",
		"waybill.conf:5: keys takes one value, not a list",
		"waybill.conf:6: ${...} is not replaced by anything" } },
	{ GLOBALS "keys = a;\n# c\nworkers += 3 /* open\n", NULL,
	    { "waybill.conf:5: unexpected character ';'",
		"waybill.conf:7: unexpected character '+'",
		"waybill.conf:7: the comment that starts here is not closed" } },
	{ GLOBALS "keys = \"\"\ncontrol = {a}\n", NULL,
	    { "waybill.conf:5: keys: the value is empty",
		"waybill.conf:6: control takes one value" } },
	{ "gateway-id = x\nspool = \"/a/b\"\nstate = \"/a/b/c\"\n"
	  "keys = \"/a/b\"\nsigning-key = " KEY "\n",
	    NULL,
	    { "waybill.conf:3: state: /a/b/c lies within the spool",
		"waybill.conf:4: keys: /a/b lies within" } },
	{ "gateway-id = x\nspool = \"/a/b\"\nstate = \"/a\"\n"
	  "signing-key = " KEY "\npartners = \"nowhere.conf\"\n",
	    NULL,
	    { "waybill.conf:0: partners: ",
		"waybill.conf:2: spool: /a/b lies within the state" } },
	/* Partner files. */
	{ GLOBALS, "spool = x\npartner \"A b\" { certificates = {} }\n",
	    { "partners.d/p.conf:1: spool belongs in waybill.conf",
		"partners.d/p.conf:2: the list certificates is empty",
		"partners.d/p.conf:2: \"A b\" cannot name a partner" } },
	{ GLOBALS,
	    "partner p {\n"
	    " certificates = { acme.asc,\n  nothere.asc }\n"
	    " maxsize = 3\n"
	    " flow f {\n  direction = out\n  max_size = 3M\n"
	    "  match = { a }\n  remote-name = \"{name}.pgp\"\n }\n"
	    " flow f { direction = out }\n"
	    " flow g { direction = up }\n}\n",
	    { "partners.d/p.conf:1: partner \"p\" has a flow with direction = "
	      "out, but no send",
		"partners.d/p.conf:3: certificates: ",
		"partners.d/p.conf:4: unknown keyword \"maxsize\" in partner",
		"partners.d/p.conf:7: unknown keyword \"max_size\" in flow "
		"\"f\"; did you mean max-size?",
		"partners.d/p.conf:8: match: has a meaning only where",
		"partners.d/p.conf:9: remote-name: {id} is missing",
		"partners.d/p.conf:11: partner \"p\" has two flows \"f\"",
		"partners.d/p.conf:12: direction: \"up\" is none of out|in" } },
	{ GLOBALS,
	    "partner p {\n certificates = { acme.asc }\n"
	    " flow f {\n  direction = in\n  max_size = 3M\n"
	    "  owners = { root }\n  match = { \"a/b\" }\n }\n"
	    " flow f { direction = in }\n"
	    " flow g { direction = up }\n flow h { }\n}\n",
	    { "partners.d/p.conf:5: unknown keyword \"max_size\" in flow "
	      "\"f\"; did you mean max-size?",
		"partners.d/p.conf:6: owners: has a meaning only where",
		"partners.d/p.conf:7: match: \"a/b\" holds a /",
		"partners.d/p.conf:9: partner \"p\" has two flows \"f\"",
		"partners.d/p.conf:10: direction: \"up\" is none of out|in",
		"partners.d/p.conf:11: direction is missing in flow \"h\"" } },
	{ GLOBALS,
	    "partner p {\n certificates = acme.asc post-quantum = maybe\n"
	    " retry-first = 2h\n retry-max = 1h\n lifetime = 400d\n"
	    " send {\n  host = \"a b\"\n  port = 0\n  user = u\n"
	    "  host-keys = { \"SHA256:abc\",\n   \"MD5:00\" }\n"
	    "  identity = \"nokey\"\n }\n"
	    " send { host = twice }\n"
	    " flow f { direction = out remote-name = \"{id}.{date}\"\n"
	    "  quiet = 0s owners = { \"nobody-at-all\" } }\n}\n"
	    "partner p { certificates = acme.asc }\n",
	    { "partners.d/p.conf:2: post-quantum: \"maybe\" is none of "
	      "auto|off|prefer|require",
		"partners.d/p.conf:3: retry-first: longer than retry-max",
		"partners.d/p.conf:5: lifetime: ",
		"partners.d/p.conf:7: host: ", "partners.d/p.conf:8: port: ",
		"partners.d/p.conf:10: host-keys: \"SHA256:abc\"",
		"partners.d/p.conf:11: host-keys: \"MD5:00\"",
		"partners.d/p.conf:12: identity: ",
		"partners.d/p.conf:14: send is given twice, first in line 6",
		"partners.d/p.conf:15: remote-name: the placeholders are",
		"partners.d/p.conf:16: quiet: 0s is not between",
		"partners.d/p.conf:16: owners: there is no user",
		"partners.d/p.conf:18: there is a partner \"p\" already" } },
	{ GLOBALS "partner q { certificates = \"partners.d/acme.asc\"\n"
		  "flow f { direction = out remote-name = \".{id}\" } }\n",
	    "partner q { certificates = acme.asc\n"
	    "collect { host = h user = u host-keys = { \"" PIN "\" }\n"
	    "identity = id } }\n",
	    { "waybill.conf:5: partner \"q\" has a flow with direction = out",
		"waybill.conf:6: remote-name: ",
		"partners.d/p.conf:1: there is a partner \"q\" already, in ",
		"partners.d/p.conf:1: partner \"q\" has collect" } },
};

START_TEST(test_wrong)
{
	struct config *cfg;

	put("waybill.conf", wrong[_i].main);
	if (wrong[_i].partner != NULL)
		put("partners.d/p.conf", wrong[_i].partner);
	cfg = load();
	ck_assert_ptr_null(cfg);
	expect(wrong[_i].want);
	/* A file that stopped in the middle of something leaves no trace in
	 * libConfuse. */
	put("waybill.conf", GLOBALS);
	unlink(in_dir("partners.d/p.conf"));
	cfg = load();
	ck_assert_msg(cfg != NULL, "%s", told);
	config_free(cfg);
}
END_TEST

/* The library decides whether more than off may be promised. */
START_TEST(test_post_quantum)
{
	static const char *const words[] = { "prefer", "require" };
	struct config *cfg;
	struct why why;
	char partner[100];

	ck_assert_int_eq(keys_init(0, &why), GW_OK);
	put("waybill.conf", GLOBALS);
	for (int i = 0; i < 2; i++) {
		snprintf(partner, sizeof(partner),
		    "partner p {\n certificates = acme.asc\n"
		    " post-quantum = %s\n}\n",
		    words[i]);
		put("partners.d/p.conf", partner);
		cfg = load();
		if (seal_can_post_quantum(&why) == GW_OK) {
			ck_assert_msg(cfg != NULL, "%s", told);
			ck_assert_int_eq(cfg->partner[0].post_quantum,
			    POST_QUANTUM_PREFER + i);
			config_free(cfg);
			continue;
		}
		ck_assert_ptr_null(cfg);
		ck_assert_ptr_nonnull(strstr(told, "p.conf:3: post-quantum: "));
		/* What is needed, and what is there. */
		ck_assert_ptr_nonnull(strstr(told, "libgcrypt 1.12 or later"));
		ck_assert_ptr_nonnull(strstr(told, why.text));
	}
	unlink(in_dir("partners.d/p.conf"));
}
END_TEST

START_TEST(test_draft)
{
	struct config *cfg;

	put("waybill.conf", "spool = s\nnonsense = 1\nkeys = other\n");
	put("partners.d/p.conf", "partner p { certificates = acme.asc }");
	cfg = config_load_draft(in_dir("waybill.conf"));
	ck_assert_str_eq(cfg->keys, in_dir("other"));
	ck_assert_uint_eq(cfg->partner_count, 1);
	config_free(cfg);
	cfg = config_load_draft(in_dir("nothing.conf"));
	ck_assert_str_eq(cfg->keys, in_dir("keys"));
	config_free(cfg);
}
END_TEST

/* Random damage to a good file is told or harmless, never a crash or hang. */
START_TEST(test_damage)
{
	static const char good[] = GLOBALS
	    "users { sealer = root }\n/* c */ min-free = 3M # x\n"
	    "partner q { certificates = { \"partners.d/acme.asc\" }\n"
	    "flow \"f\" { direction = 'in' match = { \"a\", \"b\" } } }\n";
	static const char evil[] = "{}=,\"'#/*\\\n $;\x80\x01+()";
	char text[sizeof(good)];
	struct config *cfg;
	size_t len = sizeof(good) - 1;

	for (size_t i = 0; i < len; i++) {
		memcpy(text, good, sizeof(good));
		text[i] = evil[i % (sizeof(evil) - 1)];
		write_file("waybill.conf", 0600, text, len);
		config_free(load());
		write_file("waybill.conf", 0600, good, i);
		cfg = load();
		ck_assert(cfg == NULL || i > 100);
		config_free(cfg);
	}
	write_file("waybill.conf", 0600, "a\0b", 3);
	ck_assert_ptr_null(load());
}
END_TEST

START_TEST(test_unsafe)
{
	struct config *cfg;
	static const char *const loose[] = {
		"waybill.conf:0: others can write to ", NULL
	};
	static const char *const readable[] = {
		"waybill.conf:5: passphrase-file: others can read", NULL
	};
	static const char *const folder[] = {
		"partners.d/p.conf:0: others can write to the folder", NULL
	};
	static const char *const gone[] = { "waybill.conf:0: ", NULL };

	put("waybill.conf", GLOBALS "passphrase-file = pass\n");
	ck_assert_int_eq(chmod(in_dir("waybill.conf"), 0664), 0);
	ck_assert_ptr_null(load());
	expect(loose);
	ck_assert_int_eq(chmod(in_dir("waybill.conf"), 0644), 0);
	cfg = load();
	ck_assert_msg(cfg != NULL, "%s", told);
	config_free(cfg);
	ck_assert_int_eq(chmod(in_dir("pass"), 0640), 0);
	ck_assert_ptr_null(load());
	expect(readable);
	/* Through a symlink the target is what counts. */
	ck_assert_int_eq(rename(in_dir("pass"), in_dir("partners.d/pass2")), 0);
	ck_assert_int_eq(symlink("partners.d/pass2", in_dir("pass")), 0);
	ck_assert_ptr_null(load());
	expect(readable);
	ck_assert_int_eq(chmod(in_dir("pass"), 0600), 0);
	cfg = load();
	ck_assert_msg(cfg != NULL, "%s", told);
	config_free(cfg);
	put("waybill.conf", GLOBALS);
	put("partners.d/p.conf", "");
	ck_assert_int_eq(chmod(in_dir("partners.d"), 0777), 0);
	ck_assert_ptr_null(load());
	expect(folder);
	ck_assert_int_eq(unlink(in_dir("waybill.conf")), 0);
	ck_assert_ptr_null(load());
	expect(gone);
	ck_assert_int_eq(mkfifo(in_dir("waybill.conf"), 0600), 0);
	ck_assert_ptr_null(load());
	expect(gone);
}
END_TEST

START_TEST(test_foreign_owner)
{
	static const char *const want[] = { "waybill.conf:5: passphrase-file: ",
		NULL };

	if (geteuid() != 0)
		return; /* only root can give files away */
	put("waybill.conf", GLOBALS "passphrase-file = pass\n");
	ck_assert_int_eq(chown(in_dir("pass"), 4711, (gid_t)-1), 0);
	ck_assert_ptr_null(load());
	expect(want);
	ck_assert_ptr_nonnull(strstr(told, "belongs to user 4711"));
}
END_TEST

START_TEST(test_values)
{
	char f[DOC_FINGERPRINT_SIZE];
	struct why why;
	uint64_t n;
	int64_t ms;

	ck_assert(config_value_size("0", &n) && n == 0);
	ck_assert(config_value_size("3K", &n) && n == 3072);
	ck_assert(config_value_size("1048576G", &n) && n == 1ull << 50);
	ck_assert(!config_value_size("1048577G", &n));
	ck_assert(!config_value_size("99999999999999999999", &n));
	ck_assert(!config_value_size("K", &n));
	ck_assert(!config_value_size("3KB", &n));
	ck_assert(!config_value_size("-3", &n));
	ck_assert(!config_value_size("3k", &n));
	ck_assert(config_value_time("15ms", &ms) && ms == 15);
	ck_assert(config_value_time("5d", &ms) && ms == 432000000);
	ck_assert(!config_value_time("5", &ms));
	ck_assert(!config_value_time("5w", &ms));
	ck_assert(!config_value_time("1h30m", &ms));
	ck_assert(!config_value_time("999999999999d", &ms));
	ck_assert(config_value_fingerprint("0123 4567 89ab cdef 0123  4567 "
					   "89AB CDEF 0123 4567",
	    f));
	ck_assert_str_eq(f, KEY);
	ck_assert(!config_value_fingerprint(KEY "0", f));
	ck_assert(!config_value_fingerprint(KEY KEY, f));
	ck_assert(!config_value_fingerprint("x" KEY, f));
	ck_assert(config_value_host_key(PIN));
	ck_assert(!config_value_host_key(PIN "="));
	ck_assert(!config_value_host_key(PIN "A"));
	ck_assert(!config_value_host_key("SHA256:"));
	ck_assert(config_value_template("{id}", &why));
	ck_assert(config_value_template("{name}.{id}.pgp", &why));
	ck_assert(!config_value_template("{name}", &why));
	ck_assert(!config_value_template("", &why));
	ck_assert(!config_value_template("a/{id}", &why));
	ck_assert(!config_value_template("../{id}", &why));
	ck_assert(!config_value_template("-{id}", &why));
	ck_assert(!config_value_template("{id}.part", &why));
	ck_assert(config_value_template("{flow}-{id}-{name}{name}", &why));
	ck_assert(!config_value_template(
	    "{id}{name}{name}{name}{name}{name}{name}", &why));
	ck_assert(!config_value_template("{id}{date}", &why));
	ck_assert(!config_value_template("{id", &why));
	ck_assert(!config_value_template("{id}\n", &why));
	ck_assert(config_value_path_within("/a/b", "/a/b"));
	ck_assert(config_value_path_within("/a/b", "/a/"));
	ck_assert(config_value_path_within("/a", "/"));
	ck_assert(!config_value_path_within("/a/bc", "/a/b"));
	ck_assert(!config_value_host("a b"));
	ck_assert(!config_value_host("-oProxyCommand=x"));
	ck_assert(config_value_host("fe80::1%eth0"));
	ck_assert(!config_value_gateway_id(".x"));
}
END_TEST

START_TEST(test_table)
{
	const struct config_keyword *k;

	for (k = config_keywords(); k->name != NULL; k++) {
		ck_assert_ptr_eq(config_keywords_find(k->section, k->name), k);
		ck_assert(!(k->required && k->preset[0] != '\0'));
		if (strchr(k->kind, '|') != NULL && k->preset[0] != '\0')
			ck_assert_int_ge(
			    config_keywords_choice(k, k->preset), 0);
	}
	for (int r = ROLE_SPOOLER; r < ROLE_COUNT; r++) {
		k = config_keywords_find("users", role_name((enum role)r));
		ck_assert_ptr_nonnull(k);
	}
	k = config_keywords_near("flow", "MaxSize");
	ck_assert_str_eq(k->name, "max-size");
	ck_assert_ptr_null(config_keywords_near("flow", "zzz"));
	k = config_keywords_find("flow", "complete");
	ck_assert_int_eq(config_keywords_choice(k, "marker"), COMPLETE_MARKER);
	ck_assert_int_eq(config_keywords_choice(k, "rename|quiet"), -1);
	ck_assert_int_eq(config_keywords_choice(k, ""), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_full);
	tcase_add_loop_test(
	    t, test_wrong, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(t, test_post_quantum);
	tcase_add_test(t, test_draft);
	tcase_add_test(t, test_damage);
	tcase_add_test(t, test_unsafe);
	tcase_add_test(t, test_foreign_owner);
	tcase_add_test(t, test_values);
	tcase_add_test(t, test_table);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
