/*
 * gateway/roles/keyholder.c - the only process that holds private keys.
 *
 * user		its own; may touch locked memory and its channels, nothing else
 * peers	supervisor (brings channels), sealers, unsealers
 * messages	SIGN -> SIGNED from sealers, UNWRAP -> UNWRAPPED from unsealers
 * if taken	the attacker has our OpenPGP keys for as long as they are valid,
 *		and no way to carry them out but answers to those peers
 */
#include "gateway/roles/opening.h"
#include "gateway/roles/roles.h"

#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "gateway/share.h"
#include "keys/secrets/secret.h"
#include "keys/keys.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define KEYS_MAX  256
#define PEERS_MAX 512
/* Some 8 KiB for each RSA key; what does not fit would not be locked. */
#define SECURE_BYTES    ((size_t)2 * 1024 * 1024)
#define SESSION_KEY_MAX 64

struct keyholder {
	struct secret *key[KEYS_MAX];
	size_t key_count;
	struct chan peer[PEERS_MAX];
	size_t peer_count;
};

static void
load_keys(struct keyholder *kh, struct opening *o)
{
	struct share_secrets share;
	struct why why;

	if (!share_get_secrets(&o->share, &share) || share.count > KEYS_MAX) {
		why_set(&why, REASON_INTERNAL, "the share cannot be read");
		opening_fail("keyholder", &why);
	}
	/* A passphrase is a text; the NUL is ours. */
	buf_reset(&o->share);
	if (share.passphrase.len > 0) {
		share.passphrase.max++;
		buf_put_u8(&share.passphrase, 0);
	}
	for (size_t i = 0; i < share.count; i++) {
		if (secret_parse(share.key[i].data, share.key[i].len,
			share.passphrase.len > 0
			    ? (const char *)share.passphrase.data
			    : NULL,
			&kh->key[kh->key_count], &why) != GW_OK)
			opening_fail("keyholder", &why);
		kh->key_count++;
	}
	share_free_secrets(&share);
	buf_free(&o->share);
}

static enum gw_status
answer_sign(
    struct keyholder *kh, const struct chan *c, struct msg *m, struct why *why)
{
	char fingerprint[DOC_FINGERPRINT_SIZE];
	enum gw_status st;
	struct buf signature;
	struct msg reply;
	const uint8_t *digest;
	size_t len;
	int hash;

	msg_get_text(m, fingerprint, sizeof(fingerprint));
	hash = (int)msg_get_u32(m);
	digest = msg_get_blob(m, &len);
	if (!msg_done(m))
		return GW_REFUSED;
	why_set(why, REASON_NONE, "%s", "");
	buf_init(&signature, 4096);
	st = secret_sign(kh->key, kh->key_count, fingerprint, hash, digest, len,
	    &signature, why);
	msg_begin(&reply, MSG_SIGNED, m->ref);
	msg_put_status(&reply, st);
	msg_put_blob(&reply, signature.data, st == GW_OK ? signature.len : 0);
	msg_put_why(&reply, why);
	st = msg_send(c, &reply, why);
	buf_free(&signature);
	return st;
}

static enum gw_status
answer_unwrap(
    struct keyholder *kh, const struct chan *c, struct msg *m, struct why *why)
{
	enum gw_status st;
	struct buf key;
	struct msg reply;
	const uint8_t *pkesk;
	size_t len;
	int seipd, algorithm = 0;

	pkesk = msg_get_blob(m, &len);
	seipd = (int)msg_get_u32(m);
	if (!msg_done(m))
		return GW_REFUSED;
	why_set(why, REASON_NONE, "%s", "");
	buf_init_secret(&key, SESSION_KEY_MAX);
	st = secret_unwrap(
	    kh->key, kh->key_count, pkesk, len, seipd, &algorithm, &key, why);
	msg_begin(&reply, MSG_UNWRAPPED, m->ref);
	reply.body.secret = true;
	msg_put_status(&reply, st);
	msg_put_u32(&reply, (uint32_t)algorithm);
	msg_put_blob(&reply, key.data, st == GW_OK ? key.len : 0);
	msg_put_why(&reply, why);
	st = msg_send(c, &reply, why);
	buf_free(&key);
	return st;
}

/* False: this peer is finished. */
static bool
serve(struct keyholder *kh, const struct chan *c)
{
	enum gw_status st;
	struct why why;
	struct msg m;

	if ((st = msg_recv(c, &m, &why)) == GW_AGAIN)
		return true;
	if (st == GW_OK) {
		if (m.id == MSG_SIGN)
			st = answer_sign(kh, c, &m, &why);
		else if (m.id == MSG_UNWRAP)
			st = answer_unwrap(kh, c, &m, &why);
		else
			st = GW_REFUSED;
	}
	if (st != GW_OK && st != GW_NONE)
		log_line(LOG_LEVEL_ERROR, "-", "keyholder", "peer-dropped",
		    "role=%s", role_name(c->peer));
	return st == GW_OK;
}

static void
add_peer(struct keyholder *kh, const struct opening *o)
{
	struct why why;
	struct msg m;
	enum role peer;
	int fd;

	if (msg_expect(&o->supervisor, MSG_PEER, &m, &why) != GW_OK)
		_exit(0); /* the supervisor ended, and so do we */
	peer = (enum role)msg_get_u32(&m);
	fd = msg_take_fd(&m);
	if (!msg_done(&m) || kh->peer_count == PEERS_MAX ||
	    (peer != ROLE_SEALER && peer != ROLE_UNSEALER)) {
		fd_close(&fd);
		return;
	}
	/* One that takes no answers must not keep the others waiting. */
	fd_set_nonblock(fd);
	kh->peer[kh->peer_count++] = (struct chan){ fd, ROLE_KEYHOLDER, peer };
}

static void
loop(struct keyholder *kh, const struct opening *o)
{
	struct pollfd p[PEERS_MAX + 1];

	for (;;) {
		size_t n = kh->peer_count;

		p[n] = (struct pollfd){ o->supervisor.fd, POLLIN, 0 };
		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){ kh->peer[i].fd, POLLIN, 0 };
		if (poll(p, n + 1, -1) < 0 && errno != EINTR)
			_exit(1);
		if (p[n].revents != 0)
			add_peer(kh, o);
		/* From the end, so that removing one moves only served ones. */
		for (size_t i = n; i-- > 0;) {
			if (p[i].revents == 0 || serve(kh, &kh->peer[i]))
				continue;
			fd_close(&kh->peer[i].fd);
			kh->peer[i] = kh->peer[--kh->peer_count];
		}
	}
}

void
keyholder_main(void)
{
	static struct keyholder kh;
	struct opening o;
	struct why why;

	opening_begin(ROLE_KEYHOLDER, &o);
	if (keys_init(SECURE_BYTES, &why) != GW_OK)
		opening_fail("keyholder", &why);
	load_keys(&kh, &o);
	opening_seclude(&o);
	loop(&kh, &o);
	_exit(0);
}
