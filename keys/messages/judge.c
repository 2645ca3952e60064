/* keys/messages/judge.c - one signature over a document, step by step. */
#include "keys/messages/judge.h"

enum digests_form
judge_form(const struct sig *sig, bool cleartext)
{
	if (cleartext)
		return DIGESTS_CLEARTEXT;
	return sig->type == PACKET_SIG_TEXT ? DIGESTS_TEXT : DIGESTS_BINARY;
}

enum gw_status
judge_parse(const struct packet *p, bool cleartext, struct sig *sig,
    bool *other, struct why *why)
{
	enum gw_status st = sig_parse(sig, p->body.data, p->body.len, why);
	bool fits;

	if (other != NULL)
		*other = false;
	if (st != GW_OK)
		return st;
	fits = sig->type == PACKET_SIG_TEXT ||
	       (sig->type == PACKET_SIG_BINARY && !cleartext);
	if (fits)
		return GW_OK;
	if (other != NULL)
		*other = true;
	why_set(why, REASON_MALFORMED,
	    "a signature of type %#x is not about a %s", (unsigned)sig->type,
	    cleartext ? "text" : "document");
	return GW_REFUSED;
}

enum gw_status
judge_digest(const struct sig *sig, bool cleartext, struct digests *digests,
    uint8_t digest[PACKET_HASH_MAX], size_t *len, struct why *why)
{
	gcry_md_hd_t md;
	enum gw_status st =
	    digests_copy(digests, sig, judge_form(sig, cleartext), &md, why);

	if (st == GW_NONE) {
		why_set(why, REASON_UNSUPPORTED,
		    "the document was not hashed for this signature");
		return GW_REFUSED;
	}
	if (st != GW_OK)
		return st;
	st = sig_digest(sig, md, digest, len, why);
	gcry_md_close(md);
	return st;
}

enum gw_status
judge_time(
    const struct sig *sig, time_t now, unsigned clock_skew, struct why *why)
{
	if (sig->created > now + (time_t)clock_skew) {
		why_set(why, REASON_SIGNATURE_TIME,
		    "the signature is from the future, by %lld s",
		    (long long)(sig->created - now));
		return GW_REFUSED;
	}
	if (sig->expires != 0 && sig->expires <= now) {
		why_set(why, REASON_SIGNATURE_TIME,
		    "the signature expired %lld s ago",
		    (long long)(now - sig->expires));
		return GW_REFUSED;
	}
	return GW_OK;
}
