/* keys/messages/document.h - a descriptor's content as literal data. */
#ifndef KEYS_DOCUMENT_H
#define KEYS_DOCUMENT_H

#include "keys/messages/digests.h"
#include "keys/packets/sink.h"

#include <sys/stat.h>
#include <time.h>

struct document {
	int fd;
	struct stat st;
	uint64_t left; /* octets still to come; UINT64_MAX: nobody knows */
	uint64_t size; /* octets that came */
	struct digests *digests;
};

/* Look at it from where it stands; nothing is read yet.  Its octets go
 * through `digests`, which stays the caller's. */
enum gw_status document_open(
    struct document *, int fd, struct digests *, struct why *);

/*
 * Would it gain by compression?  Tried on a few places of a regular file.
 * Nothing is known of a pipe: true.
 */
bool document_shrinks(const struct document *);

/* The octets of literal data beside the document: header, name, lengths. */
#define DOCUMENT_FRAME_MAX 1024

/*
 * Put the literal packet (RFC 9580, 5.9).  A text is not altered: its line
 * ends stay what they are, and only its signature is over CR LF.  GW_AGAIN,
 * STILL_WRITTEN: a regular file that is not as long as it was.
 */
enum gw_status document_put(struct document *, struct sink *, char format,
    const char *name, time_t when, struct why *);

#endif
