# Calls every operation of a WSDL by zeep, with arguments made from the schema alone. Prints one JSON line for each call.
# calls.py URL TOKEN HINTS FOLDER: HINTS are values by the names of fields, and in `own` by operations; each envelope that comes goes into FOLDER.
import json
import os
import sys

from lxml import etree
from zeep import Client, Settings, xsd
from zeep.exceptions import Fault
from zeep.plugins import HistoryPlugin
from zeep.wsse.username import UsernameToken

url, token, hints, folder = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
XS = "{http://www.w3.org/2001/XMLSchema}"
history = HistoryPlugin()
client = Client(url, wsse=UsernameToken("oss", token), plugins=[history], settings=Settings(strict=True, xml_huge_tree=True))

# zeep keeps no enumerations.
allowed = {}
for simple in etree.parse(client.transport.session.get(url, stream=True).raw).iter(XS + "simpleType"):
    if simple.get("name"):
        allowed[simple.get("name")] = [each.get("value") for each in simple.iter(XS + "enumeration")]

plain = {"string": "x", "long": 1, "double": 1.5, "boolean": False, "dateTime": "2036-01-01T00:00:00Z", "base64Binary": b"\x00\xff"}


def simple_value(kind, name):
    local = kind.qname.localname
    if allowed.get(local):
        return allowed[local][0]
    if name in hints:
        return hints[name]
    while local not in plain:
        kind = kind.__class__.__mro__[1]()
        local = kind._default_qname.localname
    return plain[local]


def value_of(kind, name, whole, depth):
    if not isinstance(kind, xsd.ComplexType):
        return simple_value(kind, name)
    names = [child for child, _ in kind.elements]
    if names == ["_value_1"] or not names:
        return {"_value_1": str(hints.get(name, "1"))} if "kind" in dict(kind.attributes) else {}
    chosen = kind.elements[:1] if isinstance(kind._element, xsd.Choice) else kind.elements
    values = {}
    for child, element in chosen:
        is_choice = len(chosen) < len(kind.elements)
        if child in ("clear", "csv") or (not is_choice and element.is_optional and (not whole or depth > 5)):
            continue
        value = value_of(element.type, child, whole, depth + 1)
        values[child] = [value] if element.accepts_multiple else value
    return values


def call(name, operation, whole):
    told = {"operation": name, "whole": whole}
    try:
        arguments = value_of(operation.input.body.type, name, whole, 0)
        arguments.update(hints["own"].get(name, {}))
        getattr(client.service, name)(**arguments)
        told["ok"] = True
    except Fault as fault:
        problem = {etree.QName(each).localname: each.text for each in fault.detail[0]} if fault.detail is not None else {}
        told.update(ok=False, status=int(problem.get("status", 0)), code=problem.get("code"), detail=problem.get("detail"))
    except Exception as error:
        told.update(ok=False, status=0, code=type(error).__name__, detail=str(error))
    try:
        envelope = history.last_received["envelope"]
        with open(os.path.join(folder, f"{name}-{'whole' if whole else 'least'}.xml"), "wb") as file:
            file.write(etree.tostring(envelope))
    except (IndexError, TypeError):
        told["envelope"] = False
    print(json.dumps(told), flush=True)


operations = client.service._binding._operations
# Deletions come last.
order = sorted(operations, key=lambda name: (name.startswith("delete"), name.startswith("put") is False))
for name in order:
    for whole in (False, True):
        call(name, operations[name], whole)
