/* gateway/sop/sop_verdicts.c - which signatures count, and VERIFICATIONS. */
#include "gateway/sop/sop_verdicts.h"

#include "gateway/base/clock.h"
#include "gateway/sop/sop_fail.h"

#include <stdio.h>
#include <string.h>

#define STAMP     "%Y-%m-%dT%H:%M:%SZ"
#define STAMP_MAX 64
#define LATEST    ((time_t)1 << 40) /* later than any signature can say */

static time_t
now(void)
{
	return (time_t)(clock_wall_ms() / 1000);
}

/* ISO 8601 in UTC, as the draft asks for, and its shorter forms. */
static bool
parse_date(const char *text, time_t *when)
{
	static const char *const forms[] = { STAMP, "%Y-%m-%dT%H:%M:%S+00:00",
		"%Y-%m-%dT%H:%MZ", "%Y-%m-%d", "%Y%m%dT%H%M%SZ", "%Y%m%d" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm;
		const char *end;

		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (end != NULL && *end == '\0') {
			*when = timegm(&tm);
			return true;
		}
	}
	return false;
}

static int
read_date(const char *text, time_t open_end, time_t *when)
{
	if (strcmp(text, "-") == 0)
		*when = open_end;
	else if (strcmp(text, "now") == 0)
		*when = now();
	else if (!parse_date(text, when))
		return sop_fail(SOP_UNSUPPORTED_OPTION,
		    "\"%s\" is no date (2026-11-28T12:00:00Z, \"now\", or \"-\" "
		    "for an open end)",
		    text);
	return SOP_OK;
}

int
sop_period_read(
    const char *not_before, const char *not_after, struct sop_period *period)
{
	int rc = read_date(
	    not_before != NULL ? not_before : "-", 0, &period->not_before);

	/* "Now" is when the signature is judged: in a pipeline it may be made
	 * after we were started.  The engine refuses one from the future. */
	if (not_after == NULL || strcmp(not_after, "now") == 0)
		not_after = "-";
	if (rc == SOP_OK)
		rc = read_date(not_after, LATEST, &period->not_after);
	return rc;
}

static const char *
stamp(time_t when, char out[STAMP_MAX])
{
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, STAMP_MAX, STAMP, &tm) == 0)
		snprintf(out, STAMP_MAX, "?");
	return out;
}

/* The draft's line: when, which key, whose, what kind. */
static void
put_line(const struct verify_one *v, struct buf *lines)
{
	char text[STAMP_MAX];

	buf_printf(lines, "%s %s %s mode:%s\n", stamp(v->signed_at, text),
	    v->signing_key, v->signer, v->text ? "text" : "binary");
}

/* Does it count?  A reason not to is told. */
static bool
counts(const struct verify_one *v, const struct sop_period *period)
{
	char text[STAMP_MAX];

	if (v->verdict != GW_OK) {
		sop_warn("a signature does not count: %s", v->why.text);
		return false;
	}
	if (v->signed_at >= period->not_before &&
	    v->signed_at <= period->not_after)
		return true;
	sop_warn("a signature by %s does not count: made %s, %s",
	    v->signing_key, stamp(v->signed_at, text),
	    v->signed_at < period->not_before ? "too early" : "too late");
	return false;
}

int
sop_verdicts(const struct sop_certs *certs, const struct sop_period *period,
    const void *signatures, size_t len, bool cleartext, struct digests *digests,
    struct buf *lines)
{
	struct verify_one verdicts[VERIFY_MAX];
	const struct cert *all[SOP_CERTS_MAX];
	enum gw_status st;
	struct why why;
	size_t n = 0;

	for (size_t i = 0; i < certs->count; i++)
		all[i] = certs->at[i];
	st = verify_each(all, certs->count, signatures, len, cleartext, digests,
	    now(), verdicts, &n, &why);
	if (st != GW_OK)
		return sop_fail(st == GW_REFUSED ? SOP_BAD_DATA : SOP_FAILED,
		    "the signatures: %s", why.text);
	for (size_t i = 0; i < n; i++)
		if (counts(&verdicts[i], period))
			put_line(&verdicts[i], lines);
	return SOP_OK;
}
