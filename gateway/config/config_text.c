/* config/config_text.c - check a file's structure for libConfuse. */
#include "gateway/config/config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_MAX    48 /* of a word, in messages */
#define DEPTH_MAX    8
#define KEYWORDS_MAX 96
#define SECTIONS_MAX 4096

enum token_kind { T_END, T_WORD, T_STRING, T_OPEN, T_CLOSE, T_EQUALS, T_COMMA };

struct token {
	enum token_kind kind;
	char *start, *end; /* strings: with their quotes */
	unsigned line;
};

struct scan {
	const char *file;
	char *at, *end;
	unsigned line;
	struct token ahead; /* looked at, not taken */
	bool has_ahead;
	char *done; /* behind the last token that was taken */
	enum config_file kind;
	bool broken; /* libConfuse would stumble */
	struct config_report *report;
	struct config_sections *sections;
};

/* Where a walk through one section stands. */
struct level {
	const char *section; /* NULL: inside something refused */
	const char *title;   /* for messages */
	unsigned depth, line;
	unsigned seen[KEYWORDS_MAX]; /* line of each keyword; 0: not yet */
};

/* A name followed by its value or its section. */
struct statement {
	struct token name;
	char word[SHOWN_MAX];
	const struct config_keyword *keyword; /* NULL: unknown */
	bool refused;
};

static void
blank(char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from != '\n')
			*from = ' ';
	}
}

/* A token's text, cut, without quotes and escapes, for messages and titles. */
static char *
token_text(const struct token *t, char *out, size_t size)
{
	bool quoted = t->kind == T_STRING;
	const char *from = t->start + quoted, *to = t->end - quoted;
	char quote = *t->start;
	size_t n = 0;

	for (; from < to && n + 1 < size; from++) {
		if (quoted && *from == '\\' && from + 1 < to &&
		    (quote == '"' || from[1] == quote || from[1] == '\\'))
			from++;
		out[n++] = *from;
	}
	out[n] = '\0';
	return out;
}

/*
 * What may stand without quotes.  Narrower than libConfuse, whose unquoted
 * words take in '#', '$' and half of a comment by surprise.
 */
static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("._-:@/%~[]", c));
}

/* Blank the comment that starts here. */
static void
skip_comment(struct scan *s)
{
	char *start = s->at;
	unsigned line = s->line;

	if (*start != '/' || start[1] != '*') {
		while (s->at < s->end && *s->at != '\n')
			s->at++;
		blank(start, s->at);
		return;
	}
	s->at += 2;
	while (s->at < s->end && !(s->at[0] == '*' && s->at[1] == '/')) {
		if (*s->at++ == '\n')
			s->line++;
	}
	if (s->at == s->end) {
		config_report_add(s->report, s->file, line,
		    "the comment that starts here is not closed with */");
		s->broken = true;
	} else {
		s->at += 2;
	}
	blank(start, s->at);
}

/* A string ends on its line: a forgotten quote is told where it is. */
static void
scan_string(struct scan *s, struct token *t)
{
	char quote = *s->at++;

	t->kind = T_STRING;
	while (s->at < s->end && *s->at != quote && *s->at != '\n') {
		if (*s->at == '\\' && s->at + 1 < s->end && s->at[1] != '\n')
			s->at++;
		else if (quote == '"' && s->at[0] == '$' && s->at[1] == '{')
			config_report_add(s->report, s->file, s->line,
			    "${...} is not replaced by anything; write \\${ "
			    "for the characters themselves");
		else if ((unsigned char)*s->at < 0x20 && *s->at != '\t')
			config_report_add(s->report, s->file, s->line,
			    "a control character (0x%02X) in a string",
			    (unsigned)*s->at);
		s->at++;
	}
	if (s->at < s->end && *s->at == quote) {
		s->at++;
		t->end = s->at;
		return;
	}
	config_report_add(s->report, s->file, s->line,
	    "the string is not closed: %c is missing on this line", quote);
	s->broken = true;
	/* Read on as if it were closed here, to find what else is wrong. */
	t->end = s->at;
}

static void
unexpected(struct scan *s, char c)
{
	static const char advice[] = "values with other characters than "
				     "letters, digits and ._-:@/%~[] need "
				     "double quotes";

	if (c > 0x20 && c < 0x7f)
		config_report_add(s->report, s->file, s->line,
		    "unexpected character '%c'; %s", c, advice);
	else
		config_report_add(s->report, s->file, s->line,
		    "unexpected byte 0x%02X; %s", (unsigned char)c, advice);
}

