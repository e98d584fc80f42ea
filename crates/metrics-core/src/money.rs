//! Amounts, rates and currencies.
