/* tests/transports/fake.h - an SSH server whose SFTP says what a test wants. */
#ifndef TESTS_TRANSPORTS_FAKE_H
#define TESTS_TRANSPORTS_FAKE_H

#include "gateway/base/buf.h"
#include "transports/sftp_client.h"
#include "transports/sftp_packet.h"
#include "transports/ssh_connect.h"
#include "transports/ssh_policy.h"

#include <check.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A forked process on a socketpair.  `talk` runs once SFTP was asked for. */
struct fake {
	pid_t pid;
	int fd; /* the client's end */
	char pin[80];
	char *identity;
};

typedef void (*fake_fn)(ssh_channel, const void *arg);

/* Send the packet in b (without length). */
__attribute__((unused)) static void
fake_put(ssh_channel ch, const struct buf *b)
{
	uint8_t len[4] = { (uint8_t)(b->len >> 24), (uint8_t)(b->len >> 16),
		(uint8_t)(b->len >> 8), (uint8_t)b->len };

	if (ssh_channel_write(ch, len, 4) < 0 ||
	    (b->len > 0 &&
		ssh_channel_write(ch, b->data, (uint32_t)b->len) < 0))
		_exit(0);
}

static void
fake_read(ssh_channel ch, uint8_t *to, uint32_t n)
{
	while (n > 0) {
		int got = ssh_channel_read(ch, to, n, 0);

		if (got <= 0)
			_exit(0); /* the client has gone */
		to += got;
		n -= (uint32_t)got;
	}
}

/* The next packet, without length. */
__attribute__((unused)) static void
fake_get(ssh_channel ch, struct buf *b)
{
	uint8_t len[4], *to;
	uint32_t n;

	fake_read(ch, len, 4);
	n = (uint32_t)len[0] << 24 | (uint32_t)len[1] << 16 |
	    (uint32_t)len[2] << 8 | len[3];
	buf_reset(b);
	if (n > b->max || (to = buf_room(b, n)) == NULL)
		_exit(1);
	fake_read(ch, to, n);
	buf_grew(b, n);
}

static ssh_channel
fake_accept(ssh_session s)
{
	ssh_channel ch = NULL;
	ssh_message m;

	while ((m = ssh_message_get(s)) != NULL) {
		int type = ssh_message_type(m), sub = ssh_message_subtype(m);

		if (type == SSH_REQUEST_AUTH && sub == SSH_AUTH_METHOD_NONE) {
			ssh_message_auth_reply_success(m, 0);
		} else if (type == SSH_REQUEST_CHANNEL_OPEN) {
			ch = ssh_message_channel_request_open_reply_accept(m);
		} else if (type == SSH_REQUEST_CHANNEL &&
			   sub == SSH_CHANNEL_REQUEST_SUBSYSTEM) {
			ssh_message_channel_request_reply_success(m);
			ssh_message_free(m);
			return ch;
		} else {
			ssh_message_reply_default(m);
		}
		ssh_message_free(m);
	}
	return NULL;
}

static void
fake_serve(int fd, ssh_key key, fake_fn talk, const void *arg)
{
	bool config = false;
	ssh_bind b = ssh_bind_new();
	ssh_session s = ssh_new();
	ssh_channel ch;

	ssh_bind_options_set(b, SSH_BIND_OPTIONS_PROCESS_CONFIG, &config);
	ssh_bind_options_set(b, SSH_BIND_OPTIONS_IMPORT_KEY, key);
	if (ssh_bind_accept_fd(b, s, fd) != SSH_OK ||
	    ssh_handle_key_exchange(s) != SSH_OK ||
	    (ch = fake_accept(s)) == NULL)
		_exit(1);
	talk(ch, arg);
	_exit(0);
}

__attribute__((unused)) static void
fake_start(struct fake *f, fake_fn talk, const void *arg)
{
	unsigned char *hash = NULL;
	size_t len;
	ssh_key key = NULL;
	int s[2];
	char *text;

	ck_assert(ssh_policy_fresh_key(&key));
	ck_assert_int_eq(
	    ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len),
	    0);
	text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	snprintf(f->pin, sizeof(f->pin), "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	ck_assert_int_eq(
	    ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &f->identity),
	    0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	f->fd = s[0];
	f->pid = fork();
	if (f->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(s[0]);
		fake_serve(s[1], key, talk, arg);
	}
	close(s[1]);
	ssh_key_free(key);
}

__attribute__((unused)) static enum gw_status
fake_link(struct fake *f, struct ssh_link **link, struct why *why)
{
	const char *pin = f->pin;
	struct ssh_facts facts;
	struct ssh_target t = { .host = "fake",
		.port = 22,
		.user = "u",
		.fd = f->fd,
		.host_keys = &pin,
		.host_key_count = 1,
		.identity = f->identity,
		.timeout_ms = 10000 };

	f->fd = -1;
	return ssh_link_open(&t, link, &facts, why);
}

__attribute__((unused)) static void
fake_stop(struct fake *f)
{
	if (f->fd >= 0)
		close(f->fd);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	ssh_string_free_char(f->identity);
}

#endif
