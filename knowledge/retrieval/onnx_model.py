"""Our own export of the model (transformer, mean pooling, unit length) and the module that serves it.

Imported in the loading thread alone, since it needs torch. The recipe and its figures: docs/decisions/0009-retrieval.md
"""

import hashlib
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from knowledge.retrieval.model import versions

OPSET = 17
WORDPIECES_MAX = 256
"""What the model was trained to read; the rest of a longer text is not seen."""
RECIPE = "int8-matmul-per-channel-1"


class OnnxModule(torch.nn.Module):
    """The whole pipeline as one module: `SentenceTransformer(modules=[OnnxModule(...)])` keeps `.encode()`."""

    def __init__(self, tokenizer: Tokenizer, session: onnxruntime.InferenceSession, max_seq_length: int) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.session = session
        self.max_seq_length = max_seq_length
        self.modalities = ["text"]

    def preprocess(self, inputs: Sequence[str], prompt: str | None = None, **_: Any) -> dict[str, torch.Tensor]:
        encoded = self.tokenizer.encode_batch([(prompt or "") + text for text in inputs])
        return {
            "input_ids": torch.tensor([item.ids for item in encoded]),
            "attention_mask": torch.tensor([item.attention_mask for item in encoded]),
        }

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        feed = {name: features[name].numpy() for name in ("input_ids", "attention_mask")}
        (vectors,) = self.session.run(None, feed)
        return {**features, "sentence_embedding": torch.from_numpy(np.asarray(vectors))}

    def get_embedding_dimension(self) -> int:
        return int(self.session.get_outputs()[0].shape[1])


class Pipeline(torch.nn.Module):
    """What is exported: ids and mask in, unit vectors out."""

    def __init__(self, transformer: torch.nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states = self.transformer(input_ids=input_ids, attention_mask=attention_mask)[0]
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, p=2.0, dim=1)


def torch_model(folder: Path) -> SentenceTransformer:
    """The model as its makers ship it."""
    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def exported_model(folder: Path, cache: Path) -> SentenceTransformer:
    """The model over the cached graph; the graph is made when these versions have none yet."""
    graph = cache / graph_name(folder)
    original: SentenceTransformer | None = None
    if not graph.is_file():
        original = torch_model(folder)
        export(original, graph)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(WORDPIECES_MAX)
    tokenizer.enable_padding()
    return SentenceTransformer(modules=[OnnxModule(tokenizer, session, WORDPIECES_MAX)], device="cpu")


def graph_name(folder: Path) -> str:
    """File name that changes whenever the weights, the recipe or a library that made the graph changes."""
    weights = (folder / "model.safetensors").stat().st_size
    key = hashlib.sha256(f"{RECIPE} {OPSET} {weights} {versions()}".encode()).hexdigest()[:16]
    return f"encoder-{key}.onnx"


def export(original: SentenceTransformer, target: Path) -> None:
    """Write the quantised graph; the file appears whole or not at all."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        _export_plain(original, plain)
        quantize_dynamic(plain, small, op_types_to_quantize=["MatMul"], per_channel=True, weight_type=QuantType.QInt8)
        small.replace(target)


def _export_plain(original: SentenceTransformer, target: Path) -> None:
    transformer: Any = original[0].auto_model
    transformer.eval()
    sample = torch.ones((2, 8), dtype=torch.int64)
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about an exporter that is still the one that can do this
        torch.onnx.export(
            Pipeline(transformer),
            (sample, sample),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["embedding"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "embedding": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
