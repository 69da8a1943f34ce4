#include "base/error.h"

G_DEFINE_QUARK(coi-error-quark, coi_error)
