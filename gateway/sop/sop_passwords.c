/* gateway/sop/sop_passwords.c - PASSWORD arguments. */
#include "gateway/sop/sop_passwords.h"

#include "gateway/base/utf8.h"
#include "gateway/sop/sop_fail.h"
#include "gateway/sop/sop_indirect.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD_MAX 4096

/* White_Space of Unicode. */
static bool
is_white(uint32_t cp)
{
	return cp == ' ' || (cp >= 0x09 && cp <= 0x0d) || cp == 0x85 ||
	       cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
	       cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
	       cp == 0x3000;
}

/* How much is left without white space at the end; *readable: all of it is
 * text that a person can read and type. */
static size_t
trimmed(const char *text, size_t len, bool *readable)
{
	size_t end = 0;

	*readable = true;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t cp;

		n = utf8_next(text + i, len - i, &cp);
		if (n > 0 && is_white(cp))
			continue;
		/* Control characters may be hidden in white space only at
		 * the end. */
		for (size_t k = end; k < i; k++)
			*readable = *readable && (unsigned char)text[k] >= ' ';
		*readable = *readable && n > 0 && !utf8_is_control(cp);
		n = n > 0 ? n : 1;
		end = i + n;
	}
	return end;
}

static int
append(const char *text, size_t len, struct sop_passwords *to)
{
	char *copy;

	for (size_t i = 0; i < to->count; i++)
		if (strlen(to->at[i]) == len &&
		    memcmp(to->at[i], text, len) == 0)
			return SOP_OK;
	if (to->count == SOP_PASSWORDS_MAX ||
	    (copy = strndup(text, len)) == NULL)
		return sop_fail(SOP_FAILED, "no memory for passwords");
	to->at[to->count++] = copy;
	return SOP_OK;
}

static int
read_password(const char *designator, struct buf *text)
{
	int rc;

	buf_init_secret(text, PASSWORD_MAX);
	if ((rc = sop_indirect_read(designator, text)) != SOP_OK)
		return rc;
	if (text->len > 0 && memchr(text->data, 0, text->len) != NULL)
		return sop_fail(SOP_PASSWORD_NOT_HUMAN_READABLE,
		    "%s: a password has no NUL in it", designator);
	return SOP_OK;
}

int
sop_passwords_make(const char *designator, struct sop_passwords *to)
{
	struct buf text;
	bool readable;
	size_t len;
	int rc;

	if ((rc = read_password(designator, &text)) != SOP_OK)
		goto done;
	len = trimmed((const char *)text.data, text.len, &readable);
	if (!readable)
		rc = sop_fail(SOP_PASSWORD_NOT_HUMAN_READABLE,
		    "%s: a new password is UTF-8 without control characters",
		    designator);
	else if (len == 0)
		rc = sop_fail(SOP_PASSWORD_NOT_HUMAN_READABLE,
		    "%s: the password is empty", designator);
	else
		rc = append((const char *)text.data, len, to);
done:
	buf_free(&text);
	return rc;
}

int
sop_passwords_try(const struct sop_list *designators, struct sop_passwords *to)
{
	int rc = SOP_OK;

	for (size_t i = 0; i < designators->count && rc == SOP_OK; i++) {
		struct buf text;
		bool readable;
		const char *raw;

		rc = read_password(designators->at[i], &text);
		raw = text.len > 0 ? (const char *)text.data : "";
		if (rc == SOP_OK)
			rc = append(raw, trimmed(raw, text.len, &readable), to);
		if (rc == SOP_OK)
			rc = append(raw, text.len, to);
		buf_free(&text);
	}
	return rc;
}

void
sop_passwords_free(struct sop_passwords *p)
{
	for (size_t i = 0; i < p->count; i++) {
		mem_wipe(p->at[i], strlen(p->at[i]));
		free(p->at[i]);
	}
	memset(p, 0, sizeof(*p));
}
