"""Tests of gui.i18n."""
