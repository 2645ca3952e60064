/* transports/sftp_ask.c - questions, and answers to nothing else. */
#include "transports/sftp_priv.h"

#include "gateway/base/log.h"

#include <assert.h>
#include <string.h>

/*
 * A question's id is its slot and a serial number, so an answer finds its
 * question at once, and a late, doubled or invented one finds nothing: then
 * the two sides disagree on what is going on, and the connection ends.
 */

/* Longest text of a status that we look at; longer ones are cut. */
#define SAID_MAX 256

#define VERSION_WANTED 3
#define CHUNK_DEFAULT  ((uint32_t)32 * 1024)
/* Larger writes save a little work on both sides where the server takes them.
 * Larger reads do not pay: they leave the cache before we get to them. */
#define WRITE_MAX ((uint32_t)128 * 1024)
#define CHUNK_MIN ((uint64_t)1024)
/* The rest of a WRITE or DATA packet, with any handle. */
#define CHUNK_FRAME ((uint64_t)1024)
/* Open handles when the server names no limit. */
#define HANDLES_DEFAULT 64

uint32_t
sftp_ask(struct sftp_client *c, struct sftp_job *job, enum sftp_type want,
    sftp_answer_fn fn, uint64_t offset, uint32_t len)
{
	struct sftp_question *q;
	unsigned slot;

	assert(c->free_count > 0);
	slot = c->free_slots[--c->free_count];
	q = &c->questions[slot];
	*q = (struct sftp_question){ .id = c->serial++ * SFTP_QUESTIONS + slot,
		.open = true,
		.want = want,
		.fn = fn,
		.job = job,
		.offset = offset,
		.len = len };
	c->bytes_asked += len;
	if (job != NULL)
		job->asked++;
	return q->id;
}

void
sftp_ask_path(struct sftp_client *c, struct sftp_job *job,
    enum sftp_type request, const char *path, enum sftp_type want,
    sftp_answer_fn fn)
{
	uint32_t id = sftp_ask(c, job, want, fn, 0, 0);
	size_t start = sftp_packet_begin(&c->out, request, id);

	sftp_packet_text(&c->out, path);
	sftp_packet_end(&c->out, start);
}

void
sftp_ask_handle(struct sftp_client *c, struct sftp_job *job,
    enum sftp_type request, const struct sftp_handle *h, enum sftp_type want,
    sftp_answer_fn fn)
{
	uint32_t id = sftp_ask(c, job, want, fn, 0, 0);
	size_t start = sftp_packet_begin(&c->out, request, id);

	sftp_packet_handle(&c->out, h);
	sftp_packet_end(&c->out, start);
}

void
sftp_ask_rename(struct sftp_client *c, struct sftp_job *job, const char *from,
    const char *to, sftp_answer_fn fn)
{
	uint32_t id = sftp_ask(c, job, SFTP_STATUS, fn, 0, 0);
	size_t start = sftp_packet_begin(&c->out, SFTP_RENAME, id);

	sftp_packet_text(&c->out, from);
	sftp_packet_text(&c->out, to);
	sftp_packet_end(&c->out, start);
}

void
sftp_ask_open(struct sftp_client *c, struct sftp_job *job, const char *path,
    uint32_t flags, sftp_answer_fn fn)
{
	uint32_t id = sftp_ask(c, job, SFTP_HANDLE, fn, 0, 0);
	size_t start = sftp_packet_begin(&c->out, SFTP_OPEN, id);

	sftp_packet_text(&c->out, path);
	buf_put_u32(&c->out, flags);
	buf_put_u32(&c->out, 0); /* no attributes: the server's umask */
	sftp_packet_end(&c->out, start);
}

void
sftp_ask_extended(struct sftp_client *c, struct sftp_job *job, const char *name,
    const char *path, const struct sftp_handle *h, enum sftp_type want,
    sftp_answer_fn fn)
{
	uint32_t id = sftp_ask(c, job, want, fn, 0, 0);
	size_t start = sftp_packet_begin(&c->out, SFTP_EXTENDED, id);

	sftp_packet_text(&c->out, name);
	if (path != NULL)
		sftp_packet_text(&c->out, path);
	if (h != NULL)
		sftp_packet_handle(&c->out, h);
	sftp_packet_end(&c->out, start);
}

/* 7: code, message, language; very old servers leave out the last two. */
static bool
take_status(struct sftp_answer *a, struct buf *body)
{
	char text[SAID_MAX + 1];
	struct buf said;

	a->code = buf_get_u32(body);
	if (buf_left(body) < 4)
		return !body->bad;
	if (!sftp_packet_string(body, SFTP_PACKET_MAX, &said))
		return false;
	if (buf_left(&said) > SAID_MAX)
		said.len = SAID_MAX;
	memcpy(text, said.data, said.len);
	text[said.len] = '\0';
	(void)log_quote(text, a->said, sizeof(a->said));
	return true;
}

static void
answer(struct sftp_client *c, struct sftp_question *q, struct sftp_answer *a)
{
	struct sftp_question asked = *q;

	q->open = false;
	c->free_slots[c->free_count++] =
	    (uint16_t)(asked.id & (SFTP_QUESTIONS - 1));
	c->bytes_asked -= asked.len;
	if (asked.job != NULL)
		asked.job->asked--;
	a->offset = asked.offset;
	a->len = asked.len;
	if (asked.fn != NULL)
		asked.fn(c, asked.job, a);
}

