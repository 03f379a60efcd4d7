"""The benchmark: speed by stage beside Tesseract, and memory at 100 and 1,000 pages."""
