"""Calls a SIP address over TLS with pjsua2, holds the call for a while, and prints one JSON line about it.

caller.py URI [--ca FILE] [--cert FILE --key FILE] [--seconds S]
"""
import argparse
import json
import time

import pjsua2 as pj

arguments = argparse.ArgumentParser()
arguments.add_argument("uri")
arguments.add_argument("--bind", default="127.0.0.1")
arguments.add_argument("--ca")
arguments.add_argument("--cert")
arguments.add_argument("--key")
arguments.add_argument("--seconds", type=float, default=2)
given = arguments.parse_args()

endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.logConfig.level = 0
config.logConfig.consoleLevel = 0
config.uaConfig.threadCnt = 0
config.uaConfig.mainThreadOnly = True
endpoint.libInit(config)
transport = pj.TransportConfig()
transport.boundAddress = given.bind
tls = transport.tlsConfig
if given.ca:
    tls.CaListFile = given.ca
    tls.verifyServer = True
if given.cert:
    tls.certFile = given.cert
    tls.privKeyFile = given.key
transport_id = endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
endpoint.libStart()
endpoint.audDevManager().setNullDev()

settings = pj.AccountConfig()
settings.idUri = "sip:caller@" + given.bind
settings.sipConfig.transportId = transport_id
settings.mediaConfig.transportConfig.boundAddress = given.bind
settings.mediaConfig.srtpUse = pj.PJMEDIA_SRTP_OPTIONAL
account = pj.Account()
account.create(settings)


class Call(pj.Call):
    confirmed = False
    ended = False
    status = 0
    sent = 0
    received = 0

    def onCallState(self, _event):
        info = self.getInfo()
        self.status = int(info.lastStatusCode)
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.confirmed = True
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.ended = True

    def onCallMediaState(self, _event):
        source = endpoint.audDevManager().getCaptureDevMedia()
        source.startTransmit(self.getAudioMedia(-1))

    def count(self):
        stream = self.getStreamStat(0).rtcp
        self.sent, self.received = stream.txStat.pkt, stream.rxStat.pkt


call = Call(account)
call.makeCall(given.uri, pj.CallOpParam(True))
began = time.monotonic()
limit = 20
while not call.ended and time.monotonic() - began < limit:
    endpoint.libHandleEvents(20)
    if call.confirmed and time.monotonic() - began > given.seconds:
        call.count()
        call.hangup(pj.CallOpParam())
        given.seconds = limit
print(
    json.dumps(
        {"confirmed": call.confirmed, "status": call.status, "sent": call.sent, "received": call.received}
    ),
    flush=True,
)
# The library waits for its threads at an orderly end, longer than a test wants.
import os

os._exit(0)
