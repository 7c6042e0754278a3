/* The public API of libchesterfield, whole. */
#ifndef CHESTERFIELD_H
#define CHESTERFIELD_H

#include <chesterfield/error.h>
#include <chesterfield/move.h>
#include <chesterfield/store_ops.h>
#include <chesterfield/types.h>
#include <chesterfield/version.h>

#endif
