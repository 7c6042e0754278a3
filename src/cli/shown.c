/* Text of others on its way to a person: what a terminal would obey, or what would make
 * a line look like another one, is shown as an escape. */
#include "cli/cli.h"
#include "store/store.h"

#include <stdlib.h>
#include <strings.h>

/* Code points that act instead of being seen: controls (C0, DEL, C1), the ends of lines
 * and paragraphs, and what turns the direction of writing (Unicode UAX 9). */
static bool acts(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* The character that begins there; its length, or 0 where it is not UTF-8. */
static size_t read_character(struct cf_str rest, uint32_t *ret)
{
	unsigned char first = (unsigned char)rest.ptr[0];
	size_t len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = len > 1 ? first & (0x7fu >> len) : first;

	if (len == 0 || len > rest.len || !text_is_utf8((struct cf_str){rest.ptr, len}, true))
		return 0;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)rest.ptr[i] & 0x3f);
	*ret = c;
	return len;
}

static void write_filtered(struct cf_str text, const char *but, struct cf_buf *out)
{
	for (size_t i = 0; i < text.len;) {
		struct cf_str rest = {text.ptr + i, text.len - i};
		uint32_t c = 0;
		size_t len = read_character(rest, &c);

		if (len == 0)
			buf_printf(out, "\\x%02x", (unsigned char)rest.ptr[0]);
		else if (acts(c) && !(c && c < 0x80 && strchr(but, (int)c)))
			buf_printf(out, "\\u%04x", c);
		else
			buf_append(out, rest.ptr, len);
		i += len ? len : 1;
	}
}

void cli_write_shown(struct cf_str text, struct cf_buf *out)
{
	write_filtered(text, "", out);
}

void cli_write_lines_shown(struct cf_str text, struct cf_buf *out)
{
	write_filtered(text, "\n\t", out);
}

/* --- passwords -------------------------------------------------------------------- */

static bool ends_url(char c)
{
	return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>';
}

/* Behind the colon of a user's name, or a port. */
static bool is_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return !text[digits] || strchr("/?#:,.)", text[digits]) || ends_url(text[digits]);
}

/* From the colon behind the user's name to the last @ of the URL: a password that holds
 * an @ or a slash, which it should not, is masked whole. Where the URL ends without an @,
 * it has a space or a quote in it: then up to the next one. */
static void mask_userinfo(char *text)
{
	char *at = text;

	while ((at = strstr(at, ":/"))) {
		char *colon, *last_at = NULL, *next;

		at += 1 + strspn(at + 1, "/");
		colon = at + strcspn(at, ":/?#\"'<> \t\n");
		next = strstr(at, "://");
		if (*colon != ':' || is_port(colon + 1))
			continue;
		for (char *c = colon; *c && c != next && !(last_at && ends_url(*c)); c++)
			if (*c == '@')
				last_at = c;
		if (last_at)
			memset(colon + 1, '*', (size_t)(last_at - colon - 1));
	}
}

/* What follows "password=" and its like, in a query or among words, up to the next
 * parameter; with quotes (libpq), up to the second one. */
static void mask_parameters(char *text)
{
	for (char *at = text; *at; at++) {
		size_t len = store_url_secret_name(at);
		char quote;

		if (len == 0)
			continue;
		at += len;
		while (*at == ' ')
			at++;
		if (*at != '=' && strncasecmp(at, "%3d", 3) != 0) {
			at--;
			continue;
		}
		at += *at == '=' ? 1 : 3;
		while (*at == ' ')
			at++;
		quote = *at == '\'' || *at == '"' ? *at++ : '\0';
		/* Masked already: what follows is none of it. */
		if (strncmp(at, "***", 3) == 0)
			continue;
		for (; *at && (quote ? *at != quote : *at != '&' && !ends_url(*at)); at++)
			*at = '*';
		if (!*at)
			return;
	}
}

void cli_mask_passwords(char *text)
{
	mask_userinfo(text);
	mask_parameters(text);
}
