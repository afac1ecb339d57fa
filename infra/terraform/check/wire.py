"""Schemas as Terraform's plugin protocol (version 6) writes them.

The protocol is protobuf over gRPC. Of all its messages only the answer to
`GetProviderSchema` carries anything here, so the few lines that protobuf needs
stand below in place of a generated module and its library. Field numbers are
those of `tfplugin6.proto` in Terraform's own documentation.
"""

import json

# Protobuf's two wire types that occur here.
_VARINT, _BYTES = 0, 2

# `Schema.NestedBlock.NestingMode`
_NESTING = {"single": 1, "list": 2, "set": 3}

# `Schema.Attribute`: where each of the flags stands.
_FLAGS = {"required": 4, "optional": 5, "computed": 6}


def _varint(number):
    """A number in groups of seven bits, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _number(field, value):
    return _varint(field << 3 | _VARINT) + _varint(value)


def _bytes(field, value):
    if isinstance(value, str):
        value = value.encode()
    return _varint(field << 3 | _BYTES) + _varint(len(value)) + value


def _attribute(name, attribute):
    out = _bytes(1, name) + _bytes(2, json.dumps(attribute["type"]))
    for flag in attribute["is"].split():
        out += _number(_FLAGS[flag], 1)
    return out


def _nested(name, nested):
    out = _bytes(1, name) + _bytes(2, _block(nested["block"]))
    out += _number(3, _NESTING[nested["nesting"]])
    out += _number(4, nested.get("min", 0)) + _number(5, nested.get("max", 0))
    return out


def _block(block):
    attributes = block.get("attributes", {})
    nested = block.get("blocks", {})
    out = b"".join(_bytes(2, _attribute(*item)) for item in attributes.items())
    return out + b"".join(_bytes(3, _nested(*item)) for item in nested.items())


def _schema(block):
    return _bytes(2, _block(block))


def _by_name(field, blocks):
    """A map is a repeated entry of key and value."""
    entries = ((name, _schema(block)) for name, block in blocks.items())
    return b"".join(
        _bytes(field, _bytes(1, name) + _bytes(2, schema)) for name, schema in entries
    )


def provider_schema(schemas):
    """`GetProviderSchema.Response` of a file of `schemas/`."""
    return (
        _bytes(1, _schema(schemas["provider"]))
        + _by_name(2, schemas["resources"])
        + _by_name(3, schemas["data_sources"])
    )
