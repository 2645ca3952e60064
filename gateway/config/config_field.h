/* config/config_field.h - take one field from a section, checked by kind. */
#ifndef GATEWAY_CONFIG_FIELD_H
#define GATEWAY_CONFIG_FIELD_H

#include "gateway/config/config_report.h"
#include "gateway/config/config_safe.h"
#include "gateway/config/config_tree.h"

/* The section that is read, and where to complain. */
struct config_place {
	struct config_node node;
	const char *file;
	const char *folder; /* relative paths start here */
	struct config_report *report;
};

/* Complain about a field of this section, in its line. */
void config_field_wrong(const struct config_place *, const char *keyword,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Was it written here? */
bool config_field_given(const struct config_place *, const char *keyword);

/* Each gives the value as written or the default, else NULL or 0.  Texts are
 * malloc'd.  What is not of its kind or out of bounds is told, and 0. */
char *config_field_text(const struct config_place *, const char *keyword);
char *config_field_path(const struct config_place *, const char *keyword);
uint64_t config_field_size(const struct config_place *, const char *keyword);
int64_t config_field_time(const struct config_place *, const char *keyword,
    int64_t min_ms, int64_t max_ms);
unsigned config_field_number(const struct config_place *, const char *keyword,
    unsigned min, unsigned max);
/* Which of the kind's words it is, counted from 0. */
int config_field_choice(
    const struct config_place *, const char *keyword, int otherwise);

/* What is wrong with one text of a list; GW_OK: nothing. */
typedef enum gw_status (*config_field_check)(const char *text, struct why *);
void config_field_list(const struct config_place *, const char *keyword,
    config_field_check, struct config_list *);
/* Files: made absolute, and each must be there and safe. */
void config_field_files(
    const struct config_place *, const char *keyword, struct config_list *);
/* One file that must be there and safe; NULL when it was not given. */
char *config_field_file(
    const struct config_place *, const char *keyword, enum config_safety);

void config_list_free(struct config_list *);
/* strdup that does not fail: a configuration is small, and who has no memory
 * for it cannot run. */
char *config_dup(const char *);

#endif
