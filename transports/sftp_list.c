/* transports/sftp_list.c - what lies in a partner's folder. */
#include "transports/sftp_fetch.h"

#include "transports/sftp_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A server that never comes to an end of its listing is stopped here. */
#define ENTRIES_MAX  1000000u
#define NAME_LONGEST 255
#define LONGNAME_MAX 4096

enum state { LIST_OPENING, LIST_READING, LIST_CLOSING };

struct list {
	struct sftp_job job; /* first */
	struct sftp_list_job order;
	char *folder;
	enum state state;
	bool sent, opened, stopped;
	struct sftp_handle handle;
	unsigned entries;
	enum gw_status st;
	struct why why;
};

static struct list *
list_of(struct sftp_job *job)
{
	return (struct list *)job;
}

static void
enter(struct list *l, enum state state)
{
	l->state = state;
	l->sent = false;
}

static void
fail_status(struct list *l, const struct sftp_answer *a, const char *doing)
{
	l->st = sftp_status(a, doing, l->folder, &l->why);
	enter(l, LIST_CLOSING);
}

static void
on_open(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct list *l = list_of(job);

	if (a->type == SFTP_HANDLE) {
		l->opened = sftp_answer_handle(c, a, &l->handle);
		enter(l, LIST_READING);
		return;
	}
	c->handles--;
	fail_status(l, a, "listing");
}

/* Mode bits say what it is; where a server leaves them out, the first letter
 * of the line made for people does. */
static bool
is_regular(const struct sftp_attrs *is, const struct buf *longname)
{
	if ((is->flags & SFTP_ATTR_MODE) && (is->mode & S_IFMT) != 0)
		return S_ISREG(is->mode);
	return longname->len > 0 && longname->data[0] == '-';
}

static bool
name_usable(const struct buf *name)
{
	const uint8_t *p = name->data;
	size_t n = name->len;

	if (n == 0 || n > NAME_LONGEST || memchr(p, '/', n) != NULL ||
	    memchr(p, '\0', n) != NULL)
		return false;
	return !(p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.')));
}

static bool
take_entry(struct list *l, struct buf *body)
{
	char text[NAME_LONGEST + 1];
	struct buf name, longname;
	struct sftp_attrs is;

	if (!sftp_packet_string(body, LONGNAME_MAX, &name) ||
	    !sftp_packet_string(body, SFTP_PACKET_MAX, &longname) ||
	    !sftp_packet_attrs(body, &is))
		return false;
	if (l->stopped || !name_usable(&name) || !(is.flags & SFTP_ATTR_SIZE) ||
	    !is_regular(&is, &longname))
		return true;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	l->stopped = !l->order.entry(l->order.ctx, text, is.size, is.mtime);
	return true;
}

static void
fail_endless(struct list *l)
{
	why_set(&l->why, REASON_REMOTE_FAILED,
	    "the listing has more than %u entries", ENTRIES_MAX);
	l->st = GW_AGAIN;
	enter(l, LIST_CLOSING);
}

static void
on_names(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	struct list *l = list_of(job);
	uint32_t count;

	if (a->type == SFTP_STATUS && a->code == SFTP_EOF) {
		l->st = GW_OK;
		enter(l, LIST_CLOSING);
		return;
	}
	if (a->type == SFTP_STATUS) {
		fail_status(l, a, "listing");
		return;
	}
	count = buf_get_u32(&a->body);
	/* An empty answer counts too, or a thousand of them would not. */
	l->entries += count < ENTRIES_MAX ? count + 1 : ENTRIES_MAX;
	for (; count > 0; count--)
		if (!take_entry(l, &a->body)) {
			sftp_client_break(c, "a damaged listing");
			return;
		}
	if (l->stopped) {
		l->st = GW_OK;
		enter(l, LIST_CLOSING);
	} else if (l->entries >= ENTRIES_MAX) {
		fail_endless(l);
	} else {
		enter(l, LIST_READING);
	}
}

static void
on_close(struct sftp_client *c, struct sftp_job *job, struct sftp_answer *a)
{
	/* What was listed was listed, however this goes. */
	(void)a;
	c->handles--;
	list_of(job)->opened = false;
}

static bool
list_ask(struct sftp_client *c, struct list *l)
{
	switch (l->state) {
	case LIST_OPENING:
		if (c->handles >= c->handles_max)
			return false;
		c->handles++;
		sftp_ask_path(
		    c, &l->job, SFTP_OPENDIR, l->folder, SFTP_HANDLE, on_open);
		break;
	case LIST_READING:
		sftp_ask_handle(
		    c, &l->job, SFTP_READDIR, &l->handle, SFTP_NAME, on_names);
		break;
	case LIST_CLOSING:
		if (l->opened)
			sftp_ask_handle(c, &l->job, SFTP_CLOSE, &l->handle,
			    SFTP_STATUS, on_close);
		break;
	}
	l->sent = true;
	return true;
}

static bool
list_work(struct sftp_client *c, struct sftp_job *job)
{
	struct list *l = list_of(job);
	bool moved = false;

	if (!l->sent && sftp_client_ready(c, 0))
		moved = list_ask(c, l);
	if (l->state == LIST_CLOSING && l->sent && job->asked == 0) {
		sftp_job_end(job, l->st, &l->why);
		moved = true;
	}
	return moved;
}

static void
list_free(struct list *l)
{
	free(l->folder);
	free(l);
}

static void
list_end(struct sftp_job *job)
{
	struct list *l = list_of(job);

	l->order.done(l->order.ctx, job->st, &job->why);
	list_free(l);
}

static const struct sftp_job_kind list_kind = { list_work, list_end };

enum gw_status
sftp_list_start(
    struct sftp_client *c, const struct sftp_list_job *order, struct why *why)
{
	const char *folder = order->folder[0] != '\0' ? order->folder : ".";
	struct list *l = calloc(1, sizeof(*l));
	enum gw_status st;

	if (l == NULL || (l->folder = strdup(folder)) == NULL) {
		free(l);
		why_set(why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	if (strlen(folder) >= SFTP_PATH_MAX) {
		why_set(why, REASON_BAD_NAME, "the folder's name is too long");
		list_free(l);
		return GW_REFUSED;
	}
	l->job.kind = &list_kind;
	l->order = *order;
	l->order.folder = NULL;
	l->st = GW_INTERNAL;
	if ((st = sftp_client_add(c, &l->job, why)) != GW_OK)
		list_free(l);
	return st;
}
