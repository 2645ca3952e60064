/* config/config_value.c - what a value of each kind looks like. */
#include "gateway/config/config_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A year of milliseconds is more than any setting needs. */
#define TIME_MAX_MS  ((uint64_t)366 * 24 * 3600 * 1000)
#define SIZE_MAX_ALL ((uint64_t)1 << 50)

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* The digits at the start; *rest is what follows them. */
static bool
leading_number(const char *text, uint64_t *out, const char **rest)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18)
		return false;
	*out = strtoull(text, NULL, 10);
	*rest = text + digits;
	return true;
}

static bool
scale(uint64_t number, uint64_t factor, uint64_t max, uint64_t *out)
{
	if (number > max / factor)
		return false;
	*out = number * factor;
	return true;
}

bool
config_value_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	uint64_t n;

	if (!leading_number(text, &n, &rest))
		return false;
	if (rest[0] == '\0')
		return scale(n, 1, SIZE_MAX_ALL, bytes);
	unit = strchr(units, rest[0]);
	if (unit == NULL || rest[1] != '\0')
		return false;
	return scale(
	    n, (uint64_t)1 << (10 * (unit - units + 1)), SIZE_MAX_ALL, bytes);
}

bool
config_value_time(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 } };
	const char *rest;
	uint64_t n, total;

	if (!leading_number(text, &n, &rest))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].unit) == 0 &&
		    scale(n, units[i].ms, TIME_MAX_MS, &total)) {
			*ms = (int64_t)total;
			return true;
		}
	}
	return false;
}

bool
config_value_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *rest;

	return leading_number(text, out, &rest) && *rest == '\0' &&
	       *out >= min && *out <= max;
}

bool
config_value_fingerprint(const char *text, char out[DOC_FINGERPRINT_SIZE])
{
	uint8_t bytes[32];
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (n == DOC_FINGERPRINT_SIZE - 1)
			return false;
		out[n++] = *text;
	}
	out[n] = '\0';
	/* v4 or v6 (RFC 9580, 5.5.4). */
	if ((n != 40 && n != 64) || !hex_parse(out, bytes, n / 2))
		return false;
	hex_upper(bytes, n / 2, out);
	return true;
}

/* A server with keys of several types must be asked for the pinned one; the
 * fingerprint does not tell which that is. */
static bool
is_key_type(const char *text)
{
	return text[0] == '\0' || strcmp(text, " ssh-ed25519") == 0 ||
	       strcmp(text, " ssh-rsa") == 0 || strcmp(text, " ecdsa") == 0;
}

bool
config_value_host_key(const char *text)
{
	static const char lead[] = "SHA256:";
	const char *base64 = text + strlen(lead);

	/* 32 bytes are 43 characters without padding; the last one carries
	 * four bits, so its low two are zero. */
	return strncmp(text, lead, strlen(lead)) == 0 &&
	       strspn(base64, ALNUM "+/") == 43 &&
	       strchr("AEIMQUYcgkosw048", base64[42]) != NULL &&
	       is_key_type(base64 + 43);
}

bool
config_value_gateway_id(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 100 && strchr("._-", text[0]) == NULL &&
	       strspn(text, ALNUM "._-") == len;
}

bool
config_value_host(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 253 && text[0] != '-' &&
	       strspn(text, ALNUM "._-:%") == len;
}

/* Names are cut to fit (route.c), but some of them should remain. */
#define REMOTE_NAME_BYTES 240
#define NAME_BYTES_KEPT   40

/* A placeholder, something that it might become, and the room it needs. */
static const struct placeholder {
	const char *text, *example;
	size_t bytes;
} placeholders[] = { { "{name}", "invoice.xml", NAME_BYTES_KEPT },
	{ "{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", DOCID_LEN },
	{ "{flow}", "invoices", LABEL_MAX_BYTES } };

static const struct placeholder *
placeholder_at(const char *text)
{
	for (size_t i = 0; i < 3; i++) {
		const struct placeholder *p = &placeholders[i];

		if (strncmp(text, p->text, strlen(p->text)) == 0)
			return p;
	}
	return NULL;
}

bool
config_value_template(const char *text, struct why *why)
{
	char sample[DOC_FILE_SIZE] = "";
	size_t bytes = 0, n = 0;

	for (const char *at = text; *at != '\0';) {
		const struct placeholder *p = placeholder_at(at);
		size_t len = p != NULL ? strlen(p->example) : 1;

		if (p == NULL && (*at == '{' || *at == '}')) {
			why_set(why, REASON_CONFIG,
			    "the placeholders are {name}, {id} and {flow}");
			return false;
		}
		bytes += p != NULL ? p->bytes : 1;
		if (bytes > REMOTE_NAME_BYTES) {
			why_set(why, REASON_CONFIG,
			    "too little of the %d bytes of a file name is "
			    "left for the document's own",
			    REMOTE_NAME_BYTES);
			return false;
		}
		memcpy(sample + n, p != NULL ? p->example : at, len);
		n += len;
		at += p != NULL ? strlen(p->text) : 1;
	}
	if (strstr(text, "{id}") == NULL) {
		why_set(why, REASON_CONFIG,
		    "{id} is missing: two documents would get one name");
		return false;
	}
	if (name_is_temporary(sample)) {
		why_set(why, REASON_CONFIG,
		    "such a name stands for a file that is not finished");
		return false;
	}
	return name_check(sample, n, why);
}

char *
config_value_path(const char *folder, const char *path)
{
	char *joined;

	if (path[0] == '/')
		joined = strdup(path);
	else if (asprintf(&joined, "%s%s%s", folder,
		     folder[0] == '/' && folder[1] == '\0' ? "" : "/",
		     path) < 0)
		joined = NULL;
	if (joined == NULL)
		gw_fatal("out of memory");
	return joined;
}

bool
config_value_path_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		n--;
	return strncmp(path, folder, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/' || n == 1);
}
