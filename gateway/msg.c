/* gateway/msg.c - the catalogue of messages between processes. */
#include "gateway/msg.h"

#include "gateway/base/fdio.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Stands for "any child": the supervisor speaks to all of them. */
#define ANY ROLE_COUNT

/*
 * Fields: u number of 32 bits, q of 64, t text, b bytes, d document id,
 * s status, w reason.
 */
struct row {
	const char *name;
	enum role from, to;
	const char *fields;
	unsigned fds;
};

static const struct row rows[MSG_COUNT] = {
	[MSG_SETUP] = { "setup", ROLE_SUPERVISOR, ANY, "ttuu", 1 },
	[MSG_PEER] = { "peer", ROLE_SUPERVISOR, ANY, "u", 1 },
	[MSG_CONTROL] = { "control", ROLE_SUPERVISOR, ROLE_SPOOLER, "", 1 },
	[MSG_GO] = { "go", ROLE_SUPERVISOR, ANY, "", 0 },
	[MSG_READY] = { "ready", ANY, ROLE_SUPERVISOR, "t", 0 },
	[MSG_STOP] = { "stop", ROLE_SUPERVISOR, ROLE_SPOOLER, "", 0 },
	[MSG_START] = { "start", ROLE_SPOOLER, ROLE_SUPERVISOR, "utu", 0 },
	[MSG_STARTED] = { "started", ROLE_SUPERVISOR, ROLE_SPOOLER, "", 1 },

	[MSG_SIGN] = { "sign", ROLE_SEALER, ROLE_KEYHOLDER, "tub", 0 },
	[MSG_SIGNED] = { "signed", ROLE_KEYHOLDER, ROLE_SEALER, "sbw", 0 },
	[MSG_UNWRAP] = { "unwrap", ROLE_UNSEALER, ROLE_KEYHOLDER, "bu", 0 },
	[MSG_UNWRAPPED] = { "unwrapped", ROLE_KEYHOLDER, ROLE_UNSEALER, "subw",
	    0 },

	[MSG_SEAL] = { "seal", ROLE_SPOOLER, ROLE_SEALER, "dttt", 2 },
	[MSG_SEALED] = { "sealed", ROLE_SEALER, ROLE_SPOOLER, "sqqtttw", 0 },
	[MSG_UNSEAL] = { "unseal", ROLE_SPOOLER, ROLE_UNSEALER, "dq", 2 },
	[MSG_UNSEALED] = { "unsealed", ROLE_UNSEALER, ROLE_SPOOLER, "sqqttbbw",
	    0 },
	[MSG_VERIFY] = { "verify", ROLE_SPOOLER, ROLE_VERIFIER, "dtqb", 1 },
	[MSG_VERDICT] = { "verdict", ROLE_VERIFIER, ROLE_SPOOLER, "sttqtttw",
	    0 },
	[MSG_INSPECT] = { "inspect", ROLE_SPOOLER, ROLE_INSPECTOR, "duq", 1 },
	[MSG_INSPECTED] = { "inspected", ROLE_INSPECTOR, ROLE_SPOOLER, "sw",
	    0 },

	[MSG_LINK] = { "link", ROLE_COURIER, ROLE_SPOOLER, "sttttw", 0 },
	[MSG_SEND] = { "send", ROLE_SPOOLER, ROLE_COURIER, "dttqu", 1 },
	[MSG_SENT] = { "sent", ROLE_COURIER, ROLE_SPOOLER, "sw", 0 },
	[MSG_LIST] = { "list", ROLE_SPOOLER, ROLE_COURIER, "u", 0 },
	[MSG_ENTRY] = { "entry", ROLE_COURIER, ROLE_SPOOLER, "bqu", 0 },
	[MSG_LISTED] = { "listed", ROLE_COURIER, ROLE_SPOOLER, "sw", 0 },
	[MSG_FETCH] = { "fetch", ROLE_SPOOLER, ROLE_COURIER, "dbq", 1 },
	[MSG_FETCHED] = { "fetched", ROLE_COURIER, ROLE_SPOOLER, "sqw", 0 },
	[MSG_CLEAR] = { "clear", ROLE_SPOOLER, ROLE_COURIER, "dbqu", 0 },
	[MSG_CLEARED] = { "cleared", ROLE_COURIER, ROLE_SPOOLER, "sw", 0 },
};

const char *
msg_name(enum msg_id id)
{
	return (unsigned)id < MSG_COUNT ? rows[id].name : "unknown";
}

enum gw_status
msg_pair(int fd[2], struct why *why)
{
	/* For most of a batch of the largest messages. */
	int size = 1024 * 1024;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0) {
		why_errno(why, REASON_INTERNAL, "making a channel");
		return gw_status_errno(errno);
	}
	/* It becomes no larger than net.core.wmem_max, which is mostly less:
	 * whoever sends without blocking must expect GW_AGAIN. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return GW_OK;
}

/* Building */

