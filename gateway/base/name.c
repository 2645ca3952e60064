/* base/name.c - which names from outside we are willing to carry. */
#include "gateway/base/name.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Decode one UTF-8 sequence; 0 when it is not the shortest valid form. */
static size_t
utf8_next(const unsigned char *s, size_t left, uint32_t *cp)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > left)
		return 0;
	*cp = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (*cp < smallest[n] || *cp > 0x10ffff ||
	    (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

/* Control characters, and the ones that reorder what a person sees. */
static bool
is_forbidden(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == '/' ||
	    (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
	    cp == 0x2028 || cp == 0x2029 || cp == 0x200e || cp == 0x200f ||
	    cp == 0xfeff;
}

bool
name_check(const char *name, size_t len, struct why *why)
{
	const unsigned char *s = (const unsigned char *)name;
	size_t at = 0;

	if (len == 0 || len > NAME_MAX_BYTES) {
		why_set(why, REASON_BAD_NAME,
		    "the name has %zu bytes, allowed are 1 to %d", len,
		    NAME_MAX_BYTES);
		return false;
	}
	if (s[0] == '-' || s[0] == '.') {
		why_set(why, REASON_BAD_NAME, "the name starts with '%c'",
		    s[0]);
		return false;
	}
	while (at < len) {
		uint32_t cp;
		size_t n = utf8_next(s + at, len - at, &cp);

		if (n == 0) {
			why_set(why, REASON_BAD_NAME,
			    "the name is not valid UTF-8 at byte %zu", at + 1);
			return false;
		}
		if (is_forbidden(cp)) {
			why_set(why, REASON_BAD_NAME,
			    "the name has the forbidden character U+%04X",
			    (unsigned)cp);
			return false;
		}
		at += n;
	}
	return true;
}

bool
name_is_temporary(const char *name)
{
	static const char *const suffixes[] = { ".tmp", ".part", ".filepart" };
	size_t len = strlen(name);

	if (name[0] == '.')
		return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i]);

		if (len >= n && strcasecmp(name + len - n, suffixes[i]) == 0)
			return true;
	}
	return false;
}

bool
name_is_label(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= LABEL_MAX_BYTES && name[0] != '-' &&
	    name[0] != '_' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}
