// The voice service of TR-104 on a DGW: it shows the lines of SipEp and Mipt, and changes them.
import assert from 'node:assert/strict';
import type { Gateway } from '../../../cpe/gateway.ts';
import { userAgentOf } from '../../../cpe/services/sip/sipep.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { Gateways, set } from '../../support/cpe/gateways.ts';
import { type RpcUnit, rpcUnit } from '../../support/cpe/unit-rpc.ts';
import { eventually } from '../../support/eventually.ts';

const PROFILE = 'Device.Services.VoiceService.1.VoiceProfile.1.';
const LINE = `${PROFILE}Line.1.`;
const ON = { 'Cwmp.Tr104Enable': 'Enable' };

let units = 0;
const freshAddress = (): string => `127.12.${1 + (process.pid % 250)}.${++units}`;

describe('the voice service of TR-104', () => {
  let on: Gateways;
  beforeEach(async () => {
    on = await Gateways.open();
  });
  afterEach(() => on.close());

  const below = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [PROFILE + name, value]));
  const variable = (gateway: Gateway, name: string): string | undefined => gateway.device.config.variable(name);
  const read = (gateway: Gateway, name: string): string => gateway.device.config.get(PROFILE + name);
  /** The message for each wrong parameter. */
  const refused = async (gateway: Gateway, values: Record<string, string>): Promise<Record<string, string>> => {
    const outcome = await set(gateway, below(values)).catch((error: unknown) => error);
    assert.ok(outcome instanceof CwmpFault, 'taken');
    return Object.fromEntries(outcome.parameters.map(({ name, message }) => [name.slice(PROFILE.length), message]));
  };

  it('is there only while Cwmp.Tr104Enable is on', async () => {
    const gateway = await on.up();
    const { config } = gateway.device;
    const has = (): boolean => config.names('Device.', true).some(({ Name }) => Name === 'Device.Services.');
    assert.equal(has(), false);
    assert.throws(() => config.get(`${LINE}Status`), { code: 9005 });
    assert.throws(() => config.read('Device.Services.'), { code: 9005 });
    const before = config.read('').length;
    await set(gateway, ON);
    assert.equal(has(), true);
    assert.equal(config.get(`${LINE}Status`), 'Disabled');
    assert.match(config.get('Device.DeviceSummary'), /VoiceService:1\.0\[1\]\(Endpoint:1, SIPEndpoint:1\)/);
    await set(gateway, { 'Cwmp.Tr104Enable': 'Disable' });
    assert.equal(config.read('').length, before);
  });

  it('writes the variables of the same line, and shows theirs', async () => {
    const gateway = await on.up();
    await set(gateway, ON);
    const values = below({
      'SIP.RegistrarServer': 'sip.example',
      'SIP.RegistrarServerPort': '5070',
      'SIP.RegistrarServerTransport': 'TLS',
      'SIP.ProxyServer': '',
      'SIP.RegisterExpires': '600',
      'SIP.RegistrationPeriod': '500',
      'RTP.SRTP.Enable': 'true',
      'RTP.LocalPortMin': '6200',
      DTMFMethod: 'SIPInfo',
      'Line.1.DirectoryNumber': '4711',
      'Line.1.Enable': 'Enabled',
      'Line.1.SIP.AuthUserName': 'u4711',
      'Line.1.SIP.AuthPassword': 'secret',
    });
    assert.equal(await set(gateway, values), 1, 'waits for a restart of the service');
    assert.deepEqual(
      [
        ...['SipEp.DefaultStaticRegistrarServerHost', 'SipEp.DefaultStaticProxyHomeDomainHost'],
        ...['SipEp.TransportConfig[GatewayName=default].TlsEnable', 'SipEp.DefaultRegistrationRefreshTime'],
        ...['Mipt.DefaultSecurityRtpMode', 'Mipt.IpTransportRtpBasePort', 'Mipt.DefaultDtmfTransportMethod'],
        ...['SipEp.UserAgent[EpId=Phone-Fax1].Username', 'SipEp.UserAgent[EpId=Phone-Fax1].Register'],
        ...['SipEp.Authentication[Index=1].EpId', 'SipEp.Authentication[Index=1].Password'],
      ].map(name => variable(gateway, name)),
      [
        ...['sip.example:5070', '0.0.0.0:0', 'Enable', '100', 'Secure', '6200', 'OutOfBandUsingSignalingProtocol'],
        ...['4711', 'Enable', 'Phone-Fax1', 'secret'],
      ],
    );
    await set(gateway, {
      'SipEp.DefaultStaticRegistrarServerHost': 'other.example:0',
      'SipEp.DefaultRegistrationRefreshTime': '60',
    });
    assert.deepEqual(
      [
        'SIP.RegistrarServer',
        'SIP.RegistrarServerPort',
        'SIP.ProxyServer',
        'SIP.RegistrationPeriod',
        'Enable',
        'Line.1.SIP.URI',
      ].map(name => read(gateway, name)),
      ['other.example', '0', '', '540', 'Enabled', 'sip:4711@other.example'],
    );
    assert.equal(gateway.device.config.read(`${LINE}SIP.AuthPassword`)[0]?.Value, '', 'a password reads back empty');
  });

  it('makes settings of a codec the own ones of the line, and leaves the other lines as they are', async () => {
    const gateway = await on.up();
    await set(gateway, ON);
    await set(
      gateway,
      below({ 'Line.1.Codec.List.2.Priority': '1', 'Line.1.Codec.List.2.PacketizationPeriod': '20,30' }),
    );
    const row = 'Mipt.EpSpecificCodecG711Alaw[EpId=Phone-Fax1].';
    assert.deepEqual(
      ['EnableConfig', 'VoicePriority', 'MinPTime', 'MaxPTime', 'VoiceEnable'].map(name =>
        variable(gateway, row + name),
      ),
      ['Enable', '10', '20', '30', variable(gateway, 'Mipt.DefaultCodecG711AlawVoiceEnable')],
    );
    await set(gateway, { 'Mipt.DefaultCodecG711AlawVoiceEnable': 'Disable' });
    assert.equal(read(gateway, 'Line.1.Codec.List.2.Enable'), '1');
    assert.equal(read(gateway, 'Line.2.Codec.List.2.Enable'), '0');
    assert.equal(read(gateway, 'Line.2.Codec.List.2.Priority'), '11');
  });

  it('refuses what the unit cannot be set to, at the parameter, and keeps all as it was', async () => {
    const gateway = await on.up();
    await set(gateway, { ...ON, 'SipEp.DefaultStaticRegistrarServerHost': 'kept.example:0' });
    const wrong = await refused(gateway, {
      'SIP.RegistrarServer': 'lost.example',
      'RTP.LocalPortMin': '7',
      'RTP.LocalPortMax': '9',
      'SIP.RegistrationPeriod': '99999',
      'SIP.Organization': 'Acme',
      MaxSessions: '3',
      'Line.1.SIP.URI': 'tel:4711',
      'Line.1.Codec.List.1.PacketizationPeriod': '15',
      'Line.1.Codec.List.1.SilenceSuppression': '1',
      'Line.1.Status': 'Up',
      'Line.9.Enable': 'Enabled',
    });
    assert.deepEqual(Object.keys(wrong), [
      ...['RTP.LocalPortMin', 'RTP.LocalPortMax', 'SIP.RegistrationPeriod', 'SIP.Organization', 'MaxSessions'],
      ...['Line.1.SIP.URI', 'Line.1.Codec.List.1.PacketizationPeriod', 'Line.1.Codec.List.1.SilenceSuppression'],
      ...['Line.1.Status', 'Line.9.Enable'],
    ]);
    assert.match(wrong['RTP.LocalPortMin'] ?? '', /Mipt\.IpTransportRtpBasePort.*1025\.\.65435/);
    assert.equal(variable(gateway, 'SipEp.DefaultStaticRegistrarServerHost'), 'kept.example:0');
    await set(gateway, { 'Cwmp.Tr104Enable': 'Enable' });
    await gateway.device.config.insert(
      'Device.X_0090F8_SipEp.Authentication.',
      { CriteriaSelection: 'Unit', Username: 'all' },
      'script',
    );
    assert.equal(read(gateway, 'Line.1.SIP.AuthUserName'), 'all');
    assert.match(
      (await refused(gateway, { 'Line.1.SIP.AuthUserName': 'one' }))['Line.1.SIP.AuthUserName'] ?? '',
      /comes first/,
    );
  });

  it('counts and shows the calls of a line, and resets the counts', async () => {
    const [near, far] = [freshAddress(), freshAddress()];
    const settings = (peer: string, user: string): Record<string, string> => ({
      ...ON,
      'SipEp.DefaultStaticProxyHomeDomainHost': `${peer}:5060`,
      'SipEp.UserAgent[EpId=Phone-Fax1].Username': user,
      'SipEp.UserAgent[EpId=Phone-Fax1].FriendlyName': 'The "lobby"',
    });
    const [caller, called] = [await on.up({ address: near }), await on.up({ address: far })];
    for (const [gateway, peer, user] of [
      [caller, far, '100'],
      [called, near, '200'],
    ] as const) {
      await set(gateway, settings(peer, user));
      await set(gateway, { 'Scm.ServiceCommands[Name=SipEp].Restart': 'Restart' });
      await gateway.device.services.settled();
    }
    let attempts = 0;
    const call = await eventually('a call', async () => {
      attempts++;
      // There is no connection to the server yet.
      return await userAgentOf(caller.device)
        ?.call('100', '200')
        .catch(() => undefined);
    });
    await eventually('audio', () => (call?.stats().received ?? 0) > 3);
    const shown = (name: string): string => read(called, `Line.1.${name}`);
    assert.equal(shown('CallState'), 'InCall');
    assert.match(userAgentOf(called.device)?.calls()[0]?.peer ?? '', /^"The \\"lobby\\"" <sip:100@/);
    assert.equal(shown('Codec.TransmitCodec'), 'G.711MuLaw');
    assert.equal(shown('Session.1.FarEndIPAddress'), near);
    assert.equal(shown('Session.1.FarEndUDPPort'), read(caller, 'Line.1.Session.1.LocalUDPPort'));
    assert.equal(called.device.config.names(`${LINE}Session.`, true).length, 1);
    await call?.hangup();
    await eventually('the end', () => shown('CallState') === 'Idle');
    await assert.rejects(async () => userAgentOf(caller.device)?.call('100', '999'), { name: 'CallFailed' });
    const counts = (gateway: Gateway, names: readonly string[]): string[] =>
      names.map(name => read(gateway, `Line.1.Stats.${name}`));
    const outgoing = ['OutgoingCallsAttempted', 'OutgoingCallsConnected', 'OutgoingCallsFailed', 'CallsDropped'];
    assert.deepEqual(counts(caller, outgoing), [String(attempts + 1), '1', String(attempts), '0']);
    assert.deepEqual(counts(called, ['IncomingCallsReceived', 'IncomingCallsAnswered', 'IncomingCallsFailed']), [
      '1',
      '1',
      '0',
    ]);
    const [packets = '', bytes = ''] = counts(caller, ['PacketsReceived', 'BytesReceived']);
    assert.ok(Number(packets) > 3);
    assert.equal(Number(bytes) % Number(packets), 0);
    await set(caller, below({ 'Line.1.Stats.ResetStatistics': '1' }));
    await caller.device.services.settled();
    assert.deepEqual(counts(caller, outgoing), ['0', '0', '0', '0']);
  });
});

describe('the voice service before an ACS', () => {
  let unit: RpcUnit;
  before(async () => {
    unit = await rpcUnit({ parameters: ON });
  });
  after(() => unit.close());

  it('notifies of a change that came under the name of the DGW', async () => {
    const name = `${LINE}DirectoryNumber`;
    const entry = { Name: name, NotificationChange: true, Notification: 2, AccessListChange: false, AccessList: [] };
    await unit.call('SetParameterAttributes', { ParameterList: [entry] });
    const from = unit.acs.heard.length;
    const path = unit.unit.gateway.device.config.pathOf('SipEp.UserAgent[EpId=Phone-Fax1].Username') ?? '';
    await unit.unit.gateway.device.config.set([{ name: path, value: '4712' }], 'script');
    const informed = await eventually('the Inform', () =>
      unit.acs.heard.slice(from).find(({ text }) => text.includes('4 VALUE CHANGE') && text.includes(name)),
    );
    assert.match(informed.text, /4712/);
  });
});