/* True when a token starts here, false when there was something to skip. */
static bool
scan_blank(struct scan *s)
{
	char c = *s->at;

	if (c == '\n') {
		s->line++;
		s->at++;
	} else if (c == ' ' || c == '\t' || c == '\r') {
		s->at++;
	} else if (c == '#' ||
		   (c == '/' && (s->at[1] == '/' || s->at[1] == '*'))) {
		skip_comment(s);
	} else if (is_word_char(c) || strchr("\"'{}=,", c) != NULL) {
		return true;
	} else {
		unexpected(s, c);
		/* One message for a run of them. */
		while (s->at < s->end && *s->at != '\n' &&
		       !is_word_char(*s->at) &&
		       strchr(" \t\"'{}=,", *s->at) == NULL)
			*s->at++ = ' ';
		s->broken = true;
	}
	return false;
}

static struct token
scan_token(struct scan *s)
{
	static const char marks[] = "{}=,";
	static const enum token_kind kinds[] = { T_OPEN, T_CLOSE, T_EQUALS,
		T_COMMA };
	struct token t = { T_END, NULL, NULL, 0 };
	const char *mark;

	while (s->at < s->end && !scan_blank(s))
		continue;
	t.line = s->line;
	t.start = t.end = s->at;
	if (s->at == s->end)
		return t;
	if (*s->at == '"' || *s->at == '\'') {
		scan_string(s, &t);
	} else if ((mark = strchr(marks, *s->at)) != NULL) {
		t.kind = kinds[mark - marks];
		t.end = ++s->at;
	} else {
		t.kind = T_WORD;
		while (s->at < s->end && is_word_char(*s->at))
			s->at++;
		t.end = s->at;
	}
	return t;
}

static struct token
peek(struct scan *s)
{
	if (!s->has_ahead)
		s->ahead = scan_token(s);
	s->has_ahead = true;
	return s->ahead;
}

static struct token
next(struct scan *s)
{
	struct token t = peek(s);

	s->has_ahead = false;
	s->done = t.end;
	return t;
}

static bool
is_value(const struct token *t)
{
	return t->kind == T_WORD || t->kind == T_STRING;
}

/* "max-size" in a flow, "keys" at the top ...: where a statement stands. */
static const char *
where(const struct level *l, char *out, size_t size)
{
	if (l->section == NULL || l->section[0] == '\0')
		snprintf(out, size, "%s", "");
	else if (l->title[0] != '\0')
		snprintf(out, size, " in %s \"%s\"", l->section, l->title);
	else
		snprintf(out, size, " in %s", l->section);
	return out;
}

static void
unknown(struct scan *s, const struct level *l, struct statement *st)
{
	const struct config_keyword *near =
	    config_keywords_near(l->section, st->word);
	char place[96];

	where(l, place, sizeof(place));
	if (near == NULL)
		config_report_add(s->report, s->file, st->name.line,
		    "unknown keyword \"%s\"%s; see waybill.conf(5)", st->word,
		    place);
	else if (strcmp(near->section, l->section) == 0)
		config_report_add(s->report, s->file, st->name.line,
		    "unknown keyword \"%s\"%s; did you mean %s?", st->word,
		    place, near->name);
	else
		config_report_add(s->report, s->file, st->name.line,
		    "%s does not belong here%s; it belongs in %s%s", near->name,
		    place,
		    near->section[0] == '\0' ? "waybill.conf outside sections"
					     : near->section,
		    near->section[0] == '\0' ? "" : " { ... }");
	st->refused = true;
}

/* Is this keyword allowed here, and for the first time? */
static void
check_name(struct scan *s, struct level *l, struct statement *st)
{
	size_t row;

	if (l->section == NULL) {
		st->refused = true;
		return;
	}
	st->keyword = config_keywords_find(l->section, st->word);
	if (st->keyword == NULL) {
		unknown(s, l, st);
		return;
	}
	if (s->kind == CONFIG_FILE_PARTNER && l->depth == 0 &&
	    !config_keywords_is_named(st->keyword)) {
		config_report_add(s->report, s->file, st->name.line,
		    "%s belongs in waybill.conf, not in a partner's file",
		    st->word);
		st->refused = true;
		return;
	}
	row = (size_t)(st->keyword - config_keywords());
	if (row >= KEYWORDS_MAX)
		gw_fatal("more than %d keywords", KEYWORDS_MAX);
	if (l->seen[row] != 0 && !config_keywords_is_named(st->keyword)) {
		config_report_add(s->report, s->file, st->name.line,
		    "%s is given twice, first in line %u", st->word,
		    l->seen[row]);
		st->refused = true;
		return;
	}
	l->seen[row] = st->name.line;
}

