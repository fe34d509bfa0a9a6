"""A whole training as it is asked for: one model, members, folds, a distilled one."""
