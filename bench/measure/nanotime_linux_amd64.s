// SPDX-License-Identifier: MIT

// This file lets the compiler accept nanotime without a body.
