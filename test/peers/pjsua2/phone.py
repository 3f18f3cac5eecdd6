"""A telephone of pjsua2 at a SIP server over TLS, with SRTP by SDES. Commands are lines on stdin, answers JSON lines on stdout.

phone.py USER PASSWORD DOMAIN SERVER [SRTP]   SERVER: host:port of the outbound proxy; SRTP: mandatory (default) | optional | none
call URI | hold N | resume N | transfer N URI | attend N M | hangup N | calls | quit      N: number of a call, from 0
"""
import json
import os
import select
import sys

import pjsua2 as pj

user, password, domain, server, *rest = sys.argv[1:]
srtp = rest[0] if rest else "mandatory"
bind = "127.0.0.1"


def say(**facts):
    print(json.dumps(facts), flush=True)


endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.logConfig.level = 0
config.logConfig.consoleLevel = 0
config.uaConfig.threadCnt = 0
config.uaConfig.mainThreadOnly = True
config.medConfig.noVad = True
endpoint.libInit(config)
transport = pj.TransportConfig()
transport.boundAddress = bind
transport_id = endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, transport)
endpoint.libStart()
endpoint.audDevManager().setNullDev()

tone = pj.ToneDesc()
tone.freq1, tone.freq2, tone.on_msec, tone.off_msec = 660, 0, 1000, 0
tones = pj.ToneDescVector()
tones.append(tone)
generator = pj.ToneGenerator()
generator.createToneGenerator()
generator.play(tones, True)

calls = []


class Call(pj.Call):
    def __init__(self, account, call_id=pj.PJSUA_INVALID_ID):
        pj.Call.__init__(self, account, call_id)
        self.state = "starting"
        self.media = "none"
        self.status = 0
        self.transfer = 0
        self.counts = (0, 0)
        self.secured = False
        calls.append(self)

    def onCallState(self, _event):
        info = self.getInfo()
        self.status = int(info.lastStatusCode)
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            self.state = "up"
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.state = "ended"

    def onCallMediaState(self, _event):
        names = {
            pj.PJSUA_CALL_MEDIA_ACTIVE: "active",
            pj.PJSUA_CALL_MEDIA_LOCAL_HOLD: "held by us",
            pj.PJSUA_CALL_MEDIA_REMOTE_HOLD: "held by peer",
        }
        # The information has to outlive what is read from it.
        info = self.getInfo()
        status = info.media[0].status
        self.media = names.get(status, "none")
        if status == pj.PJSUA_CALL_MEDIA_ACTIVE:
            generator.startTransmit(self.getAudioMedia(-1))

    def onCallTransferRequest(self, request):
        request.newCall = Call(account)

    def onCallTransferStatus(self, progress):
        self.transfer = int(progress.statusCode)

    def onCallReplaceRequest(self, request):
        request.newCall = Call(account)

    def onCallReplaced(self, replaced):
        if replaced.newCall is None:
            replaced.newCall = Call(account, replaced.newCallId)

    def facts(self):
        if self.state == "up" and self.media != "none":
            stat = self.getStreamStat(0)
            self.secured = int(self.getStreamInfo(0).proto) & pj.PJMEDIA_TP_PROFILE_SRTP != 0
            self.counts = (stat.rtcp.txStat.pkt, stat.rtcp.rxStat.pkt)
        sent, received = self.counts
        facts = {"state": self.state, "media": self.media, "status": self.status, "transfer": self.transfer}
        return {**facts, "sent": sent, "received": received, "secured": self.secured}


class Account(pj.Account):
    def onRegState(self, registration):
        say(registered=int(registration.code))

    def onIncomingCall(self, incoming):
        answer = pj.CallOpParam(True)
        answer.statusCode = 200
        Call(self, incoming.callId).answer(answer)


settings = pj.AccountConfig()
settings.idUri = f"sip:{user}@{domain}"
settings.regConfig.registrarUri = f"sip:{domain};transport=tls"
settings.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
settings.sipConfig.proxies.append(f"sip:{server};transport=tls;lr")
settings.sipConfig.transportId = transport_id
settings.mediaConfig.transportConfig.boundAddress = bind
uses = {
    "mandatory": pj.PJMEDIA_SRTP_MANDATORY,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "none": pj.PJMEDIA_SRTP_DISABLED,
}
settings.mediaConfig.srtpUse = uses[srtp]
settings.mediaConfig.srtpSecureSignaling = 1
account = Account()
account.create(settings)


def resume(call):
    parameters = pj.CallOpParam(True)
    parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
    call.reinvite(parameters)


def obey(words):
    name, *rest = words
    if name == "call":
        Call(account).makeCall(rest[0], pj.CallOpParam(True))
    elif name == "hold":
        calls[int(rest[0])].setHold(pj.CallOpParam(True))
    elif name == "resume":
        resume(calls[int(rest[0])])
    elif name == "transfer":
        calls[int(rest[0])].xfer(rest[1], pj.CallOpParam(True))
    elif name == "attend":
        calls[int(rest[0])].xferReplaces(calls[int(rest[1])], pj.CallOpParam(True))
    elif name == "hangup":
        calls[int(rest[0])].hangup(pj.CallOpParam())
    elif name == "quit":
        account.shutdown()
        for _ in range(20):
            endpoint.libHandleEvents(10)
        # The library waits for its threads at an orderly end, longer than a test wants.
        os._exit(0)
    say(answer=name, calls=[call.facts() for call in calls])


pending = ""
while True:
    endpoint.libHandleEvents(10)
    if select.select([sys.stdin], [], [], 0)[0]:
        text = os.read(0, 4096).decode()
        if text == "":
            os._exit(0)
        *lines, pending = (pending + text).split("\n")
        for line in lines:
            try:
                obey(line.split())
            except Exception as problem:  # noqa: BLE001  the library raises errors of its own kind
                say(answer=line.split()[0], problem=str(problem), calls=[])