void
msg_begin(struct msg *m, enum msg_id id, uint32_t ref)
{
	m->id = id;
	m->ref = ref;
	m->next = rows[id].fields;
	m->fds = 0;
	buf_init(&m->body, MSG_SIZE_MAX);
	buf_put_u16(&m->body, (uint16_t)id);
	buf_put_u32(&m->body, ref);
}

static void
put_kind(struct msg *m, char kind)
{
	if (*m->next != kind)
		gw_fatal("message %s built with a field out of order",
		    msg_name(m->id));
	m->next++;
}

void
msg_put_u32(struct msg *m, uint32_t v)
{
	put_kind(m, 'u');
	buf_put_u32(&m->body, v);
}

void
msg_put_u64(struct msg *m, uint64_t v)
{
	put_kind(m, 'q');
	buf_put_u64(&m->body, v);
}

void
msg_put_text(struct msg *m, const char *text)
{
	size_t len = strlen(text);

	put_kind(m, 't');
	if (len >= MSG_TEXT_MAX)
		gw_fatal("message %s with a text too long", msg_name(m->id));
	buf_put_u16(&m->body, (uint16_t)len);
	buf_put(&m->body, text, len);
}

void
msg_put_blob(struct msg *m, const void *data, size_t len)
{
	put_kind(m, 'b');
	if (len > MSG_BLOB_MAX)
		gw_fatal("message %s with too many bytes", msg_name(m->id));
	buf_put_u32(&m->body, (uint32_t)len);
	buf_put(&m->body, data, len);
}

void
msg_put_docid(struct msg *m, struct docid id)
{
	put_kind(m, 'd');
	buf_put(&m->body, id.text, DOCID_LEN);
}

void
msg_put_status(struct msg *m, enum gw_status st)
{
	put_kind(m, 's');
	buf_put_u8(&m->body, (uint8_t)st);
}

void
msg_put_why(struct msg *m, const struct why *why)
{
	size_t len = strnlen(why->text, sizeof(why->text) - 1);

	put_kind(m, 'w');
	buf_put_u16(&m->body, (uint16_t)why->reason);
	buf_put_u16(&m->body, (uint16_t)len);
	buf_put(&m->body, why->text, len);
}

void
msg_put_fd(struct msg *m, int fd)
{
	if (m->fds >= rows[m->id].fds)
		gw_fatal(
		    "message %s with a descriptor too many", msg_name(m->id));
	m->fd[m->fds++] = fd;
}

