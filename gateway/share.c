/* gateway/share.c - each role's share of configuration and keys. */
#include "gateway/share.h"

#include "gateway/base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Bounds for what a share may claim to hold. */
#define LIST_MAX  4096
#define ITEMS_MAX 65536

/* Texts may be absent; absence survives the journey. */
static void
put_text(struct buf *b, const char *text)
{
	buf_put_u8(b, text != NULL);
	if (text == NULL)
		return;
	buf_put_u32(b, (uint32_t)strlen(text));
	buf_put_text(b, text);
}

static char *
get_text(struct buf *b)
{
	const uint8_t *p;
	size_t len;
	char *text;

	if (buf_get_u8(b) == 0)
		return NULL;
	len = buf_get_u32(b);
	if ((p = buf_take(b, len)) == NULL ||
	    (text = strndup((const char *)p, len)) == NULL) {
		b->bad = true;
		return NULL;
	}
	return text;
}

/* A text that must be there and fit. */
static void
get_label(struct buf *b, char *out, size_t size)
{
	char *text = get_text(b);

	out[0] = '\0';
	if (text == NULL || strlen(text) >= size)
		b->bad = true;
	else
		memcpy(out, text, strlen(text) + 1);
	free(text);
}

static void
put_bytes(struct buf *b, const struct buf *bytes)
{
	buf_put_u32(b, (uint32_t)bytes->len);
	buf_put(b, bytes->data, bytes->len);
}

static void
get_bytes(struct buf *b, struct buf *bytes)
{
	size_t len = buf_get_u32(b);
	const uint8_t *p = buf_take(b, len);

	bytes->max = len;
	if (p == NULL || !buf_put(bytes, p, len))
		b->bad = true;
}

static size_t
get_count(struct buf *b, size_t max)
{
	size_t n = buf_get_u32(b);

	if (n > max)
		b->bad = true;
	return b->bad ? 0 : n;
}

static void *
array_new(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size);

	if (p == NULL)
		gw_fatal("out of memory");
	return p;
}

static void
put_list(struct buf *b, const struct config_list *list)
{
	buf_put_u32(b, (uint32_t)list->count);
	for (size_t i = 0; i < list->count; i++)
		put_text(b, list->item[i]);
}

static void
get_list(struct buf *b, struct config_list *list)
{
	size_t n = get_count(b, LIST_MAX);

	list->item = array_new(n, sizeof(*list->item));
	for (list->count = 0; list->count < n && !b->bad; list->count++) {
		list->item[list->count] = get_text(b);
		if (list->item[list->count] == NULL) {
			b->bad = true;
			break;
		}
	}
}

static void
put_server(struct buf *b, const struct config_server *s)
{
	put_text(b, s->host);
	buf_put_u32(b, s->port);
	put_text(b, s->user);
	put_list(b, &s->host_keys);
	put_text(b, s->identity);
	put_text(b, s->remote);
	buf_put_u64(b, (uint64_t)s->every_ms);
	put_text(b, s->move_to);
	put_list(b, &s->match);
}

static void
get_server(struct buf *b, struct config_server *s)
{
	s->host = get_text(b);
	s->port = buf_get_u32(b);
	s->user = get_text(b);
	get_list(b, &s->host_keys);
	s->identity = get_text(b);
	s->remote = get_text(b);
	s->every_ms = (int64_t)buf_get_u64(b);
	s->move_to = get_text(b);
	get_list(b, &s->match);
	if (s->host == NULL || s->user == NULL || s->remote == NULL)
		b->bad = true;
}

static void
put_maybe_server(struct buf *b, const struct config_server *s)
{
	buf_put_u8(b, s != NULL);
	if (s != NULL)
		put_server(b, s);
}

static struct config_server *
get_maybe_server(struct buf *b)
{
	struct config_server *s;

	if (buf_get_u8(b) == 0)
		return NULL;
	s = array_new(1, sizeof(*s));
	get_server(b, s);
	return s;
}

static void
put_flow(struct buf *b, const struct config_flow *f)
{
	put_text(b, f->name);
	buf_put_u8(b, f->direction);
	buf_put_u8(b, f->content);
	buf_put_u64(b, f->max_size);
	put_list(b, &f->match);
	buf_put_u8(b, f->complete);
	buf_put_u64(b, (uint64_t)f->quiet_ms);
	buf_put_u32(b, f->owner_count);
	for (unsigned i = 0; i < f->owner_count; i++)
		buf_put_u32(b, f->owners[i]);
	put_text(b, f->remote_name);
}