static void
take_answer(struct sftp_client *c, struct buf *packet)
{
	struct sftp_answer a = { .type = buf_get_u8(packet) };
	uint32_t id = buf_get_u32(packet);
	struct sftp_question *q = &c->questions[id & (SFTP_QUESTIONS - 1)];

	if (packet->bad || !q->open || q->id != id) {
		sftp_client_break(c, "an answer to no question of ours");
		return;
	}
	if (a.type != SFTP_STATUS && a.type != q->want) {
		sftp_client_break(c, "an answer of the wrong type");
		return;
	}
	if (a.type != SFTP_STATUS)
		buf_view(&a.body, packet->data + packet->pos, buf_left(packet));
	else if (!take_status(&a, packet)) {
		sftp_client_break(c, "a damaged status");
		return;
	} else if (a.code == SFTP_OK && q->want != SFTP_STATUS) {
		sftp_client_break(c, "\"OK\" without what was asked for");
		return;
	}
	answer(c, q, &a);
}

bool
sftp_answer_handle(
    struct sftp_client *c, struct sftp_answer *a, struct sftp_handle *h)
{
	struct buf text;

	if (!sftp_packet_string(&a->body, SFTP_HANDLE_MAX, &text) ||
	    !buf_done(&a->body)) {
		sftp_client_break(c, "a damaged handle");
		return false;
	}
	h->len = (uint32_t)text.len;
	memcpy(h->data, text.data, text.len);
	return true;
}

bool
sftp_answer_attrs(
    struct sftp_client *c, struct sftp_answer *a, struct sftp_attrs *attrs)
{
	if (sftp_packet_attrs(&a->body, attrs) && buf_done(&a->body))
		return true;
	sftp_client_break(c, "damaged attributes");
	return false;
}

/* limits@openssh.com: longest packet, read and write, and open handles; 0
 * means that the server does not say. */
static void
on_limits(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	uint64_t packet, read, write, handles;

	(void)job;
	if (a->type == SFTP_STATUS)
		return;
	packet = buf_get_u64(&a->body);
	read = buf_get_u64(&a->body);
	write = buf_get_u64(&a->body);
	handles = buf_get_u64(&a->body);
	if (a->body.bad) {
		sftp_client_break(c, "damaged limits");
		return;
	}
	if (packet != 0 && packet < CHUNK_DEFAULT + CHUNK_FRAME)
		packet = CHUNK_DEFAULT + CHUNK_FRAME; /* 3: all must take it */
	if (packet != 0 && write > packet - CHUNK_FRAME)
		write = packet - CHUNK_FRAME;
	if (write >= CHUNK_MIN)
		c->write_chunk =
		    write < WRITE_MAX ? (uint32_t)write : WRITE_MAX;
	if (read >= CHUNK_MIN && read < c->read_chunk)
		c->read_chunk = (uint32_t)read;
	if (handles != 0)
		c->handles_max = handles < SFTP_CLIENT_JOBS ? (unsigned)handles
							    : SFTP_CLIENT_JOBS;
}

void
sftp_ask_hello(struct sftp_client *c)
{
	c->write_chunk = c->read_chunk = CHUNK_DEFAULT;
	c->handles_max = HANDLES_DEFAULT;
	/* 4: INIT carries the version where others have their id. */
	sftp_packet_end(
	    &c->out, sftp_packet_begin(&c->out, SFTP_INIT, VERSION_WANTED));
}

static bool
named(const struct buf *text, const char *name)
{
	return text->len == strlen(name) &&
	       memcmp(text->data, name, text->len) == 0;
}

/* 4: version, then pairs of extension name and data. */
static void
take_version(struct sftp_client *c, struct buf *packet)
{
	uint8_t type = buf_get_u8(packet);
	uint32_t version = buf_get_u32(packet);
	bool limits = false;
	struct buf name, data;

	if (packet->bad || type != SFTP_VERSION || version != VERSION_WANTED) {
		sftp_client_break(c, "no greeting of version 3");
		return;
	}
	while (buf_left(packet) > 0) {
		(void)sftp_packet_string(packet, SFTP_PACKET_MAX, &name);
		(void)sftp_packet_string(packet, SFTP_PACKET_MAX, &data);
		if (packet->bad)
			break;
		c->can_fsync |= named(&name, "fsync@openssh.com");
		limits |= named(&name, "limits@openssh.com");
		c->can_statvfs |=
		    named(&name, "statvfs@openssh.com") && named(&data, "2");
	}
	if (packet->bad) {
		sftp_client_break(c, "a damaged greeting");
		return;
	}
	c->greeted = true;
	if (limits)
		sftp_ask_extended(c, NULL, "limits@openssh.com", NULL, NULL,
		    SFTP_EXTENDED_REPLY, on_limits);
}

void
sftp_ask_answers(struct sftp_client *c)
{
	while (!c->finished && buf_left(&c->in) >= 4) {
		struct buf head, packet;
		uint32_t len;

		buf_view(&head, c->in.data + c->in.pos, 4);
		len = buf_get_u32(&head);
		if (len == 0 || len > SFTP_PACKET_MAX) {
			sftp_client_break(c, "a packet of impossible length");
			return;
		}
		if (buf_left(&c->in) - 4 < len)
			return;
		(void)buf_take(&c->in, 4);
		(void)buf_child(&c->in, len, &packet);
		if (c->greeted)
			take_answer(c, &packet);
		else
			take_version(c, &packet);
	}
}
