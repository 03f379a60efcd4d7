"""Training of the learned line finder; the only part of segmentation that imports torch."""
