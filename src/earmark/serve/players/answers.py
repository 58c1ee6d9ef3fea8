"""Answers of OpenSubsonic as XML, which players expect, or JSON (`f=json`): a status of 200 always, errors inside.

In XML what is simple is an attribute, what is not is an element, and lists are elements of one name.
"""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from earmark import __version__

VERSION = "1.16.1"
_NAMESPACE = "http://subsonic.org/restapi"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class RefusalError(Exception):
    """An error by its number in the protocol, and a sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


MISSING, WRONG_PASSWORD, NO_SUCH_WAY, NOT_FOUND, GENERIC = 10, 40, 42, 70, 0


def answer(payload: Mapping[str, Any], kind: str) -> Response:
    """What was asked for; `kind` is "xml" or "json"."""
    return _response({"status": "ok", **payload}, kind)


def refusal(error: RefusalError, kind: str) -> Response:
    """What is wrong."""
    return _response({"status": "failed", "error": {"code": error.code, "message": error.sentence}}, kind)


def _response(payload: Mapping[str, Any], kind: str) -> Response:
    told = {
        "status": payload["status"],
        "version": VERSION,
        "type": "earmark",
        "serverVersion": __version__,
        "openSubsonic": True,
        **payload,
    }
    if kind == "json":
        content = json.dumps({"subsonic-response": told}, allow_nan=False).encode("ascii")
        return Response(content, media_type="application/json")
    root = ET.Element("subsonic-response", {"xmlns": _NAMESPACE})
    _fill(root, told)
    text = ET.tostring(root, encoding="unicode")
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode("utf-8", "replace"), media_type="text/xml")


def _fill(element: ET.Element, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, Mapping):
            _fill(ET.SubElement(element, name), value)
        elif isinstance(value, list):
            for each in value:
                child = ET.SubElement(element, name)
                if isinstance(each, Mapping):
                    _fill(child, each)
                else:
                    child.text = _said(each)
        elif value is not None:
            element.set(name, _said(value))


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value))
