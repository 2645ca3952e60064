/* gateway/inspect/xml.c - is this document well-formed XML? */
#include "gateway/inspect/xml.h"

#include "gateway/base/fdio.h"

#include <errno.h>
#include <libxml/encoding.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/*
 * libxml2's push parser with our own few callbacks: no tree is built, and we
 * see how much it keeps back, which bounds each token.  xmlReader was tried
 * in thought and dropped: it shows the DOCTYPE only after reading what is in
 * it.
 */
#define DEPTH_MAX     256
#define ATTRIBUTE_MAX 256 /* and as many namespace declarations */
/* A tag of 256 KiB has at most some 40,000 attributes, and comparing each with
 * each, as the library does, takes less than a second: once. */
#define TOKEN_MAX (256 * 1024)
#define CHUNK     ((size_t)8 * 1024)
/* More than this held back may be CDATA; see drain(). */
#define HELD_MAX 1024
/* An XML declaration ends within so many characters. */
#define DECLARATION_MAX 512

struct xml {
	xmlParserCtxtPtr parser;
	unsigned depth;
	bool refused; /* why is set; the first reason is the one that counts */
	bool no_memory;
	bool at_end; /* the last byte was fed */
	struct why *why;
};

static void refuse(struct xml *x, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
refuse(struct xml *x, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	size_t len;

	if (x->refused)
		return;
	x->refused = true;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* The library's sentences have newlines, most at the end. */
	for (len = strlen(text); len > 0 && text[len - 1] == '\n';)
		text[--len] = '\0';
	for (char *p = text; (p = strchr(p, '\n')) != NULL;)
		*p = ' ';
	why_set(x->why, REASON_CONTENT, "not accepted as XML, line %d: %s",
	    line, text);
}

static int
line_now(const struct xml *x)
{
	return x->parser != NULL && x->parser->input != NULL
		   ? x->parser->input->line
		   : 1;
}

/* ---- callbacks ---------------------------------------------------------- */

#if LIBXML_VERSION >= 21200
typedef const xmlError *xml_error;
#else
typedef xmlErrorPtr xml_error;
#endif

static void
on_error(void *ctx, xml_error e)
{
	struct xml *x = ctx;

	if (e->level <= XML_ERR_WARNING)
		return;
	if (e->code == XML_ERR_NO_MEMORY)
		x->no_memory = true;
	/* "Extra content at the end" is what the library says to both. */
	if (x->at_end && e->code == XML_ERR_DOCUMENT_END)
		refuse(x, line_now(x), "it ends too early");
	refuse(x, e->line > 0 ? e->line : line_now(x), "%s",
	    e->message != NULL ? e->message : "an error without words");
}

/* Some errors of the library go here and not to the parser's own. */
static void
on_stray_error(void *ctx, const char *fmt, ...)
{
	struct xml *x = ctx;

	(void)fmt;
	refuse(x, line_now(x), "the parser reported an error");
}

/* Called before anything inside the DOCTYPE is read. */
static void
on_doctype(void *ctx, const xmlChar *name, const xmlChar *external,
    const xmlChar *system)
{
	struct xml *x = ctx;

	(void)name;
	(void)external;
	(void)system;
	refuse(x, line_now(x), "a DOCTYPE is not accepted");
	xmlStopParser(x->parser);
}

static void
on_start(void *ctx, const xmlChar *local, const xmlChar *prefix,
    const xmlChar *uri, int namespaces, const xmlChar **namespace,
    int attributes, int defaulted, const xmlChar **attribute)
{
	struct xml *x = ctx;

	(void)local;
	(void)prefix;
	(void)uri;
	(void)namespace;
	(void)defaulted;
	(void)attribute;
	if (++x->depth > DEPTH_MAX)
		refuse(
		    x, line_now(x), "elements nest deeper than %d", DEPTH_MAX);
	if (attributes > ATTRIBUTE_MAX || namespaces > ATTRIBUTE_MAX)
		refuse(x, line_now(x), "an element has more than %d attributes",
		    ATTRIBUTE_MAX);
	if (x->refused)
		xmlStopParser(x->parser);
}

static void
on_end(
    void *ctx, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = ctx;

	(void)local;
	(void)prefix;
	(void)uri;
	x->depth--;
}

/* ---- character sets ----------------------------------------------------- */

/*
 * Where a byte of markup is always that ASCII byte.  UTF-7 and its like, which
 * hide markup from every filter behind us, are not on the list, and neither
 * is whatever else the C library can convert.
 */
static const char *const narrow_sets[] = { "UTF-8", "US-ASCII", "ASCII",
	"ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5",
	"ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-10",
	"ISO-8859-13", "ISO-8859-14", "ISO-8859-15", "ISO-8859-16",
	"windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257",
	"windows-1258" };
static const char *const wide_sets[] = { "UTF-16", "UTF-16LE", "UTF-16BE" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Kept for the life of the process: that is what keeps them loaded. */
static xmlCharEncodingHandlerPtr loaded[COUNT(narrow_sets)];

void
xml_start(void)
{
	xmlInitParser();
	for (size_t i = 0; i < COUNT(narrow_sets); i++) {
		if (loaded[i] == NULL)
			loaded[i] = xmlFindCharEncodingHandler(narrow_sets[i]);
	}
}

static bool
in_list(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(name, list[i]) == 0)
			return true;
	}
	return false;
}

