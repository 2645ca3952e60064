/* base/utf8.h - reads text from outside one character at a time. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the first character of s, which has `left` bytes (at least
 * one), and the character itself; 0 when it is not valid UTF-8: cut off,
 * overlong, a surrogate, above U+10FFFF (RFC 3629, 3). */
size_t utf8_next(const char *s, size_t left, uint32_t *cp);
/* Does this character do something other than show itself?  C0, DEL, C1, line
 * and paragraph separators, the marks that turn the direction of text, and
 * the byte order mark. */
bool utf8_is_control(uint32_t cp);

#endif
