"""What Beam runs, and the command line. Imports `segmentation` and `recognizer`, never the other way round."""
