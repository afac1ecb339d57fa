"""Writes `schemas/*.json`: what the providers' resources take and tell, for the
types that `*.tf` uses.

No provider can be asked here, so the schemas are read out of the bindings that
CDK Terrain generates from them and publishes as Python packages. To renew them
(only then is a network needed):

    pip download --no-deps --require-hashes -r requirements-schemas.txt -d DIR
    python extract.py DIR

What the bindings do not tell: whether an optional attribute has a value of the
provider's own when it is left out. Each is taken to have one.
"""

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
PROVIDERS = ("azurerm", "azuread")
NOTICE = "Facts out of {package} {version} (MPL-2.0), see NOTICE. Made by extract.py."

# One field of a block, as the bindings write it out: `name: { value: …, isBlock: …}`.
_FIELD = re.compile(
    r"(\w+): \{\s+value: (?P<value>.+?),\s+isBlock: (?P<is_block>\w+),"
    r'\s+type: "(?P<type>\w+)",\s+storageClassType: "(?P<of>\w+)",\s+\}'
)
_WRITER = re.compile(r"(\w+ToHclTerraform)")
# The fields of a block follow on one of these.
_BLOCK_START = re.compile(r"(?:function (\w+ToHclTerraform)\(|synthesizeHclAttributes\(\))")
# An attribute that the provider alone decides.
_COMPUTED = re.compile(
    r"// (\w+) - computed: true, optional: false, required: false\s+"
    r"(?:get \w+\(\) \{\s+return (?P<getter>.+?);|this\._\w+ = new (?P<object>.+?);)"
)
_CLASS = re.compile(r"^class (\w+) extends", re.MULTILINE)
_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{(.*?)^\}", re.MULTILINE | re.DOTALL)
_MEMBER = re.compile(r"#(\w+)\}[^/]*?\*/\s+readonly \w+(\??):", re.DOTALL)

_SCALARS = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}


def _attribute_type(kind, of):
    """`set` of `stringList` is `["set", "string"]`, in Terraform's own notation."""
    if kind in ("simple", "any"):
        return _SCALARS[of]
    element = re.sub(r"(List|Map)$", "", of, count=1)
    nested = re.match(r"(\w+)(List|Map)$", element)
    if nested:
        return [kind, [nested[2].lower(), _SCALARS[nested[1]]]]
    return [kind, _SCALARS.get(element, "dynamic")]


