/* Private to lens/: value-canonical JSON. */
#ifndef LENS_CANON_H
#define LENS_CANON_H

#include "json/json.h"

/* Equal values (as json_equal says) give equal bytes: members in the order of
 * their names' bytes, only the escapes that JSON demands, numbers as -DIGITS or
 * -DIGITSeEXPONENT without zeros at either end. 0 or NOMEM. */
int canon_write(struct json_value v, struct cf_arena *arena, struct cf_buf *out);

#endif