/* How the first bytes must be read (XML 1.0, appendix F). */
struct form {
	bool known, wide, utf8_mark;
	size_t skip;  /* byte order mark */
	unsigned low; /* wide: which of two bytes is the ASCII one */
};

static struct form
form_of(const uint8_t *p, size_t n)
{
	struct form f = { .known = true };

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		f.skip = 3;
		f.utf8_mark = true;
	} else if (n >= 4 &&
		   (p[0] == 0 || p[1] == 0 || p[0] == 0xfe || p[0] == 0xff)) {
		bool mark = p[0] >= 0xfe;

		f.wide = true;
		f.skip = mark ? 2 : 0;
		f.low = mark ? p[0] == 0xfe : p[0] == 0;
		/* 32 bits would have two zero bytes side by side here */
		f.known = mark ? (p[0] ^ p[1]) == 1 && (p[2] | p[3]) != 0
			       : (p[0] | p[1]) != 0 && (p[2] | p[3]) != 0;
	} else if (n >= 4 && memcmp(p, "\x4c\x6f\xa7\x94", 4) == 0) {
		f.known = false; /* EBCDIC */
	}
	return f;
}

/* The first characters as ASCII; what is not ASCII becomes '?'. */
static void
flatten(const uint8_t *p, size_t n, const struct form *f,
    char text[DECLARATION_MAX + 1])
{
	size_t step = f->wide ? 2 : 1, len = 0;

	for (size_t i = f->skip; i + step <= n && len < DECLARATION_MAX;
	     i += step) {
		uint8_t c = f->wide ? p[i + f->low] : p[i];
		uint8_t high = f->wide ? p[i + 1 - f->low] : 0;

		text[len++] = high == 0 && c > 0 && c < 0x80 ? (char)c : '?';
	}
	text[len] = '\0';
}

/* encoding="..." of the declaration (XML 1.0, 4.3.3); "" when there is none.
 * False: there is a declaration, and it cannot be understood. */
static bool
declared_set(const char *text, char *out, size_t size)
{
	static const char space[] = " \t\r\n";
	const char *end, *p;
	size_t len;

	out[0] = '\0';
	if (strncmp(text, "<?xml", 5) != 0 || text[5] == '\0' ||
	    strchr(space, text[5]) == NULL)
		return true;
	if ((end = strstr(text, "?>")) == NULL)
		return false;
	p = strstr(text, "encoding");
	if (p == NULL || p > end)
		return true;
	p += strlen("encoding");
	p += strspn(p, space);
	if (*p++ != '=')
		return false;
	p += strspn(p, space);
	if (*p != '"' && *p != '\'')
		return false;
	len = strcspn(p + 1, p[0] == '"' ? "\"" : "'");
	if (p + 1 + len >= end || len == 0 || len >= size)
		return false;
	memcpy(out, p + 1, len);
	out[len] = '\0';
	return true;
}

static bool
check_set(struct xml *x, const uint8_t *p, size_t n)
{
	char text[DECLARATION_MAX + 1], set[32];
	struct form f = form_of(p, n);

	flatten(p, n, &f, text);
	if (!f.known)
		refuse(x, 1, "its bytes are neither UTF-8 nor UTF-16");
	else if (!declared_set(text, set, sizeof(set)))
		refuse(x, 1, "the XML declaration cannot be understood");
	else if (set[0] == '\0')
		return true;
	else if (f.wide        ? !in_list(set, wide_sets, COUNT(wide_sets))
		 : f.utf8_mark ? strcasecmp(set, "UTF-8") != 0
			       : !in_list(set, narrow_sets, COUNT(narrow_sets)))
		refuse(x, 1, "it claims the character set %s", set);
	return !x->refused;
}

