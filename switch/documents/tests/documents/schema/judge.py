"""Judges documents by the schemas of ISO 20022, line by line: {"message", "document"} in, {"refused"} out.

The schemas themselves (XSD) come from the packages `pain001` and `camt053`, and are held against documents by `lxml`. Of two messages
(pain.002.001.10, pacs.004.001.09) no package carries a whole schema; of these `pyiso20022` has classes that were made from it, with
names, order, number, length and pattern of elements in their fields, and a walk through those judges.
"""

import dataclasses
import importlib
import importlib.util
import json
import pathlib
import re
import sys
import typing
from decimal import Decimal, InvalidOperation
from enum import Enum

from lxml import etree
from xsdata.models.datatype import XmlDate, XmlDateTime

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
SCHEMAS = {
    "pain.001.001.03": ("pain001", "templates/pain.001.001.03/pain.001.001.03.xsd"),
    "pain.001.001.09": ("pain001", "templates/pain.001.001.09/pain.001.001.09.xsd"),
    "pain.001.001.11": ("pain001", "templates/pain.001.001.11/pain.001.001.11.xsd"),
    "pain.002.001.03": ("pain001", "pain002/schemas/pain.002.001.03.xsd"),
    "pain.002.001.12": ("pain001", "pain002/schemas/pain.002.001.12.xsd"),
    "camt.054.001.08": ("camt053", "xsd/camt.054.001.08.xsd"),
}
CLASSES = ["pain.002.001.10", "pacs.004.001.09", "pain.001.001.03", "pain.001.001.09", "pain.002.001.03", "camt.054.001.08"]


def folder(package):
    # Without running the package: that would ask for what it needs besides.
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


class Classes:
    """A schema by the classes that were made from it."""

    def __init__(self, message):
        kind, module = message.split(".")[0], message.replace(".", "_")
        self.space = NAMESPACE + message
        self.module = importlib.import_module(f"pyiso20022.{kind}.{module}.{module}")
        self.hints = {}

    def refused(self, root):
        if root.tag != f"{{{self.space}}}Document":
            return "another root element"
        try:
            self.check(root, self.module.Document)
        except ValueError as error:
            return str(error)
        return None

    def check(self, element, kind):
        hints = self.hints.setdefault(kind, typing.get_type_hints(kind, vars(self.module)))
        fields = {field.metadata.get("name", field.name): field for field in dataclasses.fields(kind)}
        order = list(fields)
        children = [child for child in element if isinstance(child.tag, str)]
        last, counts = 0, {}
        for child in children:
            name = child.tag.removeprefix("{" + self.space + "}")
            if name not in fields or fields[name].metadata.get("type") != "Element":
                raise ValueError(f"{element.tag}: {name} is no part of it")
            if order.index(name) < last:
                raise ValueError(f"{element.tag}: {name} stands too late")
            last = order.index(name)
            counts[name] = counts.get(name, 0) + 1
            self.value(child, types(hints[fields[name].name]), fields[name].metadata)
        if kind.__name__.rstrip("0123456789").endswith("Choice") and len(children) != 1:
            raise ValueError(f"{element.tag}: {len(children)} of a choice")
        for name, field in fields.items():
            known, count = field.metadata, counts.get(name, 0)
            if known.get("type") == "Element":
                many = "list" in str(hints[field.name]).lower()
                least = known.get("min_occurs", 1 if known.get("required") else 0)
                most = known.get("max_occurs", None if many else 1)
                if count < least or (most is not None and count > most):
                    raise ValueError(f"{element.tag}: {count} times {name}")
            elif known.get("type") == "Attribute":
                value = element.get(name)
                if value is None and known.get("required"):
                    raise ValueError(f"{element.tag}: no {name}")
                if value is not None:
                    simple(value, types(hints[field.name]), known, f"{element.tag}@{name}")
            else:
                simple(element.text or "", types(hints[field.name]), known, element.tag)
        if children and (element.text or "").strip():
            raise ValueError(f"{element.tag}: text between elements")

    def value(self, element, kinds, known):
        inner = next((kind for kind in kinds if dataclasses.is_dataclass(kind) and kind.__module__ == self.module.__name__), None)
        if inner is not None:
            return self.check(element, inner)
        if len(element):
            raise ValueError(f"{element.tag}: elements where text is")
        simple(element.text or "", kinds, known, element.tag)


def types(hint):
    """The classes that a field may hold."""
    inner = typing.get_args(hint)
    return [kind for part in inner for kind in types(part)] if inner else [hint]


def simple(text, kinds, known, where):
    kind = next(kind for kind in kinds if kind is not type(None))
    if issubclass(kind, Enum):
        if text not in [member.value for member in kind]:
            raise ValueError(f"{where}: none of the codes")
    elif kind is Decimal:
        try:
            sign, digits, exponent = Decimal(text.strip()).as_tuple()
        except InvalidOperation:
            raise ValueError(f"{where}: no number") from None
        if len(digits) > known.get("total_digits", 99) or -exponent > known.get("fraction_digits", 99) or sign:
            raise ValueError(f"{where}: too many digits, or negative")
    elif kind in (XmlDate, XmlDateTime):
        kind.from_string(text)
    elif kind is bool:
        if text.strip() not in ("true", "false", "0", "1"):
            raise ValueError(f"{where}: neither true nor false")
    if len(text) < known.get("min_length", 0) or len(text) > known.get("max_length", len(text)):
        raise ValueError(f"{where}: {len(text)} characters")
    if "pattern" in known and not re.fullmatch(known["pattern"], text):
        raise ValueError(f"{where}: not of its pattern")


schemas = {message: etree.XMLSchema(file=str(folder(package) / path)) for message, (package, path) in SCHEMAS.items()}
classes = {message: Classes(message) for message in CLASSES}
parser = etree.XMLParser(resolve_entities=False, no_network=True)
print(json.dumps({"ready": True}), flush=True)

for line in sys.stdin:
    asked = json.loads(line)
    message, refused = asked["message"], None
    try:
        root = etree.fromstring(asked["document"].encode(), parser)
    except etree.XMLSyntaxError as error:
        refused = str(error)
    else:
        schema = schemas.get(message)
        if schema is not None and not schema.validate(root):
            refused = str(schema.error_log.last_error)
        if message in classes:
            by_classes = classes[message].refused(root)
            if schema is None:
                refused = by_classes
            elif refused is None and by_classes is not None:
                refused = f"by its classes, which the schema itself does not refuse: {by_classes}"
    print(json.dumps({"refused": refused}), flush=True)
