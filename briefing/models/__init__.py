"""Model files: catalogue, download, verification, and the local model folder.

`ModelFolder` is the entry. A file gets its final name only after its SHA-256 was verified, and is hashed again when its
size or time has changed. Models are run by `briefing.engines`.

::

    catalogue      names, digests, locations                  gguf_header    metadata of GGUF files
    folder         list, resolve, add, pull, remove           records        entries kept in the folder (JSON)
    pull           lock, free space, locations, digest        partial        a resumable download
    hub, wheels    the two kinds of locations                 repository     models that are folders of files
    digest_cache   SHA-256 by size and time                   fit            memory and speed on a machine
"""

from briefing.models.catalogue import Catalogue, Entry, HubLocation, WheelLocation, adapter_path, load_catalogue
from briefing.models.fit import Fit, Machine, Speed, fit_of, read_speed, write_speed
from briefing.models.folder import ModelFile, ModelFolder, default_folder
from briefing.models.gguf_header import GgufHeader, read_gguf_header
from briefing.models.pull import PullProgress
from briefing.models.repository import is_hub_name

__all__ = [
    "Catalogue",
    "Entry",
    "Fit",
    "GgufHeader",
    "HubLocation",
    "Machine",
    "ModelFile",
    "ModelFolder",
    "PullProgress",
    "Speed",
    "WheelLocation",
    "adapter_path",
    "default_folder",
    "fit_of",
    "is_hub_name",
    "load_catalogue",
    "read_gguf_header",
    "read_speed",
    "write_speed",
]
