"""From a trained network to a package: calibrated, guarded, quantised, compared with its parent."""
