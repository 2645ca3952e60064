/* gateway/overview.c - the live part of `waybill status`. */
#include "gateway/overview.h"

#include "gateway/base/clock.h"
#include "gateway/item.h"

/* After that many tries, some three seconds, it is no passing trouble. */
#define STUCK_FAILURES 4

/* `status` of one connection: what is it doing, what was wrong last. */
static json_t *
link_facts(const struct link *l)
{
	static const char *const names[] = { "down", "connecting", "up" };
	int64_t now = clock_mono_ms();
	json_t *o = json_object();

	json_object_set_new(o, "state", json_string(names[l->state]));
	json_object_set_new(o, "busy", json_integer(l->busy));
	json_object_set_new(o, "failures", json_integer(l->failures));
	if (l->state == LINK_DOWN && l->not_before_ms > now)
		json_object_set_new(o, "next_try_s",
		    json_integer((l->not_before_ms - now + 999) / 1000));
	if (l->why.reason != REASON_NONE) {
		json_object_set_new(
		    o, "reason", json_string(reason_code(l->why.reason)));
		json_object_set_new(o, "text", json_string(l->why.text));
		json_object_set_new(
		    o, "advice", json_string(reason_advice(l->why.reason)));
	}
	if (l->host_key[0] != '\0')
		json_object_set_new(o, "host_key", json_string(l->host_key));
	if (l->cipher[0] != '\0')
		json_object_set_new(o, "cipher", json_string(l->cipher));
	return o;
}

static json_t *
partner_facts(const struct partner *p)
{
	json_t *o = json_object();

	json_object_set_new(o, "partner", json_string(p->config->name));
	json_object_set_new(o, "queued",
	    json_integer((json_int_t)(p->ready.count + p->waiting)));
	if (p->config->send != NULL)
		json_object_set_new(o, "send", link_facts(&p->send));
	if (p->config->collect != NULL)
		json_object_set_new(o, "collect", link_facts(&p->collect));
	return o;
}

static json_t *
worker_facts(const struct pool *pool)
{
	json_t *o = json_object();

	json_object_set_new(o, "workers", json_integer(pool_workers(pool)));
	json_object_set_new(o, "busy", json_integer((json_int_t)pool->busy));
	json_object_set_new(
	    o, "waiting", json_integer((json_int_t)pool->waiting));
	return o;
}

/* What waits here and has met the same cause several times by now. */
static void
tell_stuck(const struct spooler *sp, json_t *problems)
{
	const struct item *example = NULL;
	size_t stuck = 0;

	for (const struct item *i = sp->retries.first; i != NULL; i = i->next) {
		if (i->failures < STUCK_FAILURES)
			continue;
		example = i;
		stuck++;
	}
	if (example != NULL)
		json_array_append_new(problems,
		    json_sprintf("documents that cannot go on here: %zu, "
				 "one of partner %s: %s",
			stuck, example->doc.partner, example->doc.why.text));
}

static json_t *
problems_of(const struct spooler *sp)
{
	json_t *problems = json_array();

	tell_stuck(sp, problems);
	if (sp->stranded > 0)
		json_array_append_new(problems,
		    json_sprintf("open documents of partners that are not "
				 "configured any more: %zu",
			sp->stranded));
	return problems;
}

void
overview_status(void *spooler, json_t *status)
{
	const struct spooler *sp = spooler;
	json_t *partners = json_array(), *pools = json_object();
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < sp->partner_count; i++)
		json_array_append_new(partners, partner_facts(&sp->partner[i]));
	json_object_set_new(status, "live", partners);
	json_object_set_new(status, "problems", problems_of(sp));
	json_object_set_new(pools, "sealer", worker_facts(&sp->sealers));
	json_object_set_new(pools, "verifier", worker_facts(&sp->verifiers));
	json_object_set_new(pools, "inspector", worker_facts(&sp->inspectors));
	json_object_set_new(status, "workers", pools);
	json_object_set_new(
	    status, "gateway", json_string(sp->config->gateway_id));
	json_object_set_new(
	    status, "started", json_string(clock_text(sp->started_ms, text)));
	json_object_set_new(
	    status, "in_hand", json_integer((json_int_t)sp->items));
	json_object_set_new(status, "disk_full", json_boolean(sp->starved));
	json_object_set_new(
	    status, "confinement", json_string(sp->confinement));
	json_object_set_new(status, "watch_overflows",
	    json_integer((json_int_t)watch_overflows(sp->watch)));
}
