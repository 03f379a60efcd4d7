"""Page image -> lines in reading order -> crops; numpy and OpenCV only."""

from segmentation.crops import Crop, CropGeometry, crop
from segmentation.layout import Layout, Line, Region
from segmentation.page import segment
from segmentation.settings import Segmentation

__all__ = ["Crop", "CropGeometry", "Layout", "Line", "Region", "Segmentation", "crop", "segment"]
