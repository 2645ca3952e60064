/* keys/certs/cert_judge.h - what holds for a part at a time; for cert*.c only. */
#ifndef KEYS_CERT_JUDGE_H
#define KEYS_CERT_JUDGE_H

#include "keys/certs/cert_parts.h"

/* Why a key cannot be used; the later, the nearer to being good. */
enum cert_fit {
	FIT_UNSUPPORTED,
	FIT_NOT_BOUND,
	FIT_WRONG_USE,
	FIT_WEAK,
	FIT_LACKING, /* meant for it, but not supported */
	FIT_NO_BACK,
	FIT_NOT_YET,
	FIT_REVOKED,
	FIT_EXPIRED,
	FIT_GOOD
};

struct cert_judgement {
	enum cert_fit fit;
	time_t date;         /* of the revocation, the expiry ... */
	const struct pk *pk; /* which is not supported, or too weak for this,
			      * at that time */
	enum policy_use use;
	time_t when;
};

/* The story's newest claim that is in force at that time and was not taken
 * back; NULL: none. */
const struct cert_claim *cert_claim_at(const struct cert_story *, time_t when);
/* The same for key number i; for the primary it may stand on a user id. */
const struct cert_claim *cert_claim_of(
    const struct cert *, size_t i, time_t when);
/* By its flags alone. */
bool cert_claim_means(const struct cert_claim *, enum cert_use);

/* When key number i ends, by what is in force at that time; 0: never. */
time_t cert_key_expiry(const struct cert *, size_t i, time_t when);
/* When the first claim begins that does not count yet; 0: none. */
time_t cert_key_begins(const struct cert_story *, time_t when);
/* *date: since when; the earliest revocation that counts at that time. */
bool cert_key_revoked(const struct cert_key *, time_t when, time_t *date);
/* Meant for it, and of an algorithm that can. */
bool cert_key_has_use(
    const struct pk *, const struct cert_claim *, enum cert_use);

/* Key number i, bound, born, not revoked, not expired: what every use
 * needs. */
struct cert_judgement cert_judge_life(
    const struct cert *, size_t i, time_t when);
/* For that use, the primary key's life included. */
struct cert_judgement cert_judge(
    const struct cert *, size_t i, enum cert_use, time_t when);
/* The judgement in words; GW_OK when it is good. */
enum gw_status cert_explain(
    const struct cert *, struct cert_judgement, enum cert_use, struct why *);

#endif
