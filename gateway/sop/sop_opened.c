/* gateway/sop/sop_opened.c - a message taken apart, believed only when proven. */
#include "gateway/sop/sop_opened.h"

#include "gateway/base/fdio.h"
#include "gateway/sop/sop_clear.h"
#include "gateway/sop/sop_fail.h"
#include "keys/messages/verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)256 * 1024)

enum gw_status
sop_opened_read(struct sop_opened *m, struct unseal_request *rq, int in,
    bool verify, struct why *why)
{
	enum gw_status st;

	if (verify && (st = digests_new(&m->digests, why)) != GW_OK)
		return st;
	rq->digests = m->digests;
	return unseal_stream(rq, in, m->plain, &m->result, why);
}

void
sop_opened_close(struct sop_opened *m)
{
	digests_free(m->digests);
	unseal_result_free(&m->result);
	fd_close(&m->plain);
	m->digests = NULL;
}

/* One piece is hashed while the next is read. */
enum gw_status
sop_opened_digest(int fd, struct digests *digests, struct why *why)
{
	uint8_t *chunks = malloc(2 * CHUNK);
	size_t got = CHUNK;
	enum gw_status st = GW_OK;

	if (chunks == NULL) {
		why_set(why, REASON_INTERNAL, "no memory to hash");
		return GW_AGAIN;
	}
	for (size_t i = 0; st == GW_OK && got == CHUNK; i ^= 1) {
		st = fd_read_full(fd, chunks + i * CHUNK, CHUNK, &got, why);
		if (st == GW_OK)
			digests_write(digests, chunks + i * CHUNK, got);
	}
	digests_settle(digests);
	free(chunks);
	return st;
}

/* Signatures behind a clear text came too late to be hashed for on the way. */
static enum gw_status
digest_again(struct sop_opened *m, struct why *why)
{
	enum gw_status st;

	digests_free(m->digests);
	m->digests = NULL;
	if (lseek(m->plain, 0, SEEK_SET) != 0) {
		why_errno(why, REASON_IO_ERROR, "the temporary file");
		return GW_INTERNAL;
	}
	if ((st = digests_new(&m->digests, why)) != GW_OK ||
	    (st = verify_want(m->digests, m->result.signatures.data,
		 m->result.signatures.len, true, why)) != GW_OK)
		return st;
	return sop_opened_digest(m->plain, m->digests, why);
}

int
sop_opened_judge(struct sop_opened *m, const struct sop_certs *certs,
    const struct sop_period *period, struct buf *lines)
{
	bool cleartext = m->result.shape == UNSEAL_CLEARTEXT;
	enum gw_status st = GW_OK;
	struct why why;

	if (m->result.signatures.len == 0)
		return SOP_OK;
	if (cleartext)
		st = digest_again(m, &why);
	if (st != GW_OK)
		return sop_fail(st == GW_REFUSED ? SOP_BAD_DATA : SOP_FAILED,
		    "%s", why.text);
	return sop_verdicts(certs, period, m->result.signatures.data,
	    m->result.signatures.len, cleartext, m->digests, lines);
}
