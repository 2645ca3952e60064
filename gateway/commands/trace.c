/* gateway/commands/trace.c - the whole life of a document, a line a step. */
#include "gateway/commands/client.h"
#include "gateway/commands/commands.h"

#include <string.h>

struct tracing {
	bool json;
	unsigned long documents;
	int64_t born_ms; /* of the document whose steps come */
};

/* "  label  value", when there is a value. */
static void
print_field(const json_t *o, const char *label, const char *key)
{
	const char *text = client_text(o, key);

	if (text[0] == '\0')
		return;
	printf("  %-14s ", label);
	client_put(stdout, text);
	putchar('\n');
}

static void
print_document(const json_t *o)
{
	printf("%s %s %s %s/%s ", client_text(o, "id"),
	    client_text(o, "direction"), client_text(o, "state"),
	    client_text(o, "partner"), client_text(o, "flow"));
	client_put(stdout, client_text(o, "name"));
	putchar('\n');
	print_field(o, "file", "file");
	print_field(o, "message id", "message_id");
	print_field(o, "signed by", "signer");
	printf("  %-14s %llu plain, %llu sealed\n", "bytes",
	    (unsigned long long)client_number(o, "plain_size"),
	    (unsigned long long)client_number(o, "sealed_size"));
	print_field(o, "plain sha256", "plain_sha256");
	print_field(o, "sealed sha256", "sealed_sha256");
	print_field(o, "next try", "next_try");
	print_field(o, "reason", "reason");
	print_field(o, "", "why");
	print_field(o, "", "advice");
}

static void
print_event(const struct tracing *t, const json_t *o)
{
	char span[CLIENT_SPAN_MAX];

	printf("  %-24s %10s  %-12s ", client_text(o, "time"),
	    client_span(client_time(o, "time") - t->born_ms, span),
	    client_text(o, "step"));
	client_put(stdout, client_text(o, "detail"));
	putchar('\n');
}

static void
on_object(void *ctx, json_t *o, const char *text)
{
	struct tracing *t = ctx;
	bool document = strcmp(client_text(o, "type"), "document") == 0;

	if (document) {
		t->born_ms = client_time(o, "created");
		t->documents++;
	}
	if (t->json) {
		puts(text);
		return;
	}
	if (document) {
		if (t->documents > 1)
			putchar('\n');
		print_document(o);
	} else if (strcmp(client_text(o, "type"), "event") == 0) {
		print_event(t, o);
	}
}

static int
trace(const char *file, const char *text, struct tracing *t)
{
	struct config *config = client_config(file);
	enum client_end end;
	bool running;

	if (config == NULL)
		return COMMAND_FAILED;
	end = client_ask(config,
	    json_pack("{s:s, s:s}", "command", "trace", "text", text),
	    on_object, t, &running);
	config_free(config);
	if (end == CLIENT_CUT)
		fputs("waybill: the gateway broke off its answer\n", stderr);
	if (end == CLIENT_DONE && t->documents == 0) {
		fputs("waybill: nothing is known of ", stderr);
		client_put(stderr, text);
		fputc('\n', stderr);
	}
	return end == CLIENT_DONE && t->documents > 0 ? COMMAND_OK
						      : COMMAND_FAILED;
}

int
command_trace(int argc, char **argv)
{
	struct client_options o;
	struct tracing t = { 0 };
	int code;

	if (!client_options(argc, argv,
		"trace [-f FILE] [--json] ID|NAME|SHA256", true, &o, &code))
		return code;
	t.json = o.json;
	return trace(o.file, o.operand, &t);
}
