"""What the knowledge room may answer instead of doing what was asked.

Refusal
 +-- EncoderNotReady    the embedding model is still loading, or could not be loaded
 +-- ArticleNotFound    no published article with this slug that this audience may read
 +-- FolderNotFound     there is no such folder to import
 +-- FolderEmpty        the folder holds no article: nothing was retired for it
"""

from dataclasses import dataclass

from storage.refusal import Refusal


@dataclass(eq=False)
class EncoderNotReady(Refusal):
    """The embedding model is not there (yet, or any more): search by words alone."""

    code = "knowledge.encoder_not_ready"


@dataclass(eq=False)
class ArticleNotFound(Refusal):
    """No such article for this reader; one that is not theirs to read looks the same as none."""

    code = "knowledge.article_not_found"
    slug: str


@dataclass(eq=False)
class FolderNotFound(Refusal):
    """There is no such folder."""

    code = "knowledge.folder_not_found"
    folder: str


@dataclass(eq=False)
class FolderEmpty(Refusal):
    """The folder holds no article that can be read; importing it would retire everything, so nothing was done."""

    code = "knowledge.folder_empty"
    folder: str
