/* transports/sftp_packet.h - the packets of SFTP version 3, as bytes. */
#ifndef TRANSPORTS_SFTP_PACKET_H
#define TRANSPORTS_SFTP_PACKET_H

#include "gateway/base/buf.h"

/* draft-ietf-secsh-filexfer-02, 3 */
enum sftp_type {
	SFTP_INIT = 1,
	SFTP_VERSION = 2,
	SFTP_OPEN = 3,
	SFTP_CLOSE = 4,
	SFTP_READ = 5,
	SFTP_WRITE = 6,
	SFTP_LSTAT = 7,
	SFTP_FSTAT = 8,
	SFTP_OPENDIR = 11,
	SFTP_READDIR = 12,
	SFTP_REMOVE = 13,
	SFTP_REALPATH = 16,
	SFTP_STAT = 17,
	SFTP_RENAME = 18,
	SFTP_STATUS = 101,
	SFTP_HANDLE = 102,
	SFTP_DATA = 103,
	SFTP_NAME = 104,
	SFTP_ATTRS = 105,
	SFTP_EXTENDED = 200,
	SFTP_EXTENDED_REPLY = 201
};

/* 7: the codes of version 3, and two of later versions (RFC draft 13, 9.1)
 * that some servers send all the same. */
enum sftp_code {
	SFTP_OK = 0,
	SFTP_EOF = 1,
	SFTP_NO_SUCH_FILE = 2,
	SFTP_PERMISSION_DENIED = 3,
	SFTP_FAILURE = 4,
	SFTP_BAD_MESSAGE = 5,
	SFTP_NO_CONNECTION = 6,
	SFTP_CONNECTION_LOST = 7,
	SFTP_OP_UNSUPPORTED = 8,
	SFTP_NO_SPACE = 14,
	SFTP_QUOTA_EXCEEDED = 15
};

/* 6.3 */
#define SFTP_READ_FLAG   0x01u
#define SFTP_WRITE_FLAG  0x02u
#define SFTP_CREATE_FLAG 0x08u
#define SFTP_TRUNC_FLAG  0x10u

/* 5 */
#define SFTP_ATTR_SIZE       0x01u
#define SFTP_ATTR_UIDGID     0x02u
#define SFTP_ATTR_MODE       0x04u
#define SFTP_ATTR_TIMES      0x08u
#define SFTP_ATTR_EXTRA      0x80000000u
#define SFTP_ATTR_EXTRAS_MAX 64

/* The longest handle a server may give (6.2). */
#define SFTP_HANDLE_MAX 256
/* The longest path that we send. */
#define SFTP_PATH_MAX 4096
/* What we take in one packet, without its length field. */
#define SFTP_PACKET_MAX ((size_t)256 * 1024 + 1024)

struct sftp_handle {
	uint32_t len;
	uint8_t data[SFTP_HANDLE_MAX];
};

struct sftp_attrs {
	uint32_t flags;
	uint64_t size;
	uint32_t mode;
	uint32_t mtime;
};

/* A packet goes between begin, which returns where it starts, and end, which
 * fills in its length.  A full buffer turns bad; look at the end. */
size_t sftp_packet_begin(struct buf *, enum sftp_type, uint32_t id);
void sftp_packet_end(struct buf *, size_t start);
void sftp_packet_text(struct buf *, const char *);
void sftp_packet_handle(struct buf *, const struct sftp_handle *);

/* A string of at most max bytes into a view; false when longer or cut. */
bool sftp_packet_string(struct buf *, size_t max, struct buf *view);
bool sftp_packet_attrs(struct buf *, struct sftp_attrs *);

/* "folder/name", or the name alone for the login folder; false when it does
 * not fit SFTP_PATH_MAX, or the name is none (empty, with '/', "." or ".."). */
bool sftp_packet_path(
    char *out, size_t size, const char *folder, const char *name);

#endif
