"""Whether a candidate may replace the model that judges: both judge the same known parts."""
