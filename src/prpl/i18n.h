/* Translation, as everywhere. */
#pragma once
#include "base/i18n.h"