/* ---- the check ---------------------------------------------------------- */

/* How much of what it got has the parser not used yet? */
static size_t
kept_back(const struct xml *x)
{
	const xmlParserInput *in = x->parser->input;

	return in != NULL && in->end > in->cur ? (size_t)(in->end - in->cur)
					       : 0;
}

/*
 * Each call to the parser takes only 300 bytes of a CDATA section whose end it
 * has not seen, so ask again for as long as that helps.
 */
static void
drain(struct xml *x)
{
	size_t before;

	do {
		before = kept_back(x);
		if (before <= HELD_MAX || x->refused)
			return;
		(void)xmlParseChunk(x->parser, "", 0, 0);
	} while (kept_back(x) < before);
}

static void
feed(struct xml *x, const uint8_t *p, size_t n)
{
	/* The first bytes alone, for the library's own look at them. */
	if (x->parser == NULL) {
		xmlSAXHandler sax;
		size_t head = n < 4 ? n : 4;

		if (!check_set(x, p, n))
			return;
		memset(&sax, 0, sizeof(sax));
		sax.initialized = XML_SAX2_MAGIC;
		sax.internalSubset = on_doctype;
		sax.startElementNs = on_start;
		sax.endElementNs = on_end;
		sax.serror = on_error;
		x->parser = xmlCreatePushParserCtxt(
		    &sax, x, (const char *)p, (int)head, NULL);
		if (x->parser == NULL) {
			x->no_memory = true;
			return;
		}
		/* Not HUGE, NOENT, DTDLOAD or XINCLUDE. */
		xmlCtxtUseOptions(x->parser, XML_PARSE_NONET);
		p += head;
		n -= head;
	}
	(void)xmlParseChunk(x->parser, (const char *)p, (int)n, 0);
	drain(x);
	if (kept_back(x) > TOKEN_MAX)
		refuse(x, line_now(x),
		    "a tag or comment is longer than %d bytes", TOKEN_MAX);
}

static void
finish(struct xml *x)
{
	if (x->parser == NULL || x->refused)
		return;
	x->at_end = true;
	(void)xmlParseChunk(x->parser, NULL, 0, 1);
	if (!x->parser->wellFormed || !x->parser->nsWellFormed)
		refuse(x, line_now(x), "it is not well-formed");
}

static enum gw_status
read_all(struct xml *x, int fd, uint64_t size)
{
	uint8_t *chunk = malloc(CHUNK);
	uint64_t at = 0;

	if (chunk == NULL) {
		x->no_memory = true;
		return GW_OK;
	}
	while (!x->refused && !x->no_memory) {
		ssize_t n = pread(fd, chunk, CHUNK, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(chunk);
			why_errno(
			    x->why, REASON_IO_ERROR, "reading the document");
			return GW_INTERNAL;
		}
		at += (uint64_t)n;
		if (n == 0 || at > size)
			break;
		feed(x, chunk, (size_t)n);
	}
	free(chunk);
	if (x->refused || x->no_memory || at == size)
		return GW_OK;
	/* What was verified is not what we read. */
	why_set(x->why, REASON_INTERNAL, "the document changed its size");
	return GW_INTERNAL;
}

static enum gw_status
verdict(const struct xml *x)
{
	if (x->no_memory) {
		why_set(x->why, REASON_INTERNAL, "out of memory");
		return GW_AGAIN;
	}
	return x->refused ? GW_REFUSED : GW_OK;
}

enum gw_status
xml_check(int fd, uint64_t size, struct why *why)
{
	struct xml x = { .why = why };
	enum gw_status st;

	xmlSetGenericErrorFunc(&x, on_stray_error);
	xmlSetStructuredErrorFunc(&x, on_error);
	if (size == 0)
		refuse(&x, 1, "it is empty");
	if ((st = read_all(&x, fd, size)) == GW_OK) {
		finish(&x);
		st = verdict(&x);
	}
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);
	xmlFreeParserCtxt(x.parser);
	return st;
}
