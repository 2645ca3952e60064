/* keys/secrets/secret_edit.h - a certificate written anew, part by part; for
 * keys/secrets/ only. */
#ifndef KEYS_SECRET_EDIT_H
#define KEYS_SECRET_EDIT_H

#include "keys/secrets/secret_parts.h"

/* One part of a certificate: a key or user id, and the signatures behind it. */
struct part {
	struct packet packet;
	struct buf raw;        /* the packet, header included */
	struct buf signatures; /* packets */
};

/* A certificate that is written anew, part by part. */
struct edit {
	const struct secret *old;
	const struct secret_key *primary;
	time_t when;
	struct buf from, out;
	struct secret_half *halves; /* of the new one */
	size_t count;
};

/* What the owner last said about one part. */
struct finding {
	bool any;
	struct sig sig; /* the newest that is, or will be, in force */
	bool revoked;   /* the key, for good */
	bool any_taken; /* a claim was taken back, the last of them then */
	time_t taken_back;
};

/* Needs the primary key's numbers.  Close it also after a failure. */
enum gw_status edit_begin(
    struct edit *, const struct secret *, time_t when, struct why *);
/* What stands in `out` becomes a secret of its own, with the same numbers and
 * those in halves[0 .. count). */
enum gw_status edit_end(struct edit *, struct secret **out, struct why *);
void edit_close(struct edit *);

/* The next key or user id of the old certificate.  GW_NONE: that was all. */
enum gw_status edit_next(struct edit *, struct part *, struct why *);
/* What a signature about this part is about; subkey: its key, or NULL. */
struct secret_subject edit_subject(
    const struct edit *, const struct part *, const struct pk *subkey);
/* Verify the part's signatures and keep the newest that has not expired at
 * `when` and was not taken back; release the finding. */
void edit_find(struct finding *, const struct part *,
    const struct secret_subject *, time_t when);
void edit_find_close(struct finding *);
/* Say once more what was said last, with another expiry. */
enum gw_status edit_renew(struct edit *, const struct finding *,
    const struct secret_subject *, time_t expires, struct why *);

/* For all who change keys. */
enum gw_status edit_failed(struct why *, const char *what);
enum gw_status edit_nonsense(struct why *, const char *what);

#endif
