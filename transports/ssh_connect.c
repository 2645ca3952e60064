/* transports/ssh_connect.c - key exchange, host key, login. */
#include "transports/ssh_connect.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"
#include "gateway/base/log.h"
#include "transports/ssh_link.h"
#include "transports/ssh_policy.h"

#include <libssh/callbacks.h>
#include <libssh/server.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_DEFAULT_MS 30000

enum gw_status
ssh_link_wait(struct ssh_link *link, int64_t deadline, struct why *why)
{
	struct pollfd p = { .fd = ssh_get_fd(link->session), .events = POLLIN };
	int64_t left = deadline - clock_mono_ms();
	int n;

	if (left <= 0) {
		why_set(why, REASON_UNREACHABLE,
		    "%s port %u did not answer within %d s", link->host,
		    link->port, (link->timeout_ms + 999) / 1000);
		return GW_AGAIN;
	}
	if (ssh_get_poll_flags(link->session) & SSH_WRITE_PENDING)
		p.events |= POLLOUT;
	n = poll(&p, 1, (int)left);
	if (n < 0 && errno != EINTR) {
		why_errno(why, REASON_INTERNAL, "poll");
		return GW_INTERNAL;
	}
	return GW_OK;
}

bool
ssh_link_dead(const struct ssh_link *link)
{
	return ssh_get_fd(link->session) < 0 ||
	       (ssh_get_status(link->session) &
		   (SSH_CLOSED | SSH_CLOSED_ERROR));
}

enum gw_status
ssh_link_lost(struct ssh_link *link, const char *doing, struct why *why)
{
	const char *said = ssh_get_error(link->session);
	char quoted[256];

	if (said == NULL || said[0] == '\0')
		said = "closed by the other side";
	why_set(why, REASON_CONNECTION_LOST, "%s port %u, %s: %s", link->host,
	    link->port, doing, log_quote(said, quoted, sizeof(quoted)));
	return GW_AGAIN;
}

/* A server may ask for forwarding, channels, whatever: refused at once,
 * because libssh would otherwise store the questions without bound. */
static int
refuse_requests(ssh_session session, ssh_message message, void *user)
{
	(void)session;
	(void)message;
	(void)user;
	return 1;
}