/* { "a", "b" } after the '{'; counts the values. */
static unsigned
scan_list(struct scan *s, const struct token *open)
{
	unsigned count = 0;
	bool want_value = true, told = false;

	for (;;) {
		struct token t = peek(s);

		if (t.kind == T_END || t.kind == T_OPEN || t.kind == T_EQUALS) {
			config_report_add(s->report, s->file, open->line,
			    "the list that starts here is not closed with }");
			s->broken = true;
			return count;
		}
		t = next(s);
		if (t.kind == T_CLOSE)
			return count;
		if (is_value(&t) != want_value && !told) {
			config_report_add(s->report, s->file, t.line,
			    "the values of a list stand in { \"a\", \"b\" }, "
			    "one comma between two");
			s->broken = told = true;
		}
		want_value = !is_value(&t);
		count += is_value(&t);
	}
}

static void
scan_assignment(struct scan *s, struct statement *st)
{
	const struct config_keyword *k = st->keyword;
	struct token t = peek(s);
	unsigned values;

	if (t.kind != T_OPEN && !is_value(&t)) {
		config_report_add(s->report, s->file, st->name.line,
		    "a value is missing after \"%s =\"", st->word);
		st->refused = true;
		return;
	}
	if (k != NULL && config_keywords_is_section(k)) {
		config_report_add(s->report, s->file, st->name.line,
		    "%s is a section: write %s %s{ ... }", st->word, st->word,
		    config_keywords_is_named(k) ? "\"name\" " : "");
		st->refused = true;
	}
	t = next(s);
	if (is_value(&t))
		return;
	values = scan_list(s, &t);
	if (st->refused)
		return;
	if (!config_keywords_is_list(k))
		config_report_add(s->report, s->file, st->name.line,
		    "%s takes one value, not a list", st->word);
	else if (values == 0)
		config_report_add(s->report, s->file, st->name.line,
		    "the list %s is empty; leave it out or fill it", st->word);
	else
		return;
	st->refused = true;
}

static void
remember_section(struct scan *s, const struct statement *st, const char *title)
{
	struct config_sections *all = s->sections;
	struct config_section *grown;

	/* Doubling at each power of two. */
	if ((all->count & (all->count - 1)) == 0) {
		size_t room = all->count == 0 ? 1 : all->count * 2;

		grown = reallocarray(all->item, room, sizeof(*grown));
		if (grown == NULL)
			gw_fatal("out of memory");
		all->item = grown;
	}
	grown = &all->item[all->count++];
	grown->keyword = st->keyword;
	grown->line = st->name.line;
	if ((grown->title = strdup(title)) == NULL)
		gw_fatal("out of memory");
}

static void scan_statements(struct scan *, struct level *);

static void
scan_section(struct scan *s, const struct level *outer, struct statement *st,
    struct token *title)
{
	const struct config_keyword *k = st->keyword;
	struct level inner = { NULL, "", outer->depth + 1, st->name.line,
		{ 0 } };
	char name[256] = "";

	if (title != NULL)
		token_text(title, name, sizeof(name));
	if (!st->refused && !config_keywords_is_section(k)) {
		config_report_add(s->report, s->file, st->name.line,
		    "%s is not a section: write %s = ...", st->word, st->word);
		st->refused = true;
	} else if (!st->refused &&
		   config_keywords_is_named(k) != (title != NULL)) {
		config_report_add(s->report, s->file, st->name.line,
		    title != NULL ? "%s has no name: write %s { ... }"
				  : "%s needs a name: write %s \"name\" "
				    "{ ... }",
		    st->word, st->word);
		st->refused = true;
	}
	if (!st->refused && s->sections->count >= SECTIONS_MAX) {
		config_report_add(s->report, s->file, st->name.line,
		    "more than %d sections in one file", SECTIONS_MAX);
		s->broken = st->refused = true;
	}
	if (!st->refused) {
		remember_section(s, st, name);
		inner.section = k->name;
		inner.title = name;
		if (title != NULL)
			blank(title->start, title->end);
	}
	scan_statements(s, &inner);
}

