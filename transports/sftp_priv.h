/* transports/sftp_priv.h - what send and fetch see of a client's inside. */
#ifndef TRANSPORTS_SFTP_PRIV_H
#define TRANSPORTS_SFTP_PRIV_H

#include "transports/sftp_client.h"
#include "transports/sftp_packet.h"
#include "transports/ssh_link.h"

#include <libssh/callbacks.h>

/* Questions without an answer yet, on one connection; a power of two. */
#define SFTP_QUESTIONS 512

struct sftp_job;

/* What the server said to one question. */
struct sftp_answer {
	enum sftp_type type; /* SFTP_STATUS, or the one asked for */
	struct buf body;     /* not for SFTP_STATUS */
	uint32_t code;       /* SFTP_STATUS only, else SFTP_OK */
	char said[160];      /* the server's words, quoted; or "" */
	uint64_t offset;     /* as given with the question */
	uint32_t len;
};

typedef void (*sftp_answer_fn)(
    struct sftp_client *, struct sftp_job *, struct sftp_answer *);

struct sftp_question {
	uint32_t id;
	bool open;           /* asked and not answered */
	enum sftp_type want; /* beside SFTP_STATUS; that itself: no other */
	sftp_answer_fn fn;   /* NULL: nobody cares */
	struct sftp_job *job;
	uint64_t offset;
	uint32_t len;
};

struct sftp_job_kind {
	/* Send what can be sent now.  True if something was. */
	bool (*work)(struct sftp_client *, struct sftp_job *);
	/* Tell the owner job->st and job->why; release everything. */
	void (*end)(struct sftp_job *);
};

/* The first member of every kind of job. */
struct sftp_job {
	struct sftp_job *next, *prev;
	const struct sftp_job_kind *kind;
	unsigned asked; /* questions not answered yet */
	bool ended;     /* st and why are final */
	enum gw_status st;
	struct why why;
};

struct sftp_client {
	struct ssh_link *link;
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	struct ssh_counter_struct socket_bytes;

	struct buf out; /* packets not yet given to the channel */
	struct buf in;  /* what came and is not yet parsed */
	bool flooded;   /* more came than we ever asked for */
	bool closed;    /* the other side is gone or going */
	bool finished;  /* end_st and end_why say how */
	enum gw_status end_st;
	struct why end_why;

	bool greeted; /* VERSION came */
	bool can_fsync, can_statvfs;
	uint32_t write_chunk, read_chunk;
	unsigned handles_max, handles;

	struct sftp_question questions[SFTP_QUESTIONS];
	uint16_t free_slots[SFTP_QUESTIONS];
	unsigned free_count;
	uint32_t serial;
	size_t bytes_asked; /* in reads and writes without answer */

	struct sftp_job *first, *last;
	unsigned busy;
	bool fresh; /* a job was added since the last step */

	unsigned readers; /* fetches: they need a wide window */
	uint64_t received, window_at;
	void *window_room;

	int patience_ms;
	uint64_t bytes_settling; /* being synced and closed on the server */
	int64_t moved_ms;        /* last sign of life or acceptance */
	uint64_t moved_out;
};

/*
 * sftp_ask.c: questions.  Only when sftp_client_ready(); never from a libssh
 * callback.  Answers come to `fn` from within sftp_client_step().
 */

/* Take note of a question; its id goes into the packet.  `len` bytes of file
 * content that it sends or fetches count against the window. */
uint32_t sftp_ask(struct sftp_client *, struct sftp_job *, enum sftp_type want,
    sftp_answer_fn, uint64_t offset, uint32_t len);
/* Whole requests that consist of one path, one handle, and so on. */
void sftp_ask_path(struct sftp_client *, struct sftp_job *,
    enum sftp_type request, const char *path, enum sftp_type want,
    sftp_answer_fn);
void sftp_ask_handle(struct sftp_client *, struct sftp_job *,
    enum sftp_type request, const struct sftp_handle *, enum sftp_type want,
    sftp_answer_fn);
void sftp_ask_open(struct sftp_client *, struct sftp_job *, const char *path,
    uint32_t flags, sftp_answer_fn);
void sftp_ask_rename(struct sftp_client *, struct sftp_job *, const char *from,
    const char *to, sftp_answer_fn);
/* An extension with a path or a handle, or neither. */
void sftp_ask_extended(struct sftp_client *, struct sftp_job *,
    const char *name, const char *path, const struct sftp_handle *,
    enum sftp_type want, sftp_answer_fn);
/* The first packet; the answer sets what the server can. */
void sftp_ask_hello(struct sftp_client *);
/* Hand every complete packet in c->in to who asked for it. */
void sftp_ask_answers(struct sftp_client *);

/* The handle, or the attributes, in an answer; false: the connection is
 * broken. */
bool sftp_answer_handle(
    struct sftp_client *, struct sftp_answer *, struct sftp_handle *);
bool sftp_answer_attrs(
    struct sftp_client *, struct sftp_answer *, struct sftp_attrs *);

/* May a job ask another question now, about so many bytes of content? */
bool sftp_client_ready(const struct sftp_client *, size_t bytes);
/* Put a job in the list; GW_AGAIN when there are too many, or when the
 * connection is finished. */
enum gw_status sftp_client_add(
    struct sftp_client *, struct sftp_job *, struct why *);
/* The other side broke the protocol: the connection ends with this step. */
void sftp_client_break(struct sftp_client *, const char *what);
/* The job is over; `why` may be NULL for GW_OK.  No answer may be owed. */
void sftp_job_end(struct sftp_job *, enum gw_status, const struct why *);

/*
 * sftp_status.c: what a server's refusal means in the words of the product.
 * GW_AGAIN for all that somebody may heal on the server.
 */
enum gw_status sftp_status(const struct sftp_answer *, const char *doing,
    const char *path, struct why *);

#endif