static enum gw_status
link_new(struct ssh_target *t, struct ssh_link **out, struct why *why)
{
	struct ssh_link *link = calloc(1, sizeof(*link));

	if (link == NULL || (link->host = strdup(t->host)) == NULL ||
	    (link->session = ssh_new()) == NULL) {
		ssh_link_close(link);
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	link->port = t->port;
	link->timeout_ms =
	    t->timeout_ms > 0 ? t->timeout_ms : TIMEOUT_DEFAULT_MS;
	*out = link;
	return GW_OK;
}

static enum gw_status
link_options(struct ssh_link *link, struct ssh_target *t, struct why *why)
{
	char host_keys[256];
	enum gw_status st;

	if ((st = ssh_policy_apply(link->session, why)) != GW_OK)
		return st;
	ssh_policy_host_keys(
	    t->host_keys, t->host_key_count, host_keys, sizeof(host_keys));
	/* No SSH_OPTIONS_HOST: with a host name libssh opens known_hosts files,
	 * and at this point the sandbox may allow no open at all. */
	if (ssh_options_set(link->session, SSH_OPTIONS_USER, t->user) != 0 ||
	    ssh_options_set(link->session, SSH_OPTIONS_HOSTKEYS, host_keys) !=
		0 ||
	    ssh_options_set(link->session, SSH_OPTIONS_FD, &t->fd) != 0) {
		why_set(why, REASON_CONFIG, "user name not accepted: %s",
		    ssh_get_error(link->session));
		return GW_REFUSED;
	}
	ssh_set_blocking(link->session, 0);
	ssh_set_message_callback(link->session, refuse_requests, NULL);
	return GW_OK;
}

/* A line that broke, or a server that said goodbye, may be better next time;
 * no common algorithm, or no SSH at all, is another matter. */
static enum gw_status
kex_failed(struct ssh_link *link, struct why *why)
{
	/* "Success": libssh's word for an end before the first byte */
	static const char *const broken[] = { "Socket error", "Writing packet",
		"SSH_MSG_DISCONNECT", "Success" };
	const char *said = ssh_get_error(link->session);
	enum gw_status st = ssh_link_lost(link, "key exchange", why);

	if (said == NULL || said[0] == '\0')
		return st;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (strstr(said, broken[i]) != NULL)
			return st;
	why->reason = REASON_PROTOCOL;
	return st;
}

static enum gw_status
link_kex(struct ssh_link *link, struct ssh_target *t, int64_t deadline,
    struct why *why)
{
	enum gw_status st;
	int rc;

	rc = ssh_connect(link->session);
	/* From the first call on libssh closes it. */
	t->fd = -1;
	while (rc == SSH_AGAIN) {
		/* libssh makes its socket blocking once it is connected; a
		 * frozen peer could then hold us in a write for ever. */
		if (ssh_get_fd(link->session) >= 0)
			fd_set_nonblock(ssh_get_fd(link->session));
		if ((st = ssh_link_wait(link, deadline, why)) != GW_OK)
			return st;
		rc = ssh_connect(link->session);
	}
	if (rc != SSH_OK || ssh_link_dead(link))
		return kex_failed(link, why);
	fd_set_nonblock(ssh_get_fd(link->session));
	return GW_OK;
}

static enum gw_status
not_pinned(struct ssh_link *link, const struct ssh_target *t, const char *shown,
    const char *type, struct why *why)
{
	char pins[256] = "";

	for (size_t i = 0; i < t->host_key_count; i++) {
		size_t n = strlen(pins);

		snprintf(pins + n, sizeof(pins) - n, "%s%s",
		    i > 0 ? " or " : "", t->host_keys[i]);
	}
	why_set(why, REASON_HOST_KEY,
	    "%s port %u showed the host key %s (%s); pinned is %s", link->host,
	    link->port, shown, type, pins);
	return GW_REFUSED;
}

/* The server is who shows a key with a pinned fingerprint; nothing is sent
 * that could matter before this. */
static enum gw_status
link_host_key(struct ssh_link *link, const struct ssh_target *t,
    struct ssh_facts *facts, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	unsigned char *hash = NULL;
	char *shown = NULL;
	size_t len = 0;
	ssh_key key = NULL;

	if (ssh_get_server_publickey(link->session, &key) != SSH_OK ||
	    ssh_get_publickey_hash(
		key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) != 0 ||
	    (shown = ssh_get_fingerprint_hash(
		 SSH_PUBLICKEY_HASH_SHA256, hash, len)) == NULL) {
		why_set(why, REASON_INTERNAL, "no host key from libssh: %s",
		    ssh_get_error(link->session));
		goto done;
	}
	snprintf(facts->host_key, sizeof(facts->host_key), "%s", shown);
	if (ssh_policy_pinned(t->host_keys, t->host_key_count, shown))
		st = GW_OK;
	else
		st = not_pinned(link, t, shown,
		    ssh_key_type_to_char(ssh_key_type(key)), why);
done:
	ssh_string_free_char(shown);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return st;
}

static void
copy_fact(char *out, size_t size, const char *fact)
{
	snprintf(out, size, "%s", fact != NULL ? fact : "-");
}

static void
link_facts(struct ssh_link *link, struct ssh_facts *facts)
{
	ssh_session s = link->session;
	const char *cipher = ssh_get_cipher_out(s);
	const char *banner = ssh_get_serverbanner(s);

	copy_fact(facts->server, sizeof(facts->server), banner);
	copy_fact(facts->kex, sizeof(facts->kex), ssh_get_kex_algo(s));
	copy_fact(facts->cipher, sizeof(facts->cipher), cipher);
	/* An AEAD cipher carries its own authentication; libssh then names
	 * the MAC that was not needed. */
	copy_fact(facts->mac, sizeof(facts->mac),
	    cipher != NULL && strstr(cipher, "gcm") != NULL
		? "implicit"
		: ssh_get_hmac_out(s));
	link->openssh =
	    banner != NULL && strncmp(banner, "SSH-2.0-OpenSSH_", 16) == 0;
}

static enum gw_status
login_refused(struct ssh_link *link, const struct ssh_target *t,
    const char *how, struct why *why)
{
	why_set(why, REASON_LOGIN, "%s port %u, user %s: %s", link->host,
	    link->port, t->user, how);
	return GW_REFUSED;
}

/* Ask what is offered.  Also a must before RSA: without this first request
 * libssh 0.10 has not heard which RSA signatures the server takes, and most
 * logins to ProFTPD fail. */
static enum gw_status
link_ask(struct ssh_link *link, int64_t deadline, int *rc, struct why *why)
{
	enum gw_status st;

	while ((*rc = ssh_userauth_none(link->session, NULL)) == SSH_AUTH_AGAIN)
		if ((st = ssh_link_wait(link, deadline, why)) != GW_OK)
			return st;
	if (*rc == SSH_AUTH_ERROR || ssh_link_dead(link))
		return ssh_link_lost(link, "login", why);
	return GW_OK;
}

static enum gw_status
link_prove(struct ssh_link *link, const struct ssh_target *t, ssh_key key,
    int64_t deadline, struct why *why)
{
	enum gw_status st;
	int rc;

	while ((rc = ssh_userauth_publickey(link->session, NULL, key)) ==
	       SSH_AUTH_AGAIN)
		if ((st = ssh_link_wait(link, deadline, why)) != GW_OK)
			return st;
	switch (rc) {
	case SSH_AUTH_SUCCESS:
		return GW_OK;
	case SSH_AUTH_DENIED:
		return login_refused(link, t, "our key is not accepted", why);
	case SSH_AUTH_PARTIAL:
		return login_refused(
		    link, t, "the server wants more than a public key", why);
	default:
		/* Servers hang up after too many keys or on a barred user. */
		return ssh_link_lost(link, "login", why);
	}
}

static enum gw_status
link_login(struct ssh_link *link, const struct ssh_target *t, int64_t deadline,
    struct why *why)
{
	enum gw_status st;
	ssh_key key = NULL;
	int rc;

	/* An empty passphrase, not NULL: with NULL OpenSSL would ask for one
	 * on the terminal. */
	if (ssh_pki_import_privkey_base64(t->identity, "", NULL, NULL, &key) !=
	    SSH_OK) {
		why_set(why, REASON_KEY_UNUSABLE,
		    "the SSH identity for %s cannot be read (it must have no "
		    "passphrase)",
		    link->host);
		return GW_REFUSED;
	}
	if ((st = link_ask(link, deadline, &rc, why)) != GW_OK)
		goto done;
	if (rc == SSH_AUTH_SUCCESS)
		goto done;
	if (!(ssh_userauth_list(link->session, NULL) &
		SSH_AUTH_METHOD_PUBLICKEY)) {
		st = login_refused(
		    link, t, "the server offers no login by public key", why);
		goto done;
	}
	st = link_prove(link, t, key, deadline, why);
done:
	ssh_key_free(key);
	return st;
}

enum gw_status
ssh_link_open(struct ssh_target *t, struct ssh_link **out,
    struct ssh_facts *facts, struct why *why)
{
	enum gw_status st = GW_INTERNAL;
	struct ssh_link *link = NULL;
	int64_t deadline;

	*out = NULL;
	memset(facts, 0, sizeof(*facts));
	if ((st = link_new(t, &link, why)) != GW_OK)
		goto done;
	deadline = clock_mono_ms() + link->timeout_ms;
	if ((st = link_options(link, t, why)) != GW_OK)
		goto done;
	if ((st = link_kex(link, t, deadline, why)) != GW_OK)
		goto done;
	link_facts(link, facts);
	if ((st = link_host_key(link, t, facts, why)) != GW_OK)
		goto done;
	if ((st = link_login(link, t, deadline, why)) != GW_OK)
		goto done;
	*out = link;
	link = NULL;
done:
	ssh_link_close(link);
	fd_close(&t->fd);
	return st;
}

void
ssh_link_close(struct ssh_link *link)
{
	if (link == NULL)
		return;
	if (link->session != NULL) {
		int fd = ssh_get_fd(link->session);

		/* libssh leaves a descriptor open that it was given, unless
		 * saying goodbye fails; then ours to close is gone already,
		 * and nothing in this thread can have taken its number. */
		ssh_disconnect(link->session);
		ssh_free(link->session);
		fd_close(&fd);
	}
	free(link->host);
	free(link);
}