enum gw_status
msg_send(const struct chan *c, struct msg *m, struct why *why)
{
	char control[CMSG_SPACE(sizeof(m->fd))] __attribute__((aligned(8)));
	struct iovec iov = { m->body.data, m->body.len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	enum gw_status st = GW_OK;
	ssize_t n;

	if (*m->next != '\0' || m->fds != rows[m->id].fds || m->body.bad)
		gw_fatal("message %s sent unfinished", msg_name(m->id));
	if (m->fds > 0) {
		struct cmsghdr *cm;

		memset(control, 0, sizeof(control));
		h.msg_control = control;
		h.msg_controllen = CMSG_SPACE(m->fds * sizeof(int));
		if ((cm = CMSG_FIRSTHDR(&h)) == NULL)
			gw_fatal("no room for a message's descriptors");
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(m->fds * sizeof(int));
		memcpy(CMSG_DATA(cm), m->fd, m->fds * sizeof(int));
	}
	do {
		n = sendmsg(c->fd, &h, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		why_errno(why, REASON_INTERNAL, "sending %s to %s",
		    msg_name(m->id), role_name(c->peer));
		if (errno == EAGAIN || errno == ENOBUFS ||
		    errno == ETOOMANYREFS)
			st = GW_AGAIN;
		else
			st = GW_NONE;
	}
	m->fds = 0;
	buf_free(&m->body);
	return st;
}

/* Reading */

static void
take_descriptors(struct msg *m, struct msghdr *h)
{
	m->fds = 0;
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(h); cm != NULL;
	     cm = CMSG_NXTHDR(h, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(
			    &fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(int));
			if (m->fds < MSG_FDS_MAX)
				m->fd[m->fds++] = fd;
			else
				fd_close(&fd);
		}
	}
}

static enum gw_status
refuse(const struct chan *c, struct msg *m, struct why *why, const char *what)
{
	msg_drop(m);
	why_set(
	    why, REASON_INTERNAL, "the %s sent %s", role_name(c->peer), what);
	return GW_REFUSED;
}

static bool
is_between(const struct row *r, const struct chan *c)
{
	return (r->from == c->peer ||
		   (r->from == ANY && c->peer != ROLE_SUPERVISOR)) &&
	       (r->to == c->self ||
		   (r->to == ANY && c->self != ROLE_SUPERVISOR));
}

enum gw_status
msg_recv(const struct chan *c, struct msg *m, struct why *why)
{
	static uint8_t bytes[MSG_SIZE_MAX];
	char control[CMSG_SPACE(sizeof(m->fd))] __attribute__((aligned(8)));
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n;
	unsigned id;

	memset(m, 0, sizeof(*m));
	do {
		n = recvmsg(c->fd, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		bool empty = n < 0 && errno == EAGAIN;

		why_set(
		    why, REASON_INTERNAL, "the %s is gone", role_name(c->peer));
		return empty ? GW_AGAIN : GW_NONE;
	}
	take_descriptors(m, &h);
	if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return refuse(c, m, why, "a message too large");
	buf_view(&m->body, bytes, (size_t)n);
	id = buf_get_u16(&m->body);
	m->ref = buf_get_u32(&m->body);
	if (m->body.bad || id >= MSG_COUNT || !is_between(&rows[id], c))
		return refuse(c, m, why, "a message that is not its to send");
	m->id = (enum msg_id)id;
	m->next = rows[id].fields;
	if (m->fds != rows[id].fds)
		return refuse(c, m, why, "a wrong number of descriptors");
	return GW_OK;
}

enum gw_status
msg_expect(const struct chan *c, enum msg_id id, struct msg *m, struct why *why)
{
	enum gw_status st = msg_recv(c, m, why);

	if (st == GW_OK && m->id != id) {
		msg_drop(m);
		why_set(why, REASON_INTERNAL, "the %s sent %s instead of %s",
		    role_name(c->peer), msg_name(m->id), msg_name(id));
		st = GW_REFUSED;
	}
	return st;
}

static void
get_kind(struct msg *m, char kind)
{
	if (*m->next != kind)
		gw_fatal("message %s read with a field out of order",
		    msg_name(m->id));
	m->next++;
}

uint32_t
msg_get_u32(struct msg *m)
{
	get_kind(m, 'u');
	return buf_get_u32(&m->body);
}

uint64_t
msg_get_u64(struct msg *m)
{
	get_kind(m, 'q');
	return buf_get_u64(&m->body);
}

void
msg_get_text(struct msg *m, char *out, size_t size)
{
	size_t len;
	const uint8_t *p;

	get_kind(m, 't');
	out[0] = '\0';
	len = buf_get_u16(&m->body);
	p = buf_take(&m->body, len);
	if (p == NULL || len >= size || memchr(p, 0, len) != NULL) {
		m->body.bad = true;
		return;
	}
	memcpy(out, p, len);
	out[len] = '\0';
}

const uint8_t *
msg_get_blob(struct msg *m, size_t *len)
{
	const uint8_t *p;

	get_kind(m, 'b');
	*len = buf_get_u32(&m->body);
	if (*len > MSG_BLOB_MAX || (p = buf_take(&m->body, *len)) == NULL) {
		m->body.bad = true;
		*len = 0;
		return (const uint8_t *)"";
	}
	return p;
}

struct docid
msg_get_docid(struct msg *m)
{
	char text[DOCID_LEN + 1] = "";
	struct docid id;

	get_kind(m, 'd');
	buf_get(&m->body, text, DOCID_LEN);
	if (!docid_parse(text, &id))
		m->body.bad = true;
	return id;
}

enum gw_status
msg_get_status(struct msg *m)
{
	unsigned st;

	get_kind(m, 's');
	st = buf_get_u8(&m->body);
	if (st > GW_INTERNAL || m->body.bad) {
		m->body.bad = true;
		return GW_INTERNAL;
	}
	return (enum gw_status)st;
}

void
msg_get_why(struct msg *m, struct why *why)
{
	unsigned reason;
	size_t len;
	const uint8_t *p;

	get_kind(m, 'w');
	why_set(why, REASON_INTERNAL, "%s", "");
	reason = buf_get_u16(&m->body);
	len = buf_get_u16(&m->body);
	p = buf_take(&m->body, len);
	if (p == NULL || reason >= REASON_COUNT || len >= sizeof(why->text) ||
	    memchr(p, 0, len) != NULL) {
		m->body.bad = true;
		return;
	}
	why->reason = (enum gw_reason)reason;
	memcpy(why->text, p, len);
	why->text[len] = '\0';
}

int
msg_take_fd(struct msg *m)
{
	int fd;

	if (m->fds == 0)
		return -1;
	fd = m->fd[0];
	m->fd[0] = m->fd[1];
	m->fds--;
	return fd;
}

void
msg_drop(struct msg *m)
{
	while (m->fds > 0)
		fd_close(&m->fd[--m->fds]);
}

bool
msg_done(struct msg *m)
{
	msg_drop(m);
	if (*m->next != '\0' && !m->body.bad)
		gw_fatal("message %s read in part", msg_name(m->id));
	return buf_done(&m->body);
}
