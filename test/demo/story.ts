// The thirteen steps. Each acts as an operator or an installer would, then waits for what shows on the wire; `detail` holds what
// was observed, the returned text is the evidence in one line.

import type { SessionReport } from '../../cpe/agent/session/session.ts';
import { userAgentOf } from '../../cpe/services/sipep.ts';
import type { Call } from '../../cpe/voice/call/call.ts';
import type { Arguments, EventEntry } from '../../shared/cwmp/methods.ts';
import { packFirmware } from '../../shared/firmware.ts';
import { informsOf, newVersion, oldVersion, product, type Stage, type Unit } from './stage.ts';

export interface StepReport {
  name: string;
  ok: boolean;
  ms: number;
  detail: Record<string, unknown>;
}

type Detail = Record<string, unknown>;

export interface Step {
  name: string;
  run(stage: Stage, detail: Detail, signal: AbortSignal): Promise<string>;
}

/** Looks until `look` finds something; the step's own limit ends it. */
async function until<T>(
  what: string,
  signal: AbortSignal,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found) return found;
    if (signal.aborted) throw new Error(`${what}: ${(signal.reason as Error).message}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function expect(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

const eventText = (event: EventEntry): string =>
  event.CommandKey ? `${event.EventCode} (${event.CommandKey})` : event.EventCode;

/** The next Inform of a unit after `mark` that carries `event`. */
async function informWith(
  stage: Stage,
  unit: Unit,
  event: string,
  mark: number,
  signal: AbortSignal,
): Promise<Arguments<'Inform'>> {
  const found = await until(`no Inform of gateway ${unit.name} with ${event}`, signal, () =>
    informsOf(stage, unit).find(
      ({ number, args }) => number > mark && args.Event.some(entry => entry.EventCode === event),
    ),
  );
  return found.args;
}

const mark = (stage: Stage): number => stage.wire.length;

/** All sessions over and nothing left to do: the ACS holds what it wants. */
async function settled(stage: Stage, unit: Unit, signal: AbortSignal): Promise<Record<string, unknown>> {
  return await until(`gateway ${unit.name} does not come to rest`, signal, async () => {
    const device = await stage.api('GET', `/devices/${unit.id}`);
    return (
      device.wantedRevision !== null &&
      device.parameterKey === device.wantedRevision &&
      device.openTasks === 0 &&
      device
    );
  });
}

const wake = async (stage: Stage, unit: Unit): Promise<unknown> =>
  await stage.api('POST', `/devices/${unit.id}/connection-request`);

/** Wakes a unit; one that is in session says that it is busy, and is asked again. */
async function wakeSoon(stage: Stage, unit: Unit, signal: AbortSignal): Promise<void> {
  let reason = '';
  await until(`gateway ${unit.name} was not woken`, signal, async () => {
    try {
      await wake(stage, unit);
      return true;
    } catch (error) {
      reason = (error as Error).message;
      if (!/busy/.test(reason)) throw error;
      return false;
    }
  });
}

const installCa = async (stage: Stage, unit: Unit): Promise<unknown> =>
  await unit.gateway.device.install('X 0090F8 Certificate', Buffer.from(stage.acsCa), 'acs-ca.pem');

/** The row command of the unit's certificate table. */
async function removeCa(unit: Unit): Promise<void> {
  const row = unit.gateway.device.config
    .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
    .find(value => value.Name.endsWith('.FileName'));
  expect(row, 'no CA is installed');
  await unit.gateway.device.config.set([{ name: row.Name.replace(/FileName$/, 'Delete'), value: 'Delete' }], 'web');
}

/** The report of the first session that a unit makes after `act`. */
async function sessionAfter(unit: Unit, signal: AbortSignal, act: () => Promise<void>): ReturnType<typeof lastSession> {
  await act();
  return await lastSession(unit, signal);
}

async function lastSession(unit: Unit, signal: AbortSignal): Promise<SessionReport> {
  return await until(`gateway ${unit.name} made no session`, signal, () => unit.gateway.agent?.sessions.last);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export const story: readonly Step[] = [
  {
    name: 'discovery',
    run: async (stage, detail, signal) => {
      // As the installer does on the unit's certificate page.
      await installCa(stage, stage.a);
      await stage.a.gateway.boot();
      const lease = stage.a.gateway.device.dhcp.lease;
      expect(lease?.acsUrl, 'DHCP taught no ACS URL');
      const asked = stage.dhcp.requests.find(request => request.message.options.get(60)?.includes('dslforum.org'));
      expect(asked, 'the request carried no option 60 with dslforum.org');
      await until('the agent has no ACS URL', signal, () => stage.a.gateway.agent?.acs.url);
      detail.option60 = asked.message.options.get(60)?.toString('latin1');
      detail.option43 = { acsUrl: lease.acsUrl, provisioningCode: lease.provisioningCode };
      detail.acsUrlInUse = stage.a.gateway.agent?.acs.url;
      expect(detail.acsUrlInUse === lease.acsUrl, 'the agent uses another ACS URL');
      return `option 43: ${lease.acsUrl}, provisioning code ${lease.provisioningCode}`;
    },
  },
  {
    name: 'trust',
    run: async (stage, detail, signal) => {
      const { gateway } = stage.a;
      const before = mark(stage);
      const unset = await lastSession(stage.a, signal);
      expect(!unset.ok && unset.error, 'a gateway whose clock is not set connected');
      expect(gateway.device.now() === undefined, 'the clock is set already');
      detail.clockUnset = { accepted: false, reason: unset.error.message };

      stage.timeIsOn = true;
      await removeCa(stage.a);
      await gateway.powerOff();
      const noCa = await sessionAfter(stage.a, signal, () => gateway.boot());
      expect(!noCa.ok && noCa.error, 'a gateway without a CA connected');
      expect(gateway.device.now() !== undefined, 'SNTP did not set the clock');
      detail.noCa = { accepted: false, reason: noCa.error.message };
      expect(mark(stage) === before, 'something was said to a server that was not trusted');

      await installCa(stage, stage.a);
      await gateway.powerOff();
      const both = await sessionAfter(stage.a, signal, () => gateway.boot());
      expect(both.ok, `refused with clock and CA: ${both.error?.message}`);
      detail.clockAndCa = { accepted: true, tls: both.tls };
      return `clock unset: refused; no CA: refused; both there: accepted, ${both.tls?.version}`;
    },
  },
  {
    name: 'bootstrap',
    run: async (stage, detail, signal) => {
      const inform = await informWith(stage, stage.a, '0 BOOTSTRAP', 0, signal);
      // The other gateway comes with the CA in its factory memory: zero touch.
      await installCa(stage, stage.b);
      await stage.b.gateway.boot();
      const other = await informWith(stage, stage.b, '0 BOOTSTRAP', 0, signal);
      detail.events = inform.Event.map(eventText);
      detail.eventsB = other.Event.map(eventText);
      const devices = await Promise.all(
        stage.units.map(unit =>
          until('not enrolled', signal, async () => {
            const device = await stage.api('GET', `/devices/${unit.id}`);
            return device.state === 'enrolled' && device.username === unit.id && device;
          }),
        ),
      );
      detail.enrolled = devices.map(device => ({ id: device.id, state: device.state, username: device.username }));
      return `${inform.Event.map(eventText).join(', ')}; enrolled as ${stage.a.id}, own credentials given`;
    },
  },
  {
    name: 'provision',
    run: async (stage, detail, signal) => {
      const devices = await Promise.all(stage.units.map(unit => settled(stage, unit, signal)));
      const sent = stage.wire.filter(
        ({ from, envelope: { body } }) =>
          from === 'acs' && body.kind === 'request' && body.method === 'SetParameterValues',
      );
      const last = sent.findLast(({ unit }) => unit === 'A')?.envelope.body;
      expect(last?.kind === 'request', 'no SetParameterValues on the wire');
      const args = last.args as Arguments<'SetParameterValues'>;
      const { device } = stage.a.gateway;
      detail.set = Object.fromEntries(args.ParameterList.map(({ Name, Value }) => [Name, Value]));
      detail.parameterKey = args.ParameterKey;
      detail.unitReports = {
        parameterKey: device.config.get('Device.ManagementServer.ParameterKey'),
        syslog: device.config.variable('Nlm.SyslogRemoteHost'),
        periodicInform: device.config.variable('Cwmp.PeriodicInformEnable'),
        certificates: device.config
          .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
          .filter(value => value.Name.endsWith('.IssuedTo'))
          .map(value => value.Value),
      };
      expect(
        device.config.get('Device.ManagementServer.ParameterKey') === devices[0]?.wantedRevision,
        'the unit holds another ParameterKey',
      );
      expect(
        device.config.variable('Cwmp.PeriodicInformEnable') === 'Enable',
        'the unit did not take PeriodicInformEnable',
      );
      return `${args.ParameterList.length} values in one SetParameterValues, ParameterKey ${args.ParameterKey}`;
    },
  },
  {
    name: 'tls-profile',
    run: async (stage, detail, signal) => {
      const before = stage.a.gateway.agent?.sessions.last?.tls;
      // A technician put the CA on the units: without being told, the ACS takes the hardening for one that would cut them off.
      await stage.api('PUT', '/trust/technician', { when: 'tag = "demo"', certificates: stage.acsCa });
      await stage.api('PUT', '/presets/hardening', {
        when: `productClass = "${product}"`,
        set: {
          'Device.X_0090F8_Cwmp.TransportHttpsCipherSuite': 'CS3',
          'Device.X_0090F8_Cwmp.TransportHttpsTlsVersion': 'TLSv1_2',
          'Device.X_0090F8_Cwmp.TransportCertificateValidation': 'HostName',
        },
      });
      for (const unit of stage.units) {
        await wakeSoon(stage, unit, signal);
        await settled(stage, unit, signal);
      }
      const start = mark(stage);
      await wakeSoon(stage, stage.a, signal);
      await informWith(stage, stage.a, '6 CONNECTION REQUEST', start, signal);
      const after = await until('no session with the new profile', signal, () => {
        const tls = stage.a.gateway.agent?.sessions.last?.tls;
        return tls && tls.cipher !== before?.cipher && tls;
      });
      const { device } = stage.a.gateway;
      detail.before = before;
      detail.after = after;
      detail.settings = Object.fromEntries(
        ['TransportCertificateValidation', 'TransportHttpsCipherSuite', 'TransportHttpsTlsVersion'].map(name => [
          name,
          device.config.variable(`Cwmp.${name}`),
        ]),
      );
      return `${before?.version} ${before?.cipher} → ${after.version} ${after.cipher}`;
    },
  },
  {
    name: 'script',
    run: async (stage, detail) => {
      const { device } = stage.a.gateway;
      const before = device.config.variable('SipEp.TransportConfig[GatewayName=default].TlsEnable');
      for (const unit of stage.units) {
        const task = await stage.api('POST', `/devices/${unit.id}/tasks?wait=15`, {
          method: 'Download',
          file: `voice-${unit.name}.cfg`,
        });
        expect(
          task.state === 'done',
          `Download ended ${task.state}: ${JSON.stringify(task.fault ?? task.connectionRequest ?? '')}`,
        );
        detail[`task${unit.name}`] = { id: task.id, state: task.state };
      }
      const after = device.config.variable('SipEp.TransportConfig[GatewayName=default].TlsEnable');
      expect(after === 'Enable', 'the script had no effect');
      detail.effect = {
        parameter: 'SipEp.TransportConfig[GatewayName=default].TlsEnable',
        before,
        after,
        rtpMode: device.config.variable('Mipt.DefaultSecurityRtpMode'),
      };
      return `Download, run line by line: SIP TLS ${before} → ${after}, SRTP ${device.config.variable('Mipt.DefaultSecurityRtpMode')}`;
    },
  },
  {
    name: 'firmware',
    run: async (stage, detail, signal) => {
      const image = packFirmware({
        product,
        version: newVersion,
        payload: Buffer.alloc(256 * 1024, 'Tandem demo image '),
      });
      await stage.api(
        'PUT',
        `/files/dgw-${newVersion}.bin?type=firmware&version=${newVersion}&productClass=${product}`,
        image,
      );
      const start = mark(stage);
      await stage.api('PUT', '/presets/firmware', {
        when: `productClass = "${product}"`,
        firmware: `dgw-${newVersion}.bin`,
      });
      for (const unit of stage.units) await wakeSoon(stage, unit, signal);
      const inform = await informWith(stage, stage.a, 'M Download', start, signal);
      await informWith(stage, stage.b, 'M Download', start, signal);
      const done = await until('no TransferComplete', signal, () => {
        const found = stage.wire.find(
          ({ number, unit, envelope: { body } }) =>
            number > start && unit === 'A' && body.kind === 'request' && body.method === 'TransferComplete',
        );
        return found?.envelope.body.kind === 'request'
          ? (found.envelope.body.args as Arguments<'TransferComplete'>)
          : undefined;
      });
      expect(
        done.FaultStruct.FaultCode === 0,
        `TransferComplete with fault ${done.FaultStruct.FaultCode} ${done.FaultStruct.FaultString}`,
      );
      const version = inform.ParameterList.find(value => value.Name === 'Device.DeviceInfo.SoftwareVersion')?.Value;
      const devices = await Promise.all(stage.units.map(unit => settled(stage, unit, signal)));
      expect(
        version === newVersion && devices.every(device => device.softwareVersion === newVersion),
        `the gateways run ${version}`,
      );
      detail.before = oldVersion;
      detail.after = version;
      detail.events = inform.Event.map(eventText);
      detail.transferComplete = {
        CommandKey: done.CommandKey,
        FaultCode: done.FaultStruct.FaultCode,
        StartTime: done.StartTime,
        CompleteTime: done.CompleteTime,
      };
      detail.bytes = image.length;
      return `${oldVersion} → ${version} on both; ${inform.Event.map(event => event.EventCode).join(', ')}; TransferComplete 0`;
    },
  },
  {
    name: 'reboot',
    run: async (stage, detail, signal) => {
      const start = mark(stage);
      const task = await stage.api('POST', `/devices/${stage.a.id}/tasks?wait=15`, {
        method: 'Reboot',
        args: { CommandKey: 'maintenance-7' },
      });
      expect(
        task.state === 'done',
        `Reboot ended ${task.state}: ${JSON.stringify(task.fault ?? task.connectionRequest ?? '')}`,
      );
      const inform = await informWith(stage, stage.a, 'M Reboot', start, signal);
      const key = inform.Event.find(event => event.EventCode === 'M Reboot')?.CommandKey;
      expect(key === 'maintenance-7', `M Reboot with CommandKey ${key}`);
      detail.events = inform.Event.map(eventText);
      detail.commandKey = key;
      return inform.Event.map(eventText).join(', ');
    },
  },
  {
    name: 'sip-tls',
    run: async (stage, detail, signal) => {
      const seen: Detail[] = [];
      for (const unit of stage.units) {
        const agent = await until(`gateway ${unit.name} has no user agent`, signal, () =>
          userAgentOf(unit.gateway.device),
        );
        const up = await until(`gateway ${unit.name} has no SIP/TLS connection`, signal, () =>
          agent.connections().find(connection => connection.state === 'Up'),
        );
        await until(`gateway ${unit.name} is not registered`, signal, () =>
          agent.registrations().some(entry => entry.state === 'Registered'),
        );
        seen.push({
          gateway: unit.name,
          localPort: up.localPort,
          remote: up.remoteHost,
          tls: up.tls,
          registration: 'Registered',
        });
      }
      detail.connections = seen;
      const logged = [
        await stage.syslog.waitFor(/1400-SIP Endpoint: 303-TLS connection/),
        await stage.syslog.waitFor(/1400-SIP Endpoint: 310-Server/),
      ];
      detail.syslog = logged;
      detail.registrar = stage.pbx
        .registrations()
        .map(entry => ({ user: entry.user, contact: entry.contact, tls: entry.tls }));
      expect(
        stage.pbx.registrations().length === 2,
        `${stage.pbx.registrations().length} registrations at the SIP server`,
      );
      const ports = seen.map(entry => entry.localPort).join(' and ');
      return `from ports ${ports}, ${(seen[0]?.tls as { version?: string })?.version}; 303 and 310 logged; both registered`;
    },
  },
  {
    name: 'call',
    run: async (stage, detail, signal) => {
      const [from, to] = [userAgentOf(stage.a.gateway.device), userAgentOf(stage.b.gateway.device)];
      expect(from && to, 'no user agents');
      const answered: Call[] = [];
      to.incoming(call => answered.push(call));
      const call = await from.call(stage.a.user, `sip:${stage.b.user}@${stage.domain}`, signal);
      const other = await until('the called side has no call', signal, () => answered[0]);
      await until('too little media, or no tone', signal, () => {
        const [near, far] = [call.stats(), other.stats()];
        return near.received >= 50 && far.received >= 50 && near.tone !== undefined && far.tone !== undefined;
      });
      const [near, far] = [call.stats(), other.stats()];
      detail.usage = stage.a.gateway.device.config.variable('EpAdm.UnitUsageState');
      await call.hangup();
      await other.ended;
      expect(detail.usage !== 'Idle', 'the unit says that no call is up');
      detail.a = near;
      detail.b = far;
      expect(
        near.authFailures === 0 && far.authFailures === 0,
        `${near.authFailures + far.authFailures} SRTP authentication failures`,
      );
      expect(
        near.suite.startsWith('AES_CM_128') && far.suite === near.suite,
        `media is secured by ${near.suite} and ${far.suite}`,
      );
      expect(near.tone === stage.b.tone && far.tone === stage.a.tone, `heard ${near.tone} and ${far.tone} Hz`);
      return `${near.suite}: ${far.received} packets →, ${near.received} ←, 0 failures; heard ${far.tone} Hz and ${near.tone} Hz`;
    },
  },
  {
    name: 'periodic',
    run: async (stage, detail, signal) => {
      await stage.api('PUT', '/presets/watch', {
        when: `tag = "demo"`,
        weight: 1,
        set: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 2 },
      });
      await wakeSoon(stage, stage.a, signal);
      await settled(stage, stage.a, signal);
      const start = mark(stage);
      const times: number[] = [];
      const informs = await until('no two periodic Informs', signal, () => {
        const found = informsOf(stage, stage.a).filter(
          ({ number, args }) => number > start && args.Event.some(event => event.EventCode === '2 PERIODIC'),
        );
        while (times.length < found.length) times.push(performance.now());
        return found.length >= 2 && found;
      });
      detail.informs = informs
        .slice(0, 2)
        .map(({ args }) => ({ events: args.Event.map(eventText), currentTime: args.CurrentTime }));
      const apart = (times[1] ?? 0) - (times[0] ?? 0);
      detail.interval = { asked: 2, observedMs: Math.round(apart) };
      return `two 2 PERIODIC, ${seconds(apart)} apart (interval 2 s)`;
    },
  },
  {
    name: 'value-change',
    run: async (stage, detail, signal) => {
      const name = 'Device.X_0090F8_Mipt.DefaultSecurityRtpMode';
      const task = await stage.api('POST', `/devices/${stage.a.id}/tasks?wait=15`, {
        method: 'SetParameterAttributes',
        args: {
          ParameterList: [
            { Name: name, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] },
          ],
        },
      });
      expect(task.state === 'done', `SetParameterAttributes ended ${task.state}: ${JSON.stringify(task.fault ?? '')}`);
      const start = mark(stage);
      // Someone weakens the media security on the unit's own page.
      await stage.a.gateway.device.config.set([{ name, value: 'SecureWithFallback' }], 'web');
      const inform = await informWith(stage, stage.a, '4 VALUE CHANGE', start, signal);
      const told = inform.ParameterList.find(value => value.Name === name);
      expect(told?.Value === 'SecureWithFallback', `the Inform says ${told?.Value}`);
      detail.events = inform.Event.map(eventText);
      detail.parameter = told;
      return `4 VALUE CHANGE: ${name.replace('Device.X_0090F8_', '')} = ${told.Value}`;
    },
  },
  {
    name: 'connection-request',
    run: async (stage, detail, signal) => {
      const url = stage.b.gateway.agent?.connectionRequestUrl ?? '';
      const bare = mark(stage);
      const refused = await fetch(url);
      await refused.arrayBuffer();
      detail.without = {
        status: refused.status,
        challenge: /^Digest/.test(refused.headers.get('www-authenticate') ?? '') ? 'Digest' : null,
      };
      expect(refused.status === 401, `without credentials: ${refused.status}`);
      await new Promise(resolve => setTimeout(resolve, 300));
      expect(
        !informsOf(stage, stage.b).some(
          ({ number, args }) => number > bare && args.Event.some(event => event.EventCode === '6 CONNECTION REQUEST'),
        ),
        'a session began without credentials',
      );
      const start = mark(stage);
      const accepted = await wake(stage, stage.b);
      const inform = await informWith(stage, stage.b, '6 CONNECTION REQUEST', start, signal);
      detail.with = accepted;
      detail.events = inform.Event.map(eventText);
      return `without credentials ${refused.status}; with digest accepted: ${inform.Event.map(eventText).join(', ')}`;
    },
  },
];