class _Bindings:
    """One type of a provider: its program and its declarations."""

    def __init__(self, program, declarations):
        self._program = program
        self._required = {
            interface: {name for name, mark in _MEMBER.findall(body) if not mark}
            for interface, body in _INTERFACE.findall(declarations)
        }
        starts = list(_BLOCK_START.finditer(program))
        ends = [start.start() for start in starts[1:]] + [len(program)]
        self._fields = {
            start[1]: list(_FIELD.finditer(program, start.end(), end))
            for start, end in zip(starts, ends)
        }
        classes = list(_CLASS.finditer(program))
        ends = [start.start() for start in classes[1:]] + [len(program)]
        self._classes = {
            start[1]: program[start.start() : end] for start, end in zip(classes, ends)
        }

    def block(self):
        """The whole resource."""
        name = re.search(r"class (\w+) extends cdkt\w+\.Terraform\w+", self._program)[1]
        return self._block(None, f"{name}Config", name)

    def _block(self, writer, interface, owner):
        required = self._required[interface]
        attributes, blocks = {}, {}
        for field in self._fields[writer]:
            name = field[1]
            nested = _WRITER.search(field["value"])
            if field["is_block"] == "true" and nested:
                blocks[name] = self._nested(nested[1], field, name in required)
            else:
                attributes[name] = {
                    "type": _attribute_type(field["type"], field["of"]),
                    "is": "required" if name in required else "optional computed",
                }
        attributes.update(self._computed(owner))
        return {"attributes": attributes, "blocks": blocks}

    def _nested(self, writer, field, is_required):
        interface = writer[0].upper() + writer.removesuffix("ToHclTerraform")[1:]
        nested = {
            "nesting": {"struct": "single"}.get(field["type"], field["type"]),
            "block": self._block(writer, interface, f"{interface}OutputReference"),
        }
        if is_required:
            nested["min"] = 1
        # Only what can stand more than once is written by way of a mapper.
        if nested["nesting"] != "single" and "listMapper" not in field["value"]:
            nested["max"] = 1
        return nested

    def _computed(self, owner):
        """Attributes that can only be read."""
        found = {}
        for match in _COMPUTED.finditer(self._classes.get(owner, "")):
            if match["getter"]:
                kind = self._type_of_getter(match["getter"])
            else:
                kind = self._type_of_object(match["object"])
            found[match[1]] = {"type": kind, "is": "computed"}
        return found

    def _type_of_getter(self, getter):
        method = re.search(r"get(\w+)Attribute\(", getter)
        if method is None:
            return "dynamic"
        collection = "set" if "tolist" in getter else "list"
        return {
            "String": "string",
            "Number": "number",
            "Boolean": "bool",
            "List": [collection, "string"],
            "NumberList": [collection, "number"],
            "StringMap": ["map", "string"],
            "NumberMap": ["map", "number"],
            "BooleanMap": ["map", "bool"],
        }.get(method[1], "dynamic")

    def _type_of_object(self, made):
        name, is_set = re.match(r"([\w.]+)\(this, \"\w+\"(?:, (true|false))?", made).groups()
        if name.endswith("StringMap"):
            return ["map", "string"]
        if name.endswith("BooleanMap"):
            return ["map", "bool"]
        if name.endswith("NumberMap"):
            return ["map", "number"]
        owner = re.sub(r"List$", "OutputReference", name)
        members = {name: one["type"] for name, one in self._computed(owner).items()}
        return ["set" if is_set == "true" else "list", ["object", members]]


def _used_types(word):
    """The types that `*.tf` makes (`resource`) or asks for (`data`)."""
    pattern = re.compile(rf'^{word} "(\w+)"', re.MULTILINE)
    files = sorted(HERE.parent.glob("*.tf"))
    return sorted({name for file in files for name in pattern.findall(file.read_text())})


class _Package:
    """A wheel that holds a provider's bindings."""

    def __init__(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            inner = next(name for name in archive.namelist() if name.endswith(".tgz"))
            self._files = tarfile.open(fileobj=io.BytesIO(archive.read(inner)))
        self.name, self.version = wheel.name.split("-")[:2]

    def bindings(self, folder):
        def read(name):
            member = self._files.extractfile(f"package/lib/{folder}/{name}")
            return member.read().decode()

        return _Bindings(read("index.js"), read("index.d.ts"))


def extract(provider, package):
    prefix = f"{provider}_"

    def folder(name):
        return name.removeprefix(prefix).replace("_", "-")

    def blocks(word, folder_prefix):
        names = (name for name in _used_types(word) if name.startswith(prefix))
        return {
            name: package.bindings(folder_prefix + folder(name)).block() for name in names
        }

    return {
        "notice": NOTICE.format(package=package.name, version=package.version),
        "source": f"hashicorp/{provider}",
        "provider": package.bindings("provider").block(),
        "resources": blocks("resource", ""),
        "data_sources": blocks("data", f"data-{provider}-"),
    }


def main(folder):
    for provider in PROVIDERS:
        wheel = next(Path(folder).glob(f"cdktn_provider_{provider}-*.whl"))
        schemas = extract(provider, _Package(wheel))
        text = json.dumps(schemas, indent=1, sort_keys=True)
        (HERE / "schemas" / f"{provider}.json").write_text(text + "\n")
        print(f"{provider}: {len(schemas['resources'])} resources, {len(text)} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
