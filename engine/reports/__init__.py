"""Reports that a person opens: a run's page, a quality report, a workbook."""
