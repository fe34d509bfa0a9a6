"""The reviewer's word on a part: drafted, saved, undone."""
