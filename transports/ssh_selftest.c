/* transports/ssh_selftest.c - does this libssh notice altered packets? */
#include "transports/ssh_selftest.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "transports/ssh_connect.h"
#include "transports/ssh_policy.h"

#include <libssh/libssh.h>
#include <libssh/server.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Why at run time: the OpenSSL build of libssh 0.9 to 0.11 did not check the
 * tags of AES-GCM (CVE-2026-59847), and distributions repaired it without a
 * new version number, so no version check can tell.
 */

#define TIMEOUT_MS 5000

/* client <-> relay <-> server; the relay may change one bit. */
struct bench {
	ssh_session client, server;
	ssh_event events;
	ssh_bind bind;
	int client_side; /* the relay's ends */
	int server_side;
	int64_t deadline;
};

enum damage { DAMAGE_NONE, DAMAGE_TEXT, DAMAGE_TAG };

static enum gw_status
bench_failed(struct why *why, const char *what)
{
	why_set(why, REASON_INTERNAL, "self-test of libssh %s: %s",
	    ssh_version(0), what);
	return GW_INTERNAL;
}

/* Pass on what has come; false at the end of time or of the connection. */
static bool
relay(int from, int to, enum damage damage)
{
	uint8_t data[16384];
	ssize_t n = read(from, data, sizeof(data));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	/* SSH binary packet: four octets of length in clear, which no test
	 * touches; padding length and payload, encrypted; the tag last. */
	if (damage == DAMAGE_TEXT && n > 12)
		data[12] ^= 0x10;
	if (damage == DAMAGE_TAG)
		data[n - 1] ^= 0x01;
	return write(to, data, (size_t)n) == n;
}

/* Let both sides and the relay work once; wait when there is nothing. */
static bool
turn(struct bench *b)
{
	struct pollfd p[2] = { { b->client_side, POLLIN, 0 },
		{ b->server_side, POLLIN, 0 } };

	if (clock_mono_ms() > b->deadline)
		return false;
	if (poll(p, 2, 1) > 0)
		return relay(b->client_side, b->server_side, DAMAGE_NONE) &&
		       relay(b->server_side, b->client_side, DAMAGE_NONE);
	return true;
}

static bool
bench_connect(struct bench *b)
{
	int c = SSH_AGAIN, s = SSH_AGAIN;

	while (c == SSH_AGAIN || s == SSH_AGAIN) {
		if (c == SSH_AGAIN)
			c = ssh_connect(b->client);
		if (s == SSH_AGAIN)
			s = ssh_handle_key_exchange(b->server);
		if (!turn(b))
			return false;
	}
	return c == SSH_OK && s == SSH_OK &&
	       ssh_event_add_session(b->events, b->client) == SSH_OK;
}

