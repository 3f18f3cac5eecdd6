"""H.323 terminals of pycrate. Commands are JSON lines on stdin, events JSON lines on stdout; one process plays any number of terminals.

Every command has `do` and, but for `quit`, the name of its terminal as `as`; every event names its terminal as well.
  terminal   host, ras, calls, tls (port: all over one TLS connection), ca, aliases, password, product, version, ttl, answers
             answers: connect (default) | alert | busy | silent | proceed
  discover, register {keepAlive, seq, password, aliases}, unregister, admit {to}, locate {to}, info {status}, bandwidth, disengage
  call {to, admit, h245, clear: port of call signalling without TLS}, answer, hangup {cause}, facility {h245}
  raw {over: ras|calls|tls, hex, times}, close, quit
"""
import asyncio
import hashlib
import itertools
import json
import os
import ssl
import sys
import time

import mended  # noqa: F401
from pycrate_asn1dir import H225, H235

MESSAGES = H225.H323_MESSAGES
RAS = MESSAGES.RasMessage
USER = MESSAGES.H323_UserInformation
CLEAR_TOKEN = H235.H235_SECURITY_MESSAGES.ClearToken
PROTOCOL = (0, 0, 8, 2250, 0, 5)
MD5 = (1, 2, 840, 113549, 2, 5)
VENDOR = {"t35CountryCode": 82, "t35Extension": 0, "manufacturerCode": 1}
TYPES = {
    "alerting": 0x01, "callProceeding": 0x02, "progress": 0x03, "setup": 0x05, "connect": 0x07,
    "releaseComplete": 0x5A, "facility": 0x62, "information": 0x7B, "status": 0x7D,
}
NAMES = {number: name for name, number in TYPES.items()}
ANSWERS = ("Confirm", "Reject", "InProgress", "Response", "Ack", "Nak")


def say(**facts):
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def plain(value):
    """A value of ASN.1 as JSON has it."""
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        return {value[0]: plain(value[1])}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def transport(host, port):
    return ("ipAddress", {"ip": bytes(int(part) for part in host.split(".")), "port": port})


def alias(text):
    return ("dialledDigits", text) if set(text) <= set("0123456789#*,") else ("h323-ID", text)


def uuie(body, **more):
    USER.set_val({"h323-uu-pdu": {"h323-message-body": body, **more}})
    return USER.to_aper()


def q931(kind, reference, is_callee, user, elements=b""):
    flagged = (reference & 0x7FFF) | (0x8000 if is_callee else 0)
    head = bytes((0x08, 0x02)) + flagged.to_bytes(2, "big") + bytes((TYPES[kind],))
    return head + elements + b"\x7e" + (len(user) + 1).to_bytes(2, "big") + b"\x05" + user


def tpkt(packet):
    return b"\x03\x00" + (len(packet) + 4).to_bytes(2, "big") + packet


def read_q931(packet):
    if len(packet) < 5 or packet[0] != 8 or packet[1] != 2:
        raise ValueError("no Q.931")
    reference = int.from_bytes(packet[2:4], "big")
    found = {"kind": NAMES.get(packet[4], hex(packet[4])), "reference": reference & 0x7FFF, "flag": reference >> 15}
    at, elements = 5, {}
    while at < len(packet):
        element = packet[at]
        if element & 0x80:
            at += 1
            continue
        wide = 2 if element == 0x7E else 1
        length = int.from_bytes(packet[at + 1 : at + 1 + wide], "big")
        elements[element] = packet[at + 1 + wide : at + 1 + wide + length]
        at += 1 + wide + length
    found["elements"] = elements
    if 0x7E in elements:
        USER.from_aper(elements[0x7E][1:])
        found["pdu"] = USER.get_val()["h323-uu-pdu"]
    return found


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, terminal):
        self.terminal = terminal

    def datagram_received(self, data, _from):
        self.terminal.heard_ras(data, "udp")


