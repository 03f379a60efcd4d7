"""What people said of lines: kept beside the readings, found again on later readings, and put in their place."""
