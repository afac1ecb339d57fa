"""Writes `schemas/*.json`: what the providers' resources take and tell, for the
types that `*.tf` uses.

No provider can be asked here, so the schemas are read out of the bindings that
CDK Terrain generates from them and publishes as Python packages. To renew them
(only then is a network needed):

    pip download --no-deps --require-hashes -r requirements-schemas.txt -d DIR
    python extract.py DIR
"""

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
# What the bindings say of a field, and where its value comes from.
_MEMBER = re.compile(
    r"// (\w+) - computed: (?P<computed>\w+), optional: (?P<optional>\w+), "
    r"required: (?P<required>\w+)\s+"
    r"(?:_\w+ = new (?P<object>.+?);|_\w+;|get \w+\(\) \{\s+return (?P<getter>.+?);)"
)
_CLASS = re.compile(r"^class (\w+) extends", re.MULTILINE)

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


def _parts(start, text):
    """What stands from one match to the next."""
    starts = list(start.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return [(match, text[match.start() : end]) for match, end in zip(starts, ends)]


def _flags(member):
    """Of the blocks in a provider's own configuration nothing is said."""
    if member is None:
        return "optional"
    flags = ("required", "optional", "computed")
    return " ".join(flag for flag in flags if member[flag] == "true")


class _Bindings:
    """One type of a provider, as the program that writes it out."""

    def __init__(self, program):
        # Behind it comes one word of a megabyte.
        program = program.partition("//# sourceMappingURL")[0]
        self._main = re.search(r"class (\w+) extends cdkt\w+\.Terraform\w+", program)[1]
        self._fields = {
            start[1]: list(_FIELD.finditer(text)) for start, text in _parts(_BLOCK_START, program)
        }
        self._members = {
            start[1]: list(_MEMBER.finditer(text)) for start, text in _parts(_CLASS, program)
        }

    def block(self):
        """The whole resource."""
        return self._block(None, self._main)

    def _block(self, writer, owner):
        members = {member[1]: member for member in self._members.get(owner, ())}
        attributes, blocks = {}, {}
        for field in self._fields[writer]:
            name = field[1]
            nested = _WRITER.search(field["value"])
            if field["is_block"] == "true" and nested:
                blocks[name] = self._nested(nested[1], field, members.get(name))
            else:
                kind = _attribute_type(field["type"], field["of"])
                attributes[name] = {"type": kind, "is": _flags(members.get(name))}
        attributes.update(self._computed(owner))
        return {"attributes": attributes, "blocks": blocks}

    def _nested(self, writer, field, member):
        name = writer[0].upper() + writer.removesuffix("ToHclTerraform")[1:]
        nested = {
            "nesting": {"struct": "single"}.get(field["type"], field["type"]),
            "block": self._block(writer, f"{name}OutputReference"),
        }
        if _flags(member) == "required":
            nested["min"] = 1
        # Only what can stand more than once is written by way of a mapper.
        if nested["nesting"] != "single" and "listMapper" not in field["value"]:
            nested["max"] = 1
        return nested

    def _computed(self, owner):
        """Attributes that can only be read: the provider alone decides them."""
        found = {}
        for member in self._members.get(owner, ()):
            if _flags(member) != "computed":
                continue
            if member["getter"]:
                kind = self._type_of_getter(member["getter"])
            else:
                kind = self._type_of_object(member["object"])
            found[member[1]] = {"type": kind, "is": "computed"}
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


def _read_package(wheel, folders):
    """The bindings of each folder. One pass: the archive inside the wheel is
    compressed as a whole."""
    wanted = {f"package/lib/{folder}/index.js": folder for folder in folders}
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        inner = next(name for name in archive.namelist() if name.endswith(".tgz"))
        with archive.open(inner) as packed, tarfile.open(fileobj=packed, mode="r|gz") as files:
            for member in files:
                if member.name in wanted:
                    text = files.extractfile(member).read().decode()
                    found[wanted[member.name]] = _Bindings(text)
    return found


def extract(provider, wheel):
    package, version = wheel.name.split("-")[:2]
    prefix = f"{provider}_"

    def folders(word, folder_prefix):
        """The folder of each type."""
        return {
            name: folder_prefix + name.removeprefix(prefix).replace("_", "-")
            for name in _used_types(word)
            if name.startswith(prefix)
        }

    resources = folders("resource", "")
    data_sources = folders("data", f"data-{provider}-")
    bindings = _read_package(
        wheel, ["provider", *resources.values(), *data_sources.values()]
    )

    def blocks(of):
        return {name: bindings[folder].block() for name, folder in of.items()}

    return {
        "notice": NOTICE.format(package=package, version=version),
        "source": f"hashicorp/{provider}",
        "provider": bindings["provider"].block(),
        "resources": blocks(resources),
        "data_sources": blocks(data_sources),
    }


def main(folder):
    for provider in PROVIDERS:
        wheel = next(Path(folder).glob(f"cdktn_provider_{provider}-*.whl"))
        schemas = extract(provider, wheel)
        text = json.dumps(schemas, indent=1, sort_keys=True)
        (HERE / "schemas" / f"{provider}.json").write_text(text + "\n")
        print(f"{provider}: {len(schemas['resources'])} resources, {len(text)} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