/* After the name: decide by what follows. */
static void
scan_rest(struct scan *s, const struct level *l, struct statement *st)
{
	struct token t = peek(s), title;

	if (t.kind == T_EQUALS) {
		(void)next(s);
		scan_assignment(s, st);
		return;
	}
	if (t.kind == T_OPEN) {
		(void)next(s);
		scan_section(s, l, st, NULL);
		return;
	}
	if (!is_value(&t)) {
		config_report_add(s->report, s->file, st->name.line,
		    "a value is missing after %s", st->word);
		st->refused = true;
		return;
	}
	title = next(s);
	t = peek(s);
	if (t.kind == T_OPEN) {
		(void)next(s);
		scan_section(s, l, st, &title);
		return;
	}
	config_report_add(s->report, s->file, st->name.line,
	    "= is missing after %s", st->word);
	st->refused = true;
}

static void
check_complete(struct scan *s, const struct level *l)
{
	const struct config_keyword *k = config_keywords();
	char place[96];

	if (l->section == NULL ||
	    (l->depth == 0 && s->kind == CONFIG_FILE_PARTNER))
		return;
	for (size_t i = 0; k[i].name != NULL; i++) {
		if (k[i].required && l->seen[i] == 0 &&
		    strcmp(k[i].section, l->section) == 0)
			config_report_add(s->report, s->file, l->line,
			    "%s is missing%s", k[i].name,
			    where(l, place, sizeof(place)));
	}
}

/* True when the section, or at depth 0 the file, ends with this token. */
static bool
at_close(struct scan *s, const struct level *l, struct token *t)
{
	if (t->kind == T_CLOSE && l->depth > 0)
		return true;
	if (t->kind == T_END) {
		if (l->depth > 0) {
			config_report_add(s->report, s->file, l->line,
			    "the section that starts here is not closed "
			    "with }");
			s->broken = true;
		}
		return true;
	}
	if (t->kind == T_CLOSE)
		config_report_add(s->report, s->file, t->line,
		    "} closes nothing; is a { missing above?");
	else
		config_report_add(
		    s->report, s->file, t->line, "a keyword is expected here");
	s->broken = true;
	return false;
}

static void
scan_statements(struct scan *s, struct level *l)
{
	if (l->depth > DEPTH_MAX) {
		config_report_add(s->report, s->file, s->line,
		    "sections are nested too deeply");
		s->broken = true;
		s->at = s->end;
		s->has_ahead = false;
		return;
	}
	for (;;) {
		struct token t = next(s);
		struct statement st = { t, "", NULL, false };

		if (t.kind != T_WORD) {
			if (at_close(s, l, &t))
				break;
			continue;
		}
		token_text(&t, st.word, sizeof(st.word));
		check_name(s, l, &st);
		scan_rest(s, l, &st);
		if (st.refused)
			blank(t.start, s->done);
	}
	check_complete(s, l);
}

bool
config_text_prepare(struct buf *text, const char *file, enum config_file kind,
    struct config_report *report, struct config_sections *sections)
{
	struct scan s = { .file = file,
		.line = 1,
		.kind = kind,
		.report = report,
		.sections = sections };
	struct level top = { "", "", 0, 0, { 0 } };

	memset(sections, 0, sizeof(*sections));
	/* One NUL behind the text, so that looking one ahead is safe. */
	if (!buf_put_u8(text, 0)) {
		config_report_add(report, file, 0, "the file is too large");
		return false;
	}
	text->len--;
	if (memchr(text->data, '\0', text->len) != NULL) {
		config_report_add(report, file, 0,
		    "the file holds a NUL byte; it is not a text");
		return false;
	}
	s.at = (char *)text->data;
	s.end = s.at + text->len;
	scan_statements(&s, &top);
	return !s.broken;
}

void
config_sections_free(struct config_sections *sections)
{
	for (size_t i = 0; i < sections->count; i++)
		free(sections->item[i].title);
	free(sections->item);
	memset(sections, 0, sizeof(*sections));
}

const struct config_section *
config_sections_nth(const struct config_sections *sections,
    const struct config_keyword *k, size_t n)
{
	for (size_t i = 0; i < sections->count; i++) {
		if (sections->item[i].keyword == k && n-- == 0)
			return &sections->item[i];
	}
	return NULL;
}
