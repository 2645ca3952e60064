/* base/name.c - which names from outside we are willing to carry. */
#include "gateway/base/name.h"

#include "gateway/base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

bool
name_check(const char *name, size_t len, struct why *why)
{
	size_t at = 0;

	if (len == 0 || len > NAME_MAX_BYTES) {
		why_set(why, REASON_BAD_NAME,
		    "the name has %zu bytes, allowed are 1 to %d", len,
		    NAME_MAX_BYTES);
		return false;
	}
	if (name[0] == '-' || name[0] == '.') {
		why_set(
		    why, REASON_BAD_NAME, "the name starts with '%c'", name[0]);
		return false;
	}
	while (at < len) {
		uint32_t cp;
		size_t n = utf8_next(name + at, len - at, &cp);

		if (n == 0) {
			why_set(why, REASON_BAD_NAME,
			    "the name is not valid UTF-8 at byte %zu", at + 1);
			return false;
		}
		if (cp == '/' || utf8_is_control(cp)) {
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
