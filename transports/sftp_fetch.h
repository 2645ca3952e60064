/* transports/sftp_fetch.h - collect documents from a partner's server. */
#ifndef TRANSPORTS_SFTP_FETCH_H
#define TRANSPORTS_SFTP_FETCH_H

#include "transports/sftp_client.h"

/* One regular file of a listing; name is foreign text.  False: stop. */
typedef bool (*sftp_list_fn)(
    void *ctx, const char *name, uint64_t size, uint32_t mtime);
struct sftp_list_job {
	const char *folder;
	sftp_list_fn entry;
	void (*done)(void *ctx, enum gw_status, const struct why *);
	void *ctx;
};
/* Names with '/', "." and "..", longer than 255 bytes and anything but
 * regular files are passed over.  Not held in memory. */
enum gw_status sftp_list_start(
    struct sftp_client *, const struct sftp_list_job *, struct why *);

struct sftp_fetch_job {
	int fd;            /* empty file to write; taken, synced */
	uint64_t max_size; /* refuse more (REASON_TOO_LARGE); 0: any */
	const char *folder;
	const char *name;
	/* GW_OK: `size` bytes were written and synced; fstat after the last
	 * read said the same size as before the first. */
	void (*done)(
	    void *ctx, enum gw_status, uint64_t size, const struct why *);
	void *ctx;
};
enum gw_status sftp_fetch_start(
    struct sftp_client *, const struct sftp_fetch_job *, struct why *);

/* After our own commit: remove it there, or move it to another folder. */
struct sftp_clear_job {
	const char *folder;
	const char *name;
	const char *move_to; /* NULL: remove */
	/* As it was when it was listed; one that changed since is another
	 * document and stays (GW_AGAIN, STILL_WRITTEN).  mtime 0: not
	 * compared. */
	uint64_t size;
	uint32_t mtime;
	void (*done)(void *ctx, enum gw_status, const struct why *);
	void *ctx;
};
enum gw_status sftp_clear_start(
    struct sftp_client *, const struct sftp_clear_job *, struct why *);

#endif
