/* base/doc.h - one document as every part of Waybill sees it. */
#ifndef BASE_DOC_H
#define BASE_DOC_H

#include "gateway/base/docid.h"
#include "gateway/base/hex.h"
#include "gateway/base/name.h"
#include "gateway/base/status.h"

#include <stdint.h>

#define DOC_NAME_SIZE  (NAME_MAX_BYTES + 1)
#define DOC_LABEL_SIZE (LABEL_MAX_BYTES + 1)
/* A message-id from a partner: our id, "id@gateway", or 64 hex digits. */
#define DOC_MESSAGE_ID_SIZE  129
#define DOC_FINGERPRINT_SIZE 65 /* 40 hex digits for v4 keys, 64 for v6 */
/* {name}.{id}.pgp and the names made when a delivery name is taken. */
#define DOC_FILE_SIZE 256

enum doc_direction { DOC_OUT, DOC_IN };

/* The states of DESIGN's tables; what each means on disk: spool/state.c. */
enum doc_state {
	DOC_CLAIMED,     /* both ways: taken, not yet promised */
	DOC_SEALED,      /* out: accepted; waits for its partner */
	DOC_SENDING,     /* out: handed to a courier */
	DOC_SENT,        /* out: the partner's server has it, proven by size */
	DOC_CLOSED,      /* out: nothing more to come; archived */
	DOC_RETURNED,    /* out: not accepted or not sendable; in returned/ */
	DOC_HELD,        /* out: waits for a person */
	DOC_LANDED,      /* in: sealed bytes durable in landed/ */
	DOC_UNSEALED,    /* in: decrypted, nothing believed yet */
	DOC_PASSED,      /* in: signature and content proven */
	DOC_DELIVERED,   /* in: in its delivery folder */
	DOC_DUPLICATE,   /* in: was delivered before; dropped */
	DOC_QUARANTINED, /* in: refused; in quarantine/ */
	DOC_STATE_COUNT
};

/* Plain data; no pointers, so it is copied and kept freely. */
struct doc {
	struct docid id;
	enum doc_direction direction;
	enum doc_state state;
	char partner[DOC_LABEL_SIZE];
	char flow[DOC_LABEL_SIZE];
	char name[DOC_NAME_SIZE]; /* original name; checked */
	char file[DOC_FILE_SIZE]; /* out: remote name; in: name received
					 * under, later name delivered as */
	char message_id[DOC_MESSAGE_ID_SIZE];
	char signer[DOC_FINGERPRINT_SIZE];
	char plain_sha256[SHA256_HEX_MAX]; /* lower-case hex or "" */
	char sealed_sha256[SHA256_HEX_MAX];
	uint64_t plain_size;
	uint64_t sealed_size;
	unsigned attempts;  /* of the present state's work */
	int64_t created_ms; /* wall clock */
	int64_t changed_ms;
	int64_t next_try_ms; /* wall clock; 0: at once */
	struct why why;      /* last failure; REASON_NONE if none */
};

#endif