static bool
alive(const struct bench *b)
{
	return ssh_get_fd(b->client) >= 0 &&
	       !(ssh_get_status(b->client) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

/* One harmless packet from the server; does the client still live then? */
static bool
taken(struct bench *b, enum damage damage)
{
	struct pollfd p = { b->server_side, POLLIN, 0 };

	if (ssh_send_ignore(b->server, "a packet that means nothing") !=
		SSH_OK ||
	    poll(&p, 1, TIMEOUT_MS) != 1 ||
	    !relay(b->server_side, b->client_side, damage))
		return false;
	/* Twice: reading and judging need not be the same call. */
	(void)ssh_event_dopoll(b->events, 0);
	if (alive(b))
		(void)ssh_event_dopoll(b->events, 0);
	return alive(b);
}

static bool
bench_server(struct bench *b, const char *cipher, int fd)
{
	bool config = false;
	ssh_key key = NULL;

	b->bind = ssh_bind_new();
	b->server = ssh_new();
	if (b->bind == NULL || b->server == NULL || !ssh_policy_fresh_key(&key))
		return false;
	if (ssh_bind_options_set(
		b->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &config) != 0 ||
	    ssh_bind_options_set(b->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) !=
		0) {
		ssh_key_free(key);
		return false;
	}
	/* From here on the key belongs to the bind. */
	if (ssh_bind_options_set(
		b->bind, SSH_BIND_OPTIONS_CIPHERS_C_S, cipher) != 0 ||
	    ssh_bind_options_set(
		b->bind, SSH_BIND_OPTIONS_CIPHERS_S_C, cipher) != 0)
		return false;
	if (ssh_bind_accept_fd(b->bind, b->server, fd) != SSH_OK)
		return false;
	ssh_set_blocking(b->server, 0);
	return true;
}

static bool
bench_client(struct bench *b, const char *cipher, int fd)
{
	struct why why;
	char host_keys[256];

	ssh_policy_host_keys(NULL, 0, host_keys, sizeof(host_keys));
	b->client = ssh_new();
	if (b->client == NULL || ssh_policy_apply(b->client, &why) != GW_OK ||
	    ssh_options_set(b->client, SSH_OPTIONS_USER, "self-test") != 0 ||
	    ssh_options_set(b->client, SSH_OPTIONS_HOSTKEYS, host_keys) != 0 ||
	    ssh_options_set(b->client, SSH_OPTIONS_CIPHERS_C_S, cipher) != 0 ||
	    ssh_options_set(b->client, SSH_OPTIONS_CIPHERS_S_C, cipher) != 0 ||
	    ssh_options_set(b->client, SSH_OPTIONS_FD, &fd) != 0)
		return false;
	ssh_set_blocking(b->client, 0);
	return true;
}

static bool
bench_open(struct bench *b, const char *cipher)
{
	int c[2] = { -1, -1 }, s[2] = { -1, -1 };
	int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	bool ok = false;

	*b = (struct bench){ .client_side = -1,
		.server_side = -1,
		.deadline = clock_mono_ms() + TIMEOUT_MS };
	if (socketpair(AF_UNIX, type, 0, c) != 0 ||
	    socketpair(AF_UNIX, type, 0, s) != 0 ||
	    (b->events = ssh_event_new()) == NULL)
		goto done;
	b->client_side = c[1];
	b->server_side = s[1];
	/* A session owns its socket from its first call on. */
	if (!bench_server(b, cipher, s[0]))
		goto done;
	s[0] = -1;
	if (!bench_client(b, cipher, c[0]))
		goto done;
	ok = bench_connect(b);
	c[0] = -1;
done:
	fd_close(&c[0]);
	fd_close(&s[0]);
	return ok;
}

static void
bench_close(struct bench *b)
{
	if (b->events != NULL) {
		if (b->client != NULL)
			(void)ssh_event_remove_session(b->events, b->client);
		ssh_event_free(b->events);
	}
	if (b->client != NULL) {
		int fd = ssh_get_fd(b->client);

		ssh_disconnect(b->client);
		ssh_free(b->client);
		fd_close(&fd); /* as in ssh_link_close() */
	}
	if (b->server != NULL) {
		ssh_disconnect(b->server);
		ssh_free(b->server);
	}
	if (b->bind != NULL)
		ssh_bind_free(b->bind);
	fd_close(&b->client_side);
	fd_close(&b->server_side);
}

static enum gw_status
refuses(const char *cipher, enum damage damage, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	struct bench b;

	if (!bench_open(&b, cipher))
		(void)bench_failed(why, "client and server do not connect");
	else if (!taken(&b, DAMAGE_NONE))
		(void)bench_failed(why, "refuses a good packet");
	else if (taken(&b, damage))
		(void)bench_failed(why,
		    "takes an altered packet "
		    "(CVE-2026-59847); install the repaired package");
	else
		st = GW_OK;
	if (st != GW_OK)
		why_prefix(why, "%s", cipher);
	bench_close(&b);
	return st;
}

enum gw_status
ssh_selftest(struct why *why)
{
	enum gw_status st = GW_OK;

	for (size_t i = 0; ssh_policy_ciphers[i] != NULL && st == GW_OK; i++) {
		st = refuses(ssh_policy_ciphers[i], DAMAGE_TEXT, why);
		if (st == GW_OK)
			st = refuses(ssh_policy_ciphers[i], DAMAGE_TAG, why);
	}
	return st;
}

enum gw_status
ssh_start(struct why *why)
{
	if (ssh_init() != SSH_OK) {
		why_set(why, REASON_INTERNAL, "libssh does not start");
		return GW_INTERNAL;
	}
	ssh_set_log_level(SSH_LOG_NOLOG);
	return ssh_selftest(why);
}