class Terminal:
    def __init__(self, options):
        self.name = options["as"]
        self.host = options.get("host", "127.0.0.1")
        self.own = options.get("own", "127.0.0.1")
        self.options = options
        self.aliases = [str(one) for one in options["aliases"]]
        self.answers = options.get("answers", "connect")
        self.sequence = itertools.count(1)
        self.references = itertools.count(1)
        self.endpoint = None
        self.udp = None
        self.stream = None
        self.calls = {}
        self.pending = {}
        self.tasks = set()

    def spawn(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.tell("problem", text=repr(task.exception()))

    async def start(self):
        loop = asyncio.get_running_loop()
        self.server = await asyncio.start_server(self.accepted, self.own, 0)
        self.signal_port = self.server.sockets[0].getsockname()[1]
        if self.options.get("tls"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            if self.options.get("ca"):
                context.load_verify_locations(self.options["ca"])
            else:
                context.verify_mode = ssl.CERT_NONE
            reader, self.stream = await asyncio.open_connection(self.host, self.options["tls"], ssl=context)
            self.spawn(self.read_stream(reader, self.stream))
            self.ras_port = self.stream.get_extra_info("sockname")[1]
            self.tell("started", port=self.ras_port, tls=self.stream.version() if hasattr(self.stream, "version") else "")
            return
        self.udp, _ = await loop.create_datagram_endpoint(
            lambda: Datagrams(self), local_addr=(self.own, 0), remote_addr=(self.host, self.options["ras"])
        )
        self.ras_port = self.udp.get_extra_info("sockname")[1]
        self.tell("started", port=self.ras_port, signal=self.signal_port)

    def tell(self, event, **facts):
        say(**{"as": self.name, "event": event, **facts})

    # RAS

    def send_ras(self, kind, fields, sequence=None):
        number = next(self.sequence) if sequence is None else sequence
        RAS.set_val((kind, {"requestSeqNum": number, **fields}))
        self.send_bytes(RAS.to_aper())
        return number

    def send_bytes(self, data):
        if self.udp:
            self.udp.sendto(data)
        else:
            content = [{"id": ("standard", 1), "content": ("raw", data)}]
            generic = [{"id": ("standard", 17), "parameters": content}]
            user = uuie(("empty", 0), genericData=generic, h245Tunnelling=True)
            self.stream.write(tpkt(q931("facility", 0, False, user)))

    def heard_ras(self, data, over):
        try:
            RAS.from_aper(data)
            kind, value = RAS.get_val()
        except Exception as error:
            self.tell("unreadable", over=over, hex=data.hex(), text=str(error))
            return
        self.tell("ras", kind=kind, over=over, fields=plain(value))
        if kind == "registrationConfirm":
            self.endpoint = value["endpointIdentifier"]
        elif kind == "unregistrationRequest":
            self.endpoint = None
            if not self.options.get("deaf"):
                self.send_ras("unregistrationConfirm", {}, value["requestSeqNum"])
        elif kind == "infoRequest" and not self.options.get("deaf"):
            self.info_response(value["requestSeqNum"])
        waiting = self.pending.get(value.get("requestSeqNum"))
        if waiting and not waiting.done() and kind.endswith(ANSWERS) and kind != "requestInProgress":
            waiting.set_result((kind, value))

    async def asked(self, number):
        waiting = asyncio.get_running_loop().create_future()
        self.pending[number] = waiting
        try:
            return await asyncio.wait_for(waiting, 10)
        finally:
            self.pending.pop(number, None)

    def addresses(self):
        port = self.ras_port if self.stream else self.signal_port
        return {"callSignalAddress": [transport(self.own, port)], "rasAddress": [transport(self.own, self.ras_port)]}

    def kind(self):
        return {"terminal": {}, "vendor": self.vendor(), "mc": False, "undefinedNode": False}

    def vendor(self):
        product = self.options.get("product")
        named = {"productId": product.encode()} if product else {}
        version = self.options.get("version")
        return {"vendor": VENDOR, **named, **({"versionId": version.encode()} if version else {})}

    def proof(self, password):
        """H.235.1 cryptoEPPwdHash as terminals of the OpenH323 family make it."""
        name, now = self.aliases[0], int(time.time()) + self.options.get("skew", 0)
        clear = {"tokenOID": (0, 0), "timeStamp": now, "password": password + "\0", "generalID": name + "\0"}
        CLEAR_TOKEN.set_val(clear)
        digest = int.from_bytes(hashlib.md5(CLEAR_TOKEN.to_aper()).digest(), "big")
        token = {"algorithmOID": MD5, "paramS": {}, "hash": (digest, 128)}
        return [("cryptoEPPwdHash", {"alias": alias(name), "timeStamp": now, "token": token})]

    def discover(self, _):
        address = self.addresses()
        named = {"endpointAlias": [alias(one) for one in self.aliases]}
        self.send_ras("gatekeeperRequest", {
            "protocolIdentifier": PROTOCOL, "rasAddress": address["rasAddress"][0], "endpointType": self.kind(),
            "supportsAssignedGK": False, **named,
        })

    def register(self, command):
        password = command.get("password", self.options.get("password"))
        keep = bool(command.get("keepAlive"))
        fields = {
            "protocolIdentifier": PROTOCOL, "discoveryComplete": True, **self.addresses(),
            "terminalType": self.kind(), "endpointVendor": self.vendor(), "keepAlive": keep,
            "timeToLive": command.get("ttl", self.options.get("ttl", 60)),
            "willSupplyUUIEs": False, "maintainConnection": bool(self.stream), "supportsAssignedGK": False,
        }
        if keep and self.endpoint:
            fields["endpointIdentifier"] = self.endpoint
        if not keep:
            fields["terminalAlias"] = [alias(str(one)) for one in command.get("aliases", self.aliases)]
        if password is not None:
            fields["cryptoTokens"] = self.proof(str(password))
        self.send_ras("registrationRequest", fields, command.get("seq"))

    def unregister(self, _):
        named = {"endpointIdentifier": self.endpoint} if self.endpoint else {}
        self.send_ras("unregistrationRequest", {"callSignalAddress": self.addresses()["callSignalAddress"], **named})
        self.endpoint = None

    def admission(self, to, call, is_answer):
        return self.send_ras("admissionRequest", {
            "callType": ("pointToPoint", 0), "endpointIdentifier": self.endpoint or "none",
            "srcInfo": [alias(self.aliases[0])], "destinationInfo": [alias(to)], "bandWidth": 1280,
            "callReferenceValue": call["reference"], "conferenceID": call["conference"], "activeMC": False,
            "answerCall": is_answer, "canMapAlias": False, "callIdentifier": {"guid": call["guid"]},
            "willSupplyUUIEs": False,
        })

    def new_call(self, to):
        reference = next(self.references)
        return {"reference": reference, "guid": os.urandom(16), "conference": os.urandom(16), "to": to, "mine": True, "state": "new"}

    def admit(self, command):
        self.admission(str(command["to"]), self.new_call(command["to"]), False)

    def locate(self, command):
        fields = {"destinationInfo": [alias(str(command["to"]))], "replyAddress": self.addresses()["rasAddress"][0], "canMapAlias": False}
        self.send_ras("locationRequest", fields)

    def bandwidth(self, _):
        call = self.current() or self.new_call("")
        self.send_ras("bandwidthRequest", {
            "endpointIdentifier": self.endpoint or "none", "conferenceID": call["conference"],
            "callReferenceValue": call["reference"], "bandWidth": 640, "callIdentifier": {"guid": call["guid"]},
            "answeredCall": not call["mine"],
        })

    def info_response(self, number):
        address = self.addresses()
        self.send_ras("infoRequestResponse", {
            "endpointType": self.kind(), "endpointIdentifier": self.endpoint or "none", "needResponse": False,
            "rasAddress": address["rasAddress"][0], "callSignalAddress": address["callSignalAddress"], "unsolicited": False,
        }, number)

    def release_admission(self, call):
        self.send_ras("disengageRequest", {
            "endpointIdentifier": self.endpoint or "none", "conferenceID": call["conference"],
            "callReferenceValue": call["reference"], "disengageReason": ("normalDrop", 0),
            "callIdentifier": {"guid": call["guid"]}, "answeredCall": not call["mine"],
        })

    # Call signalling

    async def accepted(self, reader, writer):
        await self.read_stream(reader, writer)

    async def read_stream(self, reader, writer):
        try:
            while True:
                head = await reader.readexactly(4)
                packet = await reader.readexactly(int.from_bytes(head[2:], "big") - 4)
                self.heard(packet, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            self.tell("closed", tls=writer is self.stream)
            writer.close()

    def heard(self, packet, writer):
        try:
            message = read_q931(packet)
        except Exception as error:
            self.tell("unreadable", over="q931", hex=packet.hex(), text=str(error))
            return
        pdu = message.get("pdu", {})
        for feature in pdu.get("genericData", []):
            if feature["id"] == ("standard", 17):
                for parameter in feature["parameters"]:
                    self.heard_ras(parameter["content"][1], "tls")
                return
        facts = {"kind": message["kind"], "reference": message["reference"], "flag": message["flag"]}
        cause = message["elements"].get(0x08)
        if cause:
            facts["cause"] = cause[-1] & 0x7F
        self.tell("call", **facts, fields=plain(pdu))
        body = pdu.get("h323-message-body", ("empty", 0))
        if message["kind"] == "setup":
            guid = body[1]["callIdentifier"]["guid"]
            call = {"reference": message["reference"], "guid": guid, "conference": body[1]["conferenceID"], "mine": False, "to": "", "writer": writer, "state": "offered"}
            self.calls[guid] = call
            self.spawn(self.take(call))
            return
        call = next((one for one in self.calls.values() if one["reference"] == message["reference"] and one["mine"] == bool(message["flag"]) and one.get("writer") is writer), None)
        if not call:
            return
        call["state"] = {"connect": "connected", "releaseComplete": "ended"}.get(message["kind"], call["state"])
        if call["state"] == "ended":
            self.finish(call)

    def finish(self, call):
        self.calls.pop(call["guid"], None)
        if self.endpoint:
            self.release_admission(call)
        if call["writer"] is not self.stream:
            call["writer"].close()

    def send_call(self, call, kind, body, elements=b"", **more):
        user = uuie(body, h245Tunnelling=True, **more)
        call["writer"].write(tpkt(q931(kind, call["reference"], not call["mine"], user, elements)))

    async def take(self, call):
        if self.answers == "silent":
            return
        common = {"protocolIdentifier": PROTOCOL, "destinationInfo": self.kind(), "callIdentifier": {"guid": call["guid"]}}
        self.send_call(call, "callProceeding", ("callProceeding", {**common, "multipleCalls": False, "maintainConnection": False}))
        if self.answers == "proceed":
            return
        if self.answers == "busy":
            self.release(call, 17)
            return
        number = self.admission(self.aliases[0], call, True)
        kind, _ = await self.asked(number)
        if kind != "admissionConfirm":
            self.release(call, 47)
            return
        self.send_call(call, "alerting", ("alerting", {**common, "multipleCalls": False, "maintainConnection": False}))
        call["state"] = "alerting"
        if self.answers == "connect":
            self.connect(call)

    def connect(self, call):
        self.send_call(call, "connect", ("connect", {
            "protocolIdentifier": PROTOCOL, "destinationInfo": self.kind(), "conferenceID": call["conference"],
            "callIdentifier": {"guid": call["guid"]}, "multipleCalls": False, "maintainConnection": False,
            "h245Address": transport(self.own, 30001),
        }))
        call["state"] = "connected"

    def release(self, call, cause):
        reason = {} if cause == 16 else {"reason": ("undefinedReason", 0)}
        body = ("releaseComplete", {"protocolIdentifier": PROTOCOL, "callIdentifier": {"guid": call["guid"]}, **reason})
        self.send_call(call, "releaseComplete", body, bytes((0x08, 0x02, 0x80, 0x80 | cause)))
        self.finish(call)

    def current(self):
        return next(iter(self.calls.values()), None)

    async def call(self, command):
        to = str(command["to"])
        call = self.new_call(to)
        self.calls[call["guid"]] = call
        target = (self.host, self.options.get("calls"))
        if command.get("admit", True):
            kind, value = await self.asked(self.admission(to, call, False))
            if kind != "admissionConfirm":
                self.calls.pop(call["guid"])
                self.tell("refused", kind=kind, fields=plain(value))
                return
            address = value["destCallSignalAddress"][1]
            target = (".".join(str(part) for part in address["ip"]), address["port"])
        if self.stream and not command.get("clear"):
            call["writer"] = self.stream
        else:
            if command.get("clear"):
                target = (self.host, command["clear"])
            reader, call["writer"] = await asyncio.open_connection(*target, local_addr=(self.own, 0))
            self.spawn(self.read_stream(reader, call["writer"]))
        more = {"h245Control": [bytes.fromhex(command["h245"])]} if command.get("h245") else {}
        digits = to.encode() if to.isdigit() else b""
        called = bytes((0x70, len(digits) + 1, 0x81)) + digits if digits else b""
        bearer = bytes((0x04, 0x03, 0x88, 0x93, 0xA5))
        source = {"endpointIdentifier": self.endpoint} if self.endpoint else {}
        self.send_call(call, "setup", ("setup", {
            "protocolIdentifier": PROTOCOL, "sourceAddress": [alias(self.aliases[0])], "sourceInfo": self.kind(),
            "destinationAddress": [alias(to)], "activeMC": False, "conferenceID": call["conference"],
            "conferenceGoal": ("create", 0), "callType": ("pointToPoint", 0), "callIdentifier": {"guid": call["guid"]},
            "mediaWaitForConnect": False, "canOverlapSend": False, "multipleCalls": False, "maintainConnection": False,
            "sourceCallSignalAddress": transport(self.own, self.signal_port),
            **source,
        }), bearer + called, **more)

    def answer(self, _):
        call = self.current()
        if call:
            self.connect(call)

    def hangup(self, command):
        call = self.current()
        if call:
            self.release(call, command.get("cause", 16))

    def facility(self, command):
        call = self.current()
        if call:
            self.send_call(call, "facility", ("empty", 0), h245Control=[bytes.fromhex(command["h245"])])

    # Wrong behaviour

    async def raw(self, command):
        data, times = bytes.fromhex(command["hex"]), command.get("times", 1)
        over = command.get("over", "ras")
        if over == "tls":
            self.stream.write(data * times)
        elif over == "calls":
            _, writer = await asyncio.open_connection(self.host, self.options["calls"])
            writer.write(data * times)
            await writer.drain()
            self.kept = writer
        else:
            for _ in range(times):
                self.send_bytes(data)
        self.tell("sent", over=over, times=times)

    def close(self, _):
        for task in list(self.tasks):
            task.cancel()
        if self.stream:
            self.stream.transport.abort()
        if self.udp:
            self.udp.close()
        self.server.close()
        for call in self.calls.values():
            if call.get("writer"):
                call["writer"].transport.abort()


async def main():
    terminals = {}
    reader = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    say(event="ready")
    while line := await reader.readline():
        command = json.loads(line)
        name = command.get("as")
        if command["do"] == "quit":
            break
        try:
            if command["do"] == "terminal":
                terminals[name] = Terminal(command)
                await terminals[name].start()
                continue
            work = getattr(terminals[name], command["do"])(command)
            if asyncio.iscoroutine(work):
                terminals[name].spawn(work)
        except Exception as error:
            say(**{"as": name, "event": "problem", "text": repr(error)})
    for terminal in terminals.values():
        terminal.close({})


asyncio.run(main())
