"""The trained line finder as an ONNX file, and a look that cv2.dnn says the same of a page as torch does."""

import io
import warnings
from typing import Final

import numpy as np
import torch

from segmentation.learned import DnnNetwork
from segmentation.train.loop import Weights
from segmentation.train.network import LineFinder

OPSET: Final = 13
CLOSE: Final = 1e-3
SIZES: Final = ((64, 96), (1024, 704))


class ExportFailed(Exception):
    """The file does not say what the network says."""


def to_onnx(weights: Weights) -> bytes:
    """The content of the ONNX file, for pages of any size; raises ExportFailed."""
    network = LineFinder().eval()
    network.load_state_dict({name: value.cpu() for name, value in weights.items()})
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that goes by dynamo cannot be read by cv2.dnn; the older one says that it is older.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, *SIZES[0]),),
            buffer,  # type: ignore[arg-type]
            input_names=["ink"],
            output_names=["maps"],
            opset_version=OPSET,
            dynamic_axes={"ink": {2: "high", 3: "wide"}, "maps": {2: "half_high", 3: "half_wide"}},
            dynamo=False,
        )
    content = buffer.getvalue()
    _check(network, content)
    return content


def _check(network: LineFinder, content: bytes) -> None:
    """Both say the same at sizes one after the other."""
    by_opencv = DnnNetwork(content)
    random = np.random.default_rng(1)
    for size in (*SIZES, SIZES[0]):
        ink = random.random(size, np.float32)
        with torch.inference_mode():
            said = network(torch.from_numpy(ink)[None, None])[0].numpy()
        apart = float(np.abs(said - by_opencv.logits(ink)).max())
        if apart > CLOSE:
            raise ExportFailed(f"cv2.dnn differs from torch by {apart:.4f} at {size}; try another version of either")
