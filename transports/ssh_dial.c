/* transports/ssh_dial.c - resolve a host and connect, within a time. */
#include "transports/ssh_connect.h"

#include "gateway/base/clock.h"
#include "gateway/base/fdio.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT_MS 30000
/* One address that swallows packets must not eat the time of the others. */
#define TRY_MIN_MS 1000

static enum gw_status
resolve(
    const char *host, unsigned port, struct addrinfo **list, struct why *why)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG };
	char service[16];
	int rc;

	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, list);
	/* Loopback addresses do not count as "configured": without any other
	 * network "127.0.0.1" would not resolve. */
	if (rc != 0) {
		hints.ai_flags = AI_NUMERICSERV;
		rc = getaddrinfo(host, service, &hints, list);
	}
	if (rc != 0) {
		why_set(
		    why, REASON_UNREACHABLE, "%s: %s", host, gai_strerror(rc));
		return GW_AGAIN;
	}
	return GW_OK;
}

/* Wait for a connect under way; errno tells how it ended. */
static bool
connected(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int err = ETIMEDOUT;
	socklen_t len = sizeof(err);
	int64_t end = clock_mono_ms() + timeout_ms;
	int n;

	do {
		int64_t left = end - clock_mono_ms();

		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		err = errno;
	errno = err;
	return n > 0 && err == 0;
}

static int
try_address(const struct addrinfo *a, int timeout_ms)
{
	int fd, on = 1;

	fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    a->ai_protocol);
	if (fd < 0)
		return -1;
	/* Small requests must not wait for the answers to earlier ones; and a
	 * line that died in silence is noticed while nothing is asked.  Both
	 * only improve matters: failure is no reason to give up. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 &&
	    (errno != EINPROGRESS || !connected(fd, timeout_ms))) {
		int err = errno;

		fd_close(&fd);
		errno = err;
	}
	return fd;
}

enum gw_status
ssh_dial(
    const char *host, unsigned port, int timeout_ms, int *fd, struct why *why)
{
	struct addrinfo *list = NULL, *a;
	int64_t end;
	enum gw_status st;
	int count = 0;

	*fd = -1;
	if (timeout_ms <= 0)
		timeout_ms = TIMEOUT_DEFAULT_MS;
	end = clock_mono_ms() + timeout_ms;
	if ((st = resolve(host, port, &list, why)) != GW_OK)
		return st;
	for (a = list; a != NULL; a = a->ai_next)
		count++;
	errno = ETIMEDOUT;
	for (a = list; a != NULL && *fd < 0; a = a->ai_next, count--) {
		int64_t left = end - clock_mono_ms();

		if (left <= 0)
			break;
		if (count > 1 && left / count > TRY_MIN_MS)
			left /= count;
		*fd = try_address(a, (int)left);
	}
	if (*fd < 0) {
		why_errno(why, REASON_UNREACHABLE, "%s port %u", host, port);
		st = GW_AGAIN;
	}
	freeaddrinfo(list);
	return st;
}
