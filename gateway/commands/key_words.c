/* gateway/commands/key_words.c - times and kinds of keys, as people write
 * them. */
#include "gateway/base/clock.h"
#include "gateway/commands/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY       ((time_t)24 * 3600)
#define YEARS_MAX 50

/* `algorithm` is the certificate's word for the signing key. */
static const struct {
	const char *name, *algorithm;
	enum secret_kind kind;
} kinds[] = {
	{ "ed25519", "Ed25519", SECRET_ED25519 },
	{ "ed448", "Ed448", SECRET_ED448 },
	{ "rsa3072", "RSA-3072", SECRET_RSA3072 },
	{ "rsa4096", "RSA-4096", SECRET_RSA4096 },
	{ "nistp256", "NIST P-256", SECRET_NISTP256 },
	{ "nistp384", "NIST P-384", SECRET_NISTP384 },
	{ "nistp521", "NIST P-521", SECRET_NISTP521 },
	{ "brainpoolp256", "brainpoolP256r1", SECRET_BRAINPOOLP256 },
	{ "brainpoolp384", "brainpoolP384r1", SECRET_BRAINPOOLP384 },
	{ "brainpoolp512", "brainpoolP512r1", SECRET_BRAINPOOLP512 },
	{ "mlkem768", NULL, SECRET_MLKEM },
	{ "mldsa65", "ML-DSA-65+Ed25519", SECRET_MLDSA },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char key_kinds[] = "ed25519, ed448, rsa3072, rsa4096, nistp256, "
			 "nistp384, nistp521, brainpoolp256, brainpoolp384, "
			 "brainpoolp512, mlkem768 or mldsa65";

bool
key_kind(const char *name, enum secret_kind *out)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*out = kinds[i].kind;
			return true;
		}
	return false;
}

const char *
key_kind_of(const struct cert *cert)
{
	const char *algorithm = cert_algorithm(cert, CERT_SIGN);

	if (strcmp(algorithm, "Ed25519") == 0 &&
	    *cert_algorithm(cert, CERT_ENCRYPT_PQ) != '\0')
		return "mlkem768";
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].algorithm != NULL &&
		    strcmp(kinds[i].algorithm, algorithm) == 0)
			return kinds[i].name;
	return kinds[0].name;
}

/* The same day of the year, or the day after for a 29th of February. */
static time_t
years_later(time_t now, int years)
{
	struct tm tm;

	(void)gmtime_r(&now, &tm); /* our own clock fits */
	tm.tm_year += years;
	return timegm(&tm);
}

/* "2y", "90d". */
static bool
span(const char *text, time_t now, time_t *out)
{
	char *end;
	unsigned long n;

	if (strspn(text, "0123456789") == 0 || strlen(text) > 6)
		return false;
	n = strtoul(text, &end, 10);
	if (strcmp(end, "d") == 0 && n >= 1 && n <= YEARS_MAX * 366)
		*out = now + (time_t)n * DAY;
	else if (strcmp(end, "y") == 0 && n >= 1 && n <= YEARS_MAX)
		*out = years_later(now, (int)n);
	else
		return false;
	return true;
}

/* "2030-12-31" or "@1900000000". */
static bool
point(const char *text, time_t *out)
{
	struct tm tm;
	char *end;

	memset(&tm, 0, sizeof(tm));
	if (*text != '@') {
		end = strptime(text, "%Y-%m-%d", &tm);
		*out = timegm(&tm);
		return end != NULL && *end == '\0';
	}
	if (strspn(text + 1, "0123456789") != strlen(text + 1) ||
	    strlen(text) < 2 || strlen(text) > 12)
		return false;
	*out = (time_t)strtoull(text + 1, NULL, 10);
	return true;
}

bool
key_when(const char *text, time_t now, time_t *out)
{
	if (strcmp(text, "never") == 0) {
		*out = 0;
		return true;
	}
	if (strcmp(text, "now") == 0) {
		*out = now;
		return true;
	}
	if (span(text, now, out))
		return true;
	return point(text, out) && *out >= now &&
	       *out <= now + YEARS_MAX * 366 * DAY;
}

const char *
key_date(time_t when, char out[KEY_DATE_SIZE])
{
	struct tm tm;

	if (when == 0 || gmtime_r(&when, &tm) == NULL ||
	    strftime(out, KEY_DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		snprintf(out, KEY_DATE_SIZE, "never");
	return out;
}

const char *
key_moment(time_t when, char out[KEY_DATE_SIZE])
{
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, KEY_DATE_SIZE, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, KEY_DATE_SIZE, "@%lld", (long long)when);
	return out;
}
