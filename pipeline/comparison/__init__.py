"""Inkbeam beside Tesseract on the same images: who reads better, by how much, and at what cost."""
