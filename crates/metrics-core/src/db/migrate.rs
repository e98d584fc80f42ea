//! Migrations and views.
