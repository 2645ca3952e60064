/* gateway/report.c - what is told about a document, as JSON. */
#include "gateway/report.h"

#include "gateway/base/clock.h"

#include <jansson.h>
#include <string.h>

/* Foreign text that is no valid UTF-8 is left out rather than guessed. */
static void
set_text(json_t *o, const char *key, const char *text)
{
	json_t *v = text[0] != '\0' ? json_string(text) : NULL;

	if (v != NULL)
		json_object_set_new(o, key, v);
}

static void
set_time(json_t *o, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_MAX];

	if (wall_ms != 0)
		json_object_set_new(
		    o, key, json_string(clock_text(wall_ms, text)));
}

static json_t *
head(const struct config *cfg, const struct doc *doc)
{
	json_t *o = json_object();

	set_text(o, "id", doc->id.text);
	set_text(o, "gateway", cfg->gateway_id);
	set_text(o, "direction", doc->direction == DOC_OUT ? "out" : "in");
	set_text(o, "partner", doc->partner);
	set_text(o, "flow", doc->flow);
	set_text(o, "name", doc->name);
	set_time(o, "created", doc->created_ms);
	set_time(o, "time", clock_wall_ms());
	return o;
}

static void
set_why(json_t *o, const struct why *why)
{
	if (why->reason == REASON_NONE)
		return;
	set_text(o, "reason", reason_code(why->reason));
	set_text(o, "text", why->text);
	set_text(o, "advice", reason_advice(why->reason));
}

static void
set_facts(json_t *o, const struct doc *doc)
{
	if (doc->plain_sha256[0] != '\0') {
		json_object_set_new(
		    o, "size", json_integer((json_int_t)doc->plain_size));
		set_text(o, "sha256", doc->plain_sha256);
	}
	if (doc->sealed_sha256[0] != '\0') {
		json_object_set_new(o, "sealed_size",
		    json_integer((json_int_t)doc->sealed_size));
		set_text(o, "sealed_sha256", doc->sealed_sha256);
	}
	set_text(o, "message_id", doc->message_id);
	set_text(o, "signer", doc->signer);
}

static char *
finish(json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2));

	json_decref(o);
	if (text == NULL)
		gw_fatal("out of memory");
	return text;
}

char *
report_reason(const struct config *cfg, const struct doc *doc)
{
	json_t *o = head(cfg, doc);

	set_why(o, &doc->why);
	if (doc->direction == DOC_IN)
		set_text(o, "received_as", doc->file);
	json_object_set_new(o, "attempts", json_integer(doc->attempts));
	set_facts(o, doc);
	return finish(o);
}

char *
report_meta(const struct config *cfg, const struct doc *doc)
{
	json_t *o = head(cfg, doc);

	set_text(o, "received_as", doc->file);
	set_facts(o, doc);
	return finish(o);
}

char *
report_status(
    const struct config *cfg, const struct doc *doc, const char *stage)
{
	json_t *o = head(cfg, doc);

	set_text(o, "status", stage);
	set_text(o, "remote_name", doc->file);
	set_facts(o, doc);
	set_why(o, &doc->why);
	return finish(o);
}