static void
get_flow(struct buf *b, struct config_flow *f)
{
	get_label(b, f->name, sizeof(f->name));
	f->direction = (enum doc_direction)buf_get_u8(b);
	f->content = (enum config_content)buf_get_u8(b);
	f->max_size = buf_get_u64(b);
	get_list(b, &f->match);
	f->complete = (enum config_complete)buf_get_u8(b);
	f->quiet_ms = (int64_t)buf_get_u64(b);
	f->owner_count = (unsigned)get_count(b, CONFIG_OWNERS_MAX);
	for (unsigned i = 0; i < f->owner_count; i++)
		f->owners[i] = buf_get_u32(b);
	f->remote_name = get_text(b);
}

static void
put_partner(struct buf *b, const struct config_partner *p)
{
	put_text(b, p->name);
	buf_put_u8(b, p->aead);
	put_maybe_server(b, p->send);
	put_maybe_server(b, p->collect);
	buf_put_u64(b, (uint64_t)p->retry_first_ms);
	buf_put_u64(b, (uint64_t)p->retry_max_ms);
	buf_put_u64(b, (uint64_t)p->lifetime_ms);
	buf_put_u32(b, (uint32_t)p->flow_count);
	for (size_t i = 0; i < p->flow_count; i++)
		put_flow(b, &p->flow[i]);
}

static enum config_aead
get_aead(struct buf *b)
{
	uint8_t v = buf_get_u8(b);

	if (v >= AEAD_COUNT)
		b->bad = true;
	return (enum config_aead)v;
}

static void
get_partner(struct buf *b, struct config_partner *p)
{
	size_t n;

	get_label(b, p->name, sizeof(p->name));
	p->aead = get_aead(b);
	p->send = get_maybe_server(b);
	p->collect = get_maybe_server(b);
	p->retry_first_ms = (int64_t)buf_get_u64(b);
	p->retry_max_ms = (int64_t)buf_get_u64(b);
	p->lifetime_ms = (int64_t)buf_get_u64(b);
	n = get_count(b, LIST_MAX);
	p->flow = array_new(n, sizeof(*p->flow));
	for (; p->flow_count < n && !b->bad; p->flow_count++)
		get_flow(b, &p->flow[p->flow_count]);
}

/* The spooler's: no key, no passphrase, no place where one could be found. */
bool
share_put_config(struct buf *b, const struct config *cfg)
{
	put_text(b, cfg->gateway_id);
	put_text(b, cfg->spool);
	put_text(b, cfg->state);
	put_text(b, cfg->signing_key);
	buf_put_u64(b, cfg->min_free);
	buf_put_u32(b, cfg->workers);
	buf_put_u32(b, (uint32_t)cfg->partner_count);
	for (size_t i = 0; i < cfg->partner_count; i++)
		put_partner(b, &cfg->partner[i]);
	return !b->bad;
}

struct config *
share_get_config(struct buf *b)
{
	struct config *cfg = array_new(1, sizeof(*cfg));
	size_t n;

	cfg->gateway_id = get_text(b);
	cfg->spool = get_text(b);
	cfg->state = get_text(b);
	cfg->signing_key = get_text(b);
	cfg->min_free = buf_get_u64(b);
	cfg->workers = buf_get_u32(b);
	n = get_count(b, ITEMS_MAX);
	cfg->partner = array_new(n, sizeof(*cfg->partner));
	for (; cfg->partner_count < n && !b->bad; cfg->partner_count++)
		get_partner(b, &cfg->partner[cfg->partner_count]);
	if (!buf_done(b) || cfg->spool == NULL || cfg->state == NULL) {
		config_free(cfg);
		return NULL;
	}
	return cfg;
}

bool
share_put_secrets(struct buf *b, const struct material *m)
{
	put_bytes(b, &m->passphrase);
	buf_put_u32(b, (uint32_t)m->secret_count);
	for (size_t i = 0; i < m->secret_count; i++)
		put_bytes(b, &m->secret[i]);
	return !b->bad;
}

