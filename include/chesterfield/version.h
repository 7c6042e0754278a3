/* The version of the library. */
#ifndef CHESTERFIELD_VERSION_H
#define CHESTERFIELD_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library that runs, "0.1.0"; a string that is never freed. */
const char *cf_version(void);

#ifdef __cplusplus
}
#endif
#endif
