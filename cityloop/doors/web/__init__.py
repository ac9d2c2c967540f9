"""The pages: public, desk, field, wall."""