bool
share_get_secrets(struct buf *b, struct share_secrets *s)
{
	size_t n;

	memset(s, 0, sizeof(*s));
	buf_init_secret(&s->passphrase, 0);
	get_bytes(b, &s->passphrase);
	n = get_count(b, LIST_MAX);
	s->key = array_new(n, sizeof(*s->key));
	for (; s->count < n && !b->bad; s->count++) {
		buf_init_secret(&s->key[s->count], 0);
		get_bytes(b, &s->key[s->count]);
	}
	return buf_done(b);
}

void
share_free_secrets(struct share_secrets *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_free(&s->key[i]);
	free(s->key);
	buf_free(&s->passphrase);
	memset(s, 0, sizeof(*s));
}

bool
share_put_certificates(
    struct buf *b, const struct config *cfg, const struct material *m)
{
	uint32_t n = 0;

	buf_put_u32(b, cfg->clock_skew);
	buf_put_u32(b, (uint32_t)m->secret_count + 1);
	put_bytes(b, &m->own_certificate);
	for (size_t i = 0; i < m->secret_count; i++)
		put_bytes(b, &m->public[i]);
	for (size_t i = 0; i < m->partner_count; i++)
		n += (uint32_t)m->partner[i].certificate_count;
	buf_put_u32(b, n);
	for (size_t i = 0; i < m->partner_count; i++) {
		const struct material_partner *p = &m->partner[i];

		for (size_t j = 0; j < p->certificate_count; j++) {
			put_text(b, cfg->partner[i].name);
			buf_put_u8(b, cfg->partner[i].aead);
			buf_put_u8(b, cfg->partner[i].post_quantum);
			put_bytes(b, &p->certificate[j]);
		}
	}
	return !b->bad;
}

static enum config_post_quantum
get_post_quantum(struct buf *b)
{
	uint8_t v = buf_get_u8(b);

	if (v > POST_QUANTUM_REQUIRE)
		b->bad = true;
	return (enum config_post_quantum)v;
}

bool
share_get_certificates(struct buf *b, struct share_certificates *s)
{
	size_t n;

	memset(s, 0, sizeof(*s));
	s->clock_skew = buf_get_u32(b);
	n = get_count(b, LIST_MAX);
	s->own = array_new(n, sizeof(*s->own));
	for (; s->own_count < n && !b->bad; s->own_count++)
		get_bytes(b, &s->own[s->own_count]);
	n = get_count(b, ITEMS_MAX);
	s->item = array_new(n, sizeof(*s->item));
	for (; s->count < n && !b->bad; s->count++) {
		struct share_certificate *c = &s->item[s->count];

		get_label(b, c->partner, sizeof(c->partner));
		c->aead = get_aead(b);
		c->post_quantum = get_post_quantum(b);
		get_bytes(b, &c->bytes);
	}
	return buf_done(b);
}

void
share_free_certificates(struct share_certificates *s)
{
	for (size_t i = 0; i < s->count; i++)
		buf_free(&s->item[i].bytes);
	for (size_t i = 0; i < s->own_count; i++)
		buf_free(&s->own[i]);
	free(s->item);
	free(s->own);
	memset(s, 0, sizeof(*s));
}

bool
share_put_server(struct buf *b, const struct config_server *server,
    const struct buf *identity, bool collect)
{
	put_server(b, server);
	buf_put_u8(b, collect);
	put_bytes(b, identity);
	return !b->bad;
}

bool
share_get_server(struct buf *b, struct share_server *s)
{
	memset(s, 0, sizeof(*s));
	buf_init_secret(&s->identity, 0);
	get_server(b, &s->server);
	s->collect = buf_get_u8(b) != 0;
	get_bytes(b, &s->identity);
	return buf_done(b);
}

static void
free_list(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i]);
	free(list->item);
}

void
share_free_server(struct share_server *s)
{
	free(s->server.host);
	free(s->server.user);
	free(s->server.identity);
	free(s->server.remote);
	free(s->server.move_to);
	free_list(&s->server.host_keys);
	free_list(&s->server.match);
	buf_free(&s->identity);
	memset(s, 0, sizeof(*s));
}

int
share_file(const struct buf *b)
{
	struct why why;
	int fd = memfd_create("waybill-share", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (fd_write_all(fd, b->data, b->len, &why) != GW_OK ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		fd_close(&fd);
	return fd;
}
