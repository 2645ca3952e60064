/* config/config_keywords.c - the one table of keywords, and its use. */
#include "gateway/config/config_keywords.h"

#include <limits.h>
#include <string.h>

/*
 * Everything that can be written, in the order of the manual.  libConfuse's
 * options, the defaults, what is required, `waybill check --keywords`, and
 * the tests that compare waybill.conf(5) and the examples, all start here.
 */
/* clang-format off */
static const struct config_keyword keywords[] = {
	{ "", "gateway-id", "text", "", true },
	{ "", "spool", "path", "", true },
	{ "", "state", "path", "", true },
	{ "", "keys", "path", "keys", false },
	{ "", "signing-key", "fingerprint", "", true },
	{ "", "passphrase-file", "path", "", false },
	{ "", "partners", "path", "partners.d/*.conf", false },
	{ "", "control", "path", "", false },
	{ "", "admin-group", "text", "", false },
	{ "", "user", "text", "", false },
	{ "", "users", "section", "", false },
	{ "", "require-confinement", "any|seccomp|full", "any", false },
	{ "", "log-level", "error|warn|info|debug", "info", false },
	{ "", "min-free", "size", "64M", false },
	{ "", "clock-skew", "time", "5m", false },
	{ "", "workers", "number", "2", false },
	{ "", "partner", "named section", "", false },

	/* In the order of enum role. */
	{ "users", "spooler", "text", "", false },
	{ "users", "keyholder", "text", "", false },
	{ "users", "sealer", "text", "", false },
	{ "users", "unsealer", "text", "", false },
	{ "users", "verifier", "text", "", false },
	{ "users", "inspector", "text", "", false },
	{ "users", "courier", "text", "", false },

	{ "partner", "certificates", "list", "", true },
	{ "partner", "aead", "auto|never|librepgp", "auto", false },
	{ "partner", "post-quantum", "auto|off|prefer|require", "auto", false },
	{ "partner", "retry-first", "time", "15s", false },
	{ "partner", "retry-max", "time", "30m", false },
	{ "partner", "lifetime", "time", "5d", false },
	{ "partner", "send", "section", "", false },
	{ "partner", "collect", "section", "", false },
	{ "partner", "flow", "named section", "", false },

	{ "send", "host", "text", "", true },
	{ "send", "port", "number", "22", false },
	{ "send", "user", "text", "", true },
	{ "send", "host-keys", "list", "", true },
	{ "send", "identity", "path", "", true },
	{ "send", "remote", "text", "", false },

	{ "collect", "host", "text", "", true },
	{ "collect", "port", "number", "22", false },
	{ "collect", "user", "text", "", true },
	{ "collect", "host-keys", "list", "", true },
	{ "collect", "identity", "path", "", true },
	{ "collect", "remote", "text", "", false },
	{ "collect", "every", "time", "60s", false },
	{ "collect", "move-to", "text", "", false },
	{ "collect", "match", "list", "", false },

	{ "flow", "direction", "out|in", "", true },
	{ "flow", "content", "any|xml", "any", false },
	{ "flow", "max-size", "size", "100M", false },
	{ "flow", "match", "list", "", false },
	{ "flow", "complete", "rename|quiet|marker", "rename", false },
	{ "flow", "quiet", "time", "10s", false },
	{ "flow", "owners", "list", "", false },
	{ "flow", "remote-name", "text", "{name}.{id}.pgp", false },

	{ NULL, NULL, NULL, NULL, false }
};
/* clang-format on */

/* A longer word is nobody's slip of the finger. */
#define NEAR_WORD_MAX 32

const struct config_keyword *
config_keywords(void)
{
	return keywords;
}

const struct config_keyword *
config_keywords_find(const char *section, const char *name)
{
	for (const struct config_keyword *k = keywords; k->name != NULL; k++) {
		if (strcmp(k->section, section) == 0 &&
		    strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

/* Letters to insert, remove or change to make one word of the other. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NEAR_WORD_MAX + 1];
	size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[n];
}

/* The same word but for '_' in place of '-' and for case. */
static void
plain_form(const char *word, char out[NEAR_WORD_MAX + 1])
{
	size_t i;

	for (i = 0; i < NEAR_WORD_MAX && word[i] != '\0'; i++) {
		char c = word[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out[i] = c == '_' ? '-' : c;
	}
	out[i] = '\0';
}

const struct config_keyword *
config_keywords_near(const char *section, const char *word)
{
	const struct config_keyword *best = NULL;
	char plain[NEAR_WORD_MAX + 1];
	unsigned best_score = UINT_MAX;

	if (strlen(word) > NEAR_WORD_MAX)
		return NULL;
	plain_form(word, plain);
	for (const struct config_keyword *k = keywords; k->name != NULL; k++) {
		unsigned d = distance(plain, k->name);
		bool here = strcmp(k->section, section) == 0;
		unsigned score = 2 * d + (here ? 0 : 1);

		/* Elsewhere only the very word is worth a remark. */
		if (d * 3 > strlen(k->name) || (!here && d > 0))
			continue;
		if (score < best_score) {
			best_score = score;
			best = k;
		}
	}
	return best;
}

bool
config_keywords_is_section(const struct config_keyword *k)
{
	return strcmp(k->kind, "section") == 0 || config_keywords_is_named(k);
}

bool
config_keywords_is_named(const struct config_keyword *k)
{
	return strcmp(k->kind, "named section") == 0;
}

bool
config_keywords_is_list(const struct config_keyword *k)
{
	return strcmp(k->kind, "list") == 0;
}

int
config_keywords_choice(const struct config_keyword *k, const char *word)
{
	const char *at = k->kind;
	size_t len = strlen(word);

	for (int i = 0;; i++) {
		size_t n = strcspn(at, "|");

		if (n == len && strncmp(at, word, n) == 0)
			return i;
		if (at[n] == '\0')
			return -1;
		at += n + 1;
	}
}
