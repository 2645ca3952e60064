/* gateway/msg.h - the catalogue of messages between processes. */
#ifndef GATEWAY_MSG_H
#define GATEWAY_MSG_H

#include "gateway/base/buf.h"
#include "gateway/base/docid.h"
#include "gateway/base/status.h"
#include "gateway/role.h"

#include <stdarg.h>

/*
 * Every message is a row of the table in msg.c: who may send it to whom, which
 * fields it has and how many descriptors go with it.  Whatever does not match
 * its row ends the conversation: the reader gets GW_REFUSED and drops the
 * peer.  Builders are checked against the same row (gw_fatal: our own fault).
 */
enum msg_id {
	/* supervisor and its children */
	MSG_SETUP,   /* label, user, log level, confinement; fd: share */
	MSG_PEER,    /* role; fd: channel to it */
	MSG_CONTROL, /* fd: the listening admin socket */
	MSG_GO,      /* setup is complete */
	MSG_READY,   /* confinement in force, as text */
	MSG_STOP,    /* finish what is under way and end */
	MSG_START,   /* role, partner, collect: a worker is wanted */
	MSG_STARTED, /* fd: channel to the new worker */
	/* keyholder */
	MSG_SIGN,      /* fingerprint, hash algorithm, digest */
	MSG_SIGNED,    /* status, signature, why */
	MSG_UNWRAP,    /* PKESK body, SEIPD version */
	MSG_UNWRAPPED, /* status, algorithm, session key, why */
	/* spooler and its workers; ref names the document */
	MSG_SEAL,      /* id, partner, flow, name; fds: plain, sealed */
	MSG_SEALED,    /* status, sizes, digests, signer, why */
	MSG_UNSEAL,    /* id, largest plaintext; fds: sealed, plain */
	MSG_UNSEALED,  /* status, sizes, digests, name, signatures, why */
	MSG_VERIFY,    /* id, partner, size, signatures; fd: plain */
	MSG_VERDICT,   /* status, what was proven, why */
	MSG_INSPECT,   /* id, content, size; fd: plain */
	MSG_INSPECTED, /* status, why */
	/* spooler and courier */
	MSG_LINK,    /* status, facts of the connection, why */
	MSG_SEND,    /* id, temporary and final name, size, retry; fd */
	MSG_SENT,    /* status, why */
	MSG_LIST,    /* largest number of entries */
	MSG_ENTRY,   /* name, size, mtime */
	MSG_LISTED,  /* status, why */
	MSG_FETCH,   /* id, name, largest size; fd */
	MSG_FETCHED, /* status, size, why */
	MSG_CLEAR,   /* id, name, size, mtime */
	MSG_CLEARED, /* status, why */
	MSG_COUNT
};

#define MSG_FDS_MAX  2
#define MSG_SIZE_MAX (136 * 1024)
#define MSG_TEXT_MAX 520 /* with the NUL */
#define MSG_BLOB_MAX (65 * 1024)

/* One end of a socket pair; peer is who may speak there. */
struct chan {
	int fd;
	enum role self, peer;
};

struct msg {
	enum msg_id id;
	uint32_t ref;
	const char *next; /* the row's fields still to come */
	struct buf body;  /* being built, or a view while read */
	int fd[MSG_FDS_MAX];
	unsigned fds; /* attached, or not taken yet */
};

/* A pair of connected ends, close-on-exec. */
enum gw_status msg_pair(int fd[2], struct why *);

/* Build: begin, the fields in the row's order, descriptors (borrowed), send. */
void msg_begin(struct msg *, enum msg_id, uint32_t ref);
void msg_put_u32(struct msg *, uint32_t);
void msg_put_u64(struct msg *, uint64_t);
void msg_put_text(struct msg *, const char *);         /* < MSG_TEXT_MAX */
void msg_put_blob(struct msg *, const void *, size_t); /* <= MSG_BLOB_MAX */
void msg_put_docid(struct msg *, struct docid);
void msg_put_status(struct msg *, enum gw_status);
void msg_put_why(struct msg *, const struct why *);
void msg_put_fd(struct msg *, int fd);
/*
 * Sends and releases the message.  GW_AGAIN: a non-blocking channel is full.
 * GW_NONE: the peer is gone.
 */
enum gw_status msg_send(const struct chan *, struct msg *, struct why *);

/*
 * Take the next message.  GW_NONE: the peer is gone.  GW_AGAIN: nothing there
 * (non-blocking).  GW_REFUSED: not in the catalogue, or not this peer's to
 * send.  The fields live until the next msg_recv() in this process;
 * descriptors belong to the message until taken; msg_drop() closes the rest.
 */
enum gw_status msg_recv(const struct chan *, struct msg *, struct why *);
/* Blocks until exactly this message comes; anything else is GW_REFUSED. */
enum gw_status msg_expect(
    const struct chan *, enum msg_id, struct msg *, struct why *);
uint32_t msg_get_u32(struct msg *);
uint64_t msg_get_u64(struct msg *);
/* Text without NULs inside, copied; longer than size - 1 makes the message
 * bad (see msg_done) and gives "". */
void msg_get_text(struct msg *, char *out, size_t size);
const uint8_t *msg_get_blob(struct msg *, size_t *len);
struct docid msg_get_docid(struct msg *);
enum gw_status msg_get_status(struct msg *);
void msg_get_why(struct msg *, struct why *);
int msg_take_fd(struct msg *); /* the caller's; -1 when bad */
/* True when every field was there, well-formed and read; closes what was not
 * taken.  The reader's last word. */
bool msg_done(struct msg *);
void msg_drop(struct msg *);

/* "seal", "sealed" ...; for the log. */
const char *msg_name(enum msg_id);

#endif
