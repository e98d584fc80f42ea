//! Life-cycle assessment of cold storage.
