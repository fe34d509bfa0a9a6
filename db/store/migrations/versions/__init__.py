"""One step a file, numbered in their order; a step that was released is never changed."""
