"""Telephones of pjsua2 that register. Commands are lines on stdin, answers JSON lines on stdout.

register NUMBER PASSWORD DOMAIN SERVER TRANSPORT USER-AGENT   PASSWORD - is none, SERVER is host:port, TRANSPORT udp, tcp or tls
refresh NUMBER | remove NUMBER | quit

Each outcome: {"number", "status", "reason", "challenges"}, or {"number", "removed"}; each request that arrives: {"number", "request", "event"}.
"""
import json
import os
import re
import select
import socket
import sys

import pjsua2 as pj

bind = "127.0.0.1"
challenges = {}


def say(**facts):
    print(json.dumps(facts), flush=True)


class Trace(pj.LogWriter):
    """Reads the messages that pass out of the library's log."""

    def write(self, entry):
        text = entry.msg
        to = re.search(r"^To: .*?sips?:(\w+)@", text, re.M)
        number = to.group(1) if to else ""
        if re.search(r"Response msg 40[17]/REGISTER", text):
            challenges[number] = challenges.get(number, 0) + 1
        request = re.search(r"RX .* Request msg (\w+)/", text)
        if request:
            event = re.search(r"^Event: *(\S+)", text, re.M)
            say(number=number, request=request.group(1), event=event.group(1) if event else "")


endpoint = pj.Endpoint()
endpoint.libCreate()
trace = Trace()
config = pj.EpConfig()
config.logConfig.level = 5
config.logConfig.consoleLevel = 5
config.logConfig.msgLogging = 1
config.logConfig.writer = trace
config.logConfig.decor = 0
config.uaConfig.threadCnt = 0
config.uaConfig.mainThreadOnly = True
config.uaConfig.userAgent = ""
config.uaConfig.maxCalls = 4
endpoint.libInit(config)
transport = pj.TransportConfig()
transport.boundAddress = bind
kinds = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
transports = {name: endpoint.transportCreate(kind, transport) for name, kind in kinds.items()}
endpoint.libStart()
endpoint.audDevManager().setNullDev()

accounts = {}


removed = []


class Account(pj.Account):
    def __init__(self, number):
        pj.Account.__init__(self)
        self.number = number
        self.leaves = False

    def onRegState(self, registration):
        counted = challenges.pop(self.number, 0)
        if self.leaves:
            removed.append(self.number)
        else:
            say(number=self.number, status=int(registration.code), reason=registration.reason, challenges=counted)

    def leave(self):
        self.leaves = True
        if self.getInfo().regIsActive:
            self.setRegistration(False)
        else:
            removed.append(self.number)


def register(number, password, domain, server, protocol, *agent):
    settings = pj.AccountConfig()
    settings.idUri = f"sip:{number}@{domain}"
    settings.regConfig.registrarUri = f"sip:{domain};transport={protocol}"
    settings.regConfig.timeoutSec = 300
    settings.regConfig.retryIntervalSec = 0
    settings.regConfig.firstRetryIntervalSec = 0
    settings.natConfig.contactRewriteUse = 0
    settings.natConfig.viaRewriteUse = 0
    header = pj.SipHeader()
    header.hName, header.hValue = "User-Agent", " ".join(agent)
    settings.regConfig.headers.append(header)
    if password != "-":
        settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", number, 0, password))
    settings.sipConfig.proxies.append(f"sip:{server};transport={protocol};lr")
    settings.sipConfig.transportId = transports[protocol]
    account = Account(number)
    accounts[number] = account
    account.create(settings)


def obey(words):
    name, *rest = words
    if name == "register":
        register(*rest)
    elif name == "refresh":
        accounts[rest[0]].setRegistration(True)
    elif name == "remove":
        accounts[rest[0]].leave()
    elif name == "quit":
        # The library waits for its threads at an orderly end, longer than a test wants.
        os._exit(0)


# The library knows no digest before its first TLS connection: one that is closed at once will do.
FIRST = "first"
with socket.create_server((bind, 0)) as closing:
    register(FIRST, "-", "localhost", f"{bind}:{closing.getsockname()[1]}", "tls", "none")
    accounts[FIRST].leaves = True
    while not removed:
        endpoint.libHandleEvents(10)
        if select.select([closing], [], [], 0)[0]:
            closing.accept()[0].close()
removed.clear()
accounts.pop(FIRST).shutdown()
say(ready=True)
pending = ""
while True:
    endpoint.libHandleEvents(10)
    for number in removed:
        accounts.pop(number).shutdown()
        say(number=number, removed=True)
    removed.clear()
    if select.select([sys.stdin], [], [], 0)[0]:
        text = os.read(0, 4096).decode()
        if text == "":
            os._exit(0)
        *lines, pending = (pending + text).split("\n")
        for line in lines:
            try:
                obey(line.split())
            except Exception as problem:  # noqa: BLE001  the library raises errors of its own kind
                say(number=line.split()[1], problem=str(problem))
