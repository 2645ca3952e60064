/* keys/messages/digests.c - one document, hashed in all the ways wanted. */
#include "keys/messages/digests.h"

#include "keys/packets/second_thread.h"

#include <stdlib.h>
#include <string.h>

#define SALT_MAX 32
/* What is smaller is hashed before another thread would have woken up. */
#define WORTH_A_THREAD ((size_t)64 * 1024)

/* One running hash; signatures of a kind share it. */
struct digest {
	int hash_algorithm;
	enum digests_form form;
	uint8_t salt[SALT_MAX];
	size_t salt_len;
	gcry_md_hd_t md;
	bool after_cr; /* text: the octet before was a CR */
	/* Cleartext: the state before white space that may turn out to end a
	 * line; a run of it has no bound, so it cannot be kept itself. */
	gcry_md_hd_t before_white;
	bool broken; /* no memory for that */
};

struct digests {
	struct digest one[DIGESTS_MAX];
	size_t count;
	struct second_job job;
	const uint8_t *at; /* being hashed */
	size_t len;
};

static enum gw_status
no_memory(struct why *why)
{
	why_set(why, REASON_INTERNAL, "no memory to hash");
	return GW_AGAIN;
}

static void
write_text(struct digest *d, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *lf;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (lf == NULL) {
			gcry_md_write(d->md, p, (size_t)(end - p));
			d->after_cr = end[-1] == '\r';
			return;
		}
		gcry_md_write(d->md, p, (size_t)(lf - p));
		if (lf > p ? lf[-1] != '\r' : !d->after_cr)
			gcry_md_putc(d->md, '\r');
		gcry_md_putc(d->md, '\n');
		d->after_cr = false;
	}
}

/* The white space before this was inside a line, or the end of one. */
static void
settle_white(struct digest *d, bool inside)
{
	if (d->before_white == NULL)
		return;
	if (inside) {
		gcry_md_close(d->before_white);
	} else {
		gcry_md_close(d->md);
		d->md = d->before_white;
	}
	d->before_white = NULL;
}

static void
write_cleartext(struct digest *d, const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		const uint8_t *lf = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *stop = lf != NULL ? lf : end, *last = stop;

		while (last > p && (last[-1] == ' ' || last[-1] == '\t' ||
				       last[-1] == '\r'))
			last--;
		if (last > p || lf != NULL)
			settle_white(d, last > p);
		gcry_md_write(d->md, p, (size_t)(last - p));
		if (lf != NULL) {
			gcry_md_write(d->md, "\r\n", 2);
		} else if (last < stop) {
			if (d->before_white == NULL &&
			    gcry_md_copy(&d->before_white, d->md) != 0)
				d->broken = true;
			gcry_md_write(d->md, last, (size_t)(stop - last));
		}
		p = lf != NULL ? lf + 1 : end;
	}
}

static void
hash_piece(void *arg)
{
	struct digests *d = arg;

	for (size_t i = 0; i < d->count; i++) {
		struct digest *one = &d->one[i];

		if (one->form == DIGESTS_BINARY)
			gcry_md_write(one->md, d->at, d->len);
		else if (one->form == DIGESTS_TEXT)
			write_text(one, d->at, d->at + d->len);
		else
			write_cleartext(one, d->at, d->at + d->len);
	}
}

enum gw_status
digests_new(struct digests **out, struct why *why)
{
	struct digests *d = calloc(1, sizeof(*d));

	*out = d;
	if (d == NULL)
		return no_memory(why);
	d->job = (struct second_job){ .run = hash_piece, .arg = d };
	return GW_OK;
}

void
digests_free(struct digests *d)
{
	if (d == NULL)
		return;
	second_thread_wait(&d->job);
	for (size_t i = 0; i < d->count; i++) {
		gcry_md_close(d->one[i].md);
		gcry_md_close(d->one[i].before_white);
	}
	free(d);
}

static struct digest *
find(struct digests *d, int hash_algorithm, enum digests_form form,
    const void *salt, size_t salt_len)
{
	for (size_t i = 0; i < d->count; i++) {
		struct digest *one = &d->one[i];

		if (one->hash_algorithm == hash_algorithm &&
		    one->form == form && one->salt_len == salt_len &&
		    (salt_len == 0 || memcmp(one->salt, salt, salt_len) == 0))
			return one;
	}
	return NULL;
}

enum gw_status
digests_want(struct digests *d, int hash_algorithm, enum digests_form form,
    const void *salt, size_t salt_len, struct why *why)
{
	const struct packet_hash *hash = packet_hash_find(hash_algorithm);
	struct digest *one;

	if (hash == NULL || salt_len > SALT_MAX) {
		why_set(why, REASON_UNSUPPORTED,
		    "signature: hash algorithm %d is not supported",
		    hash_algorithm);
		return GW_REFUSED;
	}
	if (find(d, hash_algorithm, form, salt, salt_len) != NULL)
		return GW_OK;
	if (d->count == DIGESTS_MAX) {
		why_set(why, REASON_MALFORMED, "too many kinds of signatures");
		return GW_REFUSED;
	}
	one = &d->one[d->count];
	if (gcry_md_open(&one->md, hash->gcry, 0) != 0)
		return no_memory(why);
	d->count++;
	one->hash_algorithm = hash_algorithm;
	one->form = form;
	one->salt_len = salt_len;
	if (salt_len > 0) {
		memcpy(one->salt, salt, salt_len);
		gcry_md_write(one->md, salt, salt_len);
	}
	return GW_OK;
}

enum gw_status
digests_want_sig(struct digests *d, const struct sig *sig,
    enum digests_form form, struct why *why)
{
	return digests_want(
	    d, sig->hash_algorithm, form, sig->salt.at, sig->salt.len, why);
}

void
digests_write(struct digests *d, const void *p, size_t n)
{
	if (n == 0 || d->count == 0)
		return;
	second_thread_wait(&d->job);
	d->at = p;
	d->len = n;
	if (n < WORTH_A_THREAD)
		hash_piece(d);
	else
		second_thread_give(&d->job);
}

void
digests_settle(struct digests *d)
{
	second_thread_wait(&d->job);
}

enum gw_status
digests_running(struct digests *d, int hash_algorithm, enum digests_form form,
    const void *salt, size_t salt_len, gcry_md_hd_t *md, struct why *why)
{
	struct digest *one = find(d, hash_algorithm, form, salt, salt_len);

	digests_settle(d);
	if (one == NULL)
		return GW_NONE;
	if (one->broken ||
	    gcry_md_copy(md,
		one->before_white != NULL ? one->before_white : one->md) != 0)
		return no_memory(why);
	return GW_OK;
}

enum gw_status
digests_copy(struct digests *d, const struct sig *sig, enum digests_form form,
    gcry_md_hd_t *md, struct why *why)
{
	return digests_running(
	    d, sig->hash_algorithm, form, sig->salt.at, sig->salt.len, md, why);
}

void
digests_sha256(struct digests *d, uint8_t out[SHA256_LEN])
{
	struct digest *one = find(d, PACKET_SHA256, DIGESTS_BINARY, NULL, 0);
	gcry_md_hd_t md;

	digests_settle(d);
	if (one == NULL || gcry_md_copy(&md, one->md) != 0)
		gw_fatal("digests: no SHA-256 of the document");
	memcpy(out, gcry_md_read(md, GCRY_MD_SHA256), SHA256_LEN);
	gcry_md_close(md);
}
